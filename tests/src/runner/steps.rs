//! Kind "optim": an optimizer's way through given gradients.
use super::{Case, optimizers};
use crate::{args::Args, compare, fault::Res};
use autograd::{Backward, Parameter};
use tensor_core::{Result, Tensor};

/// The parameters after every step are as recorded.
pub(super) fn replay(case: &Case<'_>) -> Res<()> {
    let params: Vec<Parameter> =
        case.list("params").iter().map(|key| Ok(Parameter::new(case.tensor(key)?)?)).collect::<Res<_>>()?;
    let settings = Args::new(Vec::new(), case.named_values(&case.json["kwargs"])?);
    let mut optimizer = optimizers::build(case.text("optim")?, params.iter().map(|p| p.tied()).collect(), &settings)?;
    let closure = closure(case)?;
    for (i, step) in case.list("steps").iter().enumerate() {
        let keys = |name: &str| step[name].as_array().map_or(&[][..], Vec::as_slice);
        for (p, key) in params.iter().zip(keys("grads")) {
            p.set_grad(if key.is_null() { None } else { Some(case.tensor(key)?) });
        }
        if closure.is_empty() {
            optimizer.step()?;
        } else {
            optimizer.step_with(&mut || quadratic(&params, &closure))?;
        }
        for (k, (p, key)) in params.iter().zip(keys("params")).enumerate() {
            compare::same(&format!("step {i}: parameter {k}"), &p.detach(), &case.tensor(key)?, case.tolerance())?;
        }
    }
    Ok(())
}

/// Targets and scales of the loss that a case asks for anew, by parameter.
fn closure(case: &Case<'_>) -> Res<Vec<(Tensor, Tensor)>> {
    let keys = |name: &str| case.json["closure"][name].as_array().map_or(&[][..], Vec::as_slice);
    let pairs = keys("target").iter().zip(keys("scale"));
    pairs.map(|(target, scale)| Ok((case.tensor(target)?, case.tensor(scale)?))).collect()
}

/// `sum((p - target)^2 * scale)` over all parameters, and its gradients.
fn quadratic(params: &[Parameter], closure: &[(Tensor, Tensor)]) -> Result<Tensor> {
    let mut loss = Tensor::zeros(())?;
    for (p, (target, scale)) in params.iter().zip(closure) {
        p.zero_grad();
        loss = loss.add(&p.sub(target)?.square()?.mul(scale)?.sum()?)?;
    }
    loss.backward()?;
    Ok(loss)
}
