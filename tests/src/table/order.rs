//! Order: sorting, running values, quantiles, distinct elements.
use super::{Check, Row, both, one, row, unary};
use crate::{
    args::Args,
    fault::{Outcome, Res, refused},
    sample::{idx, n, s, t},
    value::Value,
};
use tensor_core::{Tensor, ops::Interpolation, ops::Unique};

const PLACES: &str = "positions have no derivative";
const COUNTS: &str = "which elements differ has no derivative";
const UNEVEN: &str = "how many elements it gives depends on their values, which other dtypes round";
const HALVES: &str = "halves are refused, as in PyTorch: a place among many elements needs more digits";
const TIES: &str = "the values may be equal in a coarser dtype, and then other places are found";

fn sorted(a: &Args) -> Res<(Tensor, Tensor)> {
    // Sorting is always stable.
    a.get(3, "stable");
    Ok(a.tensor(0, "input")?.sort(a.dim_or(1, "dim", -1)?, a.bool_or(2, "descending", false)?)?)
}

/// `median(input)` or `median(input, dim, keepdim)`.
fn middle(
    a: &Args,
    all: fn(&Tensor) -> tensor_core::Result<Tensor>,
    along: fn(&Tensor, isize, tensor_core::KeepDim) -> tensor_core::Result<(Tensor, Tensor)>,
) -> Outcome {
    let x = a.tensor(0, "input")?;
    match a.opt_dim(1, "dim")? {
        None => one(all(x)),
        Some(dim) => both(along(x, dim, a.keep(2)?)),
    }
}

fn quantile(a: &Args, skip_nan: bool) -> Outcome {
    let x = a.tensor(0, "input")?;
    let q = match a.get(1, "q") {
        Some(Value::Tensor(q)) => q.clone(),
        _ => Tensor::full_on((), a.float(1, "q")?, x.dtype(), &x.device())?,
    };
    let how = match a.str_or(4, "interpolation", "linear")? {
        "linear" => Interpolation::Linear,
        "lower" => Interpolation::Lower,
        "higher" => Interpolation::Higher,
        "midpoint" => Interpolation::Midpoint,
        "nearest" => Interpolation::Nearest,
        other => return refused(format!("interpolation {other}")),
    };
    let (dim, keep) = (a.opt_dim(2, "dim")?, a.keep(3)?);
    one(if skip_nan { x.nanquantile(&q, dim, keep, how) } else { x.quantile(&q, dim, keep, how) })
}

/// What was asked for of what was found.
fn distinct(found: Unique, inverse: bool, counts: bool) -> Outcome {
    let extras = [inverse.then_some(found.inverse), counts.then_some(found.counts)];
    Ok([Some(found.values)].into_iter().chain(extras).flatten().collect())
}

/// A running sum or product, in another dtype if one is asked for.
fn running(a: &Args, f: fn(&Tensor, isize) -> tensor_core::Result<Tensor>) -> Outcome {
    let (x, dim) = (a.tensor(0, "input")?, a.dim(1, "dim")?);
    one(match a.opt_dtype(2, "dtype")? {
        Some(dtype) => f(&x.to_dtype(dtype)?, dim)?.to_dtype(dtype),
        None => f(x, dim),
    })
}

pub(super) fn rows() -> Vec<Row> {
    let lines = |row: Row| row.sample([t([3, 4]), n(1)]).sample([t([3, 4]), n(0)]).sample([t([]), n(0)]);
    vec![
        lines(row("sort", |a| {
            let (values, indices) = sorted(a)?;
            Ok(vec![values, indices])
        }))
        .sample([t([2, 3, 4]), n(1), n(true)])
        .skip(Check::Precision, TIES),
        lines(row("argsort", |a| Ok(vec![sorted(a)?.1]))).no_grad(PLACES).skip(Check::Precision, TIES),
        unary("msort", Tensor::msort).sample([t([4, 3])]),
        row("topk", |a| {
            // The result is always sorted.
            a.get(4, "sorted");
            let (k, dim) = (a.count(1, "k")?, a.dim_or(2, "dim", -1)?);
            both(a.tensor(0, "input")?.topk(k, dim, a.bool_or(3, "largest", true)?))
        })
        .sample([t([3, 4]), n(2)])
        .sample([t([3, 4]), n(3), n(0), n(false)])
        .skip(Check::Precision, TIES),
        row("kthvalue", |a| {
            both(a.tensor(0, "input")?.kthvalue(a.count(1, "k")?, a.dim_or(2, "dim", -1)?, a.keep(3)?))
        })
        .sample([t([3, 4]), n(2)])
        .sample([t([3, 4]), n(3), n(0), n(true)])
        .skip(Check::Precision, TIES),
        row("median", |a| middle(a, Tensor::median, Tensor::median_dim))
            .sample([t([3, 5])])
            .sample([t([3, 4]), n(1)])
            .skip(Check::Precision, TIES),
        row("nanmedian", |a| middle(a, Tensor::nanmedian, Tensor::nanmedian_dim))
            .sample([t([3, 5])])
            .sample([t([3, 4]), n(0)])
            .skip(Check::Precision, TIES),
        row("mode", |a| both(a.tensor(0, "input")?.mode(a.dim_or(1, "dim", -1)?, a.keep(2)?)))
            .sample([idx([3, 5], 3), n(1)])
            .sample([t([3, 4])])
            .skip(Check::Precision, TIES),
        row("quantile", |a| quantile(a, false))
            .sample([t([3, 4]), n(0.3)])
            .sample([t([3, 4]), n(0.6), n(1)])
            .named([t([5]), n(0.4), n(0)], [("interpolation", s("midpoint"))])
            .skip(Check::Precision, HALVES),
        row("nanquantile", |a| quantile(a, true))
            .sample([t([3, 4]), n(0.3)])
            .sample([t([3, 4]), n(0.6), n(0)])
            .skip(Check::Precision, HALVES),
        lines(row("cumsum", |a| running(a, Tensor::cumsum))),
        lines(row("cumprod", |a| running(a, Tensor::cumprod))),
        lines(row("logcumsumexp", |a| one(a.tensor(0, "input")?.logcumsumexp(a.dim(1, "dim")?)))),
        lines(row("cummax", |a| both(a.tensor(0, "input")?.cummax(a.dim(1, "dim")?)))).skip(Check::Precision, TIES),
        lines(row("cummin", |a| both(a.tensor(0, "input")?.cummin(a.dim(1, "dim")?)))).skip(Check::Precision, TIES),
        row("unique", |a| {
            // Sorted either way.
            a.get(1, "sorted");
            let (inverse, counts) = (a.bool_or(2, "return_inverse", false)?, a.bool_or(3, "return_counts", false)?);
            distinct(a.tensor(0, "input")?.unique(a.opt_dim(4, "dim")?)?, inverse, counts)
        })
        .sample([idx([3, 4], 5), n(true), n(true), n(true)])
        .sample([idx([6, 2], 2), n(true), n(true), n(true), n(0)])
        .no_grad(COUNTS)
        .skip(Check::Precision, UNEVEN),
        row("unique_consecutive", |a| {
            let (inverse, counts) = (a.bool_or(1, "return_inverse", false)?, a.bool_or(2, "return_counts", false)?);
            distinct(a.tensor(0, "input")?.unique_consecutive(a.opt_dim(3, "dim")?)?, inverse, counts)
        })
        .sample([idx([8], 2), n(true), n(true)])
        .sample([idx([6, 2], 2), n(true), n(true), n(0)])
        .no_grad(COUNTS)
        .skip(Check::Precision, UNEVEN),
    ]
}
