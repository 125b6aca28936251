//! Fused kernels against their definitions.
use crate::{
    Backend, Result, Tensor, ViewMut,
    cpu::Cpu,
    no_grad,
    ops::{Fused, Gelu, Update, compose},
};
use std::sync::Arc;

fn numbers(shape: &[usize], seed: usize) -> Tensor {
    let n: usize = shape.iter().product();
    let data: Vec<f64> = (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f64 / 251.0 - 2.0).collect();
    Tensor::from_slice(&data, shape.to_vec()).expect("fits")
}

fn run(op: &Fused, inputs: &[&Tensor], shapes: &[&[usize]]) -> Result<Vec<Tensor>> {
    let buffers: Vec<_> = inputs.iter().map(|x| x.buffer()).collect();
    let views: Vec<_> = inputs.iter().zip(&buffers).map(|(x, b)| b.view(x.layout())).collect();
    let mut outs: Vec<_> =
        shapes.iter().map(|s| Tensor::allocate(s, inputs[0].dtype(), &inputs[0].device())).collect::<Result<_>>()?;
    let mut targets: Vec<ViewMut<'_>> = outs.iter_mut().map(|(b, l)| b.view_mut(l)).collect();
    Cpu.fused(op, &views, &mut targets).expect("has a fast way")?;
    Ok(outs.into_iter().map(|(b, l)| Tensor::new(Arc::new(b), l)).collect())
}

#[test]
fn softmax_is_exp_over_sum() -> Result<()> {
    for n in [1, 5, 64, 1000] {
        let x = numbers(&[50, n], 1);
        let y = run(&Fused::Softmax { dim: 1 }, &[&x], &[&[50, n]])?[0].to_vec::<f64>()?;
        let l = run(&Fused::LogSoftmax { dim: 1 }, &[&x], &[&[50, n]])?[0].to_vec::<f64>()?;
        for (row, x) in x.to_vec::<f64>()?.chunks(n).enumerate() {
            let sum: f64 = x.iter().map(|v| v.exp()).sum();
            for (i, v) in x.iter().enumerate() {
                assert!((y[row * n + i] - v.exp() / sum).abs() < 1e-14);
                assert!((l[row * n + i] - (v - sum.ln())).abs() < 1e-13);
            }
        }
    }
    Ok(())
}

#[test]
fn softmax_of_all_minus_infinity_is_nan() -> Result<()> {
    let x = Tensor::from_slice(&[f32::NEG_INFINITY; 3], [3])?;
    assert!(run(&Fused::Softmax { dim: 0 }, &[&x], &[&[3]])?[0].to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    Ok(())
}

#[test]
fn batch_norm_centres_and_scales_each_channel() -> Result<()> {
    let (x, w, b) = (numbers(&[4, 3, 5, 7], 2), numbers(&[3], 3), numbers(&[3], 4));
    let out = run(&Fused::BatchNorm { eps: 1e-5 }, &[&x, &w, &b], &[&[4, 3, 5, 7], &[3], &[3]])?;
    let (x, w, b) = (x.to_vec::<f64>()?, w.to_vec::<f64>()?, b.to_vec::<f64>()?);
    let y = out[0].to_vec::<f64>()?;
    for c in 0..3 {
        let at: Vec<usize> = (0..x.len()).filter(|i| i / 35 % 3 == c).collect();
        let mean = at.iter().map(|&i| x[i]).sum::<f64>() / 140.0;
        let variance = at.iter().map(|&i| (x[i] - mean).powi(2)).sum::<f64>() / 140.0;
        let scale = 1.0 / (variance + 1e-5).sqrt();
        assert!((out[1].to_vec::<f64>()?[c] - mean).abs() < 1e-13);
        assert!((out[2].to_vec::<f64>()?[c] - scale).abs() < 1e-12);
        assert!(at.iter().all(|&i| (y[i] - ((x[i] - mean) * scale * w[c] + b[c])).abs() < 1e-12));
    }
    Ok(())
}

/// The kernel of an operation against its composition.
fn same(op: &Fused, inputs: &[&Tensor], shapes: &[&[usize]]) -> Result<()> {
    let owned: Vec<Tensor> = inputs.iter().map(|&t| t.clone()).collect();
    for (i, (got, want)) in run(op, inputs, shapes)?.iter().zip(compose(op, &owned)?).enumerate() {
        assert_eq!(got.shape(), want.shape());
        let apart = got.sub(&want)?.abs()?.max()?.item::<f64>()?;
        assert!(apart < 1e-10, "{op:?}, output {i}: {apart}");
    }
    Ok(())
}

#[test]
fn gelu_and_its_derivative_are_their_compositions() -> Result<()> {
    for form in [Gelu::Exact, Gelu::Tanh] {
        for n in [1, 1500, 40_000] {
            let (x, g) = (numbers(&[n], 1).mul(3.0)?, numbers(&[n], 2));
            same(&Fused::Gelu { form }, &[&x], &[&[n]])?;
            same(&Fused::GeluGrad { form }, &[&x, &g], &[&[n]])?;
        }
    }
    Ok(())
}

#[test]
fn layer_norm_and_its_gradients_are_their_compositions() -> Result<()> {
    for (rows, n) in [(1, 1), (3, 33), (700, 100), (5, 20_000)] {
        let (x, w, b, g) = (numbers(&[rows, n], 1), numbers(&[n], 2), numbers(&[n], 3), numbers(&[rows, n], 4));
        let op = Fused::LayerNorm { eps: 1e-3 };
        same(&op, &[&x], &[&[rows, n], &[rows], &[rows]])?;
        same(&op, &[&x, &w, &b], &[&[rows, n], &[rows], &[rows]])?;
        let kept = run(&op, &[&x], &[&[rows, n], &[rows], &[rows]])?;
        let shapes: [&[usize]; 3] = [&[rows, n], &[n], &[n]];
        same(&Fused::LayerNormGrad, &[&g, &x, &kept[1], &kept[2]], &shapes)?;
        same(&Fused::LayerNormGrad, &[&g, &x, &kept[1], &kept[2], &w], &shapes)?;
    }
    Ok(())
}

#[test]
fn the_gradients_of_batch_norm_are_their_composition() -> Result<()> {
    for shape in [[3, 2, 4, 5], [2, 5, 70, 80]] {
        let c = shape[1];
        let (x, w, g) = (numbers(&shape, 1), numbers(&[c], 2), numbers(&shape, 4));
        let kept = run(&Fused::BatchNorm { eps: 1e-3 }, &[&x], &[&shape, &[c], &[c]])?;
        let shapes: [&[usize]; 3] = [&shape, &[c], &[c]];
        same(&Fused::BatchNormGrad, &[&g, &x, &kept[1], &kept[2]], &shapes)?;
        same(&Fused::BatchNormGrad, &[&g, &x, &kept[1], &kept[2], &w], &shapes)?;
    }
    Ok(())
}

/// Two steps of an optimizer by kernel.
fn steps(n: usize, states: usize, update: impl Fn(u64) -> Update) -> Result<Vec<Vec<f64>>> {
    let _guard = no_grad();
    let mut held: Vec<Tensor> = (0..states).map(|s| numbers(&[n], s)).collect();
    held[1..].iter_mut().try_for_each(|s| s.zero_().map(|_| ()))?;
    for step in 1..=2 {
        let g = numbers(&[n], 10 + step as usize);
        let mut all: Vec<&mut Tensor> = held.iter_mut().collect();
        assert!(crate::ops::update(&update(step), &g, &mut all)?);
    }
    held.iter().map(Tensor::to_vec).collect()
}

#[test]
fn optimizers_follow_their_formulas() -> Result<()> {
    for n in [3, 100_000] {
        let (p0, g1, g2) =
            (numbers(&[n], 0).to_vec::<f64>()?, numbers(&[n], 11).to_vec::<f64>()?, numbers(&[n], 12).to_vec::<f64>()?);
        let sgd = steps(n, 2, |step| Update::Sgd {
            lr: 0.1,
            momentum: 0.9,
            dampening: 0.2,
            weight_decay: 0.01,
            nesterov: false,
            maximize: false,
            first: step == 1,
        })?;
        let adam = steps(n, 3, |step| Update::Adam {
            lr: 0.1,
            beta1: 0.9,
            beta2: 0.99,
            eps: 1e-8,
            weight_decay: 0.01,
            decoupled: true,
            maximize: true,
            step,
        })?;
        for i in 0..n {
            let (mut p, mut b) = (p0[i], 0.0);
            let (mut q, mut m, mut v) = (p0[i], 0.0, 0.0);
            for (step, g) in [(1, g1[i]), (2, g2[i])] {
                let d = g + 0.01 * p;
                b = if step == 1 { d } else { 0.9 * b + 0.8 * d };
                p -= 0.1 * b;
                q -= 0.1 * 0.01 * q;
                m = 0.9 * m - 0.1 * g;
                v = 0.99 * v + 0.01 * g * g;
                let (c1, c2) = (1.0 - 0.9f64.powi(step), 1.0 - 0.99f64.powi(step));
                q -= 0.1 / c1 * m / (v.sqrt() / c2.sqrt() + 1e-8);
            }
            assert!((sgd[0][i] - p).abs() < 1e-12 && (sgd[1][i] - b).abs() < 1e-12);
            assert!((adam[0][i] - q).abs() < 1e-12, "{} {q}", adam[0][i]);
        }
    }
    Ok(())
}
