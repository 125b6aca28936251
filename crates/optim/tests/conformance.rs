//! Trajectories of parameters and learning rates recorded from PyTorch.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::Parameter;
use files::StateDict;
use optim::{
    Adam, AdamOptions, AdamW, AdamWOptions, Optimizer, SGD, SGDOptions,
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

/// The optimizer of a case; `None` where a setting is not ours (capturable, foreach... change nothing).
fn optimizer(name: &str, k: &Value, params: Vec<Parameter>) -> Box<dyn Optimizer> {
    let betas = (k["betas"][0].as_f64().unwrap_or(0.9), k["betas"][1].as_f64().unwrap_or(0.999));
    let (lr, maximize) = (number(k, "lr", 1e-3), flag(k, "maximize"));
    let (eps, amsgrad) = (number(k, "eps", 1e-8), flag(k, "amsgrad"));
    match name {
        "SGD" => Box::new(
            SGD::new(
                params,
                SGDOptions {
                    lr,
                    momentum: number(k, "momentum", 0.0),
                    dampening: number(k, "dampening", 0.0),
                    weight_decay: number(k, "weight_decay", 0.0),
                    nesterov: flag(k, "nesterov"),
                    maximize,
                },
            )
            .unwrap(),
        ),
        "Adam" => {
            let weight_decay = number(k, "weight_decay", 0.0);
            Box::new(Adam::new(params, AdamOptions { lr, betas, eps, weight_decay, amsgrad, maximize }).unwrap())
        }
        _ => {
            let weight_decay = number(k, "weight_decay", 0.01);
            Box::new(AdamW::new(params, AdamWOptions { lr, betas, eps, weight_decay, amsgrad, maximize }).unwrap())
        }
    }
}

#[test]
fn sgd_adam_and_adamw_go_where_pytorchs_go() {
    for name in ["SGD", "Adam", "AdamW"] {
        let (file, cases) = cases(&format!("optims/{name}"));
        assert!(!cases.is_empty());
        for case in cases {
            let list = |v: &Value| -> Vec<Tensor> {
                v.as_array().unwrap().iter().map(|t| file.get(t.as_str().unwrap()).unwrap().clone()).collect()
            };
            let params: Vec<Parameter> =
                list(&case["params"]).into_iter().map(|t| Parameter::new(t).unwrap()).collect();
            let mut optimizer = optimizer(name, &case["kwargs"], params.iter().map(Parameter::tied).collect());
            let (rtol, atol) = (case["rtol"].as_f64().unwrap(), case["atol"].as_f64().unwrap());
            for (i, step) in case["steps"].as_array().unwrap().iter().enumerate() {
                for (p, g) in params.iter().zip(list(&step["grads"])) {
                    p.set_grad(Some(g));
                }
                optimizer.step().unwrap();
                for (p, expected) in params.iter().zip(list(&step["params"])) {
                    let (got, expected) = (p.to_vec::<f64>().unwrap(), expected.to_vec::<f64>().unwrap());
                    for (g, e) in got.iter().zip(&expected) {
                        assert!((g - e).abs() <= atol + rtol * e.abs(), "{} step {i}: {g} is not {e}", case["id"]);
                    }
                }
            }
        }
    }
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
                    scheduler.step(metric.as_f64().unwrap(), o);
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
