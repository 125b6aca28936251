//! Asking for gradients: `loss.backward()`, which leaves them in the leaves, and `grad`, which returns them.
use crate::engine::{Targets, WalkOptions, walk, walk_to};
use std::{collections::HashMap, sync::Arc};
use tensor_core::{
    Error, ErrorKind, Result, Tensor,
    graph::{Edge, HookHandle, Node},
    watch,
};

/// What `backward_with` does beyond `backward`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackwardOptions<'a> {
    /// Keep what the rules read, so that backward can run again; by default as `create_graph`.
    pub retain_graph: Option<bool>,
    /// Record the computation of the gradients, so that they can be differentiated in turn. The gradients then hold
    /// the leaves, and the leaves the gradients: clear them with `set_grad(None)` when done, or use [`grad`].
    pub create_graph: bool,
    /// Only these leaves collect a gradient; none named means all.
    pub inputs: &'a [&'a Tensor],
}

/// Gradients of a result, collected in the leaves it was computed from.
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// use autograd::Backward;
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3])?.requires_grad_(true);
/// x.square()?.sum()?.backward()?;
/// assert_eq!(x.grad().map(|g| g.to_vec::<f32>()).transpose()?, Some(vec![2.0, 4.0, 6.0]));
/// # Ok(()) }
/// ```
pub trait Backward {
    /// Adds the gradient of this number (a tensor of one element) to the `grad` of every leaf it depends on.
    fn backward(&self) -> Result<()>;

    /// The same for a tensor of any shape, given the `gradient` that enters it (as many elements as it has), and with
    /// options.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result};
    /// use autograd::{Backward, BackwardOptions};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[1.0f32, 2.0], [2])?.requires_grad_(true);
    /// let y = x.square()?;
    /// let weights = Tensor::from_slice(&[1.0f32, 10.0], [2])?;
    /// let again = BackwardOptions { retain_graph: Some(true), ..Default::default() };
    /// y.backward_with(Some(&weights), again)?;
    /// y.backward_with(Some(&weights), BackwardOptions::default())?; // gradients add up
    /// assert_eq!(x.grad().map(|g| g.to_vec::<f32>()).transpose()?, Some(vec![4.0, 80.0]));
    /// # Ok(()) }
    /// ```
    fn backward_with(&self, gradient: Option<&Tensor>, options: BackwardOptions<'_>) -> Result<()>;

    /// Keeps the gradient of this result too: `grad()` gives it after backward, as for a leaf.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result};
    /// use autograd::Backward;
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[3.0f32], [1])?.requires_grad_(true);
    /// let y = x.square()?;
    /// y.retain_grad()?;
    /// y.square()?.backward()?;
    /// assert_eq!(y.grad().map(|g| g.item::<f32>()).transpose()?, Some(18.0));
    /// # Ok(()) }
    /// ```
    fn retain_grad(&self) -> Result<()>;

    /// Calls `hook` with the gradient of this tensor whenever one is complete; where it gives another one, that takes
    /// its place. The handle takes the hook away again.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result};
    /// use autograd::Backward;
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[3.0f32], [1])?.requires_grad_(true);
    /// let handle = x.register_hook(|g| g.clamp(Some((-1.0).into()), Some(1.0.into())).map(Some))?;
    /// x.square()?.backward()?;
    /// assert_eq!(x.grad().map(|g| g.item::<f32>()).transpose()?, Some(1.0));
    /// handle.remove();
    /// # Ok(()) }
    /// ```
    fn register_hook(
        &self,
        hook: impl Fn(&Tensor) -> Result<Option<Tensor>> + Send + Sync + 'static,
    ) -> Result<HookHandle>;
}

impl Backward for Tensor {
    fn backward(&self) -> Result<()> {
        backward_many(&[self], &[], BackwardOptions::default())
    }
    fn backward_with(&self, gradient: Option<&Tensor>, options: BackwardOptions<'_>) -> Result<()> {
        backward_many(&[self], &[gradient], options)
    }
    fn retain_grad(&self) -> Result<()> {
        let edge = wanting("retain_grad", self, None)?;
        edge.node.retain_grad(edge.output);
        Ok(())
    }
    fn register_hook(
        &self,
        hook: impl Fn(&Tensor) -> Result<Option<Tensor>> + Send + Sync + 'static,
    ) -> Result<HookHandle> {
        let edge = wanting("register_hook", self, None)?;
        Ok(edge.node.add_hook(edge.output, Arc::new(hook)))
    }
}

/// Walks back from several outputs at once, each with its gradient (`None` for a tensor of one element; no list at all
/// where each has one element).
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// use autograd::{BackwardOptions, backward_many};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[2.0f32], [1])?.requires_grad_(true);
/// let (a, b) = (x.square()?, x.mul(3.0)?);
/// backward_many(&[&a, &b], &[], BackwardOptions::default())?;
/// assert_eq!(x.grad().map(|g| g.item::<f32>()).transpose()?, Some(7.0));
/// # Ok(()) }
/// ```
pub fn backward_many(outputs: &[&Tensor], gradients: &[Option<&Tensor>], options: BackwardOptions<'_>) -> Result<()> {
    watch::tell(watch::Event::Backward { outputs });
    let roots = roots("backward", outputs, gradients)?;
    let mut edges = Vec::with_capacity(options.inputs.len());
    for (i, input) in options.inputs.iter().enumerate() {
        let edge = wanting("backward", input, Some(i))?;
        if !edge.node.is_leaf() {
            return Err(Error::new("backward", format!("input {i} is a result, only leaves collect gradients"))
                .kind_of(ErrorKind::Autograd)
                .operands([*input])
                .hint("use grad(..), which returns the gradients of any tensor"));
        }
        edges.push(edge);
    }
    let how = WalkOptions {
        create_graph: options.create_graph,
        retain_graph: options.retain_graph.unwrap_or(options.create_graph),
    };
    let mut sink = |edge: &Edge, g: Tensor| accumulate(&edge.node, g, how.create_graph);
    if edges.is_empty() {
        return walk(&roots, how, &mut sink);
    }
    let targets = Targets::new(&roots, edges);
    walk_to(&roots, Some(&targets), how, &mut sink)
}

/// Adds `g` to what the leaf has collected, in place where nobody else holds that.
fn accumulate(leaf: &Arc<Node>, g: Tensor, recorded: bool) -> Result<()> {
    // Broadcast views would make every later step pay for their strides.
    let mut g = if recorded { g } else { g.contiguous()? };
    // Another thread may add to the same leaf: no lock is held while adding, so what it put there meanwhile comes back.
    while let Some((before, mine)) = leaf.offer_grad(g) {
        g = (before + &mine)?;
    }
    Ok(())
}

/// What [`grad`] may be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct GradOptions<'a> {
    /// The gradients that enter the outputs, in their order; none given means 1 for outputs of one element.
    pub grad_outputs: &'a [&'a Tensor],
    /// Record the computation of the gradients, so that they can be differentiated in turn.
    pub create_graph: bool,
    /// Keep what the rules read, so that the record can be walked again; by default as `create_graph`.
    pub retain_graph: Option<bool>,
    /// Zeros, instead of an error, for an input that the outputs do not depend on.
    pub allow_unused: bool,
}

/// The gradients of the sum of `outputs` with respect to each of `inputs`, which may be leaves or results. Nothing is
/// written to any leaf.
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// use autograd::{GradOptions, grad};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[2.0f64], [1])?.requires_grad_(true);
/// let y = x.pow(3.0)?;
/// let first = grad(&[&y], &[&x], GradOptions { create_graph: true, ..Default::default() })?.remove(0);
/// let second = grad(&[&first], &[&x], GradOptions::default())?.remove(0);
/// assert_eq!((first.item::<f64>()?, second.item::<f64>()?), (12.0, 12.0));
/// # Ok(()) }
/// ```
pub fn grad(outputs: &[&Tensor], inputs: &[&Tensor], options: GradOptions<'_>) -> Result<Vec<Tensor>> {
    let gradients: Vec<Option<&Tensor>> = options.grad_outputs.iter().map(|g| Some(*g)).collect();
    let roots = roots("grad", outputs, &gradients)?;
    let mut places: HashMap<(u64, u32), Vec<usize>> = HashMap::with_capacity(inputs.len());
    let mut edges = Vec::with_capacity(inputs.len());
    for (i, input) in inputs.iter().enumerate() {
        let edge = wanting("grad", input, Some(i))?;
        places.entry((edge.node.id(), edge.output)).or_default().push(i);
        edges.push(edge);
    }
    let targets = Targets::new(&roots, edges);
    let how = WalkOptions {
        create_graph: options.create_graph,
        retain_graph: options.retain_graph.unwrap_or(options.create_graph),
    };
    let mut found: Vec<Option<Tensor>> = vec![None; inputs.len()];
    walk_to(&roots, Some(&targets), how, &mut |edge, g| {
        for &i in places.get(&(edge.node.id(), edge.output)).into_iter().flatten() {
            found[i] = Some(g.clone());
        }
        Ok(())
    })?;
    let mut grads = Vec::with_capacity(inputs.len());
    for (i, (g, input)) in found.into_iter().zip(inputs).enumerate() {
        grads.push(match g {
            Some(g) => g,
            None if options.allow_unused => input.detach().zeros_like()?,
            None => {
                return Err(Error::new("grad", format!("the outputs do not depend on input {i}"))
                    .kind_of(ErrorKind::Autograd)
                    .operands([*input])
                    .hint("pass allow_unused: true to get zeros"));
            }
        });
    }
    Ok(grads)
}

/// Where a walk starts, with the gradients that enter there.
fn roots(op: &'static str, outputs: &[&Tensor], gradients: &[Option<&Tensor>]) -> Result<Vec<(Edge, Tensor)>> {
    let wrong = |message: String| Error::new(op, message).kind_of(ErrorKind::Autograd);
    if !gradients.is_empty() && gradients.len() != outputs.len() {
        return Err(wrong(format!("got {} gradients for {} outputs", gradients.len(), outputs.len())));
    }
    let mut roots = Vec::with_capacity(outputs.len());
    for (i, y) in outputs.iter().enumerate() {
        if !y.dtype().is_float() {
            return Err(wrong(format!("a tensor of {} has no gradient", y.dtype()))
                .operands([*y])
                .hint("only floats have one: convert the tensors it was computed from with to_dtype(DType::F32)"));
        }
        let Some(edge) = y.edge().filter(|e| e.node.requires_grad()) else {
            return Err(wrong("the tensor does not require grad: nothing was recorded for it".into()).operands([*y]).hint(
                "compute it from parameters or from tensors with requires_grad_(true), outside of no_grad() and without detach()",
            ));
        };
        let g = match gradients.get(i).copied().flatten() {
            Some(g) if g.shape() != y.shape() => {
                return Err(wrong(format!("the gradient has shape {:?}, the tensor {:?}", g.shape(), y.shape()))
                    .operands([*y, g])
                    .hint("they must be the same"));
            }
            Some(g) if g.dtype() != y.dtype() => {
                return Err(wrong(format!("the gradient is {}, the tensor {}", g.dtype(), y.dtype()))
                    .operands([*y, g])
                    .hint("convert it with to_dtype(..)"));
            }
            Some(g) if g.device() != y.device() => {
                return Err(wrong("the gradient is on another device than the tensor".into())
                    .operands([*y, g])
                    .hint("move it with to_device(..)"));
            }
            Some(g) => g.clone(),
            None if y.numel() == 1 => y.detach().ones_like()?,
            None => {
                return Err(wrong(format!(
                    "only a tensor of one element has an implicit gradient, this one has {}",
                    y.numel()
                ))
                .operands([*y])
                .hint("sum() or mean() it, or pass a gradient"));
            }
        };
        roots.push((edge.clone(), g));
    }
    Ok(roots)
}

/// Where `input`, the only one or number `i`, stands in the record, if gradients flow to it.
fn wanting<'t>(op: &'static str, input: &'t Tensor, i: Option<usize>) -> Result<&'t Edge> {
    input.edge().filter(|e| e.node.requires_grad()).ok_or_else(|| {
        let which = i.map_or("the tensor".to_string(), |i| format!("input {i}"));
        Error::new(op, format!("{which} does not require grad"))
            .kind_of(ErrorKind::Autograd)
            .operands([input])
            .hint("call requires_grad_(true) on it before it is used")
    })
}
