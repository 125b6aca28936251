//! Memory for time: a part of a network that keeps nothing of what it computes, and computes it again for backward.
use crate::{GradOptions, apply, grad};
use std::{collections::HashSet, fmt, sync::Arc};
use tensor_core::{
    AutocastOptions, Error, Function, Generator, Keeps, Result, Tensor,
    autocast::{autocast_state, with_autocast_state},
    graph::{self, Edge, Node},
    is_grad_enabled, rng, set_grad_enabled,
};

type Part = Box<dyn Fn(&[Tensor]) -> Result<Vec<Tensor>> + Send + Sync>;

/// What backward needs to run the part again.
struct Recompute {
    part: Part,
    /// The random numbers of the first run: dropout must drop the same.
    generator: Generator,
    /// How operands were converted in the first run.
    precision: AutocastOptions,
    /// The first of the node's inputs are those of the part; the others are tensors that it holds itself.
    inputs: usize,
}

impl fmt::Debug for Recompute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recompute({} inputs)", self.inputs)
    }
}

impl Function for Recompute {
    fn name(&self) -> &'static str {
        "checkpoint"
    }
    fn keeps(&self) -> Keeps {
        Keeps { inputs: u32::MAX.checked_shr(32 - self.inputs as u32).unwrap_or(0), outputs: 0 }
    }
    fn backward(&self, node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        let create_graph = is_grad_enabled();
        let enter = |i: usize| -> Result<Tensor> {
            let x = node.input(i)?;
            Ok(match (node.wants(i), create_graph) {
                (true, true) => graph::alias(&x),
                (wants, _) => x.detach().requires_grad_(wants),
            })
        };
        let inputs = (0..self.inputs).map(enter).collect::<Result<Vec<_>>>()?;
        let outputs = {
            let _on = set_grad_enabled(true);
            let _precision = with_autocast_state(self.precision);
            rng::with_generator(&mut self.generator.clone(), || (self.part)(&inputs))?
        };
        if outputs.len() != grads.len() {
            let message = format!("{} outputs at first, {} when computed again", grads.len(), outputs.len());
            return Err(Error::new("checkpoint", message).hint("the part must do the same each time it is called"));
        }
        let (ys, gs): (Vec<&Tensor>, Vec<&Tensor>) = outputs
            .iter()
            .zip(grads)
            .filter_map(|(y, g)| g.as_ref().filter(|_| y.requires_grad()).map(|g| (y, g)))
            .unzip();
        let held = node.edges().iter().skip(self.inputs).flatten().map(graph::stand_in);
        let held = held.collect::<Result<Vec<_>>>()?;
        let mut wanted: Vec<&Tensor> =
            inputs.iter().enumerate().filter(|(i, _)| node.wants(*i)).map(|(_, x)| x).collect();
        wanted.extend(&held);
        if ys.is_empty() || wanted.is_empty() {
            return Ok(vec![None; node.edges().len()]);
        }
        let options = GradOptions { grad_outputs: &gs, create_graph, retain_graph: None, allow_unused: true };
        let mut found = grad(&ys, &wanted, options)?.into_iter();
        Ok(node.edges().iter().map(|edge| if edge.is_some() { found.next() } else { None }).collect())
    }
}

/// Calls `part` with `inputs` and keeps nothing of what it computes on the way: backward calls it again. Memory for a
/// second computation, as in Chen et al. (2016), <https://arxiv.org/abs/1604.06174>.
///
/// Parameters that the part holds get their gradients (a closure takes [`tied`](crate::Parameter::tied) handles with it:
/// a clone would be another parameter), random numbers are the same both times, and the result can be
/// differentiated to any order.
///
/// ```
/// use autograd::{Backward, checkpoint};
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let x = tensor([1.0, 2.0])?.requires_grad_(true);
/// let y = checkpoint(|v| Ok(vec![v[0].exp()?.sin()?]), &[&x])?.remove(0);
/// y.sum()?.backward()?;
/// assert!(x.grad().is_some());
/// # Ok(()) }
/// ```
///
/// # Errors
/// What the part refuses; more than 32 inputs.
pub fn checkpoint(
    part: impl Fn(&[Tensor]) -> Result<Vec<Tensor>> + Send + Sync + 'static,
    inputs: &[&Tensor],
) -> Result<Vec<Tensor>> {
    if inputs.len() > 32 {
        return Err(Error::new("checkpoint", format!("{} inputs, and at most 32 are possible", inputs.len()))
            .hint("let the closure hold what needs no gradient, or join tensors"));
    }
    let (generator, precision) = (rng::generator(), autocast_state());
    if !is_grad_enabled() {
        return part(&inputs.iter().map(|x| x.detach()).collect::<Vec<_>>());
    }
    // Recorded once, to see which tensors the part holds itself; then the record is dropped.
    let begin = Tensor::zeros(())?.requires_grad_(true);
    let entered: Vec<Tensor> = inputs.iter().map(|x| x.detach().requires_grad_(x.requires_grad())).collect();
    let outputs = part(&entered)?;
    let held = held(&outputs, &entered, begin.edge().map_or(0, |e| e.node.id()));
    let outputs: Vec<Tensor> = outputs.into_iter().map(|y| y.detach()).collect();
    let held = held.iter().map(graph::stand_in).collect::<Result<Vec<_>>>()?;
    let all: Vec<&Tensor> = inputs.iter().copied().chain(&held).collect();
    Ok(apply(Recompute { part: Box::new(part), generator, precision, inputs: inputs.len() }, &all, outputs))
}

/// The leaves and earlier results that `outputs` depend on, other than by what `entered`.
fn held(outputs: &[Tensor], entered: &[Tensor], begin: u64) -> Vec<Edge> {
    let inputs: HashSet<u64> = entered.iter().filter_map(|x| x.edge()).map(|e| e.node.id()).collect();
    let mut seen: HashSet<(u64, u32)> = HashSet::new();
    let mut held = Vec::new();
    let mut open: Vec<Edge> = outputs.iter().filter_map(|y| y.edge().cloned()).collect();
    while let Some(edge) = open.pop() {
        if inputs.contains(&edge.node.id()) || !seen.insert((edge.node.id(), edge.output)) {
            continue;
        }
        if edge.node.id() < begin || edge.node.is_leaf() {
            held.push(edge);
        } else {
            open.extend(edge.node.edges().iter().flatten().cloned());
        }
    }
    // In the order they came into being, whatever the walk.
    held.sort_by_key(|edge| (edge.node.id(), edge.output));
    held
}
