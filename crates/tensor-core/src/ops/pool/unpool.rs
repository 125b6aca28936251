//! Max pooling undone: every value goes back to the place it was found at.
use crate::{DType, Error, Result, Tensor, shape::Dims};

impl Tensor {
    /// `[N, C, L]` or `[C, L]` spread over `output_size` places: each value goes where `indices`, from
    /// [`Tensor::max_pool1d_with_indices`], says, and zeros stand between.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let x = tensor([[[1.0, 3.0, 2.0, 0.0]]])?;
    /// let (y, indices) = x.max_pool1d_with_indices([2], Default::default())?;
    /// assert_eq!(y.max_unpool1d(&indices, [4])?.to_vec::<f32>()?, [0.0, 3.0, 2.0, 0.0]);
    /// # Ok(()) }
    /// ```
    pub fn max_unpool1d(&self, indices: &Tensor, output_size: [usize; 1]) -> Result<Tensor> {
        unpool("max_unpool1d", self, indices, &output_size)
    }
    /// `[N, C, H, W]` or `[C, H, W]` spread over `output_size`, the height and width before the pooling.
    pub fn max_unpool2d(&self, indices: &Tensor, output_size: [usize; 2]) -> Result<Tensor> {
        unpool("max_unpool2d", self, indices, &output_size)
    }
    /// `[N, C, D, H, W]` or `[C, D, H, W]` spread over `output_size`, the sizes before the pooling.
    pub fn max_unpool3d(&self, indices: &Tensor, output_size: [usize; 3]) -> Result<Tensor> {
        unpool("max_unpool3d", self, indices, &output_size)
    }
}

fn unpool(op: &'static str, x: &Tensor, indices: &Tensor, output_size: &[usize]) -> Result<Tensor> {
    let wrong = |why: String| Error::new(op, why).operands([x, indices]);
    let spatial = output_size.len();
    if spatial > 1
        && let Some(y) = crate::autocast::single([x], None, |[x], _| unpool(op, x, indices, output_size))
    {
        return y;
    }
    if x.dim() != spatial + 1 && x.dim() != spatial + 2 {
        return Err(wrong(format!("takes {} or {} dims: a batch or none, channels, sizes", spatial + 2, spatial + 1)));
    }
    if indices.dtype() != DType::I64 {
        return Err(wrong(format!("the indices are i64, not {}", indices.dtype())));
    }
    if indices.shape() != x.shape() {
        return Err(wrong("values and indices must have one shape".into()));
    }
    let outer = &x.shape()[..x.dim() - spatial];
    let places = crate::shape::checked_numel(op, output_size)?;
    if outer.contains(&0) || x.shape()[outer.len()..].contains(&0) && !x.shape().is_empty() {
        // An empty batch is fine, an image without elements is not.
        if x.shape()[outer.len()..].contains(&0) || outer[outer.len() - 1] == 0 {
            return Err(wrong("channels and sizes must not be 0".into()));
        }
    }
    let flat = |t: &Tensor| t.flatten(outer.len() as isize, -1);
    let mut shape = Dims::from_slice(outer);
    shape.push(places);
    let spread = x.new_zeros(&shape)?.scatter(-1, &flat(indices)?, &flat(x)?);
    let spread = spread.map_err(|e| e.renamed(op).hint(format!("the output has {places} places per channel")))?;
    let mut shape = Dims::from_slice(outer);
    shape.extend_from_slice(output_size);
    spread.reshape(&shape)
}
