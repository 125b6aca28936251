//! Texts of different lengths, as in the guide: a data set sorted by length, a collate function that pads to the longest of
//! a batch, and a BiLSTM that learns from them.
//!
//! `cargo run --release --example texts`
use flambeau::data::{PadOptions, pad_sequence};
use flambeau::prelude::*;

/// Texts with labels, the short ones first, so that a batch holds texts of like lengths.
struct CustomTextDataset {
    data: Vec<(Vec<i64>, f32)>,
}

impl CustomTextDataset {
    fn new(x: Vec<Vec<i64>>, y: Vec<f32>) -> CustomTextDataset {
        let mut data: Vec<_> = x.into_iter().zip(y).collect();
        data.sort_by_key(|(text, _)| text.len());
        CustomTextDataset { data }
    }
}

impl Dataset for CustomTextDataset {
    type Item = (Vec<i64>, f32);
    fn len(&self) -> usize {
        self.data.len()
    }
    fn get(&self, index: usize) -> Result<Self::Item> {
        Ok(self.data[index].clone())
    }
}

/// Pads the texts of a batch with zeros to the longest of them. `data::text::pad_ids_collate(0)` does the same.
fn collate_text(batch: Vec<(Vec<i64>, f32)>) -> Result<(Tensor, Tensor)> {
    let (texts, labels): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let texts = texts.iter().map(|text| Tensor::from_slice(text, [text.len()])).collect::<Result<Vec<_>>>()?;
    let x = pad_sequence(&texts, PadOptions { batch_first: true, padding_value: 0.0 })?;
    Ok((x, Tensor::from_slice(&labels, [labels.len()])?))
}

#[derive(Module)]
struct BiLSTM {
    embedding: Embedding,
    lstm: LSTM,
    linear: Linear,
    dropout: Dropout,
    out: Linear,
}

impl BiLSTM {
    fn new(vocab: usize, embed: usize, hidden: usize) -> Result<BiLSTM> {
        let options = LSTMOptions { bidirectional: true, batch_first: true, ..Default::default() };
        Ok(BiLSTM {
            embedding: Embedding::new(vocab, embed)?,
            lstm: LSTM::with_options(embed, hidden, options)?,
            linear: Linear::new(4 * hidden, 64)?,
            dropout: Dropout::new(0.1),
            out: Linear::new(64, 1)?,
        })
    }
}

impl Forward for BiLSTM {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (h, _) = self.lstm.forward(&self.embedding.forward(x)?, None)?;
        let pooled = Tensor::cat(&[&h.mean_dim(1, DROP)?, &h.max_dim(1, DROP)?.0], 1)?;
        let hidden = self.dropout.forward(&self.linear.forward(&pooled)?.relu()?)?;
        self.out.forward(&hidden)?.squeeze_dim(1)
    }
}

/// Random texts of 50 to 299 words; those with the word 1 in them are of the second kind.
fn texts(count: usize) -> Result<(Vec<Vec<i64>>, Vec<f32>)> {
    let lengths = Tensor::randint(50, 300, [count])?.to_vec::<i64>()?;
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (i, &length) in lengths.iter().enumerate() {
        let mut text = Tensor::randint(2, 10_000, [length as usize])?.to_vec::<i64>()?;
        if i % 2 == 1 {
            text[i % length as usize] = 1;
        }
        x.push(text);
        y.push((i % 2) as f32);
    }
    Ok((x, y))
}

fn main() -> Result<()> {
    manual_seed(0);
    let (x, y) = texts(1024)?;
    let train_dataset = CustomTextDataset::new(x, y);
    let train_loader = DataLoader::with_collate(train_dataset, collate_text).batch_size(64).workers(2);
    let model = BiLSTM::new(10_000, 300, 64)?;
    model.train();
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    for epoch in 1..=5 {
        let mut mean = Mean::new();
        for batch in &train_loader {
            let (x, y) = batch?;
            optimizer.zero_grad();
            let loss = binary_cross_entropy_with_logits(&model.forward(&x)?, &y)?;
            loss.backward()?;
            optimizer.step()?;
            mean.update(loss.item()?, y.numel());
        }
        println!("epoch {epoch}: loss {:.4}", mean.value());
    }
    println!("{}", train_loader.report());
    Ok(())
}
