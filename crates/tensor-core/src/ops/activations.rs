//! Activation functions. Where a branch that is not taken would have an infinite derivative, its input is replaced
//! first: infinity times 0 would make the gradient NaN.
use super::{
    Fused,
    composed::{composed, only_floats, rounded_once},
    fused::fused_map,
};
use crate::{DType, Error, Result, Scalar, Tensor, shape};

/// Which form of [`Tensor::gelu`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gelu {
    /// By the error function.
    #[default]
    Exact,
    /// By a hyperbolic tangent, as in GPT-2.
    Tanh,
}

fn below_zero(x: &Tensor) -> Result<Tensor> {
    x.gt(0)?.where_(0, x)
}

impl Tensor {
    /// `x * sigmoid(x)`, also known as swish.
    pub fn silu(&self) -> Result<Tensor> {
        only_floats("silu", self, |x| x * x.sigmoid()?)
    }

    /// `x` times the probability that a standard normal number is smaller.
    pub fn gelu(&self, form: Gelu) -> Result<Tensor> {
        only_floats("gelu", self, |x| {
            let shapes = [shape::Dims::from_slice(x.shape())];
            fused_map(Fused::Gelu { form }, &[x], &shapes)?.pop().ok_or_else(|| Error::new("gelu", "no result"))
        })
    }

    /// `x` above 0, `alpha * (exp(x) - 1)` below.
    pub fn elu(&self, alpha: f64) -> Result<Tensor> {
        only_floats("elu", self, |x| x.gt(0)?.where_(x, &(below_zero(x)?.expm1()? * alpha)?))
    }

    /// [`Tensor::elu`] with the constants that keep mean 0 and variance 1 through deep networks.
    pub fn selu(&self) -> Result<Tensor> {
        const ALPHA: f64 = 1.6732632423543772848170429916717;
        const SCALE: f64 = 1.0507009873554804934193349852946;
        only_floats("selu", self, |x| x.elu(ALPHA)? * SCALE)
    }

    /// `x` above 0, `alpha * (exp(x / alpha) - 1)` below: smooth at 0 for every `alpha`.
    pub fn celu(&self, alpha: f64) -> Result<Tensor> {
        if alpha == 0.0 {
            return Err(Error::new("celu", "alpha must not be 0").operands([self]));
        }
        only_floats("celu", self, |x| x.gt(0)?.where_(x, &((below_zero(x)? / alpha)?.expm1()? * alpha)?))
    }

    /// `x` above 0, `slope * x` below.
    pub fn leaky_relu(&self, slope: f64) -> Result<Tensor> {
        only_floats("leaky_relu", self, |x| x.gt(0)?.where_(x, &(x * slope)?))
    }

    /// `x` above 0, `weight * x` below: `weight` has one element, or one for each channel (dim 1).
    pub fn prelu(&self, weight: &Tensor) -> Result<Tensor> {
        let op = "prelu";
        if let Some(y) = crate::autocast::lower([self, weight], None, |[x, weight], _| x.prelu(weight)) {
            return y;
        }
        composed(op, &[self, weight], || {
            if weight.dtype() != self.dtype() {
                return Err(Error::new(op, "input and weight must have one dtype"));
            }
            let channels = if self.dim() >= 2 { self.shape()[1] } else { 1 };
            if weight.dim() > 1 || weight.numel() != 1 && weight.numel() != channels {
                return Err(Error::new(
                    op,
                    format!("weight must have one element, or one for each of {channels} channels"),
                ));
            }
            let mut each = shape::Dims::from_elem(1, self.dim());
            if self.dim() >= 2 {
                each[1] = weight.numel();
            }
            let slope = weight.reshape(&each)?;
            self.gt(0)?.where_(self, &(slope * self)?)
        })
    }

    /// Elements outside of `min` to `max` become the nearer bound; at a bound the gradient is 0.
    pub fn hardtanh(&self, min: f64, max: f64) -> Result<Tensor> {
        bounded("hardtanh", self, min, max)
    }
    /// [`Tensor::hardtanh`] from 0 to 6.
    pub fn relu6(&self) -> Result<Tensor> {
        bounded("relu6", self, 0.0, 6.0)
    }

    /// `relu6(x + 3) / 6`: a sigmoid of straight lines.
    pub fn hardsigmoid(&self) -> Result<Tensor> {
        only_floats("hardsigmoid", self, |x| (x + 3.0)?.relu6()? / 6.0)
    }
    /// `x * hardsigmoid(x)`.
    pub fn hardswish(&self) -> Result<Tensor> {
        only_floats("hardswish", self, |x| x * ((x + 3.0)?.relu6()? / 6.0)?)
    }

    /// `log(1 + exp(beta x)) / beta`, a smooth relu; `x` itself where `beta x` is above `threshold`.
    pub fn softplus(&self, beta: f64, threshold: f64) -> Result<Tensor> {
        only_floats("softplus", self, |x| {
            let scaled = (x * beta)?;
            let linear = scaled.gt(threshold)?;
            let curved = (linear.where_(0, &scaled)?.exp()?.log1p()? / beta)?;
            linear.where_(x, &curved)
        })
    }

    /// `x / (1 + |x|)`
    pub fn softsign(&self) -> Result<Tensor> {
        composed("softsign", &[self], || self / (self.abs()? + 1.0)?)
    }

    /// `x * tanh(softplus(x))`
    pub fn mish(&self) -> Result<Tensor> {
        only_floats("mish", self, |x| x * x.softplus(1.0, 40.0)?.tanh()?)
    }

    /// `log(sigmoid(x))`, exact where the sigmoid itself would be 0.
    pub fn logsigmoid(&self) -> Result<Tensor> {
        // Beyond 40, the 1 of log(1 + exp(x)) is lost in f64 too.
        only_floats("logsigmoid", self, |x| x.neg()?.softplus(1.0, 40.0)?.neg())
    }

    /// `x - tanh(x)`
    pub fn tanhshrink(&self) -> Result<Tensor> {
        composed("tanhshrink", &[self], || rounded_once([self], |[x]| x - x.tanh()?))
    }

    /// Elements drawn towards 0 by `lambda`, those nearer than that to 0 itself.
    pub fn softshrink(&self, lambda: f64) -> Result<Tensor> {
        if lambda < 0.0 {
            return Err(Error::new("softshrink", format!("lambda must not be negative: {lambda}")).operands([self]));
        }
        only_floats("softshrink", self, |x| {
            // NaN times 0 stays NaN; infinities do not come here.
            let rest = x.isinf()?.where_(0, &(x * 0.0)?)?;
            let low = x.lt(-lambda)?.where_(&(x + lambda)?, &rest)?;
            x.gt(lambda)?.where_(&(x - lambda)?, &low)
        })
    }

    /// Elements no further than `lambda` from 0 become 0.
    pub fn hardshrink(&self, lambda: f64) -> Result<Tensor> {
        only_floats("hardshrink", self, |x| x.abs()?.le(lambda)?.where_(0, x))
    }

    /// The first half of `dim` times the sigmoid of the second half.
    pub fn glu(&self, dim: isize) -> Result<Tensor> {
        let op = "glu";
        let d = shape::dim(op, dim, self.dim()).map_err(|e| e.operands([self]))?;
        let size = self.shape().get(d).copied().unwrap_or(1);
        if size % 2 != 0 {
            return Err(Error::new(op, format!("dim {dim} of size {size} has no halves")).operands([self]));
        }
        only_floats(op, self, |x| {
            let half = size / 2;
            let d = d as isize;
            x.narrow(d, 0, half)? * x.narrow(d, half, half)?.sigmoid()?
        })
    }

    /// `x / max(|x|, eps)`, with the `p`-norm along `dim`.
    pub fn normalize(&self, p: f64, dim: isize, eps: f64) -> Result<Tensor> {
        composed("normalize", &[self], || self / self.norm_dim(p, dim, crate::KEEP)?.clamp_min(eps)?)
    }
}

/// The factor of `x` in the tanh form, outside and in the cubic term.
const INNER: f64 = 0.797_884_560_802_865_4; // sqrt(2 / pi)
const CUBIC: f64 = 0.044715;

pub(super) fn compose_gelu(x: &Tensor, form: Gelu) -> Result<Vec<Tensor>> {
    let twice = match form {
        Gelu::Exact => ((x * std::f64::consts::FRAC_1_SQRT_2)?.erf()? + 1.0)?,
        Gelu::Tanh => {
            let cubic = ((x * x)? * x)?;
            ((((cubic * CUBIC)? + x)? * INNER)?.tanh()? + 1.0)?
        }
    };
    Ok(vec![((x * 0.5)? * twice)?])
}

/// With `y = x p`: `dx = g (p + x dp)`.
pub(super) fn compose_gelu_grad(x: &Tensor, g: &Tensor, form: Gelu) -> Result<Vec<Tensor>> {
    let square = (x * x)?;
    let (p, dp) = match form {
        Gelu::Exact => {
            let density = (square * -0.5)?.exp()?;
            let p = (((x * std::f64::consts::FRAC_1_SQRT_2)?.erf()? + 1.0)? * 0.5)?;
            (p, (density * 0.398_942_280_401_432_7)?) // 1 / sqrt(2 pi)
        }
        Gelu::Tanh => {
            let t = (((&square * CUBIC)? + 1.0)?.mul(x)? * INNER)?.tanh()?;
            let slope = ((square * (3.0 * CUBIC))? + 1.0)?; // of the argument of tanh, over INNER
            let p = ((&t + 1.0)? * 0.5)?;
            (p, (slope.mul(&t.square()?.neg()?.add(1.0)?)? * (0.5 * INNER))?)
        }
    };
    Ok(vec![(g * (p + (x * dp)?)?)?])
}

fn bounded(op: &'static str, x: &Tensor, min: f64, max: f64) -> Result<Tensor> {
    composed(op, &[x], || {
        if x.dtype() == DType::Bool {
            return Err(Error::new(op, "not defined for bool"));
        }
        if min > max {
            return Err(Error::new(op, format!("the lower bound {min} is above the upper bound {max}")));
        }
        let whole = x.dtype().is_int();
        let bound = |v: f64| if whole { Scalar::Int(v as i64) } else { Scalar::Float(v) };
        let (min, max) = (bound(min), bound(max));
        let above = x.le(min)?.where_(min, x)?;
        above.ge(max)?.where_(max, &above)
    })
}
