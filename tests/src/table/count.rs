//! Where values stand among others, how often they occur, and how they combine.
use super::{Row, both, one, row};
use crate::{
    args::Args,
    fault::{Outcome, unsupported},
    sample::{idx, n, range, sorted, t},
    value::Value,
};
use tensor_core::{
    DType, Result, Tensor,
    ops::{HistogramOptions, SearchOptions},
};

const COUNTS: &str = "counts and positions have no derivative";

/// Positions as `i32` where that is asked for.
fn positions(a: &Args, place: usize, at: Result<Tensor>) -> Outcome {
    let narrow = a.bool_or(place, "out_int32", false)?;
    one(at.and_then(|at| if narrow { at.to_dtype(DType::I32) } else { Ok(at) }))
}

fn histogram(a: &Args) -> Outcome {
    let options = HistogramOptions { weight: a.opt_tensor(3, "weight")?, density: a.bool_or(4, "density", false)? };
    let x = a.tensor(0, "input")?;
    if let Some(Value::Tensor(edges)) = a.get(1, "bins") {
        return both(x.histogram_between(edges, options).map(|counts| (counts, edges.clone())));
    }
    let range = match a.get(2, "range") {
        None | Some(Value::Null) => None,
        Some(Value::List(ends)) => match (ends.first().and_then(Value::scalar), ends.get(1).and_then(Value::scalar)) {
            (Some(low), Some(high)) => Some((low.to_f64(), high.to_f64())),
            _ => return unsupported("this range"),
        },
        Some(other) => return unsupported(format!("range is {}", other.kind())),
    };
    both(x.histogram(a.count(1, "bins")?, range, options))
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("searchsorted", |a| {
            let right = a.bool_or(3, "right", false)? || a.str_or(4, "side", "left")? == "right";
            let options = SearchOptions { right, sorter: a.opt_tensor(5, "sorter")? };
            positions(a, 2, a.tensor(0, "sorted_sequence")?.searchsorted(a.arg(1, "input")?, options))
        })
        .sample([sorted([5]), t([2, 3])])
        .named([sorted([2, 5]), t([2, 3])], [("right", n(true))])
        .no_grad(COUNTS),
        row("bucketize", |a| {
            let right = a.bool_or(3, "right", false)?;
            positions(a, 2, a.tensor(0, "input")?.bucketize(a.tensor(1, "boundaries")?, right))
        })
        .sample([t([2, 3]), sorted([5])])
        .no_grad(COUNTS),
        row("bincount", |a| {
            one(a.tensor(0, "input")?.bincount(a.opt_tensor(1, "weights")?, a.count_or(2, "minlength", 0)?))
        })
        .sample([idx([7], 5)])
        .no_grad(COUNTS),
        row("histc", |a| {
            let (low, high) = (a.float_or(2, "min", 0.0)?, a.float_or(3, "max", 0.0)?);
            one(a.tensor(0, "input")?.histc(a.count_or(1, "bins", 100)?, low, high))
        })
        .sample([t([7]), n(4)])
        .no_grad(COUNTS),
        row("histogram", histogram).sample([t([7]), n(4)]).no_grad(COUNTS),
        row("isin", |a| {
            // A promise that makes PyTorch faster.
            a.bool_or(2, "assume_unique", false)?;
            one(a.tensor(0, "elements")?.isin(a.tensor(1, "test_elements")?, a.bool_or(3, "invert", false)?))
        })
        .sample([idx([3, 4], 9), idx([3], 9)])
        .no_grad("its result is bool"),
        row("combinations", |a| {
            one(a.tensor(0, "input")?.combinations(a.count_or(1, "r", 2)?, a.bool_or(2, "with_replacement", false)?))
        })
        .sample([range([4], -1.0, 1.0)])
        .named([t([3])], [("r", n(3)), ("with_replacement", n(true))]),
    ]
}
