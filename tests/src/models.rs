//! The models of the recorded trainings, written as a user would write them.
use crate::{
    args::Args,
    fault::{Res, unsupported},
};
use nn::{BatchNorm2d, Conv2d, Conv2dOptions, Forward, Layer, Linear, MaxPool2d, Module, Parameter};
use tensor_core::{Result, Tensor};

/// A model by its name, with the hyperparameters that `hyper` names.
pub fn build(name: &str, hyper: &Args) -> Res<Box<dyn Layer>> {
    let size = |name: &str| hyper.count(usize::MAX, name);
    Ok(match name {
        "my_neural_net" => Box::new(MyNeuralNet::new(size("inp")?, size("hidden")?, size("out")?)?),
        "my_crazy_neural_net" => Box::new(MyCrazyNeuralNet::new(size("inp")?, size("out")?)?),
        "custom_net" => Box::new(CustomNet::new(size("inp")?, size("hidden")?, size("out")?)?),
        "conv_net" => Box::new(ConvNet::new(size("channels")?, size("width")?, size("size")?, size("out")?)?),
        other => return unsupported(format!("model {other}")),
    })
}

#[derive(Debug, Clone, Module)]
struct MyNeuralNet {
    lin1: Linear,
    lin2: Linear,
}

impl MyNeuralNet {
    fn new(inp: usize, hidden: usize, out: usize) -> Result<MyNeuralNet> {
        Ok(MyNeuralNet { lin1: Linear::new(inp, hidden)?, lin2: Linear::new(hidden, out)? })
    }
}

impl Forward for MyNeuralNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.lin2.forward(&self.lin1.forward(x)?.relu()?)?.log_softmax(-1)
    }
}

#[derive(Debug, Clone, Module)]
struct MyCrazyNeuralNet {
    lin1: Linear,
    lin2: Linear,
}

impl MyCrazyNeuralNet {
    fn new(inp: usize, out: usize) -> Result<MyCrazyNeuralNet> {
        Ok(MyCrazyNeuralNet { lin1: Linear::new(inp, inp)?, lin2: Linear::new(inp, out)? })
    }
}

impl Forward for MyCrazyNeuralNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.lin2.forward(&(self.lin1.forward(x)?.relu()? + x)?)
    }
}

/// A layer of one's own: the weight stands the other way round than in [`Linear`].
#[derive(Debug, Clone, Module)]
struct HandWritten {
    weight: Parameter,
    bias: Parameter,
}

impl HandWritten {
    fn new(inp: usize, out: usize) -> Result<HandWritten> {
        Ok(HandWritten {
            weight: Parameter::new(Tensor::zeros([inp, out])?)?,
            bias: Parameter::new(Tensor::zeros([out])?)?,
        })
    }
}

impl Forward for HandWritten {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight)? + &self.bias
    }
}

#[derive(Debug, Clone, Module)]
struct CustomNet {
    lin1: HandWritten,
    lin2: HandWritten,
}

impl CustomNet {
    fn new(inp: usize, hidden: usize, out: usize) -> Result<CustomNet> {
        Ok(CustomNet { lin1: HandWritten::new(inp, hidden)?, lin2: HandWritten::new(hidden, out)? })
    }
}

impl Forward for CustomNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.lin2.forward(&self.lin1.forward(x)?.relu()?)
    }
}

#[derive(Debug, Clone, Module)]
struct ConvNet {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    fc: Linear,
}

impl ConvNet {
    fn new(channels: usize, width: usize, size: usize, out: usize) -> Result<ConvNet> {
        let halved = Conv2dOptions { stride: 2.into(), padding: 1.into(), bias: false, ..Default::default() };
        // Pooled to half, then every second of what a kernel of 3 with padding 1 sees.
        let left = (size / 2).div_ceil(2);
        Ok(ConvNet {
            conv1: Conv2d::new(channels, width, 3, Conv2dOptions { padding: 1.into(), ..Default::default() })?,
            bn1: BatchNorm2d::new(width)?,
            conv2: Conv2d::new(width, 2 * width, 3, halved)?,
            bn2: BatchNorm2d::new(2 * width)?,
            fc: Linear::new(2 * width * left * left, out)?,
        })
    }
}

impl Forward for ConvNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.bn1.forward(&self.conv1.forward(x)?)?.relu()?;
        let x = MaxPool2d::new(2).forward(&x)?;
        let x = self.bn2.forward(&self.conv2.forward(&x)?)?.relu()?;
        self.fc.forward(&x.flatten(1, -1)?)
    }
}
