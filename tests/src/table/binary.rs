//! Arithmetic of two tensors, or of a tensor and a number.
use super::{Row, one, row, two};
use crate::{
    fault::{Fault, unsupported},
    sample::{fixed, idx, n, null, range, t},
    value::Value,
};
use tensor_core::{
    Result, Tensor,
    ops::{Arg, BinaryOp, Rounding, binary},
};

/// A row of `input op other`, where `other` is a tensor or a number.
fn op(name: &'static str, f: fn(&Tensor, Arg<'_>) -> Result<Tensor>) -> Row {
    row(name, move |a| one(f(a.tensor(0, "input")?, a.arg(1, "other")?)))
}

/// A quotient rounded as `rounding_mode` says, which the name of the row says too.
fn rounded(name: &'static str, f: fn(&Tensor, Arg<'_>) -> Result<Tensor>) -> Row {
    row(name, move |a| {
        a.named("rounding_mode");
        one(f(a.tensor(0, "input")?, a.arg(1, "other")?))
    })
    .pair(WIDE, POSITIVE)
    .no_grad(STEPS)
}

/// A row of `number op input`, written with the input first as Python does for operators between numbers and tensors.
fn reflected(name: &'static str, op: BinaryOp) -> Row {
    row(name, move |a| one(binary(op, a.arg(1, "other")?, a.tensor(0, "input")?)))
}

const STEPS: &str = "its derivative is zero almost everywhere";
const INTEGERS: &str = "it takes no floats";
const WIDE: (f64, f64) = (-2.0, 2.0);
const POSITIVE: (f64, f64) = (0.4, 2.5);

/// `x + alpha y` and its kin.
fn with_alpha(name: &'static str, f: fn(&Tensor, Arg<'_>) -> Result<Tensor>) -> Row {
    row(name, move |a| {
        let x = a.tensor(0, "input")?;
        one(match (a.named("alpha").and_then(Value::scalar), a.arg(1, "other")?) {
            (None, other) => f(x, other),
            (Some(alpha), Arg::Tensor(y)) => f(x, Arg::Tensor(&y.mul(alpha)?)),
            (Some(_), Arg::Scalar(_)) => return unsupported("alpha beside a number"),
        })
    })
    .pair(WIDE, WIDE)
    .sample([t([2, 3]), n(2.5)])
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        op("mul", |x, y| x.mul(y)).pair(WIDE, WIDE).sample([t([2, 3]), n(2.5)]).sample([t([2, 3]), n(3)]),
        op("div.no_rounding_mode", |x, y| x.div(y)).pair(WIDE, POSITIVE).sample([t([2, 3]), n(2.5)]),
        op("true_divide", |x, y| x.div(y)).pair(WIDE, POSITIVE),
        two("maximum", |x, y| x.maximum(y)).pair(WIDE, (-1.7, 1.9)),
        two("minimum", |x, y| x.minimum(y)).pair(WIDE, (-1.7, 1.9)),
        two("atan2", |x, y| x.atan2(y)).pair(POSITIVE, POSITIVE),
        op("clamp_min", |x, y| x.clamp_min(y)).pair(WIDE, (-1.7, 1.9)),
        op("clamp_max", |x, y| x.clamp_max(y)).pair(WIDE, (-1.7, 1.9)),
        row("clamp", |a| {
            let x = a.tensor(0, "input")?;
            let tensors = [a.get(1, "min"), a.get(2, "max")].iter().flatten().any(|v| matches!(v, Value::Tensor(_)));
            one(match tensors {
                true => x.clamp_tensor(a.opt_tensor(1, "min")?, a.opt_tensor(2, "max")?),
                false => x.clamp(a.opt_scalar(1, "min")?, a.opt_scalar(2, "max")?),
            })
        })
        .sample([t([3, 4]), n(-1.0), n(1.0)])
        .sample([t([3, 4]), null(), n(1.0)])
        .sample([t([3, 4]), range([4], -1.5, -0.5), range([3, 1], 0.5, 1.5)]),
        row("nan_to_num", |a| {
            let (nan, x) = (a.float_or(1, "nan", 0.0)?, a.tensor(0, "input")?);
            let number = |place, name| Ok::<_, Fault>(a.opt_scalar(place, name)?.map(|s| s.to_f64()));
            one(x.nan_to_num(nan, number(2, "posinf")?, number(3, "neginf")?))
        })
        .sample([t([3, 4])]),
        row("nn.functional.threshold", |a| {
            one(a.tensor(0, "input")?.threshold(a.float(1, "threshold")?, a.float(2, "value")?))
        })
        .sample([t([3, 4]), n(0.3), n(-1.0)]),
        with_alpha("sub", |x, y| x.sub(y)),
        op("floor_divide", |x, y| x.floor_divide(y))
            .pair((0.1, 0.35), POSITIVE)
            .sample([range([2, 3], 0.1, 0.9), n(2.5)]),
        op("remainder", |x, y| x.remainder(y)).pair((0.1, 0.35), POSITIVE).sample([t([2, 3]), n(2.5)]),
        op("fmod", |x, y| x.fmod(y)).pair((0.1, 0.35), POSITIVE).sample([t([2, 3]), n(2.5)]),
        op("pow", |x, y| x.pow(y))
            .pair(POSITIVE, WIDE)
            .sample([t([2, 3]), n(2)])
            .sample([range([2, 3], 0.5, 2.0), n(2.5)]),
        two("max.binary", |x, y| x.maximum(y)).pair(WIDE, (-1.7, 1.9)),
        two("min.binary", |x, y| x.minimum(y)).pair(WIDE, (-1.7, 1.9)),
        with_alpha("add", |x, y| x.add(y)),
        rounded("div.floor_rounding", |x, y| x.div_rounded(y, Rounding::Floor)),
        rounded("div.trunc_rounding", |x, y| x.div_rounded(y, Rounding::Trunc)),
        op("bitwise_or", |x, y| x.bitwise_or(y)).sample([idx([3, 4], 50), idx([4], 50)]).no_grad(INTEGERS),
        op("bitwise_xor", |x, y| x.bitwise_xor(y)).sample([idx([3, 4], 50), idx([4], 50)]).no_grad(INTEGERS),
        op("bitwise_left_shift", |x, y| x.bitwise_left_shift(y))
            .sample([idx([3, 4], 50), idx([4], 5)])
            .no_grad(INTEGERS),
        op("bitwise_right_shift", |x, y| x.bitwise_right_shift(y))
            .sample([idx([3, 4], 50), idx([4], 5)])
            .no_grad(INTEGERS),
        op("bitwise_and", |x, y| x.bitwise_and(y)).sample([idx([3, 4], 50), idx([4], 50)]).no_grad(INTEGERS),
        reflected("__radd__", BinaryOp::Add).sample([t([2, 3]), n(2.5)]),
        reflected("__rsub__", BinaryOp::Sub).sample([t([2, 3]), n(2.5)]),
        reflected("__rmul__", BinaryOp::Mul).sample([t([2, 3]), n(2.5)]),
        reflected("__rdiv__", BinaryOp::Div).sample([range([2, 3], 0.5, 2.0), n(2.5)]),
        reflected("__rmod__", BinaryOp::Remainder).sample([range([2, 3], 0.6, 0.9), n(2.5)]),
        reflected("__rpow__", BinaryOp::Pow).sample([t([2, 3]), n(2.5)]),
        reflected("__rfloordiv__", BinaryOp::FloorDivide).sample([range([2, 3], 0.6, 0.7), n(2.5)]),
        reflected("atan2.number_first", BinaryOp::Atan2).sample([range([2, 3], 0.5, 2.0), n(2.5)]),
        reflected("fmod.number_first", BinaryOp::Fmod).sample([range([2, 3], 0.6, 0.8), n(2.5)]),
        reflected("maximum.number_first", BinaryOp::Maximum).sample([t([2, 3]), n(0.5)]),
        reflected("minimum.number_first", BinaryOp::Minimum).sample([t([2, 3]), n(0.5)]),
        op("ldexp", |x, y| x.ldexp(y)).sample([t([3, 4]), fixed([4], -2.0, 3.0)]).sample([t([2, 3]), n(3)]),
        op("atan2.number", |x, y| x.atan2(y)).sample([range([2, 3], 0.5, 2.0), n(2.5)]),
    ]
}
