//! The fully connected layer.
use crate::{Forward, Module, Parameter, functional, init, scope_with};
use tensor_core::{Result, Tensor};

/// `y = x Wᵀ + b`. Weight and bias start even within `1 / sqrt(in)`.
///
/// # Shapes
/// input `[*, in]`, output `[*, out]`.
///
/// ```
/// use nn::{Forward, Linear};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let lin = Linear::new(784, 30)?;
/// assert_eq!(lin.forward(&Tensor::zeros([100, 784])?)?.shape(), [100, 30]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Linear {
    /// `[out, in]`
    pub weight: Parameter,
    /// `[out]`
    pub bias: Option<Parameter>,
}

/// Settings of [`Linear`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinearOptions {
    /// Whether to add a bias.
    pub bias: bool,
}

impl Default for LinearOptions {
    fn default() -> LinearOptions {
        LinearOptions { bias: true }
    }
}

impl Linear {
    /// A layer from `in_features` to `out_features`.
    pub fn new(in_features: usize, out_features: usize) -> Result<Linear> {
        Linear::with_options(in_features, out_features, LinearOptions::default())
    }

    /// The same with settings: `Linear::with_options(3, 4, LinearOptions { bias: false })`.
    pub fn with_options(in_features: usize, out_features: usize, options: LinearOptions) -> Result<Linear> {
        let (weight, bias) = init::layer(&[out_features, in_features], options.bias)?;
        Ok(Linear { weight, bias })
    }
}

impl Forward for Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| functional::linear(x, &self.weight, self.bias.as_deref()))
    }
}
