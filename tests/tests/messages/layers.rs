//! Wrong inputs of layers, found inside of a model.
use super::{said, zeros};
use flambeau::prelude::*;

#[derive(Module)]
struct Net {
    conv: Conv2d,
    norm: BatchNorm2d,
    pool: MaxPool2d,
    dropout: Dropout,
    encoder: Encoder,
    head: Sequential,
}

#[derive(Module)]
struct Encoder {
    lin1: Linear,
    lin2: Linear,
    norm: BatchNorm1d,
}

impl Forward for Encoder {
    // A scope around scopes: the path must not be doubled.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || self.lin2.forward(&self.norm.forward(&self.lin1.forward(x)?)?.relu()?))
    }
}

impl Forward for Net {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || self.encoder.forward(x))
    }
}

/// A model that has been walked over, as every optimizer, state dict and `train()` does.
fn net() -> Result<Net> {
    let options = Conv2dOptions { padding: 1.into(), ..Default::default() };
    let net = Net {
        conv: Conv2d::new(3, 8, 3, options)?,
        norm: BatchNorm2d::new(8)?,
        pool: MaxPool2d::new(2),
        dropout: Dropout::new(50.0),
        encoder: Encoder { lin1: Linear::new(784, 30)?, lin2: Linear::new(20, 10)?, norm: BatchNorm1d::new(30)? },
        head: Sequential::new((
            Linear::new(10, 10)?,
            Sequential::new((ReLU, Linear::new(10, 5)?)),
            Linear::new(6, 2)?,
            LogSoftmax::new(2),
        )),
    };
    net.train();
    Ok(net)
}

#[test]
fn layers_of_a_model_that_do_not_fit_each_other() -> Result<()> {
    let net = net()?;
    assert_eq!(
        said(net.forward(&zeros(&[4, 784])?)),
        "in encoder.lin2: linear: expected 20 features in the last dim, got 30: f32[4, 30] on cpu, f32[10, 20] on cpu; \
         for this input `in_features` has to be 30; or let what comes before give 20"
    );
    assert_eq!(
        said(net.head.forward(&zeros(&[4, 10])?)),
        "in head.2: linear: expected 6 features in the last dim, got 5: f32[4, 5] on cpu, f32[2, 6] on cpu; for this \
         input `in_features` has to be 5; or let what comes before give 6"
    );
    assert_eq!(
        said(net.head.forward(&zeros(&[4, 11])?)),
        "in head.0: linear: expected 10 features in the last dim, got 11: f32[4, 11] on cpu, f32[10, 10] on cpu; for \
         this input `in_features` has to be 11; or let what comes before give 10"
    );
    Ok(())
}

#[test]
fn a_layer_inside_of_nested_sequentials() -> Result<()> {
    let net = Sequential::new((Linear::new(10, 8)?, Sequential::new((ReLU, Linear::new(9, 5)?))));
    assert_eq!(
        said(net.forward(&zeros(&[4, 10])?)),
        "in 1.1: linear: expected 9 features in the last dim, got 8: f32[4, 8] on cpu, f32[5, 9] on cpu; for this \
         input `in_features` has to be 8; or let what comes before give 9"
    );
    Ok(())
}

#[test]
fn a_layer_of_a_model_that_nobody_has_walked_over() -> Result<()> {
    let encoder = Encoder { lin1: Linear::new(784, 30)?, lin2: Linear::new(20, 10)?, norm: BatchNorm1d::new(30)? };
    assert_eq!(
        said(encoder.forward(&zeros(&[4, 784])?)),
        "in Linear: linear: expected 20 features in the last dim, got 30: f32[4, 30] on cpu, f32[10, 20] on cpu; for \
         this input `in_features` has to be 30; or let what comes before give 20"
    );
    Ok(())
}

/// A user's own layer: what fails in its scope carries its path too.
#[derive(Module)]
struct Attention {
    query: Parameter,
}

impl Forward for Attention {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || x.matmul(&self.query))
    }
}

#[test]
fn a_layer_of_ones_own() -> Result<()> {
    let blocks = vec![Attention { query: Parameter::new(zeros(&[8, 8])?)? }];
    blocks.train();
    assert_eq!(
        said(blocks[0].forward(&zeros(&[2, 5, 9])?)),
        "in 0: matmul: inner dimensions differ (9 and 8): f32[2, 5, 9] on cpu, f32[8, 8] on cpu; the last size of the \
         first operand must be the second to last of the other"
    );
    Ok(())
}

#[test]
fn images_that_were_not_flattened() -> Result<()> {
    assert_eq!(
        said(net()?.forward(&zeros(&[4, 1, 28, 28])?)),
        "in encoder.lin1: linear: expected 784 features in the last dim, got 28: f32[4, 1, 28, 28] on cpu, f32[30, \
         784] on cpu; flatten the dims after the batch first: x.flatten(1, -1)"
    );
    assert_eq!(
        said(net()?.forward(&zeros(&[28, 1, 28])?)),
        "in encoder.lin1: linear: expected 784 features in the last dim, got 28: f32[28, 1, 28] on cpu, f32[30, 784] \
         on cpu; for a single sample: x.reshape([1, -1])"
    );
    Ok(())
}

#[test]
fn data_of_another_dtype_or_device_than_the_model() -> Result<()> {
    let net = net()?;
    assert_eq!(
        said(net.forward(&zeros(&[4, 784])?.to_dtype(DType::F64)?)),
        "in encoder.lin1: linear: the input is f64, the weight f32: f64[4, 784] on cpu, f32[30, 784] on cpu; convert \
         the input with to_dtype(DType::F32), or the model"
    );
    assert_eq!(
        said(net.forward(&zeros(&[4, 784])?.to_device(&flambeau_tests::naive::device())?)),
        "in encoder.lin1: linear: operands are on different devices: f32[4, 784] on naive, f32[30, 784] on cpu; move \
         the input, or the model, with to_device(..)"
    );
    assert_eq!(
        said(net.conv.forward(&zeros(&[4, 3, 8, 8])?.to_dtype(DType::U8)?)),
        "in conv: conv2d: the input is u8, the weight f32: u8[4, 3, 8, 8] on cpu, f32[8, 3, 3, 3] on cpu, f32[8] on \
         cpu; convert the input with to_dtype(DType::F32)"
    );
    Ok(())
}

#[test]
fn images_without_batch_or_channels() -> Result<()> {
    let net = net()?;
    assert_eq!(
        said(net.conv.forward(&zeros(&[28, 28])?)),
        "in conv: conv2d: the input must be [N, C, H, W] or [C, H, W]: f32[28, 28] on cpu; flat images get their shape \
         back by x.reshape([-1, C, H, W])"
    );
    assert_eq!(
        said(net.conv.forward(&zeros(&[16, 28, 28])?)),
        "in conv: conv2d: expected 3 channels, got 16: f32[16, 28, 28] on cpu, f32[8, 3, 3, 3] on cpu; of three dims \
         the first is the channels; a batch is [N, C, H, W]"
    );
    let gray = Conv2d::new(1, 8, 3, Conv2dOptions::default())?;
    assert_eq!(
        said(gray.forward(&zeros(&[16, 28, 28])?)),
        "in Conv2d: conv2d: expected 1 channel, got 16: f32[16, 28, 28] on cpu, f32[8, 1, 3, 3] on cpu; for 16 images \
         of one channel: x.unsqueeze(1)"
    );
    assert_eq!(
        said(gray.forward(&zeros(&[16, 784])?)),
        "in Conv2d: conv2d: the input must be [N, C, H, W] or [C, H, W]: f32[16, 784] on cpu; one image without a dim \
         for its channel: x.unsqueeze(0); flat ones: x.reshape([-1, 1, H, W])"
    );
    Ok(())
}

#[test]
fn wrong_channels() -> Result<()> {
    let net = net()?;
    assert_eq!(
        said(net.conv.forward(&zeros(&[4, 1, 28, 28])?)),
        "in conv: conv2d: expected 3 channels, got 1: f32[4, 1, 28, 28] on cpu, f32[8, 3, 3, 3] on cpu; a single \
         channel can be repeated: x.expand([-1, 3, -1, -1])"
    );
    assert_eq!(
        said(net.conv.forward(&zeros(&[4, 28, 28, 3])?)),
        "in conv: conv2d: expected 3 channels, got 28: f32[4, 28, 28, 3] on cpu, f32[8, 3, 3, 3] on cpu; the channels \
         come last here: x.permute([0, 3, 1, 2])"
    );
    assert_eq!(
        said(net.norm.forward(&zeros(&[4, 3, 28, 28])?)),
        "in norm: batch_norm: expected 8 channels in dim 1, got 3: f32[4, 3, 28, 28] on cpu; for this input \
         `num_features` has to be 3"
    );
    net.eval();
    assert_eq!(
        said(net.norm.forward(&zeros(&[4, 3, 28, 28])?)),
        "in norm: batch_norm: expected 8 channels in dim 1, got 3: f32[4, 3, 28, 28] on cpu; for this input \
         `num_features` has to be 3"
    );
    Ok(())
}

#[test]
fn a_kernel_larger_than_the_image() -> Result<()> {
    let net = net()?;
    let conv = Conv2d::new(3, 8, 5, Conv2dOptions::default())?;
    assert_eq!(
        said(conv.forward(&zeros(&[4, 3, 4, 4])?)),
        "in Conv2d: conv2d: the kernel covers [5, 5], more than the padded input [4, 4]: f32[4, 3, 4, 4] on cpu, \
         f32[8, 3, 5, 5] on cpu, f32[8] on cpu; use more padding or a smaller kernel"
    );
    assert_eq!(
        said(net.pool.forward(&zeros(&[4, 3, 1, 1])?)),
        "in pool: max_pool2d: a window of 2 does not fit into dim 2 of size 1: f32[4, 3, 1, 1] on cpu; the input has \
         become too small for another pooling"
    );
    assert_eq!(
        said(net.pool.forward(&zeros(&[4, 8])?)),
        "in pool: max_pool2d: the input must be [N, C, H, W] or [C, H, W], got 2 dims: f32[4, 8] on cpu; the channel \
         dim is missing: unsqueeze(0) for one image, unsqueeze(1) for a batch"
    );
    Ok(())
}

#[test]
fn batch_norm_without_a_batch() -> Result<()> {
    let net = net()?;
    assert_eq!(
        said(net.forward(&zeros(&[1, 784])?)),
        "in encoder.norm: batch_norm: one value per channel has no variance: f32[1, 30] on cpu; give a batch of at \
         least two, or switch the model to eval()"
    );
    assert_eq!(
        said(net.norm.forward(&zeros(&[8, 28, 28])?)),
        "in norm: batch_norm: the input must be [N, C, H, W]: f32[8, 28, 28] on cpu; a single sample needs a batch \
         dim: x.unsqueeze(0)"
    );
    assert_eq!(
        said(net.norm.forward(&zeros(&[4, 8])?)),
        "in norm: batch_norm: the input must be [N, C, H, W]: f32[4, 8] on cpu; for rows of features: BatchNorm1d"
    );
    Ok(())
}

#[test]
fn a_dropout_in_percent() -> Result<()> {
    assert_eq!(
        said(net()?.dropout.forward(&zeros(&[4])?)),
        "in dropout: dropout: a probability must be between 0 and 1, got 50: f32[4] on cpu; p is the share of elements \
         that become 0: one half is 0.5"
    );
    Ok(())
}

#[test]
fn a_softmax_over_a_dim_that_is_not_there() -> Result<()> {
    let head = Sequential::new((Linear::new(4, 3)?, LogSoftmax::new(2)));
    assert_eq!(
        said(head.forward(&zeros(&[5, 4])?)),
        "in 1: log_softmax: dim 2 is out of range: f32[5, 3] on cpu; a tensor of 2 dims has dims -2 to 1"
    );
    Ok(())
}

#[test]
fn a_convolution_that_cannot_be_made() -> Result<()> {
    assert_eq!(
        said(Conv2d::new(3, 64, 3, Conv2dOptions { groups: 2, ..Default::default() })),
        "Conv2d::new: 2 groups do not divide 3 channels in and 64 out; both numbers of channels must be multiples of \
         `groups`"
    );
    Ok(())
}
