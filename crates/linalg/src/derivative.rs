//! Derivatives of decompositions: formulas in tensor operations, so that they can be differentiated again.
use std::sync::Arc;
use tensor_core::{Function, Keeps, Result, Tensor, graph::Node};

/// The gradients of the inputs, given those of the outputs.
pub(crate) type Rule = fn(&Arc<Node>, &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>>;

/// A named rule, and what it reads.
#[derive(Debug)]
struct Derivative {
    name: &'static str,
    keeps: Keeps,
    rule: Rule,
}

impl Function for Derivative {
    fn name(&self) -> &'static str {
        self.name
    }
    fn keeps(&self) -> Keeps {
        self.keeps
    }
    fn backward(&self, node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        (self.rule)(node, grads).map_err(|e| e.renamed(self.name))
    }
}

/// Makes `outputs`, computed on the host, results of `inputs`. `keeps` are the bits of the inputs and outputs that the
/// rule reads.
pub(crate) fn record<const N: usize>(
    name: &'static str,
    [inputs_kept, outputs_kept]: [u32; 2],
    rule: Rule,
    inputs: &[&Tensor],
    outputs: [Tensor; N],
) -> [Tensor; N] {
    let keeps = Keeps { inputs: inputs_kept, outputs: outputs_kept };
    let mut outputs = autograd::apply(Derivative { name, keeps, rule }, inputs, outputs.into()).into_iter();
    // As many come back as went in.
    std::array::from_fn(|_| outputs.next().unwrap_or_else(|| unreachable!("{name} lost an output")))
}
