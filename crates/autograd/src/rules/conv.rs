//! Derivatives of convolution: three bilinear maps, each one's derivatives being the other two.
use super::{Grads, wanted};
use smallvec::smallvec;
use std::sync::Arc;
use tensor_core::{
    Result, Tensor,
    graph::Node,
    ops::{Conv, ConvKind, conv_map},
};

pub(super) fn rule(op: &Conv, node: &Arc<Node>, g: &Tensor) -> Result<Grads> {
    // The map of `kind` with the same geometry, into the shape of input `i`.
    let map = |i: usize, kind: ConvKind, a: &Tensor, b: &Tensor| {
        conv_map(&Conv { kind, ..op.clone() }, a, b, node.input_meta(i)?.shape())
    };
    let a = || node.input(0);
    let b = || node.input(1);
    use ConvKind::{Forward, InputGrad, WeightGrad};
    Ok(match op.kind {
        // y = Forward(x, w): dx = InputGrad(g, w); dw = WeightGrad(g, x)
        Forward => smallvec![
            wanted(node, 0, || map(0, InputGrad, g, &b()?))?,
            wanted(node, 1, || map(1, WeightGrad, g, &a()?))?
        ],
        // y = InputGrad(dy, w), like an x: d(dy) = Forward(g, w); dw = WeightGrad(dy, g)
        InputGrad => {
            smallvec![wanted(node, 0, || map(0, Forward, g, &b()?))?, wanted(node, 1, || map(1, WeightGrad, &a()?, g))?]
        }
        // y = WeightGrad(dy, x), like a w: d(dy) = Forward(x, g); dx = InputGrad(dy, g)
        WeightGrad => {
            smallvec![wanted(node, 0, || map(0, Forward, &b()?, g))?, wanted(node, 1, || map(1, InputGrad, &a()?, g))?]
        }
    })
}
