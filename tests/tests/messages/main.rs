//! What wrong use says: the mistakes that PyTorch users make, each with its whole message. A message names the operator,
//! what clashes, and what to do; inside of a model it begins with the path of the layer.
mod files;
mod gradients;
mod indices;
mod layers;
mod losses;
mod shapes;
mod training;
mod types;

use flambeau::prelude::*;

/// The message of a call that has to fail.
fn said<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => "no error".to_string(),
        Err(e) => e.to_string(),
    }
}

fn zeros(shape: &[usize]) -> Result<Tensor> {
    Tensor::zeros(shape)
}

/// Class ids or indices.
fn ids(shape: &[usize]) -> Result<Tensor> {
    Tensor::zeros(shape)?.to_dtype(DType::I64)
}
