//! Schedules made of schedules, and the one that multiplies step by step.
use super::Schedule;
use tensor_core::{Error, Result};

impl Schedule for Box<dyn Schedule> {
    fn lr(&self, base: f64, step: u64) -> f64 {
        (**self).lr(base, step)
    }
    fn lr_of(&self, group: usize, base: f64, step: u64) -> f64 {
        (**self).lr_of(group, base, step)
    }
    fn next(&self, group: usize, base: f64, lr: f64, step: u64) -> f64 {
        (**self).next(group, base, lr, step)
    }
    fn takes_over(&self, group: usize, base: f64, lr: f64) -> f64 {
        (**self).takes_over(group, base, lr)
    }
    fn recurs(&self) -> bool {
        (**self).recurs()
    }
    fn momentum(&self, step: u64) -> Option<f64> {
        (**self).momentum(step)
    }
    fn check(&self) -> Result<()> {
        (**self).check()
    }
}

/// The rate multiplied by a function of the number of steps, again at every step: `base f(1) f(2) .. f(step)`.
///
/// ```
/// use optim::lr_scheduler::{MultiplicativeLR, Schedule};
/// assert_eq!(MultiplicativeLR(|_| 0.5).lr(0.8, 3), 0.1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MultiplicativeLR<F>(pub F);

impl<F: Fn(u64) -> f64> Schedule for MultiplicativeLR<F> {
    fn lr(&self, base: f64, step: u64) -> f64 {
        (1..=step).fold(base, |lr, step| lr * (self.0)(step))
    }
    fn next(&self, _group: usize, _base: f64, lr: f64, step: u64) -> f64 {
        if step == 0 { lr } else { lr * (self.0)(step) }
    }
    fn takes_over(&self, _group: usize, _base: f64, lr: f64) -> f64 {
        lr * (self.0)(0)
    }
    fn recurs(&self) -> bool {
        true
    }
}

/// One schedule after the other, each counting its own steps from 0: schedule `i + 1` begins at `milestones[i]`.
///
/// ```
/// use optim::lr_scheduler::{CosineAnnealingLR, LinearLR, Schedule, SequentialLR};
/// # fn main() -> tensor_core::Result<()> {
/// let schedule = SequentialLR {
///     schedulers: vec![
///         Box::new(LinearLR { start_factor: 0.1, end_factor: 1.0, total_iters: 10 }), // a warm-up
///         Box::new(CosineAnnealingLR { t_max: 90, eta_min: 0.0 }),
///     ],
///     milestones: vec![10],
/// };
/// schedule.check()?;
/// assert_eq!(schedule.lr(1.0, 10), 1.0);
/// # Ok(()) }
/// ```
pub struct SequentialLR {
    /// The schedules.
    pub schedulers: Vec<Box<dyn Schedule>>,
    /// Where the second and each later one begins.
    pub milestones: Vec<u64>,
}

impl std::fmt::Debug for SequentialLR {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SequentialLR of {} schedules, from {:?}", self.schedulers.len(), self.milestones)
    }
}

impl SequentialLR {
    /// The schedule of a step, and the step as it counts.
    fn at(&self, step: u64) -> Option<(&dyn Schedule, u64)> {
        let past = self.milestones.iter().filter(|m| **m <= step).count();
        let index = past.min(self.schedulers.len().saturating_sub(1));
        let begin = if index == 0 { 0 } else { self.milestones[index - 1] };
        self.schedulers.get(index).map(|s| (&**s, step - begin))
    }
}

impl Schedule for SequentialLR {
    fn lr(&self, base: f64, step: u64) -> f64 {
        self.lr_of(0, base, step)
    }
    fn lr_of(&self, group: usize, base: f64, step: u64) -> f64 {
        // A schedule that only multiplies goes on from where the one before it ended.
        let mut lr = base;
        if self.recurs() {
            return (0..=step).fold(base, |lr, step| self.next(group, base, lr, step));
        }
        if let Some((schedule, step)) = self.at(step) {
            lr = schedule.lr_of(group, base, step);
        }
        lr
    }
    fn next(&self, group: usize, base: f64, lr: f64, step: u64) -> f64 {
        match self.at(step) {
            Some((schedule, 0)) if step > 0 => schedule.takes_over(group, base, lr),
            Some((schedule, step)) => schedule.next(group, base, lr, step),
            None => lr,
        }
    }
    fn recurs(&self) -> bool {
        self.schedulers.iter().any(|s| s.recurs())
    }
    fn momentum(&self, step: u64) -> Option<f64> {
        self.at(step).and_then(|(schedule, step)| schedule.momentum(step))
    }
    fn check(&self) -> Result<()> {
        let (schedules, milestones) = (self.schedulers.len(), self.milestones.len());
        if schedules != milestones + 1 {
            return Err(Error::new("SequentialLR", format!("{schedules} schedules and {milestones} milestones"))
                .hint("there must be one milestone less than schedules"));
        }
        if !self.milestones.is_sorted() {
            return Err(Error::new("SequentialLR", format!("the milestones {:?} do not rise", self.milestones)));
        }
        self.schedulers.iter().try_for_each(|s| s.check())
    }
}

/// Schedules at the same time: in every step each changes the rate that those before it have left, as
/// [`Schedule::next`] says. Those that only say by how much a rate changes multiply; one that sets it (`LambdaLR`, cycles,
/// restarts) undoes those before it.
///
/// ```
/// use optim::lr_scheduler::{ChainedScheduler, ConstantLR, ExponentialLR, Schedule};
/// let schedule = ChainedScheduler {
///     schedulers: vec![
///         Box::new(ConstantLR { factor: 0.1, total_iters: 2 }),
///         Box::new(ExponentialLR { gamma: 0.5 }),
///     ],
/// };
/// assert_eq!(schedule.lr(1.0, 2), 0.25);
/// ```
pub struct ChainedScheduler {
    /// The schedules.
    pub schedulers: Vec<Box<dyn Schedule>>,
}

impl std::fmt::Debug for ChainedScheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChainedScheduler of {} schedules", self.schedulers.len())
    }
}

impl Schedule for ChainedScheduler {
    fn lr(&self, base: f64, step: u64) -> f64 {
        self.lr_of(0, base, step)
    }
    fn lr_of(&self, group: usize, base: f64, step: u64) -> f64 {
        (0..=step).fold(base, |lr, step| self.next(group, base, lr, step))
    }
    fn next(&self, group: usize, base: f64, lr: f64, step: u64) -> f64 {
        self.schedulers.iter().fold(lr, |lr, schedule| schedule.next(group, base, lr, step))
    }
    fn recurs(&self) -> bool {
        true
    }
    fn momentum(&self, step: u64) -> Option<f64> {
        self.schedulers.iter().filter_map(|s| s.momentum(step)).next_back()
    }
    fn check(&self) -> Result<()> {
        if self.schedulers.is_empty() {
            return Err(Error::new("ChainedScheduler", "got no schedules"));
        }
        self.schedulers.iter().try_for_each(|s| s.check())
    }
}

/// A schedule of its own for each group of parameters; groups beyond the last have the last.
///
/// ```
/// use optim::lr_scheduler::{PerGroup, Schedule, StepLR};
/// let schedule = PerGroup(vec![StepLR { step_size: 1, gamma: 0.5 }, StepLR { step_size: 2, gamma: 0.5 }]);
/// assert_eq!((schedule.lr_of(0, 1.0, 2), schedule.lr_of(1, 1.0, 2)), (0.25, 0.5));
/// ```
#[derive(Clone, Debug)]
pub struct PerGroup<S>(pub Vec<S>);

impl<S: Schedule> Schedule for PerGroup<S> {
    fn lr(&self, base: f64, step: u64) -> f64 {
        self.lr_of(0, base, step)
    }
    fn lr_of(&self, group: usize, base: f64, step: u64) -> f64 {
        self.0.get(group).or(self.0.last()).map_or(base, |s| s.lr_of(group, base, step))
    }
    fn next(&self, group: usize, base: f64, lr: f64, step: u64) -> f64 {
        self.0.get(group).or(self.0.last()).map_or(lr, |s| s.next(group, base, lr, step))
    }
    fn recurs(&self) -> bool {
        self.0.iter().any(Schedule::recurs)
    }
    fn momentum(&self, step: u64) -> Option<f64> {
        self.0.first().and_then(|s| s.momentum(step))
    }
    fn check(&self) -> Result<()> {
        if self.0.is_empty() {
            return Err(Error::new("PerGroup", "got no schedules"));
        }
        self.0.iter().try_for_each(Schedule::check)
    }
}
