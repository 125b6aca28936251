//! Elements picked or placed by integers and masks.
use super::{Row, one, row};
use crate::sample::{idx, mask, n, t};
use crate::value::Value;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("gather", |a| one(a.tensor(0, "input")?.gather(a.dim(1, "dim")?, a.tensor(2, "index")?)))
            .sample([t([3, 4]), n(1), idx([3, 2], 4)])
            .sample([t([3, 4]), n(0), idx([2, 4], 3)]),
        row("scatter", |a| {
            let (x, dim, index) = (a.tensor(0, "input")?, a.dim(1, "dim")?, a.tensor(2, "index")?);
            match a.get(3, "src") {
                Some(Value::Tensor(src)) => one(x.scatter(dim, index, src)),
                _ => one(x.scatter(dim, index, a.scalar(3, "value")?)),
            }
        })
        .sample([t([3, 4]), n(0), idx([1, 4], 3), t([1, 4])])
        .sample([t([3, 4]), n(1), idx([3, 1], 4), n(2.5)]),
        row("scatter_add", |a| {
            one(a.tensor(0, "input")?.scatter_add(a.dim(1, "dim")?, a.tensor(2, "index")?, a.tensor(3, "src")?))
        })
        .sample([t([3, 4]), n(0), idx([2, 4], 3), t([2, 4])])
        .sample([t([3, 4]), n(-1), idx([3, 6], 4), t([3, 6])]),
        row("index_select", |a| one(a.tensor(0, "input")?.index_select(a.dim(1, "dim")?, a.tensor(2, "index")?)))
            .sample([t([3, 4]), n(1), idx([6], 4)])
            .sample([t([3, 4]), n(0), idx([2], 3)]),
        row("index_add", |a| {
            let (x, dim, index) = (a.tensor(0, "input")?, a.dim(1, "dim")?, a.tensor(2, "index")?);
            let source = a.tensor(3, "source")?;
            one(match a.opt_scalar(4, "alpha")? {
                Some(alpha) => x.index_add(dim, index, &source.mul(alpha)?),
                None => x.index_add(dim, index, source),
            })
        })
        .sample([t([3, 4]), n(1), idx([5], 4), t([3, 5])])
        .sample([t([3, 4]), n(0), idx([2], 3), t([2, 4])]),
        row("masked_fill", |a| {
            let (x, mask) = (a.tensor(0, "input")?, a.tensor(1, "mask")?);
            one(x.masked_fill(mask, a.arg(2, "value")?))
        })
        .sample([t([3, 4]), mask([3, 4]), n(2.5)])
        .sample([t([3, 4]), mask([4]), n(1)]),
        row("where", |a| one(a.tensor(1, "condition")?.where_(a.tensor(0, "input")?, a.arg(2, "other")?)))
            .sample([t([3, 4]), mask([3, 4]), t([3, 4])])
            .sample([t([3, 1]), mask([3, 4]), t([4])]),
    ]
}
