//! Learning rates that change over a training: PyTorch's schedules, each a function of the number of steps.
//!
//! ```
//! use optim::{Optimizer, SGD, lr_scheduler::{Schedule, Scheduler, StepLR}};
//! # use tensor_core::{Result, Tensor};
//! # fn main() -> Result<()> {
//! # let params = [autograd::Parameter::new(Tensor::ones([2])?)?];
//! let mut optimizer = SGD::new(params, 0.4)?;
//! let mut scheduler = StepLR { step_size: 2, gamma: 0.5 }.schedule(&mut optimizer)?;
//! let mut lrs = Vec::new();
//! for _epoch in 0..5 {
//!     lrs.push(optimizer.lr());
//!     // ... the epoch's steps ...
//!     scheduler.step(&mut optimizer);
//! }
//! assert_eq!(lrs, [0.4, 0.4, 0.2, 0.2, 0.1]);
//! # Ok(()) }
//! ```
mod composed;
mod cyclic;
mod decay;
mod plateau;

pub use composed::{ChainedScheduler, MultiplicativeLR, PerGroup, SequentialLR};
pub use cyclic::{Anneal, CosineAnnealingWarmRestarts, CycleMode, CyclicLR, OneCycleLR};
pub use decay::{ConstantLR, CosineAnnealingLR, ExponentialLR, LambdaLR, LinearLR, MultiStepLR, PolynomialLR, StepLR};
pub use plateau::{Goal, PlateauState, ReduceLROnPlateau};

use crate::Optimizer;
use files::StateDict;
use tensor_core::{Error, Result, Tensor};

/// The learning rate as a function of the number of steps. Implement it for schedules of your own.
pub trait Schedule {
    /// The learning rate after `step` steps of the scheduler, for a group whose rate was `base` at the start.
    fn lr(&self, base: f64, step: u64) -> f64;

    /// The same for the group of this number, where a schedule tells groups apart.
    fn lr_of(&self, _group: usize, base: f64, step: u64) -> f64 {
        self.lr(base, step)
    }

    /// The momentum after `step` steps, where the schedule changes it too.
    fn momentum(&self, _step: u64) -> Option<f64> {
        None
    }

    /// Refuses settings that cannot be meant.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Starts the schedule: takes the optimizer's learning rates as base, and sets those of step 0.
    fn schedule(self, optimizer: &mut dyn Optimizer) -> Result<Scheduler<Self>>
    where
        Self: Sized,
    {
        self.check()?;
        let scheduler = Scheduler { schedule: self, base: optimizer.lrs(), step: 0 };
        scheduler.apply(optimizer);
        Ok(scheduler)
    }
}

/// A schedule on its way. [`Schedule::schedule`] starts it.
#[derive(Clone, Debug)]
pub struct Scheduler<S> {
    schedule: S,
    base: Vec<f64>,
    step: u64,
}

impl<S: Schedule> Scheduler<S> {
    /// Goes one step on and sets the optimizer's learning rates; call it after the optimizer's own step (or after an
    /// epoch of them, as the schedule counts).
    pub fn step(&mut self, optimizer: &mut dyn Optimizer) {
        self.step += 1;
        self.apply(optimizer);
    }

    /// The learning rates of now.
    pub fn lrs(&self) -> Vec<f64> {
        self.base.iter().enumerate().map(|(i, &base)| self.schedule.lr_of(i, base, self.step)).collect()
    }

    /// The number of steps so far.
    pub fn steps(&self) -> u64 {
        self.step
    }

    fn apply(&self, optimizer: &mut dyn Optimizer) {
        optimizer.set_lrs(&self.lrs());
        if let Some(momentum) = self.schedule.momentum(self.step) {
            optimizer.set_momentum(momentum);
        }
    }

    /// Where the schedule stands, to be saved.
    pub fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        dict.insert("step", Tensor::from_slice(&[self.step as i64], ())?);
        dict.insert("base_lrs", Tensor::from_slice(&self.base, [self.base.len()])?);
        Ok(dict)
    }

    /// Goes on where a saved schedule stood; its settings are those of this one.
    pub fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        let entry = |name: &str| {
            dict.get(name).ok_or_else(|| Error::new("load_state_dict", format!("a scheduler's state has no {name:?}")))
        };
        let base = entry("base_lrs")?.to_vec::<f64>()?;
        if base.len() != self.base.len() {
            return Err(Error::new(
                "load_state_dict",
                format!("the saved schedule drove {} groups, this optimizer has {}", base.len(), self.base.len()),
            ));
        }
        self.step = entry("step")?.item::<i64>()?.max(0) as u64;
        self.base = base;
        Ok(())
    }
}

/// A setting that must be positive.
fn positive(schedule: &'static str, name: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::new(schedule, format!("{name} is {value}, and must be positive")))
}
