//! Parameters and buffers: handles, copies, conversion, and steps in place.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{Backward, Buffer, Parameter, grad};
use tensor_core::{DType, Result, Tensor, no_grad};

fn parameter(values: &[f32]) -> Parameter {
    Parameter::new(Tensor::from_slice(values, [values.len()]).unwrap()).unwrap()
}

fn values(t: &Tensor) -> Vec<f32> {
    t.to_vec::<f32>().unwrap()
}

#[test]
fn tied_handles_are_one_parameter_and_clones_are_not() -> Result<()> {
    let w = parameter(&[1.0, 2.0]);
    w.set_name("w");
    let (tied, copy) = (w.tied(), w.clone());
    tied.set_name("tied");
    tied.update(|t| t.fill_(5.0).map(|_| ()))?;
    assert_eq!((values(&w), values(&copy)), (vec![5.0, 5.0], vec![1.0, 2.0]));
    assert_eq!((&*w.name(), &*copy.name()), ("tied", "w"));
    assert!(w.is_tied_to(&tied) && !w.is_tied_to(&copy));
    w.mul(&copy)?.sum()?.backward()?;
    assert_eq!(values(&tied.grad().unwrap()), [1.0, 2.0]);
    assert_eq!(values(&copy.grad().unwrap()), [5.0, 5.0]);
    Ok(())
}

#[test]
fn a_parameter_is_a_tensor_wherever_one_is_taken() -> Result<()> {
    let w = parameter(&[1.0, 2.0]);
    let x = Tensor::from_slice(&[3.0f32, 4.0], [2])?;
    assert_eq!(values(&(&x * &w)?), [3.0, 8.0]);
    assert_eq!(values(&((&w + 1.0)? / &w)?), [2.0, 1.5]);
    assert_eq!(values(&(x.mul(2.0) - &w)?), [5.0, 6.0]);
    assert_eq!(values(&(2.0 - &w)?), [1.0, 0.0]);
    assert_eq!(values(&(-&w)?), [-1.0, -2.0]);
    assert_eq!(values(&(&w * &w)?), [1.0, 4.0]);
    assert_eq!(values(&x.add(&w)?), [4.0, 6.0]);
    assert_eq!(values(&x.maximum(&*w)?), [3.0, 4.0]);
    Ok(())
}

#[test]
fn a_graph_that_outlives_a_step_has_the_old_weights() -> Result<()> {
    let w = parameter(&[3.0]);
    let x = Tensor::from_slice(&[2.0f32], [1])?.requires_grad_(true);
    let y = (&x * &w)?;
    w.update(|t| t.fill_(100.0).map(|_| ()))?;
    y.backward()?;
    assert_eq!((values(&x.grad().unwrap()), values(&w)), (vec![3.0], vec![100.0]));
    Ok(())
}

#[test]
fn snapshots_keep_their_values() -> Result<()> {
    let w = parameter(&[1.0, 2.0]);
    let (snapshot, view) = (w.detach(), w.narrow(0, 1, 1)?);
    w.update(|t| t.mul_(10.0).map(|_| ()))?;
    assert_eq!((values(&snapshot), values(&view), values(&w)), (vec![1.0, 2.0], vec![2.0], vec![10.0, 20.0]));
    Ok(())
}

#[test]
fn frozen_parameters_are_constants() -> Result<()> {
    let (w, b) = (parameter(&[2.0]), parameter(&[1.0]));
    w.set_requires_grad(false);
    assert!(!w.requires_grad() && !w.tied().requires_grad() && !w.clone().requires_grad());
    let y = (&(&w * &w)? + &b)?;
    y.backward()?;
    assert!(w.grad().is_none() && b.grad().is_some());
    w.set_requires_grad(true);
    assert!((&w * 2.0)?.requires_grad());
    Ok(())
}

#[test]
fn conversion_reaches_every_handle() -> Result<()> {
    let w = parameter(&[1.5, 2.0]);
    let handle = w.tied();
    (&w * &w)?.sum()?.backward()?;
    w.to_dtype(DType::F64)?;
    assert_eq!((handle.dtype(), handle.grad().unwrap().dtype()), (DType::F64, DType::F64));
    // Gradients arrive in the new dtype, also through operations that promote.
    handle.zero_grad();
    let x = Tensor::from_slice(&[1.0f32, 1.0], [2])?;
    x.mul(&*w)?.sum()?.backward()?;
    assert_eq!(handle.grad().unwrap().dtype(), DType::F64);
    w.to_dtype(DType::F16)?;
    handle.zero_grad();
    w.mul(&x)?.sum()?.backward()?;
    assert_eq!(handle.grad().unwrap().dtype(), DType::F16);
    assert!(w.to_dtype(DType::I64).is_err());
    assert_eq!(values(&w), [1.5, 2.0]);
    Ok(())
}

#[test]
fn loaded_values_take_the_dtype_that_is_there() -> Result<()> {
    let w = parameter(&[1.0, 2.0]);
    w.replace(&Tensor::from_slice(&[0.5f64, 0.25], [2])?)?;
    assert_eq!((w.dtype(), values(&w)), (DType::F32, vec![0.5, 0.25]));
    Ok(())
}

#[test]
fn updates_that_assign_or_promote_arrive_too() -> Result<()> {
    let w = parameter(&[1.0, 2.0]);
    w.update(|t| {
        *t = t.mul(3.0)?;
        Ok(())
    })?;
    assert_eq!(values(&w), [3.0, 6.0]);
    let wide = Tensor::from_slice(&[0.5f64, 0.5], [2])?;
    w.update(|t| t.add_(&wide).map(|_| ()))?;
    assert_eq!((w.dtype(), values(&w)), (DType::F32, vec![3.5, 6.5]));
    let _guard = no_grad();
    w.live().zero_()?;
    assert_eq!(values(&w), [0.0, 0.0]);
    Ok(())
}

#[test]
fn buffers_are_remembered_not_trained() -> Result<()> {
    let count = Buffer::new(Tensor::from_slice(&[0i64], ())?)?;
    let handle = count.tied();
    count.update(|t| t.add_(1).map(|_| ()))?;
    assert_eq!(handle.item::<i64>()?, 1);
    let copy = count.clone();
    count.update(|t| t.add_(1).map(|_| ()))?;
    assert_eq!((copy.item::<i64>()?, handle.item::<i64>()?), (1, 2));
    let mean = Buffer::new(Tensor::ones([2])?)?;
    assert!(!mean.requires_grad() && !mean.mul(2.0)?.requires_grad());
    mean.to_dtype(DType::F64)?;
    assert_eq!(mean.dtype(), DType::F64);
    Ok(())
}

#[test]
fn debug_is_one_line() {
    let w = parameter(&[1.0, 2.0]);
    assert_eq!(format!("{w:?}"), "Parameter(f32[2])");
    w.set_name("lin1.bias");
    assert_eq!(format!("{w:?}"), "Parameter(lin1.bias f32[2])");
}

#[test]
fn grad_takes_parameters() -> Result<()> {
    let w = parameter(&[3.0]);
    let g = grad(&[&(&w * &w)?], &[&w], Default::default())?;
    assert_eq!(values(&g[0]), [6.0]);
    Ok(())
}
