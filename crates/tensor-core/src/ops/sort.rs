//! Elements in order. Sorting is stable, NaN is larger than everything, and gradients go where the values came from.
use crate::{DType, Error, KeepDim, Result, Tensor, shape};
use std::sync::Arc;

/// The first `kept` elements along `dim` in order, and where they stand.
fn first(op: &'static str, x: &Tensor, dim: isize, kept: Option<usize>, descending: bool) -> Result<(Tensor, Tensor)> {
    let d = shape::dim(op, dim, x.dim()).map_err(|e| e.operands([x]))?;
    let n = x.shape().get(d).copied().unwrap_or(1);
    let kept = kept.unwrap_or(n);
    if kept > n {
        let message = format!("{kept} elements are asked for, and dim {d} has {n}");
        return Err(Error::new(op, message).operands([x]));
    }
    let mut sizes = shape::Dims::from_slice(x.shape());
    if let Some(size) = sizes.get_mut(d) {
        *size = kept;
    } else if kept == 0 {
        // A 0-d tensor has one element or is not 0-d.
        sizes.push(0);
        let device = x.device();
        return Ok((Tensor::zeros_on(&sizes, x.dtype(), &device)?, Tensor::zeros_on(&sizes, DType::I64, &device)?));
    }
    let device = x.device();
    let (mut values, layout) = Tensor::allocate(&sizes, x.dtype(), &device)?;
    let (mut indices, _) = Tensor::allocate(&sizes, DType::I64, &device)?;
    let reading = x.reading();
    device.backend().sort(reading.view(), d, descending, values.view_mut(&layout), indices.view_mut(&layout))?;
    let indices = Tensor::new(Arc::new(indices), layout.clone());
    let values = if x.requires_grad() { x.gather(dim, &indices)? } else { Tensor::new(Arc::new(values), layout) };
    Ok((values, indices))
}

impl Tensor {
    /// The elements in order along `dim`, and where each stood. Equal elements keep their order; NaN is the largest.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let (values, indices) = tensor([3.0, 1.0, 2.0])?.sort(0, false)?;
    /// assert_eq!(values.to_vec::<f32>()?, [1.0, 2.0, 3.0]);
    /// assert_eq!(indices.to_vec::<i64>()?, [1, 2, 0]);
    /// # Ok(()) }
    /// ```
    pub fn sort(&self, dim: isize, descending: bool) -> Result<(Tensor, Tensor)> {
        first("sort", self, dim, None, descending)
    }
    /// Where the elements stand in order along `dim`; equal elements keep their order.
    pub fn argsort(&self, dim: isize, descending: bool) -> Result<Tensor> {
        Ok(first("argsort", &self.detach(), dim, None, descending)?.1)
    }
    /// The elements in rising order along the first dim.
    pub fn msort(&self) -> Result<Tensor> {
        Ok(first("msort", self, 0, None, false)?.0)
    }
    /// The `k` largest (or smallest) elements along `dim`, in order, and where they stand.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let (values, indices) = tensor([3.0, 1.0, 2.0])?.topk(2, -1, true)?;
    /// assert_eq!(values.to_vec::<f32>()?, [3.0, 2.0]);
    /// assert_eq!(indices.to_vec::<i64>()?, [0, 2]);
    /// # Ok(()) }
    /// ```
    pub fn topk(&self, k: usize, dim: isize, largest: bool) -> Result<(Tensor, Tensor)> {
        if self.dtype() == DType::Bool {
            return Err(Error::new("topk", "not defined for bool").operands([self]).hint("convert it to u8 first"));
        }
        first("topk", self, dim, Some(k), largest)
    }
    /// The `k`-th smallest element along `dim`, counted from 1, and where it stands.
    pub fn kthvalue(&self, k: usize, dim: isize, keep: KeepDim) -> Result<(Tensor, Tensor)> {
        const OP: &str = "kthvalue";
        if k == 0 {
            return Err(Error::new(OP, "k counts from 1").operands([self]));
        }
        if self.dtype() == DType::Bool {
            return Err(Error::new(OP, "not defined for bool").operands([self]).hint("convert it to u8 first"));
        }
        let (_, indices) = first(OP, &self.detach(), dim, Some(k), false)?;
        if self.dim() == 0 {
            return Ok((self.gather(0, &indices)?, indices));
        }
        let place = indices.narrow(dim, k - 1, 1)?;
        picked(self, dim, place, keep)
    }
}

/// What stands along `dim` at one place per line, and the place.
pub(super) fn picked(x: &Tensor, dim: isize, place: Tensor, keep: KeepDim) -> Result<(Tensor, Tensor)> {
    let values = x.gather(dim, &place)?;
    if keep.0 { Ok((values, place)) } else { Ok((values.squeeze_dim(dim)?, place.squeeze_dim(dim)?)) }
}
