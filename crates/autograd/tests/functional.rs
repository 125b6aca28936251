//! Jacobians, Hessians and their products, against closed forms.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{Backward, GradOptions, grad, hessian, hvp, jacobian, jvp, vjp};
use tensor_core::{DType, Result, Tensor, manual_seed};

fn random(shape: &[usize], seed: u64) -> Tensor {
    manual_seed(seed);
    Tensor::randn(shape).unwrap().to_dtype(DType::F64).unwrap()
}

#[track_caller]
fn near(a: &Tensor, b: &Tensor) {
    assert_eq!(a.shape(), b.shape());
    assert!(a.allclose(b, 1e-9, 1e-11, false).unwrap(), "{a}\n{b}");
}

#[test]
fn of_a_linear_map_the_jacobian_is_the_map() -> Result<()> {
    let (a, x) = (random(&[3, 4], 1), random(&[4], 2));
    let j = jacobian(|v| a.mv(&v[0]), &[&x], false)?;
    near(&j[0], &a);
    // By the matrix: d(A x)[i] / dA[k, l] = [i = k] x[l]
    let j = jacobian(|v| v[0].mv(&v[1]), &[&a, &x], false)?;
    assert_eq!(j[0].shape(), [3, 3, 4]);
    near(&j[0].select(0, 1)?.select(0, 1)?, &x);
    near(&j[0].select(0, 1)?.select(0, 2)?, &x.zeros_like()?);
    Ok(())
}

#[test]
fn of_a_quadratic_form_the_hessian_is_its_matrix() -> Result<()> {
    let (a, x, v) = (random(&[3, 3], 3), random(&[3], 4), random(&[3], 5));
    let symmetric = a.add(&a.transpose(0, 1)?)?;
    let form = |v: &[Tensor]| a.mv(&v[0])?.mul(&v[0])?.sum();
    near(&hessian(form, &[&x], false)?[0][0], &symmetric);
    let (y, products) = hvp(form, &[&x], &[&v], false)?;
    near(&y, &form(std::slice::from_ref(&x))?);
    near(&products[0], &symmetric.mv(&v)?);
    let (_, slopes) = vjp(form, &[&x], None, false)?;
    near(&slopes[0], &symmetric.mv(&x)?);
    let (_, moved) = jvp(form, &[&x], &[&v], false)?;
    near(&moved, &symmetric.mv(&x)?.dot(&v)?);
    Ok(())
}

#[test]
fn several_inputs_make_blocks() -> Result<()> {
    let (x, y) = (random(&[2], 6), random(&[3], 7));
    // sum(x) * sum(y^2): the mixed block is 2 y in every row, that of x is 0.
    let f = |v: &[Tensor]| v[0].sum()?.mul(&v[1].square()?.sum()?);
    let h = hessian(f, &[&x, &y], false)?;
    near(&h[0][0], &Tensor::zeros([2, 2])?.to_dtype(DType::F64)?);
    near(&h[0][1], &y.mul(2.0)?.expand([2, 3])?);
    near(&h[1][0], &h[0][1].transpose(0, 1)?);
    let (_, products) = hvp(f, &[&x, &y], &[&x.zeros_like()?, &y], false)?;
    near(&products[0], &y.square()?.sum()?.mul(2.0)?.expand([2])?);
    Ok(())
}

#[test]
fn edges_of_the_definition() -> Result<()> {
    let (x, other) = (random(&[2], 8), random(&[2], 9));
    // A constant, an input that is not used, an output without elements, 0-d all around.
    near(&jacobian(|_| Ok(other.clone()), &[&x], false)?[0], &Tensor::zeros([2, 2])?.to_dtype(DType::F64)?);
    near(&jacobian(|v| v[0].exp(), &[&x, &other], false)?[1], &Tensor::zeros([2, 2])?.to_dtype(DType::F64)?);
    assert_eq!(jacobian(|v| v[0].narrow(0, 0, 0), &[&x], false)?[0].shape(), [0, 2]);
    let number = x.select(0, 0)?;
    near(&jacobian(|v| v[0].square(), &[&number], false)?[0], &number.mul(2.0)?);
    near(&jvp(|v| Ok(v[0].clone()), &[&x], &[&other], false)?.1, &other);
    near(&hvp(|v| v[0].sum(), &[&x], &[&other], false)?.1[0], &x.zeros_like()?);
    // A view of itself, and under no_grad.
    let _off = tensor_core::no_grad();
    near(&jacobian(|v| v[0].flip(0), &[&x], false)?[0].flip(0)?, &Tensor::eye(2)?.to_dtype(DType::F64)?);
    Ok(())
}

#[test]
fn what_they_give_can_be_differentiated_again() -> Result<()> {
    let x = random(&[3], 10).requires_grad_(true);
    let j = jacobian(|v| v[0].pow(3.0), &[&x], true)?;
    // The sum of 3 x^2 has the gradient 6 x.
    j[0].sum()?.backward()?;
    near(&x.grad().unwrap(), &x.detach().mul(6.0)?);
    let (_, moved) = jvp(|v| v[0].exp(), &[&x], &[&x.detach().ones_like()?], true)?;
    let again = grad(&[&moved.sum()?], &[&x], GradOptions::default())?.remove(0);
    near(&again, &x.detach().exp()?);
    Ok(())
}

#[test]
fn wrong_use_is_said() -> Result<()> {
    let x = random(&[2], 11);
    let says = |result: Result<Vec<Tensor>>, part: &str| {
        let message = result.map_or_else(|e| e.to_string(), |_| "no error".into());
        assert!(message.contains(part), "{message}");
    };
    says(jacobian(|v| v[0].exp(), &[&Tensor::zeros([2])?.to_dtype(DType::I64)?], false), "only floats");
    says(hessian(|v| v[0].exp(), &[&x], false).map(|mut h| h.remove(0)), "must give one number");
    says(vjp(|v| v[0].exp(), &[&x], None, false).map(|r| r.1), "must give one number");
    says(jvp(|v| v[0].exp(), &[&x], &[], false).map(|r| vec![r.1]), "1 inputs and 0 vectors");
    Ok(())
}
