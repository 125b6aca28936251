//! Derivatives of elementwise functions of one tensor.
use std::{
    f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10, PI},
    sync::Arc,
};
use tensor_core::{Result, Tensor, UnaryOp, graph::Node};

pub(super) fn rule(op: UnaryOp, node: &Arc<Node>, g: &Tensor) -> Result<Tensor> {
    let x = || node.input(0);
    let y = || node.output(0);
    match op {
        UnaryOp::Neg => g.neg(),                                                // dx = -g
        UnaryOp::Abs => g.mul(&x()?.sign()?),                                   // dx = g sign(x)
        UnaryOp::Exp => g.mul(&y()?),                                           // dx = g y
        UnaryOp::Exp2 => g.mul(&y()?)? * LN_2,                                  // dx = g y ln 2
        UnaryOp::Expm1 => g * (y()? + 1.0)?,                                    // dx = g (y + 1)
        UnaryOp::Log => g.div(&x()?),                                           // dx = g / x
        UnaryOp::Log2 => g.div(&(x()? * LN_2)?),                                // dx = g / (x ln 2)
        UnaryOp::Log10 => g.div(&(x()? * LN_10)?),                              // dx = g / (x ln 10)
        UnaryOp::Log1p => g.div(&(x()? + 1.0)?),                                // dx = g / (x + 1)
        UnaryOp::Sqrt => g.div(&(y()? * 2.0)?),                                 // dx = g / (2 y)
        UnaryOp::Rsqrt => g.mul(&y()?.pow(3.0)?)? * -0.5,                       // dx = -g y^3 / 2
        UnaryOp::Reciprocal => g.mul(&y()?.square()?.neg()?),                   // dx = -g y^2
        UnaryOp::Sin => g.mul(&x()?.cos()?),                                    // dx = g cos(x)
        UnaryOp::Cos => g.mul(&x()?.sin()?.neg()?),                             // dx = -g sin(x)
        UnaryOp::Tan => g * (y()?.square()? + 1.0)?,                            // dx = g (y^2 + 1)
        UnaryOp::Asin => g.mul(&(1.0 - x()?.square()?)?.rsqrt()?),              // dx = g / sqrt(1 - x^2)
        UnaryOp::Acos => g.mul(&(1.0 - x()?.square()?)?.rsqrt()?.neg()?),       // dx = -g / sqrt(1 - x^2)
        UnaryOp::Atan => g.div(&(x()?.square()? + 1.0)?),                       // dx = g / (x^2 + 1)
        UnaryOp::Sinh => g.mul(&x()?.cosh()?),                                  // dx = g cosh(x)
        UnaryOp::Cosh => g.mul(&x()?.sinh()?),                                  // dx = g sinh(x)
        UnaryOp::Tanh => g * (1.0 - y()?.square()?)?,                           // dx = g (1 - y^2)
        UnaryOp::Asinh => g.mul(&(x()?.square()? + 1.0)?.rsqrt()?),             // dx = g / sqrt(x^2 + 1)
        UnaryOp::Acosh => g.mul(&(x()?.square()? - 1.0)?.rsqrt()?),             // dx = g / sqrt(x^2 - 1)
        UnaryOp::Atanh => g.div(&(1.0 - x()?.square()?)?),                      // dx = g / (1 - x^2)
        UnaryOp::Erf => g * (x()?.square()?.neg()?.exp()? * FRAC_2_SQRT_PI)?,   // dx = g 2/sqrt(pi) exp(-x^2)
        UnaryOp::Erfc => g * (x()?.square()?.neg()?.exp()? * -FRAC_2_SQRT_PI)?, // dx = -g 2/sqrt(pi) exp(-x^2)
        UnaryOp::Lgamma => g.mul(&x()?.digamma()?),                             // dx = g digamma(x)
        UnaryOp::Digamma => g.mul(&trigamma(&x()?)?),                           // dx = g trigamma(x)
        UnaryOp::Erfinv => g * (y()?.square()?.exp()? / FRAC_2_SQRT_PI)?,       // dx = g sqrt(pi)/2 exp(y^2)
        UnaryOp::Sigmoid => g.mul(&y()?)? * (1.0 - y()?)?,                      // dx = g y (1 - y)
        UnaryOp::Relu => y()?.le(0.0)?.where_(0.0, g), // dx = y <= 0 ? 0 : g, as PyTorch for NaN
        UnaryOp::Square => g * (x()? * 2.0)?,          // dx = 2 g x
        // Steps: flat wherever there is a derivative at all.
        UnaryOp::Sign | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc | UnaryOp::BitNot => {
            g.zeros_like()
        }
    }
}

/// The derivative of `digamma`: `sum over k of 1 / (x + k)^2`, the first terms one by one and an asymptotic series for
/// the rest; below 0 by reflection.
fn trigamma(x: &Tensor) -> Result<Tensor> {
    const TERMS: usize = 10;
    let negative = x.lt(0.0)?;
    let y = negative.where_(&(1.0 - x)?, x)?;
    let mut sum = y.square()?.reciprocal()?;
    for k in 1..TERMS {
        sum = sum.add(&(&y + k as f64)?.square()?.reciprocal()?)?;
    }
    let r = (y + TERMS as f64)?.reciprocal()?;
    let z = r.square()?;
    // The Bernoulli numbers.
    let series = [5.0 / 66.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 1.0 / 6.0];
    let tail = series.into_iter().skip(1).try_fold((&z * series[0])?, |p, c| (p + c)?.mul(&z))?;
    let positive = sum.add(&r.mul(&(tail + 1.0)?)?)?.add(&(z / 2.0)?)?;
    // sin(pi x) of the part beyond the nearest integer; what is not negative takes no part.
    let beyond = negative.where_(&x.sub(&x.detach().round()?)?, 0.5)?;
    let reflected = ((beyond * PI)?.sin()?.square()?.reciprocal()? * (PI * PI))?;
    negative.where_(&reflected.sub(&positive)?, &positive)
}
