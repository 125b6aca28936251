//! Narrower floats give what wider ones give, as far as they can hold it.
use super::{all_same, call, each_sample, plain};
use crate::{compare::Tolerance, fault::Res, table::Check};
use tensor_core::{DType, Tensor};

/// `f32` against `f64`.
pub fn singles_are_near() -> Vec<String> {
    near(DType::F32, DType::F64, 1e-4)
}

/// `f16` and `bf16` against `f32`.
pub fn halves_are_near() -> Vec<String> {
    let mut failures = near(DType::F16, DType::F32, 1e-2);
    failures.extend(near(DType::BF16, DType::F32, 6e-2));
    failures
}

fn near(narrow: DType, wide: DType, rtol: f64) -> Vec<String> {
    each_sample(Check::Precision, |row, sample| {
        let args = sample.make(&plain(narrow))?;
        // Both start from the numbers that the narrow one can hold.
        let widened =
            args.map_tensors(&mut |t| Ok(if t.is_floating_point() { t.to_dtype(wide)? } else { t.clone() }))?;
        let (got, expected) = (call(row, &args)?, call(row, &widened)?);
        let mut scaled = Vec::new();
        for (g, e) in got.iter().zip(&expected) {
            scaled.push(if g.dtype() == narrow { e.to_dtype(narrow)? } else { e.clone() });
        }
        all_same(&got, &scaled, Tolerance { rtol, atol: rtol * largest(&expected)? })
    })
    .into_iter()
    .map(|f| format!("{narrow}: {f}"))
    .collect()
}

/// Rounding happens at the size of the largest terms.
fn largest(tensors: &[Tensor]) -> Res<f64> {
    let mut most: f64 = 1.0;
    for t in tensors.iter().filter(|t| t.is_floating_point()) {
        most = t.to_vec::<f64>()?.into_iter().filter(|v| v.is_finite()).fold(most, |m, v| m.max(v.abs()));
    }
    Ok(most)
}
