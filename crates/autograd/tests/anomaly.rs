//! A NaN is traced to the operation and the line it was born in.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::Backward;
use tensor_core::{Result, Tensor, detect_anomaly};

fn message(result: Result<()>) -> String {
    result.map_or_else(|e| e.to_string(), |()| "no error".into())
}

#[test]
fn of_the_forward_pass() -> Result<()> {
    let _guard = detect_anomaly();
    let x = Tensor::from_slice(&[1.0f32, -1.0], [2])?.requires_grad_(true);
    let y = x.mul(2.0)?;
    let line = line!() + 1;
    let z = y.log()?;
    let message = message(z.add(1.0)?.sum()?.backward());
    assert!(message.contains("log made a NaN"), "{message}");
    assert!(message.contains(&format!("tests/anomaly.rs:{line}:")), "{message}");
    Ok(())
}

#[test]
fn of_the_backward_pass() -> Result<()> {
    let _guard = detect_anomaly();
    let x = Tensor::from_slice(&[0.0f32, 1.0], [2])?.requires_grad_(true);
    let line = line!() + 1;
    let root = x.sqrt()?;
    // 0 times the infinite slope of the root.
    let message = message(root.mul(&Tensor::from_slice(&[0.0f32, 1.0], [2])?)?.sum()?.backward());
    assert!(message.contains("the gradient of input 0 of sqrt holds a NaN"), "{message}");
    assert!(message.contains(&format!("tests/anomaly.rs:{line}:")), "{message}");
    Ok(())
}

#[test]
fn without_it_nothing_is_said_and_without_a_nan_nothing_is_found() -> Result<()> {
    let x = Tensor::from_slice(&[-1.0f32], [1])?.requires_grad_(true);
    x.sqrt()?.sum()?.backward()?;
    let _guard = detect_anomaly();
    let x = Tensor::from_slice(&[4.0f32, 9.0], [2])?.requires_grad_(true);
    x.sqrt()?.exp()?.narrow(0, 0, 1)?.sum()?.backward()?;
    // A NaN that came in from outside was not born here.
    let x = Tensor::from_slice(&[f32::NAN, 1.0], [2])?.requires_grad_(true);
    x.add(1.0)?.sum()?.backward()?;
    Ok(())
}
