//! Small tensors that a composition computes on the host: positions to pick, weights to multiply with.
use crate::{DType, Result, Tensor};

/// A 1-d `i64` tensor on the device of `like`.
pub(super) fn positions(values: &[i64], like: &Tensor) -> Result<Tensor> {
    Tensor::from_slice(values, [values.len()])?.to_device(&like.device())
}

/// A 1-d tensor of floats, with the dtype and device of `like`.
pub(super) fn weights(values: &[f64], like: &Tensor) -> Result<Tensor> {
    Tensor::from_slice(values, [values.len()])?.to_dtype(like.dtype())?.to_device(&like.device())
}

/// `x` in a dtype wide enough for a composition of several steps: halves as `f32`, so that they are rounded once, at the
/// end; everything else as it is.
pub(super) fn widened(x: &Tensor) -> Result<Tensor> {
    match x.dtype() {
        DType::F16 | DType::BF16 => x.to_dtype(DType::F32),
        _ => Ok(x.clone()),
    }
}

/// Half precision beside parameters in single precision, as autocast leaves them: `x` in theirs, so that the whole is computed
/// in it and the result is rounded once. `None` where all have one dtype, or the parameters are of another.
pub(super) fn of_mixed(x: &Tensor, parameters: [Option<&Tensor>; 2]) -> Option<Result<Tensor>> {
    let half = matches!(x.dtype(), DType::F16 | DType::BF16);
    let mut given = parameters.into_iter().flatten().peekable();
    (half && given.peek().is_some() && given.all(|p| p.dtype() == DType::F32)).then(|| x.to_dtype(DType::F32))
}

/// `dim` as the only one that a 1-d tensor of `rank` dims varies in: `[1, .., n, .., 1]`.
pub(super) fn along(values: &Tensor, dim: usize, rank: usize) -> Result<Tensor> {
    let mut shape = vec![1; rank];
    shape[dim] = values.numel();
    values.reshape(shape)
}
