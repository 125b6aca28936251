//! Operators that draw random numbers; every test draws the same ones.
use super::{Row, one, row};
use crate::sample::{n, t};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("nn.functional.dropout", |a| {
            let (x, p) = (a.tensor(0, "input")?, a.float_or(1, "p", 0.5)?);
            match a.bool_or(2, "training", true)? {
                true => one(x.dropout(p)),
                false => Ok(vec![x.clone()]),
            }
        })
        .sample([t([3, 4]), n(0.4)])
        .sample([t([2, 0]), n(0.4)]),
    ]
}
