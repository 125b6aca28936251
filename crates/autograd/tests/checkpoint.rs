//! Parts that keep nothing: the same gradients, bit for bit, from less memory.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{Backward, GradOptions, Parameter, checkpoint, grad};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tensor_core::{Result, Tensor, manual_seed, memory_stats, reset_peak};

/// The peak is one for the process.
static MEASURED: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    MEASURED.lock().unwrap_or_else(PoisonError::into_inner)
}

const LAYERS: usize = 12;
const WIDTH: usize = 64;

fn weights() -> Vec<Parameter> {
    manual_seed(1);
    (0..LAYERS).map(|_| Parameter::new(Tensor::randn([WIDTH, WIDTH]).unwrap().mul(0.1).unwrap()).unwrap()).collect()
}

/// A layer with several results that backward would need.
fn layer(weight: &Parameter, x: &Tensor) -> Result<Tensor> {
    let y = x.matmul(weight)?.tanh()?;
    y.mul(&y.sigmoid()?)?.dropout(0.3)?.add(x)
}

fn forward(weights: &[Parameter], x: &Tensor, recompute: bool) -> Result<Tensor> {
    let mut x = x.clone();
    for weight in weights {
        x = if recompute {
            let weight = weight.tied();
            checkpoint(move |v| Ok(vec![layer(&weight, &v[0])?]), &[&x])?.remove(0)
        } else {
            layer(weight, &x)?
        };
    }
    x.square()?.mean()
}

/// The loss, the gradients of the weights and of the input, and the peak over what was there before.
fn run(recompute: bool) -> Result<(f32, Vec<Vec<f32>>, usize)> {
    let weights = weights();
    let x = Tensor::randn([512, WIDTH])?.requires_grad_(true);
    manual_seed(2);
    let before = memory_stats().bytes;
    reset_peak();
    let loss = forward(&weights, &x, recompute)?;
    loss.backward()?;
    let peak = memory_stats().peak_bytes - before;
    let grads = weights.iter().map(|w| w.grad()).chain([x.grad()]);
    Ok((loss.item()?, grads.map(|g| g.unwrap().to_vec().unwrap()).collect(), peak))
}

#[test]
fn twelve_layers_with_dropout_in_half_the_memory() -> Result<()> {
    let _alone = alone();
    let (plain, again) = (run(false)?, run(true)?);
    assert_eq!(plain.0.to_bits(), again.0.to_bits());
    assert_eq!(plain.1, again.1);
    assert!(again.2 * 2 <= plain.2, "{} bytes with recomputation, {} without", again.2, plain.2);
    Ok(())
}

#[test]
fn grad_reaches_inputs_and_held_parameters() -> Result<()> {
    let _alone = alone();
    let gradients = |recompute: bool| -> Result<Vec<Vec<f32>>> {
        let weights = weights();
        let x = Tensor::randn([8, WIDTH])?.requires_grad_(true);
        manual_seed(3);
        let loss = forward(&weights, &x, recompute)?;
        let all: Vec<&Tensor> = weights.iter().map(|w| &**w).chain([&x]).collect();
        let found = grad(&[&loss], &all, GradOptions::default())?;
        assert!(weights.iter().all(|w| w.grad().is_none()));
        found.iter().map(Tensor::to_vec).collect()
    };
    assert_eq!(gradients(false)?, gradients(true)?);
    Ok(())
}

#[test]
fn second_derivatives() -> Result<()> {
    let _alone = alone();
    let second = |recompute: bool| -> Result<Vec<Vec<f32>>> {
        let weights = weights();
        let x = Tensor::randn([4, WIDTH])?.requires_grad_(true);
        manual_seed(4);
        let loss = forward(&weights[..3], &x, recompute)?;
        let create = GradOptions { create_graph: true, ..Default::default() };
        let slope = grad(&[&loss], &[&x], create)?.remove(0);
        let all: Vec<&Tensor> = weights[..3].iter().map(|w| &**w).chain([&x]).collect();
        let found = grad(&[&slope.square()?.sum()?], &all, GradOptions::default())?;
        found.iter().map(Tensor::to_vec).collect()
    };
    for (a, b) in second(false)?.iter().flatten().zip(second(true)?.iter().flatten()) {
        assert!((a - b).abs() <= 1e-6 + 1e-4 * a.abs(), "{a} {b}");
    }
    Ok(())
}

#[test]
fn parts_within_parts_and_results_from_outside() -> Result<()> {
    let _alone = alone();
    let x = Tensor::from_slice(&[0.5f32, -1.0], [2])?.requires_grad_(true);
    let outside = x.mul(3.0)?;
    let held = outside.clone();
    let y = checkpoint(
        move |v| {
            let held = held.clone();
            let inner = checkpoint(move |w| Ok(vec![w[0].exp()?.mul(&held)?]), &[&v[0]])?.remove(0);
            Ok(vec![inner.sin()?, v[0].detach()])
        },
        &[&x],
    )?;
    assert!(y[0].requires_grad());
    y[0].sum()?.backward()?;
    let expected = {
        let x = x.detach().requires_grad_(true);
        x.exp()?.mul(&x.mul(3.0)?)?.sin()?.sum()?.backward()?;
        x.grad().unwrap()
    };
    assert!(x.grad().unwrap().allclose(&expected, 1e-5, 1e-6, false)?);
    Ok(())
}

#[test]
fn more_than_thirty_two_held_parameters() -> Result<()> {
    let _alone = alone();
    let many: Vec<Parameter> =
        (0..40).map(|i| Parameter::new(Tensor::full([2], f64::from(i)).unwrap()).unwrap()).collect();
    let held: Vec<Parameter> = many.iter().map(Parameter::tied).collect();
    let x = Tensor::ones([2])?;
    let sum = checkpoint(
        move |v| {
            let mut y = v[0].clone();
            for p in &held {
                y = y.add(&**p)?;
            }
            Ok(vec![y])
        },
        &[&x],
    )?;
    sum[0].sum()?.backward()?;
    assert!(many.iter().all(|p| p.grad().unwrap().to_vec::<f32>().unwrap() == [1.0, 1.0]));
    Ok(())
}
