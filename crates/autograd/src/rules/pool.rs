//! Derivatives of pooling.
use std::sync::Arc;
use tensor_core::{
    Result, Tensor,
    graph::Node,
    ops::{Pool, PoolKind, pool_map},
};

pub(super) fn rule(op: &Pool, node: &Arc<Node>, g: &Tensor) -> Result<Tensor> {
    let shape = node.input_meta(0)?.shape();
    match op.kind {
        // Each window's gradient goes to the position that was found, counted over the flattened spatial dims.
        PoolKind::Max => {
            let (n, c) = (shape[0], shape[1]);
            let index = node.output(1)?.reshape([n as isize, c as isize, -1])?;
            let g = g.reshape(index.shape())?;
            g.new_zeros([n, c, shape[2..].iter().product()])?.scatter_add(2, &index, &g)?.reshape(shape)
        }
        PoolKind::Average => pool_map(&Pool { kind: PoolKind::AverageGrad, ..op.clone() }, g, shape),
        PoolKind::AverageGrad => pool_map(&Pool { kind: PoolKind::Average, ..op.clone() }, g, shape),
    }
}
