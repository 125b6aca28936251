//! Signals, images and volumes at another size.
use crate::{Forward, Module, Pair, Place, scope_with};
use tensor_core::{Result, Tensor};

pub use tensor_core::ops::{InterpolateMode, InterpolateOptions};

/// Another size, by copying the nearest elements or drawing lines or curves between them.
///
/// # Shapes
/// input `[N, C, *spatial]` with 1 to 3 spatial dims, output the same with the sizes asked for.
///
/// ```
/// use nn::{Forward, InterpolateMode, InterpolateOptions, Upsample};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let up = Upsample::new(InterpolateOptions { scale_factor: vec![2.0], ..Default::default() });
/// let x = Tensor::from_slice(&[1.0f32, 2.0], [1, 1, 2])?;
/// assert_eq!(up.forward(&x)?.to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Upsample {
    /// The size or the factor, and how to fill it.
    #[module(plain)]
    pub options: InterpolateOptions,
    place: Place,
}

impl Upsample {
    /// With these settings; either `size` or `scale_factor` is given.
    pub fn new(options: InterpolateOptions) -> Upsample {
        Upsample { options, place: Place::new() }
    }
}

impl Forward for Upsample {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.interpolate(&self.options))
    }
}

macro_rules! upsampling {
    ($( $(#[$doc:meta])* $Name:ident = $mode:ident, $align:literal; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            #[module(plain)]
            options: InterpolateOptions,
            place: Place,
        }

        impl $Name {
            /// Height and width times `factor`.
            pub fn new(factor: f64) -> $Name {
                $Name::with(InterpolateOptions { scale_factor: vec![factor], ..Default::default() })
            }
            /// To this height and width.
            pub fn to_size(size: impl Into<Pair>) -> $Name {
                $Name::with(InterpolateOptions { size: size.into().0.to_vec(), ..Default::default() })
            }
            fn with(options: InterpolateOptions) -> $Name {
                let options = InterpolateOptions { mode: InterpolateMode::$mode, align_corners: $align, ..options };
                $Name { options, place: Place::new() }
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| x.interpolate(&self.options))
            }
        }
    )* };
}
upsampling! {
    /// A larger image by copying the nearest pixels.
    ///
    /// # Shapes
    /// input `[N, C, H, W]`, output `[N, C, H', W']`.
    ///
    /// ```
    /// use nn::{Forward, UpsamplingNearest2d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(UpsamplingNearest2d::new(2.0).forward(&Tensor::zeros([1, 3, 4, 5])?)?.shape(), [1, 3, 8, 10]);
    /// # Ok(()) }
    /// ```
    UpsamplingNearest2d = Nearest, false;
    /// A larger image by lines between pixels, where the corners keep their values.
    ///
    /// # Shapes
    /// input `[N, C, H, W]`, output `[N, C, H', W']`.
    ///
    /// ```
    /// use nn::{Forward, UpsamplingBilinear2d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[0.0f32, 2.0], [1, 1, 1, 2])?;
    /// assert_eq!(UpsamplingBilinear2d::to_size((1, 3)).forward(&x)?.to_vec::<f32>()?, [0.0, 1.0, 2.0]);
    /// # Ok(()) }
    /// ```
    UpsamplingBilinear2d = Bilinear, true;
}
