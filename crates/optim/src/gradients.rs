//! What is done to gradients between `backward` and a step: centralisation, adaptive clipping, gradient surgery.
use crate::words::{centralized, inner_dims};
use autograd::{GradOptions, Parameter, grad};
use std::borrow::Borrow;
use tensor_core::{Error, KEEP, Result, Tensor, no_grad};

/// Takes the mean over all dimensions but the first off every gradient that has more than one (Yong et al., 2020,
/// <https://arxiv.org/abs/2004.01461>).
pub fn centralize_grad_<P: Borrow<Parameter>>(parameters: impl IntoIterator<Item = P>) -> Result<()> {
    let _unrecorded = no_grad();
    for p in parameters {
        let p = p.borrow();
        if let Some(g) = p.grad() {
            p.set_grad(Some(centralized(&g.detach())?));
        }
    }
    Ok(())
}

/// Adaptive gradient clipping (Brock et al., 2021, <https://arxiv.org/abs/2102.06171>): a row of a gradient is at most
/// `clip` times as long as the same row of the parameter, or as `eps` where that is shorter. Usual are 0.01 and 1e-3.
pub fn clip_grad_adaptive_<P: Borrow<Parameter>>(
    parameters: impl IntoIterator<Item = P>,
    clip: f64,
    eps: f64,
) -> Result<()> {
    if !(clip >= 0.0 && eps >= 0.0) {
        return Err(Error::new(
            "clip_grad_adaptive_",
            format!("clip is {clip} and eps {eps}; both must be at least 0"),
        ));
    }
    let _unrecorded = no_grad();
    let rows = |x: &Tensor| if x.dim() <= 1 { x.norm() } else { x.norm_dim(2.0, &inner_dims(x)[..], KEEP) };
    for p in parameters {
        let p = p.borrow();
        let Some(g) = p.grad().map(|g| g.detach()) else { continue };
        let most = rows(&p.detach())?.maximum(eps)?.mul(clip)?;
        let length = rows(&g)?.maximum(1e-6)?;
        p.set_grad(Some(g.mul(&most.div(&length)?.minimum(1.0)?)?));
    }
    Ok(())
}

/// Gradient surgery (PCGrad, Yu et al., 2020, <https://arxiv.org/abs/2001.06782>): the gradient of every loss loses what
/// it has against the gradients of the others, one after the other, and their sum becomes the gradient of the parameters.
///
/// ```
/// use optim::pc_grad;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::from_slice(&[1.0f64, 1.0], [2])?)?;
/// let x = |i| w.select(0, i);
/// // (1, 0) and (-1, 1) are at odds: each loses its part against the other.
/// pc_grad(&[&x(0)?, &x(1)?.sub(&x(0)?)?], [&w])?;
/// assert_eq!(w.grad().map(|g| g.to_vec::<f64>()).transpose()?, Some(vec![0.5, 1.5]));
/// # Ok(()) }
/// ```
pub fn pc_grad<P: Borrow<Parameter>>(losses: &[&Tensor], parameters: impl IntoIterator<Item = P>) -> Result<()> {
    let parameters: Vec<P> = parameters.into_iter().collect();
    let inputs: Vec<&Tensor> = parameters.iter().map(|p| &**p.borrow()).collect();
    let mut all = Vec::with_capacity(losses.len());
    for loss in losses {
        let options = GradOptions { retain_graph: Some(true), allow_unused: true, ..Default::default() };
        all.push(grad(&[*loss], &inputs, options)?);
    }
    let _unrecorded = no_grad();
    let dot = |a: &[Tensor], b: &[Tensor]| -> Result<f64> {
        a.iter().zip(b).try_fold(0.0, |sum, (a, b)| Ok(sum + a.mul(b)?.sum()?.item::<f64>()?))
    };
    let mut sum: Vec<Option<Tensor>> = inputs.iter().map(|_| None).collect();
    for (i, gradients) in all.iter().enumerate() {
        let mut own = gradients.clone();
        for (_, other) in all.iter().enumerate().filter(|(k, _)| *k != i) {
            let along = dot(&own, other)?;
            if along < 0.0 {
                let part = along / dot(other, other)?;
                for (own, other) in own.iter_mut().zip(other) {
                    *own = own.sub(&other.mul(part)?)?;
                }
            }
        }
        for (sum, own) in sum.iter_mut().zip(own) {
            *sum = Some(match sum.take() {
                Some(sum) => sum.add(&own)?,
                None => own,
            });
        }
    }
    for (p, g) in parameters.iter().zip(sum) {
        p.borrow().set_grad(g);
    }
    Ok(())
}
