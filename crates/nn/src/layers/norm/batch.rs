//! Batch normalisation, with running statistics for evaluation.
use super::{affine, count, running, track};
use crate::{Buffer, Forward, Mode, Module, Parameter, scope_with};
use tensor_core::{Error, Result, Tensor, watch::Effect};

/// Settings of [`BatchNorm1d`], [`BatchNorm2d`] and [`BatchNorm3d`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormOptions {
    /// Added to the variance before its root is taken.
    pub eps: f64,
    /// The share of each batch in the running statistics; `None` for the plain average of all batches.
    pub momentum: Option<f64>,
    /// Whether to learn a weight (and a bias) per channel.
    pub affine: bool,
    /// Whether a bias goes with the weight.
    pub bias: bool,
    /// Whether to keep running statistics; without them, evaluation too uses the batch's own.
    pub track_running_stats: bool,
}

impl Default for BatchNormOptions {
    fn default() -> BatchNormOptions {
        BatchNormOptions { eps: 1e-5, momentum: Some(0.1), affine: true, bias: true, track_running_stats: true }
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
                let (weight, bias) = affine(&[num_features], options.affine, options.affine && options.bias)?;
                let (running_mean, running_var, num_batches_tracked) =
                    running(num_features, options.track_running_stats)?;
                Ok($Name {
                    weight,
                    bias,
                    running_mean,
                    running_var,
                    num_batches_tracked,
                    eps: options.eps,
                    momentum: options.momentum,
                    mode: Mode::new(),
                })
            }

            fn statistics(&self) -> Option<(&Buffer, &Buffer)> {
                Some((self.running_mean.as_ref()?, self.running_var.as_ref()?))
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| {
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
                    if self.statistics().is_some() {
                        self.mode.at_work(Effect::BatchStatistics, x);
                    }
                    match self.statistics() {
                        Some((mean, var)) if !self.mode.is_training() => {
                            x.batch_norm_eval(mean, var, weight, bias, self.eps)
                        }
                        _ => {
                            let share = match self.mode.is_training() {
                                true => count(self.num_batches_tracked.as_ref(), self.momentum)?,
                                false => 0.0,
                            };
                            // Nothing to average, nothing to learn: an empty batch passes.
                            if x.shape()[0] == 0 && !x.shape()[1..].contains(&0) {
                                return x.mul(1.0);
                            }
                            let (y, mean, var) = x.batch_norm_train(weight, bias, self.eps)?;
                            if let Some(running) = self.statistics() {
                                track(running, share, &mean, &var)?;
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

batch_norm! {
    /// Shifts and scales each channel to mean 0 and variance 1 over the batch, then by a learned weight and bias.
    /// Evaluation uses the running statistics of training.
    ///
    /// # Shapes
    /// input `[N, C, D, H, W]`, output the same.
    ///
    /// ```
    /// use nn::{BatchNorm3d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let bn = BatchNorm3d::new(3)?;
    /// assert_eq!(bn.forward(&Tensor::randn([5, 3, 2, 4, 4])?)?.shape(), [5, 3, 2, 4, 4]);
    /// # Ok(()) }
    /// ```
    BatchNorm3d, [5], "[N, C, D, H, W]", 3 => "for signals: BatchNorm1d"
}
