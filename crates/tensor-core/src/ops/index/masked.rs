//! Elements placed by a mask, or on a diagonal.
use super::int_index;
use crate::{DType, Error, Result, Tensor, ops::binary::same_device};

impl Tensor {
    /// A copy in which the elements under the mask are, in order, those of `source`. The mask broadcasts.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let x = tensor([1.0, 2.0, 3.0])?.masked_scatter(&tensor([true, false, true])?, &tensor([8.0, 9.0])?)?;
    /// assert_eq!(x.to_vec::<f32>()?, [8.0, 2.0, 9.0]);
    /// # Ok(()) }
    /// ```
    pub fn masked_scatter(&self, mask: &Tensor, source: &Tensor) -> Result<Tensor> {
        const OP: &str = "masked_scatter";
        let wrong = |why: String| Error::new(OP, why).operands([self, mask, source]);
        if mask.dtype() != DType::Bool {
            return Err(wrong(format!("the mask is bool, not {}", mask.dtype())));
        }
        if source.dtype() != self.dtype() {
            return Err(wrong(format!("the source is {}, the tensor {}", source.dtype(), self.dtype())));
        }
        same_device(OP, &[self, mask, source])?;
        let shape = crate::shape::broadcast(OP, self.shape(), mask.shape()).map_err(|e| e.operands([self, mask]))?;
        let (x, mask) = (self.expand(&shape)?, mask.expand(&shape)?);
        let flat = mask.ravel()?;
        let wanted = flat.sum()?.item::<i64>()?;
        if wanted as usize > source.numel() {
            return Err(wrong(format!("the mask takes {wanted} elements, and the source has {}", source.numel())));
        }
        if wanted == 0 {
            // Even so the result hangs on both, as everywhere.
            return x.clone_contiguous();
        }
        // The n-th place under the mask takes element n; what the others take is not looked at.
        let at = (flat.cumsum(0)? - 1)?.maximum(0)?;
        let taken = source.ravel()?.gather(0, &int_index(OP, &at)?)?.reshape(&shape)?;
        mask.where_(&taken, &x)
    }

    /// A copy with `source` in the place of the diagonal that [`Tensor::diagonal`] shows.
    pub fn diagonal_scatter(&self, source: &Tensor, offset: isize, dim1: isize, dim2: isize) -> Result<Tensor> {
        const OP: &str = "diagonal_scatter";
        let named = |e: Error| e.renamed(OP).operands([self, source]);
        let places = Tensor::arange(0, self.numel() as i64, 1)?.to_device(&self.device())?.reshape(self.shape())?;
        let places = places.diagonal(offset, dim1, dim2).map_err(named)?;
        if places.shape() != source.shape() {
            let message = format!("the diagonal has shape {:?}, the source another", places.shape());
            return Err(Error::new(OP, message).operands([self, source]));
        }
        let source = source.to_dtype(self.dtype())?;
        self.ravel()?.scatter(0, &places.ravel()?, &source.ravel()?).map_err(named)?.reshape(self.shape())
    }
}
