//! Convolution over images.
use crate::{Forward, Module, Parameter, init, scope};
use tensor_core::{Error, Result, Tensor, ops::ConvOptions};

/// A number for height and one for width: `3`, `(3, 5)` or `[3, 5]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair(pub [usize; 2]);

impl From<usize> for Pair {
    fn from(both: usize) -> Pair {
        Pair([both, both])
    }
}
impl From<(usize, usize)> for Pair {
    fn from((height, width): (usize, usize)) -> Pair {
        Pair([height, width])
    }
}
impl From<[usize; 2]> for Pair {
    fn from(pair: [usize; 2]) -> Pair {
        Pair(pair)
    }
}

/// How many zeros stand around an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// These numbers for height and width, on both sides.
    Sizes([usize; 2]),
    /// As many as keep the size (with stride 1); an odd one goes to the end.
    Same,
    /// None.
    Valid,
}

impl From<usize> for Padding {
    fn from(both: usize) -> Padding {
        Padding::Sizes([both, both])
    }
}
impl From<[usize; 2]> for Padding {
    fn from(sizes: [usize; 2]) -> Padding {
        Padding::Sizes(sizes)
    }
}
impl From<(usize, usize)> for Padding {
    fn from((height, width): (usize, usize)) -> Padding {
        Padding::Sizes([height, width])
    }
}

impl std::str::FromStr for Padding {
    type Err = Error;
    /// Reads PyTorch's names: `same`, `valid`.
    fn from_str(name: &str) -> Result<Padding> {
        match name {
            "same" => Ok(Padding::Same),
            "valid" => Ok(Padding::Valid),
            _ => Err(Error::new("padding", format!("unknown padding {name:?}")).hint("`same`, `valid` or numbers")),
        }
    }
}

/// Settings of [`Conv2d`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2dOptions {
    /// Step of the kernel.
    pub stride: [usize; 2],
    /// Zeros around the image.
    pub padding: Padding,
    /// Distance of the kernel's elements.
    pub dilation: [usize; 2],
    /// Groups of channels that do not mix.
    pub groups: usize,
    /// Whether to add a bias.
    pub bias: bool,
}

impl Default for Conv2dOptions {
    fn default() -> Conv2dOptions {
        Conv2dOptions { stride: [1, 1], padding: 0.into(), dilation: [1, 1], groups: 1, bias: true }
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
        let Conv2dOptions { stride, dilation, groups, padding, bias } = options;
        let wrong = |why: String| Err(Error::new("Conv2d::new", why));
        if groups == 0 || !in_channels.is_multiple_of(groups) || !out_channels.is_multiple_of(groups) {
            return wrong(format!("{groups} groups do not divide {in_channels} channels in and {out_channels} out"));
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
        let Conv2dOptions { stride, padding, .. } = self.options;
        let window = self.window();
        std::array::from_fn(|i| {
            let window = window[i];
            let around = match padding {
                Padding::Sizes(zeros) => 2 * zeros[i],
                Padding::Same => window - 1,
                Padding::Valid => 0,
            };
            (size[i] + around).checked_sub(window).map_or(0, |room| room / stride[i] + 1)
        })
    }

    fn check(&self, x: &Tensor) -> Result<()> {
        let expected = self.weight.shape()[1] * self.options.groups;
        let given = match x.shape() {
            [c, _, _] | [_, c, _, _] => *c,
            [_, _] => {
                return Err(Error::new("conv2d", "the input must be [N, C, H, W] or [C, H, W]")
                    .operands([x])
                    .hint("images of one channel need that dim: x.unsqueeze(0)"));
            }
            _ => return Err(Error::new("conv2d", "the input must be [N, C, H, W] or [C, H, W]").operands([x])),
        };
        if given == expected {
            return Ok(());
        }
        let error = Error::new("conv2d", format!("expected {expected} channels, got {given}"));
        Err(match x.shape() {
            [.., last] if *last == expected && x.dim() == 4 => {
                error.hint("the channels come last here: x.permute([0, 3, 1, 2])")
            }
            [.., last] if *last == expected => error.hint("the channels come last here: x.permute([2, 0, 1])"),
            [n, _, _] if expected == 1 => error.hint(format!("for {n} images of one channel: x.unsqueeze(1)")),
            _ => error.hint("the input is [N, C, H, W]: its C is the layer's `in_channels`"),
        }
        .operands([x, &*self.weight]))
    }
}

impl Forward for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || {
            self.check(x)?;
            let Conv2dOptions { stride, padding, dilation, groups, .. } = self.options;
            let mut odd = None;
            let padding = match padding {
                Padding::Sizes(sizes) => sizes,
                Padding::Valid => [0, 0],
                Padding::Same => {
                    odd = self.one_more_zero(x)?;
                    self.window().map(|window| (window - 1) / 2)
                }
            };
            let options = ConvOptions { stride, padding, dilation, groups };
            odd.as_ref().unwrap_or(x).conv2d(&self.weight, self.bias.as_deref(), options)
        })
    }
}

impl Conv2d {
    /// Height and width of what one output sees.
    fn window(&self) -> [usize; 2] {
        std::array::from_fn(|i| self.options.dilation[i] * (self.weight.shape()[2 + i] - 1) + 1)
    }

    /// An even window that keeps the size needs one zero more at the end than at the start.
    fn one_more_zero(&self, x: &Tensor) -> Result<Option<Tensor>> {
        let mut padded: Option<Tensor> = None;
        for (window, back) in self.window().into_iter().zip([2, 1]) {
            if window % 2 == 0 {
                let x = padded.as_ref().unwrap_or(x);
                let mut shape = x.shape().to_vec();
                let at = shape.len() - back;
                shape[at] = 1;
                padded = Some(Tensor::cat(&[x, &x.new_zeros(&shape)?], at as isize)?);
            }
        }
        Ok(padded)
    }
}
