//! Elements picked or placed by integer tensors.
mod advanced;
mod bag;
mod brackets;
mod combine;
mod masked;
mod pick;
mod place;

pub use bag::{BagMode, EmbeddingBagOptions};
pub use brackets::Index;
pub use combine::ScatterReduce;

use super::Keeps;
use crate::{DType, Error, Result, Tensor};

/// What a scatter does where an element is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScatterOp {
    /// Replace it; of several writes the last in index order stays.
    Set,
    /// Add to it.
    Add,
    /// Multiply it.
    Mul,
    /// The larger of both; NaN wins.
    Max,
    /// The smaller of both; NaN wins.
    Min,
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
            IndexOp::Scatter { op, .. } | IndexOp::ScatterScalar { op, .. } => match op {
                ScatterOp::Set => "scatter",
                ScatterOp::Add => "scatter_add",
                ScatterOp::Mul | ScatterOp::Max | ScatterOp::Min => "scatter_reduce",
            },
            IndexOp::SliceScatter { .. } => "slice_scatter",
        }
    }
    pub(super) fn keeps(&self) -> Keeps {
        match self {
            IndexOp::SliceScatter { .. } => Keeps::NOTHING,
            IndexOp::Scatter { op: ScatterOp::Mul | ScatterOp::Max | ScatterOp::Min, .. } => {
                Keeps { inputs: 0b111, outputs: 1 }
            }
            _ => Keeps { inputs: 2, outputs: 0 },
        }
    }
}

/// An index as the backends take it: `i64` without history.
fn int_index(op: &'static str, index: &Tensor) -> Result<Tensor> {
    match index.dtype() {
        DType::I64 | DType::I32 => index.detach().to_dtype(DType::I64),
        other => {
            let error = Error::new(op, format!("an index is i64 or i32, got {other}")).operands([index]);
            Err(if other == DType::Bool {
                error.hint("a mask goes into index, masked_select or masked_fill")
            } else {
                error.hint("convert it with to_dtype(DType::I64)")
            })
        }
    }
}

/// The same index along one dim of a tensor of this shape, for every position of the other dims.
fn along(index: &Tensor, dim: usize, shape: &[usize]) -> Result<Tensor> {
    if shape.is_empty() {
        return index.reshape(());
    }
    let mut line: crate::shape::Dims = smallvec::SmallVec::from_elem(1, shape.len());
    line[dim] = index.numel();
    let mut full = crate::shape::Dims::from_slice(shape);
    full[dim] = index.numel();
    index.reshape(&line)?.expand(&full)
}

#[cfg(test)]
mod tests;
