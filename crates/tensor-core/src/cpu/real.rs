//! What the kernels of float operations need of `f32` and `f64`.
use super::{
    math::{double, erf64, erfc64, erfinv64, gamma, single},
    simd::{map1, map1_or},
};
use bytemuck::Pod;

/// `f32` or `f64`.
pub(super) trait Real:
    Pod
    + Send
    + Sync
    + PartialOrd
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::Rem<Output = Self>
    + std::ops::Neg<Output = Self>
{
    const ZERO: Self;
    const ONE: Self;
    const INFINITY: Self;
    fn of(v: f64) -> Self;
    fn as_f64(self) -> f64;
    fn exp(self) -> Self;
    fn sigmoid(self) -> Self;
    fn tanh(self) -> Self;
    fn ln(self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn round(self) -> Self;
    fn trunc(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    fn mul_add(self, a: Self, b: Self) -> Self;
    fn atan2(self, x: Self) -> Self;
    fn pow(x: &[Self], y: &[Self], out: &mut [Self]);
    fn exp2s(x: &[Self], out: &mut [Self]);
    fn expm1s(x: &[Self], out: &mut [Self]);
    fn log2s(x: &[Self], out: &mut [Self]);
    fn log10s(x: &[Self], out: &mut [Self]);
    fn log1ps(x: &[Self], out: &mut [Self]);
    fn sins(x: &[Self], out: &mut [Self]);
    fn coss(x: &[Self], out: &mut [Self]);
    fn erfs(x: &[Self], out: &mut [Self]);
    /// `out[i] = x[i] / 2 * (1 + erf(x[i] / sqrt(2)))`; whether there is such a loop.
    fn gelus(_x: &[Self], _out: &mut [Self]) -> bool {
        false
    }
    fn erfcs(x: &[Self], out: &mut [Self]);
    fn erfinvs(x: &[Self], out: &mut [Self]);
    fn lgammas(x: &[Self], out: &mut [Self]);
    fn digammas(x: &[Self], out: &mut [Self]);
    fn tan(self) -> Self;
    fn asin(self) -> Self;
    fn acos(self) -> Self;
    fn atan(self) -> Self;
    fn sinh(self) -> Self;
    fn cosh(self) -> Self;
    fn asinh(self) -> Self;
    fn acosh(self) -> Self;
    fn atanh(self) -> Self;
}

macro_rules! common {
    ($t:ident: $($name:ident = $std:ident),*) => {
        const ZERO: $t = 0.0;
        const ONE: $t = 1.0;
        const INFINITY: $t = $t::INFINITY;
        #[inline(always)]
        fn of(v: f64) -> $t { v as $t }
        #[inline(always)]
        fn as_f64(self) -> f64 { self as f64 }
        #[inline(always)]
        fn copysign(self, sign: $t) -> $t { $t::copysign(self, sign) }
        #[inline(always)]
        fn mul_add(self, a: $t, b: $t) -> $t { $t::mul_add(self, a, b) }
        #[inline(always)]
        fn atan2(self, x: $t) -> $t { $t::atan2(self, x) }
        $( #[inline(always)] fn $name(self) -> $t { $t::$std(self) } )*
    };
}
fn each<T: Copy>(x: &[T], out: &mut [T], f: impl Fn(T) -> T) {
    x.iter().zip(out).for_each(|(x, o)| *o = f(*x));
}

impl Real for f32 {
    common!(f32: sqrt = sqrt, abs = abs, floor = floor, ceil = ceil, round = round_ties_even, trunc = trunc,
        tan = tan, asin = asin, acos = acos, atan = atan, sinh = sinh, cosh = cosh);
    #[inline(always)]
    fn exp(self) -> f32 {
        single::exp(self)
    }
    #[inline(always)]
    fn sigmoid(self) -> f32 {
        single::sigmoid(self)
    }
    #[inline(always)]
    fn tanh(self) -> f32 {
        single::tanh(self)
    }
    #[inline(always)]
    fn ln(self) -> f32 {
        single::log(self)
    }
    // The standard library's own lose digits in single precision.
    fn asinh(self) -> f32 {
        f64::from(self).asinh() as f32
    }
    fn atanh(self) -> f32 {
        f64::from(self).atanh() as f32
    }
    fn acosh(self) -> f32 {
        f64::from(self).acosh() as f32
    }
    fn pow(x: &[f32], y: &[f32], out: &mut [f32]) {
        super::simd::map2(x, y, out, single::pow);
        for ((x, y), o) in x.iter().zip(y).zip(out) {
            if single::hard_pow(*x, *y) {
                *o = x.powf(*y);
            }
        }
    }
    fn exp2s(x: &[f32], out: &mut [f32]) {
        map1(x, out, single::exp2);
    }
    fn expm1s(x: &[f32], out: &mut [f32]) {
        map1(x, out, single::expm1);
    }
    fn log2s(x: &[f32], out: &mut [f32]) {
        map1(x, out, single::log2);
    }
    fn log10s(x: &[f32], out: &mut [f32]) {
        map1(x, out, single::log10);
    }
    fn log1ps(x: &[f32], out: &mut [f32]) {
        map1(x, out, single::log1p);
    }
    fn sins(x: &[f32], out: &mut [f32]) {
        map1_or(x, out, single::sin, |x| x.abs() > single::FAR, f32::sin);
    }
    fn coss(x: &[f32], out: &mut [f32]) {
        map1_or(x, out, single::cos, |x| x.abs() > single::FAR, f32::cos);
    }
    fn gelus(x: &[f32], out: &mut [f32]) -> bool {
        map1(x, out, single::gelu);
        true
    }
    fn erfs(x: &[f32], out: &mut [f32]) {
        map1(x, out, single::erf);
    }
    fn erfcs(x: &[f32], out: &mut [f32]) {
        each(x, out, |x| erfc64(f64::from(x)) as f32);
    }
    fn erfinvs(x: &[f32], out: &mut [f32]) {
        each(x, out, |x| erfinv64(f64::from(x)) as f32);
    }
    fn lgammas(x: &[f32], out: &mut [f32]) {
        each(x, out, |x| libm::lgamma(f64::from(x)) as f32);
    }
    fn digammas(x: &[f32], out: &mut [f32]) {
        each(x, out, |x| gamma::digamma(f64::from(x)) as f32);
    }
}

impl Real for f64 {
    common!(f64: sqrt = sqrt, abs = abs, floor = floor, ceil = ceil, round = round_ties_even, trunc = trunc,
        tan = tan, asin = asin, acos = acos, atan = atan, sinh = sinh, cosh = cosh, tanh = tanh,
        asinh = asinh, acosh = acosh, atanh = atanh);
    #[inline(always)]
    fn exp(self) -> f64 {
        double::exp(self)
    }
    #[inline(always)]
    fn sigmoid(self) -> f64 {
        1.0 / (1.0 + double::exp(-self))
    }
    #[inline(always)]
    fn ln(self) -> f64 {
        double::log(self)
    }
    fn pow(x: &[f64], y: &[f64], out: &mut [f64]) {
        for ((x, y), o) in x.iter().zip(y).zip(out) {
            *o = x.powf(*y);
        }
    }
    fn exp2s(x: &[f64], out: &mut [f64]) {
        each(x, out, f64::exp2);
    }
    fn expm1s(x: &[f64], out: &mut [f64]) {
        each(x, out, f64::exp_m1);
    }
    fn log2s(x: &[f64], out: &mut [f64]) {
        each(x, out, f64::log2);
    }
    fn log10s(x: &[f64], out: &mut [f64]) {
        each(x, out, f64::log10);
    }
    fn log1ps(x: &[f64], out: &mut [f64]) {
        each(x, out, f64::ln_1p);
    }
    fn sins(x: &[f64], out: &mut [f64]) {
        each(x, out, f64::sin);
    }
    fn coss(x: &[f64], out: &mut [f64]) {
        each(x, out, f64::cos);
    }
    fn erfs(x: &[f64], out: &mut [f64]) {
        each(x, out, erf64);
    }
    fn erfcs(x: &[f64], out: &mut [f64]) {
        each(x, out, erfc64);
    }
    fn erfinvs(x: &[f64], out: &mut [f64]) {
        each(x, out, erfinv64);
    }
    fn lgammas(x: &[f64], out: &mut [f64]) {
        each(x, out, libm::lgamma);
    }
    fn digammas(x: &[f64], out: &mut [f64]) {
        each(x, out, gamma::digamma);
    }
}
