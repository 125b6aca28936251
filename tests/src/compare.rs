//! Whether a result is the expected one: shape and dtype exactly, floats within a tolerance, everything else exactly.
use crate::fault::{Res, wrong};
use tensor_core::Tensor;

/// How far a float may be off: `|got - expected| <= atol + rtol * |expected|`.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Relative to the expected value.
    pub rtol: f64,
    /// Absolute.
    pub atol: f64,
}

impl Tolerance {
    /// Whether one float is close enough. NaN equals NaN, infinities by sign.
    pub fn holds(self, got: f64, expected: f64) -> bool {
        if expected.is_nan() || got.is_nan() {
            return expected.is_nan() && got.is_nan();
        }
        if expected.is_infinite() || got.is_infinite() {
            return got == expected;
        }
        (got - expected).abs() <= self.atol + self.rtol * expected.abs()
    }
}

/// `got` against `expected`; `what` names it in the message.
pub fn same(what: &str, got: &Tensor, expected: &Tensor, tolerance: Tolerance) -> Res<()> {
    if got.dtype() != expected.dtype() {
        return wrong(format!("{what}: dtype {}, expected {}", got.dtype(), expected.dtype()));
    }
    if got.shape() != expected.shape() {
        return wrong(format!("{what}: shape {:?}, expected {:?}", got.shape(), expected.shape()));
    }
    if !got.dtype().is_float() {
        let (g, e) = (got.to_vec::<i64>()?, expected.to_vec::<i64>()?);
        return match g.iter().zip(&e).position(|(g, e)| g != e) {
            Some(i) => wrong(format!("{what}: element {i} is {}, expected {}", g[i], e[i])),
            None => Ok(()),
        };
    }
    let (g, e) = (got.to_vec::<f64>()?, expected.to_vec::<f64>()?);
    let off = g.iter().zip(&e).filter(|(g, e)| !tolerance.holds(**g, **e)).count();
    match g.iter().zip(&e).position(|(g, e)| !tolerance.holds(*g, *e)) {
        Some(i) => wrong(format!("{what}: element {i} is {}, expected {} ({off} of {} are off)", g[i], e[i], g.len())),
        None => Ok(()),
    }
}

/// A number against the expected one.
pub fn same_number(what: &str, got: f64, expected: f64, tolerance: Tolerance) -> Res<()> {
    if tolerance.holds(got, expected) { Ok(()) } else { wrong(format!("{what} is {got}, expected {expected}")) }
}
