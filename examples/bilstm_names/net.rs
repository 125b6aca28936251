//! The guide's BiLSTM, over letters.
use crate::names::LETTERS;
use flambeau::nn::utils::{pack_padded_sequence, pad_packed_sequence};
use flambeau::prelude::*;

/// Reads a name both ways, and judges by the mean and the largest of what it found at each letter.
#[derive(Debug, Clone, Module)]
pub struct BiLstm {
    embedding: Embedding,
    lstm: LSTM,
    linear: Linear,
    dropout: Dropout,
    out: Linear,
}

impl BiLstm {
    /// Random weights, from the thread's generator.
    pub fn new() -> Result<BiLstm> {
        let padding = EmbeddingOptions { padding_idx: Some(0), ..Default::default() };
        let options = LSTMOptions { bidirectional: true, batch_first: true, ..Default::default() };
        Ok(BiLstm {
            embedding: Embedding::with_options(LETTERS, 32, padding)?,
            lstm: LSTM::with_options(32, 64, options)?,
            linear: Linear::new(256, 64)?,
            dropout: Dropout::new(0.3),
            out: Linear::new(64, 1)?,
        })
    }
}

impl Forward for BiLstm {
    /// Names `[N, L]`, padded with 0, to the logits `[N]` of being a man's. Padding changes nothing: the LSTM does not see
    /// it, and the pooling leaves it out.
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let there = ids.ne(0)?;
        let lengths = there.sum_dim(1, DROP)?;
        let counts: Vec<usize> = lengths.to_vec::<i64>()?.into_iter().map(|n| n as usize).collect();
        let letters = self.dropout.forward(&self.embedding.forward(ids)?)?;
        let packed = pack_padded_sequence(&letters, &counts, true, false)?;
        let (y, _) = self.lstm.forward_packed(&packed, None)?;
        // What stands behind the ends is below everything that an LSTM gives, and does not count in the mean.
        let steps = Some(ids.size(1)?);
        let (y, _) = pad_packed_sequence(&y, true, -2.0, steps)?;
        let largest = y.max_dim(1, DROP)?.0;
        let there = there.unsqueeze(2)?.to_dtype(y.dtype())?;
        let mean = y.mul(&there)?.sum_dim(1, DROP)?.div(&lengths.unsqueeze(1)?.to_dtype(y.dtype())?)?;
        let both = Tensor::cat(&[&mean, &largest], 1)?;
        let hidden = self.linear.forward(&both)?.relu()?;
        self.out.forward(&self.dropout.forward(&hidden)?)?.squeeze_dim(1)
    }
}
