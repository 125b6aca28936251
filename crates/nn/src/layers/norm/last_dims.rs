//! Normalisation over the last dims: what language models use.
use super::affine;
use crate::{Forward, Module, Parameter, Place, scope_with};
use tensor_core::{Error, Result, Tensor};

/// Sizes of the last dims: one, or a list.
fn sizes(new: &'static str, shape: impl tensor_core::ShapeArg) -> Result<Vec<usize>> {
    let given = shape.sizes();
    let sizes: Option<Vec<usize>> = given.iter().map(|&size| usize::try_from(size).ok()).collect();
    match sizes {
        Some(sizes) if !sizes.is_empty() => Ok(sizes),
        _ => Err(Error::new(new, format!("normalized_shape is {:?}", &given[..]))
            .hint("it names the sizes of the last dims, at least one")),
    }
}

/// Settings of [`LayerNorm`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerNormOptions {
    /// Added to the variance before its root is taken.
    pub eps: f64,
    /// Whether to learn a weight (and a bias) per element.
    pub elementwise_affine: bool,
    /// Whether a bias goes with the weight.
    pub bias: bool,
}

impl Default for LayerNormOptions {
    fn default() -> LayerNormOptions {
        LayerNormOptions { eps: 1e-5, elementwise_affine: true, bias: true }
    }
}

/// Shifts and scales the last dims to mean 0 and variance 1, then by a learned weight and bias.
///
/// # Shapes
/// input `[*, normalized_shape]`, output the same.
///
/// ```
/// use nn::{Forward, LayerNorm};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let y = LayerNorm::new([2])?.forward(&Tensor::from_slice(&[1.0f32, 3.0], [1, 2])?)?;
/// assert!(y.to_vec::<f32>()?.iter().zip([-1.0, 1.0]).all(|(y, e)| (y - e).abs() < 1e-4));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct LayerNorm {
    /// `normalized_shape`
    pub weight: Option<Parameter>,
    /// `normalized_shape`
    pub bias: Option<Parameter>,
    /// Added to the variance before its root is taken.
    pub eps: f64,
    #[module(plain)]
    normalized_shape: Vec<usize>,
    place: Place,
}

impl LayerNorm {
    /// For inputs whose last dims have these sizes.
    pub fn new(normalized_shape: impl tensor_core::ShapeArg) -> Result<LayerNorm> {
        LayerNorm::with_options(normalized_shape, LayerNormOptions::default())
    }

    /// The same with settings.
    pub fn with_options(normalized_shape: impl tensor_core::ShapeArg, options: LayerNormOptions) -> Result<LayerNorm> {
        let normalized_shape = sizes("LayerNorm::new", normalized_shape)?;
        let LayerNormOptions { eps, elementwise_affine, bias } = options;
        let (weight, bias) = affine(&normalized_shape, elementwise_affine, elementwise_affine && bias)?;
        Ok(LayerNorm { weight, bias, eps, normalized_shape, place: Place::new() })
    }
}

impl Forward for LayerNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| {
            x.layer_norm(&self.normalized_shape[..], self.weight.as_deref(), self.bias.as_deref(), self.eps)
        })
    }
}

/// Settings of [`RMSNorm`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RMSNormOptions {
    /// Added to the mean square before its root is taken; the smallest step above 1 of the dtype where `None`.
    pub eps: Option<f64>,
    /// Whether to learn a weight per element.
    pub elementwise_affine: bool,
}

impl Default for RMSNormOptions {
    fn default() -> RMSNormOptions {
        RMSNormOptions { eps: None, elementwise_affine: true }
    }
}

/// Divides the last dims by the root of their mean square, then multiplies by a learned weight.
///
/// # Shapes
/// input `[*, normalized_shape]`, output the same.
///
/// ```
/// use nn::{Forward, RMSNorm};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let y = RMSNorm::new([2])?.forward(&Tensor::from_slice(&[3.0f32, 3.0], [1, 2])?)?;
/// assert!(y.to_vec::<f32>()?.iter().all(|y| (y - 1.0).abs() < 1e-4));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct RMSNorm {
    /// `normalized_shape`
    pub weight: Option<Parameter>,
    /// Added to the mean square before its root is taken.
    pub eps: Option<f64>,
    #[module(plain)]
    normalized_shape: Vec<usize>,
    place: Place,
}

impl RMSNorm {
    /// For inputs whose last dims have these sizes.
    pub fn new(normalized_shape: impl tensor_core::ShapeArg) -> Result<RMSNorm> {
        RMSNorm::with_options(normalized_shape, RMSNormOptions::default())
    }

    /// The same with settings.
    pub fn with_options(normalized_shape: impl tensor_core::ShapeArg, options: RMSNormOptions) -> Result<RMSNorm> {
        let normalized_shape = sizes("RMSNorm::new", normalized_shape)?;
        let (weight, _) = affine(&normalized_shape, options.elementwise_affine, false)?;
        Ok(RMSNorm { weight, eps: options.eps, normalized_shape, place: Place::new() })
    }
}

impl Forward for RMSNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.rms_norm(&self.normalized_shape[..], self.weight.as_deref(), self.eps))
    }
}
