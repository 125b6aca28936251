//! Convolutions as users call them: inputs checked one by one, each with a sentence of its own, then the recorded map
//! and the bias on top.
use super::super::composed::rounded_once;
use super::{Conv, ConvKind, conv_map};
use crate::{
    Error, Result, Tensor, autocast,
    ops::{BinaryOp, binary::binary_owned, binary::same_device},
};
use smallvec::SmallVec;

/// Settings of a convolution over `N` spatial dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvOptions<const N: usize> {
    /// Step of the kernel.
    pub stride: [usize; N],
    /// Zeros on both sides.
    pub padding: [usize; N],
    /// Distance of kernel elements.
    pub dilation: [usize; N],
    /// Independent groups of channels.
    pub groups: usize,
}

impl<const N: usize> Default for ConvOptions<N> {
    fn default() -> Self {
        ConvOptions { stride: [1; N], padding: [0; N], dilation: [1; N], groups: 1 }
    }
}

/// Settings of `conv1d`.
pub type Conv1dOptions = ConvOptions<1>;
/// Settings of `conv2d`.
pub type Conv2dOptions = ConvOptions<2>;
/// Settings of `conv3d`.
pub type Conv3dOptions = ConvOptions<3>;

/// Settings of a transposed convolution over `N` spatial dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTransposeOptions<const N: usize> {
    /// Distance of the input's elements in the output.
    pub stride: [usize; N],
    /// What is cut from both sides of the output.
    pub padding: [usize; N],
    /// What is added to the end of the output.
    pub output_padding: [usize; N],
    /// Distance of kernel elements.
    pub dilation: [usize; N],
    /// Independent groups of channels.
    pub groups: usize,
}

impl<const N: usize> Default for ConvTransposeOptions<N> {
    fn default() -> Self {
        ConvTransposeOptions { stride: [1; N], padding: [0; N], output_padding: [0; N], dilation: [1; N], groups: 1 }
    }
}

/// What every call is checked with.
#[derive(Clone, Copy)]
struct Call<'a> {
    op: &'static str,
    x: &'a Tensor,
    weight: &'a Tensor,
    bias: Option<&'a Tensor>,
}

impl Call<'_> {
    fn error(&self, message: impl Into<String>) -> Error {
        let operands = [Some(self.x), Some(self.weight), self.bias];
        Error::new(self.op, message).operands(operands.into_iter().flatten())
    }

    /// The facts that do not depend on the direction: dtypes, ranks, settings, the bias of `out` channels.
    fn check<const N: usize>(&self, stride: [usize; N], dilation: [usize; N], groups: usize, out: usize) -> Result<()> {
        let (x, w) = (self.x, self.weight);
        if stride.contains(&0) || dilation.contains(&0) || groups == 0 {
            return Err(self.error(format!(
                "stride, dilation and groups must be at least 1, got {stride:?}, {dilation:?} and {groups}"
            )));
        }
        if !w.shape()[2..].iter().all(|&k| k > 0) {
            return Err(self.error(format!("the kernel has a size of 0: {:?}", &w.shape()[2..])));
        }
        if w.dtype() != x.dtype() {
            return Err(self.error(format!("the input is {}, the weight {}", x.dtype(), w.dtype())).hint(
                match x.is_floating_point() {
                    true => format!("convert the input with to_dtype(DType::{:?}), or the model", w.dtype()),
                    false => format!("convert the input with to_dtype(DType::{:?})", w.dtype()),
                },
            ));
        }
        if let Some(b) = self.bias {
            if b.shape() != [out] {
                return Err(self.error(format!("bias must be [{out}], one number for each output channel")));
            }
            if b.dtype() != x.dtype() {
                return Err(self.error(format!("the input is {}, the bias {}", x.dtype(), b.dtype())));
            }
        }
        Ok(())
    }

    /// Shape of input and weight; the input with its batch dim.
    fn ranks<const N: usize>(&self) -> Result<Tensor> {
        same_device(self.op, &[self.x, self.weight])?;
        if let Some(b) = self.bias {
            same_device(self.op, &[self.x, b])?;
        }
        let space = ["L", "H, W", "D, H, W"][N - 1];
        if self.weight.dim() != N + 2 {
            return Err(self.error(format!("weight must have {} dims, got {}", N + 2, self.weight.dim())));
        }
        match self.x.dim() {
            d if d == N + 2 => Ok(self.x.clone()),
            d if d == N + 1 => self.x.unsqueeze(0),
            d => {
                let error = self.error(format!("the input must be [N, C, {space}] or [C, {space}], got {d} dims"));
                Err(if d == N {
                    error.hint("the channel dim is missing: unsqueeze(0) for one image, unsqueeze(1) for a batch")
                } else {
                    error
                })
            }
        }
    }

    fn channels<const N: usize>(&self, expected: usize, got: usize) -> Result<()> {
        if expected == got {
            return Ok(());
        }
        let error = self.error(format!("weight expects {expected} input channels, got {got}"));
        let shape = self.x.shape();
        Err(if self.x.dim() == N + 1 && expected == 1 {
            error.hint("without a batch dim the first size counts as channels: unsqueeze(1) adds a channel dim")
        } else if self.x.dim() == N + 1 {
            error.hint("without a batch dim the first size counts as channels")
        } else if shape[shape.len() - 1] == expected {
            error.hint("channels stand before the spatial dims: permute the input to [N, C, ..]")
        } else {
            error.hint("the second size of the input is its channels")
        })
    }

    /// Adds the bias where the result stands, and takes away the batch dim that was added.
    fn finish<const N: usize>(&self, y: Tensor) -> Result<Tensor> {
        let y = match self.bias {
            None => y,
            Some(bias) => {
                let mut shape = [1; 5];
                shape[1] = bias.numel();
                let bias = bias.reshape(&shape[..N + 2])?;
                binary_owned(BinaryOp::Add, y, (&bias).into())?
            }
        };
        if self.x.dim() == N + 1 { y.squeeze_dim(0) } else { Ok(y) }
    }
}

fn conv<const N: usize>(call: Call<'_>, options: ConvOptions<N>) -> Result<Tensor> {
    let lower = |[x, weight]: [&Tensor; 2], bias: Option<&Tensor>| conv(Call { x, weight, bias, ..call }, options);
    if let Some(y) = autocast::lower([call.x, call.weight], call.bias, lower) {
        return y;
    }
    if let (Some(bias), 2) = (call.bias, call.x.dtype().size()) {
        return rounded_once([call.x, call.weight, bias], |[x, weight, bias]| {
            biased(Call { x, weight, bias: Some(bias), ..call }, options)
        });
    }
    biased(call, options)
}

fn biased<const N: usize>(call: Call<'_>, options: ConvOptions<N>) -> Result<Tensor> {
    let ConvOptions { stride, padding, dilation, groups } = options;
    let x = call.ranks::<N>()?;
    let w = call.weight.shape();
    call.check(stride, dilation, groups, w[0])?;
    call.channels::<N>(w[1] * groups, x.shape()[1])?;
    if !w[0].is_multiple_of(groups) {
        return Err(call.error(format!("{} output channels cannot be divided among {groups} groups", w[0])));
    }
    let op = Conv {
        kind: ConvKind::Forward,
        stride: SmallVec::from_slice(&stride),
        padding: SmallVec::from_slice(&padding),
        dilation: SmallVec::from_slice(&dilation),
        groups,
    };
    let mut shape: SmallVec<[usize; 5]> = SmallVec::from_slice(&[x.shape()[0], w[0]]);
    for i in 0..N {
        shape.push(op.output_size(i, x.shape()[i + 2], w[i + 2]).ok_or_else(|| {
            let (kernel, input): (Vec<usize>, Vec<usize>) = (0..N)
                .map(|i| {
                    let kernel = dilation[i].saturating_mul(w[i + 2].saturating_sub(1)).saturating_add(1);
                    (kernel, padding[i].saturating_mul(2).saturating_add(x.shape()[i + 2]))
                })
                .unzip();
            call.error(format!("the kernel covers {kernel:?}, more than the padded input {input:?}"))
                .hint("use more padding or a smaller kernel")
        })?);
    }
    let y = conv_map(&op, &x, call.weight, &shape).map_err(|e| e.renamed(call.op))?;
    call.finish::<N>(y)
}

/// Zeros such that the output has the input's size; an odd number of them puts one more at the end.
fn same<const N: usize>(call: Call<'_>, options: ConvOptions<N>) -> Result<Tensor> {
    if options.stride != [1; N] {
        return Err(call.error("padding to the same size needs stride 1").hint("give the padding in numbers"));
    }
    let mut x = call.ranks::<N>()?;
    let mut padding = [0; N];
    for (i, zeros) in padding.iter_mut().enumerate() {
        let total = options.dilation[i] * call.weight.shape()[i + 2].saturating_sub(1);
        *zeros = total / 2;
        if !total.is_multiple_of(2) {
            let mut shape = x.shape().to_vec();
            shape[i + 2] = 1;
            let end = Tensor::zeros_on(&shape, x.dtype(), &x.device())?;
            x = Tensor::cat(&[&x, &end], i as isize + 2)?;
        }
    }
    let batched = Call { x: &x, ..call };
    let y = conv(batched, ConvOptions { padding, ..options })?;
    if call.x.dim() == N + 1 { y.squeeze_dim(0) } else { Ok(y) }
}

fn conv_transpose<const N: usize>(call: Call<'_>, options: ConvTransposeOptions<N>) -> Result<Tensor> {
    let lower =
        |[x, weight]: [&Tensor; 2], bias: Option<&Tensor>| conv_transpose(Call { x, weight, bias, ..call }, options);
    if let Some(y) = autocast::lower([call.x, call.weight], call.bias, lower) {
        return y;
    }
    if let (Some(bias), 2) = (call.bias, call.x.dtype().size()) {
        return rounded_once([call.x, call.weight, bias], |[x, weight, bias]| {
            biased_transpose(Call { x, weight, bias: Some(bias), ..call }, options)
        });
    }
    biased_transpose(call, options)
}

fn biased_transpose<const N: usize>(call: Call<'_>, options: ConvTransposeOptions<N>) -> Result<Tensor> {
    let ConvTransposeOptions { stride, padding, output_padding, dilation, groups } = options;
    let mut x = call.ranks::<N>()?;
    let w = call.weight.shape();
    let out = w[1] * groups;
    call.check(stride, dilation, groups, out)?;
    call.channels::<N>(w[0], x.shape()[1])?;
    if !w[0].is_multiple_of(groups) {
        return Err(call.error(format!("{} input channels cannot be divided among {groups} groups", w[0])));
    }
    let mut shape: SmallVec<[usize; 5]> = SmallVec::from_slice(&[x.shape()[0], out]);
    for i in 0..N {
        if output_padding[i] >= stride[i].max(dilation[i]) {
            return Err(call.error(format!(
                "output_padding {output_padding:?} must be smaller than stride {stride:?} or dilation {dilation:?}"
            )));
        }
        let input = x.shape()[i + 2];
        let full = (input.max(1) - 1) * stride[i] + dilation[i] * (w[i + 2] - 1) + output_padding[i] + 1;
        let size = full.checked_sub(2 * padding[i]).filter(|&s| s > 0 && input > 0);
        shape.push(size.ok_or_else(|| call.error(format!("padding {padding:?} leaves nothing of the output")))?);
        // Where the output reaches another step of the stride, the input has zeros there.
        let more = output_padding[i] / stride[i];
        if more > 0 {
            let mut zeros = x.shape().to_vec();
            zeros[i + 2] = more;
            let end = Tensor::zeros_on(&zeros, x.dtype(), &x.device())?;
            x = Tensor::cat(&[&x, &end], i as isize + 2)?;
        }
    }
    let op = Conv {
        kind: ConvKind::InputGrad,
        stride: SmallVec::from_slice(&stride),
        padding: SmallVec::from_slice(&padding),
        dilation: SmallVec::from_slice(&dilation),
        groups,
    };
    let y = conv_map(&op, &x, call.weight, &shape).map_err(|e| e.renamed(call.op))?;
    call.finish::<N>(y)
}

macro_rules! convolutions {
    ($($n:literal $conv:ident $same:ident $transpose:ident $shape:literal $kernel:literal;)*) => { impl Tensor { $(
        #[doc = concat!("Convolution: input `[N, C, ", $shape, "]` (or without `N`), weight `[O, C / groups, ", $kernel, "]`, bias `[O]`.")]
        pub fn $conv(&self, weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions<$n>) -> Result<Tensor> {
            conv(Call { op: stringify!($conv), x: self, weight, bias }, options)
        }
        #[doc = concat!("[`Tensor::", stringify!($conv), "`] with zeros such that the size stays: PyTorch's `padding=\"same\"`. The padding of `options` is not read; the stride must be 1.")]
        pub fn $same(&self, weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions<$n>) -> Result<Tensor> {
            same(Call { op: stringify!($conv), x: self, weight, bias }, options)
        }
        #[doc = concat!("Transposed convolution, the adjoint of [`Tensor::", stringify!($conv), "`]: input `[N, C, ", $shape, "]`, weight `[C, O / groups, ", $kernel, "]`, bias `[O]`.")]
        pub fn $transpose(&self, weight: &Tensor, bias: Option<&Tensor>, options: ConvTransposeOptions<$n>) -> Result<Tensor> {
            conv_transpose(Call { op: stringify!($transpose), x: self, weight, bias }, options)
        }
    )* } };
}
convolutions! {
    1 conv1d conv1d_same conv_transpose1d "L" "K";
    2 conv2d conv2d_same conv_transpose2d "H, W" "KH, KW";
    3 conv3d conv3d_same conv_transpose3d "D, H, W" "KD, KH, KW";
}
