//! Batch normalisation.
use crate::{Result, Tensor};

pub(super) fn compose(_x: &Tensor, _affine: &[Tensor], _eps: f64) -> Result<Vec<Tensor>> {
    Ok(vec![])
}
