//! Where the body of a layer runs, so that an error can say in which layer it happened.
use crate::{Module, Seen, Visitor};
use tensor_core::Result;

/// Runs the body of a layer. An error that comes out of it is told where the layer stands in its model
/// (`in encoder.layers.1: linear: ...`), or at least what it is (`in Linear: linear: ...`) if the model has never been
/// walked over: every optimizer, state dict or `train()` does that. When all goes well it costs nothing.
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
pub fn scope<T>(module: &impl Module, body: impl FnOnce() -> Result<T>) -> Result<T> {
    // The innermost layer knows its whole path, so the ones around it have nothing to add.
    body().map_err(|e| if e.path().is_empty() { e.within(&path_of(module)) } else { e })
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
