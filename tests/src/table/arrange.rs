//! Elements repeated, rolled, and laid on diagonals.
use super::{Row, many, movement::dims, one, row};
use crate::{
    sample::{ints, n, t},
    value::Value,
};
use tensor_core::{Result, Tensor};

/// A row of an operator that takes a tensor or a list of them.
fn each(name: &'static str, f: fn(&Tensor) -> Result<Tensor>) -> Row {
    row(name, move |a| match a.get(0, "input") {
        Some(Value::List(_)) => many(a.tensors(0, "input")?.into_iter().map(f).collect()),
        _ => one(f(a.tensor(0, "input")?)),
    })
    .on(-2.0, 2.0)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("repeat", |a| one(a.tensor(0, "input")?.repeat(a.shape(1, "repeats")?)))
            .sample([t([2, 3]), ints([2, 1, 2])])
            .sample([t([2]), ints([0])]),
        row("tile", |a| one(a.tensor(0, "input")?.tile(a.shape(1, "dims")?)))
            .sample([t([2, 3]), ints([2])])
            .sample([t([2, 3]), ints([2, 1, 2])]),
        row("repeat_interleave", |a| {
            let x = a.tensor(0, "input")?;
            let dim = a.opt_dim(2, "dim")?;
            // Where it is given, it is the size that the repeats add up to, only there to spare a look at them.
            a.named("output_size");
            one(match a.get(1, "repeats") {
                Some(Value::Tensor(repeats)) => x.repeat_interleave_by(repeats, dim),
                _ => x.repeat_interleave(a.count(1, "repeats")?, dim),
            })
        })
        .sample([t([2, 3]), n(2)])
        .sample([t([2, 3]), n(2), n(1)]),
        row("roll", |a| {
            one(a.tensor(0, "input")?.roll(&a.ints(1, "shifts")?, dims(a.opt_ints(2, "dims")?.unwrap_or_default())))
        })
        .sample([t([2, 3]), n(1), n(1)])
        .sample([t([2, 3]), ints([1, -4]), ints([0, 1])])
        .sample([t([2, 3]), n(2)]),
        row("rot90", |a| {
            let planes = dims(a.opt_ints(2, "dims")?.unwrap_or(vec![0, 1]));
            let planes = <[isize; 2]>::try_from(planes).or_else(|d| crate::fault::refused(format!("dims = {d:?}")))?;
            one(a.tensor(0, "input")?.rot90(a.int_or(1, "k", 1)?, planes))
        })
        .sample([t([2, 3])])
        .sample([t([2, 3, 4]), n(-1), ints([1, 2])]),
        row("movedim", |a| {
            one(a.tensor(0, "input")?.movedim(dims(a.ints(1, "source")?), dims(a.ints(2, "destination")?)))
        })
        .sample([t([2, 3, 4]), n(0), n(-1)])
        .sample([t([2, 3, 4]), ints([0, 1]), ints([2, 0])]),
        each("atleast_1d", Tensor::atleast_1d),
        each("atleast_2d", Tensor::atleast_2d),
        each("atleast_3d", Tensor::atleast_3d),
        row("diag", |a| one(a.tensor(0, "input")?.diag(a.dim_or(1, "diagonal", 0)?)))
            .sample([t([3])])
            .sample([t([3, 4]), n(1)]),
        row("diagflat", |a| one(a.tensor(0, "input")?.diagflat(a.dim_or(1, "offset", 0)?)))
            .sample([t([3])])
            .sample([t([2, 2]), n(-1)]),
        row("diag_embed", |a| {
            let (offset, d1, d2) = (a.dim_or(1, "offset", 0)?, a.dim_or(2, "dim1", -2)?, a.dim_or(3, "dim2", -1)?);
            one(a.tensor(0, "input")?.diag_embed(offset, d1, d2))
        })
        .sample([t([2, 3])])
        .sample([t([2, 3]), n(1), n(0), n(2)]),
        row("tril", |a| one(a.tensor(0, "input")?.tril(a.dim_or(1, "diagonal", 0)?)))
            .sample([t([3, 4])])
            .sample([t([2, 3, 4]), n(1)]),
        row("triu", |a| one(a.tensor(0, "input")?.triu(a.dim_or(1, "diagonal", 0)?)))
            .sample([t([3, 4])])
            .sample([t([2, 3, 4]), n(-1)]),
    ]
}
