//! Truth values, and questions about floats.
use super::{Row, one, row, two};
use crate::sample::{idx, mask, range, t};
use tensor_core::{Result, Tensor};

const BOOL: &str = "its result is bool";

fn test(name: &'static str, f: fn(&Tensor) -> Result<Tensor>) -> Row {
    super::unary(name, f).on(-2.0, 2.0).sample([idx([3], 2)]).no_grad(BOOL)
}
fn logical(name: &'static str, f: fn(&Tensor, &Tensor) -> Result<Tensor>) -> Row {
    two(name, f).sample([mask([3, 4]), mask([4])]).sample([t([3]), idx([3], 2)]).no_grad(BOOL)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        test("logical_not", |x| x.logical_not()),
        test("isnan", |x| x.isnan()),
        test("isinf", |x| x.isinf()),
        test("isfinite", |x| x.isfinite()),
        test("isposinf", |x| x.isposinf()),
        test("isneginf", |x| x.isneginf()),
        test("signbit", |x| x.signbit()),
        logical("logical_and", |x, y| x.logical_and(y)),
        logical("logical_or", |x, y| x.logical_or(y)),
        logical("logical_xor", |x, y| x.logical_xor(y)),
        row("isclose", |a| {
            let (rtol, atol) = (a.float_or(2, "rtol", 1e-5)?, a.float_or(3, "atol", 1e-8)?);
            one(a.tensor(0, "input")?.isclose(a.tensor(1, "other")?, rtol, atol, a.bool_or(4, "equal_nan", false)?))
        })
        .sample([t([3, 4]), range([4], -2.0, 2.0)])
        .no_grad(BOOL),
    ]
}
