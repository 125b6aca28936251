//! Variances, norms, and other sums over dims that are more than a sum.
use super::{Row, both, movement::dims, one, row};
use crate::{
    args::Args,
    fault::{Res, unsupported},
    sample::{n, range, t},
    value::Value,
};
use tensor_core::{KeepDim, Result, Tensor};

/// PyTorch's `dim`, `correction` (or the older `unbiased`) and `keepdim`.
fn settings(a: &Args) -> Res<(Vec<isize>, f64, KeepDim)> {
    let named = |name: &str| a.get(usize::MAX, name);
    let correction = match (named("correction"), named("unbiased")) {
        (Some(Value::Null) | None, Some(Value::Bool(unbiased))) => f64::from(u8::from(*unbiased)),
        (Some(value), None) => value.scalar().map_or(1.0, |s| s.to_f64()),
        (None, None) => 1.0,
        _ => return unsupported("both correction and unbiased"),
    };
    Ok((dims(a.opt_ints(1, "dim")?.unwrap_or_default()), correction, a.keep(usize::MAX)?))
}

fn moment(name: &'static str, f: fn(&Tensor, Vec<isize>, f64, KeepDim) -> Result<Vec<Tensor>>) -> Row {
    row(name, move |a| {
        let (dims, correction, keep) = settings(a)?;
        Ok(f(a.tensor(0, "input")?, dims, correction, keep)?)
    })
    .sample([t([3, 4])])
    .named([t([3, 4])], [("dim", n(1)), ("correction", n(0)), ("keepdim", n(true))])
    .named([t([2, 3, 2])], [("dim", crate::sample::ints([0, 2]))])
}

/// The form that only says whether to be unbiased.
fn unbiased(name: &'static str, f: fn(&Tensor, f64) -> Result<Vec<Tensor>>) -> Row {
    row(name, move |a| Ok(f(a.tensor(0, "input")?, f64::from(u8::from(a.bool_or(1, "unbiased", true)?)))?))
        .sample([t([3, 4]), n(false)])
}

fn two(pair: Result<(Tensor, Tensor)>) -> Result<Vec<Tensor>> {
    pair.map(|(a, b)| vec![a, b])
}

/// The order of a norm: a number, or `fro`, the Euclidean one.
fn order(a: &Args, name: &str) -> Res<f64> {
    match a.get(1, name) {
        None | Some(Value::Null) => Ok(2.0),
        Some(Value::Str(s)) if s == "fro" => Ok(2.0),
        Some(value) => {
            value.scalar().map_or_else(|| unsupported(format!("{name} is {}", value.kind())), |s| Ok(s.to_f64()))
        }
    }
}

fn norm(name: &'static str, order_name: &'static str) -> Row {
    row(name, move |a| {
        let x = a.tensor(0, "input")?;
        let p = order(a, order_name)?;
        let dims = dims(a.opt_ints(2, "dim")?.unwrap_or_default());
        one(x.vector_norm(p, dims, a.keep(3)?))
    })
    .sample([t([3, 4])])
    .sample([t([3, 4]), n(3.0), n(1)])
    .sample([t([3, 4]), n(1.0), n(0)])
    .sample([t([3, 4]), n(f64::INFINITY), n(0)])
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        moment("var", |x, d, c, k| Ok(vec![x.var_dim(d, c, k)?])),
        moment("std", |x, d, c, k| Ok(vec![x.std_dim(d, c, k)?])),
        moment("var_mean", |x, d, c, k| two(x.var_mean(d, c, k))),
        moment("std_mean", |x, d, c, k| two(x.std_mean(d, c, k))),
        unbiased("var.unbiased", |x, c| Ok(vec![x.var(c)?])),
        unbiased("std.unbiased", |x, c| Ok(vec![x.std(c)?])),
        unbiased("var_mean.unbiased", |x, c| two(x.var_mean((), c, KeepDim(false)))),
        unbiased("std_mean.unbiased", |x, c| two(x.std_mean((), c, KeepDim(false)))),
        row("logsumexp", |a| one(a.tensor(0, "input")?.logsumexp(dims(a.ints(1, "dim")?), a.keep(2)?)))
            .sample([t([3, 4]), n(1)])
            .sample([t([3, 4]), crate::sample::ints([0, 1]), n(true)]),
        norm("norm", "p"),
        norm("norm.fro", "p"),
        norm("norm.inf", "p"),
        norm("linalg.vector_norm", "ord"),
        row("dist", |a| one(a.tensor(0, "input")?.dist(a.tensor(1, "other")?, a.float_or(2, "p", 2.0)?)))
            .sample([t([3, 4]), range([3, 4], -1.7, 1.9)])
            .sample([t([3, 4]), range([4], -1.7, 1.9), n(4)]),
        row("aminmax", |a| both(a.tensor(0, "input")?.aminmax(a.opt_dim(usize::MAX, "dim")?, a.keep(usize::MAX)?)))
            .sample([t([3, 4])])
            .named([t([3, 4])], [("dim", n(1)), ("keepdim", n(true))]),
    ]
}
