//! Derivatives of derivatives, and which records survive a walk.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{Backward, BackwardOptions, GradOptions, grad};
use tensor_core::{Result, Tensor};

fn leaf(values: &[f64]) -> Tensor {
    Tensor::from_slice(values, [values.len()]).unwrap().requires_grad_(true)
}

const CREATE: GradOptions<'static> =
    GradOptions { grad_outputs: &[], create_graph: true, retain_graph: None, allow_unused: false };

fn derivative(y: &Tensor, x: &Tensor) -> Result<Tensor> {
    Ok(grad(&[&y.sum()?], &[x], CREATE)?.remove(0))
}

#[test]
fn third_derivatives() -> Result<()> {
    let x = leaf(&[0.5, -1.25, 2.0]);
    let third = derivative(&derivative(&derivative(&x.pow(5.0)?, &x)?, &x)?, &x)?;
    let expected: Vec<f64> = x.to_vec::<f64>()?.iter().map(|x| 60.0 * x * x).collect();
    for (got, want) in third.to_vec::<f64>()?.iter().zip(&expected) {
        assert!((got - want).abs() < 1e-12 * want.abs(), "{got} {want}");
    }
    // sin: three derivatives are -cos; a product and a quotient on the way.
    let y = x.sin()?.mul(&x)?.div(&x)?;
    let third = derivative(&derivative(&derivative(&y, &x)?, &x)?, &x)?;
    for (got, x) in third.to_vec::<f64>()?.iter().zip(x.to_vec::<f64>()?) {
        assert!((got + x.cos()).abs() < 1e-9, "{got} {}", -x.cos());
    }
    Ok(())
}

#[test]
fn kept_outputs_are_differentiated_again() -> Result<()> {
    // The rule of exp reads its output, which must lead back to x.
    let x = leaf(&[0.3]);
    let mut y = x.exp()?;
    for _ in 0..4 {
        y = derivative(&y, &x)?;
    }
    assert!((y.item::<f64>()? - 0.3f64.exp()).abs() < 1e-12);
    Ok(())
}

#[test]
fn a_hessian() -> Result<()> {
    // f = a^2 b: [[2 b, 2 a], [2 a, 0]]
    let (a, b) = (leaf(&[3.0]), leaf(&[5.0]));
    let first = grad(&[&a.square()?.mul(&b)?], &[&a, &b], CREATE)?;
    let unused = GradOptions { allow_unused: true, ..CREATE };
    let row =
        |y: &Tensor| -> Result<Vec<f64>> { grad(&[y], &[&a, &b], unused)?.iter().map(|g| g.item::<f64>()).collect() };
    assert_eq!(row(&first[0])?, [10.0, 6.0]);
    assert_eq!(row(&first[1])?, [6.0, 0.0]);
    Ok(())
}

#[test]
fn gradients_are_plain_values_unless_asked_for() -> Result<()> {
    let x = leaf(&[2.0]);
    let y = x.pow(3.0)?;
    assert!(!grad(&[&y], &[&x], GradOptions { retain_graph: Some(true), ..Default::default() })?[0].requires_grad());
    assert!(grad(&[&y], &[&x], CREATE)?[0].requires_grad());
    Ok(())
}

#[test]
fn a_gradient_penalty_trains() -> Result<()> {
    // backward through a gradient: d/dx (dy/dx)^2 with y = x^3 is 2 (3 x^2) 6 x = 36 x^3
    let x = leaf(&[2.0]);
    let g = derivative(&x.pow(3.0)?, &x)?;
    g.square()?.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().item::<f64>()?, 288.0);
    Ok(())
}

#[test]
fn backward_with_create_graph_leaves_a_recorded_gradient() -> Result<()> {
    let x = leaf(&[2.0]);
    x.pow(3.0)?.backward_with(None, BackwardOptions { create_graph: true, ..Default::default() })?;
    let first = x.grad().unwrap();
    x.set_grad(None); // the gradient holds the leaf: cut the circle
    assert_eq!(derivative(&first, &x)?.item::<f64>()?, 12.0);
    Ok(())
}

#[test]
fn retained_records_are_walked_again_and_released_ones_are_not() -> Result<()> {
    let x = leaf(&[2.0]);
    let y = x.exp()?;
    y.backward_with(None, BackwardOptions { retain_graph: Some(true), ..Default::default() })?;
    y.backward()?;
    let e = y.backward().unwrap_err();
    assert_eq!(
        e.to_string(),
        "backward: the values that exp kept were released by an earlier backward; compute the result again, or pass \
         retain_graph: Some(true) to the first backward"
    );
    // An operation whose rule reads nothing has nothing to lose, as in PyTorch.
    let z = x.add(1.0)?;
    z.backward()?;
    z.backward()?;
    Ok(())
}
