//! Rows on optimizers: each against its formula over a hundred steps, and one written from outside.
use flambeau::{
    optim::{self, Optim, Rule, State},
    prelude::*,
};

const STEPS: usize = 100;

/// The gradient of every step, for one parameter.
fn gradient(step: usize) -> f64 {
    (step as f64 * 0.7).sin() + 0.1
}

/// Where an optimizer goes in a hundred steps, against where its formula goes.
fn same_way(mut optimizer: impl Optimizer, p: &Parameter, mut formula: impl FnMut(f64, f64, f64) -> f64) {
    let mut expected = 1.0;
    for step in 1..=STEPS {
        let g = gradient(step);
        p.set_grad(Some(Tensor::from_slice(&[g], [1]).unwrap()));
        optimizer.step().unwrap();
        expected = formula(expected, g, step as f64);
        let got = p.to_vec::<f64>().unwrap()[0];
        assert!((got - expected).abs() <= 1e-6 * expected.abs().max(1.0), "step {step}: {got} is not {expected}");
    }
}

fn one() -> Parameter {
    Parameter::new(Tensor::from_slice(&[1.0f64], [1]).unwrap()).unwrap()
}

#[test]
fn guide_086_adadelta() {
    let p = one();
    let (mut v, mut u) = (0.0f64, 0.0f64);
    same_way(optim::Adadelta::new([p.tied()], 1.0).unwrap(), &p, |p, g, _| {
        v = 0.9 * v + 0.1 * g * g;
        let d = (u + 1e-6f64).sqrt() / (v + 1e-6f64).sqrt() * g;
        u = 0.9 * u + 0.1 * d * d;
        p - d
    });
}

#[test]
fn guide_087_adagrad() {
    let p = one();
    let mut sum = 0.0f64;
    same_way(optim::Adagrad::new([p.tied()], 0.1).unwrap(), &p, |p, g, _| {
        sum += g * g;
        p - 0.1 * g / (f64::sqrt(sum) + 1e-10)
    });
}

#[test]
fn guide_088_rmsprop() {
    let p = one();
    let options = optim::RMSpropOptions { lr: 0.01, centered: true, momentum: 0.9, ..Default::default() };
    let (mut v, mut mean, mut b) = (0.0f64, 0.0f64, 0.0f64);
    same_way(optim::RMSprop::new([p.tied()], options).unwrap(), &p, |p, g, _| {
        v = 0.99 * v + 0.01 * g * g;
        mean = 0.99 * mean + 0.01 * g;
        b = 0.9 * b + g / (f64::sqrt(v - mean * mean) + 1e-8);
        p - 0.01 * b
    });
}

#[test]
fn guide_089_adam() {
    let p = one();
    let options = AdamOptions { lr: 0.01, betas: (0.9, 0.999), amsgrad: true, weight_decay: 0.1, ..Default::default() };
    let (mut m, mut v, mut most) = (0.0f64, 0.0f64, 0.0f64);
    same_way(Adam::new([p.tied()], options).unwrap(), &p, |p, g, t| {
        let g = g + 0.1 * p;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        most = most.max(v);
        let root = (most / (1.0 - 0.999f64.powf(t))).sqrt() + 1e-8;
        p - 0.01 * m / (1.0 - 0.9f64.powf(t)) / root
    });
    let error = Adam::new([one()], -0.01).err().unwrap().to_string();
    assert!(error.contains("lr is -0.01"), "{error}");
}

#[test]
fn guide_090_zero_grad_and_step() {
    let p = one();
    let mut optimizer = SGD::new([p.tied()], 0.5).unwrap();
    optimizer.zero_grad();
    p.square().unwrap().sum().unwrap().backward().unwrap();
    optimizer.step().unwrap();
    assert_eq!(p.to_vec::<f64>().unwrap(), [0.0]);
    optimizer.zero_grad();
    assert!(p.grad().is_none());
    // Without gradients nothing happens.
    optimizer.step().unwrap();
    assert_eq!(p.to_vec::<f64>().unwrap(), [0.0]);
}

#[test]
fn guide_091_all_others_of_pytorch() {
    let names = ["AdamW", "SGD", "NAdam", "RAdam", "Adamax", "ASGD", "Rprop", "Adafactor", "Muon"];
    for name in names {
        let p = Parameter::new(Tensor::ones([2, 2]).unwrap()).unwrap();
        let mut optimizer = optim::by_name(name, [p.tied()], 0.01).unwrap();
        for _ in 0..20 {
            optimizer.zero_grad();
            p.square().unwrap().sum().unwrap().backward().unwrap();
            optimizer.step().unwrap();
        }
        assert!(p.square().unwrap().sum().unwrap().item::<f64>().unwrap() < 4.0, "{name} does not go down");
    }
}

#[test]
fn guide_092_the_packages_that_people_add() {
    assert!(optim::names().iter().filter(|name| name.contains('.')).count() >= 100);
    for name in ["lamb", "lion", "adabelief", "ranger", "prodigy", "schedulefreeadamw", "torch_optimizer.diffgrad"] {
        assert!(optim::by_name(name, [one()], 0.1).is_ok(), "{name}");
    }
}

/// Lion, as a user writes it.
#[derive(Clone, Debug)]
struct Lion {
    lr: f64,
    betas: (f64, f64),
}

impl Rule for Lion {
    optim::settings!("Lion", lr, betas);

    fn update(&self, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
        let [m] = state.slots(["exp_avg"], || g.zeros_like())?;
        let c = m.mul(self.betas.0)?.add(&g.mul(1.0 - self.betas.0)?)?;
        p.sub_(&c.sign()?.mul(self.lr)?)?;
        m.mul_(self.betas.1)?.add_(&g.mul(1.0 - self.betas.1)?)?;
        Ok(())
    }
}

#[test]
fn guide_093_an_optimizer_of_ones_own() {
    let (p, q) = (one(), one());
    let lion = Lion { lr: 0.01, betas: (0.9, 0.99) };
    let mut mine = Optim::<Lion>::new([p.tied()], lion.clone()).unwrap();
    let mut theirs = optim::by_name("pytorch_optimizer.Lion", [q.tied()], 0.01).unwrap();
    for step in 0..20 {
        for p in [&p, &q] {
            p.set_grad(Some(Tensor::from_slice(&[gradient(step)], [1]).unwrap()));
        }
        mine.step().unwrap();
        theirs.step().unwrap();
    }
    assert!((p.to_vec::<f64>().unwrap()[0] - q.to_vec::<f64>().unwrap()[0]).abs() < 1e-12);
    // Saved, loaded and checked without another line.
    let mut resumed = Optim::<Lion>::new([p.tied()], Lion { lr: 1.0, ..lion.clone() }).unwrap();
    resumed.load_state_dict(&mine.state_dict().unwrap()).unwrap();
    assert_eq!(resumed.lr(), 0.01);
    assert!(Optim::<Lion>::new([p.tied()], Lion { betas: (1.0, 0.99), ..lion }).is_err());
}
