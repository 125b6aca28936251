//! Fewer elements: sums, means, extremes.
use super::{Row, both, movement::dims, one, row};
use crate::{
    args::Args,
    fault::Res,
    sample::{idx, ints, mask, n, t},
};
use tensor_core::{KeepDim, Result, Tensor};

type Dims = fn(&Tensor, Vec<isize>, KeepDim) -> Result<Tensor>;

/// A reduction with PyTorch's `dim`, `keepdim` and `dtype`.
fn reduction(name: &'static str, all: fn(&Tensor) -> Result<Tensor>, some: Dims) -> Row {
    row(name, move |a| {
        let x = input(a)?;
        one(match (a.opt_ints(1, "dim")?, a.keep(2)?) {
            (None, KeepDim(false)) => all(&x),
            (dim, keep) => some(&x, dims(dim.unwrap_or_default()), keep),
        })
    })
}

/// The input, converted first where `dtype` is given.
fn input(a: &Args) -> Res<Tensor> {
    let x = a.tensor(0, "input")?;
    Ok(match a.opt_dtype(3, "dtype")? {
        Some(dtype) => x.to_dtype(dtype)?,
        None => x.clone(),
    })
}

fn over_dims(row: Row) -> Row {
    row.sample([t([3, 4])])
        .sample([t([2, 3, 4]), n(1)])
        .named([t([2, 3, 4])], [("dim", ints([0, -1])), ("keepdim", n(true))])
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        over_dims(reduction("sum", |x| x.sum(), |x, d, k| x.sum_dim(d, k))).sample([t([])]).sample([t([0, 3]), n(0)]),
        over_dims(reduction("mean", |x| x.mean(), |x, d, k| x.mean_dim(d, k))).sample([t([])]),
        over_dims(reduction("amax", |x| x.amax(), |x, d, k| x.amax_dim(d, k))).sample([t([])]),
        over_dims(reduction("amin", |x| x.amin(), |x, d, k| x.amin_dim(d, k))).sample([t([])]),
        reduction("any", |x| x.any(), |x, d, k| x.any_dim(d, k))
            .sample([mask([3, 4])])
            .sample([mask([3, 4]), n(1)])
            .no_grad("its result is bool"),
        reduction("all", |x| x.all(), |x, d, k| x.all_dim(d, k))
            .sample([mask([3, 4])])
            .sample([mask([3, 4]), n(1)])
            .no_grad("its result is bool"),
        row("prod", |a| {
            let x = input(a)?;
            let y = match a.opt_dim(1, "dim")? {
                Some(d) => x.prod_dim(d, a.keep(2)?),
                None => x.prod(),
            }?;
            one(match a.opt_dtype(3, "dtype")? {
                Some(dtype) => y.to_dtype(dtype),
                None => Ok(y),
            })
        })
        .sample([t([2, 3])])
        .sample([t([2, 3, 2]), n(1)])
        .sample([t([2, 0]), n(1)]),
        over_dims(reduction("nansum", |x| x.nansum(), |x, d, k| x.nansum_dim(d, k))),
        over_dims(reduction("nanmean", |x| x.nanmean(), |x, d, k| x.nanmean_dim(d, k))),
        row("count_nonzero", |a| {
            let x = a.tensor(0, "input")?;
            one(match a.opt_ints(1, "dim")? {
                Some(d) => x.count_nonzero_dim(dims(d)),
                None => x.count_nonzero(),
            })
        })
        .sample([idx([3, 4], 2)])
        .sample([idx([3, 4], 2), n(1)])
        .no_grad("its result is a count"),
        row("max.reduction_no_dim", |a| one(a.tensor(0, "input")?.max())).sample([t([3, 4])]),
        row("min.reduction_no_dim", |a| one(a.tensor(0, "input")?.min())).sample([t([3, 4])]),
        row("max.reduction_with_dim", |a| both(a.tensor(0, "input")?.max_dim(a.dim(1, "dim")?, a.keep(2)?)))
            .sample([t([3, 4]), n(1)])
            .sample([t([2, 3, 4]), n(0), n(true)]),
        row("min.reduction_with_dim", |a| both(a.tensor(0, "input")?.min_dim(a.dim(1, "dim")?, a.keep(2)?)))
            .sample([t([3, 4]), n(-1)]),
        row("argmax", |a| one(a.tensor(0, "input")?.argmax(a.opt_dim(1, "dim")?, a.keep(2)?)))
            .sample([t([3, 4])])
            .sample([t([3, 4]), n(1)])
            .sample([idx([3, 4], 5), n(0)])
            .no_grad("its result is an index"),
        row("argmin", |a| one(a.tensor(0, "input")?.argmin(a.opt_dim(1, "dim")?, a.keep(2)?)))
            .sample([t([3, 4])])
            .sample([t([3, 4]), n(1)])
            .no_grad("its result is an index"),
    ]
}
