//! Random numbers, made of Philox words as `RandomOp` says.
use super::number::{Num, write};
use tensor_core::{
    Result, ViewMut,
    ops::RandomOp,
    rng::{Key, philox},
};

pub(super) fn fill(op: RandomOp, key: Key, out: ViewMut<'_>) -> Result<()> {
    let values: Vec<Num> = (0..out.layout.numel() as u64)
        .map(|i| {
            let words = philox(key, key.offset.wrapping_add(i / 4));
            let uniform = |k: u64| f64::from(words[k as usize % 4] >> 8) / f64::from(1 << 24);
            let u = uniform(i);
            match op {
                RandomOp::Uniform { low, high } => Num::F(low + (high - low) * u),
                RandomOp::Normal { mean, std } => {
                    // Box-Muller makes two numbers of two.
                    let (u1, u2) = (1.0 - uniform(i & !1), uniform(i | 1));
                    let (r, angle) = ((-2.0 * u1.ln()).sqrt(), std::f64::consts::TAU * u2);
                    Num::F(mean + std * r * if i % 2 == 0 { angle.cos() } else { angle.sin() })
                }
                RandomOp::Bernoulli { p } => Num::I(i64::from(u < p)),
                RandomOp::Int { low, high } => {
                    let span = (high - low).max(1) as u64;
                    Num::I(low + (u64::from(words[i as usize % 4]) * span >> 32) as i64)
                }
                RandomOp::Exponential { rate } => Num::F(-(1.0 - u).ln() / rate),
            }
        })
        .collect();
    write(out, &values)
}
