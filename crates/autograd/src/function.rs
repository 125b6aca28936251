//! Operations with a derivative of the user's own.
use std::sync::Arc;
use tensor_core::{Function, Tensor, graph::record_custom};

/// Makes `outputs`, computed from `inputs` in any way, results of `function`, whose `backward` is their derivative.
/// Nothing is recorded unless an input requires grad. Compute the outputs under `no_grad()`: what is recorded on the
/// way is dropped.
///
/// ```
/// use autograd::{Backward, apply};
/// use std::sync::Arc;
/// use tensor_core::{Function, Keeps, Result, Tensor, graph::Node, no_grad};
///
/// /// Rounds, and lets the gradient through as if it did not (a "straight-through estimator").
/// #[derive(Debug)]
/// struct RoundThrough;
///
/// impl Function for RoundThrough {
///     fn name(&self) -> &'static str {
///         "round_through"
///     }
///     fn keeps(&self) -> Keeps {
///         Keeps::NOTHING
///     }
///     fn backward(&self, _node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
///         Ok(vec![grads[0].clone()])
///     }
/// }
///
/// fn round_through(x: &Tensor) -> Result<Tensor> {
///     let y = {
///         let _guard = no_grad();
///         x.round()?
///     };
///     Ok(apply(RoundThrough, &[x], vec![y]).remove(0))
/// }
///
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[0.4f32, 1.6], [2])?.requires_grad_(true);
/// round_through(&x)?.mul(3.0)?.sum()?.backward()?;
/// assert_eq!(x.grad().map(|g| g.to_vec::<f32>()).transpose()?, Some(vec![3.0, 3.0]));
/// # Ok(()) }
/// ```
pub fn apply(function: impl Function + 'static, inputs: &[&Tensor], outputs: Vec<Tensor>) -> Vec<Tensor> {
    record_custom(Arc::new(function), inputs, outputs)
}
