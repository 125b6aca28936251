//! Arithmetic of two tensors, or of a tensor and a number.
use super::{Row, one, row};
use crate::sample::{idx, n, t};
use tensor_core::{Result, Tensor, ops::Arg};

/// A row of `input op other`, where `other` is a tensor or a number.
fn op(name: &'static str, f: fn(&Tensor, Arg<'_>) -> Result<Tensor>) -> Row {
    row(name, move |a| one(f(a.tensor(0, "input")?, a.arg(1, "other")?)))
}

const INTEGERS: &str = "it takes no floats";
const WIDE: (f64, f64) = (-2.0, 2.0);
const POSITIVE: (f64, f64) = (0.4, 2.5);

pub(super) fn rows() -> Vec<Row> {
    vec![
        op("mul", |x, y| x.mul(y)).pair(WIDE, WIDE).sample([t([2, 3]), n(2.5)]).sample([t([2, 3]), n(3)]),
        op("div.no_rounding_mode", |x, y| x.div(y)).pair(WIDE, POSITIVE).sample([t([2, 3]), n(2.5)]),
        op("true_divide", |x, y| x.div(y)).pair(WIDE, POSITIVE),
        op("maximum", |x, y| x.maximum(y)).pair(WIDE, (-1.7, 1.9)),
        op("minimum", |x, y| x.minimum(y)).pair(WIDE, (-1.7, 1.9)),
        op("atan2", |x, y| x.atan2(y)).pair(POSITIVE, POSITIVE),
        op("bitwise_and", |x, y| x.bitwise_and(y)).sample([idx([3, 4], 50), idx([4], 50)]).no_grad(INTEGERS),
    ]
}
