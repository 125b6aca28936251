//! The guide's text classifier, its training loop, and its validation.
use crate::models::MyNeuralNet;
use crate::pytorch::{agree, backward, fill, gradients, numbers};
use flambeau::prelude::*;
use std::time::Instant;

#[derive(Debug, Clone, Module)]
struct BiLstm {
    embedding: Embedding,
    lstm: LSTM,
    linear: Linear,
    dropout: Dropout,
    out: Linear,
}

impl BiLstm {
    fn new() -> Result<BiLstm> {
        let options = LSTMOptions { bidirectional: true, batch_first: true, ..Default::default() };
        Ok(BiLstm {
            embedding: Embedding::new(10_000, 300)?,
            lstm: LSTM::with_options(300, 64, options)?,
            linear: Linear::new(64 * 4, 64)?,
            dropout: Dropout::new(0.1),
            out: Linear::new(64, 1)?,
        })
    }
}

impl Forward for BiLstm {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let (h, _) = self.lstm.forward(&self.embedding.forward(ids)?, None)?;
        let pooled = Tensor::cat(&[&h.mean_dim(1, DROP)?, &h.max_dim(1, DROP)?.0], 1)?;
        self.out.forward(&self.dropout.forward(&self.linear.forward(&pooled)?.relu()?)?)
    }
}

#[test]
fn guide_061_the_bilstm() -> Result<()> {
    let model = BiLstm::new()?;
    assert_eq!((model.num_parameters(), model.parameters().len()), (3_203_905, 13));
    fill(&model)?;
    model.eval();
    let ids: Vec<i64> = (0..21).map(|i| i * 977 % 10_000).collect();
    let y = model.forward(&Tensor::from_slice(&ids, [3, 7])?)?;
    backward(&[&y])?;
    agree("bilstm", &[y.to_vec::<f64>()?, gradients(&model)?].concat(), &numbers("bilstm"));
    Ok(())
}

#[test]
fn guide_063_any_length_without_warming_up() -> Result<()> {
    let model = BiLstm::new()?;
    for length in [10, 25] {
        let ids = Tensor::randint(0, 10_000, [100, length])?;
        assert_eq!(model.forward(&ids)?.shape(), [100, 1]);
    }
    // The first batch of a new length takes no more than twice the time of the next of that length: the quickest of
    // several lengths, since other programs run beside this one.
    let time = |ids: &Tensor| -> Result<f64> {
        let start = Instant::now();
        model.forward(ids)?;
        Ok(start.elapsed().as_secs_f64())
    };
    let mut ratios = Vec::new();
    for length in 11..19 {
        let ids = Tensor::randint(0, 10_000, [20, length])?;
        ratios.push(time(&ids)? / time(&ids)?);
    }
    assert!(ratios.iter().copied().fold(f64::INFINITY, f64::min) < 2.0, "{ratios:?}");
    Ok(())
}

#[derive(Debug, Clone, Module)]
struct Small {
    lin1: Linear,
    lin2: Linear,
}

impl Forward for Small {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.lin2.forward(&self.lin1.forward(x)?.relu()?)?.log_softmax(1)
    }
}

#[test]
fn guide_070_the_training_loop() -> Result<()> {
    let model = Small { lin1: Linear::new(20, 16)?, lin2: Linear::new(16, 5)? };
    fill(&model)?;
    model.to(DType::F32)?;
    let x = crate::pytorch::input(&[64, 20], 0.3)?.to_dtype(DType::F32)?;
    let y = Tensor::from_slice(&(0..64).map(|i| i * 7 % 5).collect::<Vec<i64>>(), [64])?;
    let batch = |i: usize| -> Result<_> { Ok((x.narrow(0, i % 4 * 16, 16)?, y.narrow(0, i % 4 * 16, 16)?)) };
    let mut optimizer = Adam::new(model.parameters(), 0.01)?;
    let mut losses = Vec::new();
    model.train();
    for i in 0..50 {
        let (x, y) = batch(i)?;
        optimizer.zero_grad();
        let loss = nll_loss(&model.forward(&x)?, &y)?;
        loss.backward()?;
        optimizer.step()?;
        losses.push(loss.item::<f64>()?);
    }
    for (i, (got, expected)) in losses.iter().zip(numbers("curve")).enumerate() {
        assert!((got - expected).abs() <= 1e-4 * expected, "step {i}: {got} and not {expected}");
    }
    assert!(losses[49] < losses[0]);
    Ok(())
}

#[test]
fn guide_072_validation_records_nothing() -> Result<()> {
    let net = flambeau::nn::Sequential::new((Linear::new(64, 64)?, Dropout::new(0.5), BatchNorm1d::new(64)?));
    let x = Tensor::randn([32, 64])?;
    let snapshot = net.state_dict();
    net.eval();
    let _guard = no_grad();
    let (one, two) = (net.forward(&x)?, net.forward(&x)?);
    assert_eq!(one.to_bytes()?, two.to_bytes()?);
    assert!(!one.requires_grad());
    for (name, value) in net.state_dict().iter() {
        assert_eq!(value.to_bytes()?, snapshot.get(name).unwrap().to_bytes()?, "{name} stays in evaluation");
    }
    // Evaluation of a model without dropout and batch normalisation changes nothing.
    let plain = MyNeuralNet::new()?;
    let x = Tensor::randn([8, 784])?;
    let training = plain.forward(&x)?.to_bytes()?;
    plain.eval();
    assert_eq!(plain.forward(&x)?.to_bytes()?, training);
    Ok(())
}

#[test]
fn guide_073_the_mean_over_uneven_batches() -> Result<()> {
    // 847 samples in batches of 64: the last has 15, and counts as 15.
    let losses = Tensor::randn([847])?;
    let mut mean = Mean::new();
    for start in (0..847).step_by(64) {
        let batch = losses.narrow(0, start, 64.min(847 - start))?;
        mean.update(batch.mean()?.item()?, batch.numel());
    }
    assert_eq!(mean.samples(), 847);
    assert!((mean.value() - losses.mean()?.item::<f64>()?).abs() < 1e-6);
    Ok(())
}
