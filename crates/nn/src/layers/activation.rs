//! Activations as layers, for [`crate::Sequential`]; elsewhere the tensor's methods do.
use crate::{Forward, Module, Place, scope};
use tensor_core::{Result, Tensor};

macro_rules! activations {
    ($( $(#[$doc:meta])* $Name:ident = |$x:ident| $body:expr; )*) => { $(
        $(#[$doc])*
        ///
        /// # Shapes
        /// any; the output has the input's.
        #[derive(Debug, Clone, Copy, Default, Module)]
        pub struct $Name;

        impl Forward for $Name {
            fn forward(&self, $x: &Tensor) -> Result<Tensor> {
                scope(self, || $body)
            }
        }
    )* };
}
activations! {
    /// `max(x, 0)`; NaN stays, and the gradient at 0 is 0.
    ///
    /// ```
    /// use nn::{Forward, ReLU};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-1.0f32, 2.0], [2])?;
    /// assert_eq!(ReLU.forward(&x)?.to_vec::<f32>()?, [0.0, 2.0]);
    /// # Ok(()) }
    /// ```
    ReLU = |x| x.relu();
    /// `1 / (1 + exp(-x))`
    ///
    /// ```
    /// use nn::{Forward, Sigmoid};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(Sigmoid.forward(&Tensor::zeros([1])?)?.to_vec::<f32>()?, [0.5]);
    /// # Ok(()) }
    /// ```
    Sigmoid = |x| x.sigmoid();
    /// Hyperbolic tangent.
    ///
    /// ```
    /// use nn::{Forward, Tanh};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(Tanh.forward(&Tensor::zeros([1])?)?.to_vec::<f32>()?, [0.0]);
    /// # Ok(()) }
    /// ```
    Tanh = |x| x.tanh();
    /// The input itself: what takes the place of a layer that is left out.
    ///
    /// ```
    /// use nn::{Forward, Identity};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::ones([2])?;
    /// assert!(Identity.forward(&x)?.shares_storage(&x));
    /// # Ok(()) }
    /// ```
    Identity = |x| Ok(x.clone());
}

/// `exp(x) / sum(exp(x))` along a dim: positive numbers that sum to 1.
///
/// # Shapes
/// any with that dim; the output has the input's.
///
/// ```
/// use nn::{Forward, Softmax};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let p = Softmax::new(1).forward(&Tensor::zeros([2, 4])?)?;
/// assert_eq!(p.to_vec::<f32>()?, [0.25; 8]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Softmax {
    /// The dim that sums to 1.
    pub dim: isize,
    place: Place,
}

impl Softmax {
    /// Along `dim`.
    pub fn new(dim: isize) -> Softmax {
        Softmax { dim, place: Place::new() }
    }
}

impl Forward for Softmax {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || x.softmax(self.dim))
    }
}

/// The logarithm of [`Softmax`], computed without its overflow: log-probabilities for `nll_loss`.
///
/// # Shapes
/// any with that dim; the output has the input's.
///
/// ```
/// use nn::{Forward, LogSoftmax};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let log_p = LogSoftmax::new(1).forward(&Tensor::from_slice(&[1e4f32, 0.0], [1, 2])?)?;
/// assert_eq!(log_p.to_vec::<f32>()?, [0.0, -1e4]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct LogSoftmax {
    /// The dim over which probabilities sum to 1.
    pub dim: isize,
    place: Place,
}

impl LogSoftmax {
    /// Along `dim`.
    pub fn new(dim: isize) -> LogSoftmax {
        LogSoftmax { dim, place: Place::new() }
    }
}

impl Forward for LogSoftmax {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || x.log_softmax(self.dim))
    }
}
