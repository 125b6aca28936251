//! Fast functions against the standard library in `f64`, over the whole range of arguments.
use super::super::{binary, real::Real, unary::float};
use crate::{BinaryOp, UnaryOp};

/// The distance of `got` from the exact value, in units of the last place of `got`'s type.
fn ulps(got: f32, exact: f64) -> f64 {
    let nearest = exact as f32;
    if got.is_nan() || nearest.is_nan() {
        return if got.is_nan() && nearest.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if got == nearest {
        return 0.0;
    }
    let unit = f64::from(f32::from_bits(nearest.abs().to_bits().max(1)).next_up()) - f64::from(nearest.abs());
    if !unit.is_finite() || got.is_infinite() {
        return f64::INFINITY;
    }
    (f64::from(got) - exact).abs() / unit
}

fn arguments() -> Vec<f32> {
    let mut x: Vec<f32> = (0..=u32::MAX / 8191).map(|i| f32::from_bits(i * 8191)).collect();
    x.extend((-200_000..200_000).map(|i| i as f32 * 6.1e-4));
    x.extend([0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE, 1e-45, f32::MAX]);
    x
}

fn worst(op: UnaryOp, exact: fn(f64) -> f64, bound: f64) {
    let x = arguments();
    let mut y = vec![0.0f32; x.len()];
    float::<f32>(op).expect("for floats")(&x, &mut y);
    let mut most = (0.0, 0.0);
    for (&x, &y) in x.iter().zip(&y) {
        let e = exact(f64::from(x));
        let off = ulps(y, e);
        // Results below the normal range may lose their last bits.
        if off > most.0 && (e.abs() > 1.2e-38 || off > 8.0) {
            most = (off, x);
        }
    }
    assert!(most.0 <= bound, "{}({}) is off by {} ulp", op.name(), most.1, most.0);
}

#[test]
#[cfg_attr(miri, ignore)]
fn functions_of_single_precision_are_within_two_ulp() {
    worst(UnaryOp::Exp, f64::exp, 1.5);
    worst(UnaryOp::Exp2, f64::exp2, 1.5);
    worst(UnaryOp::Expm1, f64::exp_m1, 1.0);
    worst(UnaryOp::Log, f64::ln, 1.5);
    worst(UnaryOp::Log2, f64::log2, 1.0);
    worst(UnaryOp::Log10, f64::log10, 1.0);
    worst(UnaryOp::Log1p, f64::ln_1p, 1.0);
    worst(UnaryOp::Tanh, f64::tanh, 2.0);
    worst(UnaryOp::Sin, f64::sin, 2.0);
    worst(UnaryOp::Cos, f64::cos, 2.0);
    worst(UnaryOp::Erf, super::erf64, 1.5);
    worst(UnaryOp::Erfc, super::erfc64, 1.0);
    worst(UnaryOp::Rsqrt, |x| 1.0 / x.sqrt(), 1.5);
    worst(UnaryOp::Tan, f64::tan, 1.5);
    worst(UnaryOp::Asinh, f64::asinh, 2.0);
    worst(UnaryOp::Atanh, f64::atanh, 2.0);
    worst(UnaryOp::Sinh, f64::sinh, 2.0);
    worst(UnaryOp::Cosh, f64::cosh, 2.0);
    worst(UnaryOp::Asin, f64::asin, 1.5);
    worst(UnaryOp::Acos, f64::acos, 1.5);
    worst(UnaryOp::Atan, f64::atan, 1.5);
}

#[test]
fn double_precision_exp_and_log_are_within_a_few_ulp() {
    let far = |got: f64, exact: f64| {
        if got == exact || got.is_nan() && exact.is_nan() { 0.0 } else { ((got - exact) / exact).abs() }
    };
    for i in -75_000..71_500 {
        let x = f64::from(i) * 0.01 + 1e-3;
        assert!(far(Real::exp(x), x.exp()) < 5e-16 || x < -708.0, "exp({x})");
        let y = (x * 0.9).exp();
        assert!(far(Real::ln(y), y.ln()) < 5e-16, "log({y})");
    }
    for x in [0.0, -0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1.0, 5e-324, f64::MAX] {
        assert!(far(Real::exp(x), x.exp()) < 5e-16, "exp({x})");
        assert!(far(Real::ln(x), x.ln()) < 5e-16, "log({x}) = {}", Real::ln(x));
    }
}

#[test]
fn gelu_is_right_in_its_tails_too() {
    for i in -9000..9000 {
        let x = i as f32 * 1e-3 + 3e-4;
        let wide = f64::from(x);
        let exact = wide * 0.5 * super::erfc64(-wide * std::f64::consts::FRAC_1_SQRT_2);
        let off = ((f64::from(super::single::gelu(x)) - exact) / exact).abs();
        // The tail is the exponential of a number that has f32's few digits itself.
        let allowed = if x > 0.0 { 3e-7 } else { 1e-6 * (1.0 + wide * wide) };
        assert!(off < allowed, "gelu({x}) is off by {off}");
    }
    assert_eq!(super::single::gelu(30.0), 30.0);
    assert_eq!(super::single::gelu(f32::INFINITY), f32::INFINITY);
    assert!(super::single::gelu(-30.0).abs() < 1e-30);
    assert!(super::single::gelu(f32::NAN).is_nan());
}

#[test]
fn erfinv_undoes_erf() {
    for i in -999..1000 {
        let y = f64::from(i) / 1000.0;
        assert!((super::erf64(super::erfinv64(y)) - y).abs() < 1e-15, "{y}");
    }
    assert!((super::erfinv64(1.0 - 1e-10) - 4.572_824_967_389_485).abs() < 1e-6);
    assert_eq!(super::erfinv64(-1.0), f64::NEG_INFINITY);
    assert!(super::erfinv64(1.1).is_nan());
}

#[test]
fn powers_are_within_an_ulp_and_right_where_they_are_special() {
    let special =
        [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, 0.5, -2.5, 1e-40, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e30];
    let mut pairs: Vec<(f32, f32)> = special.iter().flat_map(|&a| special.map(|b| (a, b))).collect();
    pairs.extend((0..20_000).map(|i| ((i as f32 * 0.37).exp2() % 1e30, (i as f32 * 0.61) % 40.0 - 20.0)));
    let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
    let mut o = vec![0.0; a.len()];
    binary::float::<f32>(BinaryOp::Pow).expect("for floats")(&a, &b, &mut o);
    for ((a, b), o) in a.iter().zip(&b).zip(&o) {
        let exact = f64::from(*a).powf(f64::from(*b));
        assert!(ulps(*o, exact) <= 1.0 || exact.abs() < 1e-38, "{a}^{b} = {o}, not {exact}");
    }
}
