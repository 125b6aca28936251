//! Derivatives of fused operations: hand-written where that is faster, else the rule of last resort.
use super::{Grads, one, wanted};
use crate::last_resort::last_resort;
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;
use tensor_core::{KEEP, Result, Tensor, graph::Node, is_grad_enabled, ops::Fused};

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
        Fused::BatchNorm { eps: _ } => {
            if is_grad_enabled() || grads[1..].iter().any(Option::is_some) {
                last_resort(op, node, grads)
            } else {
                batch_norm(node, g)
            }
        }
    }
}

/// With `h = (x - mean) rstd` and sums over all dims but the channels':
/// `dw = sum(g h)`, `db = sum(g)`, `dx = w rstd (g - (db + h dw) / n)`.
fn batch_norm(node: &Arc<Node>, g: &Tensor) -> Result<Grads> {
    let x = node.input(0)?;
    let channels = x.shape()[1];
    let n = x.numel() as f64 / channels as f64;
    let mut each: SmallVec<[usize; 6]> = SmallVec::from_elem(1, x.dim());
    each[1] = channels;
    let dims: SmallVec<[isize; 6]> = (0..x.dim() as isize).filter(|&d| d != 1).collect();
    let per_channel = |t: Tensor| t.reshape(&each[..]);
    let rstd = per_channel(node.output(2)?)?;
    let h = (x.sub(&per_channel(node.output(1)?)?)? * &rstd)?;
    let db = g.sum_dim(&dims, KEEP)?;
    let dw = g.mul(&h)?.sum_dim(&dims, KEEP)?;
    let has_weight = node.edges().len() > 1;
    let dx = wanted(node, 0, || {
        let scale = if has_weight { per_channel(node.input(1)?)?.mul(&rstd)? } else { rstd.clone() };
        (g.sub(&db.div(n)?)? - h.mul(&dw.div(n)?)?)? * &scale
    })?;
    let mut grads: Grads = smallvec![dx];
    if has_weight {
        grads.push(wanted(node, 1, || dw.reshape([channels]))?);
        grads.push(wanted(node, 2, || db.reshape([channels]))?);
    }
    Ok(grads)
}
