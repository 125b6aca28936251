//! Encoder and decoder together.
use super::{
    DecoderMasks, EncoderMasks, TransformerDecoder, TransformerDecoderLayer, TransformerEncoder,
    TransformerEncoderLayer, TransformerLayerOptions,
};
use crate::{Module, init, scope_with};
use tensor_core::{Result, Tensor};

/// Settings of [`Transformer`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransformerOptions {
    /// Layers of the encoder.
    pub num_encoder_layers: usize,
    /// Layers of the decoder.
    pub num_decoder_layers: usize,
    /// Settings of all layers.
    pub layer: TransformerLayerOptions,
}

impl Default for TransformerOptions {
    fn default() -> TransformerOptions {
        TransformerOptions { num_encoder_layers: 6, num_decoder_layers: 6, layer: TransformerLayerOptions::default() }
    }
}

/// What a transformer may look at; see [`EncoderMasks`] and [`DecoderMasks`].
#[derive(Debug, Clone, Copy, Default)]
pub struct TransformerMasks<'a> {
    /// Where steps of the source may not look.
    pub src_mask: Option<&'a Tensor>,
    /// Where steps of the target may not look.
    pub tgt_mask: Option<&'a Tensor>,
    /// Where steps of the target may not look in the memory.
    pub memory_mask: Option<&'a Tensor>,
    /// Padding of the source.
    pub src_key_padding_mask: Option<&'a Tensor>,
    /// Padding of the target.
    pub tgt_key_padding_mask: Option<&'a Tensor>,
    /// Padding of the memory.
    pub memory_key_padding_mask: Option<&'a Tensor>,
    /// Whether steps of the source look at themselves and earlier ones only.
    pub src_is_causal: bool,
    /// Whether steps of the target look at themselves and earlier ones only.
    pub tgt_is_causal: bool,
    /// Whether step `i` of the target looks at steps `0..=i` of the memory only.
    pub memory_is_causal: bool,
}

/// An encoder reads a source, a decoder writes a target while looking at what was read (Vaswani et al., 2017). All
/// matrices start by Glorot's uniform distribution.
///
/// # Shapes
/// source `[S, N, d_model]`, target `[T, N, d_model]` (`N` first where `batch_first`, or without `N`), output as the
/// target.
///
/// ```
/// use nn::{Transformer, TransformerLayerOptions, TransformerMasks, TransformerOptions};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let layer = TransformerLayerOptions { dim_feedforward: 16, batch_first: true, ..Default::default() };
/// let options = TransformerOptions { num_encoder_layers: 1, num_decoder_layers: 1, layer };
/// let model = Transformer::with_options(8, 2, options)?;
/// let (src, tgt) = (Tensor::randn([3, 7, 8])?, Tensor::randn([3, 5, 8])?);
/// let masks = TransformerMasks { tgt_is_causal: true, ..Default::default() };
/// assert_eq!(model.forward(&src, &tgt, masks)?.shape(), [3, 5, 8]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Transformer {
    /// Reads the source.
    pub encoder: TransformerEncoder,
    /// Writes the target.
    pub decoder: TransformerDecoder,
}

impl Transformer {
    /// `d_model` features, shared by `nhead` heads, and PyTorch's other settings: six layers each.
    pub fn new(d_model: usize, nhead: usize) -> Result<Transformer> {
        Transformer::with_options(d_model, nhead, TransformerOptions::default())
    }

    /// The same with settings.
    pub fn with_options(d_model: usize, nhead: usize, options: TransformerOptions) -> Result<Transformer> {
        let TransformerOptions { num_encoder_layers, num_decoder_layers, layer } = options;
        let encoder = TransformerEncoderLayer::with_options(d_model, nhead, layer)?;
        let decoder = TransformerDecoderLayer::with_options(d_model, nhead, layer)?;
        let transformer = Transformer {
            encoder: TransformerEncoder::new(encoder, num_encoder_layers, Some(layer.norm(d_model)?)),
            decoder: TransformerDecoder::new(decoder, num_decoder_layers, Some(layer.norm(d_model)?)),
        };
        for matrix in transformer.parameters().iter().filter(|p| p.dim() > 1) {
            init::xavier_uniform_(matrix, 1.0)?;
        }
        Ok(transformer)
    }

    /// The output for a source and a target.
    pub fn forward(&self, src: &Tensor, tgt: &Tensor, masks: TransformerMasks<'_>) -> Result<Tensor> {
        let reading = EncoderMasks {
            mask: masks.src_mask,
            src_key_padding_mask: masks.src_key_padding_mask,
            is_causal: masks.src_is_causal,
        };
        let writing = DecoderMasks {
            tgt_mask: masks.tgt_mask,
            memory_mask: masks.memory_mask,
            tgt_key_padding_mask: masks.tgt_key_padding_mask,
            memory_key_padding_mask: masks.memory_key_padding_mask,
            tgt_is_causal: masks.tgt_is_causal,
            memory_is_causal: masks.memory_is_causal,
        };
        scope_with(self, src, |src| {
            let memory = self.encoder.forward_masked(src, reading)?;
            self.decoder.forward(tgt, &memory, writing)
        })
    }

    /// A mask `[size, size]` of floats for causal attention: minus infinity where a step would look ahead.
    ///
    /// ```
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let mask = nn::Transformer::generate_square_subsequent_mask(2)?;
    /// assert_eq!(mask.to_vec::<f32>()?, [0.0, f32::NEG_INFINITY, 0.0, 0.0]);
    /// # Ok(()) }
    /// ```
    pub fn generate_square_subsequent_mask(size: usize) -> Result<Tensor> {
        Tensor::full([size, size], f64::NEG_INFINITY)?.triu(1)
    }
}
