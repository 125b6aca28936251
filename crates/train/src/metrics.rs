//! Averages over batches of different sizes.
mod confusion;

pub use confusion::{Average, ConfusionMatrix};

use tensor_core::{DType, Error, Result, Tensor, no_grad};

fn class_ids(op: &'static str, target: &Tensor) -> Result<()> {
    if target.dtype().is_int() {
        return Ok(());
    }
    Err(Error::new(op, "targets must be integer class ids").operands([target]))
}

/// Scores of each class, and one id for each row.
fn scores_and_ids(op: &'static str, scores: &Tensor, target: &Tensor) -> Result<()> {
    let fits = matches!((scores.shape(), target.shape()), ([n, _], [m]) if n == m);
    if !fits {
        return Err(Error::new(op, "needs scores [N, C] and class ids [N]").operands([scores, target]));
    }
    class_ids(op, target)
}

/// A weighted mean: of the losses of batches, each counted by its number of samples.
///
/// ```
/// use train::Mean;
/// let mut loss = Mean::new();
/// loss.update(1.0, 64);
/// loss.update(4.0, 32); // the last batch is smaller
/// assert_eq!(loss.value(), 2.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    weight: f64,
}

impl Mean {
    /// Of nothing yet.
    pub fn new() -> Mean {
        Mean::default()
    }
    /// Counts `value` for `samples` samples.
    pub fn update(&mut self, value: f64, samples: usize) {
        self.sum += value * samples as f64;
        self.weight += samples as f64;
    }
    /// The mean so far; NaN of nothing.
    pub fn value(&self) -> f64 {
        self.sum / self.weight
    }
    /// The number of samples so far.
    pub fn samples(&self) -> usize {
        self.weight as usize
    }
}

/// The share of samples whose highest score is that of their class.
///
/// ```
/// use train::Accuracy;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let mut accuracy = Accuracy::new();
/// let scores = Tensor::from_slice(&[0.9f32, 0.1, 0.2, 0.8], [2, 2])?;
/// accuracy.update(&scores, &Tensor::from_slice(&[0i64, 0], [2])?)?;
/// assert_eq!(accuracy.value(), 0.5);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Accuracy {
    right: usize,
    all: usize,
}

impl Accuracy {
    /// Of nothing yet.
    pub fn new() -> Accuracy {
        Accuracy::default()
    }

    /// Counts a batch: scores (logits, probabilities, or their logarithms) `[N, C]` and class ids `[N]`. Returns the
    /// number of samples that are right.
    pub fn update(&mut self, scores: &Tensor, target: &Tensor) -> Result<usize> {
        scores_and_ids("accuracy", scores, target)?;
        let _unrecorded = no_grad();
        let all = target.numel();
        let right = if all == 0 {
            0
        } else {
            let guess = scores.argmax(Some(1), tensor_core::DROP)?;
            guess.eq(&target.to_dtype(DType::I64)?)?.sum()?.item::<i64>()? as usize
        };
        self.right += right;
        self.all += all;
        Ok(right)
    }

    /// The share so far, from 0 to 1; NaN of nothing.
    pub fn value(&self) -> f64 {
        self.right as f64 / self.all as f64
    }
    /// How many were right so far.
    pub fn right(&self) -> usize {
        self.right
    }
    /// The number of samples so far.
    pub fn samples(&self) -> usize {
        self.all
    }
}

/// The share of samples whose class is among the `k` highest scores.
///
/// ```
/// use train::TopK;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let mut top = TopK::new(2);
/// let scores = Tensor::from_slice(&[0.5f32, 0.3, 0.2, 0.1, 0.2, 0.7], [2, 3])?;
/// top.update(&scores, &Tensor::from_slice(&[1i64, 0], [2])?)?;
/// assert_eq!(top.value(), 0.5);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopK {
    k: usize,
    right: usize,
    all: usize,
}

impl TopK {
    /// Of nothing yet; a `k` of 0 counts as 1.
    pub fn new(k: usize) -> TopK {
        TopK { k: k.max(1), right: 0, all: 0 }
    }

    /// Counts a batch: scores `[N, C]` and class ids `[N]`. Returns the number of samples that are right. With fewer than
    /// `k` classes all are.
    pub fn update(&mut self, scores: &Tensor, target: &Tensor) -> Result<usize> {
        scores_and_ids("top_k", scores, target)?;
        let _unrecorded = no_grad();
        let (n, classes) = (scores.shape()[0], scores.shape()[1]);
        let right = if n == 0 || classes == 0 {
            0
        } else {
            let (_, best) = scores.detach().topk(self.k.min(classes), 1, true)?;
            let target = target.to_dtype(DType::I64)?.unsqueeze(1)?;
            best.eq(&target)?.any_dim(1, tensor_core::DROP)?.sum()?.item::<i64>()? as usize
        };
        self.right += right;
        self.all += n;
        Ok(right)
    }

    /// The share so far, from 0 to 1; NaN of nothing.
    pub fn value(&self) -> f64 {
        self.right as f64 / self.all as f64
    }
    /// The number of samples so far.
    pub fn samples(&self) -> usize {
        self.all
    }
}
