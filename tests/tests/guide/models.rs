//! Models: structs of layers, layers of one's own, and what both have.
use crate::pytorch::{agree, backward, digest, fill, gradients, input, names, numbers};
use flambeau::nn::{LSTMOptions, loss::AdaptiveLogSoftmaxWithLoss, scope_with, summary};
use flambeau::prelude::*;
use std::collections::HashMap;

#[derive(Debug, Clone, Module)]
pub struct MyNeuralNet {
    lin1: Linear,
    lin2: Linear,
}

impl MyNeuralNet {
    pub fn new() -> Result<MyNeuralNet> {
        Ok(MyNeuralNet { lin1: Linear::new(784, 30)?, lin2: Linear::new(30, 10)? })
    }
}

impl Forward for MyNeuralNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.lin2.forward(&self.lin1.forward(x)?.relu()?)?.log_softmax(1)
    }
}

/// Outputs and gradients as PyTorch's.
fn as_pytorch(name: &str, model: &(impl Module + Forward), x: &Tensor) -> Result<()> {
    fill(model)?;
    let y = model.forward(x)?;
    backward(&[&y])?;
    agree(name, &[digest(&y)?, gradients(model)?].concat(), &numbers(name));
    Ok(())
}

#[test]
fn guide_003_one_use_brings_what_a_program_needs() -> Result<()> {
    // This file has three `use` lines of the crate, and one would do for the guide.
    let _: (Option<Tensor>, Option<Device>, DType) = (None, None, DType::F32);
    let _: fn(usize, usize) -> Result<nn::Linear> = nn::Linear::new;
    let _: optim::AdamOptions = AdamOptions::default();
    assert_eq!(data::datasets::Digits::test()?.len(), 360);
    Ok(())
}

#[test]
fn guide_018_a_model_is_a_struct() -> Result<()> {
    let net = MyNeuralNet::new()?;
    let found: Vec<String> = net.named_parameters().into_iter().map(|(name, _)| name).collect();
    assert_eq!(found, ["lin1.weight", "lin1.bias", "lin2.weight", "lin2.bias"]);
    // That a field which is neither a part nor plain data does not compile is tested beside the derive.
    let children: Vec<String> = net.named_children().into_iter().map(|(name, _)| name).collect();
    assert_eq!(children, ["lin1", "lin2"]);
    Ok(())
}

#[test]
fn guide_019_my_neural_net() -> Result<()> {
    let net = MyNeuralNet::new()?;
    assert_eq!(net.forward(&Tensor::randn([100, 784])?)?.shape(), [100, 10]);
    assert_eq!(net.num_parameters(), 23_860);
    as_pytorch("net", &net, &input(&[100, 784], 0.3)?)
}

#[derive(Debug, Clone, Module)]
struct MyCrazyNeuralNet {
    lin1: Linear,
    lin2: Linear,
    lin3: Linear,
}

impl Forward for MyCrazyNeuralNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.lin1.forward(x)?.relu()?;
        let y = (x + self.lin2.forward(&y)?)?;
        let y = self.lin1.forward(&y)?.relu()?;
        self.lin3.forward(&y)?.log_softmax(1)
    }
}

#[test]
fn guide_020_layers_are_used_again() -> Result<()> {
    let net = MyCrazyNeuralNet { lin1: Linear::new(784, 30)?, lin2: Linear::new(30, 784)?, lin3: Linear::new(30, 10)? };
    assert_eq!(net.num_parameters(), 48_164);
    assert_eq!(net.forward(&Tensor::randn([100, 784])?)?.shape(), [100, 10]);
    as_pytorch("crazy", &net, &input(&[100, 784], 0.3)?)
}

/// As deep as its data says.
#[derive(Debug, Clone, Module)]
struct Deep {
    a: Linear,
    b: Linear,
}

impl Forward for Deep {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for _ in 0..5 {
            x = self.a.forward(&x)?.tanh()?;
            let sum = x.sum()?.item::<f64>()?;
            if sum > 0.0 {
                x = self.b.forward(&x)?;
            } else if sum < -1.0 {
                return Ok(x);
            }
        }
        Ok(x)
    }
}

#[test]
fn guide_021_any_computation_may_be_in_forward() -> Result<()> {
    let net = Deep { a: Linear::new(4, 4)?, b: Linear::new(4, 4)? };
    for (i, step) in [0.3, 1.1, 2.9].into_iter().enumerate() {
        fill(&net)?;
        net.zero_grad();
        let y = net.forward(&input(&[3, 4], step)?)?;
        backward(&[&y])?;
        let zeros = |p: &Parameter| p.grad().map_or(Ok(vec![0.0; 2]), |g| digest(&g));
        let all =
            net.parameters().iter().map(zeros).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect::<Vec<f64>>();
        agree("deep", &[digest(&y)?, all].concat(), &numbers(&format!("deep{i}")));
    }
    let mut optimizer = SGD::new(net.parameters(), 0.05)?;
    let x = input(&[3, 4], 0.3)?;
    let mut losses = Vec::new();
    for _ in 0..20 {
        optimizer.zero_grad();
        let loss = net.forward(&x)?.sub(0.5)?.square()?.mean()?;
        loss.backward()?;
        optimizer.step()?;
        losses.push(loss.item::<f64>()?);
    }
    assert!(losses[19] < losses[0], "{losses:?}");
    Ok(())
}

#[test]
fn guide_022_random_input_tells_the_sizes() -> Result<()> {
    let net = MyNeuralNet::new()?;
    assert_eq!(net.forward(&Tensor::randn([100, 784])?)?.shape(), [100, 10]);
    let table = summary(&net, [100, 784])?;
    assert_eq!((table.parameters, table.multiply_adds), (23_860, 100 * (784 * 30 + 30 * 10)));
    assert_eq!(
        table.to_string(),
        "\
layer           input       output     parameters  multiply-adds
----------------------------------------------------------------
MyNeuralNet     [100, 784]  [100, 10]           -              -
  lin1: Linear  [100, 784]  [100, 30]      23,550      2,352,000
  lin2: Linear  [100, 30]   [100, 10]         310         30,000
----------------------------------------------------------------
total                                      23,860      2,382,000
23,860 parameters are trained, 0 are frozen"
    );
    Ok(())
}

/// The guide's own linear layer.
#[derive(Debug, Clone, Module)]
struct MyLinear {
    weights: Parameter,
    bias: Parameter,
}

impl MyLinear {
    fn new(inputs: usize, outputs: usize) -> Result<MyLinear> {
        Ok(MyLinear {
            weights: Parameter::new(Tensor::randn([inputs, outputs])?)?,
            bias: Parameter::new(Tensor::zeros([outputs])?)?,
        })
    }
}

impl Forward for MyLinear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.mm(&self.weights)? + &self.bias)
    }
}

#[test]
fn guide_023_a_layer_of_ones_own() -> Result<()> {
    let layer = MyLinear::new(784, 10)?;
    assert_eq!(layer.forward(&Tensor::randn([100, 784])?)?.shape(), [100, 10]);
    assert_eq!((layer.num_parameters(), layer.parameters().len()), (7_850, 2));
    as_pytorch("own_linear", &layer, &input(&[100, 784], 0.3)?)?;
    layer.zero_grad();
    layer.forward(&input(&[100, 784], 0.3)?)?.sum()?.backward()?;
    assert_eq!(layer.bias.grad().unwrap().to_vec::<f64>()?, [100.0; 10]);
    Ok(())
}

#[derive(Debug, Clone, Module)]
struct Fields {
    weight: Parameter,
    mean: Buffer,
    maybe: Option<Linear>,
    list: Vec<Linear>,
    named: HashMap<String, Linear>,
    nested: MyLinear,
    #[module(plain)]
    table: Tensor,
}

#[test]
fn guide_024_parameters_register_themselves() -> Result<()> {
    let one = || Linear::new(1, 1);
    let fields = Fields {
        weight: Parameter::new(Tensor::ones([2])?)?,
        mean: Buffer::new(Tensor::zeros([2])?)?,
        maybe: Some(one()?),
        list: vec![one()?],
        named: HashMap::from([("head".to_string(), one()?)]),
        nested: MyLinear::new(1, 1)?,
        table: Tensor::zeros([5])?,
    };
    // It is a tensor wherever one is wanted.
    assert_eq!(fields.weight.mul(&fields.table.narrow(0, 0, 2)?)?.shape(), [2]);
    let all = [
        "weight",
        "maybe.weight",
        "maybe.bias",
        "list.0.weight",
        "list.0.bias",
        "named.head.weight",
        "named.head.bias",
        "nested.weights",
        "nested.bias",
    ];
    let found: Vec<String> = fields.named_parameters().into_iter().map(|(name, _)| name).collect();
    assert_eq!(found, all);
    assert_eq!(fields.state_dict().names().filter(|name| !all.contains(name)).collect::<Vec<_>>(), ["mean"]);
    Ok(())
}

#[derive(Debug, Clone, Module)]
struct BiLstmParts {
    embedding: Embedding,
    lstm: LSTM,
    linear: Linear,
    dropout: Dropout,
    out: Linear,
}

#[test]
fn guide_025_parameters_go_to_the_optimizer() -> Result<()> {
    let check = |name: &str, model: &dyn Module| {
        let found: Vec<String> = model.named_parameters().into_iter().map(|(name, _)| name).collect();
        let joined = found.join(",");
        let hash = joined
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        assert_eq!((found.len(), hash, model.num_parameters()), names(name), "{name}: {joined}");
        let again: Vec<String> = model.named_parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(found, again);
    };
    check("net", &MyNeuralNet::new()?);
    let (lin1, lin2, lin3) = (Linear::new(784, 30)?, Linear::new(30, 784)?, Linear::new(30, 10)?);
    check("crazy", &MyCrazyNeuralNet { lin1, lin2, lin3 });
    check("own", &MyLinear::new(784, 10)?);
    let both = LSTMOptions { bidirectional: true, batch_first: true, ..Default::default() };
    check(
        "bilstm",
        &BiLstmParts {
            embedding: Embedding::new(10_000, 300)?,
            lstm: LSTM::with_options(300, 64, both)?,
            linear: Linear::new(256, 64)?,
            dropout: Dropout::new(0.1),
            out: Linear::new(64, 1)?,
        },
    );
    check("gru", &GRU::with_options(3, 4, GRUOptions { num_layers: 2, bidirectional: true, ..Default::default() })?);
    let projected = LSTMOptions { num_layers: 2, proj_size: 2, ..Default::default() };
    check("lstm_proj", &LSTM::with_options(3, 4, projected)?);
    let options = MultiheadAttentionOptions { kdim: Some(5), add_bias_kv: true, ..Default::default() };
    check("attention", &MultiheadAttention::with_options(8, 2, options)?);
    let layer = TransformerLayerOptions { dim_feedforward: 16, ..Default::default() };
    let encoder = TransformerEncoderLayer::with_options(8, 2, layer)?;
    check("encoder", &TransformerEncoder::new(encoder, 2, Some(LayerNorm::new([8])?)));
    check("decoder", &TransformerDecoder::new(TransformerDecoderLayer::with_options(8, 2, layer)?, 2, None));
    let options = TransformerOptions { num_encoder_layers: 1, num_decoder_layers: 1, layer };
    check("transformer", &Transformer::with_options(8, 2, options)?);
    let conv = Conv2d::new(1, 4, 3, Default::default())?;
    check("cnn", &Sequential::new((conv, BatchNorm2d::new(4)?, ReLU, Flatten::default(), Linear::new(4, 2)?)));
    check("adaptive", &AdaptiveLogSoftmaxWithLoss::new(8, 12, &[3, 7])?);

    let net = MyNeuralNet::new()?;
    let mut optimizer = Adam::new(net.parameters(), 1e-3)?;
    net.forward(&Tensor::randn([2, 784])?)?.sum()?.backward()?;
    let before = net.lin2.bias.as_ref().unwrap().to_vec::<f32>()?;
    optimizer.step()?;
    assert_ne!(net.lin2.bias.as_ref().unwrap().to_vec::<f32>()?, before);
    Ok(())
}

#[derive(Debug, Clone, Module)]
struct CustomNet {
    lin1: MyLinear,
    lin2: MyLinear,
}

#[test]
fn guide_026_it_is_used_like_any_other() -> Result<()> {
    let list = Sequential::new((MyLinear::new(784, 30)?, ReLU, MyLinear::new(30, 10)?));
    assert_eq!(list.forward(&Tensor::randn([100, 784])?)?.shape(), [100, 10]);
    let net = CustomNet { lin1: MyLinear::new(784, 30)?, lin2: MyLinear::new(30, 10)? };
    assert_eq!(
        net.state_dict().names().collect::<Vec<_>>(),
        ["lin1.weights", "lin1.bias", "lin2.weights", "lin2.bias"]
    );
    // Errors, hooks and summaries know it as they know ours.
    net.train();
    let why = net.lin2.forward(&Tensor::zeros([2, 7])?).unwrap_err().to_string();
    assert!(why.starts_with("in lin2: mm: "), "{why}");
    Ok(())
}

/// A loss with a setting, beside those that come with the crate.
#[derive(Debug, Clone)]
struct Asymmetric {
    over: f64,
}

impl Loss for Asymmetric {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        let d = input.sub(target)?;
        d.gt(0.0)?.where_(&d.mul(self.over)?, &d.neg()?)?.mean()
    }
}

/// A data set of one's own.
struct Squares;

impl Dataset for Squares {
    type Item = (Tensor, f32);
    fn len(&self) -> usize {
        10
    }
    fn get(&self, index: usize) -> Result<(Tensor, f32)> {
        Ok((Tensor::full([1], index as f64)?, (index * index) as f32))
    }
}

#[test]
fn guide_002_layers_data_loaders_and_losses_are_ones_own_types() -> Result<()> {
    let (layer, loss) = (MyLinear::new(1, 1)?, Asymmetric { over: 2.0 });
    let criteria: Vec<Box<dyn Loss>> = vec![Box::new(loss), Box::new(MSELoss::default())];
    // The loader takes samples by a function of one's own.
    let together = |samples: Vec<(Tensor, f32)>| -> Result<(Tensor, Tensor)> {
        let x: Vec<&Tensor> = samples.iter().map(|(x, _)| x).collect();
        let y: Vec<f32> = samples.iter().map(|(_, y)| *y).collect();
        Ok((Tensor::stack(&x, 0)?, Tensor::from_slice(&y, [y.len(), 1])?))
    };
    for criterion in criteria {
        for batch in &DataLoader::new(Squares).batch_size(4).collate(together) {
            let (x, y) = batch?;
            criterion.forward(&layer.forward(&x)?, &y)?.backward()?;
        }
    }
    assert!(layer.weights.grad().is_some());
    Ok(())
}
