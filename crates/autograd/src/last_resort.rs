//! The rule of last resort: a fused operation is run again as the composition that defines it, recorded, and that is
//! differentiated. It serves every fused operation at every order; a hand-written rule is only a faster first-order way.
use crate::{
    engine::{Targets, WalkOptions, walk_to},
    rules::Grads,
};
use smallvec::SmallVec;
use std::sync::Arc;
use tensor_core::{
    Result, Tensor,
    graph::{Edge, Node, alias},
    is_grad_enabled,
    ops::{Fused, compose},
    set_grad_enabled,
};

/// The gradients of a fused operation's inputs, of which it must have kept all.
pub(crate) fn last_resort(op: &Fused, node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Grads> {
    let inputs: Vec<Tensor> = (0..node.edges().len()).map(|i| node.input(i)).collect::<Result<_>>()?;
    let create_graph = is_grad_enabled();
    let (inputs, outputs) = {
        let _recorded = set_grad_enabled(true);
        // Through an alias the gradient of this use can be asked for, and what is computed from it still leads on to
        // where the input came from.
        let inputs: Vec<Tensor> = inputs.iter().map(alias).collect();
        let outputs = compose(op, &inputs)?;
        (inputs, outputs)
    };
    let mut roots: SmallVec<[(Edge, Tensor); 1]> = SmallVec::new();
    for (y, g) in outputs.iter().zip(grads) {
        if let (Some(edge), Some(g)) = (y.edge(), g) {
            roots.push((edge.clone(), g.clone()));
        }
    }
    let edges: SmallVec<[Option<Edge>; 2]> =
        inputs.iter().enumerate().map(|(i, x)| x.edge().filter(|_| node.wants(i)).cloned()).collect();
    let targets = Targets::new(&roots, edges.iter().flatten());
    let how = WalkOptions { create_graph, retain_graph: create_graph };
    let mut found: Grads = edges.iter().map(|_| None).collect();
    walk_to(&roots, Some(&targets), how, &mut |edge, g| {
        for (slot, _) in
            found.iter_mut().zip(&edges).filter(|(_, e)| e.as_ref().is_some_and(|e| Arc::ptr_eq(&e.node, &edge.node)))
        {
            *slot = Some(g.clone());
        }
        Ok(())
    })?;
    Ok(found)
}
