//! Derivatives against finite differences, at first and second order, through functions that do not see the signs of
//! vectors.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{GradcheckOptions, gradcheck, gradgradcheck};
use linalg::*;
use std::slice::from_ref;
use tensor_core::{DType, Result, Tensor, manual_seed};

fn random(shape: &[usize], seed: u64) -> Tensor {
    manual_seed(seed);
    Tensor::randn(shape).unwrap().to_dtype(DType::F64).unwrap().requires_grad_(true)
}

fn t(x: &Tensor) -> Result<Tensor> {
    x.transpose(-2, -1)
}

/// First and second order, for plain and transposed (strided) inputs.
#[track_caller]
fn check(f: impl Fn(&[Tensor]) -> Result<Vec<Tensor>>, inputs: &[Tensor]) {
    let inputs: Vec<Tensor> = inputs.iter().map(|x| x.detach().requires_grad_(true)).collect();
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    gradcheck(&f, &inputs, GradcheckOptions::default()).unwrap();
    gradgradcheck(&f, &inputs, GradcheckOptions::default()).unwrap();
}

#[test]
fn solvers() {
    let (a, b) = (random(&[2, 3, 3], 1), random(&[2, 3, 2], 2));
    check(|x| Ok(vec![solve(&x[0], &x[1])?]), &[a.clone(), b.clone()]);
    check(|x| Ok(vec![solve(&t(&x[0])?, &x[1])?]), &[a.clone(), random(&[3, 2], 3)]);
    check(|x| Ok(vec![inv(&x[0])?]), from_ref(&a));
    for triangle in [Triangle::Lower, Triangle::Upper] {
        check(move |x| Ok(vec![solve_triangular(&x[0], &x[1], triangle)?]), &[(&a + 3.0).unwrap(), b.clone()]);
    }
}

#[test]
fn determinants() {
    let a = random(&[2, 3, 3], 4);
    check(|x| Ok(vec![det(&x[0])?]), from_ref(&a));
    check(|x| Ok(vec![slogdet(&x[0])?.logabsdet]), from_ref(&a));
    // Rank 2 of 3: the determinant is 0, its derivative is not.
    let singular = Tensor::cat(&[&a.narrow(-2, 0, 2).unwrap(), &a.narrow(-2, 0, 1).unwrap()], -2).unwrap();
    gradcheck(|x| Ok(vec![det(&x[0])?]), &[&singular.detach().requires_grad_(true)], GradcheckOptions::default())
        .unwrap();
}

#[test]
fn the_cholesky_decomposition() {
    for triangle in [Triangle::Lower, Triangle::Upper] {
        check(
            move |x| {
                let definite = x[0].matmul(&t(&x[0])?)?.add(&Tensor::eye(3)?.to_dtype(DType::F64)?)?;
                Ok(vec![cholesky(&definite, triangle)?])
            },
            &[random(&[2, 3, 3], 5)],
        );
    }
}

#[test]
fn the_qr_decomposition() {
    for shape in [[4, 3], [3, 3], [2, 4]] {
        // Squares do not see signs.
        check(
            |x| {
                let (q, r) = qr(&x[0], QrMode::Reduced)?;
                Ok(vec![q.square()?, r.square()?])
            },
            &[random(&shape, 6)],
        );
    }
}

#[test]
fn singular_values_and_vectors() {
    for shape in [[4, 3], [3, 3], [2, 4]] {
        check(
            |x| {
                let (u, s, vh) = svd(&x[0], false)?;
                Ok(vec![u.square()?, s, vh.square()?])
            },
            &[random(&shape, 7)],
        );
    }
    check(|x| Ok(vec![svd(&x[0], true)?.1]), &[random(&[2, 3, 2], 8)]);
}

#[test]
fn eigenvalues_and_vectors() {
    check(
        |x| {
            let (w, v) = eigh(&x[0].add(&t(&x[0])?)?, Triangle::Lower)?;
            Ok(vec![w, v.square()?])
        },
        &[random(&[2, 3, 3], 9)],
    );
}

#[test]
fn functions_of_matrices() {
    for shape in [[3, 2], [2, 3]] {
        check(|x| Ok(vec![pinv(&x[0], None)?]), &[random(&shape, 10)]);
    }
    // Of rank 2 wherever the factors are.
    check(|x| Ok(vec![pinv(&x[0].matmul(&x[1])?, None)?]), &[random(&[4, 2], 11), random(&[2, 3], 12)]);
    let a = random(&[2, 2, 2], 13);
    for n in [-2, 1, 3] {
        check(move |x| Ok(vec![matrix_power(&x[0], n)?]), from_ref(&a));
    }
    check(|x| Ok(vec![matrix_exp(&x[0])?]), from_ref(&a));
    check(|x| Ok(vec![lstsq(&x[0], &x[1])?]), &[random(&[4, 2], 14), random(&[4, 1], 15)]);
    use tensor_core::{DROP, ops::MatrixNorm};
    for norm in [MatrixNorm::Nuc, MatrixNorm::P(2.0), MatrixNorm::P(-2.0)] {
        check(move |x| Ok(vec![matrix_norm(&x[0], norm, [-2, -1], DROP)?]), from_ref(&a));
    }
}
