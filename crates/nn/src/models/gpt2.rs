//! The decoder of GPT-2 (Radford et al., 2019), under Hugging Face's names.
use super::heads;
use crate::{Dropout, Embedding, Forward, LayerNorm, LayerNormOptions, Module, Parameter, init, scope_with};
use tensor_core::{
    Error, Result, Tensor,
    ops::{AttentionOptions, Gelu},
};

/// Settings of [`Gpt2`]: by default those of `gpt2`, the smallest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gpt2Options {
    /// The number of tokens.
    pub vocab_size: usize,
    /// The longest sequence.
    pub n_positions: usize,
    /// Features of a token.
    pub n_embd: usize,
    /// The number of layers.
    pub n_layer: usize,
    /// Heads of each attention.
    pub n_head: usize,
    /// The probability of dropout of embeddings.
    pub embd_pdrop: f64,
    /// The probability of dropout of attention weights.
    pub attn_pdrop: f64,
    /// The probability of dropout of what a layer adds.
    pub resid_pdrop: f64,
    /// Added to the variance in normalisations.
    pub layer_norm_epsilon: f64,
    /// The deviation with which weights start.
    pub initializer_range: f64,
}

impl Default for Gpt2Options {
    fn default() -> Gpt2Options {
        Gpt2Options {
            vocab_size: 50_257,
            n_positions: 1024,
            n_embd: 768,
            n_layer: 12,
            n_head: 12,
            embd_pdrop: 0.1,
            attn_pdrop: 0.1,
            resid_pdrop: 0.1,
            layer_norm_epsilon: 1e-5,
            initializer_range: 0.02,
        }
    }
}

/// `y = x W + b`: a linear layer whose weight lies the other way round, as GPT-2's do.
///
/// # Shapes
/// input `[*, in]`, output `[*, out]`.
#[derive(Debug, Clone, Module)]
pub struct Conv1D {
    /// `[in, out]`
    pub weight: Parameter,
    /// `[out]`
    pub bias: Parameter,
}

impl Conv1D {
    fn new(from: usize, to: usize, std: f64) -> Result<Conv1D> {
        Ok(Conv1D {
            weight: Parameter::new(Tensor::randn([from, to])?.mul(std)?)?,
            bias: Parameter::new(Tensor::zeros([to])?)?,
        })
    }
}

impl Forward for Conv1D {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.matmul(&self.weight)?.add(&self.bias))
    }
}

/// Hugging Face's `GPT2Model`: embeddings of tokens and positions, and layers in which a token sees those before it.
///
/// The files of `gpt2` hold these names without prefix; those of a model with a head have them below `transformer.`.
/// Old files also hold the constant masks `h.N.attn.bias`, which `load_state_dict_partial` passes over.
///
/// # Shapes
/// input ids `[N, T]`, output `[N, T, n_embd]`.
///
/// ```
/// use nn::{Forward, models::{Gpt2LmHead, Gpt2Options}};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let small = Gpt2Options { vocab_size: 65, n_positions: 32, n_embd: 32, n_layer: 2, n_head: 4, ..Default::default() };
/// let model = Gpt2LmHead::new(small)?;
/// assert_eq!(model.forward(&Tensor::randint(0, 65, [2, 9])?)?.shape(), [2, 9, 65]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Gpt2 {
    /// A vector for each token.
    pub wte: Embedding,
    /// A vector for each position.
    pub wpe: Embedding,
    drop: Dropout,
    h: Vec<Block>,
    ln_f: LayerNorm,
}

#[derive(Debug, Clone, Module)]
struct Block {
    ln_1: LayerNorm,
    attn: Attention,
    ln_2: LayerNorm,
    mlp: Mlp,
}

#[derive(Debug, Clone, Module)]
struct Attention {
    c_attn: Conv1D,
    c_proj: Conv1D,
    attn_dropout: Dropout,
    resid_dropout: Dropout,
    heads: usize,
}

#[derive(Debug, Clone, Module)]
struct Mlp {
    c_fc: Conv1D,
    c_proj: Conv1D,
    dropout: Dropout,
}

impl Gpt2 {
    /// A model with these settings. Weights start normal, those that add to the residual stream smaller by the root of
    /// twice the number of layers.
    pub fn new(options: Gpt2Options) -> Result<Gpt2> {
        let Gpt2Options { n_embd: width, initializer_range: std, .. } = options;
        heads::check("Gpt2::new", width, options.n_head)?;
        let residual = std / (2.0 * options.n_layer as f64).sqrt();
        let norm = || {
            LayerNorm::with_options([width], LayerNormOptions { eps: options.layer_norm_epsilon, ..Default::default() })
        };
        let table = |rows: usize| -> Result<Embedding> {
            let table = Embedding::new(rows, width)?;
            init::normal_(&table.weight, 0.0, std)?;
            Ok(table)
        };
        let block = |_| -> Result<Block> {
            Ok(Block {
                ln_1: norm()?,
                attn: Attention {
                    c_attn: Conv1D::new(width, 3 * width, std)?,
                    c_proj: Conv1D::new(width, width, residual)?,
                    attn_dropout: Dropout::new(options.attn_pdrop),
                    resid_dropout: Dropout::new(options.resid_pdrop),
                    heads: options.n_head,
                },
                ln_2: norm()?,
                mlp: Mlp {
                    c_fc: Conv1D::new(width, 4 * width, std)?,
                    c_proj: Conv1D::new(4 * width, width, residual)?,
                    dropout: Dropout::new(options.resid_pdrop),
                },
            })
        };
        Ok(Gpt2 {
            wte: table(options.vocab_size)?,
            wpe: table(options.n_positions)?,
            drop: Dropout::new(options.embd_pdrop),
            h: (0..options.n_layer).map(block).collect::<Result<_>>()?,
            ln_f: norm()?,
        })
    }
}

impl Forward for Gpt2 {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        scope_with(self, ids, |ids| {
            let (_, t) = heads::id_sizes("gpt2", ids, self.wpe.weight.size(0)?)?;
            let positions = Tensor::arange(0, t as i64, 1)?.to_device(&ids.device())?;
            let x = self.wte.forward(ids)?.add(&self.wpe.forward(&positions)?)?;
            let mut x = self.drop.forward(&x)?;
            for block in &self.h {
                x = block.forward(&x)?;
            }
            self.ln_f.forward(&x)
        })
    }
}

impl Forward for Block {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| {
            let x = self.attn.forward(&self.ln_1.forward(x)?)?.add(x)?;
            self.mlp.forward(&self.ln_2.forward(&x)?)?.add(&x)
        })
    }
}

impl Forward for Attention {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let qkv = self.c_attn.forward(x)?;
        let [q, k, v] = &qkv.chunk(3, -1)?[..] else {
            return Err(
                Error::new("gpt2", "the features cannot be split into queries, keys and values").operands([&qkv])
            );
        };
        let heads = |x: &Tensor| heads::split(x, self.heads);
        let dropout_p = if self.attn_dropout.mode.is_training() { self.attn_dropout.p } else { 0.0 };
        let options = AttentionOptions { is_causal: true, dropout_p, ..Default::default() };
        let y = heads(q)?.scaled_dot_product_attention(&heads(k)?, &heads(v)?, options)?;
        self.resid_dropout.forward(&self.c_proj.forward(&heads::merge(&y)?)?)
    }
}

impl Forward for Mlp {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.c_fc.forward(x)?.gelu(Gelu::Tanh)?;
        self.dropout.forward(&self.c_proj.forward(&y)?)
    }
}

/// Hugging Face's `GPT2LMHeadModel`: scores for the next token, by the same table that the tokens come from.
///
/// The table is one parameter with two names, `transformer.wte.weight` and `lm_head.weight`; a file needs only one.
///
/// # Shapes
/// input ids `[N, T]`, output `[N, T, vocab_size]`.
#[derive(Debug, Module)]
pub struct Gpt2LmHead {
    /// The decoder.
    pub transformer: Gpt2,
    lm_head: LmHead,
}

#[derive(Debug, Clone, Module)]
struct LmHead {
    weight: Parameter,
}

impl Gpt2LmHead {
    /// A model with these settings.
    pub fn new(options: Gpt2Options) -> Result<Gpt2LmHead> {
        Ok(Gpt2LmHead::on(Gpt2::new(options)?))
    }

    /// The head that shares the table of a decoder.
    fn on(transformer: Gpt2) -> Gpt2LmHead {
        let lm_head = LmHead { weight: transformer.wte.weight.tied() };
        Gpt2LmHead { transformer, lm_head }
    }
}

// A copy has one table too.
impl Clone for Gpt2LmHead {
    fn clone(&self) -> Gpt2LmHead {
        Gpt2LmHead::on(self.transformer.clone())
    }
}

impl Forward for Gpt2LmHead {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        scope_with(self, ids, |ids| {
            let x = self.transformer.forward(ids)?;
            crate::functional::linear(&x, &self.lm_head.weight, None)
        })
    }
}
