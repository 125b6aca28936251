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

#[test]
fn the_other_layers_start_as_pytorchs_too() {
    manual_seed(4);
    // 1 / sqrt(hidden) for all parameters of recurrent layers and cells, projections included.
    let options = nn::LSTMOptions { num_layers: 2, bidirectional: true, proj_size: 9, ..Default::default() };
    let lstm = nn::LSTM::with_options(10, 25, options).unwrap();
    lstm.parameters().iter().for_each(|p| even_within(p, 0.2));
    nn::RNN::new(30, 25).unwrap().parameters().iter().for_each(|p| even_within(p, 0.2));
    nn::LSTMCell::new(30, 25).unwrap().parameters().iter().for_each(|p| even_within(p, 0.2));
    // Glorot's bound for every matrix of a transformer; the biases are those of linear layers, or 0, and norms pass on.
    let layer = nn::TransformerLayerOptions { dim_feedforward: 40, ..Default::default() };
    let options = nn::TransformerOptions { num_encoder_layers: 1, num_decoder_layers: 1, layer };
    let transformer = nn::Transformer::with_options(24, 2, options).unwrap();
    for (name, p) in transformer.named_parameters() {
        match *p.shape() {
            [rows, columns] => even_within(&p, (6.0 / (rows + columns) as f64).sqrt()),
            _ if name.contains("norm") && name.ends_with("weight") => assert!(values(&p).iter().all(|&v| v == 1.0)),
            _ if name.contains("norm") || name.contains("attn") => assert!(values(&p).iter().all(|&v| v == 0.0)),
            _ => {
                // Too few numbers to come close to it.
                let bound = 1.0 / if name.contains("linear1") { 24f64 } else { 40.0 }.sqrt();
                assert!(values(&p).iter().all(|v| v.abs() <= bound), "{name}");
            }
        }
    }
    let bag = values(&nn::EmbeddingBag::new(400, 100).unwrap().weight);
    let variance = bag.iter().map(|v| v * v).sum::<f64>() / bag.len() as f64;
    assert!((variance - 1.0).abs() < 0.03, "{variance}");
    // Learned scales start as 1, shifts as 0.
    for norm in [
        nn::BatchNorm1d::new(3).unwrap().state_dict(),
        nn::GroupNorm::new(3, 3).unwrap().state_dict(),
        nn::LayerNorm::new([3]).unwrap().state_dict(),
        nn::RMSNorm::new([3]).unwrap().state_dict(),
    ] {
        for (name, value) in norm.iter() {
            let expected = f64::from(u8::from(name == "weight" || name == "running_var"));
            assert!(values(value).iter().all(|&v| v == expected), "{name}");
        }
    }
    // A bias behind k³ inputs of each of 2 channels.
    let volume = nn::Conv3d::new(2, 400, 3, Default::default()).unwrap();
    even_within(volume.bias.as_deref().unwrap(), 1.0 / 54f64.sqrt());
}
