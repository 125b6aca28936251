//! Losses against their formulas; the classic mistakes against what is said of them.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::Backward;
use nn::{
    Loss, Reduction,
    functional::{cross_entropy, mse_loss, nll_loss},
    loss::{BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, KLDivLoss, NLLLoss},
};
use tensor_core::{DType, Result, Tensor, manual_seed};

fn ids(ids: &[i64]) -> Tensor {
    Tensor::from_slice(ids, [ids.len()]).unwrap()
}
fn logits() -> Tensor {
    Tensor::from_slice(&[0.1f64, 2.0, -1.0, 0.5, 0.0, 3.0, -2.0, 1.0, 1.5, 0.2, 0.3, 0.4], [4, 3]).unwrap()
}
/// By the definition, in plain arithmetic.
fn log_softmax(row: &[f64]) -> Vec<f64> {
    let total = row.iter().map(|x| x.exp()).sum::<f64>().ln();
    row.iter().map(|x| x - total).collect()
}

#[test]
fn cross_entropy_is_its_definition_with_weights_smoothing_and_ignored_targets() {
    let x = logits();
    let rows: Vec<Vec<f64>> = x.to_vec::<f64>().unwrap().chunks(3).map(log_softmax).collect();
    let target = [2i64, 0, 1, 2];
    let w = [0.5, 2.0, 1.5];
    let (eps, ignored) = (0.1, 0i64);
    let (mut hard, mut smooth, mut total) = (0.0, 0.0, 0.0);
    for (row, &t) in rows.iter().zip(&target).filter(|(_, t)| **t != ignored) {
        hard -= w[t as usize] * row[t as usize];
        smooth -= row.iter().zip(w).map(|(p, w)| p * w).sum::<f64>();
        total += w[t as usize];
    }
    let loss = CrossEntropyLoss {
        weight: Some(Tensor::from_slice(&w, [3]).unwrap()),
        ignore_index: ignored,
        label_smoothing: eps,
        ..Default::default()
    };
    let got = loss.forward(&x, &ids(&target)).unwrap().item::<f64>().unwrap();
    let expected = (1.0 - eps) * hard / total + eps / 3.0 * smooth / total;
    assert!((got - expected).abs() < 1e-12, "{got} {expected}");

    let one_hot = Tensor::from_slice(&[0.0f64, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [4, 3]).unwrap();
    let by_ids = cross_entropy(&x, &ids(&target)).unwrap().item::<f64>().unwrap();
    let by_probabilities = cross_entropy(&x, &one_hot).unwrap().item::<f64>().unwrap();
    assert!((by_ids - by_probabilities).abs() < 1e-12);
    let by_nll = nll_loss(&x.log_softmax(1).unwrap(), &ids(&target)).unwrap().item::<f64>().unwrap();
    assert_eq!(by_ids, by_nll);
}

#[test]
fn ignored_targets_take_no_gradient_and_do_not_count() -> Result<()> {
    let x = logits().requires_grad_(true);
    // The default, -100, is no class; the loss is that of the other rows alone.
    let loss = cross_entropy(&x, &ids(&[2, -100, 1, -100]))?;
    let alone = cross_entropy(&x.detach().index_select(0, &ids(&[0, 2]))?, &ids(&[2, 1]))?;
    assert!((loss.item::<f64>()? - alone.item::<f64>()?).abs() < 1e-12);
    loss.backward()?;
    let g = x.grad().unwrap().to_vec::<f64>()?;
    assert!(g[3..6].iter().chain(&g[9..]).all(|&v| v == 0.0) && g[..3].iter().all(|&v| v != 0.0));
    assert!(cross_entropy(&x, &ids(&[-100; 4]))?.item::<f64>()?.is_nan(), "the mean of nothing");
    let none = CrossEntropyLoss { reduction: Reduction::None, ..Default::default() };
    assert_eq!(none.forward(&x, &ids(&[-100, 0, 0, 0]))?.to_vec::<f64>()?[0], 0.0);
    Ok(())
}

#[test]
fn more_dims_are_more_targets() -> Result<()> {
    manual_seed(5);
    let x = Tensor::randn([2, 3, 4, 5])?;
    let t = Tensor::randint(0, 3, [2, 4, 5])?;
    let wide = cross_entropy(&x, &t)?.item::<f64>()?;
    let flat = cross_entropy(&x.permute([0, 2, 3, 1])?.reshape([40, 3])?, &t.reshape([40])?)?.item::<f64>()?;
    assert!((wide - flat).abs() < 1e-6);
    let one =
        cross_entropy(&x.select(0, 0)?.select(1, 0)?.select(1, 0)?, &t.select(0, 0)?.select(0, 0)?.select(0, 0)?)?;
    assert_eq!(one.dim(), 0);
    assert!(cross_entropy(&Tensor::zeros([0, 3])?, &ids(&[]))?.item::<f64>()?.is_nan());
    Ok(())
}

#[test]
fn class_mistakes_are_explained() {
    let x = Tensor::zeros([2, 3]).unwrap();
    let message = |t: &Tensor| nll_loss(&x, t).unwrap_err().to_string();
    assert_eq!(
        message(&ids(&[0, 3])),
        "nll_loss: class id 3 at [1] of the target is outside of the 3 classes: f32[2, 3] on cpu, i64[2] on cpu; ids run \
         from 0 to 2; for this one the model's last layer needs at least 4 outputs"
    );
    assert!(message(&ids(&[-1, 0])).contains("class id -1 at [0]"));
    assert!(message(&ids(&[-100, 7])).contains("class id 7 at [1]"), "{}", message(&ids(&[-100, 7])));
    assert!(message(&Tensor::zeros([2]).unwrap()).starts_with("nll_loss: targets must be integer class ids"));
    assert!(message(&ids(&[0, 1]).unsqueeze(1).unwrap()).contains("squeeze_dim(-1)"));
    assert!(message(&ids(&[0, 1, 2])).contains("the target must have shape [2]"));
    let x = Tensor::zeros([2, 3, 2]).unwrap();
    let t = Tensor::from_slice(&[0i64, 1, 2, 9], [2, 2]).unwrap();
    assert!(cross_entropy(&x, &t).unwrap_err().to_string().contains("cross_entropy: class id 9 at [1, 1]"));
    let weighted = NLLLoss { weight: Some(Tensor::ones([4]).unwrap()), ..Default::default() };
    assert!(weighted.forward(&Tensor::zeros([2, 3]).unwrap(), &ids(&[0, 1])).is_err());
    assert!(cross_entropy(&Tensor::zeros([2, 3]).unwrap().to_dtype(DType::I64).unwrap(), &ids(&[0, 1])).is_err());
}

#[test]
fn a_loss_does_not_broadcast() {
    let message = mse_loss(&Tensor::zeros([4, 1]).unwrap(), &Tensor::zeros([4]).unwrap()).unwrap_err().to_string();
    assert_eq!(
        message,
        "mse_loss: input and target have different shapes: f32[4, 1] on cpu, f32[4] on cpu; \
         they differ in dims of size 1: unsqueeze_dim, squeeze_dim or reshape one of them"
    );
}

#[test]
fn binary_cross_entropy_is_finite_at_the_ends_and_agrees_with_logits() -> Result<()> {
    let p = Tensor::from_slice(&[0.0f64, 1.0, 0.25], [3])?.requires_grad_(true);
    let none = BCELoss { reduction: Reduction::None, ..Default::default() };
    let t = Tensor::from_slice(&[1.0f64, 1.0, 0.0], [3])?;
    let losses = none.forward(&p, &t)?.to_vec::<f64>()?;
    assert_eq!(losses[..2], [100.0, 0.0]);
    assert!((losses[2] + 0.75f64.ln()).abs() < 1e-12);
    none.forward(&p, &t)?.sum()?.backward()?;
    assert!(p.grad().unwrap().to_vec::<f64>()?.iter().all(|g| g.is_finite()));
    assert!(none.forward(&Tensor::full([3], 1.5)?, &t).is_err());

    let x = Tensor::from_slice(&[-800.0f64, 0.3, 800.0], [3])?.requires_grad_(true);
    let by_logits = BCEWithLogitsLoss { reduction: Reduction::None, ..Default::default() }.forward(&x, &t)?;
    let v = by_logits.to_vec::<f64>()?;
    assert!(
        (v[0] - 800.0).abs() < 1e-9 && (v[1] + (1.0 / (1.0 + (-0.3f64).exp())).ln()).abs() < 1e-12 && v[2] == 800.0
    );
    by_logits.sum()?.backward()?;
    // sigmoid(x) - t
    let g = x.grad().unwrap().to_vec::<f64>()?;
    assert!((g[0] + 1.0).abs() < 1e-12 && (g[2] - 1.0).abs() < 1e-12);
    let zero = Tensor::from_slice(&[0.0f64], [1])?.requires_grad_(true);
    BCEWithLogitsLoss::default().forward(&zero, &Tensor::from_slice(&[1.0f64], [1])?)?.backward()?;
    assert_eq!(zero.grad().unwrap().to_vec::<f64>()?, [-0.5]);
    Ok(())
}

#[test]
fn batchmean_is_the_divergence() -> Result<()> {
    let p = Tensor::from_slice(&[0.25f64, 0.75, 0.0, 1.0], [2, 2])?;
    let q = Tensor::from_slice(&[0.5f64, 0.5, 0.5, 0.5], [2, 2])?;
    let kl = KLDivLoss { reduction: Reduction::BatchMean, ..Default::default() };
    let expected = (0.25 * 0.5f64.ln() + 0.75 * 1.5f64.ln() + 2f64.ln()) / 2.0;
    assert!((kl.forward(&q.log()?, &p)?.item::<f64>()? - expected).abs() < 1e-12);
    Ok(())
}
