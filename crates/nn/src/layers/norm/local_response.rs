//! Normalisation over neighbouring channels.
use crate::{Forward, Module, Place, scope_with};
use tensor_core::{Result, Tensor};

pub use tensor_core::ops::LocalResponseNormOptions;

/// Divides by the mean square of `size` neighbouring channels: `x / (k + alpha * mean(x²))^beta`.
///
/// # Shapes
/// input `[N, C, *]`, output the same.
///
/// ```
/// use nn::{Forward, LocalResponseNorm};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let norm = LocalResponseNorm::new(3);
/// assert_eq!(norm.forward(&Tensor::zeros([1, 4, 5])?)?.to_vec::<f32>()?, [0.0; 20]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct LocalResponseNorm {
    /// The number of channels that count.
    pub size: usize,
    /// The other settings.
    #[module(plain)]
    pub options: LocalResponseNormOptions,
    place: Place,
}

impl LocalResponseNorm {
    /// Over `size` channels.
    pub fn new(size: usize) -> LocalResponseNorm {
        LocalResponseNorm::with_options(size, LocalResponseNormOptions::default())
    }
    /// The same with settings.
    pub fn with_options(size: usize, options: LocalResponseNormOptions) -> LocalResponseNorm {
        LocalResponseNorm { size, options, place: Place::new() }
    }
}

impl Forward for LocalResponseNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.local_response_norm(self.size, self.options))
    }
}
