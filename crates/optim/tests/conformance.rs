//! Trajectories of parameters and learning rates recorded from PyTorch.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::Parameter;
use files::StateDict;
use optim::{
    Optimizer, SGD, SGDOptions, Setting,
    lr_scheduler::{
        Anneal, ConstantLR, CosineAnnealingLR, CosineAnnealingWarmRestarts, CycleMode, CyclicLR, ExponentialLR,
        LinearLR, MultiStepLR, OneCycleLR, PolynomialLR, ReduceLROnPlateau, Schedule, StepLR,
    },
};
use serde_json::Value;
use tensor_core::Tensor;

/// The file's tensors and cases.
fn cases(name: &str) -> (StateDict, Vec<Value>) {
    let path = format!("{}/../../tests/conformance/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
    let file = StateDict::load(path).unwrap();
    let cases = serde_json::from_str(&file.metadata["cases"]).unwrap();
    (file, cases)
}

fn number(kwargs: &Value, name: &str, default: f64) -> f64 {
    kwargs[name].as_f64().unwrap_or(default)
}
fn flag(kwargs: &Value, name: &str) -> bool {
    kwargs[name].as_bool().unwrap_or(false)
}

fn setting(value: &Value) -> Option<Setting> {
    Some(match value {
        Value::Null => Setting::None,
        Value::Bool(b) => (*b).into(),
        Value::String(text) => text.as_str().into(),
        Value::Number(n) if n.is_i64() => n.as_i64()?.into(),
        Value::Number(n) => n.as_f64()?.into(),
        Value::Array(items) => Setting::List(items.iter().map(setting).collect::<Option<_>>()?),
        Value::Object(_) => return None,
    })
}

/// Why the case does not go as recorded.
fn replay(file: &StateDict, case: &Value) -> Result<(), String> {
    let list = |v: &Value| -> Vec<Option<Tensor>> {
        v.as_array().unwrap().iter().map(|t| t.as_str().map(|t| file.get(t).unwrap().clone())).collect()
    };
    let params: Vec<Parameter> =
        list(&case["params"]).into_iter().map(|t| Parameter::new(t.unwrap()).unwrap()).collect();
    let mut settings: Vec<(&str, Setting)> = Vec::new();
    for (name, value) in case["kwargs"].as_object().unwrap() {
        // Other ways to compute the same.
        if !["foreach", "fused", "capturable", "differentiable"].contains(&name.as_str()) {
            // PyTorch takes a rate as a tensor, too.
            let rate = value["tensor"].as_str().map(|t| file.get(t).unwrap().item::<f64>().unwrap().into());
            settings.push((name, rate.or_else(|| setting(value)).ok_or("a setting of another form")?));
        }
    }
    let name = case["optim"].as_str().unwrap();
    let mut optimizer =
        optim::with_settings(name, params.iter().map(Parameter::tied), &settings).map_err(|e| e.to_string())?;
    let (rtol, atol) = (case["rtol"].as_f64().unwrap(), case["atol"].as_f64().unwrap());
    for (i, step) in case["steps"].as_array().unwrap().iter().enumerate() {
        for (p, g) in params.iter().zip(list(&step["grads"])) {
            p.set_grad(g);
        }
        optimizer.step().map_err(|e| e.to_string())?;
        for (p, expected) in params.iter().zip(list(&step["params"])) {
            let (got, expected) = (p.to_vec::<f64>().unwrap(), expected.unwrap().to_vec::<f64>().unwrap());
            for (g, e) in got.iter().zip(&expected) {
                let close = (g - e).abs() <= atol + rtol * e.abs() || g.is_nan() && e.is_nan() || g == e;
                if !close {
                    return Err(format!("step {i}: {g} is not {e}"));
                }
            }
        }
    }
    Ok(())
}

/// Cases that go otherwise, because their numbers are roundings: the package itself, run again on another machine, misses
/// them as well, by many times the tolerance. In 64 bits, `package.rs` has the first two; Alice is tested beside its code.
const NOISE: [&str; 4] = [
    "pytorch_optimizer.SOAP/quadratic",
    "pytorch_optimizer.Shampoo/quadratic",
    "pytorch_optimizer.Alice/",
    "torch_optimizer.Shampoo/",
];

#[test]
fn every_optimizer_goes_where_it_was_recorded_to_go() {
    let (mut passed, mut wrong) = (0, Vec::new());
    for folder in ["optims", "optims_extra", "optims_more"] {
        let path = format!("{}/../../tests/conformance/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<String> = std::fs::read_dir(path)
            .unwrap()
            .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".safetensors")?.to_string()))
            .collect();
        names.sort();
        // L-BFGS asks for losses: the runner of `tests` has it.
        for name in names.iter().filter(|name| *name != "LBFGS") {
            if optim::rule(name).is_err() && !cfg!(feature = "linalg") {
                continue;
            }
            let (file, cases) = cases(&format!("{folder}/{name}"));
            for case in cases {
                let id = case["id"].as_str().unwrap();
                match replay(&file, &case) {
                    Ok(()) => passed += 1,
                    Err(why) if !cfg!(feature = "linalg") && why.contains("the feature linalg") => {}
                    Err(_) if NOISE.iter().any(|noise| id.contains(noise)) => {}
                    Err(why) => wrong.push(format!("{id}: {why}")),
                }
            }
        }
    }
    println!("{passed} cases passed");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), passed + wrong.len(), wrong.join("\n"));
    assert!(passed > 900);
}

fn integer(k: &Value, name: &str) -> u64 {
    k[name].as_u64().unwrap()
}

/// The rates of `schedule` over as many steps as the case has.
fn rates(schedule: impl Schedule, optimizer: &mut dyn Optimizer, steps: usize) -> Vec<f64> {
    let mut scheduler = schedule.schedule(optimizer).unwrap();
    let mut lrs = Vec::new();
    for _ in 0..steps {
        lrs.push(optimizer.lr());
        scheduler.step(optimizer);
    }
    lrs
}

#[test]
fn every_schedule_gives_pytorchs_rates() {
    let (_, cases) = cases("schedulers/schedulers");
    assert!(!cases.is_empty());
    for case in cases {
        let (k, expected) = (&case["kwargs"], &case["lrs"]);
        let expected: Vec<f64> = expected.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        let p = Parameter::new(Tensor::ones([1]).unwrap()).unwrap();
        let options = SGDOptions { lr: case["lr"].as_f64().unwrap(), momentum: 0.9, ..Default::default() };
        let mut sgd = SGD::new([p], options).unwrap();
        let (o, n) = (&mut sgd, expected.len());
        let got = match case["scheduler"].as_str().unwrap() {
            "StepLR" => rates(StepLR { step_size: integer(k, "step_size"), gamma: number(k, "gamma", 0.1) }, o, n),
            "MultiStepLR" => {
                let milestones = k["milestones"].as_array().unwrap().iter().map(|m| m.as_u64().unwrap()).collect();
                rates(MultiStepLR { milestones, gamma: number(k, "gamma", 0.1) }, o, n)
            }
            "ExponentialLR" => rates(ExponentialLR { gamma: number(k, "gamma", 0.1) }, o, n),
            "ConstantLR" => rates(
                ConstantLR { factor: number(k, "factor", 1.0 / 3.0), total_iters: integer(k, "total_iters") },
                o,
                n,
            ),
            "LinearLR" => {
                let start_factor = number(k, "start_factor", 1.0 / 3.0);
                rates(LinearLR { start_factor, end_factor: 1.0, total_iters: integer(k, "total_iters") }, o, n)
            }
            "PolynomialLR" => {
                rates(PolynomialLR { total_iters: integer(k, "total_iters"), power: number(k, "power", 1.0) }, o, n)
            }
            "CosineAnnealingLR" => {
                rates(CosineAnnealingLR { t_max: integer(k, "T_max"), eta_min: number(k, "eta_min", 0.0) }, o, n)
            }
            "CosineAnnealingWarmRestarts" => {
                let (t_0, t_mult) = (integer(k, "T_0"), integer(k, "T_mult"));
                rates(CosineAnnealingWarmRestarts { t_0, t_mult, eta_min: number(k, "eta_min", 0.0) }, o, n)
            }
            "OneCycleLR" => {
                let linear = k["anneal_strategy"].as_str() == Some("linear");
                let anneal_strategy = if linear { Anneal::Linear } else { Anneal::Cos };
                let (max_lr, total_steps) = (number(k, "max_lr", 0.0), integer(k, "total_steps"));
                let three_phase = flag(k, "three_phase");
                rates(OneCycleLR { max_lr, total_steps, anneal_strategy, three_phase, ..Default::default() }, o, n)
            }
            "CyclicLR" => {
                let mode = match k["mode"].as_str() {
                    Some("triangular2") => CycleMode::Triangular2,
                    _ => CycleMode::Triangular,
                };
                let (base_lr, max_lr) = (number(k, "base_lr", 0.0), number(k, "max_lr", 0.0));
                let step_size_up = integer(k, "step_size_up");
                rates(CyclicLR { base_lr, max_lr, step_size_up, mode, ..Default::default() }, o, n)
            }
            "ReduceLROnPlateau" => {
                let (patience, factor) = (integer(k, "patience"), number(k, "factor", 0.1));
                let mut scheduler = ReduceLROnPlateau { patience, factor, ..Default::default() };
                let mut lrs = Vec::new();
                for metric in case["metrics"].as_array().unwrap() {
                    lrs.push(o.lr());
                    scheduler.step(metric.as_f64().unwrap(), o).unwrap();
                }
                lrs
            }
            other => panic!("no schedule {other}"),
        };
        assert!(got.len() >= n, "{}", case["id"]);
        for (i, (g, e)) in got.iter().zip(&expected).enumerate() {
            assert!((g - e).abs() <= 1e-12 + 1e-9 * e.abs(), "{} step {i}: {g} is not {e}", case["id"]);
        }
    }
}
