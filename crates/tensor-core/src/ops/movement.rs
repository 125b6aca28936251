//! The same elements seen another way: no copies, where strides can say it.
mod diagonal;
mod expand;
mod flip;
mod permute;
mod reshape;
pub(super) mod slice;
mod split;
mod windows;

use super::Op;
use crate::{Layout, Tensor, graph};
use smallvec::SmallVec;

/// Recorded movements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveOp {
    /// Another shape of the same count (also `view`, `flatten`, `squeeze`, `unsqueeze`).
    Reshape,
    /// Dims in another order: output dim `i` is input dim `dims[i]`.
    Permute {
        /// A permutation.
        dims: SmallVec<[usize; 6]>,
    },
    /// Dims of size 1 repeated.
    Expand,
    /// Every `step`-th element of `dim` from `start`.
    Slice {
        /// The dim.
        dim: usize,
        /// First element.
        start: usize,
        /// Distance of elements.
        step: usize,
    },
    /// Dims in reverse order of elements.
    Flip {
        /// The dims.
        dims: SmallVec<[usize; 6]>,
    },
    /// The elements `[.., i, .., i + offset, ..]` of two dims, as the last dim.
    Diagonal {
        /// Above (positive) or below the main diagonal.
        offset: isize,
        /// The row dim.
        dim1: usize,
        /// The column dim.
        dim2: usize,
    },
}

impl MoveOp {
    pub(super) fn name(&self) -> &'static str {
        match self {
            MoveOp::Reshape => "reshape",
            MoveOp::Permute { .. } => "permute",
            MoveOp::Expand => "expand",
            MoveOp::Slice { .. } => "slice",
            MoveOp::Flip { .. } => "flip",
            MoveOp::Diagonal { .. } => "diagonal",
        }
    }
}

impl Tensor {
    /// A view of the same elements, recorded.
    fn moved(&self, op: impl FnOnce() -> MoveOp, layout: Layout) -> Tensor {
        graph::record(|| Op::Move(op()), &[self], self.view_as_layout(layout))
    }
}
