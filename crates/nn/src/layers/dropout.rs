//! Leaving out at random.
use crate::{Forward, Mode, Module, scope_with};
use tensor_core::{Error, Result, Tensor, watch::Effect};

fn checked(op: &'static str, x: &Tensor, p: f64) -> Result<()> {
    if !(0.0..=1.0).contains(&p) {
        let error = Error::new(op, format!("the probability {p} is not within 0 and 1"));
        return Err(error.operands([x]).hint("p is the share of elements that become 0: one half is 0.5"));
    }
    if !x.is_floating_point() {
        return Err(Error::new(op, "takes floats").operands([x]).hint("convert it with to_dtype first"));
    }
    Ok(())
}

/// 1 where an element of `shape` stays, 0 where it falls out, broadcast to `x` later.
fn kept(x: &Tensor, shape: &[usize], p: f64) -> Result<Tensor> {
    x.detach().new_empty(shape)?.bernoulli_p(1.0 - p)
}

/// The shape of one number per channel: `[N, C, 1, ..]`, or `[C, 1, ..]` for a single sample.
fn channels(x: &Tensor, leading: usize) -> Vec<usize> {
    x.shape().iter().enumerate().map(|(i, &size)| if i < leading { size } else { 1 }).collect()
}

/// Whole channels become 0, the others are divided by `1 - p`.
fn drop_channels(op: &'static str, x: &Tensor, p: f64, leading: usize) -> Result<Tensor> {
    checked(op, x, p)?;
    if p == 0.0 {
        return Ok(x.clone());
    }
    let mut mask = kept(x, &channels(x, leading), p)?;
    if p < 1.0 {
        mask = mask.div(1.0 - p)?;
    }
    x.mul(&mask)
}

/// What falls out becomes the value of SELU far below 0; a line keeps mean 0 and variance 1.
fn drop_alpha(op: &'static str, x: &Tensor, p: f64, leading: usize) -> Result<Tensor> {
    const ALPHA: f64 = 1.758_099_340_847_376_8;
    checked(op, x, p)?;
    if p == 0.0 {
        return Ok(x.clone());
    }
    if p == 1.0 {
        return x.mul(0.0);
    }
    let mask = kept(x, &channels(x, leading), p)?;
    let a = 1.0 / ((ALPHA * ALPHA * p + 1.0) * (1.0 - p)).sqrt();
    let shift = mask.sub(1.0)?.mul(ALPHA * a)?.add(ALPHA * a * p)?;
    x.mul(&mask.mul(a)?)?.add(&shift)
}

macro_rules! dropouts {
    ($( $(#[$doc:meta])* $Name:ident = |$x:ident, $p:ident| $body:expr; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// The probability of falling out.
            pub p: f64,
            /// Whether it drops.
            pub mode: Mode,
        }

        impl $Name {
            /// With probability `p`, from 0 to 1.
            pub fn new(p: f64) -> $Name {
                $Name { p, mode: Mode::new() }
            }
        }

        /// PyTorch's: one half.
        impl Default for $Name {
            fn default() -> $Name {
                $Name::new(0.5)
            }
        }

        impl Forward for $Name {
            fn forward(&self, $x: &Tensor) -> Result<Tensor> {
                let $p = self.p;
                let training = if $p > 0.0 { self.mode.at_work(Effect::Drops, $x) } else { self.mode.is_training() };
                scope_with(self, $x, |$x: &Tensor| if training { $body } else { Ok($x.clone()) })
            }
        }
    )* };
}
dropouts! {
    /// In training each element becomes 0 with probability `p`, and the others are divided by `1 - p`; in evaluation the
    /// input passes unchanged.
    ///
    /// # Shapes
    /// any; the output has the input's.
    ///
    /// ```
    /// use nn::{Dropout, Forward, Module};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let dropout = Dropout::new(0.5);
    /// let y = dropout.forward(&Tensor::ones([100])?)?;
    /// assert!(y.to_vec::<f32>()?.iter().all(|&v| v == 0.0 || v == 2.0));
    /// dropout.eval();
    /// assert_eq!(dropout.forward(&Tensor::ones([100])?)?.to_vec::<f32>()?, [1.0; 100]);
    /// # Ok(()) }
    /// ```
    Dropout = |x, p| x.dropout(p);
    /// [`Dropout`] of whole channels of signals.
    ///
    /// # Shapes
    /// input `[N, C, L]` or `[C, L]`, output the same.
    ///
    /// ```
    /// use nn::{Dropout1d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let y = Dropout1d::new(0.5).forward(&Tensor::ones([4, 8, 2])?)?.to_vec::<f32>()?;
    /// assert!(y.chunks(2).all(|channel| channel == [0.0, 0.0] || channel == [2.0, 2.0]));
    /// # Ok(()) }
    /// ```
    Dropout1d = |x, p| match x.dim() {
        2 => drop_channels("dropout1d", x, p, 1),
        3 => drop_channels("dropout1d", x, p, 2),
        _ => Err(Error::new("dropout1d", "the input must be [N, C, L] or [C, L]").operands([x])),
    };
    /// [`Dropout`] of whole channels of images.
    ///
    /// # Shapes
    /// input `[N, C, H, W]`, output the same; the first two dims say what falls out together.
    ///
    /// ```
    /// use nn::{Dropout2d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let y = Dropout2d::new(0.5).forward(&Tensor::ones([4, 8, 2, 2])?)?.to_vec::<f32>()?;
    /// assert!(y.chunks(4).all(|channel| channel == [0.0; 4] || channel == [2.0; 4]));
    /// # Ok(()) }
    /// ```
    Dropout2d = |x, p| match x.dim() {
        2.. => drop_channels("dropout2d", x, p, 2),
        _ => Err(Error::new("dropout2d", "the input must be [N, C, H, W]").operands([x])),
    };
    /// [`Dropout`] of whole channels of volumes.
    ///
    /// # Shapes
    /// input `[N, C, D, H, W]` or `[C, D, H, W]`, output the same.
    ///
    /// ```
    /// use nn::{Dropout3d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let y = Dropout3d::new(0.5).forward(&Tensor::ones([4, 8, 1, 2, 2])?)?.to_vec::<f32>()?;
    /// assert!(y.chunks(4).all(|channel| channel == [0.0; 4] || channel == [2.0; 4]));
    /// # Ok(()) }
    /// ```
    Dropout3d = |x, p| match x.dim() {
        4 => drop_channels("dropout3d", x, p, 1),
        2.. => drop_channels("dropout3d", x, p, 2),
        _ => Err(Error::new("dropout3d", "the input must be [N, C, D, H, W] or [C, D, H, W]").operands([x])),
    };
    /// [`Dropout`] that keeps mean 0 and variance 1 of what comes out of [`struct@crate::SELU`].
    ///
    /// # Shapes
    /// any; the output has the input's.
    ///
    /// ```
    /// use nn::{AlphaDropout, Forward, Module};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let dropout = AlphaDropout::new(0.2);
    /// assert_eq!(dropout.forward(&Tensor::randn([3, 5])?)?.shape(), [3, 5]);
    /// # Ok(()) }
    /// ```
    AlphaDropout = |x, p| drop_alpha("alpha_dropout", x, p, x.dim());
    /// [`AlphaDropout`] of whole channels.
    ///
    /// # Shapes
    /// input `[N, C, *]`, output the same.
    ///
    /// ```
    /// use nn::{FeatureAlphaDropout, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let y = FeatureAlphaDropout::new(0.5).forward(&Tensor::ones([4, 8, 2])?)?.to_vec::<f32>()?;
    /// assert!(y.chunks(2).all(|channel| channel[0] == channel[1]));
    /// # Ok(()) }
    /// ```
    FeatureAlphaDropout = |x, p| drop_alpha("feature_alpha_dropout", x, p, 2);
}
