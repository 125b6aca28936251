//! Residual networks ([He et al., 2015](https://arxiv.org/abs/1512.03385)), as torchvision's.
use crate::{
    BatchNorm2d, Conv2d, Conv2dOptions, Forward, Linear, MaxPool2d, MaxPool2dOptions, Module, Sequential,
    init::{self, FanMode, Nonlinearity},
    scope_with,
};
use tensor_core::{Error, Result, Tensor};

/// What the stages of a [`ResNet`] are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResNetBlock {
    /// [`BasicBlock`]
    Basic,
    /// [`Bottleneck`]
    Bottleneck,
}

/// Settings of [`ResNet`]: by default those of the network of 18 layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResNetOptions {
    /// What the stages are made of.
    pub block: ResNetBlock,
    /// The number of blocks in each of the four stages.
    pub layers: [usize; 4],
    /// The number of outputs.
    pub num_classes: usize,
    /// Channels of the first stage; each further one has twice as many.
    pub width: usize,
    /// Groups of the bottlenecks' 3x3 convolutions.
    pub groups: usize,
    /// Channels of each group in the first stage, where that has 64.
    pub width_per_group: usize,
}

impl Default for ResNetOptions {
    fn default() -> ResNetOptions {
        ResNetOptions {
            block: ResNetBlock::Basic,
            layers: [2, 2, 2, 2],
            num_classes: 1000,
            width: 64,
            groups: 1,
            width_per_group: 64,
        }
    }
}

/// A residual network for images, under torchvision's names. Convolutions start normal with a variance of 2 over their
/// fan-out, as torchvision's do.
///
/// # Shapes
/// input `[N, 3, H, W]`, output `[N, num_classes]`.
///
/// ```
/// use nn::{Forward, Module, models::{ResNet, ResNetOptions}};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let model = ResNet::new(ResNetOptions { width: 8, num_classes: 10, ..Default::default() })?;
/// assert_eq!(model.forward(&Tensor::zeros([2, 3, 32, 32])?)?.shape(), [2, 10]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct ResNet {
    /// 7x7, stride 2.
    pub conv1: Conv2d,
    /// After `conv1`.
    pub bn1: BatchNorm2d,
    /// 3x3, stride 2.
    pub maxpool: MaxPool2d,
    /// The first stage; it keeps the size.
    pub layer1: Sequential,
    /// The second stage; it halves the size, as the next two do.
    pub layer2: Sequential,
    /// The third stage.
    pub layer3: Sequential,
    /// The fourth stage.
    pub layer4: Sequential,
    /// From the averages over the image to the classes.
    pub fc: Linear,
}

impl ResNet {
    /// A network with these settings.
    pub fn new(options: ResNetOptions) -> Result<ResNet> {
        let ResNetOptions { block, layers, num_classes, width, groups, width_per_group } = options;
        if block == ResNetBlock::Basic && (groups, width_per_group) != (1, 64) {
            return Err(Error::new("ResNet::new", "basic blocks have neither groups nor another width of them")
                .hint("ResNetBlock::Bottleneck has"));
        }
        let mut channels = width;
        let mut stage = |i: usize| -> Result<Sequential> {
            let planes = width << i;
            let mut blocks = Sequential::default();
            for n in 0..layers[i] {
                let stride = if i > 0 && n == 0 { 2 } else { 1 };
                match block {
                    ResNetBlock::Basic => {
                        blocks.push(BasicBlock::new(channels, planes, stride)?);
                        channels = planes;
                    }
                    ResNetBlock::Bottleneck => {
                        let inner = planes * width_per_group / 64 * groups;
                        blocks.push(Bottleneck::new(channels, inner, planes * EXPANSION, stride, groups)?);
                        channels = planes * EXPANSION;
                    }
                }
            }
            Ok(blocks)
        };
        let (layer1, layer2, layer3, layer4) = (stage(0)?, stage(1)?, stage(2)?, stage(3)?);
        let halved = MaxPool2dOptions { stride: Some(2.into()), padding: 1.into(), ..Default::default() };
        Ok(ResNet {
            conv1: conv(3, width, 7, 2, 1)?,
            bn1: BatchNorm2d::new(width)?,
            maxpool: MaxPool2d::with_options(3, halved),
            layer1,
            layer2,
            layer3,
            layer4,
            fc: Linear::new(channels, num_classes)?,
        })
    }
}

impl Forward for ResNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| {
            let mut x = self.maxpool.forward(&self.bn1.forward(&self.conv1.forward(x)?)?.relu()?)?;
            for stage in [&self.layer1, &self.layer2, &self.layer3, &self.layer4] {
                x = stage.forward(&x)?;
            }
            self.fc.forward(&x.adaptive_avg_pool2d(1)?.flatten(1, -1)?)
        })
    }
}

/// How many times more channels a [`Bottleneck`] gives than its stage is wide.
const EXPANSION: usize = 4;

/// Two 3x3 convolutions beside a shortcut.
#[derive(Debug, Clone, Module)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    downsample: Option<(Conv2d, BatchNorm2d)>,
}

impl BasicBlock {
    fn new(from: usize, to: usize, stride: usize) -> Result<BasicBlock> {
        Ok(BasicBlock {
            conv1: conv(from, to, 3, stride, 1)?,
            bn1: BatchNorm2d::new(to)?,
            conv2: conv(to, to, 3, 1, 1)?,
            bn2: BatchNorm2d::new(to)?,
            downsample: shortcut(from, to, stride)?,
        })
    }
}

impl Forward for BasicBlock {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| {
            let y = self.bn1.forward(&self.conv1.forward(x)?)?.relu()?;
            let y = self.bn2.forward(&self.conv2.forward(&y)?)?;
            added(y, x, self.downsample.as_ref())
        })
    }
}

/// A 1x1, a 3x3 and a 1x1 convolution beside a shortcut. The stride is that of the 3x3 one (torchvision's "1.5").
#[derive(Debug, Clone, Module)]
pub struct Bottleneck {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    conv3: Conv2d,
    bn3: BatchNorm2d,
    downsample: Option<(Conv2d, BatchNorm2d)>,
}

impl Bottleneck {
    fn new(from: usize, inner: usize, to: usize, stride: usize, groups: usize) -> Result<Bottleneck> {
        Ok(Bottleneck {
            conv1: conv(from, inner, 1, 1, 1)?,
            bn1: BatchNorm2d::new(inner)?,
            conv2: conv(inner, inner, 3, stride, groups)?,
            bn2: BatchNorm2d::new(inner)?,
            conv3: conv(inner, to, 1, 1, 1)?,
            bn3: BatchNorm2d::new(to)?,
            downsample: shortcut(from, to, stride)?,
        })
    }
}

impl Forward for Bottleneck {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| {
            let y = self.bn1.forward(&self.conv1.forward(x)?)?.relu()?;
            let y = self.bn2.forward(&self.conv2.forward(&y)?)?.relu()?;
            let y = self.bn3.forward(&self.conv3.forward(&y)?)?;
            added(y, x, self.downsample.as_ref())
        })
    }
}

fn added(y: Tensor, x: &Tensor, downsample: Option<&(Conv2d, BatchNorm2d)>) -> Result<Tensor> {
    match downsample {
        Some((conv, bn)) => y.add(&bn.forward(&conv.forward(x)?)?)?.relu(),
        None => y.add(x)?.relu(),
    }
}

fn conv(from: usize, to: usize, kernel: usize, stride: usize, groups: usize) -> Result<Conv2d> {
    let padding = (kernel / 2).into();
    let options = Conv2dOptions { stride: stride.into(), padding, groups, bias: false, ..Default::default() };
    let conv = Conv2d::new(from, to, kernel, options)?;
    init::kaiming_normal_(&conv.weight, FanMode::Out, Nonlinearity::Relu)?;
    Ok(conv)
}

fn shortcut(from: usize, to: usize, stride: usize) -> Result<Option<(Conv2d, BatchNorm2d)>> {
    Ok(match (from == to, stride) {
        (true, 1) => None,
        _ => Some((conv(from, to, 1, stride, 1)?, BatchNorm2d::new(to)?)),
    })
}

macro_rules! sizes {
    ($( $(#[$doc:meta])* $name:ident: $block:ident $layers:expr; )*) => { $(
        $(#[$doc])*
        pub fn $name(num_classes: usize) -> Result<ResNet> {
            ResNet::new(ResNetOptions { block: ResNetBlock::$block, layers: $layers, num_classes, ..Default::default() })
        }
    )* };
}
sizes! {
    /// torchvision's `resnet18`: 11,689,512 parameters for 1000 classes.
    resnet18: Basic [2, 2, 2, 2];
    /// torchvision's `resnet34`: 21,797,672 parameters for 1000 classes.
    resnet34: Basic [3, 4, 6, 3];
    /// torchvision's `resnet50`: 25,557,032 parameters for 1000 classes.
    resnet50: Bottleneck [3, 4, 6, 3];
    /// torchvision's `resnet101`: 44,549,160 parameters for 1000 classes.
    resnet101: Bottleneck [3, 4, 23, 3];
    /// torchvision's `resnet152`: 60,192,808 parameters for 1000 classes.
    resnet152: Bottleneck [3, 8, 36, 3];
}
