//! To and from the arrays of the crate `ndarray`, behind the feature of that name.
use crate::{Element, Error, Result, Tensor};
use ndarray::{ArrayBase, ArrayD, Data, Dimension, IxDyn};

/// A copy of the array, of any number of dims and in any memory order, with the dtype of its elements.
///
/// ```
/// # use tensor_core::{DType, Result, Tensor};
/// # fn main() -> Result<()> {
/// let a = ndarray::array![[1_i64, 2], [3, 4]];
/// let t = Tensor::try_from(&a.t())?;
/// assert_eq!((t.dtype(), t.to_vec::<i64>()?), (DType::I64, vec![1, 3, 2, 4]));
/// # Ok(()) }
/// ```
impl<T: Element, S: Data<Elem = T>, D: Dimension> TryFrom<&ArrayBase<S, D>> for Tensor {
    type Error = Error;
    fn try_from(array: &ArrayBase<S, D>) -> Result<Tensor> {
        match array.as_slice() {
            Some(all) => Tensor::from_slice(all, array.shape()),
            None => Tensor::from_slice(&array.iter().copied().collect::<Vec<T>>(), array.shape()),
        }
    }
}

impl Tensor {
    /// A copy as an array of `T`, converted where the tensor holds another type.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let a = tensor([[1.0, 2.0], [3.0, 4.0]])?.t()?.to_ndarray::<f32>()?;
    /// assert_eq!((a.shape(), a[[0, 1]]), (&[2, 2][..], 3.0));
    /// # Ok(()) }
    /// ```
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>> {
        let array = ArrayD::from_shape_vec(IxDyn(self.shape()), self.to_vec()?);
        array.map_err(|why| Error::new("to_ndarray", why.to_string()).operands([self]))
    }
}
