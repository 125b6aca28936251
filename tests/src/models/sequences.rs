//! Models of sequences: recurrent layers and transformers.
use nn::{
    Embedding, EmbeddingOptions, Forward, GRU, GRUOptions, LSTM, LSTMOptions, Linear, Module, Transformer,
    TransformerActivation, TransformerEncoder, TransformerEncoderLayer, TransformerLayerOptions, TransformerMasks,
    TransformerOptions,
};
use tensor_core::{DROP, Result, Tensor};

#[derive(Debug, Clone, Module)]
pub(crate) struct BiLstm {
    embedding: Embedding,
    lstm: LSTM,
    linear: Linear,
    out: Linear,
}

impl BiLstm {
    pub(crate) fn new(vocab: usize, embed: usize, hidden: usize) -> Result<BiLstm> {
        let options = LSTMOptions { bidirectional: true, batch_first: true, ..Default::default() };
        Ok(BiLstm {
            embedding: Embedding::new(vocab, embed)?,
            lstm: LSTM::with_options(embed, hidden, options)?,
            linear: Linear::new(4 * hidden, hidden)?,
            out: Linear::new(hidden, 1)?,
        })
    }
}

impl Forward for BiLstm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (steps, _) = self.lstm.forward(&self.embedding.forward(x)?, None)?;
        let (mean, (max, _)) = (steps.mean_dim(1, DROP)?, steps.max_dim(1, DROP)?);
        let x = self.linear.forward(&Tensor::cat(&[&mean, &max], 1)?)?.relu()?;
        self.out.forward(&x)?.squeeze_dim(-1)
    }
}

#[derive(Debug, Clone, Module)]
pub(super) struct GruTagger {
    embedding: Embedding,
    gru: GRU,
    fc: Linear,
}

impl GruTagger {
    pub(super) fn new(vocab: usize, embed: usize, hidden: usize, layers: usize, out: usize) -> Result<GruTagger> {
        let padded = EmbeddingOptions { padding_idx: Some(0), ..Default::default() };
        let options = GRUOptions { num_layers: layers, batch_first: true, ..Default::default() };
        Ok(GruTagger {
            embedding: Embedding::with_options(vocab, embed, padded)?,
            gru: GRU::with_options(embed, hidden, options)?,
            fc: Linear::new(hidden, out)?,
        })
    }
}

impl Forward for GruTagger {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (steps, _) = self.gru.forward(&self.embedding.forward(x)?, None)?;
        self.fc.forward(&steps)?.transpose(1, 2)
    }
}

#[derive(Debug, Clone, Module)]
pub(super) struct TransformerClassifier {
    embedding: Embedding,
    encoder: TransformerEncoder,
    fc: Linear,
}

impl TransformerClassifier {
    pub(super) fn new(
        (vocab, dim, heads, ff): (usize, usize, usize, usize),
        layers: usize,
        out: usize,
    ) -> Result<TransformerClassifier> {
        let options =
            TransformerLayerOptions { dim_feedforward: ff, dropout: 0.0, batch_first: true, ..Default::default() };
        let layer = TransformerEncoderLayer::with_options(dim, heads, options)?;
        Ok(TransformerClassifier {
            embedding: Embedding::new(vocab, dim)?,
            encoder: TransformerEncoder::new(layer, layers, None),
            fc: Linear::new(dim, out)?,
        })
    }
}

impl Forward for TransformerClassifier {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let steps = self.encoder.forward(&self.embedding.forward(x)?)?;
        self.fc.forward(&steps.mean_dim(1, DROP)?)
    }
}

#[derive(Debug, Clone, Module)]
pub(super) struct Seq2Seq {
    src: Embedding,
    tgt: Embedding,
    transformer: Transformer,
    fc: Linear,
}

impl Seq2Seq {
    pub(super) fn new((vocab, dim, heads, ff): (usize, usize, usize, usize), layers: usize) -> Result<Seq2Seq> {
        let layer = TransformerLayerOptions {
            dim_feedforward: ff,
            dropout: 0.0,
            activation: TransformerActivation::Gelu,
            batch_first: true,
            norm_first: true,
            ..Default::default()
        };
        let options = TransformerOptions { num_encoder_layers: layers, num_decoder_layers: layers, layer };
        Ok(Seq2Seq {
            src: Embedding::new(vocab, dim)?,
            tgt: Embedding::new(vocab, dim)?,
            transformer: Transformer::with_options(dim, heads, options)?,
            fc: Linear::new(dim, vocab)?,
        })
    }

    pub(super) fn forward(&self, src: &Tensor, tgt: &Tensor) -> Result<Tensor> {
        let masks = TransformerMasks { tgt_is_causal: true, ..Default::default() };
        let steps = self.transformer.forward(&self.src.forward(src)?, &self.tgt.forward(tgt)?, masks)?;
        self.fc.forward(&steps)?.transpose(1, 2)
    }
}
