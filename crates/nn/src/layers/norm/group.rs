//! Normalisation over groups of channels.
use super::affine;
use crate::{Forward, Module, Parameter, Place, scope_with};
use tensor_core::{Error, Result, Tensor};

/// Settings of [`GroupNorm`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupNormOptions {
    /// Added to the variance before its root is taken.
    pub eps: f64,
    /// Whether to learn a weight (and a bias) per channel.
    pub affine: bool,
    /// Whether a bias goes with the weight.
    pub bias: bool,
}

impl Default for GroupNormOptions {
    fn default() -> GroupNormOptions {
        GroupNormOptions { eps: 1e-5, affine: true, bias: true }
    }
}

/// Shifts and scales each group of neighbouring channels of each sample to mean 0 and variance 1, then by a learned
/// weight and bias per channel.
///
/// # Shapes
/// input `[N, C, *]`, output the same.
///
/// ```
/// use nn::{Forward, GroupNorm};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let norm = GroupNorm::new(2, 6)?;
/// assert_eq!(norm.forward(&Tensor::randn([4, 6, 5, 5])?)?.shape(), [4, 6, 5, 5]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct GroupNorm {
    /// `[C]`
    pub weight: Option<Parameter>,
    /// `[C]`
    pub bias: Option<Parameter>,
    /// The number of groups, a divisor of the number of channels.
    pub num_groups: usize,
    /// Added to the variance before its root is taken.
    pub eps: f64,
    num_channels: usize,
    place: Place,
}

impl GroupNorm {
    /// `num_groups` groups of `num_channels` channels.
    pub fn new(num_groups: usize, num_channels: usize) -> Result<GroupNorm> {
        GroupNorm::with_options(num_groups, num_channels, GroupNormOptions::default())
    }

    /// The same with settings.
    pub fn with_options(num_groups: usize, num_channels: usize, options: GroupNormOptions) -> Result<GroupNorm> {
        if num_groups == 0 || !num_channels.is_multiple_of(num_groups) {
            let message = format!("{num_channels} channels are not divisible into {num_groups} groups");
            return Err(Error::new("GroupNorm::new", message));
        }
        let (weight, bias) = affine(&[num_channels], options.affine, options.affine && options.bias)?;
        Ok(GroupNorm { weight, bias, num_groups, eps: options.eps, num_channels, place: Place::new() })
    }
}

impl Forward for GroupNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| {
            if x.dim() >= 2 && x.shape()[1] != self.num_channels {
                let message = format!("expected {} channels in dim 1, got {}", self.num_channels, x.shape()[1]);
                return Err(Error::new("group_norm", message).operands([x]));
            }
            x.group_norm(self.num_groups, self.weight.as_deref(), self.bias.as_deref(), self.eps)
        })
    }
}
