//! Kind "optim": an optimizer's way through given gradients.
use super::{Case, optimizers};
use crate::{
    args::Args,
    compare,
    fault::{Res, unsupported},
    value::Value,
};
use autograd::{Backward, Parameter};
use optim::{Adam, AdamOptions, AdamW, AdamWOptions, Optimizer, SGD, SGDOptions};
use tensor_core::{Result, Tensor};

/// The parameters after every step are as recorded.
pub(super) fn replay(case: &Case<'_>) -> Res<()> {
    let params: Vec<Parameter> =
        case.list("params").iter().map(|key| Ok(Parameter::new(case.tensor(key)?)?)).collect::<Res<_>>()?;
    let settings = Args::new(Vec::new(), case.named_values(&case.json["kwargs"])?);
    let mut optimizer = optimizer(case.text("optim")?, params.iter().map(|p| p.tied()).collect(), &settings)?;
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

/// The optimizer called `name`, with PyTorch's settings.
pub(super) fn optimizer(name: &str, params: Vec<Parameter>, a: &Args) -> Res<Box<dyn Optimizer>> {
    let number = |name: &str, default: f64| match a.named(name) {
        // PyTorch takes a learning rate as a tensor, too.
        Some(Value::Tensor(t)) => Ok(t.item::<f64>()?),
        _ => a.float_or(usize::MAX, name, default),
    };
    let flag = |name: &str| a.bool_or(usize::MAX, name, false);
    let betas = || match a.named("betas") {
        None => Ok((0.9, 0.999)),
        Some(Value::List(pair)) => {
            match pair.iter().filter_map(Value::scalar).map(|s| s.to_f64()).collect::<Vec<_>>()[..] {
                [b1, b2] => Ok((b1, b2)),
                _ => unsupported("betas"),
            }
        }
        Some(_) => unsupported("betas"),
    };
    // Other ways to compute the same.
    for same in ["foreach", "fused", "capturable", "differentiable"] {
        a.named(same);
    }
    let built: Box<dyn Optimizer> = match name {
        "SGD" => {
            let options = SGDOptions {
                lr: number("lr", 1e-3)?,
                momentum: number("momentum", 0.0)?,
                dampening: number("dampening", 0.0)?,
                weight_decay: number("weight_decay", 0.0)?,
                nesterov: flag("nesterov")?,
                maximize: flag("maximize")?,
            };
            Box::new(SGD::new(params, options)?)
        }
        "Adam" => {
            let options = AdamOptions {
                lr: number("lr", 1e-3)?,
                betas: betas()?,
                eps: number("eps", 1e-8)?,
                weight_decay: number("weight_decay", 0.0)?,
                amsgrad: flag("amsgrad")?,
                maximize: flag("maximize")?,
            };
            Box::new(Adam::new(params, options)?)
        }
        "AdamW" => {
            let options = AdamWOptions {
                lr: number("lr", 1e-3)?,
                betas: betas()?,
                eps: number("eps", 1e-8)?,
                weight_decay: number("weight_decay", 0.01)?,
                amsgrad: flag("amsgrad")?,
                maximize: flag("maximize")?,
            };
            Box::new(AdamW::new(params, options)?)
        }
        other => optimizers::build(other, params, a)?,
    };
    let left = a.leftovers();
    if left.is_empty() { Ok(built) } else { unsupported(left.join(", ")) }
}
