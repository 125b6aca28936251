//! The record of what was computed: a node per recorded operation, as data. Rules live above (crate `autograd`).
//!
//! Who owns whom: a tensor owns its node, a node owns the nodes of its inputs (never tensors' nodes twice: kept values
//! are stored without theirs and get them back when read), so there is no cycle and the last tensor frees the graph.
use crate::{
    DType, Error, ErrorKind, Result, Tensor,
    anomaly::{self, Origin},
    context,
    ops::{Keeps, Op},
    shape::Dims,
};
use smallvec::SmallVec;
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

/// Numbers rise in the order of creation, so a node's inputs have smaller ones: the engine walks from large to small.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);
static LIVE_NODES: AtomicUsize = AtomicUsize::new(0);

/// The number of nodes that exist now.
pub(crate) fn live_nodes() -> usize {
    LIVE_NODES.load(Relaxed)
}

/// One output of a node: what a tensor points to, and what a node's inputs are.
#[derive(Clone)]
pub struct Edge {
    /// The operation.
    pub node: Arc<Node>,
    /// Which of its outputs.
    pub output: u32,
}

impl Edge {
    /// Shape and dtype of the tensor that stands here.
    pub fn meta(&self) -> &Meta {
        &self.node.outputs[self.output as usize]
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not recursive: a graph may be a million nodes deep.
        write!(f, "{}#{}.{}", self.node.op.name(), self.node.id, self.output)
    }
}

/// Shape and dtype of an output.
#[derive(Debug)]
pub struct Meta {
    shape: Dims,
    // Fixed for results. A leaf's changes when its parameter is converted: the handles of all its owners stay valid.
    dtype: AtomicU8,
}

impl Meta {
    fn new(shape: &[usize], dtype: DType) -> Meta {
        Meta { shape: Dims::from_slice(shape), dtype: AtomicU8::new(dtype as u8) }
    }
    /// Sizes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }
    /// Element type.
    pub fn dtype(&self) -> DType {
        DType::ALL[usize::from(self.dtype.load(Relaxed))]
    }
}

/// One recorded operation.
pub struct Node {
    id: u64,
    op: Op,
    edges: SmallVec<[Option<Edge>; 2]>,
    outputs: SmallVec<[Meta; 1]>,
    kept: Mutex<Kept>,
    leaf: Option<Box<Leaf>>,
    // What few nodes have; allocated when first asked for.
    cold: OnceLock<Box<Mutex<Cold>>>,
}

/// Values for the rule: inputs first, then outputs; `None` where the rule does not look.
enum Kept {
    Held(Vec<Option<Tensor>>),
    Released,
}

/// What only leaves have.
#[derive(Default)]
struct Leaf {
    grad: Mutex<Option<Tensor>>,
    frozen: AtomicBool,
}

/// A function that sees a gradient on its way, and may replace it.
pub type Hook = Arc<dyn Fn(&Tensor) -> Result<Option<Tensor>> + Send + Sync>;

/// Per output: functions that see its gradient, and, where somebody asked to retain it, the gradient. Of the whole: where
/// it was called.
#[derive(Default)]
struct Cold {
    hooks: Vec<(u32, u64, Hook)>,
    retained: Vec<(u32, Option<Tensor>)>,
    // Only of nodes recorded while anomalies are looked for.
    origin: Option<Origin>,
    // Of the last step of a composition that a user knows under one name.
    name: Option<&'static str>,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({}#{}, inputs {:?})", self.op.name(), self.id, self.edges)
    }
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs under these locks but drops of tensors; the data is whole either way.
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Node {
    fn new(
        op: Op,
        edges: SmallVec<[Option<Edge>; 2]>,
        outputs: SmallVec<[Meta; 1]>,
        kept: Vec<Option<Tensor>>,
    ) -> Node {
        LIVE_NODES.fetch_add(1, Relaxed);
        let leaf = matches!(op, Op::Leaf).then(Box::default);
        Node {
            id: NEXT_ID.fetch_add(1, Relaxed),
            op,
            edges,
            outputs,
            kept: Mutex::new(Kept::Held(kept)),
            leaf,
            cold: OnceLock::new(),
        }
    }

    /// A tensor that gradients are wanted for.
    pub(crate) fn leaf(shape: &[usize], dtype: DType) -> Node {
        let mut outputs = SmallVec::new();
        outputs.push(Meta::new(shape, dtype));
        Node::new(Op::Leaf, SmallVec::new(), outputs, Vec::new())
    }

    /// Rises in the order of creation.
    pub fn id(&self) -> u64 {
        self.id
    }
    /// What was done.
    pub fn op(&self) -> &Op {
        &self.op
    }
    /// The inputs, in argument order; `None` where no gradient is wanted.
    pub fn edges(&self) -> &[Option<Edge>] {
        &self.edges
    }
    /// Shapes and dtypes of the outputs.
    pub fn outputs(&self) -> &[Meta] {
        &self.outputs
    }
    /// Whether input `i` wants a gradient.
    pub fn wants(&self, i: usize) -> bool {
        self.edges.get(i).is_some_and(|e| e.is_some())
    }

    /// Shape and dtype of input `i`, which must be one that wants a gradient.
    pub fn input_meta(&self, i: usize) -> Result<&Meta> {
        self.edges.get(i).and_then(|e| e.as_ref()).map(Edge::meta).ok_or_else(|| {
            Error::new(self.op.name(), format!("its rule asked for the shape of input {i}, which wants no gradient"))
                .kind_of(ErrorKind::Internal)
        })
    }

    /// Input `i` as it was, connected to its own history, so that what is computed from it can be differentiated again.
    pub fn input(&self, i: usize) -> Result<Tensor> {
        let value = self.kept(i, "an input")?;
        Ok(match &self.edges[i] {
            Some(edge) => value.with_edge(Some(edge.clone())),
            None => value,
        })
    }

    /// Output `i`, connected to this node.
    pub fn output(self: &Arc<Node>, i: usize) -> Result<Tensor> {
        let value = self.kept(self.edges.len() + i, "an output")?;
        if !value.dtype().is_float() {
            return Ok(value);
        }
        Ok(value.with_edge(Some(Edge { node: self.clone(), output: i as u32 })))
    }

    fn kept(&self, slot: usize, what: &str) -> Result<Tensor> {
        match &*lock(&self.kept) {
            Kept::Held(values) => values.get(slot).and_then(|v| v.as_ref()).cloned().ok_or_else(|| {
                Error::new(self.op.name(), format!("its rule asked for {what} that was not kept"))
                    .kind_of(ErrorKind::Internal)
            }),
            Kept::Released => Err(Error::new(
                "backward",
                format!("the values that {} kept were released by an earlier backward", self.op.name()),
            )
            .kind_of(ErrorKind::Autograd)
            .hint("compute the result again, or pass retain_graph: Some(true) to the first backward")),
        }
    }

    /// Gives up what was kept; the next read is an error that names the operator.
    pub fn release(&self) {
        let held = match &mut *lock(&self.kept) {
            // Nothing was kept, so a second backward can do nothing wrong.
            Kept::Held(values) if values.is_empty() => return,
            kept => std::mem::replace(kept, Kept::Released),
        };
        // Freed after the lock is.
        drop(held);
    }

    /// Whether it is a tensor the user made, rather than a result.
    pub fn is_leaf(&self) -> bool {
        self.leaf.is_some()
    }

    /// Whether gradients shall flow here now: always for results, until frozen for leaves.
    pub fn requires_grad(&self) -> bool {
        self.leaf.as_ref().is_none_or(|l| !l.frozen.load(Relaxed))
    }

    /// Freezes a leaf or wakes it up; results stay as they are.
    pub fn set_requires_grad(&self, on: bool) {
        if let Some(leaf) = &self.leaf {
            leaf.frozen.store(!on, Relaxed);
        }
    }

    /// Makes a leaf one of another float dtype, with the gradient it has: what converting a parameter does.
    pub fn convert_leaf(&self, dtype: DType) -> Result<()> {
        if !self.is_leaf() || !dtype.is_float() {
            return Err(Error::new("to", format!("a {} cannot become a leaf of {dtype}", self.op.name()))
                .kind_of(ErrorKind::Autograd)
                .hint("only leaves of float dtypes collect gradients"));
        }
        let grad = self.grad().map(|g| g.detach().to_dtype(dtype)).transpose()?;
        self.outputs[0].dtype.store(dtype as u8, Relaxed);
        self.set_grad(grad);
        Ok(())
    }

    /// The name to print and to put into messages: the operation's, or that of the composition it ends.
    pub fn name(&self) -> &'static str {
        self.cold.get().and_then(|cold| lock(cold).name).unwrap_or(self.op.name())
    }

    pub(crate) fn call_it(&self, name: &'static str) {
        lock(self.cold.get_or_init(Box::default)).name = Some(name);
    }

    /// Whether gradients that arrive here have to be [`Node::observe`]d.
    pub fn is_observed(&self) -> bool {
        self.cold.get().is_some()
    }

    /// Shows the complete gradient of an output to its hooks, which may replace it, and retains it if asked to.
    pub fn observe(&self, output: u32, mut g: Tensor) -> Result<Tensor> {
        let Some(cold) = self.cold.get() else { return Ok(g) };
        let hooks: Vec<Hook> = lock(cold).hooks.iter().filter(|h| h.0 == output).map(|h| h.2.clone()).collect();
        for hook in hooks {
            if let Some(other) = hook(&g)? {
                if other.shape() != g.shape() || other.dtype() != g.dtype() {
                    return Err(Error::new("register_hook", "the hook gave a gradient of another shape or dtype")
                        .operands([&g, &other]));
                }
                g = other;
            }
        }
        let mut old = None;
        if let Some(slot) = lock(cold).retained.iter_mut().find(|r| r.0 == output) {
            old = slot.1.replace(g.clone());
        }
        drop(old);
        Ok(g)
    }

    /// Where in the program this operation was called, if anomalies were looked for then: `src/main.rs:12:9`.
    pub fn called_at(&self) -> Option<String> {
        lock(self.cold.get()?).origin.as_ref()?.place()
    }

    /// Whether it was seen to make a NaN of inputs without one, while anomalies were looked for.
    pub fn made_nan(&self) -> bool {
        self.cold.get().is_some_and(|cold| lock(cold).origin.as_ref().is_some_and(|origin| origin.made_nan))
    }

    /// Calls `hook` with the gradient of `output` whenever one is complete.
    pub fn add_hook(self: &Arc<Node>, output: u32, hook: Hook) -> HookHandle {
        let id = NEXT_HOOK.fetch_add(1, Relaxed);
        lock(self.cold.get_or_init(Box::default)).hooks.push((output, id, hook));
        HookHandle { node: Arc::downgrade(self), id }
    }

    /// Keeps the gradient of a result, as leaves do theirs.
    pub fn retain_grad(&self, output: u32) {
        let mut cold = lock(self.cold.get_or_init(Box::default));
        if !self.is_leaf() && cold.retained.iter().all(|r| r.0 != output) {
            cold.retained.push((output, None));
        }
    }

    /// The gradient of a result for which [`Node::retain_grad`] was called.
    pub fn retained_grad(&self, output: u32) -> Option<Tensor> {
        let cold = lock(self.cold.get()?);
        cold.retained.iter().find(|r| r.0 == output).and_then(|r| r.1.clone())
    }

    /// The gradient collected in a leaf.
    pub fn grad(&self) -> Option<Tensor> {
        self.leaf.as_ref().and_then(|l| lock(&l.grad).as_ref().map(Tensor::clone))
    }

    /// Replaces the gradient of a leaf.
    pub fn set_grad(&self, grad: Option<Tensor>) {
        if let Some(leaf) = &self.leaf {
            let old = std::mem::replace(&mut *lock(&leaf.grad), grad);
            drop(old);
        }
    }

    /// Leaves `g` as the gradient of a leaf that has none; else gives both back, to be added without a lock and offered
    /// again.
    pub fn offer_grad(&self, g: Tensor) -> Option<(Tensor, Tensor)> {
        let mut slot = lock(&self.leaf.as_ref()?.grad);
        match slot.take() {
            Some(before) => Some((before, g)),
            None => {
                *slot = Some(g);
                None
            }
        }
    }
}

static NEXT_HOOK: AtomicU64 = AtomicU64::new(0);

/// A hook that was added; it stays when this is dropped.
#[derive(Clone, Debug)]
pub struct HookHandle {
    node: Weak<Node>,
    id: u64,
}

impl HookHandle {
    /// Takes the hook away.
    pub fn remove(&self) {
        if let Some(node) = self.node.upgrade()
            && let Some(cold) = node.cold.get()
        {
            let mut cold = lock(cold);
            let at = cold.hooks.iter().position(|h| h.1 == self.id);
            let hook = at.map(|at| cold.hooks.remove(at));
            // What the hook owns is freed after the lock is.
            drop(cold);
            drop(hook);
        }
    }
}

/// Freed in a loop: a chain of a million operations would overflow the stack if each freed the next.
impl Drop for Node {
    fn drop(&mut self) {
        LIVE_NODES.fetch_sub(1, Relaxed);
        let mut rest: Vec<Arc<Node>> = Vec::new();
        take_owned(self, &mut rest);
        while let Some(node) = rest.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                take_owned(&mut node, &mut rest);
            }
        }
    }
}

/// Everything through which `node` owns other nodes.
fn take_owned(node: &mut Node, rest: &mut Vec<Arc<Node>>) {
    rest.extend(node.edges.drain(..).flatten().map(|e| e.node));
    if let Kept::Held(values) = node.kept.get_mut().unwrap_or_else(PoisonError::into_inner) {
        rest.extend(values.drain(..).flatten().filter_map(|t| t.into_edge()).map(|e| e.node));
    }
    if let Some(cold) = node.cold.get_mut() {
        let retained = std::mem::take(&mut cold.get_mut().unwrap_or_else(PoisonError::into_inner).retained);
        rest.extend(retained.into_iter().filter_map(|(_, g)| g).filter_map(Tensor::into_edge).map(|e| e.node));
    }
    if let Some(leaf) = &mut node.leaf {
        let grad = leaf.grad.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        rest.extend(grad.and_then(Tensor::into_edge).map(|e| e.node));
    }
}

/// Whether an operation on these inputs has to be recorded.
pub(crate) fn recording(inputs: &[&Tensor]) -> bool {
    context::is_grad_enabled() && inputs.iter().any(|t| t.requires_grad())
}

/// Records an operation with one output, if somebody wants its gradient.
#[inline]
pub(crate) fn record(op: impl FnOnce() -> Op, inputs: &[&Tensor], output: Tensor) -> Tensor {
    if !recording(inputs) {
        return output;
    }
    let mut outputs = [output];
    attach(op(), inputs, &mut outputs);
    let [output] = outputs;
    output
}

/// Records an operation with several outputs. Integer outputs (indices) carry no gradient.
pub(crate) fn record_many(op: impl FnOnce() -> Op, inputs: &[&Tensor], outputs: &mut [Tensor]) {
    if recording(inputs) {
        attach(op(), inputs, outputs);
    }
}

fn attach(op: Op, inputs: &[&Tensor], outputs: &mut [Tensor]) {
    if !outputs.iter().any(|t| t.dtype().is_float()) {
        return;
    }
    let edges: SmallVec<[Option<Edge>; 2]> =
        inputs.iter().map(|t| if t.requires_grad() { t.edge().cloned() } else { None }).collect();
    let wants: SmallVec<[bool; 4]> = edges.iter().map(Option::is_some).collect();
    let Keeps { inputs: keep_in, outputs: keep_out } = op.keeps(&wants);
    let mut kept = Vec::new();
    if keep_in != 0 || keep_out != 0 {
        kept.reserve_exact(inputs.len() + outputs.len());
        let bit = |mask: u32, i: usize| i < 32 && mask >> i & 1 == 1 || mask == u32::MAX;
        kept.extend(inputs.iter().enumerate().map(|(i, t)| bit(keep_in, i).then(|| t.with_edge(None))));
        kept.extend(outputs.iter().enumerate().map(|(i, t)| bit(keep_out, i).then(|| t.with_edge(None))));
    }
    let metas = outputs.iter().map(|t| Meta::new(t.shape(), t.dtype())).collect();
    let node = Arc::new(Node::new(op, edges, metas, kept));
    if anomaly::is_looking()
        && let Some(origin) = anomaly::look(inputs, outputs)
    {
        lock(node.cold.get_or_init(Box::default)).origin = Some(origin);
    }
    for (i, out) in outputs.iter_mut().enumerate() {
        if out.dtype().is_float() {
            out.set_edge(Some(Edge { node: node.clone(), output: i as u32 }));
        }
    }
}

/// The same tensor one recorded step further on, where it has a history: gradients can be asked for this one use of it
/// and still flow on to where it came from.
pub fn alias(t: &Tensor) -> Tensor {
    let plain = t.with_edge(None);
    record(|| Op::Move(crate::ops::MoveOp::Reshape), &[t], plain)
}

/// A tensor without values of its own (all zeros, one in memory) at a place of the record: to name that place where the
/// tensor that stood there is gone.
pub fn stand_in(edge: &Edge) -> Result<Tensor> {
    let meta = edge.meta();
    let zeros = Tensor::full_on((), 0, meta.dtype(), &crate::Device::cpu())?.detach();
    Ok(zeros.expand(meta.shape())?.with_edge(Some(edge.clone())))
}

/// Records an operation defined by a user: `outputs` were computed from `inputs` without being recorded.
pub fn record_custom(function: Arc<dyn crate::ops::Function>, inputs: &[&Tensor], outputs: Vec<Tensor>) -> Vec<Tensor> {
    // Stripped of whatever history they may have: the function's own backward is the derivative.
    let mut outputs: Vec<Tensor> = outputs.into_iter().map(|t| t.with_edge(None)).collect();
    record_many(|| Op::Custom(function), inputs, &mut outputs);
    outputs
}
