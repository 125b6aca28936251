//! The engine: walks the record from results to leaves, newest operation first, and hands each finished gradient to a
//! sink. Broadcasting and dtype promotion are undone here, once, so that rules need not mention them.
use crate::rules;
use smallvec::SmallVec;
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use tensor_core::{
    AutocastOptions, Error, ErrorKind, KEEP, Result, Tensor,
    autocast::{autocast_state, with_autocast_state},
    graph::{Edge, Meta, Node},
    has_nan, is_anomaly_enabled, set_grad_enabled,
};

/// One gradient per output of a node; `None` where nothing flowed back.
pub(crate) type OutputGrads = SmallVec<[Option<Tensor>; 1]>;

/// How a walk treats the record.
#[derive(Clone, Copy, Debug, Default)]
pub struct WalkOptions {
    /// Keep what the rules read, so that the same record can be walked again.
    pub retain_graph: bool,
    /// Record the rules themselves, so that the gradients can be differentiated.
    pub create_graph: bool,
}

/// Walks back from `roots`, each with the gradient that enters there, and gives the gradient of every leaf that
/// requires one to `sink`, complete, newest leaf first. [`crate::Backward`] passes a sink that adds it to the leaf's
/// `grad`; one that collects shards to sum them in a fixed order is another.
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// use autograd::engine::{WalkOptions, walk};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[3.0f32], [1])?.requires_grad_(true);
/// let y = x.mul(&x)?;
/// let Some(edge) = y.edge().cloned() else { return Ok(()) };
/// let mut seen = Vec::new();
/// walk(&[(edge, Tensor::ones([1])?)], WalkOptions::default(), &mut |_leaf, g| {
///     seen.push(g.item::<f32>()?);
///     Ok(())
/// })?;
/// assert_eq!(seen, [6.0]);
/// # Ok(()) }
/// ```
pub fn walk(
    roots: &[(Edge, Tensor)],
    options: WalkOptions,
    sink: &mut dyn FnMut(&Edge, Tensor) -> Result<()>,
) -> Result<()> {
    walk_to(roots, None, options, sink)
}

/// The same, for the gradients of `targets` only, which may be results; other operations are left alone.
pub(crate) fn walk_to(
    roots: &[(Edge, Tensor)],
    targets: Option<&Targets>,
    options: WalkOptions,
    sink: &mut dyn FnMut(&Edge, Tensor) -> Result<()>,
) -> Result<()> {
    let looking = is_anomaly_enabled();
    if looking {
        born_forward(roots)?;
    }
    let _mode = set_grad_enabled(options.create_graph);
    // Gradients have the dtypes of what they are gradients of: nothing is left to convert.
    let _full = with_autocast_state(AutocastOptions { enabled: false, ..autocast_state() });
    let mut queue = Queue::default();
    for (edge, g) in roots {
        if flows_to(edge, targets) {
            queue.add(edge, g.clone())?;
        }
    }
    while let Some(Pending { node, mut grads }) = queue.pop() {
        if node.is_observed() {
            for (output, slot) in grads.iter_mut().enumerate() {
                if let Some(g) = slot.take() {
                    *slot = Some(node.observe(output as u32, g).map_err(|e| named(e, node))?);
                }
            }
        }
        if node.is_leaf() || targets.is_some_and(|t| t.ids.contains(&node.id())) {
            for (output, g) in grads.iter().enumerate() {
                if let Some(g) = g {
                    sink(&Edge { node: node.clone(), output: output as u32 }, g.clone())?;
                }
            }
        }
        if !node.edges().iter().flatten().any(|edge| flows_to(edge, targets)) {
            continue;
        }
        let inputs = rules::apply(node, grads).map_err(|e| named(e, node))?;
        if looking && let Some(i) = inputs.iter().position(|g| g.as_ref().is_some_and(has_nan)) {
            return Err(anomaly(node, format!("the gradient of input {i} of {} holds a NaN", node.name())));
        }
        if !options.retain_graph {
            node.release();
        }
        if inputs.len() != node.edges().len() && !inputs.is_empty() {
            let counts = format!("got {} gradients for {} inputs", inputs.len(), node.edges().len());
            return Err(named(Error::new("gradient", counts).kind_of(ErrorKind::Autograd), node));
        }
        for (i, (edge, g)) in node.edges().iter().zip(inputs).enumerate() {
            let (Some(edge), Some(g)) = (edge, g) else { continue };
            if flows_to(edge, targets) {
                queue.add(edge, fit(g, i, edge.meta()).map_err(|e| named(e, node))?)?;
            }
        }
    }
    Ok(())
}

/// Refuses a record in which a NaN was born before backward began, and names the first such operation.
fn born_forward(roots: &[(Edge, Tensor)]) -> Result<()> {
    let mut seen = HashSet::new();
    let mut open: Vec<&Arc<Node>> = roots.iter().map(|(edge, _)| &edge.node).collect();
    let mut first: Option<&Arc<Node>> = None;
    while let Some(node) = open.pop() {
        if !seen.insert(node.id()) {
            continue;
        }
        if node.made_nan() && first.is_none_or(|first| node.id() < first.id()) {
            first = Some(node);
        }
        open.extend(node.edges().iter().flatten().map(|edge| &edge.node));
    }
    match first {
        None => Ok(()),
        Some(node) => Err(anomaly(node, format!("{} made a NaN of inputs without one", node.name()))),
    }
}

fn anomaly(node: &Node, what: String) -> Error {
    let place = node.called_at().map_or_else(String::new, |place| format!("; it was called at {place}"));
    Error::new("backward", format!("{what}{place}")).kind_of(ErrorKind::Autograd)
}

/// Errors of rules say whose rule it was; that of a released node says so itself.
fn named(e: Error, node: &Node) -> Error {
    if e.op() == "backward" { e } else { e.within(&format!("backward of {}", node.name())) }
}

fn flows_to(edge: &Edge, targets: Option<&Targets>) -> bool {
    // A frozen leaf takes nothing, even where it was recorded before it was frozen.
    edge.node.requires_grad() && targets.is_none_or(|t| t.on_path.contains(&edge.node.id()))
}

/// A gradient in the shape and dtype of the input it belongs to: what was broadcast is summed, what was promoted is
/// converted back.
fn fit(g: Tensor, i: usize, meta: &Meta) -> Result<Tensor> {
    let g = if g.shape() == meta.shape() { g } else { sum_to(&g, i, meta.shape())? };
    if g.dtype() == meta.dtype() { Ok(g) } else { g.to_dtype(meta.dtype()) }
}

/// The sum over the dims in which input `i` of `shape` was broadcast to become like `g`.
fn sum_to(g: &Tensor, i: usize, shape: &[usize]) -> Result<Tensor> {
    let wrong = || {
        Error::new("gradient", format!("shape {:?} does not fit input {i} of shape {shape:?}", g.shape()))
            .kind_of(ErrorKind::Autograd)
    };
    let lead = g.dim().checked_sub(shape.len()).ok_or_else(wrong)?;
    let mut dims: SmallVec<[isize; 6]> = (0..lead as isize).collect();
    for (i, (&have, &want)) in g.shape()[lead..].iter().zip(shape).enumerate() {
        match (have, want) {
            (h, w) if h == w => {}
            (_, 1) => dims.push((lead + i) as isize),
            _ => return Err(wrong()),
        }
    }
    if dims.is_empty() { g.reshape(shape) } else { g.sum_dim(&dims, KEEP)?.reshape(shape) }
}

/// A node with the gradients that have reached its outputs so far.
struct Pending<'g> {
    node: &'g Arc<Node>,
    grads: OutputGrads,
}

/// What waits, by node. The newest stands apart: along a chain nothing ever enters the map.
#[derive(Default)]
struct Queue<'g> {
    /// Newer than all in `rest`.
    newest: Option<Pending<'g>>,
    rest: BTreeMap<u64, Pending<'g>>,
}

impl<'g> Queue<'g> {
    fn pop(&mut self) -> Option<Pending<'g>> {
        self.newest.take().or_else(|| self.rest.pop_last().map(|(_, p)| p))
    }

    fn add(&mut self, edge: &'g Edge, g: Tensor) -> Result<()> {
        let id = edge.node.id();
        let pending = match &mut self.newest {
            Some(p) if p.node.id() == id => return p.add(edge.output, g),
            Some(p) if p.node.id() > id => self.rest.entry(id).or_insert_with(|| Pending::new(&edge.node)),
            None if self.rest.last_key_value().is_some_and(|(&last, _)| last >= id) => {
                self.rest.entry(id).or_insert_with(|| Pending::new(&edge.node))
            }
            newest => {
                if let Some(p) = newest.replace(Pending::new(&edge.node)) {
                    self.rest.insert(p.node.id(), p);
                }
                match newest {
                    Some(p) => p,
                    None => return Ok(()), // not reached: it was filled a line above
                }
            }
        };
        pending.add(edge.output, g)
    }
}

impl<'g> Pending<'g> {
    fn new(node: &'g Arc<Node>) -> Pending<'g> {
        Pending { node, grads: std::iter::repeat_with(|| None).take(node.outputs().len()).collect() }
    }

    /// Adds in place where nobody else holds the gradient that was there.
    fn add(&mut self, output: u32, g: Tensor) -> Result<()> {
        let slot = &mut self.grads[output as usize];
        *slot = Some(match slot.take() {
            Some(old) => (old + &g)?,
            None => g,
        });
        Ok(())
    }
}

/// The tensors whose gradients a walk is for, and the nodes through which they are reached.
pub(crate) struct Targets {
    ids: HashSet<u64>,
    on_path: HashSet<u64>,
}

impl Targets {
    /// `edges`, as seen from `roots`.
    pub(crate) fn new<'e>(roots: &[(Edge, Tensor)], edges: impl IntoIterator<Item = &'e Edge>) -> Targets {
        let ids: HashSet<u64> = edges.into_iter().map(|e| e.node.id()).collect();
        // An operation is newer than its inputs, so nothing older than the oldest target leads to one.
        let oldest = ids.iter().copied().min().unwrap_or(u64::MAX);
        let mut reached: BTreeMap<u64, &Node> = BTreeMap::new();
        let mut open: Vec<&Node> = roots.iter().map(|(e, _)| &*e.node).collect();
        while let Some(node) = open.pop() {
            if node.id() >= oldest && reached.insert(node.id(), node).is_none() {
                open.extend(node.edges().iter().flatten().map(|e| &*e.node));
            }
        }
        let mut on_path = HashSet::new();
        for (id, node) in reached {
            if ids.contains(&id) || node.edges().iter().flatten().any(|e| on_path.contains(&e.node.id())) {
                on_path.insert(id);
            }
        }
        Targets { ids, on_path }
    }
}
