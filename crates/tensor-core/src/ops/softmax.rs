//! Softmax and its logarithm.
use super::{Fused, fused};
use crate::{Category, DType, Error, KEEP, Result, Tensor, shape};

impl Tensor {
    /// `exp(x) / sum(exp(x))` along `dim`: positive numbers that add up to 1.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let p = tensor([[0.0, 0.0], [1000.0, 0.0]])?.softmax(1)?;
    /// assert_eq!(p.to_vec::<f32>()?, [0.5, 0.5, 1.0, 0.0]);
    /// # Ok(()) }
    /// ```
    pub fn softmax(&self, dim: isize) -> Result<Tensor> {
        along(self, dim, |dim| Fused::Softmax { dim })
    }

    /// `log(softmax(x))` along `dim`, exact where the softmax itself would be 0.
    pub fn log_softmax(&self, dim: isize) -> Result<Tensor> {
        along(self, dim, |dim| Fused::LogSoftmax { dim })
    }

    /// [`Tensor::softmax`] of `-x`.
    pub fn softmin(&self, dim: isize) -> Result<Tensor> {
        self.neg()?.softmax(dim).map_err(|e| e.renamed("softmin"))
    }
}

fn along(x: &Tensor, dim: isize, op: impl Fn(usize) -> Fused) -> Result<Tensor> {
    let name = op(0).name();
    let d = shape::dim(name, dim, x.dim()).map_err(|e| e.operands([x]))?;
    if x.dtype().category() != Category::Float {
        return Err(Error::new(name, format!("not defined for {}", x.dtype()))
            .operands([x])
            .hint("convert to a float dtype first: to_dtype(DType::F32)"));
    }
    if x.dim() == 0 {
        return along(&x.unsqueeze(0)?, 0, op)?.squeeze();
    }
    let mut outputs = fused::fused_map(op(d), &[x], &[shape::Dims::from_slice(x.shape())])?;
    outputs.pop().ok_or_else(|| Error::new(name, "no result").kind_of(crate::ErrorKind::Internal))
}

/// `x - max(x)` in at least single precision: no exponential of it overflows. The maximum is a constant, since it
/// cancels from the result. Rows of only `-inf` become NaN here, and so does their softmax.
fn shifted(x: &Tensor, dim: isize) -> Result<Tensor> {
    let wide = if x.dtype() == DType::F64 { x.clone() } else { x.to_dtype(DType::F32)? };
    let max = wide.detach().amax_dim(dim, KEEP)?;
    wide.sub(&max)
}

pub(super) fn compose_softmax(x: &Tensor, dim: usize) -> Result<Vec<Tensor>> {
    if x.numel() == 0 {
        return Ok(vec![x.clone()]);
    }
    let dim = dim as isize;
    let e = shifted(x, dim)?.exp()?;
    Ok(vec![e.div(&e.sum_dim(dim, KEEP)?)?.to_dtype(x.dtype())?])
}

pub(super) fn compose_log_softmax(x: &Tensor, dim: usize) -> Result<Vec<Tensor>> {
    if x.numel() == 0 {
        return Ok(vec![x.clone()]);
    }
    let dim = dim as isize;
    let x0 = shifted(x, dim)?;
    let log_sum = x0.exp()?.sum_dim(dim, KEEP)?.log()?;
    Ok(vec![x0.sub(&log_sum)?.to_dtype(x.dtype())?])
}
