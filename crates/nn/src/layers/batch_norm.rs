//! Batch normalisation, with running statistics for evaluation.
use crate::{Buffer, Forward, Mode, Module, Parameter, scope};
use tensor_core::{Error, Result, Tensor};

/// Settings of [`BatchNorm1d`] and [`BatchNorm2d`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormOptions {
    /// Added to the variance before its root is taken.
    pub eps: f64,
    /// The share of each batch in the running statistics; `None` for the plain average of all batches.
    pub momentum: Option<f64>,
    /// Whether to learn a weight and a bias per channel.
    pub affine: bool,
    /// Whether to keep running statistics; without them, evaluation too uses the batch's own.
    pub track_running_stats: bool,
}

impl Default for BatchNormOptions {
    fn default() -> BatchNormOptions {
        BatchNormOptions { eps: 1e-5, momentum: Some(0.1), affine: true, track_running_stats: true }
    }
}

macro_rules! batch_norm {
    ($(#[$doc:meta])* $Name:ident, $ranks:expr, $shapes:expr, $other_rank:literal => $other:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// `[C]`
            pub weight: Option<Parameter>,
            /// `[C]`
            pub bias: Option<Parameter>,
            /// `[C]`
            pub running_mean: Option<Buffer>,
            /// `[C]`, unbiased.
            pub running_var: Option<Buffer>,
            /// `[]`, `i64`
            pub num_batches_tracked: Option<Buffer>,
            /// Added to the variance before its root is taken.
            pub eps: f64,
            /// The share of each batch in the running statistics; `None` for the plain average of all batches.
            pub momentum: Option<f64>,
            /// Whether the batch's statistics are used and tracked.
            pub mode: Mode,
        }

        impl $Name {
            /// For inputs of `num_features` channels.
            pub fn new(num_features: usize) -> Result<$Name> {
                $Name::with_options(num_features, BatchNormOptions::default())
            }

            /// The same with settings.
            pub fn with_options(num_features: usize, options: BatchNormOptions) -> Result<$Name> {
                let ones = || Tensor::ones([num_features]);
                let zeros = || Tensor::zeros([num_features]);
                let (affine, track) = (options.affine, options.track_running_stats);
                Ok($Name {
                    weight: affine.then(|| Parameter::new(ones()?)).transpose()?,
                    bias: affine.then(|| Parameter::new(zeros()?)).transpose()?,
                    running_mean: track.then(|| Buffer::new(zeros()?)).transpose()?,
                    running_var: track.then(|| Buffer::new(ones()?)).transpose()?,
                    num_batches_tracked: track
                        .then(|| Buffer::new(Tensor::from_slice(&[0i64], ())?))
                        .transpose()?,
                    eps: options.eps,
                    momentum: options.momentum,
                    mode: Mode::new(),
                })
            }

            fn statistics(&self) -> Option<(&Buffer, &Buffer)> {
                Some((self.running_mean.as_ref()?, self.running_var.as_ref()?))
            }

            /// Mixes a batch's mean and variance into the running ones.
            fn track(&self, mean: &Tensor, var: &Tensor) -> Result<()> {
                let Some((running_mean, running_var)) = self.statistics() else { return Ok(()) };
                if let Some(batches) = &self.num_batches_tracked {
                    batches.update(|n| n.add_(1).map(drop))?;
                }
                let share = match (self.momentum, &self.num_batches_tracked) {
                    (Some(momentum), _) => momentum,
                    (None, Some(batches)) => 1.0 / batches.item::<f64>()?,
                    (None, None) => 0.0,
                };
                for (running, batch) in [(running_mean, mean), (running_var, var)] {
                    running.update(|r| r.mul_(1.0 - share)?.add_(&batch.mul(share)?).map(drop))?;
                }
                Ok(())
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope(self, || {
                    if !$ranks.contains(&x.dim()) {
                        return Err(Error::new("batch_norm", concat!("the input must be ", $shapes))
                            .operands([x])
                            .hint(match x.dim() {
                                $other_rank => $other,
                                _ => "a single sample needs a batch dim: x.unsqueeze(0)",
                            }));
                    }
                    let channels = self.statistics().map(|(mean, _)| mean.numel());
                    let channels = channels.or(self.weight.as_ref().map(|weight| weight.numel()));
                    if let Some(channels) = channels.filter(|&channels| channels != x.shape()[1]) {
                        let given = x.shape()[1];
                        return Err(Error::new(
                            "batch_norm",
                            format!("expected {channels} channels in dim 1, got {given}"),
                        )
                        .operands([x])
                        .hint(format!("for this input `num_features` has to be {given}")));
                    }
                    let (weight, bias) = (self.weight.as_deref(), self.bias.as_deref());
                    match self.statistics() {
                        Some((mean, var)) if !self.mode.is_training() => {
                            x.batch_norm_eval(mean, var, weight, bias, self.eps)
                        }
                        _ => {
                            let (y, mean, var) = x.batch_norm_train(weight, bias, self.eps)?;
                            if self.mode.is_training() {
                                self.track(&mean, &var)?;
                            }
                            Ok(y)
                        }
                    }
                })
            }
        }
    };
}

batch_norm! {
    /// Shifts and scales each channel to mean 0 and variance 1 over the batch, then by a learned weight and bias.
    /// Evaluation uses the running statistics of training.
    ///
    /// # Shapes
    /// input `[N, C, H, W]`, output the same.
    ///
    /// ```
    /// use nn::{BatchNorm2d, Forward, Module};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let bn = BatchNorm2d::new(3)?;
    /// assert_eq!(bn.forward(&Tensor::randn([5, 3, 4, 4])?)?.shape(), [5, 3, 4, 4]);
    /// let names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
    /// assert_eq!(bn.state_dict().names().collect::<Vec<_>>(), names);
    /// # Ok(()) }
    /// ```
    BatchNorm2d, [4], "[N, C, H, W]", 2 => "for rows of features: BatchNorm1d"
}

batch_norm! {
    /// Shifts and scales each channel to mean 0 and variance 1 over the batch, then by a learned weight and bias.
    /// Evaluation uses the running statistics of training.
    ///
    /// # Shapes
    /// input `[N, C]` or `[N, C, L]`, output the same.
    ///
    /// ```
    /// use nn::{BatchNorm1d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let bn = BatchNorm1d::new(3)?;
    /// assert_eq!(bn.forward(&Tensor::randn([5, 3])?)?.shape(), [5, 3]);
    /// # Ok(()) }
    /// ```
    BatchNorm1d, [2, 3], "[N, C] or [N, C, L]", 4 => "for images: BatchNorm2d"
}
