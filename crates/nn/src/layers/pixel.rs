//! Channels and pixels that trade places.
use crate::{Forward, Module, Place, scope_with};
use tensor_core::{Result, Tensor};

macro_rules! shuffles {
    ($( $(#[$doc:meta])* $Name:ident { $(#[$field_doc:meta])* $field:ident } by $call:ident; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            $(#[$field_doc])*
            pub $field: usize,
            place: Place,
        }

        impl $Name {
            /// With this number, at least 1.
            pub fn new($field: usize) -> $Name {
                $Name { $field, place: Place::new() }
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| x.$call(self.$field))
            }
        }
    )* };
}
shuffles! {
    /// Channels become pixels.
    ///
    /// # Shapes
    /// input `[*, C r², H, W]`, output `[*, C, H r, W r]`.
    ///
    /// ```
    /// use nn::{Forward, PixelShuffle};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(PixelShuffle::new(2).forward(&Tensor::zeros([1, 12, 5, 4])?)?.shape(), [1, 3, 10, 8]);
    /// # Ok(()) }
    /// ```
    PixelShuffle {
        /// `r`: by how much height and width grow.
        upscale_factor
    } by pixel_shuffle;
    /// Pixels become channels: undoes [`PixelShuffle`].
    ///
    /// # Shapes
    /// input `[*, C, H r, W r]`, output `[*, C r², H, W]`.
    ///
    /// ```
    /// use nn::{Forward, PixelUnshuffle};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// assert_eq!(PixelUnshuffle::new(2).forward(&Tensor::zeros([1, 3, 10, 8])?)?.shape(), [1, 12, 5, 4]);
    /// # Ok(()) }
    /// ```
    PixelUnshuffle {
        /// `r`: by how much height and width shrink.
        downscale_factor
    } by pixel_unshuffle;
    /// Deals the channels out to groups, so that the groups of the next convolution see all of them.
    ///
    /// # Shapes
    /// input `[N, C, *]`, output the same.
    ///
    /// ```
    /// use nn::{ChannelShuffle, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[0.0f32, 1.0, 2.0, 3.0], [1, 4, 1])?;
    /// assert_eq!(ChannelShuffle::new(2).forward(&x)?.to_vec::<f32>()?, [0.0, 2.0, 1.0, 3.0]);
    /// # Ok(()) }
    /// ```
    ChannelShuffle {
        /// The number of groups, a divisor of the number of channels.
        groups
    } by channel_shuffle;
}
