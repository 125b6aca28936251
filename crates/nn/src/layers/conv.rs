//! Convolution over images.
use super::window::{Padding, Pair};
use crate::{Forward, Module, Parameter, init, scope};
use tensor_core::{
    Error, Result, Tensor,
    ops::{ConvOptions, PadMode},
};

/// Settings of [`Conv2d`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conv2dOptions {
    /// Step of the kernel.
    pub stride: Pair,
    /// How much stands around the image.
    pub padding: Padding,
    /// What stands around the image: zeros, or the image continued.
    pub padding_mode: PadMode,
    /// Distance of the kernel's elements.
    pub dilation: Pair,
    /// Groups of channels that do not mix.
    pub groups: usize,
    /// Whether to add a bias.
    pub bias: bool,
}

impl Default for Conv2dOptions {
    fn default() -> Conv2dOptions {
        Conv2dOptions {
            stride: 1.into(),
            padding: 0.into(),
            padding_mode: PadMode::default(),
            dilation: 1.into(),
            groups: 1,
            bias: true,
        }
    }
}

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
#[derive(Debug, Clone, Module)]
pub struct Conv2d {
    /// `[out, in / groups, height, width]`
    pub weight: Parameter,
    /// `[out]`
    pub bias: Option<Parameter>,
    #[module(plain)]
    options: Conv2dOptions,
}

impl Conv2d {
    /// From `in_channels` to `out_channels`, with a kernel of `3`, `(3, 5)`... Weight and bias start even within
    /// `1 / sqrt(in / groups * height * width)`.
    pub fn new(
        in_channels: usize,
        out_channels: usize,
        kernel_size: impl Into<Pair>,
        options: Conv2dOptions,
    ) -> Result<Conv2d> {
        let Pair([height, width]) = kernel_size.into();
        let Conv2dOptions { stride: Pair(stride), dilation: Pair(dilation), groups, padding, bias, .. } = options;
        let wrong = |why: String| Err(Error::new("Conv2d::new", why));
        if groups == 0 || !in_channels.is_multiple_of(groups) || !out_channels.is_multiple_of(groups) {
            return wrong(format!("{groups} groups do not divide {in_channels} channels in and {out_channels} out"))
                .map_err(|e| e.hint("both numbers of channels must be multiples of `groups`"));
        }
        if [height, width].contains(&0) || stride.contains(&0) || dilation.contains(&0) {
            return wrong("kernel size, stride and dilation must be positive".to_string());
        }
        if padding == Padding::Same && stride != [1, 1] {
            return wrong("padding `same` is not possible with a stride".to_string());
        }
        let (weight, bias) = init::layer(&[out_channels, in_channels / groups, height, width], bias)?;
        Ok(Conv2d { weight, bias, options })
    }

    /// The settings it was made with.
    pub fn options(&self) -> &Conv2dOptions {
        &self.options
    }

    /// Height and width of the output for those of an input; 0 where the kernel does not fit.
    pub fn out_size(&self, size: [usize; 2]) -> [usize; 2] {
        let Pair(stride) = self.options.stride;
        let (window, (before, after)) = (self.window(), self.around());
        std::array::from_fn(|i| {
            (size[i] + before[i] + after[i]).checked_sub(window[i]).map_or(0, |room| room / stride[i] + 1)
        })
    }

    fn check(&self, x: &Tensor) -> Result<()> {
        let expected = self.weight.shape()[1] * self.options.groups;
        let given = match x.shape() {
            [c, _, _] | [_, c, _, _] => *c,
            [_, _] => {
                return Err(Error::new("conv2d", "the input must be [N, C, H, W] or [C, H, W]")
                    .operands([x])
                    .hint(match expected {
                        1 => "one image without a dim for its channel: x.unsqueeze(0); flat ones: x.reshape([-1, 1, H, W])",
                        _ => "flat images get their shape back by x.reshape([-1, C, H, W])",
                    }));
            }
            _ => {
                return Err(Error::new("conv2d", "the input must be [N, C, H, W] or [C, H, W]")
                    .operands([x])
                    .hint("reshape it to one batch dim"));
            }
        };
        if given == expected {
            return Ok(());
        }
        let error = Error::new(
            "conv2d",
            format!("expected {expected} channel{}, got {given}", if expected == 1 { "" } else { "s" }),
        );
        Err(match x.shape() {
            [.., last] if *last == expected && x.dim() == 4 => {
                error.hint("the channels come last here: x.permute([0, 3, 1, 2])")
            }
            [.., last] if *last == expected => error.hint("the channels come last here: x.permute([2, 0, 1])"),
            [n, _, _] if expected == 1 => error.hint(format!("for {n} images of one channel: x.unsqueeze(1)")),
            [_, 1, _, _] => error.hint(format!("a single channel can be repeated: x.expand([-1, {expected}, -1, -1])")),
            [_, _, _] => error.hint("of three dims the first is the channels; a batch is [N, C, H, W]"),
            _ => error.hint(format!("for this input `in_channels` has to be {given}")),
        }
        .operands([x, &*self.weight]))
    }
}

impl Forward for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || {
            self.check(x)?;
            let Conv2dOptions { stride: Pair(stride), dilation: Pair(dilation), groups, .. } = self.options;
            let (before, after) = self.around();
            let mut options = ConvOptions { stride, padding: [0, 0], dilation, groups };
            // The convolution itself knows of as many zeros on both sides.
            if before == after && self.options.padding_mode == PadMode::default() {
                options.padding = before;
                return x.conv2d(&self.weight, self.bias.as_deref(), options);
            }
            let pads = [before[1], after[1], before[0], after[0]];
            x.pad(pads, self.options.padding_mode)?.conv2d(&self.weight, self.bias.as_deref(), options)
        })
    }
}

impl Conv2d {
    /// Height and width of what one output sees.
    fn window(&self) -> [usize; 2] {
        std::array::from_fn(|i| self.options.dilation.0[i] * (self.weight.shape()[2 + i] - 1) + 1)
    }

    /// How much stands before and after an image, in height and width.
    fn around(&self) -> ([usize; 2], [usize; 2]) {
        match self.options.padding {
            Padding::Sizes(sizes) => (sizes, sizes),
            Padding::Valid => ([0, 0], [0, 0]),
            Padding::Same => {
                let window = self.window();
                (window.map(|w| (w - 1) / 2), window.map(|w| w / 2))
            }
        }
    }
}
