//! Elements picked or placed by integer tensors.
use super::Keeps;

/// What a scatter does where an element is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScatterOp {
    /// Replace it; of several writes the last in index order stays.
    Set,
    /// Add to it.
    Add,
}

/// Recorded index operations; `index` is an input without gradient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexOp {
    /// Inputs `x`, `index` (1-d).
    Select {
        /// The dim.
        dim: usize,
    },
    /// Inputs `x`, `index` (1-d), `source`: `x` plus rows.
    Add {
        /// The dim.
        dim: usize,
    },
    /// Inputs `x`, `index`.
    Gather {
        /// The dim.
        dim: usize,
    },
    /// Inputs `x`, `index`, `source`.
    Scatter {
        /// The dim.
        dim: usize,
        /// Replace or add.
        op: ScatterOp,
    },
    /// Inputs `x`, `index`; the source is a number.
    ScatterScalar {
        /// The dim.
        dim: usize,
        /// Replace or add.
        op: ScatterOp,
    },
    /// Inputs `x`, `source`: `x` with `source` in the place of a slice.
    SliceScatter {
        /// The dim.
        dim: usize,
        /// First element.
        start: usize,
        /// Distance of elements.
        step: usize,
        /// How many elements there are in `dim`.
        len: usize,
    },
}

impl IndexOp {
    pub(super) fn name(&self) -> &'static str {
        match self {
            IndexOp::Select { .. } => "index_select",
            IndexOp::Add { .. } => "index_add",
            IndexOp::Gather { .. } => "gather",
            IndexOp::Scatter { op: ScatterOp::Set, .. } | IndexOp::ScatterScalar { op: ScatterOp::Set, .. } => {
                "scatter"
            }
            IndexOp::Scatter { op: ScatterOp::Add, .. } | IndexOp::ScatterScalar { op: ScatterOp::Add, .. } => {
                "scatter_add"
            }
            IndexOp::SliceScatter { .. } => "slice_scatter",
        }
    }
    pub(super) fn keeps(&self) -> Keeps {
        match self {
            IndexOp::SliceScatter { .. } => Keeps::NOTHING,
            _ => Keeps { inputs: 2, outputs: 0 },
        }
    }
}
