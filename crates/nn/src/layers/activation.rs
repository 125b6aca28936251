//! Activations without settings as layers, for [`crate::Sequential`]; elsewhere the tensor's methods do.
use crate::{Forward, Module, Place, scope_with};
use tensor_core::{Result, Tensor};

macro_rules! activations {
    ($( $(#[$doc:meta])* $Name:ident = |$x:ident| $body:expr; )*) => { $(
        $(#[$doc])*
        ///
        /// # Shapes
        /// any; the output has the input's.
        #[derive(Debug, Clone, Default, Module)]
        pub struct $Name {
            place: Place,
        }

        #[doc = concat!("A new [`struct@", stringify!($Name), "`]: it has no settings, so that its name is enough.")]
        // Each use makes one of its own, whose place nobody else sees.
        #[allow(non_upper_case_globals, clippy::declare_interior_mutable_const)]
        pub const $Name: $Name = $Name { place: Place::new() };

        impl Forward for $Name {
            fn forward(&self, $x: &Tensor) -> Result<Tensor> {
                scope_with(self, $x, |$x: &Tensor| $body)
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
    /// `max(0, x)`, at most 6.
    ///
    /// ```
    /// use nn::{Forward, ReLU6};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-1.0f32, 2.0, 8.0], [3])?;
    /// assert_eq!(ReLU6.forward(&x)?.to_vec::<f32>()?, [0.0, 2.0, 6.0]);
    /// # Ok(()) }
    /// ```
    ReLU6 = |x| x.relu6();
    /// `x` above 0, a scaled `exp(x) - 1` below: keeps mean 0 and variance 1 through deep networks.
    ///
    /// ```
    /// use nn::{Forward, SELU};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(SELU.forward(&Tensor::ones([1])?)?.to_vec::<f32>()?, [1.050701]);
    /// # Ok(()) }
    /// ```
    SELU = |x| x.selu();
    /// `x * sigmoid(x)`, also known as swish.
    ///
    /// ```
    /// use nn::{Forward, SiLU};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(SiLU.forward(&Tensor::zeros([1])?)?.to_vec::<f32>()?, [0.0]);
    /// # Ok(()) }
    /// ```
    SiLU = |x| x.silu();
    /// `relu6(x + 3) / 6`: a sigmoid of straight lines.
    ///
    /// ```
    /// use nn::{Forward, Hardsigmoid};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-3.0f32, 0.0, 3.0], [3])?;
    /// assert_eq!(Hardsigmoid.forward(&x)?.to_vec::<f32>()?, [0.0, 0.5, 1.0]);
    /// # Ok(()) }
    /// ```
    Hardsigmoid = |x| x.hardsigmoid();
    /// `x * hardsigmoid(x)`
    ///
    /// ```
    /// use nn::{Forward, Hardswish};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-3.0f32, 0.0, 3.0], [3])?;
    /// assert_eq!(Hardswish.forward(&x)?.to_vec::<f32>()?, [0.0, 0.0, 3.0]);
    /// # Ok(()) }
    /// ```
    Hardswish = |x| x.hardswish();
    /// `log(sigmoid(x))`, exact where the sigmoid itself would be 0.
    ///
    /// ```
    /// use nn::{Forward, LogSigmoid};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let y = LogSigmoid.forward(&Tensor::from_slice(&[-1000.0f32], [1])?)?;
    /// assert_eq!(y.to_vec::<f32>()?, [-1000.0]);
    /// # Ok(()) }
    /// ```
    LogSigmoid = |x| x.logsigmoid();
    /// `x * tanh(softplus(x))`
    ///
    /// ```
    /// use nn::{Forward, Mish};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(Mish.forward(&Tensor::zeros([1])?)?.to_vec::<f32>()?, [0.0]);
    /// # Ok(()) }
    /// ```
    Mish = |x| x.mish();
    /// `x / (1 + |x|)`
    ///
    /// ```
    /// use nn::{Forward, Softsign};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(Softsign.forward(&Tensor::ones([1])?)?.to_vec::<f32>()?, [0.5]);
    /// # Ok(()) }
    /// ```
    Softsign = |x| x.softsign();
    /// `x - tanh(x)`
    ///
    /// ```
    /// use nn::{Forward, Tanhshrink};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(Tanhshrink.forward(&Tensor::zeros([1])?)?.to_vec::<f32>()?, [0.0]);
    /// # Ok(()) }
    /// ```
    Tanhshrink = |x| x.tanhshrink();
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
