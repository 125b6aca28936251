//! Parts of a dim.
use super::MoveOp;
use crate::{Error, Result, Tensor, shape};

/// Where a slice written as in Python begins and how long it is: negative bounds count from the end, and bounds outside
/// are drawn in.
pub(crate) fn range(len: usize, start: isize, end: isize, step: usize) -> (usize, usize) {
    let inside = |i: isize| if i < 0 { len.saturating_sub(i.unsigned_abs()) } else { (i as usize).min(len) };
    let (start, end) = (inside(start), inside(end));
    (start, end.saturating_sub(start).div_ceil(step))
}

impl Tensor {
    /// `len` elements of `dim` from `start` on.
    #[must_use = "it returns the narrowed view"]
    pub fn narrow(&self, dim: isize, start: usize, len: usize) -> Result<Tensor> {
        let wrong = |why: String| Err(Error::new("narrow", why).operands([self]));
        if self.dim() == 0 {
            return wrong("a 0-d tensor cannot be narrowed".into());
        }
        let d = shape::dim("narrow", dim, self.dim()).map_err(|e| e.operands([self]))?;
        let size = self.shape()[d];
        if start > size || len > size - start {
            return wrong(format!("{len} elements from {start} on are outside of dim {dim} of size {size}"))
                .map_err(|e| e.hint("narrow(dim, start, len) takes a length; slice takes an end and draws it in"));
        }
        Ok(self.sliced(d, start, len, 1))
    }

    /// Every `step`-th element of `dim` from `start` up to, but not including, `end`, as `start:end:step` in Python:
    /// negative bounds count from the end, bounds outside are drawn in (`isize::MAX` is the end).
    #[must_use = "it returns the sliced view"]
    pub fn slice(&self, dim: isize, start: isize, end: isize, step: usize) -> Result<Tensor> {
        let wrong = |why: &'static str| Err(Error::new("slice", why).operands([self]));
        if self.dim() == 0 {
            return wrong("a 0-d tensor cannot be sliced");
        }
        if step == 0 {
            return wrong("the step is 0").map_err(|e| e.hint("1 takes every element, 2 every second one"));
        }
        let d = shape::dim("slice", dim, self.dim()).map_err(|e| e.operands([self]))?;
        let (start, len) = range(self.shape()[d], start, end, step);
        Ok(self.sliced(d, start, len, step))
    }

    pub(super) fn sliced(&self, dim: usize, start: usize, len: usize, step: usize) -> Tensor {
        if start == 0 && len == self.shape()[dim] && step == 1 {
            return self.clone();
        }
        let layout = self.layout().slice(dim, start, len, step);
        self.moved(|| MoveOp::Slice { dim, start, step }, layout)
    }

    /// Element `index` of `dim`, which disappears.
    #[must_use = "it returns the selected view"]
    pub fn select(&self, dim: isize, index: isize) -> Result<Tensor> {
        if self.dim() == 0 {
            return Err(Error::new("select", "a 0-d tensor has nothing to select from").operands([self]));
        }
        let d = shape::dim("select", dim, self.dim()).map_err(|e| e.operands([self]))?;
        let size = self.shape()[d] as isize;
        if index < -size || index >= size {
            return Err(Error::new("select", format!("index {index} is out of range for dim {dim} of size {size}"))
                .operands([self])
                .hint(match size {
                    0 => "there is nothing in it".to_string(),
                    n => format!("indices run from {} to {}", -n, n - 1),
                }));
        }
        let at = if index < 0 { index + size } else { index } as usize;
        // Two movements where one would do for the eye: their rules exist already.
        self.sliced(d, at, 1, 1).squeeze_dim(d as isize)
    }
}
