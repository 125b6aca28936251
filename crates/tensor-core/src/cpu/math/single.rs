//! `f32`, within two units in the last place. Where single precision would lose digits, a step is done in `f64`.
use super::double;

const MAGIC: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits.

#[inline(always)]
fn clamp(x: f32, low: f32, high: f32) -> f32 {
    // NaN passes.
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}

/// `2^i` for -252 < i < 256, as two factors that are each normal.
#[inline(always)]
fn power_of_two(i: i32) -> (f32, f32) {
    let half = i >> 1;
    let bits = |e: i32| f32::from_bits((e.wrapping_add(127) as u32) << 23);
    (bits(half), bits(i.wrapping_sub(half)))
}

/// `exp(r)` for small `r`, times `2^i`.
#[inline(always)]
fn exp_reduced(r: f32, i: i32) -> f32 {
    let mut p = 1.987_569_1e-4_f32;
    p = p.mul_add(r, 1.398_199_9e-3);
    p = p.mul_add(r, 8.333_452e-3);
    p = p.mul_add(r, 4.166_579_6e-2);
    p = p.mul_add(r, 1.666_666_5e-1);
    p = p.mul_add(r, 5e-1);
    let y = p.mul_add(r * r, r) + 1.0;
    let (a, b) = power_of_two(i);
    y * a * b
}

#[inline(always)]
pub(in super::super) fn exp(x: f32) -> f32 {
    let x = clamp(x, -104.0, 89.0);
    let t = x.mul_add(std::f32::consts::LOG2_E, MAGIC);
    let n = t - MAGIC;
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    exp_reduced(r, t.to_bits().wrapping_sub(MAGIC.to_bits()) as i32)
}

#[inline(always)]
pub(in super::super) fn exp2(x: f32) -> f32 {
    let x = clamp(x, -151.0, 129.0);
    let t = x + MAGIC;
    let r = (x - (t - MAGIC)) * std::f32::consts::LN_2;
    exp_reduced(r, t.to_bits().wrapping_sub(MAGIC.to_bits()) as i32)
}

#[inline(always)]
pub(in super::super) fn expm1(x: f32) -> f32 {
    let x64 = f64::from(x);
    let near = (0.5 * x64).mul_add(x64, x64);
    let far = double::exp(x64) - 1.0;
    let y = if x64.abs() < 1e-5 { near } else { far } as f32;
    if x == 0.0 { x } else { y }
}

#[inline(always)]
pub(in super::super) fn log(x: f32) -> f32 {
    const ROOT_HALF: u32 = 0x3f35_04f3;
    let tiny = x < f32::MIN_POSITIVE;
    let scaled = if tiny { x * 8_388_608.0 } else { x }; // 2^23
    // x = m * 2^e with m from sqrt(1/2) to sqrt(2).
    let e = scaled.to_bits().wrapping_sub(ROOT_HALF) as i32 >> 23;
    let m = f32::from_bits(scaled.to_bits().wrapping_sub((e as u32) << 23));
    let k = (e - if tiny { 23 } else { 0 }) as f32;
    let f = m - 1.0;
    let mut p = 7.037_683_6e-2_f32;
    p = p.mul_add(f, -1.151_461e-1);
    p = p.mul_add(f, 1.167_699_9e-1);
    p = p.mul_add(f, -1.242_014_1e-1);
    p = p.mul_add(f, 1.424_932_3e-1);
    p = p.mul_add(f, -1.666_805_8e-1);
    p = p.mul_add(f, 2.000_071_5e-1);
    p = p.mul_add(f, -2.499_999_4e-1);
    p = p.mul_add(f, 3.333_333e-1);
    let z = f * f;
    let y = k.mul_add(-2.121_944_4e-4, p * f * z);
    let y = k.mul_add(0.693_359_4, f + (-0.5_f32).mul_add(z, y));
    let y = if x < f32::INFINITY { y } else { x };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x < 0.0 { f32::NAN } else { y }
}
#[inline(always)]
pub(in super::super) fn log2(x: f32) -> f32 {
    (double::log(f64::from(x)) * std::f64::consts::LOG2_E) as f32
}
#[inline(always)]
pub(in super::super) fn log10(x: f32) -> f32 {
    (double::log(f64::from(x)) * std::f64::consts::LOG10_E) as f32
}
#[inline(always)]
pub(in super::super) fn log1p(x: f32) -> f32 {
    let x64 = f64::from(x);
    let u = 1.0 + x64;
    // What `u` lost of `x`.
    let lost = (x64 - (u - 1.0)) / u;
    let y = double::log(u);
    let y = if u > 0.0 && u < f64::INFINITY { y + lost } else { y } as f32;
    if x == 0.0 { x } else { y }
}

#[inline(always)]
pub(in super::super) fn tanh(x: f32) -> f32 {
    let z = x * x;
    let mut p = -5.704_988_7e-3_f32;
    p = p.mul_add(z, 2.063_908_8e-2);
    p = p.mul_add(z, -5.373_971_6e-2);
    p = p.mul_add(z, 1.333_144_2e-1);
    p = p.mul_add(z, -3.333_328e-1);
    let near = (p * z).mul_add(x, x);
    let far = (1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0)).copysign(x);
    if x.abs() < 0.625 { near } else { far }
}

#[inline(always)]
pub(in super::super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `x` less a multiple `n` of half pi, and `n`.
#[inline(always)]
fn quarter(x: f32) -> (f32, u64) {
    const MAGIC: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
    let x = f64::from(x);
    let t = x.mul_add(std::f64::consts::FRAC_2_PI, MAGIC);
    let n = t - MAGIC;
    let r = n.mul_add(-std::f64::consts::FRAC_PI_2, x);
    let r = n.mul_add(-6.123_233_995_736_766e-17, r);
    (r as f32, t.to_bits())
}
#[inline(always)]
fn sin_cos_reduced(r: f32, n: u64) -> f32 {
    let z = r * r;
    let mut s = -1.951_529_6e-4_f32;
    s = s.mul_add(z, 8.332_161e-3);
    s = s.mul_add(z, -1.666_665_5e-1);
    let sin = (s * z).mul_add(r, r);
    let mut c = 2.443_315_7e-5_f32;
    c = c.mul_add(z, -1.388_731_6e-3);
    c = c.mul_add(z, 4.166_664_6e-2);
    let cos = c.mul_add(z * z, (-0.5_f32).mul_add(z, 1.0));
    let y = if n & 1 == 0 { sin } else { cos };
    if n & 2 == 0 { y } else { -y }
}
/// Arguments beyond this need more digits of pi than the reduction has.
pub(in super::super) const FAR: f32 = 1e8;
#[inline(always)]
pub(in super::super) fn sin(x: f32) -> f32 {
    let (r, n) = quarter(x);
    if x == 0.0 { x } else { sin_cos_reduced(r, n) }
}
#[inline(always)]
pub(in super::super) fn cos(x: f32) -> f32 {
    let (r, n) = quarter(x);
    sin_cos_reduced(r, n.wrapping_add(1))
}

#[inline(always)]
pub(in super::super) fn erf(x: f32) -> f32 {
    let (t, s) = (x.abs(), x * x);
    let r = (-1.728_534_7e-5_f32).mul_add(t, 3.831_971_3e-4);
    let u = (-3.883_964_4e-3_f32).mul_add(t, 2.425_462_2e-2);
    let r = r.mul_add(s, u);
    let r = r.mul_add(t, -1.067_778_8e-1);
    let r = r.mul_add(t, -6.348_467e-1);
    let r = r.mul_add(t, -1.287_175_1e-1);
    let r = r.mul_add(t, -t);
    // Beyond 4 the polynomial is meaningless, and the result is 1.
    let far = if t > 4.0 { 1.0 } else { 1.0 - exp(r) }.copysign(x);
    let mut p = -5.967_617e-4_f32;
    p = p.mul_add(s, 4.991_194_2e-3);
    p = p.mul_add(s, -2.676_813_5e-2);
    p = p.mul_add(s, 1.128_199_25e-1);
    p = p.mul_add(s, -3.761_253_4e-1);
    p = p.mul_add(s, 1.283_791_7e-1);
    let near = p.mul_add(x, x);
    if t > 0.927_734_4 { far } else { near }
}

/// `x` times the normal distribution's share below `x`. The logarithm of the tail is a polynomial in `|x|`, fitted so that
/// the tail is right to a few units in the last place; beyond 9 it is 0 next to anything.
#[inline(always)]
pub(in super::super) fn gelu(x: f32) -> f32 {
    let t = x.abs();
    let t = if t < 16.0 { t } else { 16.0 };
    // In pairs, and pairs of pairs: one after the other, the steps would wait for each other longer than they take.
    let (t2, pair) = (t * t, |odd: f32, even: f32| odd.mul_add(t, even));
    let t4 = t2 * t2;
    let low = pair(-3.639_321_4e-2, -3.182_893e-1).mul_add(t2, pair(-7.978_874e-1, -std::f32::consts::LN_2));
    let middle = pair(5.836_930_7e-5, -1.954_886_7e-4).mul_add(t2, pair(-2.010_250_7e-5, 4.861_476e-3));
    let high = pair(3.263_151_5e-9, -7.868_083_4e-8).mul_add(t2, pair(1.106_293_9e-6, -9.969_322e-6));
    let high = (-6.001_963_5e-11_f32).mul_add(t4, high);
    let p = high.mul_add(t4 * t4, middle.mul_add(t4, low));
    let tail = exp(p);
    x * if x > 0.0 { 1.0 - tail } else { tail }
}

/// `x^y` for positive finite `x` and finite `y`; see [`hard_pow`].
#[inline(always)]
pub(in super::super) fn pow(x: f32, y: f32) -> f32 {
    double::exp(double::log(f64::from(x)) * f64::from(y)) as f32
}
/// Where [`pow`] does not hold.
#[inline(always)]
pub(in super::super) fn hard_pow(x: f32, y: f32) -> bool {
    !(x > 0.0 && x < f32::INFINITY && y.abs() < f32::INFINITY)
}
