//! Stopped at any step, saved to the bytes of a file, loaded by something new: the same bits as without the break, for
//! what is not in the table of optimizers: wrappers, L-BFGS, optimizers with a mode for use, the scaler of losses.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{Backward, Parameter};
use files::StateDict;
use optim::{
    Adam, AdamW, GradScaler, GradScalerOptions, LBFGS, LBFGSOptions, LineSearch, Lookahead, Muon, Optim, Optimizer,
    Rule, SAM, SAMOptions, SGD, SGDOptions, Together, rule,
};
use tensor_core::{DType, Result, Tensor};

const STEPS: usize = 9;

fn wave(shape: [usize; 2], phase: f64) -> Tensor {
    let values: Vec<f64> = (0..shape[0] * shape[1]).map(|i| (i as f64 * 1.3 + phase).sin()).collect();
    Tensor::from_slice(&values, shape).unwrap().to_dtype(DType::F32).unwrap()
}

fn start(dtype: DType) -> Vec<Parameter> {
    [([4, 3], 0.0), ([1, 3], 2.0)]
        .map(|(s, phase)| Parameter::new(wave(s, phase).to_dtype(dtype).unwrap()).unwrap())
        .into()
}

fn tied(params: &[Parameter]) -> Vec<Parameter> {
    params.iter().map(Parameter::tied).collect()
}

/// The loss of a step, and its gradients.
fn loss(params: &[Parameter], step: usize) -> Result<Tensor> {
    params.iter().for_each(Parameter::zero_grad);
    let (a, b) = (Tensor::to_dtype(&params[0], DType::F32)?, Tensor::to_dtype(&params[1], DType::F32)?);
    let z = wave([5, 4], step as f64).matmul(&a)?.add(&b)?.tanh()?;
    let loss = z.sub(&wave([5, 3], 0.5))?.square()?.sum()?;
    loss.backward()?;
    Ok(loss)
}

fn bytes(dict: &StateDict) -> StateDict {
    StateDict::from_bytes(&dict.to_bytes().unwrap()).unwrap()
}

fn values(params: &[Parameter]) -> StateDict {
    params.iter().enumerate().map(|(i, p)| (i.to_string(), p.detach())).collect()
}

fn bits(params: &[Parameter]) -> Vec<Vec<u8>> {
    params.iter().map(|p| p.to_bytes().unwrap()).collect()
}

/// Breaks a training after every one of its steps.
fn goes_on(what: &str, dtype: DType, make: &dyn Fn(Vec<Parameter>) -> Box<dyn Optimizer>, for_use: bool) {
    for stop in 1..STEPS {
        let whole = start(dtype);
        let mut optimizer = make(tied(&whole));
        let mut saved = None;
        for step in 0..STEPS {
            if step == stop {
                if for_use {
                    optimizer.eval().unwrap();
                }
                saved = Some((bytes(&values(&whole)), bytes(&optimizer.state_dict().unwrap())));
                optimizer.train().unwrap();
            }
            optimizer.step_with(&mut || loss(&whole, step)).unwrap();
        }
        let (weights, state) = saved.unwrap();
        let resumed: Vec<Parameter> =
            (0..2).map(|i| Parameter::new(weights.get(&i.to_string()).unwrap().clone()).unwrap()).collect();
        let mut optimizer = make(tied(&resumed));
        optimizer.set_lr(9.0);
        optimizer.load_state_dict(&state).unwrap();
        optimizer.train().unwrap();
        for step in stop..STEPS {
            optimizer.step_with(&mut || loss(&resumed, step)).unwrap();
        }
        assert_eq!(bits(&whole), bits(&resumed), "{what}, stopped after {stop} steps");
    }
}

fn heavy() -> SGDOptions {
    SGDOptions { lr: 0.05, momentum: 0.9, ..Default::default() }
}

#[test]
fn wrappers_go_on_with_the_same_bits() {
    type Make<'a> = &'a dyn Fn(Vec<Parameter>) -> Box<dyn Optimizer>;
    let rows: [(&str, Make<'_>); 8] = [
        ("Lookahead(Adam)", &|p| Box::new(Lookahead::new(Adam::new(p, 0.05).unwrap(), 3, 0.4).unwrap())),
        ("Lookahead(Lookahead(SGD))", &|p| {
            let inner = Lookahead::new(SGD::new(p, heavy()).unwrap(), 2, 0.5).unwrap();
            Box::new(Lookahead::new(inner, 3, 0.8).unwrap())
        }),
        ("SAM", &|p| Box::new(SAM::new(SGD::new(p, heavy()).unwrap(), SAMOptions::default()).unwrap())),
        ("ASAM", &|p| {
            let options = SAMOptions { adaptive: true, ..Default::default() };
            Box::new(SAM::new(AdamW::new(p, 0.05).unwrap(), options).unwrap())
        }),
        ("GSAM", &|p| {
            let options = SAMOptions { alpha: 0.3, ..Default::default() };
            Box::new(SAM::new(SGD::new(p, heavy()).unwrap(), options).unwrap())
        }),
        ("Together", &|mut p| {
            let rest = p.split_off(1);
            let all: Vec<Box<dyn Optimizer>> =
                vec![Box::new(Muon::new(p, 0.02).unwrap()), Box::new(AdamW::new(rest, 1e-2).unwrap())];
            Box::new(Together::new(all).unwrap())
        }),
        ("LBFGS", &|p| Box::new(LBFGS::new(p, LBFGSOptions { lr: 0.1, max_iter: 4, ..Default::default() }).unwrap())),
        ("LBFGS with strong Wolfe", &|p| {
            let line_search_fn = LineSearch::StrongWolfe;
            let options = LBFGSOptions { line_search_fn, max_iter: 3, history_size: 3, ..Default::default() };
            Box::new(LBFGS::new(p, options).unwrap())
        }),
    ];
    for (what, make) in rows {
        goes_on(what, DType::F32, make, false);
    }
}

#[test]
fn groups_and_master_weights_go_on_with_the_same_bits() {
    let grouped = |name: &'static str, master: bool| {
        move |p: Vec<Parameter>| -> Box<dyn Optimizer> {
            let mut p = p.into_iter();
            let rule = |lr: f64| {
                let mut rule = rule(name).unwrap();
                rule.set_lr(lr);
                rule
            };
            let mut all = Optim::<Box<dyn Rule + Send>>::new(p.next(), rule(0.1)).unwrap();
            all.add_group(p, rule(0.03)).unwrap();
            Box::new(all.with_master_weights(master))
        }
    };
    for name in ["SGD", "AdamW", "Prodigy", "DAdaptSGD", "DAdaptAdam", "Ranger21", "Lamb", "Lion"] {
        goes_on(name, DType::F32, &grouped(name, false), false);
        goes_on(name, DType::BF16, &grouped(name, true), false);
    }
}

/// Saved while the parameters are those to be used, as a model is that goes out.
#[test]
fn optimizers_with_a_mode_for_use_go_on_from_it() {
    let mut names = vec!["ScheduleFreeSGD", "ScheduleFreeAdamW", "ScheduleFreeRAdam"];
    if cfg!(feature = "linalg") {
        names.push("SPlus");
    }
    for name in names {
        goes_on(name, DType::F32, &|p| optim::by_name(name, p, 0.05).unwrap(), true);
    }
}

#[test]
fn the_scaler_goes_on_with_the_same_scales() {
    let options = GradScalerOptions { init_scale: 1024.0, growth_interval: 3, ..Default::default() };
    let run = |params: &[Parameter], sgd: &mut SGD, scaler: &mut GradScaler, steps: std::ops::Range<usize>| {
        let mut scales = Vec::new();
        for step in steps {
            loss(params, step).unwrap();
            for (i, p) in params.iter().enumerate() {
                // Infinities in some steps.
                let factor = if step % 5 == 3 && i == 0 { f64::INFINITY } else { scaler.get_scale() };
                p.set_grad(Some(p.grad().unwrap().mul(factor).unwrap()));
            }
            scaler.step(sgd).unwrap();
            scaler.update(None).unwrap();
            scales.push(scaler.get_scale());
        }
        scales
    };
    for stop in 1..14 {
        let whole = start(DType::F32);
        let mut sgd = SGD::new(tied(&whole), heavy()).unwrap();
        let mut scaler = GradScaler::new(options).unwrap();
        run(&whole, &mut sgd, &mut scaler, 0..stop);
        let files = [values(&whole), sgd.state_dict().unwrap(), scaler.state_dict().unwrap()].map(|d| bytes(&d));
        let scales = run(&whole, &mut sgd, &mut scaler, stop..14);

        let [weights, state, scale] = files;
        let resumed: Vec<Parameter> =
            (0..2).map(|i| Parameter::new(weights.get(&i.to_string()).unwrap().clone()).unwrap()).collect();
        let mut sgd = SGD::new(tied(&resumed), 9.0).unwrap();
        sgd.load_state_dict(&state).unwrap();
        let mut scaler = GradScaler::new(Default::default()).unwrap();
        scaler.load_state_dict(&scale).unwrap();
        assert_eq!(run(&resumed, &mut sgd, &mut scaler, stop..14), scales);
        assert_eq!(bits(&whole), bits(&resumed), "stopped after {stop} steps");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_by_name() {
    let one = || Parameter::new(Tensor::ones([2]).unwrap()).unwrap();
    let says = |error: Result<()>, name: &str| {
        let error = error.unwrap_err().to_string();
        assert!(error.contains(name), "{error} does not name {name}");
    };
    for bad in [-1.0, f64::NAN] {
        says(LBFGS::new([one()], LBFGSOptions { lr: bad, ..Default::default() }).map(drop), "lr");
        let options = LBFGSOptions { tolerance_grad: bad, ..Default::default() };
        says(LBFGS::new([one()], options).map(drop), "tolerance_grad");
        let options = LBFGSOptions { tolerance_change: bad, ..Default::default() };
        says(LBFGS::new([one()], options).map(drop), "tolerance_change");
        let sgd = || SGD::new([one()], 0.1).unwrap();
        says(Lookahead::new(sgd(), 3, bad).map(drop), "alpha");
        says(SAM::new(sgd(), SAMOptions { rho: bad, ..Default::default() }).map(drop), "rho");
        says(SAM::new(sgd(), SAMOptions { alpha: bad, ..Default::default() }).map(drop), "alpha");
        says(GradScaler::new(GradScalerOptions { init_scale: bad, ..Default::default() }).map(drop), "init_scale");
        says(
            GradScaler::new(GradScalerOptions { growth_factor: bad, ..Default::default() }).map(drop),
            "growth_factor",
        );
        says(optim::clip_grad_adaptive_([one()], bad, 1e-3), "clip");
    }
    says(Lookahead::new(SGD::new([one()], 0.1).unwrap(), 0, 0.5).map(drop), "k is 0");
    let p = one();
    says(LBFGS::new([p.tied(), p.tied()], 0.1).map(drop), "twice");
    let both: Vec<Box<dyn Optimizer>> =
        vec![Box::new(SGD::new([p.tied()], 0.1).unwrap()), Box::new(Adam::new([p.tied()], 0.1).unwrap())];
    says(Together::new(both).map(drop), "twice");
    p.set_requires_grad(false);
    says(LBFGS::new([p], 0.1).map(drop), "no gradient");
    says(LBFGS::new([], 0.1).map(drop), "no parameters");
}
