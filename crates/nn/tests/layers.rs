//! Layers against their formulas, and their first values against the distributions they are drawn from.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use nn::{
    BatchNorm1d, BatchNorm2d, BatchNormOptions, Conv2d, Conv2dOptions, Dropout, Forward, Linear, Module, Padding,
    Parameter,
    init::{self, FanMode, Nonlinearity},
};
use tensor_core::{DType, Result, Tensor, manual_seed, no_grad};

fn close(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (g, e) in got.iter().zip(expected) {
        assert!((g - e).abs() <= tolerance, "{got:?} is not {expected:?}");
    }
}

/// Mean, variance, smallest and largest.
fn moments(t: &Tensor) -> (f64, f64, f64, f64) {
    let v = t.to_vec::<f64>().unwrap();
    let n = v.len() as f64;
    let mean = v.iter().sum::<f64>() / n;
    let var = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    (mean, var, v.iter().copied().fold(f64::INFINITY, f64::min), v.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

#[test]
fn linear_is_a_product_plus_a_bias_over_any_leading_dims() {
    let lin = Linear::new(2, 3).unwrap();
    lin.weight.replace(&Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], [3, 2]).unwrap()).unwrap();
    lin.bias.as_ref().unwrap().replace(&Tensor::from_slice(&[0.5f32, 0.0, -0.5], [3]).unwrap()).unwrap();
    for shape in [&[2][..], &[1, 2], &[1, 1, 2]] {
        let y = lin.forward(&Tensor::from_slice(&[1.0f32, -1.0], shape).unwrap()).unwrap();
        assert_eq!(y.shape(), [&shape[..shape.len() - 1], &[3]].concat());
        assert_eq!(y.to_vec::<f32>().unwrap(), [-0.5, -1.0, -1.5]);
    }
    assert_eq!(lin.forward(&Tensor::zeros([0, 2]).unwrap()).unwrap().shape(), [0, 3]);
    // Without inputs only the bias is left.
    let empty = Linear::new(0, 2).unwrap();
    assert_eq!(empty.forward(&Tensor::zeros([4, 0]).unwrap()).unwrap().shape(), [4, 2]);
}

#[test]
fn a_linear_layer_that_gets_images_says_to_flatten_them() {
    let lin = Linear::new(16, 3).unwrap();
    let message = lin.forward(&Tensor::zeros([5, 4, 4]).unwrap()).unwrap_err().to_string();
    assert_eq!(
        message,
        "in Linear: linear: expected 16 features in the last dim, got 4: f32[5, 4, 4] on cpu, f32[3, 16] on cpu; \
         flatten the dims after the batch first: x.flatten(1, -1)"
    );
}

#[test]
fn linear_and_conv_start_even_within_one_over_the_root_of_the_fan_in() {
    manual_seed(1);
    for (weight, bias, fan_in) in [
        (Linear::new(400, 500).unwrap().weight, None, 400.0),
        (
            Conv2d::new(16, 512, 5, Conv2dOptions::default()).unwrap().weight,
            Conv2d::new(16, 20_000, 5, Conv2dOptions::default()).unwrap().bias,
            400.0f64,
        ),
    ] {
        let bound = 1.0 / fan_in.sqrt();
        for p in [Some(weight), bias].into_iter().flatten() {
            let (mean, var, low, high) = moments(&p);
            assert!(low >= -bound && high <= bound && low < -0.99 * bound && high > 0.99 * bound);
            assert!(mean.abs() < 0.02 * bound && (var / (bound * bound / 3.0) - 1.0).abs() < 0.02, "{mean} {var}");
        }
    }
}

#[test]
fn initialisers_have_the_moments_of_their_distributions() {
    manual_seed(2);
    let p = Parameter::new(Tensor::zeros([300, 200]).unwrap()).unwrap();
    let check = |what: &str, mean: f64, var: f64| {
        let (m, v, ..) = moments(&p);
        let scale = var.sqrt().max(1e-12);
        assert!((m - mean).abs() < 0.03 * scale && (v / var - 1.0).abs() < 0.03, "{what}: {m} {v}, not {mean} {var}");
    };
    init::uniform_(&p, -1.0, 3.0).unwrap();
    check("uniform", 1.0, 16.0 / 12.0);
    init::normal_(&p, 2.0, 0.5).unwrap();
    check("normal", 2.0, 0.25);
    init::xavier_uniform_(&p, 2.0).unwrap();
    check("xavier_uniform", 0.0, 4.0 * 2.0 / 500.0);
    init::xavier_normal_(&p, 1.0).unwrap();
    check("xavier_normal", 0.0, 2.0 / 500.0);
    init::kaiming_uniform_(&p, FanMode::In, Nonlinearity::Relu).unwrap();
    check("kaiming_uniform", 0.0, 2.0 / 200.0);
    init::kaiming_normal_(&p, FanMode::Out, Nonlinearity::LeakyRelu(0.0)).unwrap();
    check("kaiming_normal", 0.0, 2.0 / 300.0);
    init::trunc_normal_(&p, 0.0, 1.0, -2.0, 2.0).unwrap();
    // The variance of a standard normal cut at 2: 1 - 4 phi(2) / (2 Phi(2) - 1).
    check("trunc_normal", 0.0, 0.773_741);
    let (_, _, low, high) = moments(&p);
    assert!(low >= -2.0 && high <= 2.0);
    init::constant_(&p, 0.25).unwrap();
    assert_eq!(moments(&p), (0.25, 0.0, 0.25, 0.25));

    let e = Parameter::new(Tensor::ones([2, 3]).unwrap()).unwrap();
    init::eye_(&e).unwrap();
    assert_eq!(e.to_vec::<f32>().unwrap(), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    let flat = Parameter::new(Tensor::ones([3]).unwrap()).unwrap();
    assert!(init::eye_(&flat).is_err() && init::xavier_normal_(&flat, 1.0).is_err());
    assert!(init::trunc_normal_(&flat, 0.0, 1.0, 2.0, -2.0).is_err());
    // Drawing in f64 has more than an f32's bits.
    let wide = Parameter::new(Tensor::zeros([100]).unwrap().to_dtype(DType::F64).unwrap()).unwrap();
    init::uniform_(&wide, 0.0, 1.0).unwrap();
    assert!(wide.to_vec::<f64>().unwrap().iter().any(|&x| x != f64::from(x as f32)));
}

#[test]
fn a_convolution_has_the_size_it_says() {
    let mut sizes = (1..u64::MAX).map(|i| (i.wrapping_mul(6364136223846793005) >> 33) as usize);
    for _ in 0..30 {
        let mut draw = |n: usize| sizes.next().unwrap() % n;
        let (kernel, input) = ([1 + draw(3), 1 + draw(4)], [8 + draw(5), 9 + draw(4)]);
        let padding = if draw(3) == 0 { Padding::Same } else { Padding::Sizes([draw(2), draw(3)]) };
        let stride = if padding == Padding::Same { [1, 1] } else { [1 + draw(2), 1 + draw(3)] };
        let dilation = (1 + draw(2), 1).into();
        let options = Conv2dOptions { stride: stride.into(), padding, dilation, ..Default::default() };
        let conv = Conv2d::new(2, 3, kernel, options).unwrap();
        let y = conv.forward(&Tensor::zeros([1, 2, input[0], input[1]]).unwrap()).unwrap();
        assert_eq!(y.shape()[2..], conv.out_size(input), "{options:?} {kernel:?} {input:?}");
        if padding == Padding::Same {
            assert_eq!(conv.out_size(input), input);
        }
    }
}

#[test]
fn padding_same_puts_the_odd_zero_at_the_end() {
    let options = Conv2dOptions { padding: Padding::Same, bias: false, ..Default::default() };
    let conv = Conv2d::new(1, 1, (1, 2), options).unwrap();
    init::ones_(&conv.weight).unwrap();
    let y = conv.forward(&Tensor::from_slice(&[1.0f32, 2.0, 4.0], [1, 1, 3]).unwrap()).unwrap();
    assert_eq!(y.to_vec::<f32>().unwrap(), [3.0, 6.0, 4.0]);
}

#[test]
fn wrong_convolutions_are_refused() {
    let new = |options| Conv2d::new(4, 6, 3, options);
    assert!(new(Conv2dOptions { groups: 0, ..Default::default() }).is_err());
    assert!(new(Conv2dOptions { groups: 3, ..Default::default() }).is_err());
    assert!(new(Conv2dOptions { stride: (0, 1).into(), ..Default::default() }).is_err());
    assert!(new(Conv2dOptions { padding: Padding::Same, stride: 2.into(), ..Default::default() }).is_err());
    assert!(Conv2d::new(1, 1, 0, Conv2dOptions::default()).is_err());
    let conv = Conv2d::new(3, 6, 3, Conv2dOptions::default()).unwrap();
    let message = |shape: &[usize]| conv.forward(&Tensor::zeros(shape).unwrap()).unwrap_err().to_string();
    assert!(message(&[2, 1, 8, 8]).contains("conv2d: expected 3 channels, got 1"), "{}", message(&[2, 1, 8, 8]));
    assert!(message(&[2, 8, 8, 3]).ends_with("the channels come last here: x.permute([0, 3, 1, 2])"));
    assert!(message(&[8, 8]).contains("x.reshape([-1, C, H, W])"));
    assert!(message(&[3, 2, 2]).contains("conv2d"), "a kernel larger than the image");
}

#[test]
fn batch_norm_tracks_the_mean_and_the_unbiased_variance() {
    let bn = BatchNorm2d::new(2).unwrap();
    let (mut mean, mut var) = ([0.0; 2], [1.0; 2]);
    manual_seed(3);
    for _ in 0..10 {
        let x = Tensor::randn([3, 2, 2, 2]).unwrap().mul(3.0).unwrap().add(1.0).unwrap();
        bn.forward(&x).unwrap();
        let v = x.to_vec::<f64>().unwrap();
        for c in 0..2 {
            let channel: Vec<f64> = (0..24).filter(|i| i / 4 % 2 == c).map(|i| v[i]).collect();
            let m = channel.iter().sum::<f64>() / 12.0;
            let u = channel.iter().map(|x| (x - m).powi(2)).sum::<f64>() / 11.0;
            mean[c] = 0.9 * mean[c] + 0.1 * m;
            var[c] = 0.9 * var[c] + 0.1 * u;
        }
    }
    close(&bn.running_mean.as_ref().unwrap().to_vec::<f64>().unwrap(), &mean, 1e-5);
    close(&bn.running_var.as_ref().unwrap().to_vec::<f64>().unwrap(), &var, 1e-4);
    assert_eq!(bn.num_batches_tracked.as_ref().unwrap().item::<i64>().unwrap(), 10);

    bn.eval();
    let x = Tensor::ones([1, 2, 1, 1]).unwrap();
    let y = bn.forward(&x).unwrap().to_vec::<f64>().unwrap();
    let expected: Vec<f64> = (0..2).map(|c| (1.0 - mean[c]) / (var[c] + 1e-5).sqrt()).collect();
    close(&y, &expected, 1e-5);
    assert_eq!(bn.num_batches_tracked.as_ref().unwrap().item::<i64>().unwrap(), 10, "evaluation changes nothing");
    bn.train();
    let message = bn.forward(&x).unwrap_err().to_string();
    assert!(message.starts_with("in BatchNorm2d: batch_norm: "), "{message}");
    assert!(bn.forward(&Tensor::ones([2, 3, 2, 2]).unwrap()).is_err());
    assert!(bn.forward(&Tensor::ones([2, 2]).unwrap()).is_err());
}

#[test]
fn batch_norm_without_momentum_averages_all_batches() {
    let bn =
        BatchNorm1d::with_options(1, BatchNormOptions { momentum: None, affine: false, ..Default::default() }).unwrap();
    assert!(bn.parameters().is_empty());
    for x in [[0.0f32, 2.0], [4.0, 6.0]] {
        bn.forward(&Tensor::from_slice(&x, [2, 1]).unwrap()).unwrap();
    }
    close(&bn.running_mean.as_ref().unwrap().to_vec::<f64>().unwrap(), &[3.0], 1e-6);
    close(&bn.running_var.as_ref().unwrap().to_vec::<f64>().unwrap(), &[2.0], 1e-5);
    let plain =
        BatchNorm1d::with_options(1, BatchNormOptions { track_running_stats: false, ..Default::default() }).unwrap();
    plain.eval();
    let y = plain.forward(&Tensor::from_slice(&[0.0f32, 2.0], [2, 1]).unwrap()).unwrap();
    close(&y.to_vec::<f64>().unwrap(), &[-1.0, 1.0], 1e-4);
}

#[test]
fn dropout_drops_its_share_and_keeps_the_mean() -> Result<()> {
    manual_seed(4);
    let dropout = Dropout::new(0.1);
    let y = dropout.forward(&Tensor::ones([1_000_000])?)?;
    let v = y.to_vec::<f32>()?;
    let zeros = v.iter().filter(|&&x| x == 0.0).count() as f64 / v.len() as f64;
    assert!((zeros - 0.1).abs() < 0.003, "{zeros}");
    assert!(v.iter().all(|&x| x == 0.0 || (x - 1.0 / 0.9).abs() < 1e-6));
    assert_ne!(v, dropout.forward(&Tensor::ones([1_000_000])?)?.to_vec::<f32>()?);
    assert_eq!(Dropout::new(1.0).forward(&Tensor::ones([3])?)?.to_vec::<f32>()?, [0.0; 3]);
    let message = Dropout::new(1.5).forward(&Tensor::ones([3])?).unwrap_err().to_string();
    assert!(message.starts_with("in Dropout: dropout: "), "{message}");
    dropout.eval();
    let x = Tensor::ones([5])?;
    assert!(dropout.forward(&x)?.shares_storage(&x));
    Ok(())
}

#[test]
fn an_evaluation_leaves_no_history() {
    let lin = Linear::new(2, 2).unwrap();
    let _guard = no_grad();
    assert!(!lin.forward(&Tensor::ones([1, 2]).unwrap()).unwrap().requires_grad());
}
