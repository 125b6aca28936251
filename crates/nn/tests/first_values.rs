//! First values: every layer's as PyTorch draws them, and the structured ones of `init`.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use nn::{
    Bilinear, ConvTranspose2d, Embedding, EmbeddingOptions, GRU, InstanceNorm2d, InstanceNormOptions, Module,
    MultiheadAttention, PReLU, Parameter, init, loss::AdaptiveLogSoftmaxWithLoss,
};
use tensor_core::{Tensor, manual_seed};

fn parameter(shape: &[usize]) -> Parameter {
    Parameter::new(Tensor::ones(shape).unwrap()).unwrap()
}
fn values(p: &Tensor) -> Vec<f64> {
    p.to_vec().unwrap()
}

/// All within the bound, and some close to it.
fn even_within(p: &Tensor, bound: f64) {
    let most = values(p).into_iter().map(f64::abs).fold(0.0, f64::max);
    assert!(most <= bound * (1.0 + 1e-6) && most > 0.9 * bound, "{most} for a bound of {bound}");
}

#[test]
fn layers_start_within_pytorchs_bounds() {
    manual_seed(1);
    // The fan in of a transposed convolution is that of its second dim.
    let up = ConvTranspose2d::new(4, 6, 3, nn::ConvTranspose2dOptions { groups: 2, ..Default::default() }).unwrap();
    assert_eq!((up.weight.shape(), up.num_parameters()), (&[4, 3, 3, 3][..], 114));
    even_within(&up.weight, 1.0 / 27f64.sqrt());
    let bilinear = Bilinear::new(4, 30, 20).unwrap();
    assert_eq!(bilinear.num_parameters(), 2420);
    even_within(&bilinear.weight, 0.5);
    let gru = GRU::new(10, 16).unwrap();
    even_within(&gru.weights[0].weight_ih, 0.25);
    even_within(gru.weights[0].bias_hh.as_deref().unwrap(), 0.25);
    let attention = MultiheadAttention::new(32, 4).unwrap();
    even_within(attention.in_proj_weight.as_deref().unwrap(), (6.0f64 / 128.0).sqrt());
    assert!(values(attention.in_proj_bias.as_deref().unwrap()).iter().all(|&v| v == 0.0));
    assert!(values(attention.out_proj.bias.as_deref().unwrap()).iter().all(|&v| v == 0.0));
    assert_eq!(values(&PReLU::new(2).unwrap().weight), [0.25, 0.25]);
    let padded = EmbeddingOptions { padding_idx: Some(-1), ..Default::default() };
    let table = Embedding::with_options(400, 100, padded).unwrap();
    let all = values(&table.weight);
    assert!(all[39_900..].iter().all(|&v| v == 0.0));
    let variance = all.iter().map(|v| v * v).sum::<f64>() / 39_900.0;
    assert!((variance - 1.0).abs() < 0.03, "{variance}");
    let tracked = InstanceNormOptions { affine: true, track_running_stats: true, ..Default::default() };
    let norm = InstanceNorm2d::with_options(3, tracked).unwrap();
    let names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
    assert_eq!(norm.state_dict().names().collect::<Vec<_>>(), names);
    let adaptive = AdaptiveLogSoftmaxWithLoss::new(8, 12, &[3, 7]).unwrap();
    let names = ["head.weight", "tail.0.0.weight", "tail.0.1.weight", "tail.1.0.weight", "tail.1.1.weight"];
    assert_eq!(adaptive.state_dict().names().collect::<Vec<_>>(), names);
}

#[test]
fn orthogonal_values_are_orthogonal_whichever_side_is_longer() {
    manual_seed(2);
    for shape in [&[3, 7][..], &[7, 3], &[4, 2, 2], &[1, 1]] {
        let p = parameter(shape);
        init::orthogonal_(&p, 2.0).unwrap();
        let flat = p.reshape([shape[0] as i64, -1]).unwrap();
        let wide = flat.shape()[0] <= flat.shape()[1];
        let turned = flat.t().unwrap();
        let products = if wide { flat.matmul(&turned) } else { turned.matmul(&flat) }.unwrap();
        let expected = Tensor::eye(products.shape()[0]).unwrap().mul(4.0).unwrap();
        assert!(products.allclose(&expected, 0.0, 1e-5, false).unwrap(), "{shape:?}");
    }
    assert!(init::orthogonal_(&parameter(&[3]), 1.0).is_err());
}

#[test]
fn sparse_values_have_as_many_zeros_in_every_column() {
    manual_seed(3);
    let p = parameter(&[10, 4]);
    init::sparse_(&p, 0.25, 0.01).unwrap();
    for column in p.t().unwrap().to_vec::<f32>().unwrap().chunks(10) {
        assert_eq!(column.iter().filter(|&&v| v == 0.0).count(), 3);
    }
    assert!(init::sparse_(&p, 1.5, 0.01).is_err() && init::sparse_(&parameter(&[3]), 0.5, 0.01).is_err());
}

#[test]
fn a_dirac_convolution_passes_its_channels_on() {
    let p = parameter(&[4, 2, 3, 3]);
    init::dirac_(&p, 2).unwrap();
    let x = Tensor::randn([1, 4, 5, 5]).unwrap();
    let options = tensor_core::ops::ConvOptions { padding: [1, 1], groups: 2, ..Default::default() };
    let y = x.conv2d(&p, None, options).unwrap();
    assert_eq!(y.to_vec::<f32>().unwrap(), x.to_vec::<f32>().unwrap());
    assert!(init::dirac_(&parameter(&[3, 3]), 1).is_err() && init::dirac_(&parameter(&[4, 2, 3]), 3).is_err());
}
