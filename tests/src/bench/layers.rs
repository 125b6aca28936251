//! Convolution, pooling and batch normalisation at the shapes of ResNet.
use super::{Call, Row, unrecorded};
use flambeau::prelude::Backward;
use flambeau::{
    autograd::BackwardOptions,
    ops::{Conv2dOptions, MaxPool2dOptions},
    prelude::{BatchNorm2d, Forward, Module, Result, Tensor},
};

pub(super) const ROWS: &[Row] = &[
    Row { name: "conv_stem_fwd", setup: || conv(&STEM, FORWARD) },
    Row { name: "conv_stem_fb", setup: || conv(&STEM, BOTH) },
    Row { name: "conv_3x3_fwd", setup: || conv(&THREE, FORWARD) },
    Row { name: "conv_3x3_fb", setup: || conv(&THREE, BOTH) },
    Row { name: "conv_1x1_fwd", setup: || conv(&ONE, FORWARD) },
    Row { name: "conv_1x1_fb", setup: || conv(&ONE, BOTH) },
    Row { name: "conv_dw_fwd", setup: || conv(&DEPTHWISE, FORWARD) },
    Row { name: "conv_dw_fb", setup: || conv(&DEPTHWISE, BOTH) },
    Row { name: "conv_maxpool_fwd", setup: || max_pool(FORWARD) },
    Row { name: "conv_batchnorm_fwd", setup: || batch_norm(FORWARD) },
    Row { name: "conv_maxpool_fb", setup: || max_pool(BOTH) },
    Row { name: "conv_batchnorm_fb", setup: || batch_norm(BOTH) },
];

/// Whether backward is timed too.
#[derive(Clone, Copy, PartialEq)]
struct Backwards(bool);
const FORWARD: Backwards = Backwards(false);
const BOTH: Backwards = Backwards(true);

struct Convolution {
    x: [usize; 4],
    weight: [usize; 4],
    stride: usize,
    padding: usize,
    groups: usize,
}
const STEM: Convolution = Convolution { x: [32, 3, 224, 224], weight: [64, 3, 7, 7], stride: 2, padding: 3, groups: 1 };
const THREE: Convolution =
    Convolution { x: [16, 64, 56, 56], weight: [64, 64, 3, 3], stride: 1, padding: 1, groups: 1 };
const ONE: Convolution =
    Convolution { x: [16, 256, 28, 28], weight: [256, 256, 1, 1], stride: 1, padding: 0, groups: 1 };
const DEPTHWISE: Convolution =
    Convolution { x: [16, 128, 28, 28], weight: [128, 1, 3, 3], stride: 1, padding: 1, groups: 128 };

fn conv(sizes: &Convolution, backwards: Backwards) -> Result<Call> {
    let Backwards(grad) = backwards;
    let x = Tensor::randn(sizes.x)?.requires_grad_(grad);
    let weight = Tensor::randn(sizes.weight)?.mul(0.05)?.requires_grad_(grad);
    let bias = Tensor::zeros([sizes.weight[0]])?.requires_grad_(grad);
    let options = Conv2dOptions {
        stride: [sizes.stride; 2],
        padding: [sizes.padding; 2],
        groups: sizes.groups,
        ..Default::default()
    };
    let leaves = vec![x.clone(), weight.clone(), bias.clone()];
    call(leaves, backwards, move || x.conv2d(&weight, Some(&bias), options))
}

fn max_pool(backwards: Backwards) -> Result<Call> {
    let x = Tensor::randn([16, 64, 112, 112])?.requires_grad_(backwards == BOTH);
    let options = MaxPool2dOptions { stride: Some([2, 2]), padding: [1, 1], ..Default::default() };
    call(vec![x.clone()], backwards, move || x.max_pool2d(3, options))
}

fn batch_norm(backwards: Backwards) -> Result<Call> {
    let x = Tensor::randn([16, 64, 56, 56])?.requires_grad_(backwards == BOTH);
    let layer = BatchNorm2d::new(64)?;
    layer.train();
    let mut leaves = vec![x.clone()];
    leaves.extend(layer.parameters().iter().map(|p| p.live()));
    call(leaves, backwards, move || layer.forward(&x))
}

/// The forward pass alone, unrecorded; or forgetting the gradients, then forward and backward from ones.
fn call(leaves: Vec<Tensor>, backwards: Backwards, forward: impl Fn() -> Result<Tensor> + 'static) -> Result<Call> {
    if backwards == FORWARD {
        return unrecorded(forward);
    }
    Ok(Box::new(move || {
        for leaf in &leaves {
            leaf.set_grad(None);
        }
        let y = forward()?;
        y.backward_with(Some(&y.ones_like()?), BackwardOptions::default())
    }))
}
