//! Images as columns of patches, and back.
use crate::{Forward, Module, Pair, Place, functional, scope_with};
use tensor_core::{Result, Tensor, ops::Im2colOptions};

/// Settings of [`Fold`] and [`Unfold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldOptions {
    /// Distance of the elements of one patch.
    pub dilation: Pair,
    /// Zeros around the image.
    pub padding: Pair,
    /// Distance of patches.
    pub stride: Pair,
}

impl Default for FoldOptions {
    fn default() -> FoldOptions {
        FoldOptions { dilation: 1.into(), padding: 0.into(), stride: 1.into() }
    }
}

impl From<FoldOptions> for Im2colOptions {
    fn from(FoldOptions { dilation, padding, stride }: FoldOptions) -> Im2colOptions {
        Im2colOptions { dilation: dilation.0, padding: padding.0, stride: stride.0 }
    }
}

/// The patches of images as columns: what a convolution multiplies.
///
/// # Shapes
/// input `[N, C, H, W]` or `[C, H, W]`, output `[N, C * kernel height * kernel width, patches]` or without `N`.
///
/// ```
/// use nn::{Forward, Unfold};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// assert_eq!(Unfold::new((2, 3)).forward(&Tensor::zeros([2, 5, 3, 4])?)?.shape(), [2, 30, 4]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Unfold {
    /// Height and width of a patch.
    #[module(plain)]
    pub kernel_size: Pair,
    /// The other settings.
    #[module(plain)]
    pub options: FoldOptions,
    place: Place,
}

impl Unfold {
    /// Patches of this size.
    pub fn new(kernel_size: impl Into<Pair>) -> Unfold {
        Unfold::with_options(kernel_size, FoldOptions::default())
    }
    /// The same with settings.
    pub fn with_options(kernel_size: impl Into<Pair>, options: FoldOptions) -> Unfold {
        Unfold { kernel_size: kernel_size.into(), options, place: Place::new() }
    }
}

impl Forward for Unfold {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.im2col(self.kernel_size.0, self.options.into()).map_err(|e| e.renamed("unfold")))
    }
}

/// Images from columns of patches; where patches overlap, they are added.
///
/// # Shapes
/// input `[N, C * kernel height * kernel width, patches]` or without `N`, output `[N, C, H, W]` or `[C, H, W]`.
///
/// ```
/// use nn::{Fold, Forward};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let y = Fold::new((1, 3), (1, 2)).forward(&Tensor::ones([1, 2, 2])?)?;
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 2.0, 1.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Fold {
    /// Height and width of the image.
    #[module(plain)]
    pub output_size: Pair,
    /// Height and width of a patch.
    #[module(plain)]
    pub kernel_size: Pair,
    /// The other settings.
    #[module(plain)]
    pub options: FoldOptions,
    place: Place,
}

impl Fold {
    /// Images of `output_size` from patches of `kernel_size`.
    pub fn new(output_size: impl Into<Pair>, kernel_size: impl Into<Pair>) -> Fold {
        Fold::with_options(output_size, kernel_size, FoldOptions::default())
    }
    /// The same with settings.
    pub fn with_options(output_size: impl Into<Pair>, kernel_size: impl Into<Pair>, options: FoldOptions) -> Fold {
        Fold { output_size: output_size.into(), kernel_size: kernel_size.into(), options, place: Place::new() }
    }
}

impl Forward for Fold {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| functional::fold(x, self.output_size, self.kernel_size, self.options))
    }
}
