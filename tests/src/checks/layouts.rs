//! Results depend on values, not on how they lie in memory.
use super::{all_same, call, each_sample, plain};
use crate::{compare::Tolerance, fault::Res, strided::with_strides, table::Check};
use tensor_core::{DType, Tensor};

type Relay = fn(&Tensor) -> Res<Tensor>;

/// Other ways for the same values to lie.
const WAYS: &[(&str, Relay)] = &[("transposed", transposed), ("spread", spread), ("expanded", expanded)];

/// Every row on inputs that lie otherwise, against contiguous ones.
pub fn layouts_do_not_matter() -> Vec<String> {
    let mut failures = Vec::new();
    for &(name, relay) in WAYS {
        let found = each_sample(Check::Strides, |row, sample| {
            let args = sample.make(&plain(DType::F64))?;
            let other = args.map_tensors(&mut |t| relay(t))?;
            // Relaying may change values (an expanded tensor repeats one): compare with the contiguous ones of the same.
            let same = other.map_tensors(&mut |t| Ok(t.clone_contiguous()?))?;
            let (got, expected) = (call(row, &other)?, call(row, &same)?);
            // Sums may run in another order.
            all_same(&got, &expected, Tolerance { rtol: 1e-10, atol: 1e-12 })
        });
        failures.extend(found.into_iter().map(|f| format!("{name}: {f}")));
    }
    failures
}

/// Column-major.
fn transposed(t: &Tensor) -> Res<Tensor> {
    let mut strides = vec![1; t.dim()];
    for d in 1..t.dim() {
        strides[d] = strides[d - 1] * t.shape()[d - 1];
    }
    Ok(with_strides(t, &strides, &t.device())?)
}

/// With gaps: every second element of every dim of a larger tensor.
fn spread(t: &Tensor) -> Res<Tensor> {
    let mut strides = vec![2; t.dim()];
    for d in (1..t.dim()).rev() {
        strides[d - 1] = strides[d] * t.shape()[d] * 2;
    }
    Ok(with_strides(t, &strides, &t.device())?)
}

/// The first row again and again, without a copy.
fn expanded(t: &Tensor) -> Res<Tensor> {
    match t.shape().first() {
        Some(&n) if n > 1 => Ok(t.narrow(0, 0, 1)?.expand(t.shape())?),
        _ => Ok(t.clone()),
    }
}
