//! Pooling over images: the largest or the average of each window.
use crate::{Forward, Module, Pair, Place, scope};
use tensor_core::{
    Result, Tensor,
    ops::{AvgPoolOptions, MaxPoolOptions},
};

/// Settings of [`MaxPool2d`]: those of the tensor's method.
pub type MaxPool2dOptions = MaxPoolOptions<2>;
/// Settings of [`AvgPool2d`]: those of the tensor's method.
pub type AvgPool2dOptions = AvgPoolOptions<2>;

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
        scope(self, || x.max_pool2d(self.kernel_size.0, self.options))
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
        scope(self, || x.avg_pool2d(self.kernel_size.0, self.options))
    }
}
