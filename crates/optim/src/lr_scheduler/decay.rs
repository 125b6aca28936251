//! Schedules that run from one rate to another.
use super::{Schedule, finite, not_negative, positive};
use crate::setting::outside;
use std::f64::consts::PI;
use tensor_core::Result;

/// Multiplies by `gamma` every `step_size` steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLR {
    /// Steps of one rate.
    pub step_size: u64,
    /// The factor.
    pub gamma: f64,
}

impl Schedule for StepLR {
    fn lr(&self, base: f64, step: u64) -> f64 {
        base * self.gamma.powf((step / self.step_size.max(1)) as f64)
    }
    fn next(&self, _group: usize, _base: f64, lr: f64, step: u64) -> f64 {
        if step > 0 && step.is_multiple_of(self.step_size.max(1)) { lr * self.gamma } else { lr }
    }
    fn check(&self) -> Result<()> {
        not_negative("StepLR", "gamma", self.gamma)?;
        positive("StepLR", "step_size", self.step_size as f64)
    }
}

/// Multiplies by `gamma` at each of the `milestones`.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiStepLR {
    /// Numbers of steps, in any order.
    pub milestones: Vec<u64>,
    /// The factor.
    pub gamma: f64,
}

impl Schedule for MultiStepLR {
    fn lr(&self, base: f64, step: u64) -> f64 {
        base * self.gamma.powf(self.milestones.iter().filter(|&&m| m <= step).count() as f64)
    }
    fn next(&self, _group: usize, _base: f64, lr: f64, step: u64) -> f64 {
        lr * self.gamma.powf(self.milestones.iter().filter(|&&m| m == step).count() as f64)
    }
    fn check(&self) -> Result<()> {
        not_negative("MultiStepLR", "gamma", self.gamma)
    }
}

/// Multiplies by `gamma` at every step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialLR {
    /// The factor.
    pub gamma: f64,
}

impl Schedule for ExponentialLR {
    fn lr(&self, base: f64, step: u64) -> f64 {
        base * self.gamma.powf(step as f64)
    }
    fn next(&self, _group: usize, _base: f64, lr: f64, step: u64) -> f64 {
        if step == 0 { lr } else { lr * self.gamma }
    }
    fn check(&self) -> Result<()> {
        not_negative("ExponentialLR", "gamma", self.gamma)
    }
}

/// `factor` times the rate, until `total_iters` steps are done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConstantLR {
    /// The factor.
    pub factor: f64,
    /// How long it holds.
    pub total_iters: u64,
}

impl Default for ConstantLR {
    fn default() -> ConstantLR {
        ConstantLR { factor: 1.0 / 3.0, total_iters: 5 }
    }
}

impl Schedule for ConstantLR {
    fn lr(&self, base: f64, step: u64) -> f64 {
        // One of no length holds for ever, as in PyTorch.
        if step < self.total_iters || self.total_iters == 0 { base * self.factor } else { base }
    }
    fn next(&self, _group: usize, _base: f64, lr: f64, step: u64) -> f64 {
        match step {
            0 => lr * self.factor,
            _ if step == self.total_iters => lr * (1.0 / self.factor),
            _ => lr,
        }
    }
    fn check(&self) -> Result<()> {
        // PyTorch's bounds: the factor is divided by at the end.
        if !(self.factor > 0.0 && self.factor <= 1.0) {
            return Err(outside("ConstantLR", "factor", self.factor, "above 0 and at most 1"));
        }
        Ok(())
    }
}

/// A factor that runs straight from `start_factor` to `end_factor` in `total_iters` steps: a warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearLR {
    /// The factor of step 0.
    pub start_factor: f64,
    /// The factor from `total_iters` on.
    pub end_factor: f64,
    /// How long it changes.
    pub total_iters: u64,
}

impl Default for LinearLR {
    fn default() -> LinearLR {
        LinearLR { start_factor: 1.0 / 3.0, end_factor: 1.0, total_iters: 5 }
    }
}

impl Schedule for LinearLR {
    fn lr(&self, base: f64, step: u64) -> f64 {
        let part = step.min(self.total_iters) as f64 / self.total_iters.max(1) as f64;
        base * (self.start_factor + (self.end_factor - self.start_factor) * part)
    }
    fn next(&self, _group: usize, _base: f64, lr: f64, step: u64) -> f64 {
        let rise = self.end_factor - self.start_factor;
        match step {
            0 => lr * self.start_factor,
            _ if step > self.total_iters => lr,
            _ => lr * (1.0 + rise / (self.total_iters as f64 * self.start_factor + (step - 1) as f64 * rise)),
        }
    }
    fn check(&self) -> Result<()> {
        if !(self.start_factor > 0.0 && self.start_factor <= 1.0) {
            return Err(outside("LinearLR", "start_factor", self.start_factor, "above 0 and at most 1"));
        }
        if !(0.0..=1.0).contains(&self.end_factor) {
            return Err(outside("LinearLR", "end_factor", self.end_factor, "at least 0 and at most 1"));
        }
        Ok(())
    }
}

/// `(1 - step / total_iters) ^ power` times the rate, down to 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolynomialLR {
    /// When 0 is reached.
    pub total_iters: u64,
    /// The exponent.
    pub power: f64,
}

impl Default for PolynomialLR {
    fn default() -> PolynomialLR {
        PolynomialLR { total_iters: 5, power: 1.0 }
    }
}

impl Schedule for PolynomialLR {
    fn lr(&self, base: f64, step: u64) -> f64 {
        let part = step.min(self.total_iters) as f64 / self.total_iters.max(1) as f64;
        base * (1.0 - part).powf(self.power)
    }
    fn next(&self, _group: usize, _base: f64, lr: f64, step: u64) -> f64 {
        if step == 0 || step > self.total_iters {
            return lr;
        }
        let rest = |step: u64| 1.0 - step as f64 / self.total_iters as f64;
        lr * (rest(step) / rest(step - 1)).powf(self.power)
    }
    fn check(&self) -> Result<()> {
        not_negative("PolynomialLR", "power", self.power)
    }
}

/// Half a cosine wave from the rate down to `eta_min` in `t_max` steps, and up again if it goes on (Loshchilov and
/// Hutter, 2016, without restarts).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineAnnealingLR {
    /// Half the wave.
    pub t_max: u64,
    /// The lowest rate.
    pub eta_min: f64,
}

impl Schedule for CosineAnnealingLR {
    fn lr(&self, base: f64, step: u64) -> f64 {
        self.eta_min + (base - self.eta_min) * (1.0 + (PI * step as f64 / self.t_max.max(1) as f64).cos()) / 2.0
    }
    fn next(&self, _group: usize, base: f64, lr: f64, step: u64) -> f64 {
        let (t_max, eta_min) = (self.t_max.max(1), self.eta_min);
        let angle = |step: u64| (PI * step as f64 / t_max as f64).cos();
        match step {
            0 => lr,
            // At the foot of the wave the ratio below would be one of zeros.
            _ if step > t_max && (step - 1 - t_max).is_multiple_of(2 * t_max) => {
                lr + (base - eta_min) * (1.0 - (PI / t_max as f64).cos()) / 2.0
            }
            _ => (1.0 + angle(step)) / (1.0 + angle(step - 1)) * (lr - eta_min) + eta_min,
        }
    }
    fn check(&self) -> Result<()> {
        finite("CosineAnnealingLR", "eta_min", self.eta_min)?;
        positive("CosineAnnealingLR", "t_max", self.t_max as f64)
    }
}

/// The rate times a function of the number of steps.
///
/// ```
/// use optim::lr_scheduler::{LambdaLR, Schedule};
/// let warm_up = LambdaLR(|step| (step as f64 / 10.0).min(1.0));
/// assert_eq!(warm_up.lr(0.2, 5), 0.1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LambdaLR<F>(pub F);

impl<F: Fn(u64) -> f64> Schedule for LambdaLR<F> {
    fn lr(&self, base: f64, step: u64) -> f64 {
        base * (self.0)(step)
    }
}
