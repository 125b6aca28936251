//! Arithmetic made of arithmetic.
use super::{
    binary::Arg,
    composed::{composed, of_floats, of_two_floats, rounded_once},
};
use crate::{DType, Error, Result, Scalar, Tensor};

/// How a quotient is made whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Towards negative infinity, as `//` in Python.
    Floor,
    /// Towards zero, as `/` of integers in Rust and C.
    Trunc,
}

impl Tensor {
    /// `other - self`
    pub fn rsub<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
        let other = other.into();
        super::binary::binary(crate::BinaryOp::Sub, other, Arg::Tensor(self)).map_err(|e| e.renamed("rsub"))
    }

    /// [`Tensor::div`] by its other name.
    pub fn true_divide<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
        self.div(other).map_err(|e| e.renamed("true_divide"))
    }

    /// The quotient made whole; integers stay integers.
    pub fn div_rounded<'a>(&self, other: impl Into<Arg<'a>>, rounding: Rounding) -> Result<Tensor> {
        let other = other.into();
        let quotient = || match rounding {
            Rounding::Floor => self.floor_divide(other),
            Rounding::Trunc if super::result_type(Arg::Tensor(self), other).is_float() => self.div(other)?.trunc(),
            // What is left after the remainder divides exactly.
            Rounding::Trunc => self.sub(&self.fmod(other)?)?.floor_divide(other),
        };
        quotient().map_err(|e| e.renamed("div"))
    }

    /// `self * 2^other`
    pub fn ldexp<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
        let other = other.into();
        let scale = match other {
            Arg::Tensor(t) => super::binary::binary(crate::BinaryOp::Pow, 2.0, t),
            Arg::Scalar(s) => return self.mul(s.to_f64().exp2()).map_err(|e| e.renamed("ldexp")),
        };
        let product = scale.and_then(|scale| self.mul(&scale)).map_err(|e| e.renamed("ldexp"))?;
        // A power is f32 where `other` is of integers, which is no reason to widen halves.
        let dtype = super::result_type(Arg::Tensor(self), other);
        if dtype.is_float() { product.to_dtype(dtype) } else { Ok(product) }
    }

    /// `self + value * a * b`
    pub fn addcmul(&self, a: &Tensor, b: &Tensor, value: impl Into<Scalar>) -> Result<Tensor> {
        let value = value.into();
        composed("addcmul", &[self, a, b], || rounded_once([self, a, b], |[x, a, b]| x + scaled(a.mul(b)?, value)?))
    }

    /// `self + value * a / b`
    pub fn addcdiv(&self, a: &Tensor, b: &Tensor, value: impl Into<Scalar>) -> Result<Tensor> {
        let value = value.into();
        composed("addcdiv", &[self, a, b], || {
            if !a.is_floating_point() && !b.is_floating_point() {
                return Err(Error::new("addcdiv", "integers do not divide to integers").hint("convert to floats first"));
            }
            rounded_once([self, a, b], |[x, a, b]| x + scaled(a.div(b)?, value)?)
        })
    }

    /// `self + weight * (end - self)`, where `weight` is a number or a tensor.
    pub fn lerp<'a>(&self, end: &Tensor, weight: impl Into<Arg<'a>>) -> Result<Tensor> {
        let weight = weight.into();
        composed("lerp", &[self, end], || {
            if self.dtype() != end.dtype() || matches!(weight, Arg::Tensor(w) if w.dtype() != self.dtype()) {
                return Err(Error::new("lerp", "all operands must have one dtype"));
            }
            match weight {
                Arg::Tensor(w) => rounded_once([self, end, w], |[x, end, w]| x + end.sub(x)?.mul(w)?),
                Arg::Scalar(w) => rounded_once([self, end], |[x, end]| x + end.sub(x)?.mul(w)?),
            }
        })
    }

    /// Power computed in `f64`.
    pub fn float_power<'a>(&self, exponent: impl Into<Arg<'a>>) -> Result<Tensor> {
        let x = self.to_dtype(DType::F64)?;
        match exponent.into() {
            Arg::Scalar(s) => x.pow(s.to_f64()),
            Arg::Tensor(t) => x.pow(&t.to_dtype(DType::F64)?),
        }
        .map_err(|e| e.renamed("float_power"))
    }

    /// The larger one; where one is NaN, the other.
    pub fn fmax(&self, other: &Tensor) -> Result<Tensor> {
        composed("fmax", &[self, other], || self.ge(other)?.logical_or(&other.isnan()?)?.where_(self, other))
    }
    /// The smaller one; where one is NaN, the other.
    pub fn fmin(&self, other: &Tensor) -> Result<Tensor> {
        composed("fmin", &[self, other], || self.le(other)?.logical_or(&other.isnan()?)?.where_(self, other))
    }

    /// `sqrt(self^2 + other^2)` without overflow on the way.
    pub fn hypot(&self, other: &Tensor) -> Result<Tensor> {
        composed("hypot", &[self, other], || {
            let dtype = super::result_type(Arg::Tensor(self), Arg::Tensor(other));
            if !dtype.is_float() {
                return Err(Error::new("hypot", format!("not defined for {dtype}")));
            }
            let (a, b) = (self.to_dtype(DType::F64)?, other.to_dtype(DType::F64)?);
            let length = (a.square()? + b.square()?)?.sqrt()?;
            // An infinite side makes it infinite, even where the other one is NaN.
            a.isinf()?.logical_or(&b.isinf()?)?.where_(f64::INFINITY, &length)?.to_dtype(dtype)
        })
    }

    /// The size of `self` with the sign of `other`.
    pub fn copysign<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
        of_two_floats("copysign", self, other.into(), |a, b| {
            let size = if a.requires_grad() { a.abs()? } else { a.detach().abs()? };
            b.signbit()?.where_(&size.neg()?, &size)
        })
    }

    /// `x * log(y)`, and 0 where `x` is 0 whatever `y` is, unless it is NaN.
    pub fn xlogy<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
        of_two_floats("xlogy", self, other.into(), |x, y| {
            let nothing = x.eq(0)?.logical_and(&y.le(0)?.logical_or(&y.isposinf()?)?)?;
            x * nothing.where_(1, y)?.log()?
        })
    }

    /// `log(exp(a) + exp(b))` without overflow.
    pub fn logaddexp(&self, other: &Tensor) -> Result<Tensor> {
        of_two_floats("logaddexp", self, Arg::Tensor(other), |a, b| {
            a.maximum(b)? + distance(a, b)?.neg()?.exp()?.log1p()?
        })
    }

    /// `log2(2^a + 2^b)` without overflow.
    pub fn logaddexp2(&self, other: &Tensor) -> Result<Tensor> {
        of_two_floats("logaddexp2", self, Arg::Tensor(other), |a, b| {
            a.maximum(b)? + (distance(a, b)?.neg()?.exp2()?.log1p()? / std::f64::consts::LN_2)?
        })
    }

    /// The part after the point, with the sign of the number.
    pub fn frac(&self) -> Result<Tensor> {
        if !self.is_floating_point() {
            return Err(Error::new("frac", format!("not defined for {}", self.dtype())).operands([self]));
        }
        self - self.trunc()?
    }

    /// Rounded to `decimals` digits after the point; negative ones round before it.
    pub fn round_decimals(&self, decimals: i32) -> Result<Tensor> {
        if decimals == 0 {
            return self.round();
        }
        let power = 10f64.powi(decimals.abs());
        super::composed::only_floats("round", self, |x| {
            if decimals > 0 { (x * power)?.round()? / power } else { (x / power)?.round()? * power }
        })
    }

    /// Degrees to radians.
    pub fn deg2rad(&self) -> Result<Tensor> {
        of_floats("deg2rad", self, |x| x * (std::f64::consts::PI / 180.0))
    }
    /// Radians to degrees.
    pub fn rad2deg(&self) -> Result<Tensor> {
        of_floats("rad2deg", self, |x| x * (180.0 / std::f64::consts::PI))
    }

    /// `sin(pi x) / (pi x)`, and 1 at 0.
    pub fn sinc(&self) -> Result<Tensor> {
        of_floats("sinc", self, |x| {
            let zero = x.eq(0)?;
            let angle = (zero.where_(1, x)? * std::f64::consts::PI)?;
            zero.where_(1, &(angle.sin()? / &angle)?)
        })
    }

    /// `log(x / (1 - x))`, the inverse of the sigmoid; `eps` keeps `x` away from 0 and 1.
    pub fn logit(&self, eps: Option<f64>) -> Result<Tensor> {
        of_floats("logit", self, |x| {
            let x = match eps {
                Some(eps) => x.lt(eps)?.where_(eps, &x.gt(1.0 - eps)?.where_(1.0 - eps, x)?)?,
                None => x.clone(),
            };
            (&x / (1.0 - &x)?)?.log()
        })
    }
}

/// `|a - b|`, and 0 where they are equal, infinities included.
fn distance(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.eq(b)?.where_(0, &(a - b)?)?.abs()
}

fn scaled(x: Tensor, value: Scalar) -> Result<Tensor> {
    if value == Scalar::Int(1) || value == Scalar::Float(1.0) { Ok(x) } else { x.mul(value) }
}
