//! Derivatives of the matrix product.
use super::{Grads, wanted};
use smallvec::smallvec;
use std::sync::Arc;
use tensor_core::{Op, Result, Tensor, graph::Node, ops::MoveOp};

/// `y = a b`: `da = g b'`, `db = a' g`, with `'` for the transposed matrix.
pub(super) fn rule(node: &Arc<Node>, g: &Tensor) -> Result<Grads> {
    Ok(smallvec![
        wanted(node, 0, || product(g, &node.input(1)?.transpose(-2, -1)?, was_transposed(node, 0)))?,
        wanted(node, 1, || product(&node.input(0)?.transpose(-2, -1)?, g, was_transposed(node, 1)))?,
    ])
}

/// `a b`; if `turned`, written so that the transpose of it is row-major.
fn product(a: &Tensor, b: &Tensor, turned: bool) -> Result<Tensor> {
    if turned { b.transpose(-2, -1)?.matmul(&a.transpose(-2, -1)?)?.transpose(-2, -1) } else { a.matmul(b) }
}

/// Whether input `i` is the transpose of another tensor, as a linear layer's weight is: its gradient will be transposed
/// back, and is best computed so that this leaves it row-major.
fn was_transposed(node: &Node, i: usize) -> bool {
    node.edges()[i].as_ref().is_some_and(|e| match e.node.op() {
        Op::Move(MoveOp::Permute { dims }) => {
            let n = dims.len();
            n >= 2 && dims[n - 2] == n - 1 && dims[n - 1] == n - 2
        }
        _ => false,
    })
}
