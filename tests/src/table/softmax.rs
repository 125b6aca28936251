//! Softmax and its kin.
use super::{Row, one, row};
use crate::sample::{n, t};
use tensor_core::{Result, Tensor};

fn softmax(name: &'static str, f: fn(&Tensor, isize) -> Result<Tensor>) -> Row {
    row(name, move |a| {
        let x = a.tensor(0, "input")?;
        let dim = a.dim(1, "dim")?;
        one(match a.opt_dtype(2, "dtype")? {
            Some(dtype) => f(&x.to_dtype(dtype)?, dim),
            None => f(x, dim),
        })
    })
    .sample([t([3, 4]), n(1)])
    .sample([t([2, 3, 2]), n(-2)])
    .sample([t([]), n(0)])
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        softmax("softmax", |x, d| x.softmax(d)),
        softmax("softmax.with_dtype", |x, d| x.softmax(d)),
        softmax("log_softmax", |x, d| x.log_softmax(d)),
        softmax("log_softmax.with_dtype", |x, d| x.log_softmax(d)),
        softmax("nn.functional.softmin", |x, d| x.softmin(d)),
        // The opposite is taken before the conversion.
        row("nn.functional.softmin.with_dtype", |a| {
            let (x, dim) = (a.tensor(0, "input")?.neg()?, a.dim(1, "dim")?);
            one(match a.opt_dtype(2, "dtype")? {
                Some(dtype) => x.to_dtype(dtype)?.softmax(dim),
                None => x.softmax(dim),
            })
        })
        .sample([t([3, 4]), n(1)]),
    ]
}
