//! Variance and standard deviation, and the sum of exponentials.
use super::{ReduceOp, reduce_dims};
use crate::{DROP, DType, DimArg, Error, KEEP, KeepDim, Result, Tensor, shape};

/// `sqrt(x)` whose gradient at 0 is 0, where that of `sqrt` is infinite: what PyTorch does for `std` and `norm`.
pub(super) fn sqrt_flat_at_zero(x: &Tensor) -> Result<Tensor> {
    if !x.requires_grad() || !crate::is_grad_enabled() {
        return x.sqrt();
    }
    let zero = x.eq(0)?;
    zero.where_(0, &zero.where_(1, x)?.sqrt()?)
}

impl Tensor {
    /// The variance of all elements: the mean square distance from the mean, by `n - correction` (1 for a sample,
    /// 0 for a whole population).
    pub fn var(&self, correction: f64) -> Result<Tensor> {
        self.var_dim((), correction, DROP)
    }
    /// The variance along `dims`.
    pub fn var_dim(&self, dims: impl DimArg, correction: f64, keep: KeepDim) -> Result<Tensor> {
        Ok(moments("var", self, dims, correction, keep)?.0)
    }

    /// The standard deviation of all elements: the root of [`Tensor::var`].
    pub fn std(&self, correction: f64) -> Result<Tensor> {
        self.std_dim((), correction, DROP)
    }
    /// The standard deviation along `dims`.
    pub fn std_dim(&self, dims: impl DimArg, correction: f64, keep: KeepDim) -> Result<Tensor> {
        sqrt_flat_at_zero(&moments("std", self, dims, correction, keep)?.0)
    }

    /// Variance and mean along `dims`.
    pub fn var_mean(&self, dims: impl DimArg, correction: f64, keep: KeepDim) -> Result<(Tensor, Tensor)> {
        moments("var_mean", self, dims, correction, keep)
    }
    /// Standard deviation and mean along `dims`.
    pub fn std_mean(&self, dims: impl DimArg, correction: f64, keep: KeepDim) -> Result<(Tensor, Tensor)> {
        let (var, mean) = moments("std_mean", self, dims, correction, keep)?;
        Ok((sqrt_flat_at_zero(&var)?, mean))
    }

    /// `log(sum(exp(x)))` along `dims`, without overflow.
    pub fn logsumexp(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        let op = "logsumexp";
        let dims = shape::dims(op, dims, self.dim()).map_err(|e| e.operands([self]))?;
        let x = self.to_dtype(self.dtype().to_float())?;
        if x.numel() == 0 {
            return reduce_dims(ReduceOp::Sum, op, &x.exp()?, dims, keep)?.log();
        }
        let max = reduce_dims(ReduceOp::Max, op, &x.detach(), dims.clone(), KEEP)?;
        // An infinite maximum would make every difference NaN.
        let max = max.isfinite()?.where_(&max, 0)?;
        let sum = reduce_dims(ReduceOp::Sum, op, &x.sub(&max)?.exp()?, dims.clone(), keep)?;
        let shape = shape::reduced(x.shape(), &dims, keep);
        sum.log()?.add(&max.reshape(&shape)?)
    }
}

/// Variance and mean.
fn moments(
    op: &'static str,
    x: &Tensor,
    dims: impl DimArg,
    correction: f64,
    keep: KeepDim,
) -> Result<(Tensor, Tensor)> {
    if !x.is_floating_point() {
        return Err(Error::new(op, format!("not defined for {}", x.dtype()))
            .operands([x])
            .hint("convert to a float dtype first: to_dtype(DType::F32)"));
    }
    let dims = shape::dims(op, dims, x.dim()).map_err(|e| e.operands([x]))?;
    let n: usize = dims.iter().map(|&d| x.shape()[d]).product();
    // Half precision would lose the sums.
    let wide = if x.dtype() == DType::F64 { x.clone() } else { x.to_dtype(DType::F32)? };
    let mean = reduce_dims(ReduceOp::Mean, op, &wide, dims.clone(), KEEP)?;
    let shape = shape::reduced(x.shape(), &dims, keep);
    let squares = reduce_dims(ReduceOp::Sum, op, &wide.sub(&mean)?.square()?, dims, keep)?;
    // 0 / 0 is NaN: a single element has no sample variance.
    let var = squares.div((n as f64 - correction).max(0.0))?;
    Ok((var.to_dtype(x.dtype())?, mean.reshape(&shape)?.to_dtype(x.dtype())?))
}
