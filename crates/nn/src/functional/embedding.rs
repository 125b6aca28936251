//! Rows of a table.
use tensor_core::{DType, Result, Tensor};

/// The rows of `weight` that `ids` name, without a gradient for the row `padding_idx`, and with gradients divided by how
/// often an id occurs where `scale_grad_by_freq`.
///
/// # Shapes
/// `ids`: `[*]`, integers; `weight`: `[rows, width]`; result: `[*, width]`.
///
/// ```
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let table = Tensor::from_slice(&[0.0f32, 0.0, 1.0, 2.0], [2, 2])?;
/// let ids = Tensor::from_slice(&[1i64, 0], [2])?;
/// let rows = nn::functional::embedding(&ids, &table, Some(0), false)?;
/// assert_eq!(rows.to_vec::<f32>()?, [1.0, 2.0, 0.0, 0.0]);
/// # Ok(()) }
/// ```
pub fn embedding(
    ids: &Tensor,
    weight: &Tensor,
    padding_idx: Option<usize>,
    scale_grad_by_freq: bool,
) -> Result<Tensor> {
    let rows = weight.embedding(ids)?;
    if !rows.requires_grad() || (padding_idx.is_none() && !scale_grad_by_freq) {
        return Ok(rows);
    }
    let ids = ids.to_dtype(DType::I64)?;
    let mut rows = rows;
    if scale_grad_by_freq {
        // The value stays, the gradient shrinks: a share of the rows and the rest of their values.
        let counts = ids.reshape([-1])?.bincount(None, weight.shape()[0])?.to_dtype(rows.dtype())?;
        let share = counts.reciprocal()?.index_select(0, &ids.reshape([-1])?)?.reshape(ids.shape())?.unsqueeze(-1)?;
        let values = rows.detach();
        rows = rows.sub(&values)?.mul(&share)?.add(&values)?;
    }
    match padding_idx {
        Some(row) => ids.eq(row as i64)?.unsqueeze(-1)?.where_(&rows.detach(), &rows),
        None => Ok(rows),
    }
}
