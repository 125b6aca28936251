//! Derivatives of picking and placing by index: what was picked goes back to its place, what was placed is picked.
use super::{
    Grads,
    movement::{place, slice_end},
    scatter, wanted,
};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;
use tensor_core::{
    Result, Tensor,
    graph::Node,
    ops::{IndexOp, ScatterOp},
};

pub(super) fn rule(op: &IndexOp, node: &Arc<Node>, g: Tensor) -> Result<Grads> {
    let index = || node.input(1);
    Ok(match op {
        // y[.., i, ..] = x[.., index[i], ..]
        IndexOp::Select { dim } => {
            let dx = g.new_zeros(node.input_meta(0)?.shape())?.index_add(*dim as isize, &index()?, &g)?;
            smallvec![Some(dx), None]
        }
        // y = x; y[.., index[i], ..] += source[.., i, ..]
        IndexOp::Add { dim } => {
            let dsource = wanted(node, 2, || g.index_select(*dim as isize, &index()?))?;
            smallvec![node.wants(0).then_some(g), None, dsource]
        }
        // y[.., i, ..] = x[.., index[.., i, ..], ..]
        IndexOp::Gather { dim } => {
            let dx = g.new_zeros(node.input_meta(0)?.shape())?.scatter_add(*dim as isize, &index()?, &g)?;
            smallvec![Some(dx), None]
        }
        // y = x; y[.., index[.., i, ..], ..] = source[.., i, ..]
        IndexOp::Scatter { dim, op: ScatterOp::Set } => {
            let dx = wanted(node, 0, || g.scatter(*dim as isize, &index()?, 0.0))?;
            let dsource = wanted(node, 2, || picked(&g, *dim, &index()?, node))?;
            smallvec![dx, None, dsource]
        }
        // y = x; y[.., index[.., i, ..], ..] += source[.., i, ..]
        IndexOp::Scatter { dim, op: ScatterOp::Add } => {
            let dsource = wanted(node, 2, || picked(&g, *dim, &index()?, node))?;
            smallvec![node.wants(0).then_some(g), None, dsource]
        }
        IndexOp::Scatter { dim, op: op @ (ScatterOp::Mul | ScatterOp::Max | ScatterOp::Min) } => {
            scatter::rule(*op, *dim, node, &g)?
        }
        IndexOp::ScatterScalar { dim, op: ScatterOp::Set } => {
            smallvec![Some(g.scatter(*dim as isize, &index()?, 0.0)?), None]
        }
        // The library records only the two above with a number.
        IndexOp::ScatterScalar { dim: _, op: _ } => smallvec![Some(g), None],
        // y = x; y[.., start::step, ..] = source
        IndexOp::SliceScatter { dim, start, step, len } => {
            let (dim, from, to) = (*dim as isize, *start as isize, slice_end(*start, *step, *len) as isize);
            let part = g.slice(dim, from, to, *step)?;
            let dx = wanted(node, 0, || g.slice_scatter(&part.zeros_like()?, dim, from, to, *step))?;
            let dsource = wanted(node, 1, || Ok(part.clone()))?;
            smallvec![dx, dsource]
        }
    })
}

/// The gradient of a scatter's source: what stands where it was placed.
fn picked(g: &Tensor, dim: usize, index: &Tensor, node: &Node) -> Result<Tensor> {
    enlarged(g.gather(dim as isize, index)?, node.input_meta(2)?.shape())
}

/// A source larger than the index gets zeros where it was not read.
pub(super) fn enlarged(mut read: Tensor, shape: &[usize]) -> Result<Tensor> {
    for (d, &size) in shape.iter().enumerate() {
        if read.shape()[d] < size {
            let mut larger: SmallVec<[usize; 6]> = SmallVec::from_slice(read.shape());
            larger[d] = size;
            read = place(&read, &larger, d, 0, 1)?;
        }
    }
    Ok(read)
}
