//! Random numbers, made of Philox words as the CPU's are: an element of up to 32 bits reads one word, others read two.
use super::number::{Num, write};
use tensor_core::{
    DType, Result, ViewMut,
    ops::RandomOp,
    rng::{Key, philox},
};

pub(super) fn fill(op: RandomOp, key: Key, out: ViewMut<'_>) -> Result<()> {
    let wide = match op {
        RandomOp::Int { low, high } if !out.dtype.is_float() => high.wrapping_sub(low) as u64 > 1 << 20,
        _ => out.dtype == DType::F64,
    };
    let per_block = if wide { 2 } else { 4 };
    // 64 random bits, of which narrow elements have the upper half.
    let bits = |i: u64| {
        let words = philox(key, key.offset.wrapping_add(i / per_block));
        let k = (i % per_block) as usize;
        if wide { u64::from(words[2 * k + 1]) << 32 | u64::from(words[2 * k]) } else { u64::from(words[k]) << 32 }
    };
    let keep = if wide { 53 } else { 24 };
    let unit = |i: u64| (bits(i) >> (64 - keep)) as f64 / (1u64 << keep) as f64;
    let values: Vec<Num> = (0..out.layout.numel() as u64)
        .map(|i| match op {
            RandomOp::Uniform { low, high } => Num::F(low + (high - low) * unit(i)),
            RandomOp::Normal { mean, std } => {
                // Box-Muller makes two numbers of two.
                let (radius, angle) = ((-2.0 * (1.0 - unit(i & !1)).ln()).sqrt(), std::f64::consts::TAU * unit(i | 1));
                Num::F(mean + std * radius * if i % 2 == 0 { angle.cos() } else { angle.sin() })
            }
            RandomOp::Bernoulli { p } if wide => Num::I(i64::from(unit(i) < p)),
            RandomOp::Bernoulli { p } => Num::I(i64::from(((bits(i) >> 32) as f64) < p * 4_294_967_296.0)),
            RandomOp::Int { low, high } => {
                let span = u128::from(high.wrapping_sub(low) as u64);
                Num::I(low.wrapping_add(((u128::from(bits(i)) * span) >> 64) as i64))
            }
            RandomOp::Exponential { rate } => Num::F(-(1.0 - unit(i)).ln() / rate),
        })
        .collect();
    write(out, &values)
}
