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

    /// The learning rate after `step` steps where it was `lr` one step before (at step 0: as the schedules before this one
    /// in a chain have left it). It differs from [`Schedule::lr_of`] where somebody else changes the rate, too: a schedule
    /// that says only by how much a rate changes gives `lr` times that. One that does not implement this sets what
    /// [`Schedule::lr_of`] says, whatever the rate was; so do PyTorch's `LambdaLR`, cycles and restarts.
    fn next(&self, group: usize, base: f64, _lr: f64, step: u64) -> f64 {
        self.lr_of(group, base, step)
    }

    /// The learning rate where this schedule takes over, in a sequence, from another that has left it at `lr`: that of its
    /// step 0.
    fn takes_over(&self, group: usize, base: f64, _lr: f64) -> f64 {
        self.lr_of(group, base, 0)
    }

    /// Whether [`Schedule::next`] is all there is: the rate of a step is not known without those before.
    fn recurs(&self) -> bool {
        false
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
        let base = optimizer.lrs();
        let drifts = self.recurs();
        let mut scheduler = Scheduler { schedule: self, lrs: base.clone(), base, step: 0, drifts };
        scheduler.lrs = scheduler.turned(&scheduler.base);
        scheduler.apply(optimizer);
        Ok(scheduler)
    }
}

/// A schedule on its way. [`Schedule::schedule`] starts it.
///
/// Where the optimizer's rates are not those that the scheduler has set, because the user or another scheduler changed
/// them, it goes on from theirs, as PyTorch's do: see [`Schedule::next`].
#[derive(Clone, Debug)]
pub struct Scheduler<S> {
    schedule: S,
    base: Vec<f64>,
    /// The rates of now.
    lrs: Vec<f64>,
    step: u64,
    /// Whether each rate follows from the one before: somebody else has changed it, or the schedule knows no other way.
    drifts: bool,
}

impl<S: Schedule> Scheduler<S> {
    /// Goes one step on and sets the optimizer's learning rates; call it after the optimizer's own step (or after an
    /// epoch of them, as the schedule counts).
    pub fn step(&mut self, optimizer: &mut dyn Optimizer) {
        self.step += 1;
        let before = optimizer.lrs();
        self.drifts |= before != self.lrs;
        self.lrs = self.turned(&before);
        self.apply(optimizer);
    }

    /// The learning rates of now.
    pub fn lrs(&self) -> Vec<f64> {
        self.lrs.clone()
    }

    /// The number of steps so far.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// The rates of this step, from those of the last one or by themselves.
    fn turned(&self, before: &[f64]) -> Vec<f64> {
        let groups = self.base.iter().zip(before).enumerate();
        let lr = |(group, (&base, &lr))| {
            if self.drifts {
                self.schedule.next(group, base, lr, self.step)
            } else {
                self.schedule.lr_of(group, base, self.step)
            }
        };
        groups.map(lr).collect()
    }

    fn apply(&self, optimizer: &mut dyn Optimizer) {
        optimizer.set_lrs(&self.lrs);
        if let Some(momentum) = self.schedule.momentum(self.step) {
            optimizer.set_momentum(momentum);
        }
    }

    /// Where the schedule stands, to be saved.
    pub fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        dict.insert("step", Tensor::from_slice(&[self.step as i64], ())?);
        dict.insert("base_lrs", Tensor::from_slice(&self.base, [self.base.len()])?);
        dict.insert("drifts", Tensor::from_slice(&[self.drifts], ())?);
        dict.insert("_last_lr", Tensor::from_slice(&self.lrs, [self.lrs.len()])?);
        Ok(dict)
    }

    /// Goes on where a saved schedule stood; its settings are those of this one. The rates are the optimizer's to load.
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
        let step = entry("step")?.item::<i64>()?.max(0) as u64;
        let lrs = match dict.get("_last_lr") {
            Some(lrs) if lrs.numel() == base.len() => lrs.to_vec::<f64>()?,
            _ => base.iter().enumerate().map(|(i, &base)| self.schedule.lr_of(i, base, step)).collect(),
        };
        self.drifts = self.schedule.recurs() || dict.get("drifts").map_or(Ok(false), Tensor::item)?;
        (self.step, self.base, self.lrs) = (step, base, lrs);
        Ok(())
    }
}

/// A setting that must be a number.
fn finite(schedule: &'static str, name: &str, value: f64) -> Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::new(schedule, format!("{name} is {value}, and must be a number")))
}

/// A setting that must be a number of at least 0.
fn not_negative(schedule: &'static str, name: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Error::new(schedule, format!("{name} is {value}, and must be a number of at least 0")))
}

/// A setting that must be positive.
fn positive(schedule: &'static str, name: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::new(schedule, format!("{name} is {value}, and must be positive")))
}
