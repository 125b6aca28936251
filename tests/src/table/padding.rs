//! Padding, and patches of padded images.
use super::{Row, one, row};
use crate::{
    args::Args,
    fault::{Outcome, Res, refused},
    sample::{idx, ints, n, s, t},
};
use tensor_core::ops::{Im2colOptions, PadMode};

fn pad(a: &Args) -> Outcome {
    let mode = match a.str_or(2, "mode", "constant")? {
        "constant" => PadMode::Constant(a.scalar_or(3, "value", 0.0)?),
        "reflect" => PadMode::Reflect,
        "replicate" => PadMode::Replicate,
        "circular" => PadMode::Circular,
        other => return refused(format!("the mode {other}")),
    };
    one(a.tensor(0, "input")?.pad(a.ints(1, "pad")?, mode))
}

/// A pair, also written as one number.
fn pair(a: &Args, place: usize, name: &str, default: usize) -> Res<[usize; 2]> {
    let given = a.opt_ints(place, name)?.unwrap_or_else(|| vec![default as i64]);
    let one = |i: i64| usize::try_from(i).or_else(|_| refused(format!("{name} = {i}")));
    match given[..] {
        [both] => Ok([one(both)?; 2]),
        [rows, columns] => Ok([one(rows)?, one(columns)?]),
        _ => refused(format!("{name} = {given:?}")),
    }
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("nn.functional.pad.constant", pad)
            .sample([t([2, 3]), ints([1, 2])])
            .sample([t([2, 3]), ints([-1, 1, 2, -1]), s("constant"), n(1.5)])
            .sample([t([0, 3]), ints([1, 0, 1, 0])])
            .sample([idx([2, 3], 10), ints([1, 1])]),
        row("nn.functional.pad.reflect", pad)
            .sample([t([2, 4]), ints([1, 2]), s("reflect")])
            .sample([t([1, 2, 3, 4]), ints([-1, 1, 2, 0]), s("reflect")])
            .sample([t([0, 2, 3]), ints([1, 1]), s("reflect")]),
        row("nn.functional.pad.replicate", pad).sample([t([2, 3]), ints([1, 4]), s("replicate")]).sample([
            t([1, 2, 2, 3]),
            ints([2, 1, 0, -1]),
            s("replicate"),
        ]),
        row("nn.functional.pad.circular", pad).sample([t([2, 3]), ints([1, 2]), s("circular")]).sample([
            t([1, 2, 3, 4]),
            ints([-1, 1, -1, 1]),
            s("circular"),
        ]),
        row("constant_pad_nd", |a| {
            one(a.tensor(0, "input")?.constant_pad_nd(a.ints(1, "pad")?, a.scalar_or(2, "value", 0)?))
        })
        .sample([t([2, 3]), ints([1, -1, 0, 2]), n(0.5)]),
        row("nn.functional.unfold", |a| {
            let options = Im2colOptions {
                dilation: pair(a, 2, "dilation", 1)?,
                padding: pair(a, 3, "padding", 0)?,
                stride: pair(a, 4, "stride", 1)?,
            };
            one(a.tensor(0, "input")?.im2col(pair(a, 1, "kernel_size", 1)?, options))
        })
        .sample([t([2, 2, 4, 5]), ints([2, 3])])
        .sample([t([1, 2, 4, 4]), n(2), n(2), ints([1, 0]), ints([1, 2])])
        .sample([t([2, 3, 3]), n(2)])
        .named([t([0, 2, 4, 4]), n(2)], [("stride", n(2)), ("padding", n(1))]),
    ]
}
