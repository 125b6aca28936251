//! Pooling to a given size, whatever the input's.
use crate::{Forward, Module, Place, scope_with};
use tensor_core::{Error, Result, Tensor};

/// The output's size in each spatial dim: `7`, `[7, 5]`, or with `None` where the input's size stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutSizes<const N: usize>(pub [Option<usize>; N]);

impl<const N: usize> From<usize> for OutSizes<N> {
    fn from(all: usize) -> OutSizes<N> {
        OutSizes([Some(all); N])
    }
}
impl<const N: usize> From<[usize; N]> for OutSizes<N> {
    fn from(sizes: [usize; N]) -> OutSizes<N> {
        OutSizes(sizes.map(Some))
    }
}
impl<const N: usize> From<[Option<usize>; N]> for OutSizes<N> {
    fn from(sizes: [Option<usize>; N]) -> OutSizes<N> {
        OutSizes(sizes)
    }
}

impl<const N: usize> OutSizes<N> {
    fn of(&self, op: &'static str, x: &Tensor) -> Result<[usize; N]> {
        let Some(first) = x.dim().checked_sub(N) else {
            return Err(Error::new(op, format!("pools {N} dims, the input has {}", x.dim())).operands([x]));
        };
        Ok(std::array::from_fn(|i| self.0[i].unwrap_or(x.shape()[first + i])))
    }
}

macro_rules! average {
    ($( $Name:ident over $n:literal by $pool:ident, $shape:literal, $given:tt => $out:tt; )*) => { $(
        #[doc = concat!("Averages of as many windows as `output_size` says, which cover `", $shape, "` evenly.")]
        ///
        /// # Shapes
        #[doc = concat!("input `[N, C, ", $shape, "]` or `[C, ", $shape, "]`, output the same but for the last dims, which are `output_size`.")]
        ///
        /// ```
        #[doc = concat!("use nn::{Forward, ", stringify!($Name), "};")]
        /// # use tensor_core::{Result, Tensor};
        /// # fn main() -> Result<()> {
        #[doc = concat!("let y = ", stringify!($Name), "::new(2).forward(&Tensor::zeros(", stringify!($given), ")?)?;")]
        #[doc = concat!("assert_eq!(y.shape(), ", stringify!($out), ");")]
        /// # Ok(()) }
        /// ```
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// Sizes of the output.
            #[module(plain)]
            pub output_size: OutSizes<$n>,
            place: Place,
        }

        impl $Name {
            /// To this size.
            pub fn new(output_size: impl Into<OutSizes<$n>>) -> $Name {
                $Name { output_size: output_size.into(), place: Place::new() }
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| x.$pool(self.output_size.of(stringify!($pool), x)?))
            }
        }
    )* };
}
average! {
    AdaptiveAvgPool1d over 1 by adaptive_avg_pool1d, "L", [1, 3, 7] => [1, 3, 2];
    AdaptiveAvgPool2d over 2 by adaptive_avg_pool2d, "H, W", [1, 3, 7, 6] => [1, 3, 2, 2];
    AdaptiveAvgPool3d over 3 by adaptive_avg_pool3d, "D, H, W", [1, 3, 7, 6, 5] => [1, 3, 2, 2, 2];
}

macro_rules! largest {
    ($( $Name:ident over $n:literal by $pool:ident $indices:ident, $shape:literal, $given:tt => $out:tt; )*) => { $(
        #[doc = concat!("The largest elements of as many windows as `output_size` says, which cover `", $shape, "` evenly.")]
        ///
        /// # Shapes
        #[doc = concat!("input `[N, C, ", $shape, "]` or `[C, ", $shape, "]`, output the same but for the last dims, which are `output_size`.")]
        ///
        /// ```
        #[doc = concat!("use nn::{Forward, ", stringify!($Name), "};")]
        /// # use tensor_core::{Result, Tensor};
        /// # fn main() -> Result<()> {
        #[doc = concat!("let y = ", stringify!($Name), "::new(2).forward(&Tensor::zeros(", stringify!($given), ")?)?;")]
        #[doc = concat!("assert_eq!(y.shape(), ", stringify!($out), ");")]
        /// # Ok(()) }
        /// ```
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// Sizes of the output.
            #[module(plain)]
            pub output_size: OutSizes<$n>,
            place: Place,
        }

        impl $Name {
            /// To this size.
            pub fn new(output_size: impl Into<OutSizes<$n>>) -> $Name {
                $Name { output_size: output_size.into(), place: Place::new() }
            }
            /// The output and, second, where in the flattened spatial dims each element stood: PyTorch's
            /// `return_indices`.
            pub fn forward_with_indices(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
                scope_with(self, x, |x| x.$indices(self.output_size.of(stringify!($pool), x)?))
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| x.$pool(self.output_size.of(stringify!($pool), x)?))
            }
        }
    )* };
}
largest! {
    AdaptiveMaxPool1d over 1 by adaptive_max_pool1d adaptive_max_pool1d_with_indices, "L", [1, 3, 7] => [1, 3, 2];
    AdaptiveMaxPool2d over 2 by adaptive_max_pool2d adaptive_max_pool2d_with_indices, "H, W",
        [1, 3, 7, 6] => [1, 3, 2, 2];
    AdaptiveMaxPool3d over 3 by adaptive_max_pool3d adaptive_max_pool3d_with_indices, "D, H, W",
        [1, 3, 7, 6, 5] => [1, 3, 2, 2, 2];
}
