//! Cross entropy of a linear layer's output.
use super::{CrossEntropyLoss, Loss, Reduction};
use crate::{Buffer, Linear, LinearOptions, Module, functional, scope_with};
use tensor_core::{Error, Result, Tensor};

/// Settings of [`LinearCrossEntropyLoss`].
#[derive(Clone, Debug, Default)]
pub struct LinearCrossEntropyOptions {
    /// Sizes behind the classes, for several targets per sample.
    pub out_features: Vec<usize>,
    /// Whether the linear layer adds a bias.
    pub bias: bool,
    /// What becomes of the losses of single targets.
    pub reduction: Reduction,
    /// `[C]`: how much each class counts.
    pub weight: Option<Tensor>,
    /// Targets with this id are left out; -100 where `None`.
    pub ignore_index: Option<i64>,
    /// The share, from 0 to 1, of every target that is spread over all classes.
    pub label_smoothing: f64,
}

/// A linear layer and [`CrossEntropyLoss`] of what it gives: the head of a classifier with its loss.
///
/// # Shapes
/// `input`: `[N, in]` or `[in]`; `target`: class ids `[N, *out_features]` or `[]`, or probabilities
/// `[N, C, *out_features]` or `[C]`; result: `[]`, or one loss per target without reduction.
///
/// ```
/// use nn::loss::LinearCrossEntropyLoss;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let head = LinearCrossEntropyLoss::new(5, 10)?;
/// let loss = head.forward(&Tensor::zeros([2, 5])?, &Tensor::from_slice(&[3i64, 7], [2])?)?;
/// assert!((loss.item::<f64>()? - 10f64.ln()).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Module)]
pub struct LinearCrossEntropyLoss {
    /// `[C]`: how much each class counts.
    pub weight: Option<Buffer>,
    /// From the features to the classes.
    pub linear: Linear,
    num_classes: usize,
    #[module(plain)]
    options: LinearCrossEntropyOptions,
}

impl LinearCrossEntropyLoss {
    /// From `in_features` to `num_classes`.
    pub fn new(in_features: usize, num_classes: usize) -> Result<LinearCrossEntropyLoss> {
        LinearCrossEntropyLoss::with_options(in_features, num_classes, LinearCrossEntropyOptions::default())
    }

    /// The same with settings.
    pub fn with_options(
        in_features: usize,
        num_classes: usize,
        mut options: LinearCrossEntropyOptions,
    ) -> Result<LinearCrossEntropyLoss> {
        let outputs = options.out_features.iter().try_fold(num_classes, |n, &size| n.checked_mul(size));
        let outputs = outputs.ok_or_else(|| Error::new("LinearCrossEntropyLoss::new", "too many outputs"))?;
        let weight = options.weight.take().map(Buffer::new).transpose()?;
        let linear = Linear::with_options(in_features, outputs, LinearOptions { bias: options.bias })?;
        Ok(LinearCrossEntropyLoss { weight, linear, num_classes, options })
    }

    /// The loss of what the linear layer makes of `input`.
    pub fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        scope_with(self, input, |input| {
            let logits = functional::linear(input, &self.linear.weight, self.linear.bias.as_deref())?;
            let lead = &input.shape()[..input.dim().saturating_sub(1)];
            let shape = [lead, &[self.num_classes], &self.options.out_features[..]].concat();
            let loss = CrossEntropyLoss {
                weight: self.weight.as_ref().map(|w| w.detach()),
                ignore_index: self.options.ignore_index.unwrap_or(super::classes::IGNORE_INDEX),
                reduction: self.options.reduction,
                label_smoothing: self.options.label_smoothing,
            };
            loss.forward(&logits.reshape(shape)?, target)
        })
    }
}
