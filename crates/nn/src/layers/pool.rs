//! Pooling over images: the largest or the average of each window.
use crate::{Forward, Module, Pair, Place, scope};
use tensor_core::{Result, Tensor, ops};

/// Settings of [`MaxPool2d`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool2dOptions {
    /// Step of the window; its size where `None`.
    pub stride: Option<Pair>,
    /// Rows and columns of minus infinity around the image.
    pub padding: Pair,
    /// Distance of the window's elements.
    pub dilation: Pair,
    /// Whether a window that hangs over the end counts.
    pub ceil_mode: bool,
}

impl Default for MaxPool2dOptions {
    fn default() -> MaxPool2dOptions {
        MaxPool2dOptions { stride: None, padding: 0.into(), dilation: 1.into(), ceil_mode: false }
    }
}

/// Settings of [`AvgPool2d`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvgPool2dOptions {
    /// Step of the window; its size where `None`.
    pub stride: Option<Pair>,
    /// Zeros around the image.
    pub padding: Pair,
    /// Whether a window that hangs over the end counts.
    pub ceil_mode: bool,
    /// Whether the zeros around the image count as elements.
    pub count_include_pad: bool,
    /// What to divide by; the number of elements where `None`.
    pub divisor_override: Option<usize>,
}

impl Default for AvgPool2dOptions {
    fn default() -> AvgPool2dOptions {
        AvgPool2dOptions {
            stride: None,
            padding: 0.into(),
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
        }
    }
}

/// The largest element of each window.
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
#[derive(Debug, Clone, Module)]
pub struct MaxPool2d {
    /// Height and width of the window.
    #[module(plain)]
    pub kernel_size: Pair,
    /// The other settings.
    #[module(plain)]
    pub options: MaxPool2dOptions,
    place: Place,
}

impl MaxPool2d {
    /// Windows of this size, side by side.
    pub fn new(kernel_size: impl Into<Pair>) -> MaxPool2d {
        MaxPool2d::with_options(kernel_size, MaxPool2dOptions::default())
    }
    /// Windows of this size, with settings.
    pub fn with_options(kernel_size: impl Into<Pair>, options: MaxPool2dOptions) -> MaxPool2d {
        MaxPool2d { kernel_size: kernel_size.into(), options, place: Place::new() }
    }
}

impl Forward for MaxPool2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || {
            let MaxPool2dOptions { stride, padding, dilation, ceil_mode } = self.options;
            let options = ops::MaxPool2dOptions {
                stride: stride.map(|s| s.0),
                padding: padding.0,
                dilation: dilation.0,
                ceil_mode,
            };
            x.max_pool2d(self.kernel_size.0, options)
        })
    }
}

/// The average of each window.
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
#[derive(Debug, Clone, Module)]
pub struct AvgPool2d {
    /// Height and width of the window.
    #[module(plain)]
    pub kernel_size: Pair,
    /// The other settings.
    #[module(plain)]
    pub options: AvgPool2dOptions,
    place: Place,
}

impl AvgPool2d {
    /// Windows of this size, side by side.
    pub fn new(kernel_size: impl Into<Pair>) -> AvgPool2d {
        AvgPool2d::with_options(kernel_size, AvgPool2dOptions::default())
    }
    /// Windows of this size, with settings.
    pub fn with_options(kernel_size: impl Into<Pair>, options: AvgPool2dOptions) -> AvgPool2d {
        AvgPool2d { kernel_size: kernel_size.into(), options, place: Place::new() }
    }
}

impl Forward for AvgPool2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || {
            let AvgPool2dOptions { stride, padding, ceil_mode, count_include_pad, divisor_override } = self.options;
            let options = ops::AvgPool2dOptions {
                stride: stride.map(|s| s.0),
                padding: padding.0,
                ceil_mode,
                count_include_pad,
                divisor_override,
            };
            x.avg_pool2d(self.kernel_size.0, options)
        })
    }
}
