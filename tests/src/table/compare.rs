//! Comparisons: `bool` results, no gradients.
use super::{Row, one, row};
use crate::sample::{n, t};
use tensor_core::{Result, Tensor, ops::Arg};

fn op(name: &'static str, f: fn(&Tensor, Arg<'_>) -> Result<Tensor>) -> Row {
    row(name, move |a| one(f(a.tensor(0, "input")?, a.arg(1, "other")?)))
        .pair((-2.0, 2.0), (-1.7, 1.9))
        .sample([t([2, 3]), n(0.5)])
        .no_grad("its result is bool")
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        op("eq", |x, y| x.eq(y)),
        op("ne", |x, y| x.ne(y)),
        op("lt", |x, y| x.lt(y)),
        op("le", |x, y| x.le(y)),
        op("gt", |x, y| x.gt(y)),
        op("ge", |x, y| x.ge(y)),
    ]
}
