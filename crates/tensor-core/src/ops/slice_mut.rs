//! Writing through a slice of a tensor: `x.slice_mut(0, 0, 2, 1)?.fill_(0.0)?`.
use super::binary::Arg;
use crate::{Layout, Result, Scalar, Tensor, context, shape, storage::Source};

/// A part of a tensor that is borrowed for writing. Every method changes the tensor it was taken from.
#[must_use = "a slice changes nothing until it is written to, by fill_, copy_, add_..."]
#[derive(Debug)]
pub struct SliceMut<'x> {
    base: &'x mut Tensor,
    dim: usize,
    start: usize,
    len: usize,
    step: usize,
}

impl Tensor {
    /// The elements `start..end` of `dim`, every `step`-th, to write to. As in Python, negative ends count from the
    /// back and ends outside are cut.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let mut x = Tensor::zeros([4])?;
    /// let before = x.clone();
    /// x.slice_mut(0, 1, 3, 1)?.fill_(7.0)?;
    /// assert_eq!(x.to_vec::<f32>()?, [0.0, 7.0, 7.0, 0.0]);
    /// assert_eq!(before.to_vec::<f32>()?, [0.0; 4]);
    /// # Ok(()) }
    /// ```
    pub fn slice_mut(&mut self, dim: isize, start: isize, end: isize, step: usize) -> Result<SliceMut<'_>> {
        let dim = shape::dim("slice_mut", dim, self.dim())?;
        if self.dim() == 0 {
            return Err(crate::Error::new("slice_mut", "a 0-d tensor has no dim to slice").hint("use fill_ or copy_"));
        }
        if step == 0 {
            return Err(crate::Error::new("slice_mut", "step must be at least 1"));
        }
        let size = self.shape()[dim] as isize;
        let cut = |i: isize| if i < 0 { (i + size).max(0) } else { i.min(size) } as usize;
        let (start, end) = (cut(start), cut(end));
        let len = end.saturating_sub(start).div_ceil(step);
        Ok(SliceMut { base: self, dim, start, len, step })
    }
}

impl SliceMut<'_> {
    /// Every element of the slice becomes `value`.
    pub fn fill_(self, value: impl Into<Scalar>) -> Result<()> {
        self.apply(false, |part| part.fill_(value).map(drop))
    }
    /// Copies `source`, broadcast and converted, into the slice.
    pub fn copy_(self, source: &Tensor) -> Result<()> {
        self.apply(source.requires_grad(), |part| part.copy_(source).map(drop))
    }
    /// Adds to the slice.
    pub fn add_<'a>(self, other: impl Into<Arg<'a>>) -> Result<()> {
        let other = other.into();
        self.apply(requires_grad(other), |part| part.add_(other).map(drop))
    }
    /// Subtracts from the slice.
    pub fn sub_<'a>(self, other: impl Into<Arg<'a>>) -> Result<()> {
        let other = other.into();
        self.apply(requires_grad(other), |part| part.sub_(other).map(drop))
    }
    /// Multiplies the slice.
    pub fn mul_<'a>(self, other: impl Into<Arg<'a>>) -> Result<()> {
        let other = other.into();
        self.apply(requires_grad(other), |part| part.mul_(other).map(drop))
    }
    /// Divides the slice.
    pub fn div_<'a>(self, other: impl Into<Arg<'a>>) -> Result<()> {
        let other = other.into();
        self.apply(requires_grad(other), |part| part.div_(other).map(drop))
    }

    /// Where nothing is recorded, `change` writes straight into the tensor's buffer; else the changed part takes its
    /// place in a new tensor.
    fn apply(self, other_recorded: bool, change: impl FnOnce(&mut Tensor) -> Result<()>) -> Result<()> {
        let SliceMut { base, dim, start, len, step } = self;
        let recorded = context::is_grad_enabled() && (other_recorded || base.requires_grad());
        if recorded || base.live_cell().is_some() {
            let mut part = base.slice(dim as isize, start as isize, (start + len * step) as isize, step)?;
            change(&mut part)?;
            *base = base.slice_scatter(&part, dim as isize, start as isize, (start + len * step) as isize, step)?;
            return Ok(());
        }
        // The buffer must be the base's alone before the slice may become its only owner.
        base.write(|_, _| Ok(()))?;
        let empty = Tensor::from_bytes(&[], &[0], base.dtype())?;
        let (source, layout, edge) = std::mem::replace(base, empty).into_parts();
        let Source::Own(buffer) = source else {
            return Err(crate::Error::new("slice_mut", "the tensor is live").kind_of(crate::ErrorKind::Internal));
        };
        let window: Layout = layout.slice(dim, start, len, step);
        let before = std::sync::Arc::as_ptr(&buffer);
        let mut part = Tensor::from_parts(Source::Own(buffer), window, None);
        let changed = change(&mut part);
        match part.into_parts().0 {
            Source::Own(buffer) if std::sync::Arc::as_ptr(&buffer) == before => {
                *base = Tensor::from_parts(Source::Own(buffer), layout, edge);
                changed
            }
            _ => Err(crate::Error::new("slice_mut", "the buffer was replaced").kind_of(crate::ErrorKind::Internal)),
        }
    }
}

fn requires_grad(other: Arg<'_>) -> bool {
    matches!(other, Arg::Tensor(t) if t.requires_grad())
}
