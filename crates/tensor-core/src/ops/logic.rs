//! Questions about elements, answered by `bool`, and their logic.
use super::binary::Arg;
use crate::{DType, Error, Result, Tensor};

/// An operand as `bool`: whether it is not 0.
fn truth(op: &'static str, x: Arg<'_>) -> Result<Truth> {
    Ok(match x {
        Arg::Tensor(t) => Truth::Tensor(t.detach().to_dtype(DType::Bool).map_err(|e| e.renamed(op))?),
        Arg::Scalar(s) => Truth::Scalar(s.to_f64() != 0.0),
    })
}

enum Truth {
    Tensor(Tensor),
    Scalar(bool),
}

impl Truth {
    fn arg(&self) -> Arg<'_> {
        match self {
            Truth::Tensor(t) => Arg::Tensor(t),
            Truth::Scalar(b) => (*b).into(),
        }
    }
}

impl Tensor {
    /// Whether each element is 0 or false.
    pub fn logical_not(&self) -> Result<Tensor> {
        self.eq(0).map_err(|e| e.renamed("logical_not"))
    }
    /// Whether both elements are true, or not 0.
    pub fn logical_and<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
        let op = "logical_and";
        let (a, b) = (self.detach().to_dtype(DType::Bool)?, truth(op, other.into())?);
        a.bitwise_and(b.arg()).map_err(|e| e.renamed(op))
    }
    /// Whether one or both elements are true, or not 0.
    pub fn logical_or<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
        let op = "logical_or";
        let (a, b) = (self.detach().to_dtype(DType::Bool)?, truth(op, other.into())?);
        a.bitwise_or(b.arg()).map_err(|e| e.renamed(op))
    }
    /// Whether exactly one of the elements is true, or not 0.
    pub fn logical_xor<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
        let op = "logical_xor";
        let (a, b) = (self.detach().to_dtype(DType::Bool)?, truth(op, other.into())?);
        a.bitwise_xor(b.arg()).map_err(|e| e.renamed(op))
    }

    /// Whether each element is not a number.
    pub fn isnan(&self) -> Result<Tensor> {
        self.ne(self)
    }
    /// Whether each element is infinite.
    pub fn isinf(&self) -> Result<Tensor> {
        if !self.is_floating_point() {
            return self.full_bool(false);
        }
        self.detach().abs()?.eq(f64::INFINITY)
    }
    /// Whether each element is a number, and not infinite.
    pub fn isfinite(&self) -> Result<Tensor> {
        if !self.is_floating_point() {
            return self.full_bool(true);
        }
        // Not so for NaN.
        self.detach().abs()?.lt(f64::INFINITY)
    }
    /// Whether each element is positive infinity.
    pub fn isposinf(&self) -> Result<Tensor> {
        if self.is_floating_point() { self.eq(f64::INFINITY) } else { self.full_bool(false) }
    }
    /// Whether each element is negative infinity.
    pub fn isneginf(&self) -> Result<Tensor> {
        if self.is_floating_point() { self.eq(f64::NEG_INFINITY) } else { self.full_bool(false) }
    }
    /// Whether the sign bit of each element is set, as that of -0.0 is.
    pub fn signbit(&self) -> Result<Tensor> {
        if !self.is_floating_point() {
            return self.lt(0);
        }
        // 1 / -0.0 is -inf.
        let x = self.detach();
        x.lt(0)?.logical_or(&x.eq(0)?.logical_and(&x.reciprocal()?.lt(0)?)?)
    }

    fn full_bool(&self, value: bool) -> Result<Tensor> {
        Tensor::full_on(self.shape(), value, DType::Bool, &self.device())
    }

    /// Whether elements are as near as `|a - b| <= atol + rtol |b|`; infinities are near themselves only, NaN is near
    /// NaN if `equal_nan`.
    pub fn isclose(&self, other: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<Tensor> {
        let op = "isclose";
        let near = || -> Result<Tensor> {
            if self.dtype() != other.dtype() {
                return Err(Error::new(op, "the dtypes differ"));
            }
            if !(rtol >= 0.0 && atol >= 0.0) {
                return Err(Error::new(op, format!("tolerances must not be negative: rtol {rtol}, atol {atol}")));
            }
            let same = self.eq(other)?;
            let same = if equal_nan { same.logical_or(&self.isnan()?.logical_and(&other.isnan()?)?)? } else { same };
            if rtol == 0.0 && atol == 0.0 {
                return Ok(same);
            }
            // Integers are compared as doubles, which hold their differences.
            let wide = |t: &Tensor| if t.is_floating_point() { Ok(t.detach()) } else { t.to_dtype(DType::F64) };
            let (a, b) = (wide(self)?, wide(other)?);
            let allowed = b.abs()?.mul(rtol)?.add(atol)?;
            let distance = a.sub(&b)?.abs()?;
            same.logical_or(&distance.isfinite()?.logical_and(&distance.le(&allowed)?)?)
        };
        near().map_err(|e| e.renamed(op).operands([self, other]))
    }

    /// Whether all elements are near each other: see [`Tensor::isclose`].
    pub fn allclose(&self, other: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<bool> {
        self.isclose(other, rtol, atol, equal_nan)
            .and_then(|near| near.all()?.item::<bool>())
            .map_err(|e| e.renamed("allclose"))
    }

    /// Whether two tensors have one shape and equal elements. NaN equals nothing.
    pub fn equal(&self, other: &Tensor) -> Result<bool> {
        if self.shape() != other.shape() {
            return Ok(false);
        }
        self.eq(other).and_then(|same| same.all()?.item::<bool>()).map_err(|e| e.renamed("equal"))
    }
}
