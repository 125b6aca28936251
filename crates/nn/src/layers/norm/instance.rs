//! Normalisation of each channel of each sample.
use super::{affine, running, track};
use crate::{Buffer, Forward, Mode, Module, Parameter, scope_with};
use tensor_core::{DROP, Error, Result, Tensor, no_grad, ops};

/// Settings of [`InstanceNorm1d`], [`InstanceNorm2d`] and [`InstanceNorm3d`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InstanceNormOptions {
    /// Added to the variance before its root is taken.
    pub eps: f64,
    /// The share of each batch in the running statistics; with `None` they stay as they are.
    pub momentum: Option<f64>,
    /// Whether to learn a weight (and a bias) per channel.
    pub affine: bool,
    /// Whether a bias goes with the weight.
    pub bias: bool,
    /// Whether to keep running statistics for evaluation; without them it uses each sample's own.
    pub track_running_stats: bool,
}

impl Default for InstanceNormOptions {
    fn default() -> InstanceNormOptions {
        InstanceNormOptions { eps: 1e-5, momentum: Some(0.1), affine: false, bias: true, track_running_stats: false }
    }
}

macro_rules! instance_norm {
    ($( $(#[$doc:meta])* $Name:ident, $spatial:literal, $shapes:literal; )*) => { $(
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
            /// `[]`, `i64`; in state dicts only, always 0.
            pub num_batches_tracked: Option<Buffer>,
            /// Added to the variance before its root is taken.
            pub eps: f64,
            /// The share of each batch in the running statistics; with `None` they stay as they are.
            pub momentum: Option<f64>,
            /// Whether statistics are tracked.
            pub mode: Mode,
        }

        impl $Name {
            /// For inputs of `num_features` channels.
            pub fn new(num_features: usize) -> Result<$Name> {
                $Name::with_options(num_features, InstanceNormOptions::default())
            }

            /// The same with settings.
            pub fn with_options(num_features: usize, options: InstanceNormOptions) -> Result<$Name> {
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
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| {
                    let batched = match x.dim() {
                        d if d == $spatial + 1 => x.unsqueeze(0)?,
                        d if d == $spatial + 2 => x.clone(),
                        _ => {
                            return Err(Error::new("instance_norm", concat!("the input must be ", $shapes)).operands([x]));
                        }
                    };
                    let statistics = self.running_mean.as_ref().zip(self.running_var.as_ref());
                    let own = self.mode.is_training() || statistics.is_none();
                    let options = ops::InstanceNormOptions {
                        running: if own { None } else { statistics.map(|(mean, var)| (&**mean, &**var)) },
                        weight: self.weight.as_deref(),
                        bias: self.bias.as_deref(),
                        eps: self.eps,
                    };
                    let y = batched.instance_norm(options)?;
                    if let Some(statistics) = statistics.filter(|_| self.mode.is_training()) {
                        let (mean, var) = averages(&batched)?;
                        // PyTorch counts no batches here, so there is no plain average.
                        track(statistics, self.momentum.unwrap_or(0.0), &mean, &var)?;
                    }
                    if x.dim() == batched.dim() { Ok(y) } else { y.squeeze_dim(0) }
                })
            }
        }
    )* };
}

/// The means over the batch of each sample's mean and unbiased variance, by channel.
fn averages(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let _unrecorded = no_grad();
    let spatial: Vec<usize> = (2..x.dim()).collect();
    let (var, mean) = x.detach().var_mean(&spatial[..], 1.0, DROP)?;
    Ok((mean.mean_dim(0, DROP)?, var.mean_dim(0, DROP)?))
}

instance_norm! {
    /// Shifts and scales each channel of each sample to mean 0 and variance 1.
    ///
    /// # Shapes
    /// input `[N, C, L]` or `[C, L]`, output the same.
    ///
    /// ```
    /// use nn::{Forward, InstanceNorm1d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let norm = InstanceNorm1d::new(3)?;
    /// assert_eq!(norm.forward(&Tensor::randn([5, 3, 8])?)?.shape(), [5, 3, 8]);
    /// # Ok(()) }
    /// ```
    InstanceNorm1d, 1, "[N, C, L] or [C, L]";
    /// Shifts and scales each channel of each image to mean 0 and variance 1.
    ///
    /// # Shapes
    /// input `[N, C, H, W]` or `[C, H, W]`, output the same.
    ///
    /// ```
    /// use nn::{Forward, InstanceNorm2d, InstanceNormOptions, Module};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let norm = InstanceNorm2d::with_options(3, InstanceNormOptions { affine: true, ..Default::default() })?;
    /// assert_eq!(norm.num_parameters(), 6);
    /// assert_eq!(norm.forward(&Tensor::randn([5, 3, 8, 8])?)?.shape(), [5, 3, 8, 8]);
    /// # Ok(()) }
    /// ```
    InstanceNorm2d, 2, "[N, C, H, W] or [C, H, W]";
    /// Shifts and scales each channel of each volume to mean 0 and variance 1.
    ///
    /// # Shapes
    /// input `[N, C, D, H, W]` or `[C, D, H, W]`, output the same.
    ///
    /// ```
    /// use nn::{Forward, InstanceNorm3d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let norm = InstanceNorm3d::new(3)?;
    /// assert_eq!(norm.forward(&Tensor::randn([2, 3, 4, 4, 4])?)?.shape(), [2, 3, 4, 4, 4]);
    /// # Ok(()) }
    /// ```
    InstanceNorm3d, 3, "[N, C, D, H, W] or [C, D, H, W]";
}
