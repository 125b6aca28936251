//! Looking around in the record of what was computed.
use std::{collections::HashSet, sync::Arc};
use tensor_core::{
    Op, Tensor, UnaryOp,
    graph::{Edge, Node},
    ops::Fused,
};

/// Every node that leads to these results, each once, up to a number that no one waits long for.
pub(super) fn nodes(outputs: &[&Tensor]) -> Vec<Arc<Node>> {
    const MOST: usize = 200_000;
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut open: Vec<Arc<Node>> = outputs.iter().filter_map(|t| t.edge()).map(|e| e.node.clone()).collect();
    while let Some(node) = open.pop() {
        if found.len() >= MOST {
            break;
        }
        if seen.insert(node.id()) {
            open.extend(node.edges().iter().flatten().map(|edge| edge.node.clone()));
            found.push(node);
        }
    }
    found
}

/// The operation whose numbers these are, seen through casts and other shapes.
pub(super) fn source(edge: Option<&Edge>) -> Option<Arc<Node>> {
    let mut node = edge?.node.clone();
    // As many as nobody writes one after the other.
    for _ in 0..16 {
        let next = match node.op() {
            Op::Cast | Op::Move(_) => node.edges().first()?.as_ref()?.node.clone(),
            _ => break,
        };
        node = next;
    }
    Some(node)
}

/// Whether it is a softmax or its logarithm.
pub(super) fn is_softmax(node: &Node) -> bool {
    matches!(node.op(), Op::Fused(Fused::Softmax { .. } | Fused::LogSoftmax { .. }))
}

/// Whether it is a sigmoid.
pub(super) fn is_sigmoid(node: &Node) -> bool {
    matches!(node.op(), Op::Unary(UnaryOp::Sigmoid))
}
