//! Seeing the buffer below a tensor, as file formats do that store buffers once and tensors as windows on them.
use crate::{Error, Layout, Result, Tensor, shape};
use std::sync::Arc;

impl Tensor {
    /// The elements that `layout` names in the buffer of this tensor, wherever the tensor itself lies in it: PyTorch's
    /// `as_strided`, without history.
    ///
    /// ```
    /// # use tensor_core::{Layout, Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::arange(0.0, 6.0, 1.0)?;
    /// let y = x.with_layout(Layout::strided(&[2, 2], &[3, 1], 1))?;
    /// assert_eq!(y.to_vec::<f32>()?, [1.0, 2.0, 4.0, 5.0]);
    /// assert!(x.with_layout(Layout::strided(&[2], &[6], 0)).is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A layout that reaches beyond the buffer.
    pub fn with_layout(&self, layout: Layout) -> Result<Tensor> {
        let (sizes, strides) = (layout.shape(), layout.strides());
        let numel = shape::checked_numel("with_layout", sizes)?;
        let mut steps = sizes.iter().zip(strides).map(|(s, t)| s.saturating_sub(1).checked_mul(*t));
        let last = steps.try_fold(layout.offset(), |at, step| at.checked_add(step?));
        let buffer = self.buffer();
        let held = buffer.storage().bytes() / self.dtype().size();
        if sizes.len() != strides.len() || (numel > 0 && last.is_none_or(|last| last >= held)) {
            return Err(Error::new(
                "with_layout",
                format!(
                    "sizes {sizes:?} with strides {strides:?} from {} reach beyond a buffer of {held} elements",
                    layout.offset()
                ),
            )
            .operands([self]));
        }
        drop(buffer);
        Ok(self.view_as_layout(layout))
    }

    /// A number that tensors which share a buffer have in common, and no others that live at the same time.
    pub fn buffer_id(&self) -> usize {
        Arc::as_ptr(&self.buffer()) as usize
    }
}
