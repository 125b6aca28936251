//! Rules of convolution and pooling against finite differences, first and second order: the maps of a convolution are
//! closed under differentiation, so that the second order runs all three.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{GradOptions, GradcheckOptions, grad, gradcheck, gradgradcheck};
use tensor_core::{
    AvgPool2dOptions, Conv1dOptions, Conv2dOptions, Conv3dOptions, MaxPool2dOptions, Result, Tensor,
    ops::{Conv, ConvKind, conv_map},
};

fn leaf(shape: &[usize], salt: usize) -> Tensor {
    let n: usize = shape.iter().product();
    let values: Vec<f64> = (0..n).map(|i| ((i * 37 + salt * 13 + 11) % 101) as f64 / 50.0 - 1.0).collect();
    Tensor::from_slice(&values, shape).unwrap().requires_grad_(true)
}

#[track_caller]
fn check(name: &str, inputs: &[&Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) {
    let f = |v: &[Tensor]| Ok(vec![f(v)?]);
    let options = GradcheckOptions { full_limit: 600, ..Default::default() };
    if let Err(e) = gradcheck(f, inputs, options).and_then(|()| gradgradcheck(f, inputs, options)) {
        panic!("{name}: {e}");
    }
}

#[test]
fn convolution() {
    let (x, b) = (leaf(&[2, 4, 5, 4], 1), leaf(&[6], 3));
    for (groups, stride, padding, dilation) in [(1, 1, 0, 1), (2, 2, 1, 1), (1, 1, 2, 2), (2, 3, 1, 1)] {
        let w = leaf(&[6, 4 / groups, 3, 2], 2);
        let options = || Conv2dOptions { stride: [stride; 2], padding: [padding; 2], dilation: [dilation; 2], groups };
        check("conv2d", &[&x, &w, &b], |v| v[0].conv2d(&v[1], Some(&v[2]), options()));
    }
    check("conv1d", &[&leaf(&[2, 3, 7], 1), &leaf(&[2, 3, 3], 2)], |v| {
        v[0].conv1d(&v[1], None, Conv1dOptions { padding: [1], ..Default::default() })
    });
    check("conv3d", &[&leaf(&[1, 2, 3, 4, 3], 1), &leaf(&[2, 2, 2, 2, 2], 2)], |v| {
        v[0].conv3d(&v[1], None, Conv3dOptions::default())
    });
    let depthwise = || Conv2dOptions { groups: 4, padding: [1; 2], ..Default::default() };
    check("depthwise", &[&x, &leaf(&[4, 1, 3, 3], 2)], |v| v[0].conv2d(&v[1], None, depthwise()));
}

#[test]
fn each_map_of_a_convolution() {
    let map = |kind| Conv {
        kind,
        stride: [2, 1].into_iter().collect(),
        padding: [1, 0].into_iter().collect(),
        dilation: [1, 2].into_iter().collect(),
        groups: 2,
    };
    let (x, w, y) = ([2, 4, 5, 6], [6, 2, 3, 2], [2, 6, 3, 4]);
    let pair = |a: &[usize], b: &[usize]| (leaf(a, 1), leaf(b, 2));
    let (a, b) = pair(&x, &w);
    check("forward", &[&a, &b], |v| conv_map(&map(ConvKind::Forward), &v[0], &v[1], &y));
    let (a, b) = pair(&y, &w);
    check("input grad", &[&a, &b], |v| conv_map(&map(ConvKind::InputGrad), &v[0], &v[1], &x));
    let (a, b) = pair(&y, &x);
    check("weight grad", &[&a, &b], |v| conv_map(&map(ConvKind::WeightGrad), &v[0], &v[1], &w));
}

#[test]
fn pooling() {
    let x = leaf(&[2, 2, 5, 6], 7);
    let max = || MaxPool2dOptions { stride: Some([2, 2]), padding: [1, 1], ..Default::default() };
    check("max_pool2d", &[&x], |v| v[0].max_pool2d(3, max())?.square());
    check("max_pool2d", &[&x], |v| v[0].max_pool2d(2, MaxPool2dOptions::default())?.square());
    for count_include_pad in [true, false] {
        let average = || AvgPool2dOptions { padding: [1, 1], count_include_pad, ..Default::default() };
        check("avg_pool2d", &[&x], |v| v[0].avg_pool2d(3, average())?.square());
    }
}

#[test]
fn max_pooling_sends_each_gradient_to_its_source() -> Result<()> {
    let x = leaf(&[1, 1, 4, 4], 5);
    let y = x.max_pool2d(2, MaxPool2dOptions::default())?;
    let sum = grad(&[&y.sum()?], &[&x], GradOptions::default())?.remove(0);
    let is_max = y.unsqueeze(-1)?.unsqueeze(3)?.expand([1, 1, 2, 2, 2, 2])?.reshape([1, 1, 4, 4])?.eq(&x)?;
    assert_eq!(sum.to_vec::<f64>()?, is_max.to_vec::<f64>()?);
    Ok(())
}
