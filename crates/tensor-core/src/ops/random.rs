//! Random numbers by counter: the same on any number of threads.
use super::fused::{self, Fused};
use crate::{DType, Device, Error, Result, Scalar, ShapeArg, Tensor, context, rng::Key, shape};
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

/// A tensor of random numbers of this thread's generator, which moves on by its element count.
fn draw(op: RandomOp, shape: &[usize], dtype: DType, device: &Device) -> Result<Tensor> {
    let key = context::take_random(shape::numel(shape));
    draw_at(op, key, shape, dtype, device)
}

fn draw_at(op: RandomOp, key: Key, shape: &[usize], dtype: DType, device: &Device) -> Result<Tensor> {
    let (mut out, layout) = Tensor::allocate(shape, dtype, device)?;
    device.backend().random(op, key, out.view_mut(&layout))?;
    Ok(Tensor::new(Arc::new(out), layout))
}

impl Tensor {
    /// Uniform numbers from 0 (in) to 1 (out), `f32` on the CPU.
    pub fn rand(shape: impl ShapeArg) -> Result<Tensor> {
        draw(RandomOp::Uniform { low: 0.0, high: 1.0 }, &shape::exact("rand", shape)?, DType::F32, &Device::cpu())
    }

    /// Gaussian numbers with mean 0 and deviation 1, `f32` on the CPU.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result, manual_seed};
    /// # fn main() -> Result<()> {
    /// manual_seed(3);
    /// let a = Tensor::randn([3, 5])?;
    /// manual_seed(3);
    /// assert_eq!(a.to_vec::<f32>()?, Tensor::randn([3, 5])?.to_vec::<f32>()?);
    /// # Ok(()) }
    /// ```
    pub fn randn(shape: impl ShapeArg) -> Result<Tensor> {
        draw(RandomOp::Normal { mean: 0.0, std: 1.0 }, &shape::exact("randn", shape)?, DType::F32, &Device::cpu())
    }

    /// Integers from `low` (in) to `high` (out), `i64` on the CPU.
    pub fn randint(low: i64, high: i64, shape: impl ShapeArg) -> Result<Tensor> {
        if low >= high {
            return Err(Error::new("randint", format!("low {low} must be below high {high}")));
        }
        draw(RandomOp::Int { low, high }, &shape::exact("randint", shape)?, DType::I64, &Device::cpu())
    }

    /// The numbers `0..n` in random order, `i64` on the CPU.
    pub fn randperm(n: usize) -> Result<Tensor> {
        let draws =
            draw(RandomOp::Int { low: 0, high: i64::MAX }, &[n], DType::I64, &Device::cpu())?.to_vec::<i64>()?;
        let mut order: Vec<i64> = (0..n as i64).collect();
        // Fisher and Yates; a bias of n / 2^63 is none.
        for i in (1..n).rev() {
            order.swap(i, (draws[i] % (i as i64 + 1)) as usize);
        }
        Tensor::from_slice(&order, [n])
    }

    /// Gaussian numbers, `f32` on the CPU.
    pub fn normal(mean: f64, std: f64, shape: impl ShapeArg) -> Result<Tensor> {
        deviation("normal", std)?;
        draw(RandomOp::Normal { mean, std }, &shape::exact("normal", shape)?, DType::F32, &Device::cpu())
    }

    /// Uniform numbers of this tensor's shape, dtype and device.
    pub fn rand_like(&self) -> Result<Tensor> {
        floats("rand_like", self)?;
        draw(RandomOp::Uniform { low: 0.0, high: 1.0 }, self.shape(), self.dtype(), &self.device())
    }

    /// Gaussian numbers of this tensor's shape, dtype and device.
    pub fn randn_like(&self) -> Result<Tensor> {
        floats("randn_like", self)?;
        draw(RandomOp::Normal { mean: 0.0, std: 1.0 }, self.shape(), self.dtype(), &self.device())
    }

    /// 1 with the probability that each element gives, else 0.
    pub fn bernoulli(&self) -> Result<Tensor> {
        floats("bernoulli", self)?;
        let outside = self.lt(0.0)?.bitwise_or(&self.gt(1.0)?)?.bitwise_or(&self.ne(self)?)?;
        if outside.any()?.item::<bool>()? {
            return Err(Error::new("bernoulli", "a probability is outside of 0 to 1").operands([self]));
        }
        let draws = draw(RandomOp::Uniform { low: 0.0, high: 1.0 }, self.shape(), DType::F64, &self.device())?;
        draws.lt(self)?.to_dtype(self.dtype())
    }

    /// Every element becomes a uniform number from `low` (in) to `high` (out).
    pub fn uniform_(&mut self, low: f64, high: f64) -> Result<&mut Tensor> {
        if low.is_nan() || high.is_nan() || low > high {
            return Err(Error::new("uniform_", format!("low {low} must not be above high {high}")));
        }
        self.draw_("uniform", RandomOp::Uniform { low, high })
    }

    /// Every element becomes a Gaussian number.
    pub fn normal_(&mut self, mean: f64, std: f64) -> Result<&mut Tensor> {
        deviation("normal_", std)?;
        self.draw_("normal", RandomOp::Normal { mean, std })
    }

    /// Every element becomes 1 with probability `p`, else 0.
    pub fn bernoulli_(&mut self, p: f64) -> Result<&mut Tensor> {
        probability("bernoulli_", p)?;
        self.draw_("bernoulli", RandomOp::Bernoulli { p })
    }

    /// Every element becomes an exponential number with this rate (one over the mean).
    pub fn exponential_(&mut self, rate: f64) -> Result<&mut Tensor> {
        if rate.is_nan() || rate <= 0.0 {
            return Err(Error::new("exponential_", format!("the rate must be above 0, got {rate}")));
        }
        self.draw_("exponential", RandomOp::Exponential { rate })
    }

    fn draw_(&mut self, name: &'static str, op: RandomOp) -> Result<&mut Tensor> {
        floats(name, self)?;
        let key = context::take_random(self.numel());
        let (shape, dtype, device) = (shape::Dims::from_slice(self.shape()), self.dtype(), self.device());
        super::inplace::change(
            name,
            self,
            &[],
            dtype,
            |_| draw_at(op, key, &shape, dtype, &device),
            |device, out| device.backend().random(op, key, out),
        )
    }

    /// While training, elements become 0 with probability `p` and the others are divided by `1 - p`; else nothing
    /// happens. (Srivastava et al., "Dropout", 2014)
    pub fn dropout(&self, p: f64, training: bool) -> Result<Tensor> {
        probability("dropout", p)?;
        if !training || p == 0.0 || self.numel() == 0 {
            return Ok(self.clone());
        }
        floats("dropout", self)?;
        if p == 1.0 {
            return self.mul(0.0);
        }
        self.dropout_at(p, context::take_random(self.numel()))
    }

    /// Dropout with the numbers of `key`: the derivative drops the same elements.
    pub fn dropout_at(&self, p: f64, key: Key) -> Result<Tensor> {
        let mut outputs = fused::run(Fused::Dropout { p, key }, &[self], &[shape::Dims::from_slice(self.shape())])?;
        Ok(outputs.swap_remove(0))
    }
}

/// What dropout means: `x * mask / (1 - p)`.
pub(super) fn compose_dropout(x: &Tensor, p: f64, key: Key) -> Result<Vec<Tensor>> {
    let mask = draw_at(RandomOp::Bernoulli { p: 1.0 - p }, key, x.shape(), x.dtype(), &x.device())?;
    Ok(vec![x.mul(&mask.mul(Scalar::Float(1.0 / (1.0 - p)))?)?])
}

fn probability(op: &'static str, p: f64) -> Result<()> {
    if (0.0..=1.0).contains(&p) {
        return Ok(());
    }
    Err(Error::new(op, format!("a probability lies between 0 and 1, got {p}")))
}

fn deviation(op: &'static str, std: f64) -> Result<()> {
    if std >= 0.0 {
        return Ok(());
    }
    Err(Error::new(op, format!("a standard deviation is at least 0, got {std}")))
}

fn floats(op: &'static str, x: &Tensor) -> Result<()> {
    if x.dtype().is_float() {
        return Ok(());
    }
    Err(Error::new(op, format!("not defined for {}", x.dtype())).operands([x]).hint("it takes floats"))
}
