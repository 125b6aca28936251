//! Convolutions over signals, images and volumes.
use super::window::{Padding, Sizes};
use crate::{Forward, Module, Parameter, init, scope_with};
use tensor_core::{Error, Result, Tensor, ops, ops::PadMode};

/// Settings of a convolution over `N` spatial dims.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvOptions<const N: usize> {
    /// Step of the kernel.
    pub stride: Sizes<N>,
    /// How much stands around the input.
    pub padding: Padding<N>,
    /// What stands around the input: zeros, or the input continued.
    pub padding_mode: PadMode,
    /// Distance of the kernel's elements.
    pub dilation: Sizes<N>,
    /// Groups of channels that do not mix.
    pub groups: usize,
    /// Whether to add a bias.
    pub bias: bool,
}
/// Settings of [`Conv1d`].
pub type Conv1dOptions = ConvOptions<1>;
/// Settings of [`Conv2d`].
pub type Conv2dOptions = ConvOptions<2>;
/// Settings of [`Conv3d`].
pub type Conv3dOptions = ConvOptions<3>;

impl<const N: usize> Default for ConvOptions<N> {
    fn default() -> Self {
        ConvOptions {
            stride: 1.into(),
            padding: 0.into(),
            padding_mode: PadMode::default(),
            dilation: 1.into(),
            groups: 1,
            bias: true,
        }
    }
}

impl<const N: usize> ConvOptions<N> {
    /// Weight and bias of a layer with these settings.
    fn parameters(
        &self,
        new: &'static str,
        [input, output]: [usize; 2],
        kernel: [usize; N],
    ) -> Result<(Parameter, Option<Parameter>)> {
        check_groups(new, self.groups, [input, output])?;
        if [kernel, self.stride.0, self.dilation.0].iter().any(|sizes| sizes.contains(&0)) {
            return Err(Error::new(new, "kernel size, stride and dilation must be positive"));
        }
        if self.padding == Padding::Same && self.stride.0 != [1; N] {
            return Err(Error::new(new, "padding `same` is not possible with a stride"));
        }
        let weight = [&[output, input / self.groups], &kernel[..]].concat();
        init::layer(&weight, self.bias)
    }

    /// What one output sees of each spatial dim.
    fn window(&self, weight: &Tensor) -> [usize; N] {
        std::array::from_fn(|i| {
            self.dilation.0[i].saturating_mul(weight.shape()[2 + i].saturating_sub(1)).saturating_add(1)
        })
    }

    /// How much stands before and after the input.
    fn around(&self, weight: &Tensor) -> ([usize; N], [usize; N]) {
        match self.padding {
            Padding::Sizes(sizes) => (sizes, sizes),
            Padding::Valid => ([0; N], [0; N]),
            Padding::Same => {
                let window = self.window(weight);
                (window.map(|w| (w - 1) / 2), window.map(|w| w / 2))
            }
        }
    }

    fn out_size(&self, weight: &Tensor, size: [usize; N]) -> [usize; N] {
        let (window, (before, after)) = (self.window(weight), self.around(weight));
        std::array::from_fn(|i| {
            size[i]
                .saturating_add(before[i])
                .saturating_add(after[i])
                .checked_sub(window[i])
                .map_or(0, |room| room / self.stride.0[i] + 1)
        })
    }

    /// The input with what stands around it, and the settings of the convolution that is left to do.
    fn ready(&self, x: &Tensor, weight: &Tensor) -> Result<(Tensor, ops::ConvOptions<N>)> {
        let (before, after) = self.around(weight);
        let mut options =
            ops::ConvOptions { stride: self.stride.0, padding: [0; N], dilation: self.dilation.0, groups: self.groups };
        // The convolution itself knows of as many zeros on both sides.
        if before == after && self.padding_mode == PadMode::default() {
            options.padding = before;
            return Ok((x.clone(), options));
        }
        let pads: Vec<usize> = (0..N).rev().flat_map(|i| [before[i], after[i]]).collect();
        let pads: Vec<i64> = pads.into_iter().map(|p| i64::try_from(p).unwrap_or(i64::MAX)).collect();
        Ok((x.pad(pads, self.padding_mode)?, options))
    }
}

pub(super) fn check_groups(new: &'static str, groups: usize, [input, output]: [usize; 2]) -> Result<()> {
    if groups == 0 || !input.is_multiple_of(groups) || !output.is_multiple_of(groups) {
        let message = format!("{groups} groups do not divide {input} channels in and {output} out");
        return Err(Error::new(new, message).hint("both numbers of channels must be multiples of `groups`"));
    }
    Ok(())
}

/// The dims behind the channels, in messages.
const SPACE: [&str; 3] = ["L", "H, W", "D, H, W"];

/// Checks that the input has the channels that the layer expects, with hints for the usual mistakes.
pub(super) fn check_input(
    op: &'static str,
    x: &Tensor,
    weight: &Tensor,
    expected: usize,
    spatial: usize,
) -> Result<()> {
    let (rank, shape, space) = (x.dim(), x.shape(), SPACE[spatial.clamp(1, 3) - 1]);
    if rank != spatial + 1 && rank != spatial + 2 {
        let error = Error::new(op, format!("the input must be [N, C, {space}] or [C, {space}]")).operands([x]);
        return Err(match (rank == spatial, spatial, expected) {
            (true, 2, 1) => error
                .hint("one image without a dim for its channel: x.unsqueeze(0); flat ones: x.reshape([-1, 1, H, W])"),
            (true, 2, _) => error.hint("flat images get their shape back by x.reshape([-1, C, H, W])"),
            (true, _, 1) => error.hint("a dim for the channel is missing: x.unsqueeze(1) for a batch"),
            (true, ..) => error.hint("a dim for the channels is missing"),
            _ => error.hint("reshape it to one batch dim"),
        });
    }
    let batched = rank == spatial + 2;
    let given = shape[usize::from(batched)];
    if given == expected {
        return Ok(());
    }
    let plural = if expected == 1 { "" } else { "s" };
    let error = Error::new(op, format!("expected {expected} channel{plural}, got {given}"));
    // Channels last: dim 0 stays if it is the batch, the last one moves before the spatial dims.
    let last_to_front = || {
        let order: Vec<usize> = match batched {
            true => [0, rank - 1].into_iter().chain(1..rank - 1).collect(),
            false => std::iter::once(rank - 1).chain(0..rank - 1).collect(),
        };
        format!("the channels come last here: x.permute({order:?})")
    };
    Err(if shape[rank - 1] == expected {
        error.hint(last_to_front())
    } else if !batched && expected == 1 {
        let what = if spatial == 2 { "images" } else { "samples" };
        error.hint(format!("for {given} {what} of one channel: x.unsqueeze(1)"))
    } else if batched && given == 1 {
        let repeat = vec!["-1"; spatial].join(", ");
        error.hint(format!("a single channel can be repeated: x.expand([-1, {expected}, {repeat}])"))
    } else if !batched {
        let count = ["two", "three", "four"][spatial.clamp(1, 3) - 1];
        error.hint(format!("of {count} dims the first is the channels; a batch is [N, C, {space}]"))
    } else {
        error.hint(format!("for this input `in_channels` has to be {given}"))
    }
    .operands([x, weight]))
}

macro_rules! convolutions {
    ($( $(#[$doc:meta])* $Name:ident over $n:literal by $conv:ident, $new:literal, $kernel:literal, $size:literal; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            #[doc = concat!("`[out, in / groups, ", $kernel, "]`")]
            pub weight: Parameter,
            /// `[out]`
            pub bias: Option<Parameter>,
            #[module(plain)]
            options: ConvOptions<$n>,
        }

        impl $Name {
            /// From `in_channels` to `out_channels`, with a kernel of one size or one for each spatial dim. Weight and
            /// bias start even within 1 over the root of the number of inputs of an output.
            pub fn new(
                in_channels: usize,
                out_channels: usize,
                kernel_size: impl Into<Sizes<$n>>,
                options: ConvOptions<$n>,
            ) -> Result<$Name> {
                let kernel = kernel_size.into().0;
                let (weight, bias) = options.parameters($new, [in_channels, out_channels], kernel)?;
                Ok($Name { weight, bias, options })
            }

            /// The settings it was made with.
            pub fn options(&self) -> &ConvOptions<$n> {
                &self.options
            }

            #[doc = concat!($size, " of the output for that of an input; 0 where the kernel does not fit.")]
            pub fn out_size(&self, size: [usize; $n]) -> [usize; $n] {
                self.options.out_size(&self.weight, size)
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| {
                    let expected = self.weight.shape()[1] * self.options.groups;
                    check_input(stringify!($conv), x, &self.weight, expected, $n)?;
                    let (x, options) = self.options.ready(x, &self.weight)?;
                    x.$conv(&self.weight, self.bias.as_deref(), options)
                })
            }
        }
    )* };
}

convolutions! {
    /// Slides a kernel over a signal: each output is the sum, over a window and all channels, of input times weight.
    ///
    /// # Shapes
    /// input `[N, in, L]` or `[in, L]`, output `[N, out, L']` or `[out, L']` with
    /// `L' = (L + 2 padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down ([`Conv1d::out_size`]).
    ///
    /// ```
    /// use nn::{Conv1d, Conv1dOptions, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let conv = Conv1d::new(3, 8, 5, Conv1dOptions { stride: 2.into(), ..Default::default() })?;
    /// assert_eq!(conv.forward(&Tensor::zeros([2, 3, 25])?)?.shape(), [2, 8, 11]);
    /// # Ok(()) }
    /// ```
    Conv1d over 1 by conv1d, "Conv1d::new", "length", "Length";
    /// Slides a kernel over an image: each output is the sum, over a window and all channels, of input times weight.
    ///
    /// # Shapes
    /// input `[N, in, H, W]` or `[in, H, W]`, output `[N, out, H', W']` or `[out, H', W']` with
    /// `H' = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down ([`Conv2d::out_size`]).
    ///
    /// ```
    /// use nn::{Conv2d, Conv2dOptions, Forward, Module};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let conv = Conv2d::new(3, 64, 3, Conv2dOptions { padding: 1.into(), ..Default::default() })?;
    /// assert_eq!(conv.num_parameters(), 1_792);
    /// assert_eq!(conv.forward(&Tensor::zeros([2, 3, 24, 24])?)?.shape(), [2, 64, 24, 24]);
    /// # Ok(()) }
    /// ```
    Conv2d over 2 by conv2d, "Conv2d::new", "height, width", "Height and width";
    /// Slides a kernel over a volume: each output is the sum, over a window and all channels, of input times weight.
    ///
    /// # Shapes
    /// input `[N, in, D, H, W]` or `[in, D, H, W]`, output `[N, out, D', H', W']` or `[out, D', H', W']` with
    /// `D' = (D + 2 padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down ([`Conv3d::out_size`]).
    ///
    /// ```
    /// use nn::{Conv3d, Conv3dOptions, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let conv = Conv3d::new(1, 4, (1, 3, 3), Conv3dOptions { padding: [0, 1, 1].into(), ..Default::default() })?;
    /// assert_eq!(conv.forward(&Tensor::zeros([2, 1, 4, 6, 6])?)?.shape(), [2, 4, 4, 6, 6]);
    /// # Ok(()) }
    /// ```
    Conv3d over 3 by conv3d, "Conv3d::new", "depth, height, width", "Depth, height and width";
}
