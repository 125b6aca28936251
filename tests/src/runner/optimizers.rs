//! Optimizers by name, from the settings of a case.
use crate::{
    args::Args,
    fault::{Fault, Res, unsupported},
    value::Value,
};
use autograd::Parameter;
use optim::{LBFGS, LBFGSOptions, LineSearch, Optimizer, Setting};

/// The optimizer called `name`: its default settings, and over them those that the case names.
pub(super) fn build(name: &str, params: Vec<Parameter>, a: &Args) -> Res<Box<dyn Optimizer>> {
    // Other ways to compute the same.
    for same in ["foreach", "fused", "capturable", "differentiable"] {
        a.named(same);
    }
    if name == "LBFGS" {
        return lbfgs(params, a);
    }
    let known = optim::rule(name).map_err(|_| Fault::Unsupported(format!("optimizer {name}")))?.settings();
    let mut settings = Vec::new();
    for (field, _) in &known {
        // torch_optimizer has a capital letter in one (`N_sma_threshhold`).
        if let Some(value) = a.named(field).or_else(|| a.named(&field.replacen("n_", "N_", 1))) {
            settings.push((*field, setting(value)?));
        }
    }
    let left = a.leftovers();
    if left.is_empty() { Ok(optim::with_settings(name, params, &settings)?) } else { unsupported(left.join(", ")) }
}

fn setting(value: &Value) -> Res<Setting> {
    Ok(match value {
        // PyTorch takes a learning rate as a tensor, too.
        Value::Tensor(t) => Setting::Float(t.item::<f64>()?),
        Value::Bool(b) => Setting::Bool(*b),
        Value::Int(n) => Setting::Int(*n),
        Value::Float(x) => Setting::Float(*x),
        Value::Str(text) => Setting::Text(text.clone()),
        Value::Null => Setting::None,
        Value::List(items) => Setting::List(items.iter().map(setting).collect::<Res<_>>()?),
        other => return unsupported(format!("the setting {other:?}")),
    })
}

fn lbfgs(params: Vec<Parameter>, a: &Args) -> Res<Box<dyn Optimizer>> {
    let mut options = LBFGSOptions {
        lr: a.float_or(usize::MAX, "lr", 1.0)?,
        tolerance_grad: a.float_or(usize::MAX, "tolerance_grad", 1e-7)?,
        tolerance_change: a.float_or(usize::MAX, "tolerance_change", 1e-9)?,
        max_iter: a.count_or(usize::MAX, "max_iter", 20)?,
        history_size: a.count_or(usize::MAX, "history_size", 100)?,
        maximize: a.bool_or(usize::MAX, "maximize", false)?,
        ..Default::default()
    };
    if a.named("max_eval").is_some() {
        options.max_eval = Some(a.count_or(usize::MAX, "max_eval", 25)?);
    }
    if a.str_or(usize::MAX, "line_search_fn", "")? == "strong_wolfe" {
        options.line_search_fn = LineSearch::StrongWolfe;
    }
    let left = a.leftovers();
    if left.is_empty() { Ok(Box::new(LBFGS::new(params, options)?)) } else { unsupported(left.join(", ")) }
}
