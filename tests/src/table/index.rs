//! Elements picked or placed by integers and masks.
use super::{Check, Row, many, one, row, two};
use crate::{
    args::Args,
    fault::{Outcome, Res, refused, unsupported},
    sample::{idx, list, mask, n, null, s, t},
    value::Value,
};
use tensor_core::{
    Tensor,
    ops::{BagMode, EmbeddingBagOptions, Index, ScatterReduce},
};

const PLACES: &str = "positions have no derivative";
const UNEVEN: &str = "how many elements it gives depends on their values, which other layouts and devices may change";

/// What stands between the brackets of `x[..]`.
fn between_brackets(value: &Value) -> Res<Vec<Index>> {
    match value {
        Value::List(items) => items.iter().map(index).collect(),
        other => Ok(vec![index(other)?]),
    }
}

fn index(value: &Value) -> Res<Index> {
    Ok(match value {
        Value::Int(i) => Index::Int(*i as isize),
        Value::Null => Index::NewAxis,
        Value::Ellipsis => Index::Ellipsis,
        Value::Slice([start, stop, step]) => {
            let place = |i: &Option<i64>| i.map(|i| i as isize);
            Index::Slice { start: place(start), stop: place(stop), step: place(step) }
        }
        Value::Tensor(t) => Index::Tensor(t.clone()),
        Value::Bool(b) => Index::Tensor(Tensor::from_slice(&[*b], [0usize; 0])?),
        Value::List(items) => {
            let whole = |v: &Value| if let Value::Int(i) = v { Ok(*i) } else { unsupported(v.kind()) };
            let items: Vec<i64> = items.iter().map(whole).collect::<Res<_>>()?;
            Index::Tensor(Tensor::from_slice(&items, [items.len()])?)
        }
        other => return unsupported(format!("an index is {}", other.kind())),
    })
}

/// `index_put(input, indices, values, accumulate)`.
fn index_put(a: &Args) -> Outcome {
    let (x, indices, values) = (a.tensor(0, "input")?, a.tensors(1, "indices")?, a.tensor(2, "values")?);
    let indices: Vec<Option<&Tensor>> = indices.into_iter().map(Some).collect();
    one(x.index_put(&indices, values, a.bool_or(3, "accumulate", false)?))
}

/// Bounds of a slice that may be left out.
fn slice_scatter(a: &Args) -> Outcome {
    let (x, source) = (a.tensor(0, "input")?, a.tensor(1, "src")?);
    let bound = |place, name, default| Res::Ok(a.opt_int(place, name)?.map_or(default, |i| i as isize));
    let (start, end) = (bound(3, "start", 0)?, bound(4, "end", isize::MAX)?);
    one(x.slice_scatter(source, a.dim_or(2, "dim", 0)?, start, end, a.count_or(5, "step", 1)?))
}

/// Rows by their ids.
fn embedding(a: &Args) -> Outcome {
    let (table, ids) = (a.tensor(0, "weight")?, a.tensor(1, "input")?);
    let padding = match a.opt_dim(2, "padding_idx")? {
        Some(row) if row < 0 => Some(table.shape().first().copied().unwrap_or(0).saturating_add_signed(row)),
        row => row.map(isize::unsigned_abs),
    };
    // How PyTorch lays gradients out.
    a.named("sparse");
    one(nn::functional::embedding(ids, table, padding, a.bool_or(5, "scale_grad_by_freq", false)?))
}

/// Ids of a bag each, reduced to a row.
fn embedding_bag(a: &Args) -> Outcome {
    // PyTorch takes table and ids in either order.
    let (table, ids) = (a.tensor(0, "input")?, a.tensor(1, "weight")?);
    let (table, ids) = if table.is_floating_point() { (table, ids) } else { (ids, table) };
    let options = EmbeddingBagOptions {
        offsets: a.opt_tensor(2, "offsets")?,
        mode: match a.str_or(6, "mode", "mean")? {
            "sum" => BagMode::Sum,
            "mean" => BagMode::Mean,
            "max" => BagMode::Max,
            other => return refused(format!("mode {other}")),
        },
        per_sample_weights: a.opt_tensor(8, "per_sample_weights")?,
        include_last_offset: a.bool_or(9, "include_last_offset", false)?,
        padding_idx: a.opt_dim(10, "padding_idx")?,
    };
    one(table.embedding_bag(ids, options))
}

/// A row of `scatter_reduce` or `index_reduce`, which carry the reduction in their name.
fn reducing(name: &'static str, reduce: ScatterReduce) -> Row {
    row(name, move |a| {
        let (x, dim, index) = (a.tensor(0, "input")?, a.dim(1, "dim")?, a.tensor(2, "index")?);
        let source = a.tensor(3, if name.starts_with("index") { "source" } else { "src" })?;
        a.get(4, "reduce");
        let own = a.bool_or(5, "include_self", true)?;
        one(if name.starts_with("index") {
            x.index_reduce(dim, index, source, reduce, own)
        } else {
            x.scatter_reduce(dim, index, source, reduce, own)
        })
    })
}

fn combining() -> Vec<Row> {
    use ScatterReduce::{Amax, Amin, Mean, Prod, Sum};
    let scatter = [
        ("scatter_reduce.sum", Sum),
        ("scatter_reduce.prod", Prod),
        ("scatter_reduce.mean", Mean),
        ("scatter_reduce.amax", Amax),
        ("scatter_reduce.amin", Amin),
    ];
    let index = [
        ("index_reduce.prod", Prod),
        ("index_reduce.mean", Mean),
        ("index_reduce.amax", Amax),
        ("index_reduce.amin", Amin),
    ];
    let scatter = scatter.into_iter().map(|(name, reduce)| {
        reducing(name, reduce)
            .sample([t([3, 4]), n(0), idx([5, 4], 3), t([5, 4])])
            .named([t([3, 4]), n(1), idx([3, 2], 4), t([3, 3])], [("include_self", n(false))])
    });
    let index = index.into_iter().map(|(name, reduce)| {
        reducing(name, reduce)
            .sample([t([3, 4]), n(0), idx([5], 3), t([5, 4])])
            .named([t([3, 4]), n(1), idx([2], 4), t([3, 2])], [("include_self", n(false))])
            .skip(Check::RoundedOnce, "a sum and a division that each round their result, in PyTorch too")
    });
    scatter.chain(index).collect()
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = picking();
    rows.extend(combining());
    rows
}

fn picking() -> Vec<Row> {
    vec![
        row("masked_scatter", |a| {
            one(a.tensor(0, "input")?.masked_scatter(a.tensor(1, "mask")?, a.tensor(2, "source")?))
        })
        .sample([t([3, 4]), mask([3, 4]), t([12])])
        .sample([t([3, 4]), mask([4]), t([3, 4])]),
        row("diagonal_scatter", |a| {
            let (x, source, offset) = (a.tensor(0, "input")?, a.tensor(1, "src")?, a.dim_or(2, "offset", 0)?);
            one(x.diagonal_scatter(source, offset, a.dim_or(3, "dim1", 0)?, a.dim_or(4, "dim2", 1)?))
        })
        .sample([t([3, 4]), t([3])])
        .sample([t([3, 4, 2]), t([4, 2]), n(0), n(0), n(2)])
        .sample([t([3, 4]), t([2]), n(-1)]),
        row("gather", |a| one(a.tensor(0, "input")?.gather(a.dim(1, "dim")?, a.tensor(2, "index")?)))
            .sample([t([3, 4]), n(1), idx([3, 2], 4)])
            .sample([t([3, 4]), n(0), idx([2, 4], 3)]),
        row("scatter", |a| {
            let (x, dim, index) = (a.tensor(0, "input")?, a.dim(1, "dim")?, a.tensor(2, "index")?);
            let reduce = match a.str_or(4, "reduce", "none")? {
                "none" => None,
                "add" => Some(ScatterReduce::Sum),
                "multiply" => Some(ScatterReduce::Prod),
                other => return unsupported(format!("reduce {other}")),
            };
            one(match (a.get(3, "src"), reduce) {
                (Some(Value::Tensor(src)), None) => x.scatter(dim, index, src),
                (Some(Value::Tensor(src)), Some(reduce)) => x.scatter_reduce(dim, index, src, reduce, true),
                (_, None) => x.scatter(dim, index, a.scalar(3, "value")?),
                (_, Some(reduce)) => {
                    let value = Tensor::full_on(index.shape(), a.scalar(3, "value")?, x.dtype(), &x.device())?;
                    x.scatter_reduce(dim, index, &value, reduce, true)
                }
            })
        })
        .sample([t([3, 4]), n(0), idx([1, 4], 3), t([1, 4])])
        .sample([t([3, 4]), n(1), idx([3, 1], 4), n(2.5)]),
        row("scatter_add", |a| {
            let (x, dim, index) = (a.tensor(0, "input")?, a.dim(1, "dim")?, a.tensor(2, "index")?);
            one(x.scatter_add(dim, index, a.arg(3, "src")?))
        })
        .sample([t([3, 4]), n(0), idx([2, 4], 3), n(1.5)])
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
        row("__getitem__", |a| match a.get(1, "indices") {
            Some(value) => one(a.tensor(0, "input")?.i(&between_brackets(value)?)),
            None => unsupported("brackets without an index"),
        })
        .sample([t([3, 4]), n(1)])
        .sample([t([3, 4]), list([n(-1), null(), list([n(0), n(2)])])])
        .sample([t([3, 4, 2]), list([idx([2, 1], 3), idx([2], 4)])]),
        row("index_fill", |a| {
            one(a.tensor(0, "input")?.index_fill(a.dim(1, "dim")?, a.tensor(2, "index")?, a.arg(3, "value")?))
        })
        .sample([t([3, 4]), n(1), idx([2], 4), n(2.5)])
        .sample([t([3, 4]), n(1), idx([6], 4), t([])]),
        row("index_copy", |a| {
            one(a.tensor(0, "input")?.index_copy(a.dim(1, "dim")?, a.tensor(2, "index")?, a.tensor(3, "source")?))
        })
        .sample([t([3, 4]), n(1), idx([2], 4), t([3, 2])]),
        row("index_put", index_put).sample([t([3, 4]), list([idx([1], 3)]), t([4])]).sample([
            t([3, 4]),
            list([idx([5], 3), idx([5], 4)]),
            t([5]),
            n(true),
        ]),
        two("take", |x, index| x.take(index)).sample([t([3, 4]), idx([2, 5], 12)]),
        row("take_along_dim", |a| {
            one(a.tensor(0, "input")?.take_along_dim(a.tensor(1, "indices")?, a.opt_dim(2, "dim")?))
        })
        .sample([t([3, 4]), idx([3, 2], 4), n(1)])
        .sample([t([3, 4]), idx([5], 12)]),
        two("masked_select", |x, mask| x.masked_select(mask))
            .sample([t([3, 4]), mask([3, 4])])
            .sample([t([3, 4]), mask([4])]),
        row("nonzero", |a| {
            let x = a.tensor(0, "input")?;
            match a.bool_or(1, "as_tuple", false)? {
                // Places along each dim, and a 0-d tensor counts as a line.
                true => many(x.atleast_1d()?.nonzero()?.unbind(1)),
                false => one(x.nonzero()),
            }
        })
        .sample([mask([3, 4])])
        .no_grad(PLACES)
        .skip(Check::Precision, UNEVEN),
        row("argwhere", |a| one(a.tensor(0, "input")?.nonzero())).sample([mask([3, 4])]).no_grad(PLACES),
        row("nn.functional.embedding", embedding).sample([t([5, 3]), idx([2, 4], 5)]),
        row("nn.functional.embedding_bag", embedding_bag)
            .named([t([5, 3]), idx([2, 4], 5)], [("mode", s("mean"))])
            .named([t([5, 3]), idx([2, 4], 5)], [("mode", s("sum")), ("per_sample_weights", t([2, 4]))])
            .named([t([5, 3]), idx([3, 2], 5)], [("mode", s("max"))]),
        row("nn.functional.one_hot", |a| one(a.tensor(0, "input")?.one_hot(a.dim_or(1, "num_classes", -1)?)))
            .sample([idx([2, 3], 4), n(4)])
            .no_grad(PLACES),
        row("select_scatter", |a| {
            one(a.tensor(0, "input")?.select_scatter(a.tensor(1, "src")?, a.dim(2, "dim")?, a.dim(3, "index")?))
        })
        .sample([t([3, 4]), t([3]), n(1), n(2)]),
        row("slice_scatter", slice_scatter).sample([t([5, 2]), t([2, 2]), n(0), n(1), n(5), n(2)]).sample([
            t([3, 4]),
            t([3, 2]),
            n(1),
            n(-2),
        ]),
    ]
}
