//! Random numbers by counter. Element `i` reads block `key.offset + i / 4` of [`philox`], from word `i % 4` on; types
//! that need 64 bits read two words and have two elements to a block, from block `key.offset + i / 2`.
use super::storage::{DataMut, data_mut};
use crate::{
    DType, Result, Scalar, ViewMut,
    dtype::Element,
    ops::RandomOp,
    rng::{Key, philox},
};
use bytemuck::Pod;
use half::{bf16, f16};
use rayon::prelude::*;

// A multiple of every block of elements; large enough that a task is worth handing over.
const CHUNK: usize = 1 << 13;

fn block(key: Key, i: u64) -> [u32; 4] {
    philox(key, key.offset.wrapping_add(i))
}

/// 24 random bits in `[0, 1)`.
fn unit32(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}
/// 53 random bits in `[0, 1)`.
fn unit64(low: u32, high: u32) -> f64 {
    let word = u64::from(high) << 32 | u64::from(low);
    (word >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// Fills `out`, `N` elements from each block of random words.
fn fill<T: Pod + Send + Sync, const N: usize>(
    mut out: DataMut<'_, T>,
    key: Key,
    make: impl Fn([u32; 4]) -> [T; N] + Sync,
) {
    let write = |first: usize, part: &mut [T]| {
        for (b, group) in part.chunks_mut(N).enumerate() {
            let made = make(block(key, ((first / N) + b) as u64));
            group.copy_from_slice(&made[..group.len()]);
        }
    };
    if let Some(all) = out.contiguous() {
        if all.len() <= CHUNK {
            write(0, all);
        } else {
            all.par_chunks_mut(CHUNK).enumerate().for_each(|(c, part)| write(c * CHUNK, part));
        }
    } else {
        let mut made = None;
        for (i, at) in out.layout.positions().enumerate() {
            if i % N == 0 {
                made = Some(make(block(key, (i / N) as u64)));
            }
            if let Some(group) = &made {
                out.all[at] = group[i % N];
            }
        }
    }
}

/// Four numbers of a distribution in `f32`.
fn four(op: RandomOp) -> impl Fn([u32; 4]) -> [f32; 4] + Sync {
    move |words| match op {
        RandomOp::Uniform { low, high } => {
            let (low, high) = (low as f32, high as f32);
            words.map(|w| {
                let u = unit32(w) * (high - low) + low;
                // Rounding may reach the upper end, which does not belong to the range.
                if u >= high && high > low { high.next_down().max(low) } else { u }
            })
        }
        RandomOp::Normal { mean, std } => {
            let pair = |a: u32, b: u32| {
                // `1 - u` is never 0, so the logarithm is finite.
                let radius = (-2.0 * (1.0 - unit32(a)).ln()).sqrt();
                let (sin, cos) = (std::f32::consts::TAU * unit32(b)).sin_cos();
                [(radius * cos) * std as f32 + mean as f32, (radius * sin) * std as f32 + mean as f32]
            };
            let ([a, b], [c, d]) = (pair(words[0], words[1]), pair(words[2], words[3]));
            [a, b, c, d]
        }
        RandomOp::Bernoulli { p } => words.map(|w| f32::from(u8::from(chance(w, p)))),
        RandomOp::Exponential { rate } => words.map(|w| -(1.0 - unit32(w)).ln() / rate as f32),
        RandomOp::Int { low, high } => words.map(|w| bounded(low, high, u64::from(w) << 32) as f32),
    }
}

/// Two numbers of a distribution in `f64`.
fn two(op: RandomOp) -> impl Fn([u32; 4]) -> [f64; 2] + Sync {
    move |w| {
        let (a, b) = (unit64(w[0], w[1]), unit64(w[2], w[3]));
        match op {
            RandomOp::Uniform { low, high } => [a, b].map(|u| {
                let u = u * (high - low) + low;
                if u >= high && high > low { high.next_down().max(low) } else { u }
            }),
            RandomOp::Normal { mean, std } => {
                let radius = (-2.0 * (1.0 - a).ln()).sqrt();
                let (sin, cos) = (std::f64::consts::TAU * b).sin_cos();
                [radius * cos * std + mean, radius * sin * std + mean]
            }
            RandomOp::Bernoulli { p } => [a, b].map(|u| f64::from(u8::from(u < p))),
            RandomOp::Exponential { rate } => [a, b].map(|u| -(1.0 - u).ln() / rate),
            RandomOp::Int { low, high } => {
                let word = |l: u32, h: u32| u64::from(h) << 32 | u64::from(l);
                [bounded(low, high, word(w[0], w[1])) as f64, bounded(low, high, word(w[2], w[3])) as f64]
            }
        }
    }
}

/// True with probability `p`, exact for multiples of 2^-32.
fn chance(word: u32, p: f64) -> bool {
    f64::from(word) < p * 4_294_967_296.0
}

/// `low + floor(fraction * span)`: the widening product, whose bias is below `span / 2^64`. The words of narrow ranges
/// stand in the upper half of `fraction`, where the bias is below `span / 2^32`.
fn bounded(low: i64, high: i64, fraction: u64) -> i64 {
    let span = high.wrapping_sub(low) as u64;
    let step = ((u128::from(fraction) * u128::from(span)) >> 64) as u64;
    low.wrapping_add(step as i64)
}

/// Integers of any width: one word an element where the range is narrow, so that all integer dtypes agree.
fn ints<T: Pod + Send + Sync>(out: DataMut<'_, T>, key: Key, op: RandomOp, make: impl Fn(i64) -> T + Sync) {
    match op {
        // A wide range takes 64 bits an element: two blocks hold four of them.
        RandomOp::Int { low, high } if high.wrapping_sub(low) as u64 > 1 << 20 => {
            fill::<T, 2>(out, key, |w| {
                let word = |l: u32, h: u32| u64::from(h) << 32 | u64::from(l);
                [make(bounded(low, high, word(w[0], w[1]))), make(bounded(low, high, word(w[2], w[3])))]
            });
        }
        RandomOp::Int { low, high } => {
            fill::<T, 4>(out, key, |w| w.map(|w| make(bounded(low, high, u64::from(w) << 32))));
        }
        RandomOp::Bernoulli { p } => fill::<T, 4>(out, key, |w| w.map(|w| make(i64::from(chance(w, p))))),
        other => {
            let numbers = four(other);
            fill::<T, 4>(out, key, |w| numbers(w).map(|x| make(x as i64)));
        }
    }
}

/// See `Backend::random`.
pub(super) fn random(op: RandomOp, key: Key, out: ViewMut<'_>) -> Result<()> {
    match out.dtype {
        DType::F32 => fill::<f32, 4>(data_mut(out)?, key, four(op)),
        DType::F64 => fill::<f64, 2>(data_mut(out)?, key, two(op)),
        DType::F16 => {
            let (numbers, end) = (four(op), upper(op));
            let below = |x: f16| if f64::from(x) >= end { f16::from_f64(end).below() } else { x };
            fill::<f16, 4>(data_mut(out)?, key, |w| numbers(w).map(|x| below(f16::from_f32(x))));
        }
        DType::BF16 => {
            let (numbers, end) = (four(op), upper(op));
            let below = |x: bf16| if f64::from(x) >= end { bf16::from_f64(end).below() } else { x };
            fill::<bf16, 4>(data_mut(out)?, key, |w| numbers(w).map(|x| below(bf16::from_f32(x))));
        }
        DType::I64 => ints::<i64>(data_mut(out)?, key, op, |v| v),
        DType::I32 => ints::<i32>(data_mut(out)?, key, op, |v| v as i32),
        DType::U8 => ints::<u8>(data_mut(out)?, key, op, |v| v as u8),
        DType::Bool => ints::<u8>(data_mut(out)?, key, op, |v| u8::from(bool::from_scalar(Scalar::Int(v)))),
    }
    Ok(())
}

/// The end that a uniform number must stay under, also after rounding to fewer bits.
fn upper(op: RandomOp) -> f64 {
    match op {
        RandomOp::Uniform { low, high } if low < high => high,
        _ => f64::INFINITY,
    }
}

/// The next smaller number.
trait Below {
    fn below(self) -> Self;
}
macro_rules! below {
    ($t:ident) => {
        impl Below for $t {
            fn below(self) -> $t {
                match self.to_f32() {
                    x if x.is_nan() || x == f32::NEG_INFINITY => self,
                    // Bits of positive floats rise with the number, those of negative ones fall.
                    x if x > 0.0 => $t::from_bits(self.to_bits() - 1),
                    0.0 => $t::from_bits(0x8001),
                    _ => $t::from_bits(self.to_bits() + 1),
                }
            }
        }
    };
}
below!(f16);
below!(bf16);
