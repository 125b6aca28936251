//! The largest and the smallest, and where they stand.
use super::{Op, ReduceOp, few_dims, reduce, reduce_dims};
use crate::{DROP, DType, DimArg, Error, KeepDim, Layout, Result, Tensor, graph, shape};
use std::sync::Arc;

impl Tensor {
    /// The largest element; NaN wins, and equal elements share the gradient.
    pub fn amax(&self) -> Result<Tensor> {
        self.amax_dim((), DROP)
    }
    /// The largest element along `dims`.
    pub fn amax_dim(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        reduce(ReduceOp::Max, self, dims, keep)
    }
    /// The smallest element; NaN wins, and equal elements share the gradient.
    pub fn amin(&self) -> Result<Tensor> {
        self.amin_dim((), DROP)
    }
    /// The smallest element along `dims`.
    pub fn amin_dim(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        reduce(ReduceOp::Min, self, dims, keep)
    }

    /// The largest element.
    pub fn max(&self) -> Result<Tensor> {
        reduce_dims(ReduceOp::Max, "max", self, (0..self.dim()).collect(), DROP)
    }
    /// The smallest element.
    pub fn min(&self) -> Result<Tensor> {
        reduce_dims(ReduceOp::Min, "min", self, (0..self.dim()).collect(), DROP)
    }

    /// The largest elements along `dim` and where they stand; of equal ones the first, which gets the gradient.
    ///
    /// ```
    /// # use tensor_core::{tensor, DROP, Result};
    /// # fn main() -> Result<()> {
    /// let (values, indices) = tensor([[1.0, 5.0], [7.0, 2.0]])?.max_dim(1, DROP)?;
    /// assert_eq!(values.to_vec::<f32>()?, [5.0, 7.0]);
    /// assert_eq!(indices.to_vec::<i64>()?, [1, 0]);
    /// # Ok(()) }
    /// ```
    pub fn max_dim(&self, dim: isize, keep: KeepDim) -> Result<(Tensor, Tensor)> {
        found("max", ReduceOp::Max, self, dim, keep)
    }
    /// The smallest elements along `dim` and where they stand; of equal ones the first, which gets the gradient.
    pub fn min_dim(&self, dim: isize, keep: KeepDim) -> Result<(Tensor, Tensor)> {
        found("min", ReduceOp::Min, self, dim, keep)
    }

    /// Where the largest element stands along `dim`, or in the flattened tensor.
    pub fn argmax(&self, dim: Option<isize>, keep: KeepDim) -> Result<Tensor> {
        crate::watch::tell(crate::watch::Event::Choice { scores: self });
        place("argmax", ReduceOp::Max, self, dim, keep)
    }
    /// Where the smallest element stands along `dim`, or in the flattened tensor.
    pub fn argmin(&self, dim: Option<isize>, keep: KeepDim) -> Result<Tensor> {
        place("argmin", ReduceOp::Min, self, dim, keep)
    }

    /// The smallest and the largest element, along `dim` or of all.
    pub fn aminmax(&self, dim: Option<isize>, keep: KeepDim) -> Result<(Tensor, Tensor)> {
        let named = |e: Error| e.renamed("aminmax");
        match dim {
            Some(d) => Ok((self.amin_dim(d, keep).map_err(named)?, self.amax_dim(d, keep).map_err(named)?)),
            None => Ok((self.amin_dim((), keep).map_err(named)?, self.amax_dim((), keep).map_err(named)?)),
        }
    }
}

/// Values and indices of what was found along `dim`, recorded.
fn found(name: &'static str, op: ReduceOp, x: &Tensor, dim: isize, keep: KeepDim) -> Result<(Tensor, Tensor)> {
    few_dims(name, x)?;
    let d = shape::dim(name, dim, x.dim()).map_err(|e| e.operands([x]))?;
    if x.dim() == 0 {
        let values = reduce_dims(op, name, x, Default::default(), DROP)?;
        return Ok((values, Tensor::full_on((), 0, DType::I64, &x.device())?));
    }
    if x.shape()[d] == 0 {
        return Err(
            Error::new(name, format!("dim {d} is empty, and nothing has no largest or smallest element")).operands([x])
        );
    }
    let kept = shape::reduced(x.shape(), &[d], crate::KEEP);
    let device = x.device();
    let (mut values, layout) = Tensor::allocate(&kept, x.dtype(), &device)?;
    let (mut indices, _) = Tensor::allocate(&kept, DType::I64, &device)?;
    let reading = x.reading();
    device.backend().arg_reduce(op, reading.view(), d, values.view_mut(&layout), indices.view_mut(&layout))?;
    let layout = if keep.0 { layout } else { Layout::contiguous(&shape::reduced(x.shape(), &[d], DROP)) };
    let mut outputs = [Tensor::new(Arc::new(values), layout.clone()), Tensor::new(Arc::new(indices), layout)];
    graph::record_many(|| Op::ArgReduce { op, dim: d }, &[x], &mut outputs);
    let [values, indices] = outputs;
    Ok((values, indices))
}

fn place(name: &'static str, op: ReduceOp, x: &Tensor, dim: Option<isize>, keep: KeepDim) -> Result<Tensor> {
    let x = x.detach();
    if x.dtype() == DType::Bool {
        return Err(Error::new(name, "not defined for bool").operands([&x]).hint("convert it to u8 first"));
    }
    match dim {
        Some(d) => Ok(found(name, op, &x, d, keep)?.1),
        None if x.numel() == 0 => {
            Err(Error::new(name, "nothing has no largest or smallest element").operands([&x]).hint("name a dim"))
        }
        None => {
            let at = found(name, op, &x.ravel()?, 0, DROP)?.1;
            if keep.0 { at.reshape(vec![1usize; x.dim()]) } else { Ok(at) }
        }
    }
}
