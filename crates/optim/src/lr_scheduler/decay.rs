//! Schedules that run from one rate to another.
use super::{Schedule, positive};
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
    fn check(&self) -> Result<()> {
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
        if step < self.total_iters { base * self.factor } else { base }
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
    fn check(&self) -> Result<()> {
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
