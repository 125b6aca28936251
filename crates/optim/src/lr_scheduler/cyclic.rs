//! Schedules that go up and down: warm restarts, cycles, the one cycle.
use super::{Schedule, finite, not_negative, positive};
use crate::setting::outside;
use std::f64::consts::PI;
use tensor_core::{Error, Result};

/// Cosine annealing that starts anew after `t_0` steps, then after `t_0 * t_mult`, and so on (Loshchilov and Hutter, 2016).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineAnnealingWarmRestarts {
    /// Steps of the first wave.
    pub t_0: u64,
    /// How much longer each next one is.
    pub t_mult: u64,
    /// The lowest rate.
    pub eta_min: f64,
}

impl Schedule for CosineAnnealingWarmRestarts {
    fn lr(&self, base: f64, step: u64) -> f64 {
        let (mut at, mut length) = (step, self.t_0.max(1));
        if self.t_mult <= 1 {
            at %= length;
        }
        while at >= length {
            at -= length;
            length = length.saturating_mul(self.t_mult);
        }
        self.eta_min + (base - self.eta_min) * (1.0 + (PI * at as f64 / length as f64).cos()) / 2.0
    }
    fn check(&self) -> Result<()> {
        finite("CosineAnnealingWarmRestarts", "eta_min", self.eta_min)?;
        positive("CosineAnnealingWarmRestarts", "t_0", self.t_0 as f64)?;
        positive("CosineAnnealingWarmRestarts", "t_mult", self.t_mult as f64)
    }
}

/// The way between two rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anneal {
    /// Half a cosine wave.
    #[default]
    Cos,
    /// A straight line.
    Linear,
}

impl Anneal {
    fn between(self, start: f64, end: f64, part: f64) -> f64 {
        match self {
            Anneal::Cos => end + (start - end) / 2.0 * (1.0 + (PI * part).cos()),
            Anneal::Linear => (end - start) * part + start,
        }
    }
}

/// Up from `max_lr / div_factor` to `max_lr`, and down to far below the start, in `total_steps` steps; the momentum runs
/// the other way (Smith and Topin, 2017). Step it after every batch. The optimizer's own rate does not matter.
///
/// ```
/// use optim::lr_scheduler::OneCycleLR;
/// let schedule = OneCycleLR { max_lr: 0.1, total_steps: 1000, ..Default::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycleLR {
    /// The highest rate.
    pub max_lr: f64,
    /// How long it all takes.
    pub total_steps: u64,
    /// The part of the steps that go up.
    pub pct_start: f64,
    /// The way between the rates.
    pub anneal_strategy: Anneal,
    /// The lowest and highest momentum; `None` leaves it alone.
    pub momentum: Option<(f64, f64)>,
    /// `max_lr` over the first rate.
    pub div_factor: f64,
    /// The first rate over the last.
    pub final_div_factor: f64,
    /// Down to the first rate as fast as up, and only then below.
    pub three_phase: bool,
}

impl Default for OneCycleLR {
    fn default() -> OneCycleLR {
        OneCycleLR {
            max_lr: 0.1,
            total_steps: 100,
            pct_start: 0.3,
            anneal_strategy: Anneal::Cos,
            momentum: Some((0.85, 0.95)),
            div_factor: 25.0,
            final_div_factor: 1e4,
            three_phase: false,
        }
    }
}

impl OneCycleLR {
    /// Rate and momentum after `step` steps, each on its way between two of `[first, highest, last]`.
    fn at(&self, step: u64, [first, highest, last]: [f64; 3]) -> f64 {
        let total = self.total_steps as f64;
        let up = self.pct_start * total - 1.0;
        let phases: &[(f64, f64, f64)] = if self.three_phase {
            &[(up, first, highest), (2.0 * up, highest, first), (total - 1.0, first, last)]
        } else {
            &[(up, first, highest), (total - 1.0, highest, last)]
        };
        let step = step as f64;
        let mut start = 0.0;
        for (i, &(end, from, to)) in phases.iter().enumerate() {
            if step <= end || i + 1 == phases.len() {
                return self.anneal_strategy.between(from, to, ((step - start) / (end - start)).min(1.0));
            }
            start = end;
        }
        last
    }
}

impl Schedule for OneCycleLR {
    fn lr(&self, _base: f64, step: u64) -> f64 {
        let first = self.max_lr / self.div_factor;
        self.at(step, [first, self.max_lr, first / self.final_div_factor])
    }
    fn momentum(&self, step: u64) -> Option<f64> {
        self.momentum.map(|(low, high)| self.at(step, [high, low, high]))
    }
    fn check(&self) -> Result<()> {
        positive("OneCycleLR", "max_lr", self.max_lr)?;
        positive("OneCycleLR", "total_steps", self.total_steps as f64)?;
        positive("OneCycleLR", "div_factor", self.div_factor)?;
        positive("OneCycleLR", "final_div_factor", self.final_div_factor)?;
        check_momentum("OneCycleLR", self.momentum)?;
        if !(0.0..=1.0).contains(&self.pct_start) {
            return Err(Error::new("OneCycleLR", format!("pct_start is {}, not within 0 and 1", self.pct_start)));
        }
        Ok(())
    }
}

/// Both ends of a cycle of momentum are decays.
fn check_momentum(schedule: &'static str, momentum: Option<(f64, f64)>) -> Result<()> {
    let Some((low, high)) = momentum else { return Ok(()) };
    match [low, high].into_iter().find(|m| !(0.0..1.0).contains(m)) {
        Some(m) => Err(outside(schedule, "momentum", m, "at least 0 and below 1")),
        None => Ok(()),
    }
}

/// How high the peaks of [`CyclicLR`] are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum CycleMode {
    /// All alike.
    #[default]
    Triangular,
    /// Half as high each time.
    Triangular2,
    /// Shrinking by this factor at every step.
    ExpRange(f64),
}

/// Up from `base_lr` to `max_lr` and down again, over and over (Smith, 2015); the momentum runs the other way. The
/// optimizer's own rate does not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CyclicLR {
    /// The lowest rate.
    pub base_lr: f64,
    /// The highest rate.
    pub max_lr: f64,
    /// Steps up.
    pub step_size_up: u64,
    /// Steps down; `None` for as many.
    pub step_size_down: Option<u64>,
    /// How high the peaks are.
    pub mode: CycleMode,
    /// The lowest and highest momentum; `None` leaves it alone.
    pub momentum: Option<(f64, f64)>,
}

impl Default for CyclicLR {
    fn default() -> CyclicLR {
        CyclicLR {
            base_lr: 1e-3,
            max_lr: 0.1,
            step_size_up: 2000,
            step_size_down: None,
            mode: CycleMode::Triangular,
            momentum: Some((0.8, 0.9)),
        }
    }
}

impl CyclicLR {
    /// How far above the lowest value, from 0 to 1.
    fn height(&self, step: u64) -> f64 {
        let up = self.step_size_up as f64;
        let total = up + self.step_size_down.map_or(up, |down| down as f64);
        let cycle = (1.0 + step as f64 / total).floor();
        let x = 1.0 + step as f64 / total - cycle;
        let ratio = up / total;
        let triangle = if x <= ratio { x / ratio } else { (x - 1.0) / (ratio - 1.0) };
        triangle
            * match self.mode {
                CycleMode::Triangular => 1.0,
                CycleMode::Triangular2 => 0.5f64.powf(cycle - 1.0),
                CycleMode::ExpRange(gamma) => gamma.powf(step as f64),
            }
    }
}

impl Schedule for CyclicLR {
    fn lr(&self, _base: f64, step: u64) -> f64 {
        self.base_lr + (self.max_lr - self.base_lr) * self.height(step)
    }
    fn momentum(&self, step: u64) -> Option<f64> {
        self.momentum.map(|(low, high)| high - (high - low) * self.height(step))
    }
    fn check(&self) -> Result<()> {
        not_negative("CyclicLR", "base_lr", self.base_lr)?;
        not_negative("CyclicLR", "max_lr", self.max_lr)?;
        check_momentum("CyclicLR", self.momentum)?;
        if let CycleMode::ExpRange(gamma) = self.mode {
            not_negative("CyclicLR", "gamma", gamma)?;
        }
        positive("CyclicLR", "step_size_up", self.step_size_up as f64)?;
        self.step_size_down.map_or(Ok(()), |down| positive("CyclicLR", "step_size_down", down as f64))
    }
}
