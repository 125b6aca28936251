//! Derivatives of movements: the gradient moves back.
use super::{Grads, wanted};
use smallvec::SmallVec;
use std::sync::Arc;
use tensor_core::{Result, Tensor, graph::Node, ops::MoveOp};

pub(super) fn rule(op: &MoveOp, node: &Arc<Node>, g: Tensor) -> Result<Tensor> {
    match op {
        MoveOp::Reshape => g.reshape(node.input_meta(0)?.shape()),
        MoveOp::Permute { dims } => g.permute(inverse(dims)),
        MoveOp::Expand => Ok(g), // a broadcast: undone by the engine
        MoveOp::Slice { dim, start, step } => place(&g, node.input_meta(0)?.shape(), *dim, *start, *step),
        MoveOp::Flip { dims } => g.flip(signed(dims)),
        MoveOp::Diagonal { offset, dim1, dim2 } => diagonal(&g, node.input_meta(0)?.shape(), *offset, *dim1, *dim2),
    }
}

/// `y = [x0, x1, ..]`: each input gets its part.
pub(super) fn cat(dim: usize, sizes: &[usize], node: &Arc<Node>, g: &Tensor) -> Result<Grads> {
    let mut start = 0;
    sizes
        .iter()
        .enumerate()
        .map(|(i, &size)| {
            let from = start;
            start += size;
            wanted(node, i, || g.narrow(dim as isize, from, size))
        })
        .collect()
}

/// Dims as methods take them.
pub(super) fn signed(dims: &[usize]) -> SmallVec<[isize; 6]> {
    dims.iter().map(|&d| d as isize).collect()
}

/// The permutation that undoes `dims`.
pub(super) fn inverse(dims: &[usize]) -> SmallVec<[isize; 6]> {
    let mut back: SmallVec<[isize; 6]> = SmallVec::from_elem(0, dims.len());
    for (to, &from) in dims.iter().enumerate() {
        back[from] = to as isize;
    }
    back
}

/// Zeros of `shape`, with `g` as the elements `start, start + step, ..` of `dim`.
pub(super) fn place(g: &Tensor, shape: &[usize], dim: usize, start: usize, step: usize) -> Result<Tensor> {
    let end = slice_end(start, step, g.shape()[dim]);
    g.new_zeros(shape)?.slice_scatter(g, dim as isize, start as isize, end as isize, step)
}

/// One past the last element of a slice of `len` elements.
pub(super) fn slice_end(start: usize, step: usize, len: usize) -> usize {
    if len == 0 { start } else { start + (len - 1) * step + 1 }
}

/// Zeros of `shape`, with `g`'s last dim along a diagonal of the dims `dim1` and `dim2`.
fn diagonal(g: &Tensor, shape: &[usize], offset: isize, dim1: usize, dim2: usize) -> Result<Tensor> {
    // With the two dims last and flattened, a diagonal is a slice whose step is one row and one element.
    let others = (0..shape.len()).filter(|&d| d != dim1 && d != dim2);
    let order: SmallVec<[usize; 6]> = others.chain([dim1, dim2]).collect();
    let moved: SmallVec<[usize; 6]> = order.iter().map(|&d| shape[d]).collect();
    let (rows, columns) = (shape[dim1], shape[dim2]);
    let mut flat: SmallVec<[usize; 6]> = SmallVec::from_slice(&moved[..moved.len() - 2]);
    flat.push(rows * columns);
    let first = if offset >= 0 { offset as usize } else { offset.unsigned_abs() * columns };
    let last = flat.len() - 1;
    place(g, &flat, last, first.min(rows * columns), columns + 1)?.reshape(&moved[..])?.permute(inverse(&order))
}
