//! Elements held within bounds.
use super::binary::Arg;
use crate::{Category, DType, Error, Result, Scalar, Tensor};

/// A result of `x` and bounds: numbers may widen its category, as in arithmetic.
fn bounded(op: &'static str, x: &Tensor, low: Option<Arg<'_>>, high: Option<Arg<'_>>) -> Result<Tensor> {
    if low.is_none() && high.is_none() {
        return Err(Error::new(op, "at least one bound is needed").operands([x]));
    }
    let numbers = matches!((low, high), (Some(Arg::Scalar(_)) | None, Some(Arg::Scalar(_)) | None));
    let mut dtype = x.dtype();
    for bound in [low, high].into_iter().flatten() {
        dtype = match bound {
            // Two float bounds of an integer tensor make it f32 once; a number never narrows.
            Arg::Scalar(s) if s.category() > dtype.category() => dtype.promote(s.dtype()),
            Arg::Scalar(_) => dtype,
            Arg::Tensor(t) => dtype.promote(super::result_type(Arg::Tensor(x), Arg::Tensor(t))),
        };
    }
    if dtype == DType::Bool && numbers {
        return Err(Error::new(op, "not defined for bool").operands([x]));
    }
    let x = x.to_dtype(dtype)?;
    let y = match (low, high) {
        (Some(Arg::Scalar(low)), Some(Arg::Scalar(high))) => clamp_numbers(&x, Some(low), Some(high)),
        (Some(Arg::Scalar(low)), None) => clamp_numbers(&x, Some(low), None),
        (None, Some(Arg::Scalar(high))) => clamp_numbers(&x, None, Some(high)),
        (low, high) => {
            let raised = match low {
                Some(low) => at_least(&x, low)?,
                None => x,
            };
            match high {
                Some(high) => at_most(&raised, high),
                None => Ok(raised),
            }
        }
    };
    y.map_err(|e| e.renamed(op))
}

/// As PyTorch: a bound of NaN makes everything NaN, the upper bound wins, and elements at a bound keep their gradient.
fn clamp_numbers(x: &Tensor, low: Option<Scalar>, high: Option<Scalar>) -> Result<Tensor> {
    if let Some(nan) = [low, high].into_iter().flatten().find(|s| s.to_f64().is_nan()) {
        return x.detach().full_like(nan);
    }
    // A byte is compared with a byte: of numbers beyond, the nearest.
    let near = |s: Scalar| if x.dtype() == DType::U8 { Scalar::Int(s.to_f64().clamp(0.0, 255.0) as i64) } else { s };
    let (low, high) = (low.map(near), high.map(near));
    let mut y = x.clone();
    if let Some(low) = low {
        y = y.lt(low)?.where_(low, &y)?;
    }
    if let Some(high) = high {
        y = y.gt(high)?.where_(high, &y)?;
    }
    Ok(y)
}

fn at_least(x: &Tensor, low: Arg<'_>) -> Result<Tensor> {
    match low {
        Arg::Scalar(s) => clamp_numbers(x, Some(s), None),
        // Equal elements: all of the gradient is x's. NaN on either side wins.
        Arg::Tensor(low) => x.lt(low)?.logical_or(&low.isnan()?)?.where_(low, x),
    }
}

fn at_most(x: &Tensor, high: Arg<'_>) -> Result<Tensor> {
    match high {
        Arg::Scalar(s) => clamp_numbers(x, None, Some(s)),
        Arg::Tensor(high) => x.gt(high)?.logical_or(&high.isnan()?)?.where_(high, x),
    }
}

impl Tensor {
    /// Elements below `min` become `min`, elements above `max` become `max`; NaN stays. Bounds are numbers here,
    /// tensors in [`Tensor::clamp_tensor`].
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let y = tensor([-2.0, 0.5, 3.0])?.clamp(Some(0.0.into()), Some(1.0.into()))?;
    /// assert_eq!(y.to_vec::<f32>()?, [0.0, 0.5, 1.0]);
    /// # Ok(()) }
    /// ```
    pub fn clamp(&self, min: Option<Scalar>, max: Option<Scalar>) -> Result<Tensor> {
        bounded("clamp", self, min.map(Arg::Scalar), max.map(Arg::Scalar))
    }
    /// [`Tensor::clamp`] with tensors as bounds, broadcast.
    pub fn clamp_tensor(&self, min: Option<&Tensor>, max: Option<&Tensor>) -> Result<Tensor> {
        bounded("clamp", self, min.map(Arg::Tensor), max.map(Arg::Tensor))
    }
    /// Elements below `min`, a number or a tensor, become `min`.
    pub fn clamp_min<'a>(&self, min: impl Into<Arg<'a>>) -> Result<Tensor> {
        bounded("clamp_min", self, Some(min.into()), None)
    }
    /// Elements above `max`, a number or a tensor, become `max`.
    pub fn clamp_max<'a>(&self, max: impl Into<Arg<'a>>) -> Result<Tensor> {
        bounded("clamp_max", self, None, Some(max.into()))
    }
    /// [`Tensor::clamp`] in place.
    pub fn clamp_(&mut self, min: Option<Scalar>, max: Option<Scalar>) -> Result<&mut Tensor> {
        let new = self.clamp(min, max)?;
        if !new.dtype().can_cast_to(self.dtype()) {
            return Err(Error::new(
                "clamp_",
                format!("the result is {} and cannot be stored in {}", new.dtype(), self.dtype()),
            )
            .operands([&*self]));
        }
        self.copy_(&new)
    }

    /// NaN becomes `nan`; infinities become `posinf` and `neginf`, by default the largest and smallest finite numbers.
    pub fn nan_to_num(&self, nan: f64, posinf: Option<f64>, neginf: Option<f64>) -> Result<Tensor> {
        if self.dtype().category() != Category::Float {
            return Ok(self.clone());
        }
        let (low, high) = finite_range(self.dtype());
        let y = self.isnan()?.where_(nan, self)?;
        let y = self.isposinf()?.where_(posinf.unwrap_or(high), &y)?;
        self.isneginf()?.where_(neginf.unwrap_or(low), &y)
    }

    /// Elements not above `threshold` become `value`.
    pub fn threshold(&self, threshold: f64, value: f64) -> Result<Tensor> {
        if self.dtype() == DType::Bool {
            return Err(Error::new("threshold", "not defined for bool").operands([self]));
        }
        // NaN stays; PyTorch keeps the dtype of integers.
        let value = if self.dtype().is_int() { Scalar::Int(value as i64) } else { Scalar::Float(value) };
        let low = if self.dtype().is_int() { self.le(threshold as i64)? } else { self.le(threshold)? };
        low.where_(value, self).map_err(|e| e.renamed("threshold"))
    }

    /// 0 below zero, 1 above it, and `values` at it.
    pub fn heaviside(&self, values: &Tensor) -> Result<Tensor> {
        let op = "heaviside";
        if self.dtype() != values.dtype() {
            return Err(Error::new(op, "both must have one dtype").operands([self, values]));
        }
        // A step at every order: no gradient flows to either side.
        let (x, values) = (self.detach(), values.detach());
        let one = x.gt(0)?.where_(&x.ones_like()?, &x.zeros_like()?)?;
        let one = if x.is_floating_point() { x.isnan()?.where_(&x, &one)? } else { one };
        x.eq(0)?.where_(&values, &one).map_err(|e| e.renamed(op).operands([self, &values]))
    }
}

fn finite_range(dtype: DType) -> (f64, f64) {
    let high = match dtype {
        DType::F32 => f64::from(f32::MAX),
        DType::F16 => half::f16::MAX.to_f64(),
        DType::BF16 => half::bf16::MAX.to_f64(),
        _ => f64::MAX,
    };
    (-high, high)
}
