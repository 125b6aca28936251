//! No layer cuts a record without a word: in twenty networks, one step moves every parameter.
use autograd::Backward;
use nn::{
    AdaptiveAvgPool2d, BatchNorm1d, BatchNorm2d, Bilinear, Conv1d, Conv2d, Conv3d, ConvTranspose2d, Dropout, Embedding,
    EmbeddingBag, Flatten, Forward, GELU, GRU, GroupNorm, InstanceNorm2d, InstanceNormOptions, LSTM, LayerNorm, Linear,
    LinearOptions, LocalResponseNorm, MaxPool2d, Module, MultiheadAttention, PReLU, RMSNorm, RNN, ReLU, Sequential,
    SiLU, Softmax, TransformerEncoderLayer, UpsamplingNearest2d,
};
use optim::{Optimizer, SGD};
use tensor_core::{DROP, Result, Tensor, manual_seed};

/// Steps once by the square of the output, and names the parameters that stayed where they were.
fn still(model: &(impl Module + ?Sized), output: impl Fn() -> Result<Tensor>) -> Result<Vec<String>> {
    let before: Vec<(String, Vec<f32>)> =
        model.named_parameters().iter().map(|(n, p)| Ok((n.clone(), p.to_vec()?))).collect::<Result<_>>()?;
    let mut optimizer = SGD::new(model.parameters(), 0.5)?;
    let y = output()?;
    // Not symmetric, so that no normalisation takes its gradient away.
    let weights = Tensor::randn(y.shape())?;
    y.add(0.3)?.square()?.mul(&weights)?.sum()?.backward()?;
    optimizer.step()?;
    let after = model.named_parameters();
    let stayed = before.into_iter().zip(after).filter_map(|((name, old), (_, p))| {
        let new = p.to_vec::<f32>().ok()?;
        (new == old || new.iter().any(|v| v.is_nan())).then_some(name)
    });
    Ok(stayed.collect())
}

fn chain(model: Sequential, shape: &[usize]) -> Result<Vec<String>> {
    let x = Tensor::randn(shape)?;
    still(&model, || model.forward(&x))
}

#[test]
fn one_step_moves_every_parameter_of_twenty_networks() -> Result<()> {
    manual_seed(20);
    let mut nets: Vec<(&str, Vec<String>)> = Vec::new();
    let mut net = |name, stayed: Result<Vec<String>>| -> Result<()> {
        nets.push((name, stayed?));
        Ok(())
    };
    net("mlp", chain(Sequential::new((Linear::new(5, 8)?, ReLU, Linear::new(8, 3)?)), &[16, 5]))?;
    net(
        "layer norm",
        chain(
            Sequential::new((Linear::new(5, 8)?, LayerNorm::new([8])?, GELU::default(), Linear::new(8, 3)?)),
            &[16, 5],
        ),
    )?;
    net(
        "rms norm",
        chain(Sequential::new((Linear::new(5, 8)?, RMSNorm::new([8])?, SiLU, Linear::new(8, 3)?)), &[16, 5]),
    )?;
    net("softmax", chain(Sequential::new((Linear::new(5, 8)?, Softmax::new(1), Linear::new(8, 3)?)), &[16, 5]))?;
    net(
        "batch norm",
        chain(
            Sequential::new((
                Linear::with_options(5, 8, LinearOptions { bias: false })?,
                BatchNorm1d::new(8)?,
                PReLU::new(1)?,
                Linear::new(8, 3)?,
            )),
            &[16, 5],
        ),
    )?;
    let conv = || Conv2d::new(2, 4, 3, Default::default());
    net(
        "conv",
        chain(
            Sequential::new((conv()?, ReLU, MaxPool2d::new(2), Flatten::default(), Linear::new(16, 3)?)),
            &[8, 2, 6, 6],
        ),
    )?;
    net(
        "conv and batch norm",
        chain(
            Sequential::new((
                Conv2d::new(2, 4, 3, nn::Conv2dOptions { bias: false, ..Default::default() })?,
                BatchNorm2d::new(4)?,
                ReLU,
            )),
            &[8, 2, 6, 6],
        ),
    )?;
    net("group norm", chain(Sequential::new((conv()?, GroupNorm::new(2, 4)?, ReLU)), &[8, 2, 6, 6]))?;
    let affine = InstanceNormOptions { affine: true, ..Default::default() };
    net(
        "instance norm",
        chain(
            Sequential::new((
                conv()?,
                InstanceNorm2d::with_options(4, affine)?,
                ReLU,
                Conv2d::new(4, 2, 3, Default::default())?,
            )),
            &[8, 2, 6, 6],
        )
        .map(|s| without_constant(s, "0.bias")),
    )?;
    net("response norm", chain(Sequential::new((conv()?, LocalResponseNorm::new(2), ReLU)), &[8, 2, 6, 6]))?;
    net(
        "adaptive pool",
        chain(
            Sequential::new((conv()?, AdaptiveAvgPool2d::new(1), Flatten::default(), Linear::new(4, 3)?)),
            &[8, 2, 6, 6],
        ),
    )?;
    net(
        "upsampling",
        chain(
            Sequential::new((
                ConvTranspose2d::new(2, 4, 3, Default::default())?,
                ReLU,
                UpsamplingNearest2d::new(2.0),
                Conv2d::new(4, 1, 3, Default::default())?,
            )),
            &[4, 2, 3, 3],
        ),
    )?;
    net(
        "conv1d",
        chain(Sequential::new((Conv1d::new(2, 4, 3, Default::default())?, ReLU, Dropout::new(0.2))), &[8, 2, 9]),
    )?;
    net("conv3d", chain(Sequential::new((Conv3d::new(1, 2, 2, Default::default())?, ReLU)), &[4, 1, 4, 4, 4]))?;

    let ids = Tensor::arange(0, 12, 1)?.reshape([3, 4])?;
    let words = (Embedding::new(12, 6)?, Linear::new(6, 2)?);
    net("embedding", still(&words, || words.1.forward(&words.0.forward(&ids)?.mean_dim(1, DROP)?)))?;
    let bag = (EmbeddingBag::new(12, 6)?, Linear::new(6, 2)?);
    net("embedding bag", still(&bag, || bag.1.forward(&bag.0.forward(&ids, None, None)?)))?;
    let x = Tensor::randn([5, 3, 6])?;
    let (rnn, gru, lstm) = (RNN::new(6, 4)?, GRU::new(6, 4)?, LSTM::new(6, 4)?);
    net("rnn", still(&rnn, || Ok(rnn.forward(&x, None)?.0)))?;
    net("gru", still(&gru, || Ok(gru.forward(&x, None)?.0)))?;
    net("lstm", still(&lstm, || Ok(lstm.forward(&x, None)?.0)))?;
    let attention = MultiheadAttention::new(6, 2)?;
    net("attention", still(&attention, || Ok(attention.forward(&x, &x, &x, Default::default())?.0)))?;
    let transformer = TransformerEncoderLayer::new(6, 2)?;
    net("transformer", still(&transformer, || transformer.forward(&x)))?;
    let bilinear = Bilinear::new(6, 6, 2)?;
    net("bilinear", still(&bilinear, || bilinear.forward(&x, &x)))?;

    assert!(nets.len() >= 20, "{}", nets.len());
    let stuck: Vec<_> = nets.iter().filter(|(_, stayed)| !stayed.is_empty()).collect();
    assert!(stuck.is_empty(), "{stuck:?}");
    Ok(())
}

/// Without a parameter whose true gradient is 0: what follows takes a constant away again.
fn without_constant(mut stayed: Vec<String>, name: &str) -> Vec<String> {
    stayed.retain(|stayed| stayed != name);
    stayed
}
