//! What all optimizers promise: no copies, resumed with the same bits, settings that are checked.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "optimizers/every.rs"]
mod every;

use autograd::{Backward, Parameter};
use files::StateDict;
use optim::{
    Adam, AdamOptions, AdamW, ClipNorm, Optim, Optimizer, Rule, SGD, SGDOptions, State, clip_grad_norm_,
    clip_grad_value_, clip_grads_with_norm_, get_total_norm,
    lr_scheduler::{CosineAnnealingLR, OneCycleLR, Schedule},
};
use std::sync::Mutex;
use tensor_core::{DType, Result, Tensor, manual_seed, memory_stats};

/// The counter of copies is one for the process.
static COUNTED: Mutex<()> = Mutex::new(());

fn parameters() -> Vec<Parameter> {
    manual_seed(7);
    [vec![4, 3], vec![3]].into_iter().map(|s| Parameter::new(Tensor::randn(s).unwrap()).unwrap()).collect()
}

/// One step of a small problem.
fn step(params: &[Parameter], optimizer: &mut dyn Optimizer) {
    optimizer.zero_grad();
    let x = Tensor::ones([2, 4]).unwrap();
    let y = (x.matmul(&params[0]).unwrap() + &*params[1]).unwrap();
    y.tanh().unwrap().square().unwrap().sum().unwrap().backward().unwrap();
    optimizer.step().unwrap();
}

fn bits(params: &[Parameter]) -> Vec<Vec<u8>> {
    params.iter().map(|p| p.to_bytes().unwrap()).collect()
}

fn tied(params: &[Parameter]) -> Vec<Parameter> {
    params.iter().map(Parameter::tied).collect()
}

fn all(params: &[Parameter]) -> Vec<Box<dyn Optimizer>> {
    let heavy = SGDOptions { lr: 0.1, momentum: 0.9, weight_decay: 0.01, ..Default::default() };
    vec![
        Box::new(SGD::new(tied(params), 0.1).unwrap()),
        Box::new(SGD::new(tied(params), heavy.clone()).unwrap()),
        Box::new(SGD::new(tied(params), SGDOptions { nesterov: true, ..heavy }).unwrap()),
        Box::new(Adam::new(tied(params), 0.01).unwrap()),
        Box::new(Adam::new(tied(params), AdamOptions { amsgrad: true, ..Default::default() }).unwrap()),
        Box::new(AdamW::new(tied(params), 0.01).unwrap()),
    ]
}

#[test]
fn a_hundred_steps_copy_nothing() {
    let _alone = COUNTED.lock().unwrap();
    let params = parameters();
    for mut optimizer in all(&params) {
        let before = memory_stats().cow_copies;
        for _ in 0..100 {
            step(&params, &mut *optimizer);
        }
        assert_eq!(memory_stats().cow_copies - before, 0);
    }
}

#[test]
fn a_resumed_training_has_the_bits_of_an_uninterrupted_one() {
    let _alone = COUNTED.lock().unwrap();
    for which in 0..all(&parameters()).len() {
        let whole = parameters();
        let mut optimizer = all(&whole).swap_remove(which);
        let mut scheduler = CosineAnnealingLR { t_max: 20, eta_min: 0.0 }.schedule(&mut *optimizer).unwrap();
        let mut saved = None;
        for i in 0..20 {
            if i == 10 {
                let weights: StateDict = whole.iter().enumerate().map(|(i, p)| (i.to_string(), p.detach())).collect();
                let files = [weights, optimizer.state_dict().unwrap(), scheduler.state_dict().unwrap()];
                saved = Some(files.map(|f| f.to_bytes().unwrap()));
            }
            step(&whole, &mut *optimizer);
            scheduler.step(&mut *optimizer);
        }

        let [weights, state, schedule] = saved.unwrap().map(|f| StateDict::from_bytes(&f).unwrap());
        let resumed: Vec<Parameter> =
            (0..2).map(|i| Parameter::new(weights.get(&i.to_string()).unwrap().clone()).unwrap()).collect();
        let mut optimizer = all(&resumed).swap_remove(which);
        let mut scheduler = CosineAnnealingLR { t_max: 20, eta_min: 0.0 }.schedule(&mut *optimizer).unwrap();
        optimizer.load_state_dict(&state).unwrap();
        scheduler.load_state_dict(&schedule).unwrap();
        for _ in 10..20 {
            step(&resumed, &mut *optimizer);
            scheduler.step(&mut *optimizer);
        }
        assert_eq!(bits(&whole), bits(&resumed), "optimizer {which}");
    }
}

/// Adam without the backend's one pass: the paper's algorithm in plain numbers.
#[test]
fn adam_is_its_paper() {
    let p = Parameter::new(Tensor::from_slice(&[1.0f64, -2.0, 0.5], [3]).unwrap()).unwrap();
    let mut adam = Adam::new([p.tied()], AdamOptions { lr: 0.1, ..Default::default() }).unwrap();
    let (mut x, mut m, mut v) = ([1.0, -2.0, 0.5], [0.0; 3], [0.0; 3]);
    for t in 1..=50 {
        adam.zero_grad();
        p.square().unwrap().sum().unwrap().backward().unwrap();
        adam.step().unwrap();
        for i in 0..3 {
            let g = 2.0 * x[i];
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            let (m, v) = (m[i] / (1.0 - 0.9f64.powi(t)), v[i] / (1.0 - 0.999f64.powi(t)));
            x[i] -= 0.1 * m / (v.sqrt() + 1e-8);
        }
    }
    for (got, expected) in p.to_vec::<f64>().unwrap().iter().zip(x) {
        assert!((got - expected).abs() < 1e-10, "{got} {expected}");
    }
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let one = || [Parameter::new(Tensor::ones([1]).unwrap()).unwrap()];
    let message = |e: Result<()>| e.unwrap_err().to_string();
    assert_eq!(message(Adam::new(one(), -1.0).map(drop)), "Adam: lr is -1, and must be a number of at least 0");
    assert!(Adam::new(one(), f64::NAN).is_err());
    assert!(Adam::new(one(), AdamOptions { betas: (1.0, 0.9), ..Default::default() }).is_err());
    assert!(SGD::new(one(), SGDOptions { nesterov: true, ..Default::default() }).is_err());
    assert!(SGD::new(one(), SGDOptions { weight_decay: -0.1, ..Default::default() }).is_err());
    assert!(message(SGD::new([], 0.1).map(drop)).contains("got no parameters"));
    let p = Parameter::new(Tensor::ones([1]).unwrap()).unwrap();
    assert!(message(SGD::new([p.tied(), p.tied()], 0.1).map(drop)).contains("is given twice"));
    let mut sgd = SGD::new([p.tied()], 0.1).unwrap();
    assert!(sgd.add_group([p], 0.2).is_err());
    assert!(OneCycleLR { max_lr: 0.0, ..Default::default() }.schedule(&mut sgd).is_err());
}

#[test]
fn parameters_without_gradients_stay_and_groups_have_their_own_rates() {
    let [a, b, c] = [1.0, 1.0, 1.0].map(|x| Parameter::new(Tensor::full([1], x).unwrap()).unwrap());
    let mut sgd = SGD::new([a.tied(), c.tied()], 0.5).unwrap();
    sgd.add_group([b.tied()], 0.25).unwrap();
    sgd.step().unwrap();
    a.add(&*b).unwrap().sum().unwrap().backward().unwrap();
    sgd.step().unwrap();
    assert_eq!([&a, &b, &c].map(|p| p.item::<f32>().unwrap()), [0.5, 0.75, 1.0]);
    sgd.set_lr(0.125);
    assert_eq!(sgd.lrs(), [0.125, 0.125]);
    sgd.zero_grad();
    assert!(a.grad().is_none() && b.grad().is_none());
}

#[test]
fn a_state_of_other_parameters_is_refused_and_changes_nothing() {
    let params = parameters();
    let mut adam = Adam::new(tied(&params), 0.01).unwrap();
    step(&params, &mut adam);
    let dict = adam.state_dict().unwrap();
    assert!(dict.contains("state.0.exp_avg") && dict.contains("state.1.step") && dict.contains("param_groups.0.lr"));
    let mut one = Adam::new(params[..1].iter().map(Parameter::tied), 0.5).unwrap();
    assert!(one.load_state_dict(&dict).unwrap_err().to_string().contains("the number of parameters is 1"));
    let mut swapped = Adam::new(params.iter().rev().map(Parameter::tied), 0.5).unwrap();
    assert!(swapped.load_state_dict(&dict).unwrap_err().to_string().contains("does not fit"));
    assert_eq!(swapped.lr(), 0.5);
    let mut strange = StateDict::new();
    strange.insert("weights", Tensor::ones([1]).unwrap());
    assert!(swapped.load_state_dict(&strange).is_err());
}

#[test]
fn a_schedule_moves_the_momentum_too() {
    let p = Parameter::new(Tensor::ones([1]).unwrap()).unwrap();
    let mut adam = Adam::new([p], 0.1).unwrap();
    let schedule = OneCycleLR { max_lr: 1.0, total_steps: 10, ..Default::default() };
    let mut scheduler = schedule.schedule(&mut adam).unwrap();
    assert_eq!(adam.groups()[0].options.betas.0, 0.95);
    scheduler.step(&mut adam);
    scheduler.step(&mut adam);
    assert!((adam.groups()[0].options.betas.0 - 0.85).abs() < 1e-12 && (adam.lr() - 1.0).abs() < 1e-12);
}

#[test]
fn gradients_are_clipped_to_the_norm() -> Result<()> {
    let _alone = COUNTED.lock().unwrap();
    let [a, b] = [3.0f32, 4.0].map(|g| {
        let p = Parameter::new(Tensor::ones([1]).unwrap()).unwrap();
        p.set_grad(Some(Tensor::full([1], g).unwrap()));
        p
    });
    let before = memory_stats().cow_copies;
    assert_eq!(clip_grad_norm_([&a, &b], 1.0, 2.0)?.item::<f32>()?, 5.0);
    assert_eq!(memory_stats().cow_copies, before);
    assert!(
        (a.grad().unwrap().item::<f64>()? - 0.6).abs() < 1e-6 && (b.grad().unwrap().item::<f64>()? - 0.8).abs() < 1e-6
    );
    // Below the bound nothing changes.
    let g = a.grad().unwrap().to_bytes()?;
    clip_grad_norm_([&a, &b], 10.0, f64::INFINITY)?;
    assert_eq!(a.grad().unwrap().to_bytes()?, g);
    clip_grad_value_([&a, &b], 0.7)?;
    assert!((b.grad().unwrap().item::<f64>()? - 0.7).abs() < 1e-6);
    assert_eq!(memory_stats().cow_copies, before);
    // Norms of other types, in one piece and in two steps; and what is not finite.
    let tensors = [Tensor::full([2], 3.0)?, Tensor::full([1], -4.0)?];
    for (norm_type, expected) in [(1.0, 10.0), (f64::INFINITY, 4.0), (3.0, 118f64.cbrt())] {
        assert!((get_total_norm(&tensors, norm_type)?.item::<f64>()? - expected).abs() < 1e-5, "{norm_type}");
    }
    clip_grads_with_norm_([&a], 1.0, &Tensor::full((), 2.0)?)?;
    assert!((a.grad().unwrap().item::<f64>()? - 0.3).abs() < 1e-6);
    let checked = ClipNorm { error_if_nonfinite: true, ..Default::default() };
    a.set_grad(Some(Tensor::full([1], f64::NAN)?));
    let why = clip_grad_norm_([&a, &b], 1.0, checked).unwrap_err().to_string();
    assert!(why.contains("clip_grad_norm_") && why.contains("NaN"), "{why}");
    assert!((b.grad().unwrap().item::<f64>()? - 0.7).abs() < 1e-6, "an error changes nothing");
    clip_grad_norm_([&a, &b], 1.0, 2.0)?;
    assert!(b.grad().unwrap().item::<f64>()?.is_nan());
    assert!(clip_grad_norm_([&a], -1.0, 2.0).is_err() && clip_grad_value_([&a], f64::NAN).is_err());
    Ok(())
}

/// An optimizer of a user: written here, saved for free.
#[derive(Clone, Debug)]
struct SignDescent {
    lr: f64,
}

impl Rule for SignDescent {
    optim::settings!("SignDescent", lr);

    fn update(&self, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
        let [m] = state.slots(["m"], || g.zeros_like())?;
        m.mul_(0.5)?.add_(g)?;
        p.sub_(&m.sign()?.mul(self.lr)?).map(drop)
    }
}

#[test]
fn a_rule_of_ones_own_steps_and_saves() {
    let p = Parameter::new(Tensor::from_slice(&[1.0f64, -1.0], [2]).unwrap()).unwrap();
    let mut mine = Optim::<SignDescent>::new([p.tied()], SignDescent { lr: 0.25 }).unwrap();
    p.square().unwrap().sum().unwrap().backward().unwrap();
    mine.step().unwrap();
    assert_eq!(p.to_vec::<f64>().unwrap(), [0.75, -0.75]);
    let dict = mine.state_dict().unwrap();
    assert_eq!(dict.get("state.0.m").unwrap().dtype(), DType::F64);
    let mut other = Optim::<SignDescent>::new([p.tied()], SignDescent { lr: 9.0 }).unwrap();
    other.load_state_dict(&dict).unwrap();
    assert_eq!(other.lr(), 0.25);
    assert!(mine.state_dict().unwrap().get("state.0.step").unwrap().item::<i64>().unwrap() == 1);
}
