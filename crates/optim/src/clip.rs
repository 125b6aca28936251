//! Bounding gradients before a step.
use autograd::Parameter;
use std::borrow::Borrow;
use tensor_core::{Error, Result, Tensor, no_grad};

/// Scales all gradients by one factor, so that their total norm (of `norm_type`: 2, another number, or infinity) is at
/// most `max_norm`. Returns the norm before.
///
/// ```
/// use autograd::{Backward, Parameter};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = Parameter::new(Tensor::ones([4])?)?;
/// w.mul(3.0)?.sum()?.backward()?;
/// let norm = optim::clip_grad_norm_([&w], 1.0, 2.0)?;
/// assert_eq!(norm.item::<f32>()?, 6.0);
/// # Ok(()) }
/// ```
pub fn clip_grad_norm_<P: Borrow<Parameter>>(
    parameters: impl IntoIterator<Item = P>,
    max_norm: f64,
    norm_type: f64,
) -> Result<Tensor> {
    const OP: &str = "clip_grad_norm_";
    if !(max_norm >= 0.0 && norm_type > 0.0) {
        return Err(Error::new(OP, format!("max_norm {max_norm} and norm_type {norm_type} must be positive")));
    }
    let _unrecorded = no_grad();
    let found: Vec<(P, Tensor)> =
        parameters.into_iter().filter_map(|p| p.borrow().grad().map(|g| (p, g.detach()))).collect();
    let Some((first, _)) = found.first() else { return Tensor::zeros(()) };
    let device = first.borrow().device();
    let norm = |x: &Tensor| -> Result<Tensor> {
        let x = x.abs()?;
        if norm_type == f64::INFINITY {
            // A gradient without elements has norm 0.
            if x.numel() == 0 { x.sum() } else { x.max() }
        } else if norm_type == 2.0 {
            x.square()?.sum()?.sqrt()
        } else {
            x.pow(norm_type)?.sum()?.pow(1.0 / norm_type)
        }
    };
    let norms = found.iter().map(|(_, g)| norm(g)?.to_device(&device)).collect::<Result<Vec<_>>>()?;
    let total = norm(&Tensor::stack(&norms.iter().collect::<Vec<_>>(), 0)?)?;
    // As in PyTorch: no question whether it is below the bound, so that nobody waits for a device.
    let factor = total.add(1e-6)?.reciprocal()?.mul(max_norm)?.minimum(1.0)?;
    for (p, grad) in found {
        // Taken out of the leaf, so that nobody else holds it and it can be scaled where it is.
        p.borrow().set_grad(None);
        let mut grad = grad;
        let factor = factor.to_device(&grad.device())?;
        grad.mul_(&factor)?;
        p.borrow().set_grad(Some(grad));
    }
    Ok(total)
}

/// Cuts every element of all gradients to within `-bound` and `bound`.
pub fn clip_grad_value_<P: Borrow<Parameter>>(parameters: impl IntoIterator<Item = P>, bound: f64) -> Result<()> {
    if bound.is_nan() || bound < 0.0 {
        return Err(Error::new("clip_grad_value_", format!("the bound is {bound}, and must be at least 0")));
    }
    let _unrecorded = no_grad();
    for p in parameters {
        let Some(grad) = p.borrow().grad() else { continue };
        let mut grad = grad.detach();
        p.borrow().set_grad(None);
        grad.maximum_(-bound)?.minimum_(bound)?;
        p.borrow().set_grad(Some(grad));
    }
    Ok(())
}
