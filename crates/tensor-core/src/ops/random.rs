//! Random numbers by counter: the same on any number of threads.
use super::{Fused, fused, inplace};
use crate::{
    DType, Device, Error, Result, ShapeArg, Tensor, context,
    rng::{self, Key},
    shape::{self, Dims},
};
use std::sync::Arc;

/// A distribution. Element `i` is made of the words of counter block `key.offset + i / 4` (see `rng::philox`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RandomOp {
    /// Even between `low` (in) and `high` (out).
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Gaussian, by Box-Muller.
    Normal {
        /// Centre.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
    /// 1 with probability `p`, else 0.
    Bernoulli {
        /// Probability of 1.
        p: f64,
    },
    /// Integers from `low` (in) to `high` (out).
    Int {
        /// Smallest.
        low: i64,
        /// One past the largest.
        high: i64,
    },
    /// `-ln(u) / rate`
    Exponential {
        /// The rate, one over the mean.
        rate: f64,
    },
}

/// Blocks of random words that `numel` elements take from the generator: enough for any dtype, so that what comes after
/// does not depend on it.
fn take(numel: usize) -> Key {
    context::take_random(numel.div_ceil(2))
}

impl RandomOp {
    fn check(self, op: &'static str) -> Result<()> {
        let wrong = |message: String| Err(Error::new(op, message));
        match self {
            RandomOp::Uniform { low, high } if !(low <= high && (high - low).is_finite()) => {
                wrong(format!("needs low <= high, got {low} and {high}"))
            }
            RandomOp::Normal { std, .. } if std.is_nan() || std < 0.0 => {
                wrong(format!("the standard deviation must not be negative, got {std}"))
            }
            RandomOp::Bernoulli { p } if !(0.0..=1.0).contains(&p) => {
                wrong(format!("a probability must be between 0 and 1, got {p}"))
            }
            RandomOp::Int { low, high } if low >= high => wrong(format!("needs low < high, got {low} and {high}"))
                .map_err(|e| e.hint("high itself is never drawn")),
            RandomOp::Exponential { rate } if rate.is_nan() || rate <= 0.0 => {
                wrong(format!("the rate must be positive, got {rate}"))
            }
            _ => Ok(()),
        }
    }
}

/// A new tensor of random numbers.
fn made(op: &'static str, kind: RandomOp, shape: &[usize], dtype: DType, device: &Device, key: Key) -> Result<Tensor> {
    kind.check(op)?;
    let continuous = !matches!(kind, RandomOp::Int { .. } | RandomOp::Bernoulli { .. });
    if continuous && !dtype.is_float() {
        return Err(Error::new(op, format!("{dtype} cannot hold its numbers"))
            .hint("ask for a float dtype, or use randint for integers"));
    }
    let (mut out, layout) = Tensor::allocate(shape, dtype, device)?;
    device.backend().random(kind, key, out.view_mut(&layout))?;
    Ok(Tensor::new(Arc::new(out), layout))
}

fn fresh(op: &'static str, kind: RandomOp, shape: impl ShapeArg, dtype: DType, device: &Device) -> Result<Tensor> {
    let shape = shape::exact(op, shape)?;
    kind.check(op)?;
    made(op, kind, &shape, dtype, device, take(shape::numel(&shape)))
}

/// Random numbers over what a tensor holds.
fn over<'x>(op: &'static str, kind: RandomOp, x: &'x mut Tensor) -> Result<&'x mut Tensor> {
    let (shape, dtype, device) = (Dims::from_slice(x.shape()), x.dtype(), x.device());
    kind.check(op)?;
    if !dtype.is_float() && !matches!(kind, RandomOp::Bernoulli { .. }) {
        return Err(Error::new(op, format!("{dtype} cannot hold its numbers"))
            .operands([&*x])
            .hint("convert the tensor to a float dtype first: to_dtype(DType::F32)"));
    }
    let key = take(x.numel());
    inplace::change(
        op.trim_end_matches('_'),
        x,
        &[],
        dtype,
        |_| made(op, kind, &shape, dtype, &device, key),
        |device, out| device.backend().random(kind, key, out),
    )
}

impl Tensor {
    /// Even numbers from 0 (in) to 1 (out), `f32` on the CPU.
    pub fn rand(shape: impl ShapeArg) -> Result<Tensor> {
        Tensor::rand_on(shape, DType::F32, &Device::cpu())
    }
    /// [`Tensor::rand`] of any float dtype on any device.
    pub fn rand_on(shape: impl ShapeArg, dtype: DType, device: &Device) -> Result<Tensor> {
        fresh("rand", RandomOp::Uniform { low: 0.0, high: 1.0 }, shape, dtype, device)
    }
    /// Even numbers from 0 to 1 in the shape, dtype and place of this tensor.
    pub fn rand_like(&self) -> Result<Tensor> {
        Tensor::rand_on(self.shape(), self.dtype(), &self.device()).map_err(|e| e.renamed("rand_like"))
    }
    /// Gaussian numbers around 0 with standard deviation 1, `f32` on the CPU.
    pub fn randn(shape: impl ShapeArg) -> Result<Tensor> {
        Tensor::randn_on(shape, DType::F32, &Device::cpu())
    }
    /// [`Tensor::randn`] of any float dtype on any device.
    pub fn randn_on(shape: impl ShapeArg, dtype: DType, device: &Device) -> Result<Tensor> {
        fresh("randn", RandomOp::Normal { mean: 0.0, std: 1.0 }, shape, dtype, device)
    }
    /// Gaussian numbers in the shape, dtype and place of this tensor.
    pub fn randn_like(&self) -> Result<Tensor> {
        Tensor::randn_on(self.shape(), self.dtype(), &self.device()).map_err(|e| e.renamed("randn_like"))
    }
    /// Gaussian numbers around `mean` with standard deviation `std`.
    pub fn normal(mean: f64, std: f64, shape: impl ShapeArg) -> Result<Tensor> {
        fresh("normal", RandomOp::Normal { mean, std }, shape, DType::F32, &Device::cpu())
    }
    /// Integers from `low` (in) to `high` (out), `i64` on the CPU.
    pub fn randint(low: i64, high: i64, shape: impl ShapeArg) -> Result<Tensor> {
        Tensor::randint_on(low, high, shape, DType::I64, &Device::cpu())
    }
    /// [`Tensor::randint`] of any dtype on any device.
    pub fn randint_on(low: i64, high: i64, shape: impl ShapeArg, dtype: DType, device: &Device) -> Result<Tensor> {
        fresh("randint", RandomOp::Int { low, high }, shape, dtype, device)
    }
    /// The integers from 0 to `n` (out) in random order.
    pub fn randperm(n: usize) -> Result<Tensor> {
        let key = take(2 * n);
        let mut order: Vec<i64> = (0..n as i64).collect();
        for i in (1..n).rev() {
            let w = rng::philox(key, key.offset.wrapping_add(i as u64));
            let word = u64::from(w[1]) << 32 | u64::from(w[0]);
            let j = ((u128::from(word) * (i as u128 + 1)) >> 64) as usize;
            order.swap(i, j);
        }
        Tensor::from_slice(&order, [n])
    }

    /// 1 with the probability that each element says, else 0.
    pub fn bernoulli(&self) -> Result<Tensor> {
        if !self.is_floating_point() {
            return Err(Error::new("bernoulli", format!("probabilities are floats, got {}", self.dtype()))
                .operands([self])
                .hint("bernoulli_p takes one probability for all elements"));
        }
        let p = self.detach();
        if let Some(bad) = p.to_vec::<f64>()?.into_iter().find(|p| !(0.0..=1.0).contains(p)) {
            return Err(
                Error::new("bernoulli", format!("a probability must be between 0 and 1, got {bad}")).operands([self])
            );
        }
        // Half floats have too few steps to compare in.
        let compute = if p.dtype() == DType::F64 { DType::F64 } else { DType::F32 };
        let u = Tensor::rand_on(p.shape(), compute, &p.device())?;
        u.lt(&p.to_dtype(compute)?)?.to_dtype(self.dtype())
    }
    /// 1 with probability `p`, else 0, in the shape, dtype and place of this tensor.
    pub fn bernoulli_p(&self, p: f64) -> Result<Tensor> {
        fresh("bernoulli", RandomOp::Bernoulli { p }, self.shape(), self.dtype(), &self.device())
    }
    /// Every element becomes 1 with probability `p`, else 0.
    pub fn bernoulli_(&mut self, p: f64) -> Result<&mut Tensor> {
        over("bernoulli_", RandomOp::Bernoulli { p }, self)
    }
    /// Every element becomes an even number from `low` (in) to `high` (out).
    pub fn uniform_(&mut self, low: f64, high: f64) -> Result<&mut Tensor> {
        over("uniform_", RandomOp::Uniform { low, high }, self)
    }
    /// Every element becomes a Gaussian number.
    pub fn normal_(&mut self, mean: f64, std: f64) -> Result<&mut Tensor> {
        over("normal_", RandomOp::Normal { mean, std }, self)
    }
    /// Every element becomes an exponentially distributed number of mean `1 / rate`.
    pub fn exponential_(&mut self, rate: f64) -> Result<&mut Tensor> {
        over("exponential_", RandomOp::Exponential { rate }, self)
    }

    /// `count` positions of each row, drawn with the probabilities (of any sum) that the row holds: `[c]` gives
    /// `[count]`, `[n, c]` gives `[n, count]`. Without replacement every position comes at most once.
    pub fn multinomial(&self, count: usize, replacement: bool) -> Result<Tensor> {
        const OP: &str = "multinomial";
        let wrong = |message: String| Error::new(OP, message).operands([self]);
        if !self.is_floating_point() {
            return Err(wrong(format!("probabilities are floats, got {}", self.dtype())));
        }
        let (rows, columns) = match *self.shape() {
            [c] => (1, c),
            [n, c] => (n, c),
            _ => return Err(wrong(format!("takes 1 or 2 dims, got {}", self.dim()))),
        };
        if count == 0 {
            return Err(wrong("cannot draw 0 samples".into()));
        }
        let weights = self.detach().to_vec::<f64>()?;
        let key = take(2 * rows * columns.max(count));
        let mut at = 0u64;
        let mut uniform = || {
            let w = rng::philox(key, key.offset.wrapping_add(at));
            at += 1;
            ((u64::from(w[1]) << 32 | u64::from(w[0])) >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
        };
        let mut drawn = Vec::with_capacity(rows * count);
        for row in weights.chunks_exact(columns.max(1)) {
            if let Some(bad) = row.iter().find(|p| !(p.is_finite() && **p >= 0.0)) {
                return Err(wrong(format!("probabilities must be finite and not negative, got {bad}")));
            }
            let (sum, positive) = (row.iter().sum::<f64>(), row.iter().filter(|p| **p > 0.0).count());
            if positive == 0 || (!replacement && positive < count) {
                return Err(wrong(format!("cannot draw {count} from a row with {positive} positive probabilities"))
                    .hint("draw fewer, or with replacement"));
            }
            if replacement {
                for _ in 0..count {
                    let (mut left, mut pick) = (uniform() * sum, 0);
                    for (i, &p) in row.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                        pick = i;
                        left -= p;
                        if left < 0.0 {
                            break;
                        }
                    }
                    drawn.push(pick as i64);
                }
            } else {
                // An exponential race: who is done first at rate p is drawn with probability p, then the next.
                let mut race: Vec<(f64, i64)> =
                    row.iter().enumerate().map(|(i, p)| (-(1.0 - uniform()).ln() / p, i as i64)).collect();
                race.iter_mut().for_each(|(time, i)| {
                    if row[*i as usize] == 0.0 {
                        *time = f64::INFINITY;
                    }
                });
                race.sort_by(|a, b| a.0.total_cmp(&b.0));
                drawn.extend(race[..count].iter().map(|(_, i)| i));
            }
        }
        let shape = if self.dim() == 1 { vec![count] } else { vec![rows, count] };
        Tensor::from_slice(&drawn, shape)?.to_device(&self.device())
    }

    /// Zero with probability `p`, else divided by `1 - p`, so that the mean stays: what a network trains with.
    pub fn dropout(&self, p: f64) -> Result<Tensor> {
        check_dropout(self, p)?;
        self.dropout_keyed(p, take(self.numel()))
    }

    /// [`Tensor::dropout`] with given random numbers: the same elements become zero again.
    pub fn dropout_keyed(&self, p: f64, key: Key) -> Result<Tensor> {
        check_dropout(self, p)?;
        if !self.is_floating_point() {
            return Err(Error::new("dropout", "takes floats").operands([self]).hint("convert it with to_dtype first"));
        }
        if p == 0.0 {
            return Ok(self.clone());
        }
        if p == 1.0 {
            return self.mul(0.0);
        }
        let mut outputs = fused::fused_map(Fused::Dropout { p, key }, &[self], &[Dims::from_slice(self.shape())])?;
        outputs.pop().ok_or_else(|| Error::new("dropout", "gave no result").kind_of(crate::ErrorKind::Internal))
    }
}

fn check_dropout(x: &Tensor, p: f64) -> Result<()> {
    RandomOp::Bernoulli { p }
        .check("dropout")
        .map_err(|e| e.operands([x]).hint("p is the share of elements that become 0: one half is 0.5"))
}

pub(super) fn compose_dropout(x: &Tensor, p: f64, key: Key) -> Result<Vec<Tensor>> {
    // As bools, one word an element whatever the dtype: the same elements fall out in every precision.
    let kept = made("dropout", RandomOp::Bernoulli { p: 1.0 - p }, x.shape(), DType::Bool, &x.device(), key)?;
    Ok(vec![kept.where_(&x.mul(1.0 / (1.0 - p))?, 0.0)?])
}

#[cfg(test)]
mod statistics;
#[cfg(test)]
mod tests;
