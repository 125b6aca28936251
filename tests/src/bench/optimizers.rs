//! Optimizer steps over twenty layers of three parameters, ten million numbers in all.
use super::{Call, Row};
use flambeau::prelude::*;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "optim_sgd_10m",
        setup: || step(|ps| SGD::new(ps, SGDOptions { lr: 1e-3, momentum: 0.9, ..Default::default() })),
    },
    Row { name: "optim_adam_10m", setup: || step(|ps| Adam::new(ps, 1e-3)) },
    Row { name: "optim_adamw_10m", setup: || step(|ps| AdamW::new(ps, 1e-3)) },
    Row { name: "optim_adafactor_10m", setup: || step(|ps| optim::Adafactor::new(ps, 1e-2)) },
    Row { name: "optim_lamb_10m", setup: || step(|ps| optim::extra::Lamb::new(ps, 1e-3)) },
    Row { name: "optim_muon_10m", setup: || step_of(&[&[600, 800]], |ps| optim::Muon::new(ps, 1e-3)) },
];

fn step<O: Optimizer + 'static>(make: fn(Vec<Parameter>) -> Result<O>) -> Result<Call> {
    step_of(&[&[600, 800], &[800], &[25]], make)
}

fn step_of<O: Optimizer + 'static>(shapes: &[&[usize]], make: fn(Vec<Parameter>) -> Result<O>) -> Result<Call> {
    let mut parameters = Vec::new();
    for _ in 0..20 {
        for shape in shapes {
            let p = Parameter::new(Tensor::randn(*shape)?)?;
            p.set_grad(Some(Tensor::randn(shape)?));
            parameters.push(p);
        }
    }
    let mut optimizer = make(parameters)?;
    Ok(Box::new(move || optimizer.step()))
}
