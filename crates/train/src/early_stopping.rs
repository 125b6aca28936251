//! Stopping when a training no longer gets better.

/// Whether a measure should fall or rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Better {
    /// As a loss.
    #[default]
    Lower,
    /// As an accuracy.
    Higher,
}

/// Says when a measure has not improved by more than `min_delta` for `patience` epochs.
///
/// ```
/// use train::{Better, EarlyStopping};
/// let mut stopping = EarlyStopping::new(2, Better::Lower);
/// let losses = [0.9, 0.5, 0.6, 0.4, 0.45, 0.41, 0.3];
/// let last = losses.iter().position(|&loss| stopping.update(loss));
/// assert_eq!(last, Some(5)); // twice no better than 0.4
/// assert_eq!((stopping.best(), stopping.best_epoch()), (Some(0.4), Some(3)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyStopping {
    /// So many epochs without improvement are one too many.
    pub patience: usize,
    /// What is better by no more than this does not count.
    pub min_delta: f64,
    better: Better,
    best: Option<f64>,
    best_epoch: Option<usize>,
    epochs: usize,
    waited: usize,
}

impl EarlyStopping {
    /// With a `min_delta` of 0.
    pub fn new(patience: usize, better: Better) -> EarlyStopping {
        EarlyStopping { patience, min_delta: 0.0, better, best: None, best_epoch: None, epochs: 0, waited: 0 }
    }

    /// Hears of an epoch's measure, and says whether to stop. One that is not a number is no improvement.
    pub fn update(&mut self, value: f64) -> bool {
        let improved = match (self.best, self.better) {
            (None, _) => !value.is_nan(),
            (Some(best), Better::Lower) => value < best - self.min_delta,
            (Some(best), Better::Higher) => value > best + self.min_delta,
        };
        if improved {
            (self.best, self.best_epoch, self.waited) = (Some(value), Some(self.epochs), 0);
        } else {
            self.waited += 1;
        }
        self.epochs += 1;
        self.waited >= self.patience.max(1)
    }

    /// Whether the last epoch was the best so far: the moment to save a checkpoint.
    pub fn is_best(&self) -> bool {
        self.best.is_some() && self.waited == 0
    }
    /// The best measure so far.
    pub fn best(&self) -> Option<f64> {
        self.best
    }
    /// The epoch of the best measure, counted from 0.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best_epoch
    }
}
