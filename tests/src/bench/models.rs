//! The models that are trained, layer by layer those of the PyTorch program.
use flambeau::{
    ops::{AttentionOptions, Gelu},
    prelude::*,
};

pub(super) fn mlp() -> Result<Sequential> {
    Ok(Sequential::new((Linear::new(784, 512)?, ReLU, Linear::new(512, 512)?, ReLU, Linear::new(512, 10)?)))
}

pub(super) fn cnn() -> Result<Sequential> {
    let same = Conv2dOptions { padding: 1.into(), ..Default::default() };
    Ok(Sequential::new((
        Conv2d::new(1, 32, 3, same)?,
        ReLU,
        MaxPool2d::new(2),
        Conv2d::new(32, 64, 3, same)?,
        ReLU,
        MaxPool2d::new(2),
        Flatten::default(),
        Linear::new(3136, 128)?,
        ReLU,
        Linear::new(128, 10)?,
    )))
}

/// An encoder of two layers, and a head on the mean over the sequence.
#[derive(Debug, Clone, Module)]
pub(super) struct Transformer {
    enc: TransformerEncoder,
    head: Linear,
}

impl Transformer {
    pub(super) fn new() -> Result<Transformer> {
        let options =
            TransformerLayerOptions { dim_feedforward: 1024, dropout: 0.0, batch_first: true, ..Default::default() };
        let layer = TransformerEncoderLayer::with_options(256, 4, options)?;
        Ok(Transformer { enc: TransformerEncoder::new(layer, 2, None), head: Linear::new(256, 10)? })
    }
}

impl Forward for Transformer {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.head.forward(&self.enc.forward(x)?.mean_dim(1, DROP)?)
    }
}

/// Attention of each step of `[N, T, C]` to itself and those before it, with one projection for queries, keys and values.
#[derive(Debug, Clone, Module)]
struct SelfAttention {
    qkv: Linear,
    proj: Linear,
    heads: usize,
}

impl SelfAttention {
    fn new(width: usize, heads: usize) -> Result<SelfAttention> {
        Ok(SelfAttention { qkv: Linear::new(width, 3 * width)?, proj: Linear::new(width, width)?, heads })
    }
}

impl Forward for SelfAttention {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (n, t, c) = (x.size(0)?, x.size(1)?, x.size(2)?);
        let qkv = self.qkv.forward(x)?.reshape([n, t, 3, self.heads, c / self.heads])?.permute([2, 0, 3, 1, 4])?;
        let (q, k, v) = (qkv.select(0, 0)?, qkv.select(0, 1)?, qkv.select(0, 2)?);
        let options = AttentionOptions { is_causal: true, ..Default::default() };
        let y = q.scaled_dot_product_attention(&k, &v, options)?;
        self.proj.forward(&y.transpose(1, 2)?.reshape([n, t, c])?)
    }
}

/// A small GPT: four blocks of width 128 over 65 characters.
#[derive(Debug, Clone, Module)]
pub(super) struct Gpt {
    tok: Embedding,
    pos: Embedding,
    blocks: Vec<Block>,
    lnf: LayerNorm,
    head: Linear,
}

#[derive(Debug, Clone, Module)]
struct Block {
    ln1: LayerNorm,
    attention: SelfAttention,
    ln2: LayerNorm,
    fc: Linear,
    out: Linear,
}

const VOCABULARY: usize = 65;
const WIDTH: usize = 128;

impl Gpt {
    pub(super) fn new() -> Result<Gpt> {
        let block = |_| -> Result<Block> {
            Ok(Block {
                ln1: LayerNorm::new(WIDTH)?,
                attention: SelfAttention::new(WIDTH, 4)?,
                ln2: LayerNorm::new(WIDTH)?,
                fc: Linear::new(WIDTH, 4 * WIDTH)?,
                out: Linear::new(4 * WIDTH, WIDTH)?,
            })
        };
        Ok(Gpt {
            tok: Embedding::new(VOCABULARY, WIDTH)?,
            pos: Embedding::new(128, WIDTH)?,
            blocks: (0..4).map(block).collect::<Result<_>>()?,
            lnf: LayerNorm::new(WIDTH)?,
            head: Linear::with_options(WIDTH, VOCABULARY, LinearOptions { bias: false })?,
        })
    }
}

impl Forward for Block {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.add(&self.attention.forward(&self.ln1.forward(x)?)?)?;
        let y = self.fc.forward(&self.ln2.forward(&x)?)?.gelu(Gelu::Exact)?;
        x.add(&self.out.forward(&y)?)
    }
}

impl Forward for Gpt {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let places = Tensor::arange(0, ids.size(1)? as i64, 1)?;
        let mut x = self.tok.forward(ids)?.add(&self.pos.forward(&places)?)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        self.head.forward(&self.lnf.forward(&x)?)
    }
}
