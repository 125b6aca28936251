//! A product of two inputs.
use crate::{Module, Parameter, init, scope_with};
use tensor_core::{Result, Tensor};

/// Settings of [`Bilinear`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BilinearOptions {
    /// Whether to add a bias.
    pub bias: bool,
}

impl Default for BilinearOptions {
    fn default() -> BilinearOptions {
        BilinearOptions { bias: true }
    }
}

/// `y = x1ᵀ A x2 + b`, with a matrix `A` per output. Weight and bias start even within `1 / sqrt(in1)`.
///
/// # Shapes
/// inputs `[*, in1]` and `[*, in2]`, output `[*, out]`.
///
/// ```
/// use nn::Bilinear;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let layer = Bilinear::new(20, 30, 40)?;
/// let y = layer.forward(&Tensor::zeros([8, 20])?, &Tensor::zeros([8, 30])?)?;
/// assert_eq!(y.shape(), [8, 40]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Bilinear {
    /// `[out, in1, in2]`
    pub weight: Parameter,
    /// `[out]`
    pub bias: Option<Parameter>,
}

impl Bilinear {
    /// From `in1_features` and `in2_features` to `out_features`.
    pub fn new(in1_features: usize, in2_features: usize, out_features: usize) -> Result<Bilinear> {
        Bilinear::with_options(in1_features, in2_features, out_features, BilinearOptions::default())
    }

    /// The same with settings.
    pub fn with_options(
        in1_features: usize,
        in2_features: usize,
        out_features: usize,
        options: BilinearOptions,
    ) -> Result<Bilinear> {
        let bound = if in1_features > 0 { 1.0 / (in1_features as f64).sqrt() } else { 0.0 };
        let weight = init::even(&[out_features, in1_features, in2_features], bound)?;
        let bias = options.bias.then(|| init::even(&[out_features], bound)).transpose()?;
        Ok(Bilinear { weight, bias })
    }

    /// The output for two inputs.
    pub fn forward(&self, x1: &Tensor, x2: &Tensor) -> Result<Tensor> {
        scope_with(self, x1, |x1| x1.bilinear(x2, &self.weight, self.bias.as_deref()))
    }
}
