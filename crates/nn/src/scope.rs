//! Where the body of a layer runs: there an error learns in which layer it happened, hooks are called, and a summary
//! sees shapes.
use crate::{Module, Seen, Visitor, hooks, identity::Identity, watch};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tensor_core::{Result, Tensor};

/// How many hooks and summaries there are in the program: without any, a scope costs one comparison.
pub(crate) static WATCHERS: AtomicUsize = AtomicUsize::new(0);

/// Runs the body of a layer. An error that comes out of it is told where the layer stands in its model
/// (`in encoder.layers.1: linear: ...`), or at least what it is (`in Linear: linear: ...`) if the model has never been
/// walked over: every optimizer, state dict or `train()` does that. When all goes well it costs nothing.
///
/// Hooks on the module are called, and a [`crate::summary`] lists it. A layer with a main input hands it over by
/// [`scope_with`], for hooks before it.
///
/// ```
/// use nn::{Linear, Forward, Module};
/// use tensor_core::Tensor;
/// #[derive(nn::Module)]
/// struct Net {
///     lin1: Linear,
/// }
/// # fn main() -> tensor_core::Result<()> {
/// let net = Net { lin1: Linear::new(784, 30)? };
/// net.train();
/// let error = net.lin1.forward(&Tensor::zeros([5, 28])?).unwrap_err();
/// assert!(error.to_string().starts_with("in lin1: linear: "));
/// # Ok(()) }
/// ```
pub fn scope<T: 'static>(module: &impl Module, body: impl FnOnce() -> Result<T>) -> Result<T> {
    let done = if WATCHERS.load(Relaxed) == 0 { body() } else { watched(module, None, |_| body()) };
    // The innermost layer knows its whole path, so the ones around it have nothing to add.
    done.map_err(|e| if e.path().is_empty() { e.within(&path_of(module)) } else { e })
}

/// [`scope`] for a layer with a main input, which hooks before it may replace: the body gets the one to use.
///
/// ```
/// use nn::{Forward, Linear, Module, scope_with};
/// # use tensor_core::{Result, Tensor};
/// #[derive(Module)]
/// struct Residual {
///     inner: Linear,
/// }
/// impl Forward for Residual {
///     fn forward(&self, x: &Tensor) -> Result<Tensor> {
///         scope_with(self, x, |x| x.add(&self.inner.forward(x)?))
///     }
/// }
/// # fn main() -> Result<()> {
/// let block = Residual { inner: Linear::new(3, 3)? };
/// assert_eq!(block.forward(&Tensor::ones([2, 3])?)?.shape(), [2, 3]);
/// # Ok(()) }
/// ```
pub fn scope_with<T: 'static>(
    module: &impl Module,
    input: &Tensor,
    body: impl FnOnce(&Tensor) -> Result<T>,
) -> Result<T> {
    let done = if WATCHERS.load(Relaxed) == 0 {
        body(input)
    } else {
        watched(module, Some(input), |replaced| body(replaced.unwrap_or(input)))
    };
    done.map_err(|e| if e.path().is_empty() { e.within(&path_of(module)) } else { e })
}

/// The body between what hooks and summaries do before and after it.
fn watched<T: 'static>(
    module: &(dyn Module + 'static),
    input: Option<&Tensor>,
    body: impl FnOnce(Option<&Tensor>) -> Result<T>,
) -> Result<T> {
    let identity = Identity::of(module);
    let replaced = hooks::before(identity.as_ref(), module, input)?;
    let input = replaced.as_ref().or(input);
    let call = watch::enter(identity.as_ref(), input);
    let mut output = body(input)?;
    hooks::after(identity.as_ref(), module, input, &mut output)?;
    watch::leave(call, &output);
    Ok(output)
}

/// The cells inside hold their full names, and a walk from here gives the ends of those: what stands before is the
/// path of the module itself.
fn path_of(module: &(dyn Module + 'static)) -> String {
    let mut path = None;
    let mut find = |end: &str, full: &str| {
        if path.is_none()
            && let Some(start) = full.strip_suffix(end)
            && let Some(start) = start.strip_suffix('.')
        {
            path = Some(start.to_string());
        }
    };
    module.visit(&mut Visitor::reading(&mut |end, seen| match seen {
        Seen::Parameter(p) => find(end, &p.name()),
        Seen::Buffer(b) => find(end, &b.name()),
        Seen::Mode(m) => find(end, &m.place().name()),
        Seen::Place(p) => find(end, &p.name()),
        Seen::Enter(_) | Seen::Leave(_) => {}
    }));
    path.unwrap_or_else(|| module.type_name().to_string())
}
