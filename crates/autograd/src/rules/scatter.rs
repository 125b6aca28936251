//! Derivatives of scattering with a product, a maximum or a minimum.
use super::{Grads, wanted};
use smallvec::smallvec;
use std::sync::Arc;
use tensor_core::{
    Result, Tensor,
    graph::Node,
    ops::{ScatterOp, ScatterReduce},
};

/// `y = x; y[.., index[.., i, ..], ..]` is multiplied (maximised, minimised) by `source[.., i, ..]`.
pub(super) fn rule(op: ScatterOp, dim: usize, node: &Arc<Node>, g: &Tensor) -> Result<Grads> {
    let (x, index, source) = (node.input(0)?, node.input(1)?, node.input(2)?);
    // A source may be larger than the index; what was not read has no part in it.
    let read = match source.shape() == index.shape() {
        true => source,
        false => (0..source.dim()).try_fold(source, |s, d| s.narrow(d as isize, 0, index.shape()[d]))?,
    };
    let at = dim as isize;
    let whole = |dsource: Tensor| whole(dsource, node);
    if op == ScatterOp::Mul {
        // dx = g * (product of the sources); dsource = g x * (product of the other sources)
        let product = |x: &Tensor, s: &Tensor| x.scatter_reduce(at, &index, s, ScatterReduce::Prod, true);
        let dx = wanted(node, 0, || g.mul(&product(&x.ones_like()?, &read)?))?;
        let dsource = wanted(node, 2, || {
            let y = product(&x, &read)?;
            let zero = read.detach().eq(0.0)?;
            if !zero.any()?.item::<bool>()? {
                return whole(g.mul(&y)?.gather(at, &index)?.div(&read)?);
            }
            // The only 0 of its place gets the product of the others; beside other zeros there is nothing to get.
            let zeros = x.detach().zeros_like()?.scatter_add(at, &index, &zero.to_dtype(x.dtype())?)?;
            let only = zero.logical_and(&zeros.gather(at, &index)?.eq(1.0)?)?;
            let others = product(&x, &read.masked_fill(&only, 1.0)?)?;
            let beside = g.mul(&others)?.gather(at, &index)?;
            let usual = g.mul(&y)?.gather(at, &index)?.div(&read.masked_fill(&zero, 1.0)?)?;
            whole(only.where_(&beside, &usual)?)
        })?;
        return Ok(smallvec![dx, None, dsource]);
    }
    // Equal elements share the gradient evenly.
    let y = node.output(0)?.detach();
    let own = x.detach().eq(&y)?.to_dtype(g.dtype())?;
    let theirs = read.detach().eq(&y.gather(at, &index)?)?.to_dtype(g.dtype())?;
    let share = g.div(&own.scatter_add(at, &index, &theirs)?)?;
    let dx = wanted(node, 0, || own.mul(&share))?;
    let dsource = wanted(node, 2, || whole(theirs.mul(&share.gather(at, &index)?)?))?;
    Ok(smallvec![dx, None, dsource])
}

/// The gradient of the part that was read, with zeros for the rest.
fn whole(part: Tensor, node: &Node) -> Result<Tensor> {
    super::index::enlarged(part, node.input_meta(2)?.shape())
}
