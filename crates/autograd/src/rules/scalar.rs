//! Derivatives of arithmetic between a tensor and a number.
use std::sync::Arc;
use tensor_core::{BinaryOp, Result, Scalar, Tensor, graph::Node, ops::Side};

pub(super) fn rule(op: BinaryOp, s: Scalar, side: Side, node: &Arc<Node>, g: Tensor) -> Result<Tensor> {
    let x = || node.input(0);
    // What is recorded is of a float dtype.
    let s = s.to_f64();
    match (op, side) {
        (BinaryOp::Add, _) => Ok(g),                                          // dx = g
        (BinaryOp::Sub, Side::Right) => Ok(g),                                // dx = g
        (BinaryOp::Sub, Side::Left) => g.neg(),                               // dx = -g
        (BinaryOp::Mul, _) => g * s,                                          // dx = g s
        (BinaryOp::Div, Side::Right) => g / s,                                // dx = g / s
        (BinaryOp::Div, Side::Left) => g.neg()? * (s / x()?)?.div(&x()?)?,    // dx = -g s / x^2
        (BinaryOp::Remainder | BinaryOp::Fmod, Side::Right) => Ok(g),         // dx = g
        (BinaryOp::Remainder, Side::Left) => g.neg()? * (s / x()?)?.floor()?, // dx = -g floor(s / x)
        (BinaryOp::Fmod, Side::Left) => g.neg()? * (s / x()?)?.trunc()?,      // dx = -g trunc(s / x)
        (BinaryOp::Pow, Side::Right) => power(&g, x()?, s),
        (BinaryOp::Pow, Side::Left) => exponential(&g, s, &x()?),
        // The number takes its share where it is equal, as a tensor would.
        (BinaryOp::Maximum, _) => x()?.lt(s)?.where_(0.0, &shared(&g, &x()?, s)?),
        (BinaryOp::Minimum, _) => x()?.gt(s)?.where_(0.0, &shared(&g, &x()?, s)?),
        (BinaryOp::Atan2, Side::Right) => g * (s / (x()?.square()? + s * s)?)?, // dx = g s / (x^2 + s^2)
        (BinaryOp::Atan2, Side::Left) => g.neg()? * (s / (x()?.square()? + s * s)?)?, // dx = -g s / (..)
        // Steps: flat wherever there is a derivative at all.
        (
            BinaryOp::FloorDivide
            | BinaryOp::BitAnd
            | BinaryOp::BitOr
            | BinaryOp::BitXor
            | BinaryOp::Shl
            | BinaryOp::Shr,
            _,
        ) => g.zeros_like(),
    }
}

fn shared(g: &Tensor, x: &Tensor, s: f64) -> Result<Tensor> {
    x.eq(s)?.where_(&g.mul(0.5)?, g)
}

/// `y = x^s`: `dx = g s x^(s - 1)`, and 0 for the exponent 0, even at `x = 0`.
fn power(g: &Tensor, x: Tensor, s: f64) -> Result<Tensor> {
    if s == 0.0 {
        g.zeros_like()
    } else if s == 1.0 {
        Ok(g.clone())
    } else if s == 2.0 {
        g * (x * 2.0)?
    } else {
        g * (x.pow(s - 1.0)? * s)?
    }
}

/// `y = s^x`: `dx = g y ln s`, and 0 for the base 0 where the exponent is not negative.
fn exponential(g: &Tensor, s: f64, x: &Tensor) -> Result<Tensor> {
    let y = Tensor::full_like(x, s)?.pow(x)?;
    let dx = (g * (y * s.ln())?)?;
    if s == 0.0 { x.ge(0.0)?.where_(0.0, &dx) } else { Ok(dx) }
}
