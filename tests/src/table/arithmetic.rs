//! Arithmetic made of arithmetic, and products of vectors.
use super::{Row, many, one, row, two};
use crate::{
    sample::{idx, ints, n, range, t},
    value::Value,
};
use tensor_core::{Result, Tensor};

const WIDE: (f64, f64) = (-2.0, 2.0);
const POSITIVE: (f64, f64) = (0.4, 2.5);

/// Equal parts, or the places of the cuts.
fn cut(name: &'static str, equal: fn(&Tensor, usize) -> Result<Vec<Tensor>>, dim: fn(&Tensor) -> isize) -> Row {
    row(name, move |a| {
        let x = a.tensor(0, "input")?;
        many(match a.get(1, "indices_or_sections") {
            Some(Value::List(_)) => {
                let places: Vec<isize> = a.ints(1, "indices_or_sections")?.iter().map(|&i| i as isize).collect();
                x.tensor_split_at(&places, dim(x))
            }
            _ => equal(x, a.count(1, "indices_or_sections")?),
        })
    })
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("rsub", |a| {
            let x = a.tensor(0, "input")?;
            one(match a.named("alpha").and_then(Value::scalar) {
                Some(alpha) => x.mul(alpha)?.rsub(a.arg(1, "other")?),
                None => x.rsub(a.arg(1, "other")?),
            })
        })
        .pair(WIDE, WIDE)
        .sample([t([2, 3]), n(1.5)]),
        row("addcmul", |a| {
            let value = a.scalar_or(usize::MAX, "value", 1)?;
            one(a.tensor(0, "input")?.addcmul(a.tensor(1, "tensor1")?, a.tensor(2, "tensor2")?, value))
        })
        .sample([t([3, 4]), t([4]), t([3, 1])])
        .named([t([3]), t([3]), t([3])], [("value", n(0.5))]),
        row("addcdiv", |a| {
            let value = a.scalar_or(usize::MAX, "value", 1)?;
            one(a.tensor(0, "input")?.addcdiv(a.tensor(1, "tensor1")?, a.tensor(2, "tensor2")?, value))
        })
        .sample([t([3, 4]), t([4]), range([3, 1], 0.5, 2.0)]),
        row("lerp", |a| one(a.tensor(0, "input")?.lerp(a.tensor(1, "end")?, a.arg(2, "weight")?)))
            .sample([t([3, 4]), t([3, 4]), n(0.4)])
            .sample([t([3, 4]), t([4]), range([3, 1], 0.1, 0.9)]),
        row("float_power", |a| one(a.tensor(0, "input")?.float_power(a.arg(1, "exponent")?)))
            .pair(POSITIVE, WIDE)
            .sample([idx([3], 5), n(2)]),
        two("fmax", Tensor::fmax).pair(WIDE, (-1.7, 1.9)),
        two("fmin", Tensor::fmin).pair(WIDE, (-1.7, 1.9)),
        two("hypot", Tensor::hypot).pair(POSITIVE, POSITIVE),
        row("copysign", |a| one(a.tensor(0, "input")?.copysign(a.arg(1, "other")?)))
            .sample([range([3, 4], 0.5, 2.0), range([4], 0.5, 2.0)])
            .sample([range([3, 4], 0.5, 2.0), n(-1.0)]),
        row("xlogy", |a| one(a.tensor(0, "input")?.xlogy(a.arg(1, "other")?))).pair(WIDE, POSITIVE),
        two("logaddexp", Tensor::logaddexp).pair(WIDE, (-1.7, 1.9)),
        two("logaddexp2", Tensor::logaddexp2).pair(WIDE, (-1.7, 1.9)),
        row("diff", |a| {
            let x = a.tensor(0, "input")?;
            let (prepend, append) = (a.opt_tensor(3, "prepend")?, a.opt_tensor(4, "append")?);
            one(x.diff(a.count_or(1, "n", 1)?, a.dim_or(2, "dim", -1)?, prepend, append))
        })
        .sample([t([3, 4])])
        .sample([t([3, 4]), n(2), n(0)]),
        row("unfold", |a| {
            let x = a.tensor(0, "input")?;
            one(x.unfold(a.dim(1, "dimension")?, a.count(2, "size")?, a.count(3, "step")?))
        })
        .sample([t([5, 2]), n(0), n(3), n(1)])
        .sample([t([2, 6]), n(1), n(2), n(2)]),
        cut("hsplit", Tensor::hsplit, |x| if x.dim() == 1 { 0 } else { 1 }).sample([t([2, 4]), n(2)]),
        cut("vsplit", Tensor::vsplit, |_| 0).sample([t([4, 2]), n(2)]),
        cut("dsplit", Tensor::dsplit, |_| 2).sample([t([2, 2, 4]), ints([1, 3])]),
    ]
}
