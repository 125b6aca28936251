//! A corpus of trainings: each buggy one gives the lint that names its mistake, each correct one gives none.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on says so.
mod buggy;
mod correct;
mod nets;
mod page;

use nn::{BatchNorm1d, Dropout, Linear, ReLU, Sequential};
use tensor_core::{Result, Tensor, manual_seed};
use train::{Finding, Lint};

/// Features and class ids that follow from them.
fn batch(seed: u64, n: usize, classes: i64) -> Result<(Tensor, Tensor)> {
    manual_seed(seed);
    let x = Tensor::randn([n, 6])?;
    let y = x.narrow(1, 0, 1)?.squeeze_dim(1)?.abs()?.mul(classes as f64 / 2.0)?.to_dtype(tensor_core::DType::I64)?;
    Ok((x, y.clamp(None, Some((classes - 1).into()))?))
}

/// Features and numbers that follow from them.
fn numbers(seed: u64, n: usize) -> Result<(Tensor, Tensor)> {
    manual_seed(seed);
    let x = Tensor::randn([n, 6])?;
    let y = x.sum_dim(1, tensor_core::KEEP)?.sin()?;
    Ok((x, y))
}

fn classifier() -> Result<Sequential> {
    Ok(Sequential::new((Linear::new(6, 16)?, ReLU, Linear::new(16, 3)?)))
}

/// One whose layers behave differently in training and in evaluation.
fn moody() -> Result<Sequential> {
    Ok(Sequential::new((Linear::new(6, 16)?, BatchNorm1d::new(16)?, ReLU, Dropout::new(0.3), Linear::new(16, 3)?)))
}

fn lints(findings: &[Finding]) -> Vec<Lint> {
    findings.iter().map(|finding| finding.lint).collect()
}
