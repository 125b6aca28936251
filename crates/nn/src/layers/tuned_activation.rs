//! Activations with settings as layers.
use crate::{Forward, Mode, Module, Parameter, Place, scope_with};
use tensor_core::{Error, Result, Tensor, ops::Gelu};

macro_rules! tuned {
    ($( $(#[$doc:meta])* $Name:ident { $( $(#[$field_doc:meta])* $field:ident = $value:literal ),+ } = |$x:ident, $s:ident| $body:expr; )*) => { $(
        $(#[$doc])*
        ///
        /// # Shapes
        /// any; the output has the input's.
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            $( $(#[$field_doc])* pub $field: f64, )+
            place: Place,
        }

        impl $Name {
            /// With these settings; PyTorch's are those of `default()`.
            pub fn new($($field: f64),+) -> $Name {
                $Name { $($field,)+ place: Place::new() }
            }
        }

        impl Default for $Name {
            fn default() -> $Name {
                $Name::new($($value),+)
            }
        }

        impl Forward for $Name {
            fn forward(&self, $x: &Tensor) -> Result<Tensor> {
                let $s = self;
                scope_with(self, $x, |$x| $body)
            }
        }
    )* };
}
tuned! {
    /// `x` above 0, `alpha * (exp(x) - 1)` below.
    ///
    /// ```
    /// use nn::{ELU, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-1000.0f32, 3.0], [2])?;
    /// assert_eq!(ELU::new(2.0).forward(&x)?.to_vec::<f32>()?, [-2.0, 3.0]);
    /// # Ok(()) }
    /// ```
    ELU {
        /// Minus the value far below 0.
        alpha = 1.0
    } = |x, s| x.elu(s.alpha);
    /// `x` above 0, `alpha * (exp(x / alpha) - 1)` below: smooth at 0 for every `alpha`.
    ///
    /// ```
    /// use nn::{CELU, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-1000.0f32, 3.0], [2])?;
    /// assert_eq!(CELU::default().forward(&x)?.to_vec::<f32>()?, [-1.0, 3.0]);
    /// # Ok(()) }
    /// ```
    CELU {
        /// Minus the value far below 0.
        alpha = 1.0
    } = |x, s| x.celu(s.alpha);
    /// `x` above 0, `negative_slope * x` below.
    ///
    /// ```
    /// use nn::{Forward, LeakyReLU};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-2.0f32, 3.0], [2])?;
    /// assert_eq!(LeakyReLU::new(0.25).forward(&x)?.to_vec::<f32>()?, [-0.5, 3.0]);
    /// # Ok(()) }
    /// ```
    LeakyReLU {
        /// The slope below 0.
        negative_slope = 0.01
    } = |x, s| x.leaky_relu(s.negative_slope);
    /// Elements outside of `min_val` to `max_val` become the nearer bound.
    ///
    /// ```
    /// use nn::{Forward, Hardtanh};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-2.0f32, 0.5, 3.0], [3])?;
    /// assert_eq!(Hardtanh::default().forward(&x)?.to_vec::<f32>()?, [-1.0, 0.5, 1.0]);
    /// # Ok(()) }
    /// ```
    Hardtanh {
        /// The lower bound.
        min_val = -1.0,
        /// The upper bound.
        max_val = 1.0
    } = |x, s| x.hardtanh(s.min_val, s.max_val);
    /// Elements no further than `lambda` from 0 become 0.
    ///
    /// ```
    /// use nn::{Forward, Hardshrink};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-0.5f32, 0.75], [2])?;
    /// assert_eq!(Hardshrink::default().forward(&x)?.to_vec::<f32>()?, [0.0, 0.75]);
    /// # Ok(()) }
    /// ```
    Hardshrink {
        /// How far from 0 elements become 0.
        lambda = 0.5
    } = |x, s| x.hardshrink(s.lambda);
    /// Elements drawn towards 0 by `lambda`, those nearer than that to 0 itself.
    ///
    /// ```
    /// use nn::{Forward, Softshrink};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[-0.25f32, 0.75], [2])?;
    /// assert_eq!(Softshrink::default().forward(&x)?.to_vec::<f32>()?, [0.0, 0.25]);
    /// # Ok(()) }
    /// ```
    Softshrink {
        /// By how much elements are drawn towards 0.
        lambda = 0.5
    } = |x, s| x.softshrink(s.lambda);
    /// `log(1 + exp(beta x)) / beta`, a smooth relu; `x` itself where `beta x` is above `threshold`.
    ///
    /// ```
    /// use nn::{Forward, Softplus};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let y = Softplus::default().forward(&Tensor::from_slice(&[0.0f64, 30.0], [2])?)?;
    /// assert_eq!(y.to_vec::<f64>()?, [2f64.ln(), 30.0]);
    /// # Ok(()) }
    /// ```
    Softplus {
        /// How sharp the bend at 0 is.
        beta = 1.0,
        /// Where the line begins.
        threshold = 20.0
    } = |x, s| x.softplus(s.beta, s.threshold);
    /// `x` where it is above `threshold`, else `value`.
    ///
    /// ```
    /// use nn::{Forward, Threshold};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[0.5f32, 3.0], [2])?;
    /// assert_eq!(Threshold::new(1.0, 9.0).forward(&x)?.to_vec::<f32>()?, [9.0, 3.0]);
    /// # Ok(()) }
    /// ```
    Threshold {
        /// What elements must be above.
        threshold = 0.0,
        /// What the others become.
        value = 0.0
    } = |x, s| x.threshold(s.threshold, s.value);
}

/// `x` times the probability that a standard normal number is smaller.
///
/// # Shapes
/// any; the output has the input's.
///
/// ```
/// use nn::{Forward, GELU};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// assert_eq!(GELU::default().forward(&Tensor::zeros([1])?)?.to_vec::<f32>()?, [0.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default, Module)]
pub struct GELU {
    /// By the error function, or by a hyperbolic tangent.
    #[module(plain)]
    pub approximate: Gelu,
    place: Place,
}

impl GELU {
    /// In this form; the default is the exact one.
    pub fn new(approximate: Gelu) -> GELU {
        GELU { approximate, place: Place::new() }
    }
}

impl Forward for GELU {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.gelu(self.approximate))
    }
}

/// `x` above 0, `weight * x` below, with a learned weight for all elements or one per channel. It starts at 0.25.
///
/// # Shapes
/// input `[N, C, *]`, or any with a single weight; the output has the input's.
///
/// ```
/// use nn::{Forward, PReLU};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[-2.0f32, 3.0], [2])?;
/// assert_eq!(PReLU::new(1)?.forward(&x)?.to_vec::<f32>()?, [-0.5, 3.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct PReLU {
    /// `[num_parameters]`
    pub weight: Parameter,
}

impl PReLU {
    /// With `num_parameters` weights: 1, or the number of channels.
    pub fn new(num_parameters: usize) -> Result<PReLU> {
        PReLU::starting_at(num_parameters, 0.25)
    }
    /// The same with weights that start at `init`.
    pub fn starting_at(num_parameters: usize, init: f64) -> Result<PReLU> {
        Ok(PReLU { weight: Parameter::new(Tensor::full([num_parameters], init)?)? })
    }
}

impl Forward for PReLU {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.prelu(&self.weight))
    }
}

/// `x` above 0, `a * x` below, with `a` drawn for each element between `lower` and `upper` in training, and their mean
/// in evaluation.
///
/// # Shapes
/// any; the output has the input's.
///
/// ```
/// use nn::{Forward, Module, RReLU};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let act = RReLU::new(0.25, 0.75);
/// act.eval();
/// let x = Tensor::from_slice(&[-2.0f32, 3.0], [2])?;
/// assert_eq!(act.forward(&x)?.to_vec::<f32>()?, [-1.0, 3.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct RReLU {
    /// The smallest slope below 0.
    pub lower: f64,
    /// The largest slope below 0.
    pub upper: f64,
    /// Whether slopes are drawn.
    pub mode: Mode,
}

impl RReLU {
    /// With slopes from `lower` to `upper`.
    pub fn new(lower: f64, upper: f64) -> RReLU {
        RReLU { lower, upper, mode: Mode::new() }
    }
}

impl Default for RReLU {
    fn default() -> RReLU {
        RReLU::new(1.0 / 8.0, 1.0 / 3.0)
    }
}

impl Forward for RReLU {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| {
            if self.lower.is_nan() || self.upper.is_nan() || self.lower > self.upper {
                let message = format!("lower {} is above upper {}", self.lower, self.upper);
                return Err(Error::new("rrelu", message).operands([x]));
            }
            if !self.mode.is_training() {
                return x.leaky_relu((self.lower + self.upper) / 2.0).map_err(|e| e.renamed("rrelu"));
            }
            if !x.is_floating_point() {
                return Err(Error::new("rrelu", format!("not defined for {}", x.dtype())).operands([x]));
            }
            let slopes = x.detach().rand_like()?.mul(self.upper - self.lower)?.add(self.lower)?;
            x.ge(0)?.where_(x, &x.mul(&slopes)?)
        })
    }
}
