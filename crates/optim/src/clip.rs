//! Bounding gradients before a step.
use autograd::Parameter;
use std::borrow::Borrow;
use tensor_core::{Error, Result, Tensor, no_grad};

/// How [`clip_grad_norm_`] measures; a bare number is the norm's type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipNorm {
    /// 2, infinity (the largest element), 1, or any other power.
    pub norm_type: f64,
    /// Whether a norm that is NaN or infinite is an error, instead of making all gradients NaN or 0.
    pub error_if_nonfinite: bool,
}

impl Default for ClipNorm {
    fn default() -> ClipNorm {
        ClipNorm { norm_type: 2.0, error_if_nonfinite: false }
    }
}

impl From<f64> for ClipNorm {
    fn from(norm_type: f64) -> ClipNorm {
        ClipNorm { norm_type, ..Default::default() }
    }
}

/// Scales all gradients by one factor, so that their total norm (of `norm_type`: 2, another number, or infinity) is at
/// most `max_norm`. Returns the norm before.
///
/// ```
/// use autograd::{Backward, Parameter};
/// use optim::{ClipNorm, clip_grad_norm_};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = Parameter::new(Tensor::ones([4])?)?;
/// w.mul(3.0)?.sum()?.backward()?;
/// let norm = clip_grad_norm_([&w], 1.0, 2.0)?;
/// assert_eq!(norm.item::<f32>()?, 6.0);
/// w.set_grad(Some(Tensor::full([4], f64::INFINITY)?));
/// assert!(clip_grad_norm_([&w], 1.0, ClipNorm { error_if_nonfinite: true, ..Default::default() }).is_err());
/// # Ok(()) }
/// ```
pub fn clip_grad_norm_<P: Borrow<Parameter>>(
    parameters: impl IntoIterator<Item = P>,
    max_norm: f64,
    how: impl Into<ClipNorm>,
) -> Result<Tensor> {
    const OP: &str = "clip_grad_norm_";
    let found: Vec<P> = parameters.into_iter().filter(|p| p.borrow().grad().is_some()).collect();
    let gradients: Vec<Tensor> = found.iter().filter_map(|p| p.borrow().grad()).collect();
    let bounded = bound(OP, max_norm)?;
    let total = get_total_norm(&gradients, how).map_err(|e| e.renamed(OP))?;
    drop(gradients);
    clip_grads_with_norm_(found, bounded, &total)?;
    Ok(total)
}

fn bound(op: &'static str, max_norm: f64) -> Result<f64> {
    if max_norm >= 0.0 {
        return Ok(max_norm);
    }
    Err(Error::new(op, format!("max_norm is {max_norm}, and must be at least 0")))
}

/// The norm of all tensors together, as if they were one; on the device of the first, 0 without any.
///
/// ```
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let norm = optim::get_total_norm(&[tensor([3.0])?, tensor([0.0, 4.0])?], 2.0)?;
/// assert_eq!(norm.item::<f32>()?, 5.0);
/// # Ok(()) }
/// ```
pub fn get_total_norm(tensors: &[Tensor], how: impl Into<ClipNorm>) -> Result<Tensor> {
    const OP: &str = "get_total_norm";
    let ClipNorm { norm_type, error_if_nonfinite } = how.into();
    if norm_type.is_nan() {
        return Err(Error::new(OP, "norm_type is NaN").hint("2, infinity, or another number"));
    }
    let _unrecorded = no_grad();
    let Some(first) = tensors.first() else { return Tensor::zeros(()) };
    let device = first.device();
    let norm = |x: &Tensor| -> Result<Tensor> {
        if norm_type == 2.0 {
            return x.detach().square()?.sum()?.sqrt();
        }
        let x = x.detach().reshape([-1])?;
        // A gradient without elements has norm 0.
        if x.numel() == 0 { x.sum() } else { x.vector_norm(norm_type, 0, tensor_core::DROP) }
    };
    let norms = tensors.iter().map(|t| norm(t)?.to_device(&device)).collect::<Result<Vec<_>>>()?;
    let total = norm(&Tensor::stack(&norms.iter().collect::<Vec<_>>(), 0)?)?;
    if error_if_nonfinite && !total.item::<f64>()?.is_finite() {
        return Err(Error::new(OP, format!("the norm of all gradients is {}", total.item::<f64>()?))
            .hint("skip this step, or look for the first NaN with detect_anomaly()"));
    }
    Ok(total)
}

/// Scales all gradients by `max_norm / total_norm` where that is below 1.
pub fn clip_grads_with_norm_<P: Borrow<Parameter>>(
    parameters: impl IntoIterator<Item = P>,
    max_norm: f64,
    total_norm: &Tensor,
) -> Result<()> {
    let max_norm = bound("clip_grads_with_norm_", max_norm)?;
    let _unrecorded = no_grad();
    // As in PyTorch: no question whether it is below the bound, so that nobody waits for a device.
    let factor = total_norm.add(1e-6)?.reciprocal()?.mul(max_norm)?.minimum(1.0)?;
    for p in parameters {
        let Some(mut grad) = p.borrow().grad().map(|g| g.detach()) else { continue };
        // Taken out of the leaf, so that nobody else holds it and it can be scaled where it is.
        p.borrow().set_grad(None);
        let factor = factor.to_device(&grad.device())?;
        grad.mul_(&factor)?;
        p.borrow().set_grad(Some(grad));
    }
    Ok(())
}

/// Cuts every element of all gradients to within `-bound` and `bound`.
pub fn clip_grad_value_<P: Borrow<Parameter>>(parameters: impl IntoIterator<Item = P>, bound: f64) -> Result<()> {
    if bound.is_nan() || bound < 0.0 {
        return Err(Error::new("clip_grad_value_", format!("the bound is {bound}, and must be at least 0")));
    }
    let _unrecorded = no_grad();
    for p in parameters {
        let Some(mut grad) = p.borrow().grad().map(|g| g.detach()) else { continue };
        p.borrow().set_grad(None);
        grad.maximum_(-bound)?.minimum_(bound)?;
        p.borrow().set_grad(Some(grad));
    }
    Ok(())
}
