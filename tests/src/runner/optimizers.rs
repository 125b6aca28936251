//! PyTorch's optimizers by name, from the settings of a case.
use crate::{
    args::Args,
    fault::{Res, unsupported},
    value::Value,
};
use autograd::Parameter;
use optim::{
    ASGDOptions, AdadeltaOptions, AdafactorOptions, AdagradOptions, AdamaxOptions, LBFGS, LBFGSOptions, LineSearch,
    Muon, MuonOptions, MuonRate, NAdamOptions, Optim, Optimizer, RAdamOptions, RMSpropOptions, RpropOptions, Rule,
};
use tensor_core::Scalar;

/// The optimizer called `name`: its default settings, and over them those that the case names.
pub(super) fn build(name: &str, params: Vec<Parameter>, a: &Args) -> Res<Box<dyn Optimizer>> {
    match name {
        "RMSprop" => with::<RMSpropOptions>(params, a),
        "Adagrad" => with::<AdagradOptions>(params, a),
        "Adadelta" => with::<AdadeltaOptions>(params, a),
        "Rprop" => with::<RpropOptions>(params, a),
        "Adamax" => with::<AdamaxOptions>(params, a),
        "NAdam" => with::<NAdamOptions>(params, a),
        "RAdam" => with::<RAdamOptions>(params, a),
        "ASGD" => with::<ASGDOptions>(params, a),
        "Adafactor" => with::<AdafactorOptions>(params, a),
        "Muon" => {
            let mut options = settings(MuonOptions::default(), a)?;
            options.adjust_lr_fn = match a.str_or(usize::MAX, "adjust_lr_fn", "original")? {
                "original" => MuonRate::Original,
                "match_rms_adamw" => MuonRate::MatchRmsAdamw,
                "spectral_unclamped" => MuonRate::SpectralUnclamped,
                other => return unsupported(format!("adjust_lr_fn {other}")),
            };
            Ok(Box::new(Muon::new(params, options)?))
        }
        "LBFGS" => {
            let mut options = LBFGSOptions {
                lr: a.float_or(usize::MAX, "lr", 1.0)?,
                tolerance_grad: a.float_or(usize::MAX, "tolerance_grad", 1e-7)?,
                tolerance_change: a.float_or(usize::MAX, "tolerance_change", 1e-9)?,
                max_iter: a.count_or(usize::MAX, "max_iter", 20)?,
                history_size: a.count_or(usize::MAX, "history_size", 100)?,
                maximize: a.bool_or(usize::MAX, "maximize", false)?,
                ..Default::default()
            };
            if a.str_or(usize::MAX, "line_search_fn", "")? == "strong_wolfe" {
                options.line_search_fn = LineSearch::StrongWolfe;
            }
            Ok(Box::new(LBFGS::new(params, options)?))
        }
        other => unsupported(format!("optimizer {other}")),
    }
}

fn with<R: Rule + Default + 'static>(params: Vec<Parameter>, a: &Args) -> Res<Box<dyn Optimizer>> {
    Ok(Box::new(Optim::<R>::new(params, settings(R::default(), a)?)?))
}

/// The settings with those of the case over them; a part of a list is called `betas.0`.
fn settings<R: Rule>(mut options: R, a: &Args) -> Res<R> {
    let number = |value: &Value| match value {
        Value::Tensor(t) => t.item::<f64>().ok().map(Scalar::Float),
        other => other.scalar(),
    };
    for (name, _) in options.settings() {
        let mut parts = name.splitn(2, '.');
        let (Some(field), part) = (parts.next(), parts.next()) else { continue };
        let value = match (a.named(field), part.and_then(|p| p.parse::<usize>().ok())) {
            (Some(Value::List(items)), Some(part)) => items.get(part).and_then(number),
            (Some(value), None) => number(value),
            _ => None,
        };
        if let Some(value) = value {
            options.set(name, value);
        }
    }
    Ok(options)
}
