//! Padding as layers: what stands around signals, images and volumes.
use crate::{Forward, Module, Place, scope_with};
use tensor_core::{Error, Result, Scalar, Tensor, ops::PadMode};

/// How much to add at each end, the last dim first: `1` for all ends, or `[left, right, top, bottom, ..]`. Negative
/// numbers cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pads<const ENDS: usize>(pub [i64; ENDS]);

impl<const ENDS: usize> From<i64> for Pads<ENDS> {
    fn from(all: i64) -> Pads<ENDS> {
        Pads([all; ENDS])
    }
}
impl<const ENDS: usize> From<[i64; ENDS]> for Pads<ENDS> {
    fn from(ends: [i64; ENDS]) -> Pads<ENDS> {
        Pads(ends)
    }
}

fn padded(x: &Tensor, pads: &[i64], mode: PadMode) -> Result<Tensor> {
    let spatial = pads.len() / 2;
    if x.dim() < spatial {
        return Err(Error::new("pad", format!("pads {spatial} dims, the input has {}", x.dim())).operands([x]));
    }
    x.pad(pads, mode)
}

macro_rules! paddings {
    ($( $Name:ident $ends:literal $mode:ident, $what:literal, $space:literal, $pads:tt, $shape:tt => $padded:tt; )*) => { $(
        #[doc = concat!("Adds ", $what, " at the ends of ", $space, ".")]
        ///
        /// # Shapes
        #[doc = concat!("input ", $space, ", output the same with the pads added to the last dims.")]
        ///
        /// ```
        #[doc = concat!("use nn::{Forward, ", stringify!($Name), "};")]
        /// # use tensor_core::{Result, Tensor};
        /// # fn main() -> Result<()> {
        #[doc = concat!("let pad = ", stringify!($Name), "::new(", stringify!($pads), ");")]
        #[doc = concat!("assert_eq!(pad.forward(&Tensor::zeros(", stringify!($shape), ")?)?.shape(), ", stringify!($padded), ");")]
        /// # Ok(()) }
        /// ```
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// How much to add at each end, the last dim first.
            #[module(plain)]
            pub padding: Pads<$ends>,
            place: Place,
        }

        impl $Name {
            /// `1` for all ends, or a number for each: `[left, right, ..]`.
            pub fn new(padding: impl Into<Pads<$ends>>) -> $Name {
                $Name { padding: padding.into(), place: Place::new() }
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| padded(x, &self.padding.0, PadMode::$mode))
            }
        }
    )* };
}
paddings! {
    ReflectionPad1d 2 Reflect, "the input mirrored, without the end itself,", "`[N, C, L]` or `[C, L]`",
        [1, 2], [3, 4] => [3, 7];
    ReflectionPad2d 4 Reflect, "the input mirrored, without the end itself,", "`[N, C, H, W]` or `[C, H, W]`",
        1, [3, 4, 4] => [3, 6, 6];
    ReflectionPad3d 6 Reflect, "the input mirrored, without the end itself,", "`[N, C, D, H, W]` or `[C, D, H, W]`",
        1, [3, 4, 4, 4] => [3, 6, 6, 6];
    ReplicationPad1d 2 Replicate, "the first and last elements again", "`[N, C, L]` or `[C, L]`",
        [1, 2], [3, 4] => [3, 7];
    ReplicationPad2d 4 Replicate, "the first and last elements again", "`[N, C, H, W]` or `[C, H, W]`",
        1, [3, 4, 4] => [3, 6, 6];
    ReplicationPad3d 6 Replicate, "the first and last elements again", "`[N, C, D, H, W]` or `[C, D, H, W]`",
        1, [3, 4, 4, 4] => [3, 6, 6, 6];
    CircularPad1d 2 Circular, "the input from its other end", "`[N, C, L]` or `[C, L]`",
        [1, 2], [3, 4] => [3, 7];
    CircularPad2d 4 Circular, "the input from its other end", "`[N, C, H, W]` or `[C, H, W]`",
        1, [3, 4, 4] => [3, 6, 6];
    CircularPad3d 6 Circular, "the input from its other end", "`[N, C, D, H, W]` or `[C, D, H, W]`",
        1, [3, 4, 4, 4] => [3, 6, 6, 6];
}

macro_rules! constant_paddings {
    ($( $Constant:ident $Zero:ident $ends:literal, $space:literal, $shape:tt => $padded:tt; )*) => { $(
        #[doc = concat!("Adds one number at the ends of ", $space, ".")]
        ///
        /// # Shapes
        #[doc = concat!("input ", $space, ", output the same with the pads added to the last dims.")]
        ///
        /// ```
        #[doc = concat!("use nn::{Forward, ", stringify!($Constant), "};")]
        /// # use tensor_core::{Result, Tensor};
        /// # fn main() -> Result<()> {
        #[doc = concat!("let pad = ", stringify!($Constant), "::new(1, 0.5);")]
        #[doc = concat!("assert_eq!(pad.forward(&Tensor::zeros(", stringify!($shape), ")?)?.shape(), ", stringify!($padded), ");")]
        /// # Ok(()) }
        /// ```
        #[derive(Debug, Clone, Module)]
        pub struct $Constant {
            /// How much to add at each end, the last dim first.
            #[module(plain)]
            pub padding: Pads<$ends>,
            /// What to add.
            pub value: Scalar,
            place: Place,
        }

        impl $Constant {
            /// `1` for all ends, or a number for each: `[left, right, ..]`; and what to add there.
            pub fn new(padding: impl Into<Pads<$ends>>, value: impl Into<Scalar>) -> $Constant {
                $Constant { padding: padding.into(), value: value.into(), place: Place::new() }
            }
        }

        impl Forward for $Constant {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| padded(x, &self.padding.0, PadMode::Constant(self.value)))
            }
        }

        #[doc = concat!("Adds zeros at the ends of ", $space, ".")]
        ///
        /// # Shapes
        #[doc = concat!("input ", $space, ", output the same with the pads added to the last dims.")]
        ///
        /// ```
        #[doc = concat!("use nn::{Forward, ", stringify!($Zero), "};")]
        /// # use tensor_core::{Result, Tensor};
        /// # fn main() -> Result<()> {
        #[doc = concat!("let pad = ", stringify!($Zero), "::new(1);")]
        #[doc = concat!("assert_eq!(pad.forward(&Tensor::ones(", stringify!($shape), ")?)?.shape(), ", stringify!($padded), ");")]
        /// # Ok(()) }
        /// ```
        #[derive(Debug, Clone, Module)]
        pub struct $Zero {
            /// How much to add at each end, the last dim first.
            #[module(plain)]
            pub padding: Pads<$ends>,
            place: Place,
        }

        impl $Zero {
            /// `1` for all ends, or a number for each: `[left, right, ..]`.
            pub fn new(padding: impl Into<Pads<$ends>>) -> $Zero {
                $Zero { padding: padding.into(), place: Place::new() }
            }
        }

        impl Forward for $Zero {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| padded(x, &self.padding.0, PadMode::Constant(Scalar::Int(0))))
            }
        }
    )* };
}
constant_paddings! {
    ConstantPad1d ZeroPad1d 2, "`[N, C, L]` or `[C, L]`", [3, 4] => [3, 6];
    ConstantPad2d ZeroPad2d 4, "`[N, C, H, W]` or `[C, H, W]`", [3, 4, 4] => [3, 6, 6];
    ConstantPad3d ZeroPad3d 6, "`[N, C, D, H, W]` or `[C, D, H, W]`", [3, 4, 4, 4] => [3, 6, 6, 6];
}
