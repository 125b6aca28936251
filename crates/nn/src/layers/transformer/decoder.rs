//! The decoder of a transformer: steps look at each other and at what the encoder remembers.
use super::{TransformerActivation, TransformerLayerOptions};
use crate::{Attend, Dropout, Forward, LayerNorm, Linear, Module, MultiheadAttention, scope_with};
use tensor_core::{Result, Tensor};

/// What a decoder may look at.
#[derive(Debug, Clone, Copy, Default)]
pub struct DecoderMasks<'a> {
    /// `[T, T]` or `[N * heads, T, T]`: true where a step may not look, or floats that are added to the scores.
    pub tgt_mask: Option<&'a Tensor>,
    /// `[T, S]` or `[N * heads, T, S]`: the same for the memory.
    pub memory_mask: Option<&'a Tensor>,
    /// `[N, T]` or `[T]`: true for padding, which nobody looks at.
    pub tgt_key_padding_mask: Option<&'a Tensor>,
    /// `[N, S]` or `[S]`: the same for the memory.
    pub memory_key_padding_mask: Option<&'a Tensor>,
    /// Whether steps look at themselves and earlier ones only.
    pub tgt_is_causal: bool,
    /// The same for the memory.
    pub memory_is_causal: bool,
}

/// Self-attention, attention to the memory, and a small net, each with dropout, a sum with its input, and a
/// normalisation.
///
/// # Shapes
/// target `[T, N, d_model]`, memory `[S, N, d_model]` (`N` first where `batch_first`, or without `N`), output as the
/// target.
///
/// ```
/// use nn::{DecoderMasks, TransformerDecoderLayer};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let layer = TransformerDecoderLayer::new(8, 2)?;
/// let (tgt, memory) = (Tensor::randn([5, 3, 8])?, Tensor::randn([7, 3, 8])?);
/// let masks = DecoderMasks { tgt_is_causal: true, ..Default::default() };
/// assert_eq!(layer.forward(&tgt, &memory, masks)?.shape(), [5, 3, 8]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct TransformerDecoderLayer {
    /// Every step looks at the others.
    pub self_attn: MultiheadAttention,
    /// Every step looks at the memory.
    pub multihead_attn: MultiheadAttention,
    /// `d_model` to `dim_feedforward`.
    pub linear1: Linear,
    /// Inside of the small net.
    pub dropout: Dropout,
    /// `dim_feedforward` to `d_model`.
    pub linear2: Linear,
    /// Of the self-attention.
    pub norm1: LayerNorm,
    /// Of the attention to the memory.
    pub norm2: LayerNorm,
    /// Of the small net.
    pub norm3: LayerNorm,
    /// Behind the self-attention.
    pub dropout1: Dropout,
    /// Behind the attention to the memory.
    pub dropout2: Dropout,
    /// Behind the small net.
    pub dropout3: Dropout,
    #[module(plain)]
    activation: TransformerActivation,
    norm_first: bool,
}

impl TransformerDecoderLayer {
    /// `d_model` features, shared by `nhead` heads.
    pub fn new(d_model: usize, nhead: usize) -> Result<TransformerDecoderLayer> {
        TransformerDecoderLayer::with_options(d_model, nhead, TransformerLayerOptions::default())
    }

    /// The same with settings.
    pub fn with_options(
        d_model: usize,
        nhead: usize,
        options: TransformerLayerOptions,
    ) -> Result<TransformerDecoderLayer> {
        let dropout = || Dropout::new(options.dropout);
        Ok(TransformerDecoderLayer {
            self_attn: options.attention(d_model, nhead)?,
            multihead_attn: options.attention(d_model, nhead)?,
            linear1: options.linear(d_model, options.dim_feedforward)?,
            dropout: dropout(),
            linear2: options.linear(options.dim_feedforward, d_model)?,
            norm1: options.norm(d_model)?,
            norm2: options.norm(d_model)?,
            norm3: options.norm(d_model)?,
            dropout1: dropout(),
            dropout2: dropout(),
            dropout3: dropout(),
            activation: options.activation,
            norm_first: options.norm_first,
        })
    }

    /// The output for a target and what the encoder gave; `DecoderMasks::default()` where everybody may look anywhere.
    pub fn forward(&self, tgt: &Tensor, memory: &Tensor, masks: DecoderMasks<'_>) -> Result<Tensor> {
        scope_with(self, tgt, |tgt| {
            let own = |x: &Tensor| {
                let how = Attend {
                    key_padding_mask: masks.tgt_key_padding_mask,
                    attn_mask: masks.tgt_mask,
                    is_causal: masks.tgt_is_causal,
                    need_weights: false,
                    ..Default::default()
                };
                self.dropout1.forward(&self.self_attn.forward(x, x, x, how)?.0)
            };
            let across = |x: &Tensor| {
                let how = Attend {
                    key_padding_mask: masks.memory_key_padding_mask,
                    attn_mask: masks.memory_mask,
                    is_causal: masks.memory_is_causal,
                    need_weights: false,
                    ..Default::default()
                };
                self.dropout2.forward(&self.multihead_attn.forward(x, memory, memory, how)?.0)
            };
            let net = |x: &Tensor| {
                let inner = self.dropout.forward(&self.activation.of(&self.linear1.forward(x)?)?)?;
                self.dropout3.forward(&self.linear2.forward(&inner)?)
            };
            if self.norm_first {
                let x = tgt.add(&own(&self.norm1.forward(tgt)?)?)?;
                let x = x.add(&across(&self.norm2.forward(&x)?)?)?;
                x.add(&net(&self.norm3.forward(&x)?)?)
            } else {
                let x = self.norm1.forward(&tgt.add(&own(tgt)?)?)?;
                let x = self.norm2.forward(&x.add(&across(&x)?)?)?;
                self.norm3.forward(&x.add(&net(&x)?)?)
            }
        })
    }
}

/// Decoder layers on each other.
///
/// # Shapes
/// target `[T, N, d_model]`, memory `[S, N, d_model]` (`N` first where `batch_first`, or without `N`), output as the
/// target.
///
/// ```
/// use nn::{TransformerDecoder, TransformerDecoderLayer};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let decoder = TransformerDecoder::new(TransformerDecoderLayer::new(8, 2)?, 2, None);
/// let y = decoder.forward(&Tensor::randn([5, 1, 8])?, &Tensor::randn([7, 1, 8])?, Default::default())?;
/// assert_eq!(y.shape(), [5, 1, 8]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct TransformerDecoder {
    /// From the input on.
    pub layers: Vec<TransformerDecoderLayer>,
    /// Behind the last layer.
    pub norm: Option<LayerNorm>,
}

impl TransformerDecoder {
    /// `num_layers` copies of a layer, and a normalisation behind them.
    pub fn new(layer: TransformerDecoderLayer, num_layers: usize, norm: Option<LayerNorm>) -> TransformerDecoder {
        TransformerDecoder { layers: vec![layer; num_layers], norm }
    }

    /// The output for a target and what the encoder gave.
    pub fn forward(&self, tgt: &Tensor, memory: &Tensor, masks: DecoderMasks<'_>) -> Result<Tensor> {
        scope_with(self, tgt, |tgt| {
            let x = self.layers.iter().try_fold(tgt.clone(), |x, layer| layer.forward(&x, memory, masks))?;
            self.norm.forward(&x)
        })
    }
}
