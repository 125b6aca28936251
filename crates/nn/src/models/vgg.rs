//! Plain deep convolutional networks ([Simonyan and Zisserman, 2014](https://arxiv.org/abs/1409.1556)), as torchvision's.
use crate::{
    BatchNorm2d, Conv2d, Conv2dOptions, Dropout, Forward, Linear, MaxPool2d, Module, ReLU, Sequential,
    init::{self, FanMode, Nonlinearity},
    scope_with,
};
use tensor_core::{Result, Tensor};

/// Settings of [`Vgg`]: by default those of the network of 16 layers.
#[derive(Debug, Clone, PartialEq)]
pub struct VggOptions {
    /// The number of 3x3 convolutions in each of the five stages.
    pub layers: [usize; 5],
    /// Whether a batch normalisation follows each convolution.
    pub batch_norm: bool,
    /// The number of outputs.
    pub num_classes: usize,
    /// The probability with which the two wide layers of the classifier drop.
    pub dropout: f64,
    /// Features of these layers.
    pub hidden: usize,
}

impl Default for VggOptions {
    fn default() -> VggOptions {
        VggOptions { layers: [2, 2, 3, 3, 3], batch_norm: false, num_classes: 1000, dropout: 0.5, hidden: 4096 }
    }
}

/// Stages of 3x3 convolutions, each halved by pooling, and three linear layers, under torchvision's names. Convolutions
/// start normal with a variance of 2 over their fan-out, linear layers with a deviation of 0.01.
///
/// # Shapes
/// input `[N, 3, H, W]` with `H` and `W` at least 32, output `[N, num_classes]`.
///
/// ```
/// use nn::{Forward, Module, models::{Vgg, VggOptions}};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let options = VggOptions { layers: [1, 1, 1, 1, 1], hidden: 64, num_classes: 10, ..Default::default() };
/// let model = Vgg::new(&options)?;
/// assert_eq!(model.forward(&Tensor::zeros([1, 3, 32, 32])?)?.shape(), [1, 10]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Vgg {
    /// Convolutions, normalisations, rectifiers and pooling.
    pub features: Sequential,
    /// Three linear layers.
    pub classifier: Sequential,
}

/// Channels of the stages.
const CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];
/// The side to which the last stage's output is averaged.
const SIDE: usize = 7;

impl Vgg {
    /// A network with these settings.
    pub fn new(options: &VggOptions) -> Result<Vgg> {
        let mut features = Sequential::default();
        let mut from = 3;
        for (count, to) in options.layers.into_iter().zip(CHANNELS) {
            for _ in 0..count {
                let conv = Conv2d::new(from, to, 3, Conv2dOptions { padding: 1.into(), ..Default::default() })?;
                init::kaiming_normal_(&conv.weight, FanMode::Out, Nonlinearity::Relu)?;
                conv.bias.as_ref().map_or(Ok(()), init::zeros_)?;
                features.push(conv);
                if options.batch_norm {
                    features.push(BatchNorm2d::new(to)?);
                }
                features.push(ReLU);
                from = to;
            }
            features.push(MaxPool2d::new(2));
        }
        let linear = |from: usize, to: usize| -> Result<Linear> {
            let linear = Linear::new(from, to)?;
            init::normal_(&linear.weight, 0.0, 0.01)?;
            linear.bias.as_ref().map_or(Ok(()), init::zeros_)?;
            Ok(linear)
        };
        let classifier = Sequential::new((
            linear(from * SIDE * SIDE, options.hidden)?,
            ReLU,
            Dropout::new(options.dropout),
            linear(options.hidden, options.hidden)?,
            ReLU,
            Dropout::new(options.dropout),
            linear(options.hidden, options.num_classes)?,
        ));
        Ok(Vgg { features, classifier })
    }
}

impl Forward for Vgg {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| {
            let x = self.features.forward(x)?.adaptive_avg_pool2d(SIDE)?;
            self.classifier.forward(&x.flatten(1, -1)?)
        })
    }
}

macro_rules! sizes {
    ($( $(#[$doc:meta])* $name:ident: $layers:expr, $batch_norm:expr; )*) => { $(
        $(#[$doc])*
        pub fn $name(num_classes: usize) -> Result<Vgg> {
            Vgg::new(&VggOptions { layers: $layers, batch_norm: $batch_norm, num_classes, ..Default::default() })
        }
    )* };
}
sizes! {
    /// torchvision's `vgg11`.
    vgg11: [1, 1, 2, 2, 2], false;
    /// torchvision's `vgg13`.
    vgg13: [2, 2, 2, 2, 2], false;
    /// torchvision's `vgg16`.
    vgg16: [2, 2, 3, 3, 3], false;
    /// torchvision's `vgg19`.
    vgg19: [2, 2, 4, 4, 4], false;
    /// torchvision's `vgg11_bn`.
    vgg11_bn: [1, 1, 2, 2, 2], true;
    /// torchvision's `vgg13_bn`.
    vgg13_bn: [2, 2, 2, 2, 2], true;
    /// torchvision's `vgg16_bn`.
    vgg16_bn: [2, 2, 3, 3, 3], true;
    /// torchvision's `vgg19_bn`.
    vgg19_bn: [2, 2, 4, 4, 4], true;
}
