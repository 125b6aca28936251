//! Convolution, as three bilinear maps that are each other's derivatives.
mod apply;

pub use apply::{Conv1dOptions, Conv2dOptions, Conv3dOptions, ConvOptions, ConvTransposeOptions};

use super::{Op, binary::same_device};
use crate::{Error, Result, Tensor, graph, multiply_adds};
use smallvec::SmallVec;
use std::sync::Arc;

/// Which of the three maps. With input `x` `(N, C, *spatial)`, weight `w` `(O, C / groups, *kernel)` and output
/// `y` `(N, O, *out)`:
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConvKind {
    /// `y` of `a = x`, `b = w`.
    Forward,
    /// The gradient of `x`, of `a = dy`, `b = w`: a transposed convolution.
    InputGrad,
    /// The gradient of `w`, of `a = dy`, `b = x`.
    WeightGrad,
}

/// A convolution over one, two or three spatial dims; the sizes are those of the views it is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Which map.
    pub kind: ConvKind,
    /// Step of the kernel, one per spatial dim.
    pub stride: SmallVec<[usize; 3]>,
    /// Zeros on both sides, one per spatial dim.
    pub padding: SmallVec<[usize; 3]>,
    /// Distance of kernel elements, one per spatial dim.
    pub dilation: SmallVec<[usize; 3]>,
    /// Independent groups of channels.
    pub groups: usize,
}

impl Conv {
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            ConvKind::Forward => "conv",
            ConvKind::InputGrad => "conv_input_grad",
            ConvKind::WeightGrad => "conv_weight_grad",
        }
    }

    /// Whether input, weight and output of the forward map have these shapes.
    fn fits(&self, x: &[usize], w: &[usize], y: &[usize]) -> bool {
        let n = self.stride.len();
        let ranks = [x.len(), w.len(), y.len()] == [n + 2; 3] && [self.padding.len(), self.dilation.len()] == [n; 2];
        ranks
            && x[0] == y[0]
            && self.groups > 0
            && x[1] == w[1] * self.groups
            && y[1] == w[0]
            && y[1].is_multiple_of(self.groups)
            && (0..n).all(|i| self.output_size(i, x[i + 2], w[i + 2]) == Some(y[i + 2]))
    }

    /// The output's size in spatial dim `i`, if the kernel fits into the padded input.
    fn output_size(&self, i: usize, input: usize, kernel: usize) -> Option<usize> {
        let reach = self.dilation[i].checked_mul(kernel.checked_sub(1)?)?.checked_add(1)?;
        let padded = input.checked_add(self.padding[i].checked_mul(2)?)?;
        padded.checked_sub(reach)?.checked_div(self.stride[i]).map(|steps| steps + 1)
    }
}

/// Runs one of the three maps into a result of `shape`, recorded: what the derivatives of a convolution call, which know
/// the shape from the operation they undo.
pub fn conv_map(op: &Conv, a: &Tensor, b: &Tensor, shape: &[usize]) -> Result<Tensor> {
    same_device(op.name(), &[a, b])?;
    let (x, w, y) = match op.kind {
        ConvKind::Forward => (a.shape(), b.shape(), shape),
        ConvKind::InputGrad => (shape, b.shape(), a.shape()),
        ConvKind::WeightGrad => (b.shape(), shape, a.shape()),
    };
    if a.dtype() != b.dtype() || !op.fits(x, w, y) {
        return Err(
            Error::new(op.name(), format!("sizes or dtypes do not fit a result of shape {shape:?}")).operands([a, b])
        );
    }
    // The side that is summed over or spread out, and the elements of a kernel.
    let (places, kernel) = match op.kind {
        ConvKind::Forward => (y, w),
        ConvKind::InputGrad | ConvKind::WeightGrad => (a.shape(), w),
    };
    multiply_adds::count(places.iter().chain(kernel.iter().skip(1)));
    let (ra, rb) = (a.reading(), b.reading());
    let device = a.device();
    let (mut out, layout) = Tensor::allocate(shape, a.dtype(), &device)?;
    device.backend().conv(op, ra.view(), rb.view(), out.view_mut(&layout))?;
    Ok(graph::record(|| Op::Conv(op.clone()), &[a, b], Tensor::new(Arc::new(out), layout)))
}
