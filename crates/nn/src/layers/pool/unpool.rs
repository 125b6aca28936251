//! Max pooling undone.
use crate::{Module, Place, Sizes, scope_with};
use tensor_core::{Error, Result, Tensor};

/// Settings of unpooling over `N` spatial dims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxUnpoolOptions<const N: usize> {
    /// Step of the window; its size where `None`.
    pub stride: Option<Sizes<N>>,
    /// How far windows reached over the edge.
    pub padding: Sizes<N>,
}

impl<const N: usize> Default for MaxUnpoolOptions<N> {
    fn default() -> Self {
        MaxUnpoolOptions { stride: None, padding: 0.into() }
    }
}

/// The sizes before a pooling: the smallest of those that give this input, or `wanted` if it is within a step of them.
fn before<const N: usize>(
    op: &'static str,
    x: &Tensor,
    kernel: [usize; N],
    options: MaxUnpoolOptions<N>,
    wanted: Option<[usize; N]>,
) -> Result<[usize; N]> {
    let wrong = |why: String| Error::new(op, why).operands([x]);
    if x.dim() != N + 1 && x.dim() != N + 2 {
        return Err(wrong(format!("the input must have {} or {} dims, got {}", N + 1, N + 2, x.dim())));
    }
    let first = x.dim() - N;
    let mut sizes = [0; N];
    for i in 0..N {
        let step = options.stride.map_or(kernel[i], |s| s.0[i]);
        let full = (x.shape()[first + i].saturating_sub(1)).saturating_mul(step).saturating_add(kernel[i]);
        let default = full.checked_sub(options.padding.0[i].saturating_mul(2));
        sizes[i] = default.ok_or_else(|| wrong(format!("padding {:?} leaves nothing", options.padding.0)))?;
        if let Some(wanted) = wanted.map(|w| w[i]) {
            if wanted.saturating_add(step) <= sizes[i] || wanted >= sizes[i].saturating_add(step) {
                let least = (sizes[i].saturating_add(1)).saturating_sub(step);
                let most = sizes[i].saturating_add(step).saturating_sub(1);
                return Err(wrong(format!("output size {wanted} of spatial dim {i} is not possible"))
                    .hint(format!("for this input it is {least} to {most}")));
            }
            sizes[i] = wanted;
        }
    }
    Ok(sizes)
}

macro_rules! unpools {
    ($( $(#[$doc:meta])* $Name:ident over $n:literal by $unpool:ident; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// Sizes of the window.
            #[module(plain)]
            pub kernel_size: Sizes<$n>,
            /// The other settings.
            #[module(plain)]
            pub options: MaxUnpoolOptions<$n>,
            place: Place,
        }

        impl $Name {
            /// Of windows of this size, side by side.
            pub fn new(kernel_size: impl Into<Sizes<$n>>) -> $Name {
                $Name::with_options(kernel_size, MaxUnpoolOptions::default())
            }
            /// The same with settings.
            pub fn with_options(kernel_size: impl Into<Sizes<$n>>, options: MaxUnpoolOptions<$n>) -> $Name {
                $Name { kernel_size: kernel_size.into(), options, place: Place::new() }
            }
            /// Each element where `indices`, from the pooling's `forward_with_indices`, say, and zeros between.
            pub fn forward(&self, x: &Tensor, indices: &Tensor) -> Result<Tensor> {
                self.run(x, indices, None)
            }
            /// The same to sizes that were lost to rounding.
            pub fn forward_to_size(
                &self,
                x: &Tensor,
                indices: &Tensor,
                output_size: impl Into<Sizes<$n>>,
            ) -> Result<Tensor> {
                self.run(x, indices, Some(output_size.into().0))
            }
            fn run(&self, x: &Tensor, indices: &Tensor, wanted: Option<[usize; $n]>) -> Result<Tensor> {
                scope_with(self, x, |x| {
                    let sizes = before(stringify!($unpool), x, self.kernel_size.0, self.options, wanted)?;
                    x.$unpool(indices, sizes)
                })
            }
        }
    )* };
}
unpools! {
    /// Undoes [`crate::MaxPool1d`]: what was not the largest becomes 0.
    ///
    /// # Shapes
    /// input and indices `[N, C, L]` or `[C, L]`, output the same but for `L' = (L - 1) stride - 2 padding + kernel`.
    ///
    /// ```
    /// use nn::{MaxPool1d, MaxUnpool1d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 4.0, 3.0], [1, 1, 4])?;
    /// let (y, indices) = MaxPool1d::new(2).forward_with_indices(&x)?;
    /// let back = MaxUnpool1d::new(2).forward(&y, &indices)?;
    /// assert_eq!(back.to_vec::<f32>()?, [0.0, 2.0, 4.0, 0.0]);
    /// # Ok(()) }
    /// ```
    MaxUnpool1d over 1 by max_unpool1d;
    /// Undoes [`crate::MaxPool2d`]: what was not the largest becomes 0.
    ///
    /// # Shapes
    /// input and indices `[N, C, H, W]` or `[C, H, W]`, output the same but for
    /// `H' = (H - 1) stride - 2 padding + kernel`.
    ///
    /// ```
    /// use nn::{MaxPool2d, MaxUnpool2d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let (y, indices) = MaxPool2d::new(2).forward_with_indices(&Tensor::randn([1, 3, 5, 5])?)?;
    /// assert_eq!(MaxUnpool2d::new(2).forward_to_size(&y, &indices, 5)?.shape(), [1, 3, 5, 5]);
    /// # Ok(()) }
    /// ```
    MaxUnpool2d over 2 by max_unpool2d;
    /// Undoes [`crate::MaxPool3d`]: what was not the largest becomes 0.
    ///
    /// # Shapes
    /// input and indices `[N, C, D, H, W]` or `[C, D, H, W]`, output the same but for
    /// `D' = (D - 1) stride - 2 padding + kernel`.
    ///
    /// ```
    /// use nn::{MaxPool3d, MaxUnpool3d};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let (y, indices) = MaxPool3d::new(2).forward_with_indices(&Tensor::randn([1, 2, 4, 4, 4])?)?;
    /// assert_eq!(MaxUnpool3d::new(2).forward(&y, &indices)?.shape(), [1, 2, 4, 4, 4]);
    /// # Ok(()) }
    /// ```
    MaxUnpool3d over 3 by max_unpool3d;
}
