//! The encoder of a transformer: every step looks at every other.
use super::{TransformerActivation, TransformerLayerOptions};
use crate::{Attend, Dropout, Forward, LayerNorm, Linear, Module, MultiheadAttention, scope_with};
use tensor_core::{Result, Tensor};

/// What an encoder may look at.
#[derive(Debug, Clone, Copy, Default)]
pub struct EncoderMasks<'a> {
    /// `[T, T]` or `[N * heads, T, T]`: true where a step may not look, or floats that are added to the scores.
    pub mask: Option<&'a Tensor>,
    /// `[N, T]` or `[T]`: true for padding, which nobody looks at, or floats that are added to the scores.
    pub src_key_padding_mask: Option<&'a Tensor>,
    /// Whether steps look at themselves and earlier ones only.
    pub is_causal: bool,
}

/// Self-attention and a small net, each with dropout, a sum with its input, and a normalisation.
///
/// # Shapes
/// input `[T, N, d_model]` (`[N, T, d_model]` where `batch_first`, or `[T, d_model]`), output the same.
///
/// ```
/// use nn::{Forward, TransformerEncoderLayer, TransformerLayerOptions};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let options = TransformerLayerOptions { dim_feedforward: 16, batch_first: true, ..Default::default() };
/// let layer = TransformerEncoderLayer::with_options(8, 2, options)?;
/// assert_eq!(layer.forward(&Tensor::randn([3, 5, 8])?)?.shape(), [3, 5, 8]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct TransformerEncoderLayer {
    /// Every step looks at the others.
    pub self_attn: MultiheadAttention,
    /// `d_model` to `dim_feedforward`.
    pub linear1: Linear,
    /// Inside of the small net.
    pub dropout: Dropout,
    /// `dim_feedforward` to `d_model`.
    pub linear2: Linear,
    /// Of the attention.
    pub norm1: LayerNorm,
    /// Of the small net.
    pub norm2: LayerNorm,
    /// Behind the attention.
    pub dropout1: Dropout,
    /// Behind the small net.
    pub dropout2: Dropout,
    #[module(plain)]
    activation: TransformerActivation,
    norm_first: bool,
}

impl TransformerEncoderLayer {
    /// `d_model` features, shared by `nhead` heads.
    pub fn new(d_model: usize, nhead: usize) -> Result<TransformerEncoderLayer> {
        TransformerEncoderLayer::with_options(d_model, nhead, TransformerLayerOptions::default())
    }

    /// The same with settings.
    pub fn with_options(
        d_model: usize,
        nhead: usize,
        options: TransformerLayerOptions,
    ) -> Result<TransformerEncoderLayer> {
        let dropout = || Dropout::new(options.dropout);
        Ok(TransformerEncoderLayer {
            self_attn: options.attention(d_model, nhead)?,
            linear1: options.linear(d_model, options.dim_feedforward)?,
            dropout: dropout(),
            linear2: options.linear(options.dim_feedforward, d_model)?,
            norm1: options.norm(d_model)?,
            norm2: options.norm(d_model)?,
            dropout1: dropout(),
            dropout2: dropout(),
            activation: options.activation,
            norm_first: options.norm_first,
        })
    }

    /// The output, where masks say who may look where.
    pub fn forward_masked(&self, src: &Tensor, masks: EncoderMasks<'_>) -> Result<Tensor> {
        scope_with(self, src, |src| {
            let attend = |x: &Tensor| {
                let how = Attend {
                    key_padding_mask: masks.src_key_padding_mask,
                    attn_mask: masks.mask,
                    is_causal: masks.is_causal,
                    need_weights: false,
                    ..Default::default()
                };
                self.dropout1.forward(&self.self_attn.forward(x, x, x, how)?.0)
            };
            let net = |x: &Tensor| {
                let inner = self.dropout.forward(&self.activation.of(&self.linear1.forward(x)?)?)?;
                self.dropout2.forward(&self.linear2.forward(&inner)?)
            };
            if self.norm_first {
                let x = src.add(&attend(&self.norm1.forward(src)?)?)?;
                x.add(&net(&self.norm2.forward(&x)?)?)
            } else {
                let x = self.norm1.forward(&src.add(&attend(src)?)?)?;
                self.norm2.forward(&x.add(&net(&x)?)?)
            }
        })
    }
}

/// Without masks.
impl Forward for TransformerEncoderLayer {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_masked(x, EncoderMasks::default())
    }
}

/// Encoder layers on each other.
///
/// # Shapes
/// input `[T, N, d_model]` (`[N, T, d_model]` where `batch_first`, or `[T, d_model]`), output the same.
///
/// ```
/// use nn::{Forward, TransformerEncoder, TransformerEncoderLayer};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let encoder = TransformerEncoder::new(TransformerEncoderLayer::new(8, 2)?, 3, None);
/// assert_eq!(encoder.forward(&Tensor::randn([5, 1, 8])?)?.shape(), [5, 1, 8]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct TransformerEncoder {
    /// From the input on.
    pub layers: Vec<TransformerEncoderLayer>,
    /// Behind the last layer.
    pub norm: Option<LayerNorm>,
}

impl TransformerEncoder {
    /// `num_layers` copies of a layer, and a normalisation behind them.
    pub fn new(layer: TransformerEncoderLayer, num_layers: usize, norm: Option<LayerNorm>) -> TransformerEncoder {
        TransformerEncoder { layers: vec![layer; num_layers], norm }
    }

    /// The output, where masks say who may look where.
    pub fn forward_masked(&self, src: &Tensor, masks: EncoderMasks<'_>) -> Result<Tensor> {
        scope_with(self, src, |src| {
            let x = self.layers.iter().try_fold(src.clone(), |x, layer| layer.forward_masked(&x, masks))?;
            self.norm.forward(&x)
        })
    }
}

/// Without masks.
impl Forward for TransformerEncoder {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_masked(x, EncoderMasks::default())
    }
}
