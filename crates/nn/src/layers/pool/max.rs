//! The largest element of each window.
use crate::{Forward, Module, Place, Sizes, scope_with};
use tensor_core::{Result, Tensor, ops};

/// Settings of max pooling over `N` spatial dims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPoolOptions<const N: usize> {
    /// Step of the window; its size where `None`.
    pub stride: Option<Sizes<N>>,
    /// How far windows reach over the edge; nothing there is ever chosen.
    pub padding: Sizes<N>,
    /// Distance of the window's elements.
    pub dilation: Sizes<N>,
    /// Whether a window that hangs over the end counts.
    pub ceil_mode: bool,
}
/// Settings of [`MaxPool1d`].
pub type MaxPool1dOptions = MaxPoolOptions<1>;
/// Settings of [`MaxPool2d`].
pub type MaxPool2dOptions = MaxPoolOptions<2>;
/// Settings of [`MaxPool3d`].
pub type MaxPool3dOptions = MaxPoolOptions<3>;

impl<const N: usize> Default for MaxPoolOptions<N> {
    fn default() -> Self {
        MaxPoolOptions { stride: None, padding: 0.into(), dilation: 1.into(), ceil_mode: false }
    }
}

impl<const N: usize> From<MaxPoolOptions<N>> for ops::MaxPoolOptions<N> {
    fn from(options: MaxPoolOptions<N>) -> Self {
        let MaxPoolOptions { stride, padding, dilation, ceil_mode } = options;
        ops::MaxPoolOptions { stride: stride.map(|s| s.0), padding: padding.0, dilation: dilation.0, ceil_mode }
    }
}

macro_rules! pools {
    ($( $(#[$doc:meta])* $Name:ident over $n:literal by $pool:ident $indices:ident; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// Sizes of the window.
            #[module(plain)]
            pub kernel_size: Sizes<$n>,
            /// The other settings.
            #[module(plain)]
            pub options: MaxPoolOptions<$n>,
            place: Place,
        }

        impl $Name {
            /// Windows of this size, side by side.
            pub fn new(kernel_size: impl Into<Sizes<$n>>) -> $Name {
                $Name::with_options(kernel_size, MaxPoolOptions::default())
            }
            /// Windows of this size, with settings.
            pub fn with_options(kernel_size: impl Into<Sizes<$n>>, options: MaxPoolOptions<$n>) -> $Name {
                $Name { kernel_size: kernel_size.into(), options, place: Place::new() }
            }
            /// The output and, second, where in the flattened spatial dims each element stood: PyTorch's
            /// `return_indices`.
            pub fn forward_with_indices(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
                scope_with(self, x, |x| x.$indices(self.kernel_size.0, self.options.into()))
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
    /// The largest element of each window of a signal.
    ///
    /// # Shapes
    /// input `[N, C, L]` or `[C, L]`, output the same but for
    /// `L' = (L + 2 padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down.
    ///
    /// ```
    /// use nn::{Forward, MaxPool1d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 4.0, 3.0], [1, 1, 4])?;
    /// let (y, indices) = MaxPool1d::new(2).forward_with_indices(&x)?;
    /// assert_eq!(y.to_vec::<f32>()?, [2.0, 4.0]);
    /// assert_eq!(indices.to_vec::<i64>()?, [1, 2]);
    /// # Ok(()) }
    /// ```
    MaxPool1d over 1 by max_pool1d max_pool1d_with_indices;
    /// The largest element of each window of an image.
    ///
    /// # Shapes
    /// input `[N, C, H, W]` or `[C, H, W]`, output the same but for
    /// `H' = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down.
    ///
    /// ```
    /// use nn::{Forward, MaxPool2d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [1, 1, 2, 2])?;
    /// assert_eq!(MaxPool2d::new(2).forward(&x)?.to_vec::<f32>()?, [4.0]);
    /// # Ok(()) }
    /// ```
    MaxPool2d over 2 by max_pool2d max_pool2d_with_indices;
    /// The largest element of each window of a volume.
    ///
    /// # Shapes
    /// input `[N, C, D, H, W]` or `[C, D, H, W]`, output the same but for
    /// `D' = (D + 2 padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down.
    ///
    /// ```
    /// use nn::{Forward, MaxPool3d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let y = MaxPool3d::new((1, 2, 2)).forward(&Tensor::zeros([1, 3, 5, 6, 6])?)?;
    /// assert_eq!(y.shape(), [1, 3, 5, 3, 3]);
    /// # Ok(()) }
    /// ```
    MaxPool3d over 3 by max_pool3d max_pool3d_with_indices;
}
