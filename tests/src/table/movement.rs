//! The same elements seen another way.
use super::{Check, Row, one, row, two, unary};
use crate::{
    fault::refused,
    sample::{ints, n, t},
    value::Value,
};

const VIEW: &str = "a view of another shape must not copy, so it refuses some layouts";

pub(super) fn rows() -> Vec<Row> {
    vec![
        unary("T", |x| x.t()).sample([t([3, 4])]),
        unary("t", |x| x.t()).sample([t([3, 4])]).sample([t([5])]).sample([t([])]),
        unary("mT", |x| x.mT()).sample([t([2, 3, 4])]),
        unary("contiguous", |x| x.contiguous()).on(-2.0, 2.0),
        unary("clone", |x| Ok(x.clone())).on(-2.0, 2.0),
        unary("positive", |x| Ok(x.clone())).on(-2.0, 2.0),
        unary("ravel", |x| x.ravel()).on(-2.0, 2.0),
        row("reshape", |a| one(a.tensor(0, "input")?.reshape(a.shape(1, "shape")?)))
            .sample([t([2, 6]), ints([3, 4])])
            .sample([t([2, 6]), ints([-1, 3])])
            .sample([t([1]), ints([])])
            .sample([t([0, 3]), ints([3, 0])]),
        row("view", |a| one(a.tensor(0, "input")?.view(a.shape(1, "size")?)))
            .sample([t([2, 6]), ints([3, -1])])
            .skip(Check::Strides, VIEW),
        two("reshape_as", |x, y| x.reshape_as(y)).sample([t([2, 6]), t([4, 3])]),
        two("view_as", |x, y| x.view_as(y)).sample([t([2, 6]), t([4, 3])]).skip(Check::Strides, VIEW),
        row("flatten", |a| {
            one(a.tensor(0, "input")?.flatten(a.dim_or(1, "start_dim", 0)?, a.dim_or(2, "end_dim", -1)?))
        })
        .sample([t([2, 3, 4])])
        .sample([t([2, 3, 4]), n(1), n(-1)])
        .sample([t([])]),
        row("unflatten", |a| one(a.tensor(0, "input")?.unflatten(a.dim(1, "dim")?, a.ints(2, "sizes")?))).sample([
            t([2, 6]),
            n(1),
            ints([2, -1]),
        ]),
        row("permute", |a| one(a.tensor(0, "input")?.permute(dims(a.shape(1, "dims")?))))
            .sample([t([2, 3, 4]), ints([2, 0, 1])])
            .sample([t([2, 3, 4]), ints([0, -1, -2])]),
        row("transpose", |a| one(a.tensor(0, "input")?.transpose(a.dim(1, "dim0")?, a.dim(2, "dim1")?)))
            .sample([t([2, 3, 4]), n(0), n(2)])
            .sample([t([2, 3]), n(-1), n(-2)]),
        row("squeeze", |a| {
            let x = a.tensor(0, "input")?;
            one(match a.opt_dim(1, "dim")? {
                Some(d) => x.squeeze_dim(d),
                None => x.squeeze(),
            })
        })
        .sample([t([2, 1, 3, 1])])
        .sample([t([2, 1, 3, 1]), n(1)])
        .sample([t([2, 1, 3, 1]), n(0)]),
        row("squeeze.multiple", |a| {
            let (x, dims) = (a.tensor(0, "input")?, dims(a.ints(1, "dim")?));
            // No dims are no dims here, where everywhere else they are all.
            one(if dims.is_empty() { Ok(x.clone()) } else { x.squeeze_dim(dims) })
        })
        .sample([t([2, 1, 3, 1]), ints([1, -1])]),
        row("unsqueeze", |a| one(a.tensor(0, "input")?.unsqueeze(a.dim(1, "dim")?)))
            .sample([t([2, 3]), n(1)])
            .sample([t([2, 3]), n(-1)])
            .sample([t([]), n(0)]),
        row("expand", |a| one(a.tensor(0, "input")?.expand(a.shape(1, "size")?)))
            .sample([t([3, 1]), ints([2, 3, 4])])
            .sample([t([3, 1]), ints([-1, 4])]),
        row("broadcast_to", |a| one(a.tensor(0, "input")?.broadcast_to(a.shape(1, "size")?)))
            .sample([t([3, 1]), ints([2, 3, 4])]),
        two("expand_as", |x, y| x.expand_as(y)).sample([t([3, 1]), t([2, 3, 4])]),
        row("narrow", |a| {
            let x = a.tensor(0, "input")?;
            let start = match a.get(2, "start") {
                Some(Value::Tensor(start)) => start.item::<i64>()?,
                _ => a.int(2, "start")?,
            };
            let dim = a.dim(1, "dim")?;
            // A negative start counts from the end, which in Rust the caller does.
            let start = if start < 0 { start + x.size(dim)? as i64 } else { start };
            let start = usize::try_from(start).or_else(|_| refused(format!("start = {start}")))?;
            one(x.narrow(dim, start, a.count(3, "length")?))
        })
        .sample([t([3, 4]), n(1), n(1), n(2)])
        .sample([t([3, 4]), n(-1), n(0), n(0)]),
        row("select", |a| one(a.tensor(0, "input")?.select(a.dim(1, "dim")?, a.dim(2, "index")?)))
            .sample([t([3, 4]), n(1), n(2)])
            .sample([t([3, 4]), n(0), n(-1)]),
        row("flip", |a| one(a.tensor(0, "input")?.flip(dims(a.ints(1, "dims")?))))
            .sample([t([3, 4]), ints([1])])
            .sample([t([2, 3, 4]), ints([0, -1])]),
        unary("fliplr", |x| x.fliplr()).sample([t([3, 4])]),
        unary("flipud", |x| x.flipud()).sample([t([3, 4])]),
        row("diagonal", |a| {
            let x = a.tensor(0, "input")?;
            one(x.diagonal(a.dim_or(1, "offset", 0)?, a.dim_or(2, "dim1", 0)?, a.dim_or(3, "dim2", 1)?))
        })
        .sample([t([3, 4])])
        .sample([t([3, 4]), n(1)])
        .sample([t([2, 4, 3]), n(-1), n(1), n(2)]),
        row("linalg.diagonal", |a| {
            let x = a.tensor(0, "A")?;
            one(x.diagonal(a.dim_or(1, "offset", 0)?, a.dim_or(2, "dim1", -2)?, a.dim_or(3, "dim2", -1)?))
        })
        .sample([t([2, 3, 4])]),
        row("slice", |a| {
            let x = a.tensor(0, "input")?;
            let dim = a.dim_or(1, "dim", 0)?;
            let (start, end) = (a.dim_or(2, "start", 0)?, a.dim_or(3, "end", isize::MAX)?);
            one(x.slice(dim, start, end, a.count_or(4, "step", 1)?))
        })
        .sample([t([5, 2]), n(0), n(1), n(5), n(2)])
        .sample([t([2, 5]), n(1), n(-3)]),
    ]
}

/// Dims as the API counts them.
pub(super) fn dims(ints: Vec<i64>) -> Vec<isize> {
    ints.into_iter().map(|d| d as isize).collect()
}
