//! Fused operations: the hand-written rules equal the rule of last resort, which equals differences, at both orders.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{GradOptions, GradcheckOptions, grad, gradcheck, gradgradcheck};
use tensor_core::{
    Result, Tensor,
    ops::{Fused, Gelu, compose},
    rng,
};

fn leaf(shape: &[usize], salt: usize) -> Tensor {
    let n: usize = shape.iter().product();
    let values: Vec<f64> = (0..n).map(|i| ((i * 37 + salt * 13 + 11) % 101) as f64 / 50.0 - 1.0).collect();
    Tensor::from_slice(&values, shape).unwrap().requires_grad_(true)
}

/// The gradients of the operation as users call it, and of its composition.
fn same(
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
    composed: impl Fn(&[Tensor]) -> Result<Tensor>,
    inputs: &[Tensor],
) -> Result<()> {
    let refs: Vec<&Tensor> = inputs.iter().collect();
    let (y, z) = (f(inputs)?, composed(inputs)?);
    let g = leaf(y.shape(), 3).detach();
    let by_hand = grad(&[&y], &refs, GradOptions { grad_outputs: &[&g], ..Default::default() })?;
    let by_composition = grad(&[&z], &refs, GradOptions { grad_outputs: &[&g], ..Default::default() })?;
    for (i, (a, b)) in by_hand.iter().zip(&by_composition).enumerate() {
        let apart = a.sub(b)?.abs()?.max()?.item::<f64>()?;
        assert!(apart < 1e-12, "input {i}: {apart}");
    }
    let options = GradcheckOptions::default();
    gradcheck(|v| Ok(vec![f(v)?]), &refs, options)?;
    gradgradcheck(|v| Ok(vec![f(v)?]), &refs, options)
}

#[test]
fn softmax_and_log_softmax() -> Result<()> {
    for dim in [0, 1, 2] {
        let x = [leaf(&[2, 3, 2], 0)];
        let first = |op: &Fused, v: &[Tensor]| Ok(compose(op, v)?.remove(0));
        same(|v| v[0].softmax(dim as isize), |v| first(&Fused::Softmax { dim }, v), &x)?;
        same(|v| v[0].log_softmax(dim as isize), |v| first(&Fused::LogSoftmax { dim }, v), &x)?;
    }
    Ok(())
}

#[test]
fn gelu() -> Result<()> {
    let x = [leaf(&[4, 5], 0)];
    for form in [Gelu::Exact, Gelu::Tanh] {
        same(|v| v[0].gelu(form), |v| Ok(compose(&Fused::Gelu { form }, v)?.remove(0)), &x)?;
    }
    Ok(())
}

#[test]
fn layer_norm() -> Result<()> {
    let op = Fused::LayerNorm { eps: 1e-3 };
    let first = |v: &[Tensor]| Ok(compose(&op, v)?.remove(0));
    let (x, w, b) = (leaf(&[4, 3], 0), leaf(&[3], 1), leaf(&[3], 2));
    same(|v| v[0].layer_norm([3], None, None, 1e-3), first, std::slice::from_ref(&x))?;
    same(|v| v[0].layer_norm([3], Some(&v[1]), Some(&v[2]), 1e-3), first, &[x.clone(), w.clone(), b.clone()])?;
    // A missing part, a frozen input, several dims.
    let y = x.detach().layer_norm([3], Some(&w), None, 1e-3)?.square()?.sum()?;
    grad(&[&y], &[&w], GradOptions::default())?;
    let (x, w) = (leaf(&[2, 3, 2], 0), leaf(&[3, 2], 1));
    gradcheck(|v| Ok(vec![v[0].layer_norm([3, 2], Some(&v[1]), None, 1e-3)?]), &[&x, &w], GradcheckOptions::default())
}

#[test]
fn batch_norm() -> Result<()> {
    let op = Fused::BatchNorm { eps: 1e-3 };
    let first = |v: &[Tensor]| Ok(compose(&op, v)?.remove(0));
    for shape in [&[4, 3][..], &[2, 3, 2, 2]] {
        let (x, w, b) = (leaf(shape, 0), leaf(&[3], 1), leaf(&[3], 2));
        let plain = [x.clone()];
        same(|v| Ok(v[0].batch_norm_train(None, None, 1e-3)?.0), first, &plain)?;
        let affine = [x, w, b];
        same(|v| Ok(v[0].batch_norm_train(Some(&v[1]), Some(&v[2]), 1e-3)?.0), first, &affine)?;
    }
    Ok(())
}

#[test]
fn batch_norm_with_a_frozen_input_or_weight() -> Result<()> {
    let (x, w, b) = (leaf(&[4, 3], 0), leaf(&[3], 1), leaf(&[3], 2));
    let all = x.batch_norm_train(Some(&w), Some(&b), 1e-3)?.0.square()?.sum()?;
    let all = grad(&[&all], &[&x, &w, &b], GradOptions::default())?;
    let y = x.detach().batch_norm_train(Some(&w), Some(&b), 1e-3)?.0.square()?.sum()?;
    let some = grad(&[&y], &[&w, &b], GradOptions::default())?;
    assert_eq!(all[1].to_vec::<f64>()?, some[0].to_vec::<f64>()?);
    assert_eq!(all[2].to_vec::<f64>()?, some[1].to_vec::<f64>()?);
    let y = x.batch_norm_train(Some(&w.detach()), None, 1e-3)?.0.sum()?;
    grad(&[&y], &[&x], GradOptions::default())?;
    Ok(())
}

#[test]
fn dropout_drops_the_same_gradients() -> Result<()> {
    let key = rng::Key { seed: 5, stream: 0, offset: 0 };
    let op = Fused::Dropout { p: 0.4, key };
    let x = [leaf(&[3, 7], 0)];
    same(|v| v[0].dropout_keyed(0.4, key), |v| Ok(compose(&op, v)?.remove(0)), &x)?;
    let y = x[0].dropout_keyed(0.4, key)?;
    let g = grad(&[&y.sum()?], &[&x[0]], GradOptions::default())?.remove(0);
    let dropped = |t: &Tensor| t.ne(0.0)?.to_vec::<f64>();
    assert_eq!(dropped(&g)?, dropped(&y)?);
    Ok(())
}
