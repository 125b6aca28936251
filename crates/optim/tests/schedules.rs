//! Random schedules, chains and sequences of them, against the rates and momenta of PyTorch 2.15, in groups with rates of
//! their own; some with a rate changed by hand. `fixtures/schedules.py` made the numbers, for any seed.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::Parameter;
use files::StateDict;
use optim::{
    Optimizer, SGD, SGDOptions,
    lr_scheduler::{
        Anneal, ChainedScheduler, ConstantLR, CosineAnnealingLR, CosineAnnealingWarmRestarts, CycleMode, CyclicLR,
        ExponentialLR, Goal, LambdaLR, LinearLR, MultiStepLR, MultiplicativeLR, OneCycleLR, PolynomialLR,
        ReduceLROnPlateau, Schedule, SequentialLR, StepLR,
    },
};
use serde_json::Value;
use tensor_core::Tensor;

fn cases() -> Vec<Value> {
    // Another set than the committed one: SCHEDULES=/tmp/other.json.
    let text = match std::env::var("SCHEDULES") {
        Ok(path) => std::fs::read_to_string(path).unwrap(),
        Err(_) => include_str!("fixtures/schedules.json").to_string(),
    };
    serde_json::from_str(&text).unwrap()
}

fn numbers(json: &Value) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn build(d: &Value) -> Box<dyn Schedule> {
    let k = &d["kw"];
    let (x, n) = (|name: &str| k[name].as_f64().unwrap(), |name: &str| k[name].as_u64().unwrap());
    let momentum = || k["cycle_momentum"].as_bool().unwrap().then(|| (x("base_momentum"), x("max_momentum")));
    let milestones = |k: &Value| k["milestones"].as_array().unwrap().iter().map(|m| m.as_u64().unwrap()).collect();
    let parts = || d["schedulers"].as_array().unwrap().iter().map(build).collect();
    match d["name"].as_str().unwrap() {
        "StepLR" => Box::new(StepLR { step_size: n("step_size"), gamma: x("gamma") }),
        "MultiStepLR" => Box::new(MultiStepLR { milestones: milestones(k), gamma: x("gamma") }),
        "ConstantLR" => Box::new(ConstantLR { factor: x("factor"), total_iters: n("total_iters") }),
        "LinearLR" => Box::new(LinearLR {
            start_factor: x("start_factor"),
            end_factor: x("end_factor"),
            total_iters: n("total_iters"),
        }),
        "ExponentialLR" => Box::new(ExponentialLR { gamma: x("gamma") }),
        "PolynomialLR" => Box::new(PolynomialLR { total_iters: n("total_iters"), power: x("power") }),
        "CosineAnnealingLR" => Box::new(CosineAnnealingLR { t_max: n("T_max"), eta_min: x("eta_min") }),
        "LambdaLR" => {
            let a = x("a");
            Box::new(LambdaLR(move |step: u64| 1.0 / (1.0 + a * step as f64)))
        }
        "MultiplicativeLR" => {
            let a = x("a");
            Box::new(MultiplicativeLR(move |step: u64| a + 0.05 * (step % 3) as f64))
        }
        "CosineAnnealingWarmRestarts" => {
            Box::new(CosineAnnealingWarmRestarts { t_0: n("T_0"), t_mult: n("T_mult"), eta_min: x("eta_min") })
        }
        "OneCycleLR" => Box::new(OneCycleLR {
            max_lr: x("max_lr"),
            total_steps: n("total_steps"),
            pct_start: x("pct_start"),
            anneal_strategy: if k["anneal_strategy"] == "cos" { Anneal::Cos } else { Anneal::Linear },
            momentum: momentum(),
            div_factor: x("div_factor"),
            final_div_factor: x("final_div_factor"),
            three_phase: k["three_phase"].as_bool().unwrap(),
        }),
        "CyclicLR" => Box::new(CyclicLR {
            base_lr: x("base_lr"),
            max_lr: x("max_lr"),
            step_size_up: n("step_size_up"),
            step_size_down: Some(n("step_size_down")),
            mode: match k["mode"].as_str().unwrap() {
                "triangular" => CycleMode::Triangular,
                "triangular2" => CycleMode::Triangular2,
                _ => CycleMode::ExpRange(x("gamma")),
            },
            momentum: momentum(),
        }),
        "SequentialLR" => Box::new(SequentialLR { schedulers: parts(), milestones: milestones(d) }),
        "ChainedScheduler" => Box::new(ChainedScheduler { schedulers: parts() }),
        other => panic!("no schedule {other}"),
    }
}

fn plateau(k: &Value) -> ReduceLROnPlateau {
    let (x, n) = (|name: &str| k[name].as_f64().unwrap(), |name: &str| k[name].as_u64().unwrap());
    ReduceLROnPlateau {
        mode: if k["mode"] == "min" { Goal::Min } else { Goal::Max },
        factor: x("factor"),
        patience: n("patience"),
        threshold: x("threshold"),
        relative: k["threshold_mode"] == "rel",
        cooldown: n("cooldown"),
        min_lr: x("min_lr"),
        eps: x("eps"),
        ..Default::default()
    }
}

/// Two groups, the second at half the rate.
fn sgd(lr: f64) -> SGD {
    let p = || [Parameter::new(Tensor::zeros([1]).unwrap()).unwrap()];
    let options = |lr| SGDOptions { lr, momentum: 0.9, ..Default::default() };
    let mut sgd = SGD::new(p(), options(lr)).unwrap();
    sgd.add_group(p(), options(lr / 2.0)).unwrap();
    sgd
}

fn state(sgd: &SGD) -> Vec<f64> {
    let mut now = sgd.lrs();
    now.push(sgd.groups()[0].options.momentum);
    now
}

#[test]
fn random_schedules_are_pytorchs() {
    let mut seen = 0;
    for case in cases() {
        let mut sgd = sgd(case["lr"].as_f64().unwrap());
        let rows = case["rows"].as_array().unwrap();
        let close = |got: &[f64], i: usize| {
            for (got, expected) in got.iter().zip(numbers(&rows[i])) {
                assert!(
                    (got - expected).abs() <= 1e-12 + 1e-8 * expected.abs(),
                    "step {i}: {got} is not {expected}: {}",
                    case["schedule"]
                );
            }
        };
        if let Some(metrics) = case["metrics"].as_array() {
            let mut scheduler = plateau(&case["schedule"]["kw"]);
            for (i, metric) in metrics.iter().enumerate() {
                close(&sgd.lrs(), i);
                scheduler.step(metric.as_f64().unwrap(), &mut sgd).unwrap();
            }
        } else {
            let mut scheduler = build(&case["schedule"]).schedule(&mut sgd).unwrap();
            for i in 0..rows.len() {
                close(&state(&sgd), i);
                if case["manual"].as_u64() == Some(i as u64) {
                    let halves: Vec<f64> = sgd.lrs().iter().map(|lr| lr * 0.5).collect();
                    sgd.set_lrs(&halves);
                }
                scheduler.step(&mut sgd);
            }
        }
        seen += 1;
    }
    assert!(seen > 50);
}

/// Through the bytes of files, each schedule stopped at another step.
#[test]
fn every_schedule_goes_on_with_the_same_rates() {
    for (n, case) in cases().iter().enumerate() {
        let lr = case["lr"].as_f64().unwrap();
        let stop = n * 7 % 23 + 1;
        let bytes = |d: StateDict| StateDict::from_bytes(&d.to_bytes().unwrap()).unwrap();
        let mut whole = sgd(lr);
        let mut resumed = sgd(9.0);
        if let Some(metrics) = case["metrics"].as_array() {
            let metric = |i: usize| metrics[i].as_f64().unwrap();
            let mut first = plateau(&case["schedule"]["kw"]);
            (0..stop).for_each(|i| first.step(metric(i), &mut whole).unwrap());
            let mut second = plateau(&case["schedule"]["kw"]);
            second.load_state_dict(&bytes(first.state_dict().unwrap())).unwrap();
            resumed.load_state_dict(&bytes(whole.state_dict().unwrap())).unwrap();
            for i in stop..25 {
                first.step(metric(i), &mut whole).unwrap();
                second.step(metric(i), &mut resumed).unwrap();
                assert_eq!(state(&whole), state(&resumed), "{}", case["schedule"]);
            }
        } else {
            let mut first = build(&case["schedule"]).schedule(&mut whole).unwrap();
            (0..stop).for_each(|_| first.step(&mut whole));
            let mut second = build(&case["schedule"]).schedule(&mut resumed).unwrap();
            second.load_state_dict(&bytes(first.state_dict().unwrap())).unwrap();
            resumed.load_state_dict(&bytes(whole.state_dict().unwrap())).unwrap();
            for _ in stop..25 {
                first.step(&mut whole);
                second.step(&mut resumed);
                assert_eq!(state(&whole), state(&resumed), "{}", case["schedule"]);
                assert_eq!(first.lrs(), second.lrs());
            }
        }
    }
}

#[test]
fn what_a_schedule_cannot_mean_is_refused_by_name() {
    let bad: Vec<(&str, Box<dyn Schedule>)> = vec![
        ("step_size", Box::new(StepLR { step_size: 0, gamma: 0.1 })),
        ("gamma", Box::new(StepLR { step_size: 1, gamma: -0.1 })),
        ("gamma", Box::new(MultiStepLR { milestones: vec![1], gamma: f64::NAN })),
        ("gamma", Box::new(ExponentialLR { gamma: -1.0 })),
        ("factor", Box::new(ConstantLR { factor: 1.5, total_iters: 3 })),
        ("factor", Box::new(ConstantLR { factor: 0.0, total_iters: 3 })),
        ("start_factor", Box::new(LinearLR { start_factor: 0.0, ..Default::default() })),
        ("end_factor", Box::new(LinearLR { end_factor: -0.5, ..Default::default() })),
        ("power", Box::new(PolynomialLR { total_iters: 3, power: f64::NAN })),
        ("t_max", Box::new(CosineAnnealingLR { t_max: 0, eta_min: 0.0 })),
        ("eta_min", Box::new(CosineAnnealingLR { t_max: 1, eta_min: f64::NAN })),
        ("t_0", Box::new(CosineAnnealingWarmRestarts { t_0: 0, t_mult: 1, eta_min: 0.0 })),
        ("t_mult", Box::new(CosineAnnealingWarmRestarts { t_0: 1, t_mult: 0, eta_min: 0.0 })),
        ("max_lr", Box::new(OneCycleLR { max_lr: -1.0, ..Default::default() })),
        ("total_steps", Box::new(OneCycleLR { total_steps: 0, ..Default::default() })),
        ("pct_start", Box::new(OneCycleLR { pct_start: 1.5, ..Default::default() })),
        ("div_factor", Box::new(OneCycleLR { div_factor: 0.0, ..Default::default() })),
        ("momentum", Box::new(OneCycleLR { momentum: Some((0.85, 1.0)), ..Default::default() })),
        ("base_lr", Box::new(CyclicLR { base_lr: -1.0, ..Default::default() })),
        ("max_lr", Box::new(CyclicLR { max_lr: f64::INFINITY, ..Default::default() })),
        ("step_size_up", Box::new(CyclicLR { step_size_up: 0, ..Default::default() })),
        ("step_size_down", Box::new(CyclicLR { step_size_down: Some(0), ..Default::default() })),
        ("gamma", Box::new(CyclicLR { mode: CycleMode::ExpRange(f64::NAN), ..Default::default() })),
        ("no schedules", Box::new(ChainedScheduler { schedulers: Vec::new() })),
        ("gamma", Box::new(ChainedScheduler { schedulers: vec![Box::new(ExponentialLR { gamma: -1.0 })] })),
        ("milestones", Box::new(SequentialLR { schedulers: Vec::new(), milestones: vec![1] })),
    ];
    for (name, schedule) in bad {
        let mut sgd = sgd(0.1);
        let error = schedule.schedule(&mut sgd).map(drop).unwrap_err().to_string();
        assert!(error.contains(name), "{error} does not name {name}");
        assert_eq!(sgd.lr(), 0.1, "an error changes nothing");
    }
    for (name, mut plateau) in [
        ("factor", ReduceLROnPlateau { factor: 1.0, ..Default::default() }),
        ("threshold", ReduceLROnPlateau { threshold: -1.0, ..Default::default() }),
        ("min_lr", ReduceLROnPlateau { min_lr: f64::NAN, ..Default::default() }),
        ("eps", ReduceLROnPlateau { eps: -1.0, ..Default::default() }),
    ] {
        let error = plateau.step(1.0, &mut sgd(0.1)).unwrap_err().to_string();
        assert!(error.contains(name), "{error} does not name {name}");
    }
}
