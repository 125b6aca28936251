//! Derivatives of fused operations: hand-written where that is faster, else the rule of last resort.
use super::{Grads, one};
use crate::last_resort::last_resort;
use smallvec::SmallVec;
use std::sync::Arc;
use tensor_core::{
    DType, KEEP, Result, Tensor,
    graph::Node,
    is_grad_enabled,
    ops::{Fused, fused_map},
};

pub(super) fn rule(op: &Fused, node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Grads> {
    let Some(g) = &grads[0] else { return last_resort(op, node, grads) };
    match op {
        Fused::Softmax { dim } => {
            let y = node.output(0)?;
            let gy = g.mul(&y)?;
            let sum = gy.sum_dim(*dim as isize, KEEP)?;
            one((gy - y.mul(&sum)?)?) // dx = y (g - sum(g y)) = g y - y sum(g y)
        }
        Fused::LogSoftmax { dim } => {
            let p = node.output(0)?.exp()?;
            one(g.sub(&(p * g.sum_dim(*dim as isize, KEEP)?)?)?) // dx = g - exp(y) sum(g)
        }
        // The same elements fall out again.
        Fused::Dropout { p, key } => one(g.dropout_keyed(*p, *key)?),
        Fused::Gelu { .. } if is_grad_enabled() => last_resort(op, node, grads),
        Fused::Gelu { form } => {
            let x = node.input(0)?;
            let mut dx = fused_map(Fused::GeluGrad { form: *form }, &[&x, g], &[SmallVec::from_slice(x.shape())])?;
            one(dx.swap_remove(0))
        }
        Fused::GeluGrad { .. } | Fused::LayerNormGrad | Fused::BatchNormGrad => last_resort(op, node, grads),
        Fused::LayerNorm { .. } | Fused::BatchNorm { .. } => {
            if is_grad_enabled() || grads[1..].iter().any(Option::is_some) {
                last_resort(op, node, grads)
            } else {
                normalised(op, node, g)
            }
        }
    }
}

/// In one operation from the kept statistics, where they are as precise as the composition's own.
fn normalised(op: &Fused, node: &Arc<Node>, g: &Tensor) -> Result<Grads> {
    let x = node.input(0)?;
    let affine = node.edges().len() > 1;
    let weight = if affine { Some(node.input(1)?) } else { None };
    let narrow = !matches!(x.dtype(), DType::F32 | DType::F64);
    if narrow || weight.as_ref().is_some_and(|w| w.dtype() != x.dtype()) {
        return last_resort(op, node, &[Some(g.clone()), None, None]);
    }
    let (mean, rstd) = (node.output(1)?, node.output(2)?);
    let mut inputs = vec![g, &x, &mean, &rstd];
    inputs.extend(&weight);
    let gradient = if matches!(op, Fused::LayerNorm { .. }) { Fused::LayerNormGrad } else { Fused::BatchNormGrad };
    let channels = SmallVec::from_slice(&x.shape()[1..2]);
    let grads = fused_map(gradient, &inputs, &[SmallVec::from_slice(x.shape()), channels.clone(), channels])?;
    let wanted = grads.into_iter().take(node.edges().len()).enumerate();
    Ok(wanted.map(|(i, g)| node.wants(i).then_some(g)).collect())
}
