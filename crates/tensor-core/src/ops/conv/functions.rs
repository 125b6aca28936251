//! Convolutions as a user calls them.
use super::super::binary::{BinaryOp, binary_owned, same_device};
use super::{Conv, ConvKind, conv_map};
use crate::{Error, Result, Tensor, shape};
use smallvec::SmallVec;

/// Zeros around the input: a number per spatial dim, or by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding<const D: usize> {
    /// This many on both sides of each spatial dim.
    Sizes([usize; D]),
    /// As many as make the output as large as the input (`stride` 1 only); an odd one goes to the end.
    Same,
    /// None.
    Valid,
}

impl<const D: usize> Default for Padding<D> {
    fn default() -> Self {
        Padding::Sizes([0; D])
    }
}
impl<const D: usize> From<usize> for Padding<D> {
    fn from(n: usize) -> Self {
        Padding::Sizes([n; D])
    }
}
impl<const D: usize> From<[usize; D]> for Padding<D> {
    fn from(n: [usize; D]) -> Self {
        Padding::Sizes(n)
    }
}

/// Options of a convolution over `D` spatial dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvOptions<const D: usize> {
    /// Step of the kernel; default 1.
    pub stride: [usize; D],
    /// Zeros around the input; default none.
    pub padding: Padding<D>,
    /// Distance of kernel elements; default 1.
    pub dilation: [usize; D],
    /// Independent groups of channels; default 1.
    pub groups: usize,
}

impl<const D: usize> Default for ConvOptions<D> {
    fn default() -> Self {
        ConvOptions { stride: [1; D], padding: Padding::default(), dilation: [1; D], groups: 1 }
    }
}

/// Options of a transposed convolution over `D` spatial dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTransposeOptions<const D: usize> {
    /// Step of the output; default 1.
    pub stride: [usize; D],
    /// Zeros that the forward convolution would have; default 0.
    pub padding: [usize; D],
    /// Added to one side of the output; default 0.
    pub output_padding: [usize; D],
    /// Independent groups of channels; default 1.
    pub groups: usize,
    /// Distance of kernel elements; default 1.
    pub dilation: [usize; D],
}

impl<const D: usize> Default for ConvTransposeOptions<D> {
    fn default() -> Self {
        ConvTransposeOptions { stride: [1; D], padding: [0; D], output_padding: [0; D], groups: 1, dilation: [1; D] }
    }
}

impl Tensor {
    /// Convolution over a sequence: `(N, C, L)` or `(C, L)` with a weight `(O, C / groups, K)`.
    pub fn conv1d(&self, weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions<1>) -> Result<Tensor> {
        conv("conv1d", self, weight, bias, options)
    }

    /// Convolution over an image: `(N, C, H, W)` or `(C, H, W)` with a weight `(O, C / groups, KH, KW)`.
    ///
    /// The output has `floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1` rows; columns alike.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result, ops::ConvOptions};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::ones([10, 3, 24, 24])?;
    /// let w = Tensor::ones([64, 3, 3, 3])?;
    /// let y = x.conv2d(&w, None, ConvOptions { padding: 1.into(), ..Default::default() })?;
    /// assert_eq!(y.shape(), [10, 64, 24, 24]);
    /// # Ok(()) }
    /// ```
    pub fn conv2d(&self, weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions<2>) -> Result<Tensor> {
        conv("conv2d", self, weight, bias, options)
    }

    /// Convolution over a volume: `(N, C, D, H, W)` or `(C, D, H, W)`.
    pub fn conv3d(&self, weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions<3>) -> Result<Tensor> {
        conv("conv3d", self, weight, bias, options)
    }

    /// Transposed convolution over a sequence, with a weight `(C, O / groups, K)`.
    pub fn conv_transpose1d(
        &self,
        weight: &Tensor,
        bias: Option<&Tensor>,
        o: ConvTransposeOptions<1>,
    ) -> Result<Tensor> {
        conv_transpose("conv_transpose1d", self, weight, bias, o)
    }

    /// Transposed convolution over an image, with a weight `(C, O / groups, KH, KW)`: the gradient of a convolution.
    pub fn conv_transpose2d(
        &self,
        weight: &Tensor,
        bias: Option<&Tensor>,
        o: ConvTransposeOptions<2>,
    ) -> Result<Tensor> {
        conv_transpose("conv_transpose2d", self, weight, bias, o)
    }

    /// Transposed convolution over a volume.
    pub fn conv_transpose3d(
        &self,
        weight: &Tensor,
        bias: Option<&Tensor>,
        o: ConvTransposeOptions<3>,
    ) -> Result<Tensor> {
        conv_transpose("conv_transpose3d", self, weight, bias, o)
    }
}

/// What all convolutions ask of their operands. Gives whether the input came without a batch dim.
fn check<const D: usize>(
    op: &'static str,
    x: &Tensor,
    w: &Tensor,
    bias: Option<&Tensor>,
    o: &Options<D>,
) -> Result<bool> {
    same_device(op, &[x, w])?;
    let wrong = |why: String| Error::new(op, why).operands([x, w]);
    if w.dim() != D + 2 {
        return Err(wrong(format!("the weight needs {} dims, got {}", D + 2, w.dim())));
    }
    if x.dim() != D + 2 && x.dim() != D + 1 {
        return Err(wrong(format!("the input needs {} dims (or {} without the batch), got {}", D + 2, D + 1, x.dim()))
            .hint("one sample becomes a batch by unsqueeze(0)"));
    }
    if x.dtype() != w.dtype() || bias.is_some_and(|b| b.dtype() != w.dtype()) {
        return Err(wrong(format!("input, weight and bias need one dtype ({} and {})", x.dtype(), w.dtype())));
    }
    if o.stride.contains(&0) || o.dilation.contains(&0) || o.groups == 0 {
        return Err(wrong("stride, dilation and groups must be at least 1".into()));
    }
    if w.shape()[2..].contains(&0) {
        return Err(wrong("the kernel has a size of 0".into()));
    }
    Ok(x.dim() == D + 1)
}

struct Options<const D: usize> {
    stride: [usize; D],
    dilation: [usize; D],
    groups: usize,
}

fn conv<const D: usize>(
    op: &'static str,
    x: &Tensor,
    w: &Tensor,
    bias: Option<&Tensor>,
    o: ConvOptions<D>,
) -> Result<Tensor> {
    let single = check(op, x, w, bias, &Options { stride: o.stride, dilation: o.dilation, groups: o.groups })?;
    let wrong = |why: String| Error::new(op, why).operands([x, w]);
    let channels = x.shape()[x.dim() - D - 1];
    if channels != w.shape()[1] * o.groups {
        let batch_missing = single && x.shape()[0] == 0;
        let e = wrong(format!("the weight expects {} input channels, got {channels}", w.shape()[1] * o.groups));
        return Err(if batch_missing { e.hint("is the batch dim missing?") } else { e });
    }
    if !w.shape()[0].is_multiple_of(o.groups) {
        return Err(wrong(format!("{} output channels cannot be split into {} groups", w.shape()[0], o.groups)));
    }
    if let Some(b) = bias
        && b.shape() != [w.shape()[0]]
    {
        return Err(wrong(format!("the bias needs shape [{}], got {:?}", w.shape()[0], b.shape())));
    }
    let kernel = &w.shape()[2..];
    let mut x = if single { x.unsqueeze(0)? } else { x.clone() };
    let padding = match o.padding {
        Padding::Sizes(p) => p,
        Padding::Valid => [0; D],
        Padding::Same => {
            if o.stride != [1; D] {
                return Err(wrong("padding Same needs stride 1".into()));
            }
            let mut both = [0; D];
            for d in 0..D {
                let total = o.dilation[d] * (kernel[d] - 1);
                both[d] = total / 2;
                if total % 2 == 1 {
                    // The odd zero stands behind the input.
                    let mut zero = shape::Dims::from_slice(x.shape());
                    zero[d + 2] = 1;
                    let zero = x.new_zeros(&zero)?;
                    x = Tensor::cat(&[&x, &zero], d as isize + 2)?;
                }
            }
            both
        }
    };
    let mut out = shape::Dims::from_slice(&[x.shape()[0], w.shape()[0]]);
    for d in 0..D {
        let reach = o.dilation[d] * (kernel[d] - 1) + 1;
        let size = x.shape()[d + 2] + 2 * padding[d];
        if size < reach {
            return Err(Error::new(
                op,
                format!("the kernel reaches over {reach} elements, the padded input has {size} in spatial dim {d}"),
            )
            .operands([&x, w]));
        }
        out.push((size - reach) / o.stride[d] + 1);
    }
    shape::checked_numel(op, &out)?;
    let map = Conv {
        kind: ConvKind::Forward,
        stride: SmallVec::from_slice(&o.stride),
        padding: SmallVec::from_slice(&padding),
        dilation: SmallVec::from_slice(&o.dilation),
        groups: o.groups,
    };
    finish(op, conv_map(&map, &x, w, &out).map_err(|e| e.renamed(op))?, bias, D, single)
}

fn conv_transpose<const D: usize>(
    op: &'static str,
    x: &Tensor,
    w: &Tensor,
    bias: Option<&Tensor>,
    o: ConvTransposeOptions<D>,
) -> Result<Tensor> {
    let single = check(op, x, w, bias, &Options { stride: o.stride, dilation: o.dilation, groups: o.groups })?;
    let wrong = |why: String| Error::new(op, why).operands([x, w]);
    let channels = x.shape()[x.dim() - D - 1];
    if channels != w.shape()[0] || !channels.is_multiple_of(o.groups) {
        return Err(wrong(format!(
            "the weight expects {} input channels in {} groups, got {channels}",
            w.shape()[0],
            o.groups
        )));
    }
    let outputs = w.shape()[1] * o.groups;
    if let Some(b) = bias
        && b.shape() != [outputs]
    {
        return Err(wrong(format!("the bias needs shape [{outputs}], got {:?}", b.shape())));
    }
    let x = if single { x.unsqueeze(0)? } else { x.clone() };
    let mut out = shape::Dims::from_slice(&[x.shape()[0], outputs]);
    for d in 0..D {
        if o.output_padding[d] >= o.stride[d].max(o.dilation[d]) {
            return Err(wrong(format!(
                "output_padding {} must be smaller than stride or dilation",
                o.output_padding[d]
            )));
        }
        let full = (x.shape()[d + 2].max(1) - 1) * o.stride[d]
            + o.dilation[d] * (w.shape()[d + 2] - 1)
            + o.output_padding[d]
            + 1;
        match full.checked_sub(2 * o.padding[d]) {
            Some(size) if x.shape()[d + 2] > 0 => out.push(size),
            _ => return Err(wrong(format!("the output would have no elements in spatial dim {d}"))),
        }
    }
    shape::checked_numel(op, &out)?;
    let map = Conv {
        kind: ConvKind::InputGrad,
        stride: SmallVec::from_slice(&o.stride),
        padding: SmallVec::from_slice(&o.padding),
        dilation: SmallVec::from_slice(&o.dilation),
        groups: o.groups,
    };
    finish(op, conv_map(&map, &x, w, &out).map_err(|e| e.renamed(op))?, bias, D, single)
}

/// Adds the bias in place and takes the batch dim away again.
fn finish(op: &'static str, y: Tensor, bias: Option<&Tensor>, spatial: usize, single: bool) -> Result<Tensor> {
    let y = match bias {
        None => y,
        Some(b) => {
            let mut column: shape::Dims = SmallVec::from_elem(1, spatial + 1);
            column[0] = b.numel();
            binary_owned(BinaryOp::Add, y, (&b.reshape(&column)?).into()).map_err(|e| e.renamed(op))?
        }
    };
    if single { y.squeeze_dim(0) } else { Ok(y) }
}
