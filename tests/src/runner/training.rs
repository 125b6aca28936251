//! Kind "training": a model from the recorded state, trained on the recorded batches, step by step.
use super::{Case, module, optimizers, schedules::Schedules};
use crate::{
    args::Args,
    compare::{self, Tolerance},
    fault::{Fault, Res, unsupported, wrong},
    models,
};
use autograd::Backward;
use nn::{
    Module,
    loss::{BCEWithLogitsLoss, CrossEntropyLoss, Loss, MSELoss, NLLLoss, SmoothL1Loss},
};
use optim::{Optimizer, clip_grad_norm_};
use serde_json::Value as Json;

/// Losses, learning rates and the final state are as recorded.
pub(super) fn replay(case: &Case<'_>) -> Res<()> {
    let hyper = Args::new(Vec::new(), case.named_values(&case.json["hyper"])?);
    let model = models::build(case.text("model")?, &hyper)?;
    let module = &*model.module;
    module::load(module, &module::state(case, &case.json["state"])?, case)?;
    module.train();
    let loss = loss(case.text("loss")?)?;
    let mut driven: Option<(Box<dyn Optimizer>, Option<Schedules>)> = None;
    for (i, batch) in case.list("batches").iter().enumerate() {
        let inputs = batch["inputs"].as_array().map_or(&[][..], Vec::as_slice);
        let inputs = inputs.iter().map(|key| case.tensor(key)).collect::<Res<Vec<_>>>()?;
        let output = model.forward(&inputs)?;
        let value = loss.forward(&output, &case.tensor(&batch["target"])?)?;
        number(case, "losses", i, value.item::<f64>()?)?;
        // Only now: a model whose optimizer is not there yet has still shown that it starts right.
        let (optimizer, schedule) = match &mut driven {
            Some(driven) => driven,
            None => driven.insert(optimizer(case, module).map_err(after_first_loss)?),
        };
        optimizer.zero_grad();
        value.backward()?;
        if let Some(most) = case.json["clip_grad_norm"].as_f64() {
            clip_grad_norm_(module.parameters(), most, 2.0)?;
        }
        number(case, "lrs", i, optimizer.lr())?;
        optimizer.step()?;
        if let Some(schedule) = schedule {
            schedule.step(&mut **optimizer, None)?;
        }
    }
    module::same_state(case, &module.state_dict(), &case.json["final_state"], "final")
}

fn after_first_loss(fault: Fault) -> Fault {
    match fault {
        Fault::Unsupported(what) => Fault::Unsupported(format!("{what}; the first loss agrees")),
        other => other,
    }
}

fn optimizer(case: &Case<'_>, model: &dyn Module) -> Res<(Box<dyn Optimizer>, Option<Schedules>)> {
    let settings = Args::new(Vec::new(), case.named_values(&case.json["optim_kwargs"])?);
    let mut optimizer = optimizers::build(case.text("optim")?, model.parameters(), &settings)?;
    let schedule = match &case.json["scheduler"] {
        Json::Null => None,
        json => {
            let settings = Args::new(Vec::new(), case.named_values(&json["kwargs"])?);
            let factors = json["factors"].as_array().map(|f| f.iter().filter_map(Json::as_f64).collect());
            Some(Schedules::new(json["name"].as_str().unwrap_or(""), &settings, factors, &mut *optimizer)?)
        }
    };
    Ok((optimizer, schedule))
}

fn loss(name: &str) -> Res<Box<dyn Loss>> {
    Ok(match name {
        "nll" => Box::new(NLLLoss::default()),
        "cross_entropy" => Box::new(CrossEntropyLoss::default()),
        "cross_entropy_smooth" => Box::new(CrossEntropyLoss { label_smoothing: 0.1, ..Default::default() }),
        "cross_entropy_ignore" => Box::new(CrossEntropyLoss { ignore_index: 0, ..Default::default() }),
        "mse" => Box::new(MSELoss::default()),
        "smooth_l1" => Box::new(SmoothL1Loss::default()),
        "bce_with_logits" => Box::new(BCEWithLogitsLoss::default()),
        other => return unsupported(format!("loss {other}")),
    })
}

fn number(case: &Case<'_>, what: &str, i: usize, got: f64) -> Res<()> {
    let Some(expected) = case.json[what][i].as_f64() else { return wrong(format!("the case has no {what} {i}")) };
    let tolerance = if what == "lrs" { Tolerance { rtol: 1e-9, atol: 1e-12 } } else { case.tolerance() };
    compare::same_number(&format!("{what} {i}"), got, expected, tolerance)
}
