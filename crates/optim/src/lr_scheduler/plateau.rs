//! A rate that falls when nothing gets better any more.
use super::not_negative;
use crate::{Optimizer, setting::outside};
use files::StateDict;
use tensor_core::{Error, Result, Tensor};

/// What a metric should do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Fall, as a loss.
    #[default]
    Min,
    /// Rise, as an accuracy.
    Max,
}

/// Multiplies the learning rates by `factor` when a metric has not got better for more than `patience` steps.
///
/// ```
/// use optim::{Optimizer, SGD, lr_scheduler::ReduceLROnPlateau};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// # let params = [autograd::Parameter::new(Tensor::ones([2])?)?];
/// let mut optimizer = SGD::new(params, 0.4)?;
/// let mut scheduler = ReduceLROnPlateau { patience: 1, ..Default::default() };
/// for loss in [1.0, 1.0, 1.0] {
///     scheduler.step(loss, &mut optimizer)?;
/// }
/// assert!((optimizer.lr() - 0.04).abs() < 1e-12);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ReduceLROnPlateau {
    /// What the metric should do.
    pub mode: Goal,
    /// By how much the rates shrink.
    pub factor: f64,
    /// Steps without improvement that are borne.
    pub patience: u64,
    /// By how much, relative to the best (or absolutely, see `relative`), the metric must get better to count.
    pub threshold: f64,
    /// Whether `threshold` is relative.
    pub relative: bool,
    /// Steps after a reduction in which nothing is counted.
    pub cooldown: u64,
    /// No rate falls below this one.
    pub min_lr: f64,
    /// Smaller changes are not made.
    pub eps: f64,
    /// Where it stands.
    pub state: PlateauState,
}

/// What [`ReduceLROnPlateau`] remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlateauState {
    best: Option<f64>,
    bad: u64,
    cooling: u64,
}

impl Default for ReduceLROnPlateau {
    fn default() -> ReduceLROnPlateau {
        ReduceLROnPlateau {
            mode: Goal::Min,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            relative: true,
            cooldown: 0,
            min_lr: 0.0,
            eps: 1e-8,
            state: PlateauState::default(),
        }
    }
}

impl ReduceLROnPlateau {
    /// Refuses settings that cannot be meant.
    pub fn check(&self) -> Result<()> {
        const NAME: &str = "ReduceLROnPlateau";
        if !(0.0..1.0).contains(&self.factor) {
            return Err(outside(NAME, "factor", self.factor, "at least 0 and below 1"));
        }
        for (name, value) in [("threshold", self.threshold), ("min_lr", self.min_lr), ("eps", self.eps)] {
            not_negative(NAME, name, value)?;
        }
        Ok(())
    }

    /// Takes note of a metric, and reduces the optimizer's rates if it is time.
    pub fn step(&mut self, metric: f64, optimizer: &mut dyn Optimizer) -> Result<()> {
        self.check()?;
        let state = &mut self.state;
        let better = match (state.best, self.mode, self.relative) {
            (None, ..) => !metric.is_nan(),
            (Some(best), Goal::Min, true) => metric < best * (1.0 - self.threshold),
            (Some(best), Goal::Min, false) => metric < best - self.threshold,
            (Some(best), Goal::Max, true) => metric > best * (1.0 + self.threshold),
            (Some(best), Goal::Max, false) => metric > best + self.threshold,
        };
        if better {
            state.best = Some(metric);
            state.bad = 0;
        } else {
            state.bad += 1;
        }
        if state.cooling > 0 {
            state.cooling -= 1;
            state.bad = 0;
        }
        if state.bad > self.patience {
            let lower = |old: f64| {
                let new = (old * self.factor).max(self.min_lr);
                if old - new > self.eps { new } else { old }
            };
            let lrs: Vec<f64> = optimizer.lrs().into_iter().map(lower).collect();
            optimizer.set_lrs(&lrs);
            state.cooling = self.cooldown;
            state.bad = 0;
        }
        Ok(())
    }

    /// Where it stands, to be saved.
    pub fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        let PlateauState { best, bad, cooling } = self.state;
        dict.insert("best", Tensor::from_slice(&[best.unwrap_or(f64::NAN)], ())?);
        dict.insert("num_bad_epochs", Tensor::from_slice(&[bad as i64], ())?);
        dict.insert("cooldown_counter", Tensor::from_slice(&[cooling as i64], ())?);
        Ok(dict)
    }

    /// Goes on where a saved one stood.
    pub fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        let entry = |name: &str| {
            dict.get(name).ok_or_else(|| Error::new("load_state_dict", format!("a scheduler's state has no {name:?}")))
        };
        let best = entry("best")?.item::<f64>()?;
        self.state = PlateauState {
            best: (!best.is_nan()).then_some(best),
            bad: entry("num_bad_epochs")?.item::<i64>()?.max(0) as u64,
            cooling: entry("cooldown_counter")?.item::<i64>()?.max(0) as u64,
        };
        Ok(())
    }
}
