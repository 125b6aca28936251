//! The encoder of BERT ([Devlin et al., 2018](https://arxiv.org/abs/1810.04805)), under Hugging Face's names.
use super::heads;
use crate::{
    Dropout, Embedding, EmbeddingOptions, Forward, LayerNorm, LayerNormOptions, Linear, Module, init, scope_with,
};
use tensor_core::{
    DType, Error, Result, Tensor,
    ops::{AttentionOptions, Gelu},
};

/// Settings of [`Bert`]: by default those of `bert-base-uncased`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BertOptions {
    /// The number of tokens.
    pub vocab_size: usize,
    /// Features of a token.
    pub hidden_size: usize,
    /// The number of layers.
    pub num_hidden_layers: usize,
    /// Heads of each attention.
    pub num_attention_heads: usize,
    /// Features between the two linear layers of a block.
    pub intermediate_size: usize,
    /// The longest sequence.
    pub max_position_embeddings: usize,
    /// The number of kinds of sentences.
    pub type_vocab_size: usize,
    /// The probability of dropout after embeddings and linear layers.
    pub hidden_dropout_prob: f64,
    /// The probability of dropout of attention weights.
    pub attention_probs_dropout_prob: f64,
    /// Added to the variance in normalisations.
    pub layer_norm_eps: f64,
    /// The deviation with which weights start.
    pub initializer_range: f64,
    /// The token that fills short sequences up.
    pub pad_token_id: Option<isize>,
}

impl Default for BertOptions {
    fn default() -> BertOptions {
        BertOptions {
            vocab_size: 30_522,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            max_position_embeddings: 512,
            type_vocab_size: 2,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            layer_norm_eps: 1e-12,
            initializer_range: 0.02,
            pad_token_id: Some(0),
        }
    }
}

impl BertOptions {
    fn linear(&self, from: usize, to: usize) -> Result<Linear> {
        let linear = Linear::new(from, to)?;
        init::normal_(&linear.weight, 0.0, self.initializer_range)?;
        linear.bias.as_ref().map_or(Ok(()), init::zeros_)?;
        Ok(linear)
    }

    fn table(&self, rows: usize, padding_idx: Option<isize>) -> Result<Embedding> {
        let mut random = Tensor::randn([rows, self.hidden_size])?.mul(self.initializer_range)?;
        let table =
            Embedding::with_options(rows, self.hidden_size, EmbeddingOptions { padding_idx, ..Default::default() })?;
        if let Some(row) = table.padding_idx {
            random.slice_mut(0, row as isize, row as isize + 1, 1)?.fill_(0.0)?;
        }
        table.weight.replace(&random)?;
        Ok(table)
    }

    fn norm(&self) -> Result<LayerNorm> {
        LayerNorm::with_options([self.hidden_size], LayerNormOptions { eps: self.layer_norm_eps, ..Default::default() })
    }
}

/// What [`Bert::forward`] may be told beside the ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct BertInputs<'a> {
    /// `[N, T]`: 0 (or false) where a sequence is filled up, 1 where it is not. Everywhere 1 where `None`.
    pub attention_mask: Option<&'a Tensor>,
    /// `[N, T]`: which sentence a token belongs to; 0 where `None`.
    pub token_type_ids: Option<&'a Tensor>,
    /// `[N, T]` or `[T]`: where a token stands; `0, 1, ..` where `None`.
    pub position_ids: Option<&'a Tensor>,
}

/// What [`Bert::forward`] gives.
#[derive(Debug, Clone)]
pub struct BertOutput {
    /// `[N, T, hidden_size]`
    pub last_hidden_state: Tensor,
    /// `[N, hidden_size]`: the first token's, through a linear layer and a hyperbolic tangent.
    pub pooler_output: Tensor,
}

/// Hugging Face's `BertModel`: embeddings of tokens, positions and sentences, layers of attention, and a pooler.
///
/// A model with a head has these weights below `bert.`: `dict.strip_prefix("bert.")`. Files may also hold the constant
/// `embeddings.position_ids`: `dict.remove("embeddings.position_ids")`.
///
/// # Shapes
/// input ids `[N, T]`, output `[N, T, hidden_size]` and `[N, hidden_size]`.
///
/// ```
/// use nn::models::{Bert, BertInputs, BertOptions};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let small = BertOptions { vocab_size: 100, hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4, ..Default::default() };
/// let output = Bert::new(small)?.forward(&Tensor::randint(0, 100, [2, 7])?, BertInputs::default())?;
/// assert_eq!(output.last_hidden_state.shape(), [2, 7, 32]);
/// assert_eq!(output.pooler_output.shape(), [2, 32]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Bert {
    embeddings: Embeddings,
    encoder: Encoder,
    pooler: Pooler,
}

#[derive(Debug, Clone, Module)]
struct Embeddings {
    word_embeddings: Embedding,
    position_embeddings: Embedding,
    token_type_embeddings: Embedding,
    #[module(rename = "LayerNorm")]
    layer_norm: LayerNorm,
    dropout: Dropout,
}

#[derive(Debug, Clone, Module)]
struct Encoder {
    layer: Vec<Layer>,
}

#[derive(Debug, Clone, Module)]
struct Layer {
    attention: Attention,
    intermediate: Dense,
    output: Output,
}

#[derive(Debug, Clone, Module)]
struct Attention {
    #[module(rename = "self")]
    heads: SelfAttention,
    output: Output,
}

#[derive(Debug, Clone, Module)]
struct SelfAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    dropout: Dropout,
    num_heads: usize,
}

/// A linear layer, dropout, and normalisation of the sum with what came before.
#[derive(Debug, Clone, Module)]
struct Output {
    dense: Linear,
    #[module(rename = "LayerNorm")]
    layer_norm: LayerNorm,
    dropout: Dropout,
}

#[derive(Debug, Clone, Module)]
struct Dense {
    dense: Linear,
}

#[derive(Debug, Clone, Module)]
struct Pooler {
    dense: Linear,
}

impl Bert {
    /// A model with these settings.
    pub fn new(options: BertOptions) -> Result<Bert> {
        let width = options.hidden_size;
        heads::check("Bert::new", width, options.num_attention_heads)?;
        let output = |from: usize| -> Result<Output> {
            Ok(Output {
                dense: options.linear(from, width)?,
                layer_norm: options.norm()?,
                dropout: Dropout::new(options.hidden_dropout_prob),
            })
        };
        let layer = |_| -> Result<Layer> {
            Ok(Layer {
                attention: Attention {
                    heads: SelfAttention {
                        query: options.linear(width, width)?,
                        key: options.linear(width, width)?,
                        value: options.linear(width, width)?,
                        dropout: Dropout::new(options.attention_probs_dropout_prob),
                        num_heads: options.num_attention_heads,
                    },
                    output: output(width)?,
                },
                intermediate: Dense { dense: options.linear(width, options.intermediate_size)? },
                output: output(options.intermediate_size)?,
            })
        };
        Ok(Bert {
            embeddings: Embeddings {
                word_embeddings: options.table(options.vocab_size, options.pad_token_id)?,
                position_embeddings: options.table(options.max_position_embeddings, None)?,
                token_type_embeddings: options.table(options.type_vocab_size, None)?,
                layer_norm: options.norm()?,
                dropout: Dropout::new(options.hidden_dropout_prob),
            },
            encoder: Encoder { layer: (0..options.num_hidden_layers).map(layer).collect::<Result<_>>()? },
            pooler: Pooler { dense: options.linear(width, width)? },
        })
    }

    /// The features of every token, and those of the sequence.
    pub fn forward(&self, ids: &Tensor, inputs: BertInputs<'_>) -> Result<BertOutput> {
        scope_with(self, ids, |ids| {
            let mut x = self.embeddings.forward(ids, inputs)?;
            let mask = match inputs.attention_mask {
                Some(mask) if mask.shape() == ids.shape() => {
                    Some(mask.to_dtype(DType::Bool)?.unsqueeze(1)?.unsqueeze(1)?)
                }
                Some(mask) => {
                    return Err(
                        Error::new("bert", "the attention mask has another shape than the ids").operands([mask, ids])
                    );
                }
                None => None,
            };
            for layer in &self.encoder.layer {
                x = layer.forward(&x, mask.as_ref())?;
            }
            let pooler_output = self.pooler.dense.forward(&x.select(1, 0)?)?.tanh()?;
            Ok(BertOutput { last_hidden_state: x, pooler_output })
        })
    }
}

impl Embeddings {
    fn forward(&self, ids: &Tensor, inputs: BertInputs<'_>) -> Result<Tensor> {
        let (_, t) = heads::id_sizes("bert", ids, self.position_embeddings.weight.size(0)?)?;
        let positions = match inputs.position_ids {
            Some(positions) => positions.clone(),
            None => Tensor::arange(0, t as i64, 1)?.to_device(&ids.device())?,
        };
        let kinds = match inputs.token_type_ids {
            Some(kinds) => kinds.clone(),
            None => ids.zeros_like()?,
        };
        let words = self.word_embeddings.forward(ids)?.add(&self.token_type_embeddings.forward(&kinds)?)?;
        let x = words.add(&self.position_embeddings.forward(&positions)?)?;
        self.dropout.forward(&self.layer_norm.forward(&x)?)
    }
}

impl Layer {
    fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        scope_with(self, x, |x| {
            let x = self.attention.output.forward(&self.attention.heads.forward(x, mask)?, x)?;
            let y = self.intermediate.dense.forward(&x)?.gelu(Gelu::Exact)?;
            self.output.forward(&y, &x)
        })
    }
}

impl SelfAttention {
    fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let heads = |linear: &Linear| heads::split(&linear.forward(x)?, self.num_heads);
        let (q, k, v) = (heads(&self.query)?, heads(&self.key)?, heads(&self.value)?);
        let dropout_p = if self.dropout.mode.is_training() { self.dropout.p } else { 0.0 };
        let options = AttentionOptions { attn_mask: mask, dropout_p, ..Default::default() };
        heads::merge(&q.scaled_dot_product_attention(&k, &v, options)?)
    }
}

impl Output {
    fn forward(&self, y: &Tensor, x: &Tensor) -> Result<Tensor> {
        self.layer_norm.forward(&self.dropout.forward(&self.dense.forward(y)?)?.add(x)?)
    }
}

/// Hugging Face's `BertForSequenceClassification`: a linear layer on the pooler's output.
///
/// # Shapes
/// input ids `[N, T]`, output `[N, num_labels]`.
#[derive(Debug, Clone, Module)]
pub struct BertForSequenceClassification {
    /// The encoder.
    pub bert: Bert,
    /// On the pooler's output.
    pub dropout: Dropout,
    /// From features to labels.
    pub classifier: Linear,
}

impl BertForSequenceClassification {
    /// A model with these settings and a number of labels.
    pub fn new(options: BertOptions, num_labels: usize) -> Result<BertForSequenceClassification> {
        Ok(BertForSequenceClassification {
            bert: Bert::new(options)?,
            dropout: Dropout::new(options.hidden_dropout_prob),
            classifier: options.linear(options.hidden_size, num_labels)?,
        })
    }

    /// The scores of the labels.
    pub fn forward(&self, ids: &Tensor, inputs: BertInputs<'_>) -> Result<Tensor> {
        scope_with(self, ids, |ids| {
            let pooled = self.bert.forward(ids, inputs)?.pooler_output;
            self.classifier.forward(&self.dropout.forward(&pooled)?)
        })
    }
}
