//! Gradients by hand: values, order of accumulation, broadcasting, sharing, inputs that are results.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{Backward, BackwardOptions, GradOptions, backward_many, grad};
use std::sync::{Arc, Mutex};
use tensor_core::{DType, Result, Tensor, no_grad};

fn leaf(values: &[f64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape).unwrap().requires_grad_(true)
}

fn values(t: &Tensor) -> Vec<f64> {
    t.to_vec::<f64>().unwrap()
}

fn grad_of(t: &Tensor) -> Vec<f64> {
    values(&t.grad().unwrap())
}

#[test]
fn a_sum_of_squares() -> Result<()> {
    let x = leaf(&[1.0, -2.0, 3.0], &[3]);
    x.square()?.sum()?.backward()?;
    assert_eq!(grad_of(&x), [2.0, -4.0, 6.0]);
    Ok(())
}

#[test]
fn gradients_add_up_until_they_are_cleared() -> Result<()> {
    let x = leaf(&[1.0, 2.0], &[2]);
    for _ in 0..3 {
        x.mul(2.0)?.sum()?.backward()?;
    }
    assert_eq!(grad_of(&x), [6.0, 6.0]);
    x.set_grad(None);
    x.mul(2.0)?.sum()?.backward()?;
    assert_eq!(grad_of(&x), [2.0, 2.0]);
    Ok(())
}

#[test]
fn a_gradient_that_was_handed_out_does_not_change_later() -> Result<()> {
    let x = leaf(&[1.0, 2.0], &[2]);
    x.mul(2.0)?.sum()?.backward()?;
    let seen = x.grad().unwrap();
    x.mul(5.0)?.sum()?.backward()?;
    assert_eq!((values(&seen), grad_of(&x)), (vec![2.0, 2.0], vec![7.0, 7.0]));
    Ok(())
}

#[test]
fn broadcasting_is_summed_back() -> Result<()> {
    let x = leaf(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]);
    let row = leaf(&[1.0, 10.0, 100.0], &[3]);
    let column = leaf(&[2.0, 3.0], &[2, 1]);
    let number = leaf(&[7.0], &[]);
    let y = x.mul(&row)?.mul(&column)?.mul(&number)?;
    assert_eq!(y.shape(), [2, 3]);
    y.sum()?.backward()?;
    assert_eq!(grad_of(&number), [2.0 * 321.0 + 3.0 * 654.0]);
    assert_eq!(grad_of(&column), [7.0 * 321.0, 7.0 * 654.0]);
    assert_eq!(grad_of(&row), [7.0 * 14.0, 7.0 * 19.0, 7.0 * 24.0]);
    assert_eq!(x.grad().unwrap().shape(), [2, 3]);
    assert_eq!((row.grad().unwrap().shape(), number.grad().unwrap().dim()), (&[3][..], 0));
    Ok(())
}

#[test]
fn promotion_is_undone() -> Result<()> {
    let half = Tensor::from_slice(&[1.5f32, 2.0], [2])?.to_dtype(DType::F16)?.requires_grad_(true);
    let wide = leaf(&[3.0, 4.0], &[2]);
    half.mul(&wide)?.sum()?.backward()?;
    let g = half.grad().unwrap();
    assert_eq!((g.dtype(), g.to_vec::<f64>()?), (DType::F16, vec![3.0, 4.0]));
    assert_eq!(wide.grad().unwrap().dtype(), DType::F64);
    Ok(())
}

#[test]
fn shared_parts_are_walked_once() -> Result<()> {
    // A tower of 60 doublings: 2^60 paths, 60 operations.
    let x = leaf(&[1.0], &[1]);
    let mut y = x.clone();
    for _ in 0..60 {
        y = y.add(&y)?;
    }
    y.backward()?;
    assert_eq!(grad_of(&x), [2f64.powi(60)]);
    Ok(())
}

#[test]
fn grad_is_backward_without_traces() -> Result<()> {
    let (x, w) = (leaf(&[1.0, 2.0], &[1, 2]), leaf(&[0.5, -1.0, 2.0, 3.0], &[2, 2]));
    let loss = || x.matmul(&w)?.tanh()?.sum();
    let grads = grad(&[&loss()?], &[&w, &x], GradOptions::default())?;
    assert!(x.grad().is_none() && w.grad().is_none());
    loss()?.backward()?;
    assert_eq!((values(&grads[0]), values(&grads[1])), (grad_of(&w), grad_of(&x)));
    Ok(())
}

#[test]
fn gradients_of_results_between() -> Result<()> {
    let x = leaf(&[2.0], &[1]);
    let a = x.square()?; // 4
    let b = a.mul(3.0)?; // 12
    let y = b.square()?.add(&a)?;
    let grads = grad(&[&y], &[&b, &a, &x, &y, &a], GradOptions::default())?;
    let grads: Vec<f64> = grads.iter().map(|g| g.item::<f64>().unwrap()).collect();
    assert_eq!(grads, [24.0, 73.0, 292.0, 1.0, 73.0]);
    Ok(())
}

#[test]
fn several_outputs_enter_at_once() -> Result<()> {
    let x = leaf(&[2.0, 3.0], &[2]);
    let (a, b) = (x.square()?, x.mul(10.0)?);
    let (ga, gb) = (Tensor::from_slice(&[1.0f64, 0.0], [2])?, Tensor::from_slice(&[0.0f64, 1.0], [2])?);
    backward_many(&[&a, &b], &[Some(&ga), Some(&gb)], BackwardOptions::default())?;
    assert_eq!(grad_of(&x), [4.0, 10.0]);
    let (a, b) = (x.square()?, x.mul(10.0)?);
    let both = grad(&[&a, &b], &[&x], GradOptions { grad_outputs: &[&ga, &gb], ..Default::default() })?;
    assert_eq!(values(&both[0]), [4.0, 10.0]);
    Ok(())
}

#[test]
fn only_named_leaves_collect() -> Result<()> {
    let (a, b) = (leaf(&[2.0], &[1]), leaf(&[3.0], &[1]));
    a.mul(&b)?.backward_with(None, BackwardOptions { inputs: &[&a], ..Default::default() })?;
    assert_eq!(grad_of(&a), [3.0]);
    assert!(b.grad().is_none());
    Ok(())
}

#[test]
fn frozen_leaves_take_nothing() -> Result<()> {
    let (a, b) = (leaf(&[2.0], &[1]), leaf(&[3.0], &[1]));
    let y = a.mul(&b)?;
    let b = b.requires_grad_(false); // after it was recorded
    y.backward()?;
    assert_eq!(grad_of(&a), [3.0]);
    assert!(b.grad().is_none() && !b.requires_grad());
    Ok(())
}

#[test]
fn kept_values_survive_later_changes() -> Result<()> {
    let x = leaf(&[1.0, 2.0], &[2]);
    let mut h = x.mul(3.0)?;
    let y = h.square()?; // reads h
    h.zero_()?; // a copy: y's rule still sees 3, 6
    assert_eq!(values(&h), [0.0, 0.0]);
    y.sum()?.backward()?;
    assert_eq!(grad_of(&x), [18.0, 36.0]);

    let mut w = Tensor::from_slice(&[5.0f64, 7.0], [2])?;
    let y = x.mul(&w)?;
    w.fill_(0.0)?;
    x.set_grad(None);
    y.sum()?.backward()?;
    assert_eq!(grad_of(&x), [5.0, 7.0]);
    Ok(())
}

#[test]
fn in_place_operations_are_differentiated() -> Result<()> {
    let x = leaf(&[1.0, 2.0], &[2]);
    let mut y = x.mul(2.0)?;
    y.mul_(&x)?.add_(1.0)?.square_()?; // (2 x^2 + 1)^2
    assert_eq!(values(&y), [9.0, 81.0]);
    y.sum()?.backward()?;
    assert_eq!(grad_of(&x), [24.0, 144.0]); // 2 (2 x^2 + 1) 4 x
    Ok(())
}

#[test]
fn what_is_not_recorded_has_no_gradient() -> Result<()> {
    let x = leaf(&[2.0], &[1]);
    let constant = {
        let _guard = no_grad();
        x.square()?
    };
    x.mul(&constant)?.mul(&x.detach())?.backward()?;
    assert_eq!(grad_of(&x), [8.0]);
    Ok(())
}

#[test]
fn a_leaf_is_its_own_gradient() -> Result<()> {
    let x = leaf(&[2.0], &[1]);
    x.backward()?;
    assert_eq!(grad_of(&x), [1.0]);
    Ok(())
}

#[test]
fn the_gradient_of_a_sum_is_row_major() -> Result<()> {
    // Not the broadcast view that the rule makes: an optimizer would read it with strides for ever.
    let x = leaf(&[1.0, 2.0, 3.0, 4.0], &[2, 2]);
    x.sum()?.backward()?;
    assert!(x.grad().unwrap().is_contiguous());
    let w = leaf(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2]);
    let input = Tensor::from_slice(&[1.0f64, 2.0], [1, 2])?;
    input.matmul(&w.t()?)?.sum()?.backward()?;
    assert!(w.grad().unwrap().is_contiguous());
    assert_eq!(grad_of(&w), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    Ok(())
}

#[test]
fn empty_tensors_have_empty_gradients() -> Result<()> {
    let x = leaf(&[], &[0, 3]);
    x.exp()?.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().shape(), [0, 3]);
    let b = leaf(&[1.0, 2.0, 3.0], &[3]);
    x.detach().add(&b)?.sum()?.backward()?;
    assert_eq!(grad_of(&b), [0.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn results_retain_their_gradient_when_asked() -> Result<()> {
    let x = leaf(&[3.0], &[1]);
    let (a, b) = (x.square()?, x.mul(2.0)?);
    a.retain_grad()?;
    a.mul(&b)?.add(&a)?.backward()?;
    assert_eq!(grad_of(&a), [7.0]);
    assert!(b.grad().is_none());
    Ok(())
}

#[test]
fn hooks_see_the_complete_gradient_and_may_replace_it() -> Result<()> {
    let x = leaf(&[3.0], &[1]);
    let a = x.mul(2.0)?;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let on_a = a.register_hook(move |g| {
        log.lock().unwrap().push(g.item::<f64>()?);
        g.mul(10.0).map(Some)
    })?;
    let y = a.add(&a)?; // two paths, one call
    let again = BackwardOptions { retain_graph: Some(true), ..Default::default() };
    y.backward_with(None, again)?;
    assert_eq!((seen.lock().unwrap().clone(), grad_of(&x)), (vec![2.0], vec![40.0]));
    on_a.remove();
    x.set_grad(None);
    x.register_hook(|_| Tensor::ones([2]).map(Some))?;
    let e = y.backward().unwrap_err().to_string();
    assert!(e.contains("the hook gave a gradient of another shape or dtype"), "{e}");
    assert_eq!(seen.lock().unwrap().len(), 1);
    Ok(())
}
