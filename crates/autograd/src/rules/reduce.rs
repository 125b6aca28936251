//! Derivatives of reductions: the gradient spreads over what was reduced.
use super::movement::{inverse, signed};
use smallvec::SmallVec;
use std::sync::Arc;
use tensor_core::{KEEP, ReduceOp, Result, Tensor, graph::Node};

pub(super) fn rule(op: ReduceOp, dims: &[usize], node: &Arc<Node>, g: &Tensor) -> Result<Tensor> {
    let shape = node.input_meta(0)?.shape();
    let kept: SmallVec<[usize; 6]> =
        shape.iter().enumerate().map(|(d, &size)| if dims.contains(&d) { 1 } else { size }).collect();
    let g = g.reshape(&kept[..])?;
    match op {
        ReduceOp::Sum => g.expand(shape), // dx = g
        ReduceOp::Mean => {
            let n: usize = dims.iter().map(|&d| shape[d]).product();
            (g / n as f64)?.expand(shape) // dx = g / n
        }
        ReduceOp::Prod => product(&g, &node.input(0)?, dims),
        ReduceOp::Max | ReduceOp::Min => {
            // Equal values share the gradient evenly: dx = g [x = y] / count(x = y)
            let y = node.output(0)?.detach().reshape(&kept[..])?;
            let mask = node.input(0)?.eq(&y)?.to_dtype(g.dtype())?;
            let count = mask.sum_dim(signed(dims), KEEP)?;
            mask * g.div(&count)?
        }
        // Not recorded: their results are bool.
        ReduceOp::Any | ReduceOp::All => g.zeros_like()?.expand(shape),
    }
}

/// `y, i = max(x, dim)`: the gradient goes to the element that was found.
pub(super) fn at_index(dim: usize, node: &Arc<Node>, g: &Tensor) -> Result<Tensor> {
    let shape = node.input_meta(0)?.shape();
    let mut kept: SmallVec<[usize; 6]> = SmallVec::from_slice(shape);
    if let Some(size) = kept.get_mut(dim) {
        *size = 1;
    }
    let (g, index) = (g.reshape(&kept[..])?, node.output(1)?.reshape(&kept[..])?);
    g.new_zeros(shape)?.scatter_add(dim as isize, &index, &g)
}

/// `dx = g * (the product of all other elements)`, which holds where elements are 0 too, at any order.
fn product(g: &Tensor, x: &Tensor, dims: &[usize]) -> Result<Tensor> {
    // The reduced dims go last and become one.
    let order: SmallVec<[usize; 6]> =
        (0..x.dim()).filter(|d| !dims.contains(d)).chain((0..x.dim()).filter(|d| dims.contains(d))).collect();
    let moved: SmallVec<[usize; 6]> = order.iter().map(|&d| x.shape()[d]).collect();
    let mut flat: SmallVec<[usize; 6]> = SmallVec::from_slice(&moved[..x.dim() - dims.len()]);
    flat.push(dims.iter().map(|&d| x.shape()[d]).product());
    let rows = x.permute(signed(&order))?.reshape(&flat[..])?;
    let others = products_before(&rows)?.mul(&products_before(&rows.flip(-1)?)?.flip(-1)?)?;
    g.mul(&others.reshape(&moved[..])?.permute(inverse(&order))?)
}

/// Along the last dim, for every element the product of those before it.
fn products_before(x: &Tensor) -> Result<Tensor> {
    let n = x.shape()[x.dim() - 1];
    let mut y = shifted(x, 1)?;
    // Each round doubles how many elements are multiplied: log2(n) passes.
    let mut reach = 1;
    while reach < n {
        y = y.mul(&shifted(&y, reach)?)?;
        reach *= 2;
    }
    Ok(y)
}

/// Along the last dim, every element moved `by` places to the right; ones come in.
fn shifted(x: &Tensor, by: usize) -> Result<Tensor> {
    let n = x.shape()[x.dim() - 1];
    let by = by.min(n);
    let mut front: SmallVec<[usize; 6]> = SmallVec::from_slice(x.shape());
    front[x.dim() - 1] = by;
    Tensor::cat(&[&x.new_ones(&front[..])?, &x.narrow(-1, 0, n - by)?], -1)
}
