//! Losses: how far an output is from its target. A struct holds the settings, `forward` computes; the functions of the
//! same names in [`crate::functional`] are the default settings.
mod adaptive;
mod classes;
mod ctc;
mod distributions;
mod elementwise;
pub(crate) mod functions;
mod linear_cross_entropy;
mod margins;
mod multilabel;
mod triplet;

pub use adaptive::{AdaptiveLogSoftmaxOptions, AdaptiveLogSoftmaxWithLoss};
pub use classes::{CrossEntropyLoss, NLLLoss};
pub use ctc::{CTCLoss, lengths};
pub use distributions::{BCELoss, BCEWithLogitsLoss, GaussianNLLLoss, KLDivLoss, PoissonNLLLoss};
pub use elementwise::{HuberLoss, L1Loss, MSELoss, SmoothL1Loss};
pub use linear_cross_entropy::{LinearCrossEntropyLoss, LinearCrossEntropyOptions};
pub use margins::{
    CosineEmbeddingLoss, HingeEmbeddingLoss, MarginRankingLoss, MultiLabelSoftMarginLoss, MultiMarginLoss,
    SoftMarginLoss, TripletMarginLoss,
};
pub use multilabel::MultiLabelMarginLoss;
pub use triplet::TripletMarginWithDistanceLoss;

use tensor_core::{Error, Result, Tensor, watch};

/// A loss of an output and its target. Implement it for losses of your own.
///
/// ```
/// use nn::loss::{Loss, MSELoss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let criterion = MSELoss::default();
/// let loss = criterion.forward(&Tensor::ones([3])?, &Tensor::zeros([3])?)?;
/// assert_eq!(loss.item::<f32>()?, 1.0);
/// # Ok(()) }
/// ```
pub trait Loss {
    /// The loss of `input` (what a model gave) with respect to `target`.
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor>;
}

/// What becomes of the losses of single elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Their average (weighted, where a loss has weights).
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Their sum divided by the size of the first dim: the mathematical mean of a divergence over a batch.
    BatchMean,
    /// Each by itself.
    None,
}

impl Reduction {
    /// Reduces a loss per element.
    pub(crate) fn of(self, losses: Tensor) -> Result<Tensor> {
        match self {
            Reduction::Mean => losses.mean(),
            Reduction::Sum => losses.sum(),
            Reduction::BatchMean => {
                let batch = losses.shape().first().copied().unwrap_or(1);
                losses.sum()?.div(batch as f64)
            }
            Reduction::None => Ok(losses),
        }
    }
}

impl std::str::FromStr for Reduction {
    type Err = Error;
    /// Reads PyTorch's names: `mean`, `sum`, `batchmean`, `none`.
    fn from_str(name: &str) -> Result<Reduction> {
        Ok(match name {
            "mean" => Reduction::Mean,
            "sum" => Reduction::Sum,
            "batchmean" => Reduction::BatchMean,
            "none" => Reduction::None,
            _ => {
                return Err(Error::new("reduction", format!("unknown reduction {name:?}"))
                    .hint("one of mean, sum, batchmean, none"));
            }
        })
    }
}

/// Tells whoever watches that a loss is about to be computed.
fn tell(name: &'static str, input: &Tensor, target: &Tensor) {
    watch::tell(watch::Event::Loss { name, input, target });
}

/// Refuses to broadcast: `[N]` against `[N, 1]` would silently become the loss of all pairs.
pub(crate) fn same_shape(op: &'static str, input: &Tensor, target: &Tensor) -> Result<()> {
    if input.shape() == target.shape() {
        tell(op, input, target);
        return Ok(());
    }
    let squeezed = |t: &Tensor| t.shape().iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
    let error = Error::new(op, "input and target have different shapes").operands([input, target]);
    Err(if squeezed(input) == squeezed(target) {
        error.hint("they differ in dims of size 1: unsqueeze_dim, squeeze_dim or reshape one of them")
    } else {
        error.hint("a loss does not broadcast; expand one of them if that is meant")
    })
}

/// A setting that has to be a finite number of at least `least`.
pub(crate) fn setting(op: &'static str, name: &str, value: f64, least: f64) -> Result<()> {
    if value.is_finite() && value >= least {
        return Ok(());
    }
    Err(Error::new(op, format!("{name} is {value}, and must be a number of at least {least}")))
}
