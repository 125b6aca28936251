//! The `p`-norm of each window.
use crate::{Forward, Module, Place, Sizes, scope_with};
use tensor_core::{
    Error, Result, Tensor,
    ops::{AvgPoolOptions, MaxPoolOptions},
};

/// Settings of power-average pooling over `N` spatial dims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LPPoolOptions<const N: usize> {
    /// Step of the window; its size where `None`.
    pub stride: Option<Sizes<N>>,
    /// Whether a window that hangs over the end counts.
    pub ceil_mode: bool,
}

impl<const N: usize> Default for LPPoolOptions<N> {
    fn default() -> Self {
        LPPoolOptions { stride: None, ceil_mode: false }
    }
}

/// `(sum of x^p)^(1/p)`, given the averages of windows of `count` elements, and their largest elements.
fn norm(
    op: &'static str,
    (p, count): (f64, usize),
    x: &Tensor,
    average: impl Fn(&Tensor) -> Result<Tensor>,
    largest: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    if p == 0.0 || p.is_nan() {
        return Err(Error::new(op, format!("norm_type is {p}")).operands([x]).hint("any number but 0"));
    }
    let run = || {
        if p.is_infinite() {
            return if p > 0.0 { largest(&x.abs()?) } else { largest(&x.abs()?.neg()?)?.neg() };
        }
        let mean = average(&x.pow(p)?)?;
        // PyTorch's gradient at 0: that of sign and relu.
        mean.sign()?.mul(&mean.abs()?.relu()?)?.mul(count as f64)?.pow(1.0 / p)
    };
    run().map_err(|e| e.renamed(op))
}

macro_rules! pools {
    ($( $(#[$doc:meta])* $Name:ident over $n:literal by $op:literal $average:ident $largest:ident; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// The power.
            pub norm_type: f64,
            /// Sizes of the window.
            #[module(plain)]
            pub kernel_size: Sizes<$n>,
            /// The other settings.
            #[module(plain)]
            pub options: LPPoolOptions<$n>,
            place: Place,
        }

        impl $Name {
            /// The `norm_type`-norm of windows of this size, side by side.
            pub fn new(norm_type: f64, kernel_size: impl Into<Sizes<$n>>) -> $Name {
                $Name::with_options(norm_type, kernel_size, LPPoolOptions::default())
            }
            /// The same with settings.
            pub fn with_options(
                norm_type: f64,
                kernel_size: impl Into<Sizes<$n>>,
                options: LPPoolOptions<$n>,
            ) -> $Name {
                $Name { norm_type, kernel_size: kernel_size.into(), options, place: Place::new() }
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| {
                    let kernel = self.kernel_size.0;
                    let LPPoolOptions { stride, ceil_mode } = self.options;
                    let stride = stride.map(|s| s.0);
                    let average = AvgPoolOptions { stride, ceil_mode, ..Default::default() };
                    let largest = MaxPoolOptions { stride, ceil_mode, ..Default::default() };
                    let of = (self.norm_type, kernel.iter().product());
                    norm($op, of, x, |x| x.$average(kernel, average), |x| x.$largest(kernel, largest))
                })
            }
        }
    )* };
}
pools! {
    /// The `p`-norm of each window of a signal: the sum for 1, towards the largest for large `p`.
    ///
    /// # Shapes
    /// input `[N, C, L]` or `[C, L]`, output the same but for `L' = (L - kernel) / stride + 1`, rounded down.
    ///
    /// ```
    /// use nn::{Forward, LPPool1d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[3.0f32, 4.0], [1, 1, 2])?;
    /// assert_eq!(LPPool1d::new(2.0, 2).forward(&x)?.to_vec::<f32>()?, [5.0]);
    /// # Ok(()) }
    /// ```
    LPPool1d over 1 by "lp_pool1d" avg_pool1d max_pool1d;
    /// The `p`-norm of each window of an image: the sum for 1, towards the largest for large `p`.
    ///
    /// # Shapes
    /// input `[N, C, H, W]` or `[C, H, W]`, output the same but for `H' = (H - kernel) / stride + 1`, rounded down.
    ///
    /// ```
    /// use nn::{Forward, LPPool2d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[3.0f32, 4.0, 0.0, 0.0], [1, 1, 2, 2])?;
    /// assert_eq!(LPPool2d::new(2.0, 2).forward(&x)?.to_vec::<f32>()?, [5.0]);
    /// # Ok(()) }
    /// ```
    LPPool2d over 2 by "lp_pool2d" avg_pool2d max_pool2d;
    /// The `p`-norm of each window of a volume: the sum for 1, towards the largest for large `p`.
    ///
    /// # Shapes
    /// input `[N, C, D, H, W]` or `[C, D, H, W]`, output the same but for `D' = (D - kernel) / stride + 1`, rounded
    /// down.
    ///
    /// ```
    /// use nn::{Forward, LPPool3d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let y = LPPool3d::new(2.0, (1, 2, 2)).forward(&Tensor::ones([1, 3, 5, 6, 6])?)?;
    /// assert_eq!(y.shape(), [1, 3, 5, 3, 3]);
    /// # Ok(()) }
    /// ```
    LPPool3d over 3 by "lp_pool3d" avg_pool3d max_pool3d;
}
