//! Every decomposition gives its input back: random, batched, singular and empty matrices.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use linalg::*;
use proptest::prelude::*;
use tensor_core::{DROP, DType, Result, Tensor};

/// Matrices of `shape`, whose last row repeats the first where they are to be singular.
fn matrices(shape: &[usize], singular: bool, seed: u64) -> Result<Tensor> {
    tensor_core::manual_seed(seed);
    let x = Tensor::randn(shape)?.to_dtype(DType::F64)?;
    let rows = shape[shape.len() - 2];
    if !singular || rows < 2 {
        return Ok(x);
    }
    Tensor::cat(&[&x.narrow(-2, 0, rows - 1)?, &x.narrow(-2, 0, 1)?], -2)
}

fn t(x: &Tensor) -> Tensor {
    x.transpose(-2, -1).unwrap()
}

#[track_caller]
fn near(a: &Tensor, b: &Tensor) {
    assert_eq!(a.shape(), b.shape());
    let off =
        if a.numel() == 0 { 0.0 } else { a.sub(b).unwrap().abs().unwrap().amax().unwrap().item::<f64>().unwrap() };
    assert!(off < 1e-10, "off by {off}");
}

fn orthonormal_columns(q: &Tensor) {
    let k = q.shape()[q.dim() - 1];
    let eye = Tensor::eye(k).unwrap().to_dtype(DType::F64).unwrap();
    let product = t(q).matmul(q).unwrap();
    near(&product, &eye.expand(product.shape()).unwrap());
}

fn shapes() -> impl Strategy<Value = Vec<usize>> {
    (prop_oneof![Just(vec![]), Just(vec![2]), Just(vec![0]), Just(vec![2, 1])], 0..7usize, 0..7usize).prop_map(
        |(mut shape, m, n)| {
            shape.extend([m, n]);
            shape
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_any_matrix(shape in shapes(), singular: bool, seed in 0..1000u64) {
        let a = matrices(&shape, singular, seed).unwrap();
        for mode in [QrMode::Reduced, QrMode::Complete] {
            let (q, r) = qr(&a, mode).unwrap();
            near(&q.matmul(&r).unwrap(), &a);
            near(&r, &r.triu(0).unwrap());
            orthonormal_columns(&q);
        }
        let (u, s, vh) = svd(&a, false).unwrap();
        near(&u.mul(&s.unsqueeze(-2).unwrap()).unwrap().matmul(&vh).unwrap(), &a);
        orthonormal_columns(&u);
        orthonormal_columns(&t(&vh));
        let (u, _, vh) = svd(&a, true).unwrap();
        orthonormal_columns(&u);
        orthonormal_columns(&t(&vh));
        // The four conditions of Penrose.
        let p = pinv(&a, None).unwrap();
        let (ap, pa) = (a.matmul(&p).unwrap(), p.matmul(&a).unwrap());
        let largest = if p.numel() == 0 { 0.0 } else { p.abs().unwrap().amax().unwrap().item::<f64>().unwrap() };
        if largest < 1e3 {
            near(&ap.matmul(&a).unwrap(), &a);
            near(&ap, &t(&ap));
            near(&pa, &t(&pa));
        }
    }

    #[test]
    fn of_square_matrices(batch in prop_oneof![Just(vec![]), Just(vec![3]), Just(vec![0])], n in 0..7usize, seed in 0..1000u64) {
        let mut shape = batch;
        shape.extend([n, n]);
        let a = matrices(&shape, false, seed).unwrap();
        let symmetric = a.add(&t(&a)).unwrap();
        for triangle in [Triangle::Lower, Triangle::Upper] {
            let (w, v) = eigh(&symmetric, triangle).unwrap();
            near(&v.mul(&w.unsqueeze(-2).unwrap()).unwrap().matmul(&t(&v)).unwrap(), &symmetric);
            orthonormal_columns(&v);
        }
        let eye = Tensor::eye(n).unwrap().to_dtype(DType::F64).unwrap().expand(&shape[..]).unwrap();
        let definite = a.matmul(&t(&a)).unwrap().add(&eye).unwrap();
        let l = cholesky(&definite, Triangle::Lower).unwrap();
        near(&l.matmul(&t(&l)).unwrap(), &definite);
        let u = cholesky(&definite, Triangle::Upper).unwrap();
        near(&t(&u).matmul(&u).unwrap(), &definite);
        near(&definite.matmul(&inv(&definite).unwrap()).unwrap(), &eye);
        near(&definite.matmul(&solve(&definite, &a).unwrap()).unwrap(), &a);
        near(&l.matmul(&solve_triangular(&l, &a, Triangle::Lower).unwrap()).unwrap(), &a);
        let logs = slogdet(&definite).unwrap();
        let det = det(&definite).unwrap();
        near(&logs.logabsdet, &det.log().unwrap());
        near(&matrix_exp(&symmetric.mul(0.1).unwrap()).unwrap().matmul(&matrix_exp(&symmetric.mul(-0.1).unwrap()).unwrap()).unwrap(), &eye);
    }
}

#[test]
fn batches_broadcast_and_vectors_are_columns() -> Result<()> {
    let a = matrices(&[2, 1, 3, 3], false, 1)?;
    let b = matrices(&[4, 3, 2], false, 2)?;
    assert_eq!(solve(&a, &b)?.shape(), [2, 4, 3, 2]);
    near(&a.matmul(&solve(&a, &b)?)?, &b.expand([2, 4, 3, 2])?);
    let v = matrices(&[1, 3], false, 4)?.reshape([3])?;
    assert_eq!(solve(&a, &v)?.shape(), [2, 1, 3]);
    Ok(())
}

#[test]
fn numbers_of_a_spectrum() -> Result<()> {
    let a = matrices(&[5, 4, 4], true, 7)?;
    assert_eq!(matrix_rank(&a, None)?.to_vec::<i64>()?, [3; 5]);
    assert!(cond(&a, None)?.amin()?.item::<f64>()? > 1e12);
    let s = svdvals(&a)?;
    near(&matrix_norm(&a, tensor_core::ops::MatrixNorm::Nuc, [-2, -1], DROP)?, &s.sum_dim(-1, DROP)?);
    let b = a.movedim(0, -1)?;
    near(&matrix_norm(&b, 2.0, [0, 1], DROP)?, &s.amax_dim(-1, DROP)?);
    assert_eq!(matrix_norm(&b, -2.0, [0, 1], tensor_core::KEEP)?.shape(), [1, 1, 5]);
    near(&matrix_power(&a, 3)?, &a.matmul(&a)?.matmul(&a)?);
    near(&matrix_power(&a, 0)?, &Tensor::eye(4)?.to_dtype(DType::F64)?.expand([5, 4, 4])?);
    Ok(())
}

#[test]
fn what_does_not_fit_is_said() -> Result<()> {
    let says = |result: Result<Tensor>, part: &str| {
        let message = result.map_or_else(|e| e.to_string(), |_| "no error".into());
        assert!(message.contains(part), "{message}");
    };
    let wide = Tensor::ones([2, 3])?;
    says(inv(&wide), "linalg.inv: takes square matrices, not 2 x 3");
    says(inv(&Tensor::ones([3])?), "at least 2 dims");
    says(inv(&Tensor::ones([2, 2])?), "singular");
    says(inv(&Tensor::ones([2, 2, 2])?), "matrix 0 of the batch is singular");
    says(det(&Tensor::ones([2, 2])?.to_dtype(DType::I64)?), "takes f32 or f64, not i64");
    says(solve(&Tensor::eye(3)?, &Tensor::ones([2, 1])?), "equally many rows");
    says(cholesky(&Tensor::eye(2)?.neg()?, Triangle::Lower), "not positive definite");
    says(svdvals(&Tensor::full([2, 2], f64::NAN)?), "did not converge");
    says(matrix_power(&Tensor::zeros([2, 2])?, -1), "matrix_power");
    Ok(())
}
