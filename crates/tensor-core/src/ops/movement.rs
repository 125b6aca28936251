//! The same elements seen another way: no copies, where strides can say it.
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

impl crate::Tensor {
    /// Row-major without gaps: the same tensor where it is so already.
    pub fn contiguous(&self) -> crate::Result<crate::Tensor> {
        if self.is_contiguous() { Ok(self.clone()) } else { self.clone_contiguous() }
    }
    /// A copy with a buffer of its own.
    pub fn clone_contiguous(&self) -> crate::Result<crate::Tensor> {
        let new = self.buffer().copied(self.layout())?;
        let out = crate::Tensor::new(std::sync::Arc::new(new), crate::Layout::contiguous(self.shape()));
        Ok(crate::graph::record(|| super::Op::Move(MoveOp::Reshape), &[self], out))
    }
    /// Dims of size 1 repeated to `shape`; no copy.
    pub fn expand(&self, shape: impl crate::ShapeArg) -> crate::Result<crate::Tensor> {
        let shape = crate::shape::exact("expand", shape)?;
        let layout = self
            .layout()
            .expand(&shape)
            .ok_or_else(|| crate::Error::new("expand", "does not broadcast").operands([self]))?;
        Ok(crate::graph::record(|| super::Op::Move(MoveOp::Expand), &[self], self.view_as_layout(layout)))
    }
}
