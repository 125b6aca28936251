//! What compositions share: errors under their own name, and single precision inside.
use super::binary::Arg;
use crate::{DType, Result, Tensor};
use smallvec::SmallVec;

/// Runs the body of the composition `op`: its errors name `op` and show what it was given.
pub(super) fn composed<T>(op: &'static str, inputs: &[&Tensor], body: impl FnOnce() -> Result<T>) -> Result<T> {
    body().map_err(|e| e.renamed(op).operands(inputs.iter().copied()))
}

/// An elementwise function of floats (integers are converted) made of several steps: half precision is computed in
/// `f32` and rounded once.
pub(super) fn of_floats(op: &'static str, x: &Tensor, body: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    composed(op, &[x], || {
        let dtype = x.dtype().to_float();
        let inside = wide(dtype);
        body(&x.to_dtype(inside)?)?.to_dtype(dtype)
    })
}

/// The same for functions that PyTorch defines for floats only.
pub(super) fn only_floats(
    op: &'static str,
    x: &Tensor,
    body: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    if !x.is_floating_point() {
        return Err(crate::Error::new(op, format!("not defined for {}", x.dtype()))
            .operands([x])
            .hint("convert to a float dtype first: to_dtype(DType::F32)"));
    }
    of_floats(op, x, body)
}

/// The same of two operands, promoted.
pub(super) fn of_two_floats(
    op: &'static str,
    a: &Tensor,
    b: Arg<'_>,
    body: impl FnOnce(&Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let run = || {
        let dtype = super::result_type(Arg::Tensor(a), b).to_float();
        let inside = wide(dtype);
        let b = match b {
            Arg::Tensor(b) => b.to_dtype(inside)?,
            Arg::Scalar(s) => Tensor::full_on((), s, inside, &a.device())?,
        };
        body(&a.to_dtype(inside)?, &b)?.to_dtype(dtype)
    };
    match b {
        Arg::Tensor(t) => composed(op, &[a, t], run),
        Arg::Scalar(_) => composed(op, &[a], run),
    }
}

/// A composition of operands of one half precision is computed in `f32` and rounded once; of others, as it is written.
pub(super) fn rounded_once<const N: usize>(
    inputs: [&Tensor; N],
    body: impl FnOnce([&Tensor; N]) -> Result<Tensor>,
) -> Result<Tensor> {
    let dtype = inputs[0].dtype();
    let half = dtype.is_float() && dtype.size() == 2 && inputs.iter().all(|t| t.dtype() == dtype);
    if !half {
        return body(inputs);
    }
    let singles = inputs.iter().map(|t| t.to_dtype(DType::F32)).collect::<Result<SmallVec<[Tensor; N]>>>()?;
    // There are as many as there are inputs.
    let result = body(std::array::from_fn(|i| &singles[i]));
    result.map_err(|e| e.operands(inputs))?.to_dtype(dtype)
}

pub(super) fn wide(dtype: DType) -> DType {
    if dtype.size() == 2 { DType::F32 } else { dtype }
}
