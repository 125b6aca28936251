//! Pooling over windows.
mod adaptive;
mod apply;
mod unpool;

pub use apply::{
    AvgPool1dOptions, AvgPool2dOptions, AvgPool3dOptions, AvgPoolOptions, MaxPool1dOptions, MaxPool2dOptions,
    MaxPool3dOptions, MaxPoolOptions, Window,
};

use super::{Keeps, Op};
use crate::{Error, Result, Tensor, graph};
use smallvec::SmallVec;
use std::sync::Arc;

/// What becomes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// `x` `(N, C, *spatial)` to the largest values and (second output, `i64`) their positions in the flattened spatial
    /// dims. The first of equal values wins, NaN wins over all; padding is never chosen.
    Max,
    /// `x` to the average of each window.
    Average,
    /// The adjoint of `Average`: `dy` `(N, C, *out)` to `dx` `(N, C, *spatial)`.
    AverageGrad,
}

/// Pooling over one, two or three spatial dims; the sizes are those of the views it is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Which.
    pub kind: PoolKind,
    /// Window sizes.
    pub kernel: SmallVec<[usize; 3]>,
    /// Steps.
    pub stride: SmallVec<[usize; 3]>,
    /// Padding on both sides.
    pub padding: SmallVec<[usize; 3]>,
    /// Distance of window elements (`Max` only).
    pub dilation: SmallVec<[usize; 3]>,
    /// Whether padding counts in the average.
    pub count_include_pad: bool,
    /// Divide by this instead of the count.
    pub divisor_override: Option<usize>,
}

impl Pool {
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "max_pool",
            PoolKind::Average => "avg_pool",
            PoolKind::AverageGrad => "avg_pool_grad",
        }
    }
    /// Whether input and output may have these shapes; a last window that is cut off (`ceil_mode`) is allowed.
    fn fits(&self, x: &[usize], y: &[usize]) -> bool {
        let n = self.kernel.len();
        let ranks = [x.len(), y.len()] == [n + 2; 2] && [self.stride.len(), self.padding.len()] == [n; 2];
        let starts_inside = |i: usize| y[i + 2] == 0 || (y[i + 2] - 1) * self.stride[i] < x[i + 2] + self.padding[i];
        ranks && x[..2] == y[..2] && (0..n).all(starts_inside)
    }
    pub(super) fn keeps(&self) -> Keeps {
        match self.kind {
            // The rule scatters to the positions.
            PoolKind::Max => Keeps { inputs: 0, outputs: 2 },
            PoolKind::Average | PoolKind::AverageGrad => Keeps::NOTHING,
        }
    }
}

/// Runs one of the two maps of average pooling into a result of `shape`, recorded: what their derivatives call, which
/// know the shape from the operation they undo.
pub fn pool_map(op: &Pool, x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let (input, output) = match op.kind {
        PoolKind::Average | PoolKind::Max => (x.shape(), shape),
        PoolKind::AverageGrad => (shape, x.shape()),
    };
    if op.kind == PoolKind::Max || !op.fits(input, output) {
        return Err(Error::new(op.name(), format!("sizes do not fit a result of shape {shape:?}")).operands([x]));
    }
    let reading = x.reading();
    let device = x.device();
    let (mut out, layout) = Tensor::allocate(shape, x.dtype(), &device)?;
    device.backend().pool(op, reading.view(), &mut [out.view_mut(&layout)])?;
    Ok(graph::record(|| Op::Pool(op.clone()), &[x], Tensor::new(Arc::new(out), layout)))
}
