//! Narrower floats give what wider ones give, as far as they can hold it.
use super::{all_same, call, each_sample, plain};
use crate::{
    compare::Tolerance,
    fault::{Res, wrong},
    table::{Check, Row},
};
use tensor_core::{DType, Tensor};

/// `f32` against `f64`.
pub fn singles_are_near() -> Vec<String> {
    each_sample(Check::Precision, |row, sample| {
        let args = sample.make(&plain(DType::F32))?;
        let (got, expected) = both(row, &args, DType::F64)?;
        all_same(&got, &expected, Tolerance { rtol: 1e-4, atol: 1e-4 * largest(&expected)? })
    })
}

/// `f16` and `bf16` are `f32` rounded once: within two units in the last place.
pub fn halves_are_rounded_once() -> Vec<String> {
    let mut failures = Vec::new();
    for dtype in [DType::F16, DType::BF16] {
        let found = each_sample(Check::Precision, |row, sample| {
            let args = sample.make(&plain(dtype))?;
            let (got, expected) = both(row, &args, DType::F32)?;
            // Where PyTorch, too, computes step by step and rounds at each.
            if row.skipped(Check::RoundedOnce).is_some() {
                let rtol = if dtype == DType::F16 { 1e-2 } else { 6e-2 };
                return all_same(&got, &expected, Tolerance { rtol, atol: rtol * largest(&expected)? });
            }
            got.iter().zip(&expected).try_for_each(|(g, e)| within_two_units(g, e, dtype))
        });
        failures.extend(found.into_iter().map(|f| format!("{dtype}: {f}")));
    }
    failures
}

/// What a row gives for `args`, and what it gives for the same numbers held in `wide`, rounded to what it gave.
fn both(row: &Row, args: &crate::args::Args, wide: DType) -> Res<(Vec<Tensor>, Vec<Tensor>)> {
    let widened = args.map_tensors(&mut |t| Ok(if t.is_floating_point() { t.to_dtype(wide)? } else { t.clone() }))?;
    let (got, expected) = (call(row, args)?, call(row, &widened)?);
    if got.len() != expected.len() {
        return wrong(format!("{} outputs, expected {}", got.len(), expected.len()));
    }
    let narrowed = |(g, e): (&Tensor, Tensor)| Ok(if e.dtype() == wide { e.to_dtype(g.dtype())? } else { e });
    let expected = got.iter().zip(expected).map(narrowed).collect::<Res<_>>()?;
    Ok((got, expected))
}

fn within_two_units(got: &Tensor, expected: &Tensor, dtype: DType) -> Res<()> {
    if got.dtype() != dtype || got.shape() != expected.shape() {
        return all_same(
            std::slice::from_ref(got),
            std::slice::from_ref(expected),
            Tolerance { rtol: 1e-4, atol: 1e-4 },
        );
    }
    // Of the numbers around x: the spacing of its power of two, and never less than that of the smallest.
    let (digits, smallest) = if dtype == DType::F16 { (10, -14) } else { (7, -126) };
    let unit = |x: f64| 2f64.powi((x.abs().log2().floor() as i32).max(smallest) - digits);
    for (i, (g, e)) in got.to_vec::<f64>()?.into_iter().zip(expected.to_vec::<f64>()?).enumerate() {
        let same = g == e || (g.is_nan() && e.is_nan());
        // Next to the largest number there may be infinity.
        let near = (g - e).abs() <= 2.0 * unit(e);
        if !(same || near) {
            return wrong(format!("element {i} is {g}, and {e} in f32: {:.1} units", (g - e).abs() / unit(e)));
        }
    }
    Ok(())
}

/// Rounding happens at the size of the largest terms.
fn largest(tensors: &[Tensor]) -> Res<f64> {
    let mut most: f64 = 1.0;
    for t in tensors.iter().filter(|t| t.is_floating_point()) {
        most = t.to_vec::<f64>()?.into_iter().filter(|v| v.is_finite()).fold(most, |m, v| m.max(v.abs()));
    }
    Ok(most)
}
