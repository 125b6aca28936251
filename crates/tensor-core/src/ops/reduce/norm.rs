//! Lengths of vectors.
use super::{ReduceOp, moments::sqrt_flat_at_zero, reduce_dims};
use crate::{DROP, DimArg, Error, KeepDim, Result, Tensor, shape};

impl Tensor {
    /// The Euclidean length of all elements.
    pub fn norm(&self) -> Result<Tensor> {
        p_norm("norm", self, 2.0, (), DROP)
    }
    /// The `p`-norm along `dims`: `sum(|x|^p)^(1/p)`.
    pub fn norm_dim(&self, p: f64, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        p_norm("norm", self, p, dims, keep)
    }

    /// `sum(|x|^p)^(1/p)` along `dims`; of `p` infinite the largest, of `-inf` the smallest absolute value, of 0 the
    /// number of elements that are not 0.
    pub fn vector_norm(&self, p: f64, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        p_norm("linalg.vector_norm", self, p, dims, keep)
    }

    /// The `p`-norm of the difference of two tensors.
    pub fn dist(&self, other: &Tensor, p: f64) -> Result<Tensor> {
        self.sub(other)
            .and_then(|d| p_norm("dist", &d, p, (), DROP))
            .map_err(|e| e.renamed("dist").operands([self, other]))
    }
}

fn p_norm(op: &'static str, x: &Tensor, p: f64, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
    if !x.is_floating_point() {
        return Err(Error::new(op, format!("not defined for {}", x.dtype()))
            .operands([x])
            .hint("convert to a float dtype first: to_dtype(DType::F32)"));
    }
    let dims = shape::dims(op, dims, x.dim()).map_err(|e| e.operands([x]))?;
    let sum = |x: &Tensor| reduce_dims(ReduceOp::Sum, op, x, dims.clone(), keep);
    // Powers of half precision overflow early.
    let wide = if x.dtype().size() == 2 { x.to_dtype(crate::DType::F32)? } else { x.clone() };
    let y = if p == 2.0 {
        sqrt_flat_at_zero(&sum(&wide.square()?)?)?
    } else if p == 1.0 {
        sum(&wide.abs()?)?
    } else if p == 0.0 {
        // The sign keeps the history; its gradient is 0, as that of a count should be.
        sum(&wide.ne(0)?.where_(&wide.sign()?.mul(0)?.add(1)?, 0)?)?
    } else if p == f64::INFINITY {
        reduce_dims(ReduceOp::Max, op, &wide.abs()?, dims.clone(), keep)?
    } else if p == f64::NEG_INFINITY {
        reduce_dims(ReduceOp::Min, op, &wide.abs()?, dims.clone(), keep)?
    } else if x.requires_grad() && crate::is_grad_enabled() {
        // Powers of 0 have infinite derivatives below 1, and infinity times 0 is NaN: zeros go around them.
        let powered = |x: &Tensor, p: f64| -> Result<Tensor> {
            let zero = x.eq(0)?;
            zero.where_(&x.detach().pow(p)?, &zero.where_(1, x)?.pow(p)?)
        };
        powered(&sum(&powered(&wide.abs()?, p)?)?, 1.0 / p)?
    } else {
        sum(&wide.abs()?.pow(p)?)?.pow(1.0 / p)?
    };
    y.to_dtype(x.dtype())
}
