//! The average of each window.
use crate::{Forward, Module, Place, Sizes, scope_with};
use tensor_core::{Result, Tensor, ops};

/// Settings of average pooling over `N` spatial dims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvgPoolOptions<const N: usize> {
    /// Step of the window; its size where `None`.
    pub stride: Option<Sizes<N>>,
    /// Zeros around the input.
    pub padding: Sizes<N>,
    /// Whether a window that hangs over the end counts.
    pub ceil_mode: bool,
    /// Whether the zeros around the input count as elements.
    pub count_include_pad: bool,
    /// What to divide by; the number of elements where `None`.
    pub divisor_override: Option<usize>,
}
/// Settings of [`AvgPool1d`].
pub type AvgPool1dOptions = AvgPoolOptions<1>;
/// Settings of [`AvgPool2d`].
pub type AvgPool2dOptions = AvgPoolOptions<2>;
/// Settings of [`AvgPool3d`].
pub type AvgPool3dOptions = AvgPoolOptions<3>;

impl<const N: usize> Default for AvgPoolOptions<N> {
    fn default() -> Self {
        AvgPoolOptions {
            stride: None,
            padding: 0.into(),
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
        }
    }
}

impl<const N: usize> From<AvgPoolOptions<N>> for ops::AvgPoolOptions<N> {
    fn from(options: AvgPoolOptions<N>) -> Self {
        let AvgPoolOptions { stride, padding, ceil_mode, count_include_pad, divisor_override } = options;
        let stride = stride.map(|s| s.0);
        ops::AvgPoolOptions { stride, padding: padding.0, ceil_mode, count_include_pad, divisor_override }
    }
}

macro_rules! pools {
    ($( $(#[$doc:meta])* $Name:ident over $n:literal by $pool:ident; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// Sizes of the window.
            #[module(plain)]
            pub kernel_size: Sizes<$n>,
            /// The other settings.
            #[module(plain)]
            pub options: AvgPoolOptions<$n>,
            place: Place,
        }

        impl $Name {
            /// Windows of this size, side by side.
            pub fn new(kernel_size: impl Into<Sizes<$n>>) -> $Name {
                $Name::with_options(kernel_size, AvgPoolOptions::default())
            }
            /// Windows of this size, with settings.
            pub fn with_options(kernel_size: impl Into<Sizes<$n>>, options: AvgPoolOptions<$n>) -> $Name {
                $Name { kernel_size: kernel_size.into(), options, place: Place::new() }
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| x.$pool(self.kernel_size.0, self.options.into()))
            }
        }
    )* };
}
pools! {
    /// The average of each window of a signal.
    ///
    /// # Shapes
    /// input `[N, C, L]` or `[C, L]`, output the same but for `L' = (L + 2 padding - kernel) / stride + 1`, rounded
    /// down.
    ///
    /// ```
    /// use nn::{AvgPool1d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 5.0], [1, 1, 4])?;
    /// assert_eq!(AvgPool1d::new(2).forward(&x)?.to_vec::<f32>()?, [1.5, 4.0]);
    /// # Ok(()) }
    /// ```
    AvgPool1d over 1 by avg_pool1d;
    /// The average of each window of an image.
    ///
    /// # Shapes
    /// input `[N, C, H, W]` or `[C, H, W]`, output the same but for `H' = (H + 2 padding - kernel) / stride + 1`, rounded
    /// down.
    ///
    /// ```
    /// use nn::{AvgPool2d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [1, 1, 2, 2])?;
    /// assert_eq!(AvgPool2d::new(2).forward(&x)?.to_vec::<f32>()?, [2.5]);
    /// # Ok(()) }
    /// ```
    AvgPool2d over 2 by avg_pool2d;
    /// The average of each window of a volume.
    ///
    /// # Shapes
    /// input `[N, C, D, H, W]` or `[C, D, H, W]`, output the same but for `D' = (D + 2 padding - kernel) / stride + 1`,
    /// rounded down.
    ///
    /// ```
    /// use nn::{AvgPool3d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let y = AvgPool3d::new((1, 2, 2)).forward(&Tensor::zeros([1, 3, 5, 6, 6])?)?;
    /// assert_eq!(y.shape(), [1, 3, 5, 3, 3]);
    /// # Ok(()) }
    /// ```
    AvgPool3d over 3 by avg_pool3d;
}
