//! A derivative for every recorded operation, as formulas in tensor operations, so that they can be differentiated again.
//!
//! In rules `g` is the gradient that came in, `x` (or `a`, `b`) an input, `y` the output. A rule gives one gradient per
//! input, of the shape that the operation computed in: the engine undoes broadcasting and promotion.
mod binary;
mod conv;
mod fused;
mod index;
mod matmul;
mod movement;
mod pool;
mod reduce;
mod scalar;
mod scan;
mod scatter;
mod unary;

use crate::engine::OutputGrads;
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;
use tensor_core::{Op, Result, Tensor, graph::Node};

/// One gradient per input; `None` where there is none or nobody wants it.
pub(crate) type Grads = SmallVec<[Option<Tensor>; 2]>;

/// The gradients of the inputs of `node`, given those of its outputs.
pub(crate) fn apply(node: &Arc<Node>, mut grads: OutputGrads) -> Result<Grads> {
    if let Op::Custom(function) = node.op() {
        return Ok(SmallVec::from_vec(function.backward(node, &grads)?));
    }
    if let Op::Fused(op) = node.op() {
        return fused::rule(op, node, &grads);
    }
    // All others have one output that carries a gradient, the first.
    let Some(g) = grads.first_mut().and_then(Option::take) else { return Ok(Grads::new()) };
    match node.op() {
        Op::Leaf | Op::Fused(_) | Op::Custom(_) => Ok(Grads::new()),
        Op::Unary(op) => one(unary::rule(*op, node, &g)?),
        Op::Binary(op) => binary::rule(*op, node, g),
        Op::BinaryScalar { op, scalar, side } => one(scalar::rule(*op, *scalar, *side, node, g)?),
        Op::Where => select(node, &g),
        Op::Cast => one(g),
        Op::Reduce { op, dims } => one(reduce::rule(*op, dims, node, &g)?),
        Op::ArgReduce { op: _, dim } => one(reduce::at_index(*dim, node, &g)?),
        Op::Scan { op, dim } => one(scan::rule(*op, *dim as isize, node, &g)?),
        Op::Move(op) => one(movement::rule(op, node, g)?),
        Op::Cat { dim, sizes } => movement::cat(*dim, sizes, node, &g),
        Op::Index(op) => index::rule(op, node, g),
        Op::MatMul => matmul::rule(node, &g),
        Op::Conv(op) => conv::rule(op, node, &g),
        Op::Pool(op) => one(pool::rule(op, node, &g)?),
    }
}

fn one(dx: Tensor) -> Result<Grads> {
    Ok(smallvec![Some(dx)])
}

/// A gradient for a wanted input; the formula is not evaluated for the others.
fn wanted(node: &Node, i: usize, formula: impl FnOnce() -> Result<Tensor>) -> Result<Option<Tensor>> {
    if node.wants(i) { formula().map(Some) } else { Ok(None) }
}

/// `y = cond ? a : b`: the gradient goes where the value came from.
fn select(node: &Arc<Node>, g: &Tensor) -> Result<Grads> {
    let cond = node.input(0)?;
    Ok(smallvec![
        None,
        wanted(node, 1, || cond.where_(g, 0.0))?, // da = cond ? g : 0
        wanted(node, 2, || cond.where_(0.0, g))?, // db = cond ? 0 : g
    ])
}
