//! `f64`, within two units in the last place.

const MAGIC: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52: adding it rounds to an integer, which then stands in the low bits.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

#[inline(always)]
pub(in super::super) fn exp(x: f64) -> f64 {
    // NaN passes.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let t = x.mul_add(std::f64::consts::LOG2_E, MAGIC);
    let n = t - MAGIC;
    let r = n.mul_add(-LN2_HIGH, x);
    let r = n.mul_add(-LN2_LOW, r);
    // The Taylor series: the next term is below 2^-57 for |r| < ln(2) / 2.
    let mut p: f64 = 1.0 / 6_227_020_800.0;
    p = p.mul_add(r, 1.0 / 479_001_600.0);
    p = p.mul_add(r, 1.0 / 39_916_800.0);
    p = p.mul_add(r, 1.0 / 3_628_800.0);
    p = p.mul_add(r, 1.0 / 362_880.0);
    p = p.mul_add(r, 1.0 / 40_320.0);
    p = p.mul_add(r, 1.0 / 5_040.0);
    p = p.mul_add(r, 1.0 / 720.0);
    p = p.mul_add(r, 1.0 / 120.0);
    p = p.mul_add(r, 1.0 / 24.0);
    p = p.mul_add(r, 1.0 / 6.0);
    p = p.mul_add(r, 0.5);
    let y = p.mul_add(r * r, r) + 1.0;
    // 2^n as two factors that are each normal. The low 32 bits of `t` are `n`, which needs no 64-bit shift.
    let i = t.to_bits() as u32 as i32;
    let half = i >> 1;
    let bits = |e: i32| f64::from_bits((e.wrapping_add(1023) as u32 as u64) << 52);
    y * bits(half) * bits(i.wrapping_sub(half))
}

#[inline(always)]
pub(in super::super) fn log(x: f64) -> f64 {
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let tiny = x < f64::MIN_POSITIVE;
    let scaled = if tiny { x * 18_014_398_509_481_984.0 } else { x }; // 2^54
    // x = m * 2^e with m from sqrt(1/2) to sqrt(2).
    let above = scaled.to_bits().wrapping_sub(ROOT_HALF);
    let e = (above >> 32) as u32 as i32 >> 20;
    let m = f64::from_bits(scaled.to_bits().wrapping_sub((e as u32 as u64) << 52));
    let k = f64::from(e - if tiny { 54 } else { 0 });
    // The classic minimax polynomial of log(1 + f) in s = f / (2 + f).
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut p: f64 = 1.479_819_860_511_658_6e-1;
    p = p.mul_add(z, 1.531_383_769_920_937_3e-1);
    p = p.mul_add(z, 1.818_357_216_161_805e-1);
    p = p.mul_add(z, 2.222_219_843_214_978_4e-1);
    p = p.mul_add(z, 2.857_142_874_366_239e-1);
    p = p.mul_add(z, 3.999_999_999_940_942e-1);
    p = p.mul_add(z, 6.666_666_666_666_735e-1);
    let r = p * z;
    let square = 0.5 * f * f;
    let y = k.mul_add(LN2_HIGH, f - (square - s.mul_add(square + r, k * LN2_LOW)));
    let y = if x < f64::INFINITY { y } else { x };
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    if x < 0.0 { f64::NAN } else { y }
}
