//! The models of the recorded trainings, written as a user would write them.
mod sequences;

use crate::{
    args::Args,
    fault::{Res, unsupported, wrong},
};
use nn::{BatchNorm2d, Conv2d, Conv2dOptions, Forward, Linear, MaxPool2d, Module, Parameter};
pub(crate) use sequences::BiLstm;
use sequences::{GruTagger, Seq2Seq, TransformerClassifier};
use std::{fmt, rc::Rc};
use tensor_core::{Result, Tensor};

/// A model and its call.
pub struct Model {
    /// Its parts.
    pub module: Rc<dyn Module>,
    forward: Box<dyn Fn(&[Tensor]) -> Res<Tensor>>,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({})", self.module.type_name())
    }
}

impl Model {
    /// What it makes of the inputs of a batch.
    pub fn forward(&self, inputs: &[Tensor]) -> Res<Tensor> {
        (self.forward)(inputs)
    }
}

/// A model of one input.
fn of_one<M: Module + Forward>(model: M) -> Model {
    let module = Rc::new(model);
    let called = module.clone();
    let forward = move |inputs: &[Tensor]| match inputs {
        [x] => Ok(called.forward(x)?),
        _ => wrong(format!("{} inputs for a model of one", inputs.len())),
    };
    Model { module, forward: Box::new(forward) }
}

fn seq2seq(model: Seq2Seq) -> Model {
    let module = Rc::new(model);
    let called = module.clone();
    let forward = move |inputs: &[Tensor]| match inputs {
        [src, tgt] => Ok(called.forward(src, tgt)?),
        _ => wrong(format!("{} inputs for a model of two", inputs.len())),
    };
    Model { module, forward: Box::new(forward) }
}

/// A model by its name, with the hyperparameters that `hyper` names.
pub fn build(name: &str, hyper: &Args) -> Res<Model> {
    let size = |name: &str| hyper.count(usize::MAX, name);
    let sizes = || Res::Ok((size("vocab")?, size("dim")?, size("heads")?, size("ff")?));
    Ok(match name {
        "my_neural_net" => of_one(MyNeuralNet::new(size("inp")?, size("hidden")?, size("out")?)?),
        "my_crazy_neural_net" => of_one(MyCrazyNeuralNet::new(size("inp")?, size("out")?)?),
        "custom_net" => of_one(CustomNet::new(size("inp")?, size("hidden")?, size("out")?)?),
        "conv_net" => of_one(ConvNet::new(size("channels")?, size("width")?, size("size")?, size("out")?)?),
        "bilstm" => of_one(BiLstm::new(size("vocab")?, size("embed")?, size("hidden")?)?),
        "gru_tagger" => {
            let (vocab, embed, hidden) = (size("vocab")?, size("embed")?, size("hidden")?);
            of_one(GruTagger::new(vocab, embed, hidden, size("layers")?, size("out")?)?)
        }
        "transformer_classifier" => of_one(TransformerClassifier::new(sizes()?, size("layers")?, size("out")?)?),
        "seq2seq" => seq2seq(Seq2Seq::new(sizes()?, size("layers")?)?),
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
