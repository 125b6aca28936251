//! Elementary functions that a compiler can turn into SIMD: no branches, no calls. Where the hard cases of a function are
//! rare, the loops of `unary.rs` redo them with the standard library.
pub(super) mod double;
pub(super) mod gamma;
pub(super) mod single;

// The C library that the standard library's own functions come from.
#[allow(unsafe_code)]
unsafe extern "C" {
    safe fn erf(x: f64) -> f64;
    safe fn erfc(x: f64) -> f64;
}

/// The error function.
pub(super) fn erf64(x: f64) -> f64 {
    erf(x)
}
/// `1 - erf(x)`, exact for large `x`.
pub(super) fn erfc64(x: f64) -> f64 {
    erfc(x)
}

/// The inverse of the error function: a rational start, then two steps of Newton.
pub(super) fn erfinv64(y: f64) -> f64 {
    if y.is_nan() || y.abs() > 1.0 {
        return f64::NAN;
    }
    if y.abs() == 1.0 {
        return f64::INFINITY.copysign(y);
    }
    let mut x = if y.abs() <= 0.7 {
        let z = y * y;
        let above = ((-0.140_543_331 * z + 0.914_624_893) * z - 1.645_349_621) * z + 0.886_226_899;
        let below = (((0.012_229_801 * z - 0.329_097_515) * z + 1.442_710_462) * z - 2.118_377_725) * z + 1.0;
        y * above / below
    } else {
        let z = (-((1.0 - y.abs()) / 2.0).ln()).sqrt();
        let above = ((1.641_345_311 * z + 3.429_567_803) * z - 1.624_906_493) * z - 1.970_840_454;
        let below = (1.637_067_800 * z + 3.543_889_200) * z + 1.0;
        (above / below).copysign(y)
    };
    for _ in 0..2 {
        // Far out, `erf` is too close to 1 to tell anything: compare what is missing to 1 there.
        let off = if x.abs() < 1.0 { erf(x) - y } else { tail(x, y) };
        x -= off / (std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp());
    }
    x
}

/// `erf(x) - y` for `x` and `y` of one sign, from their distances to 1.
fn tail(x: f64, y: f64) -> f64 {
    let off = (1.0 - y.abs()) - erfc(x.abs());
    if y < 0.0 { -off } else { off }
}

#[cfg(test)]
mod tests;
