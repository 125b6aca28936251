//! Transposed convolutions: the adjoints of convolutions, which make signals, images and volumes larger.
use super::{
    conv::{check_groups, check_input},
    window::Sizes,
};
use crate::{Forward, Module, Parameter, init, scope_with};
use tensor_core::{Error, Result, Tensor, ops};

/// Settings of a transposed convolution over `N` spatial dims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvTransposeOptions<const N: usize> {
    /// Distance of the input's elements in the output.
    pub stride: Sizes<N>,
    /// What is cut from both sides of the output.
    pub padding: Sizes<N>,
    /// What is added to the end of the output.
    pub output_padding: Sizes<N>,
    /// Groups of channels that do not mix.
    pub groups: usize,
    /// Whether to add a bias.
    pub bias: bool,
    /// Distance of the kernel's elements.
    pub dilation: Sizes<N>,
}
/// Settings of [`ConvTranspose1d`].
pub type ConvTranspose1dOptions = ConvTransposeOptions<1>;
/// Settings of [`ConvTranspose2d`].
pub type ConvTranspose2dOptions = ConvTransposeOptions<2>;
/// Settings of [`ConvTranspose3d`].
pub type ConvTranspose3dOptions = ConvTransposeOptions<3>;

impl<const N: usize> Default for ConvTransposeOptions<N> {
    fn default() -> Self {
        ConvTransposeOptions {
            stride: 1.into(),
            padding: 0.into(),
            output_padding: 0.into(),
            groups: 1,
            bias: true,
            dilation: 1.into(),
        }
    }
}

impl<const N: usize> ConvTransposeOptions<N> {
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
        let weight = [&[input, output / self.groups], &kernel[..]].concat();
        init::layer_of(&weight, self.bias.then_some(output))
    }

    /// The settings of the operation, where the output shall have the spatial sizes `wanted`.
    fn operation(
        &self,
        op: &'static str,
        x: &Tensor,
        weight: &Tensor,
        wanted: Option<[usize; N]>,
    ) -> Result<ops::ConvTransposeOptions<N>> {
        let mut output_padding = self.output_padding.0;
        if let Some(wanted) = wanted {
            let first = x.dim() - N;
            for i in 0..N {
                let (size, kernel) = (x.shape()[first + i], weight.shape()[2 + i]);
                let strides = self.stride.0[i].saturating_mul(size.saturating_sub(1));
                let window = self.dilation.0[i].saturating_mul(kernel.saturating_sub(1)).saturating_add(1);
                let reach = strides.saturating_add(window);
                let least = reach.saturating_sub(self.padding.0[i].saturating_mul(2));
                let more = wanted[i].checked_sub(least).filter(|&more| more < self.stride.0[i].max(self.dilation.0[i]));
                output_padding[i] = more.ok_or_else(|| {
                    let most = least.saturating_add(self.stride.0[i].max(self.dilation.0[i]) - 1);
                    let message = format!("output size {} of spatial dim {i} is not possible", wanted[i]);
                    Error::new(op, message).operands([x]).hint(format!("for this input it is {least} to {most}"))
                })?;
            }
        }
        Ok(ops::ConvTransposeOptions {
            stride: self.stride.0,
            padding: self.padding.0,
            output_padding,
            dilation: self.dilation.0,
            groups: self.groups,
        })
    }
}

macro_rules! transposed {
    ($( $(#[$doc:meta])* $Name:ident over $n:literal by $conv:ident, $new:literal, $kernel:literal; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            #[doc = concat!("`[in, out / groups, ", $kernel, "]`")]
            pub weight: Parameter,
            /// `[out]`
            pub bias: Option<Parameter>,
            #[module(plain)]
            options: ConvTransposeOptions<$n>,
        }

        impl $Name {
            /// From `in_channels` to `out_channels`, with a kernel of one size or one for each spatial dim. Weight and
            /// bias start even within 1 over the root of `out / groups` times the size of the kernel.
            pub fn new(
                in_channels: usize,
                out_channels: usize,
                kernel_size: impl Into<Sizes<$n>>,
                options: ConvTransposeOptions<$n>,
            ) -> Result<$Name> {
                let kernel = kernel_size.into().0;
                let (weight, bias) = options.parameters($new, [in_channels, out_channels], kernel)?;
                Ok($Name { weight, bias, options })
            }

            /// The settings it was made with.
            pub fn options(&self) -> &ConvTransposeOptions<$n> {
                &self.options
            }

            /// The output with these spatial sizes: with a stride, several inputs' sizes give the same output's in the
            /// convolution that this one undoes.
            pub fn forward_to_size(&self, x: &Tensor, output_size: impl Into<Sizes<$n>>) -> Result<Tensor> {
                scope_with(self, x, |x| self.run(x, Some(output_size.into().0)))
            }

            fn run(&self, x: &Tensor, wanted: Option<[usize; $n]>) -> Result<Tensor> {
                check_input(stringify!($conv), x, &self.weight, self.weight.shape()[0], $n)?;
                let options = self.options.operation(stringify!($conv), x, &self.weight, wanted)?;
                x.$conv(&self.weight, self.bias.as_deref(), options)
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                scope_with(self, x, |x| self.run(x, None))
            }
        }
    )* };
}

transposed! {
    /// The adjoint of [`crate::Conv1d`]: each input spreads the kernel over the output.
    ///
    /// # Shapes
    /// input `[N, in, L]` or `[in, L]`, output `[N, out, L']` or `[out, L']` with
    /// `L' = (L - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1`.
    ///
    /// ```
    /// use nn::{ConvTranspose1d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let up = ConvTranspose1d::new(3, 8, 5, Default::default())?;
    /// assert_eq!(up.forward(&Tensor::zeros([2, 3, 20])?)?.shape(), [2, 8, 24]);
    /// # Ok(()) }
    /// ```
    ConvTranspose1d over 1 by conv_transpose1d, "ConvTranspose1d::new", "length";
    /// The adjoint of [`crate::Conv2d`]: each input spreads the kernel over the output.
    ///
    /// # Shapes
    /// input `[N, in, H, W]` or `[in, H, W]`, output `[N, out, H', W']` or `[out, H', W']` with
    /// `H' = (H - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1`.
    ///
    /// ```
    /// use nn::{ConvTranspose2d, ConvTranspose2dOptions, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let options = ConvTranspose2dOptions { stride: 2.into(), ..Default::default() };
    /// let up = ConvTranspose2d::new(16, 8, 2, options)?;
    /// assert_eq!(up.forward(&Tensor::zeros([1, 16, 7, 7])?)?.shape(), [1, 8, 14, 14]);
    /// # Ok(()) }
    /// ```
    ConvTranspose2d over 2 by conv_transpose2d, "ConvTranspose2d::new", "height, width";
    /// The adjoint of [`crate::Conv3d`]: each input spreads the kernel over the output.
    ///
    /// # Shapes
    /// input `[N, in, D, H, W]` or `[in, D, H, W]`, output `[N, out, D', H', W']` or `[out, D', H', W']` with
    /// `D' = (D - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1`.
    ///
    /// ```
    /// use nn::{ConvTranspose3d, Forward};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let up = ConvTranspose3d::new(2, 4, (1, 3, 3), Default::default())?;
    /// assert_eq!(up.forward(&Tensor::zeros([1, 2, 4, 5, 5])?)?.shape(), [1, 4, 4, 7, 7]);
    /// # Ok(()) }
    /// ```
    ConvTranspose3d over 3 by conv_transpose3d, "ConvTranspose3d::new", "depth, height, width";
}
