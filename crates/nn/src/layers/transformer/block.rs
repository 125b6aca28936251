//! What encoder and decoder layers share: settings and the small net.
use crate::{LayerNorm, LayerNormOptions, Linear, LinearOptions, MultiheadAttention, MultiheadAttentionOptions};
use tensor_core::{Result, Tensor, ops::Gelu};

/// What bends the inner features of a transformer's layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TransformerActivation {
    /// `max(x, 0)`
    #[default]
    Relu,
    /// By the error function.
    Gelu,
}

impl TransformerActivation {
    pub(super) fn of(self, x: &Tensor) -> Result<Tensor> {
        match self {
            TransformerActivation::Relu => x.relu(),
            TransformerActivation::Gelu => x.gelu(Gelu::Exact),
        }
    }
}

/// Settings of [`crate::TransformerEncoderLayer`] and [`crate::TransformerDecoderLayer`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransformerLayerOptions {
    /// Features inside of the small net.
    pub dim_feedforward: usize,
    /// What share of features and attention weights falls out in training.
    pub dropout: f64,
    /// What bends the inner features.
    pub activation: TransformerActivation,
    /// Added to variances by the normalisations.
    pub layer_norm_eps: f64,
    /// Whether inputs and outputs are `[N, T, E]` instead of `[T, N, E]`.
    pub batch_first: bool,
    /// Whether to normalise before each part instead of behind it.
    pub norm_first: bool,
    /// Whether linear layers and normalisations add biases.
    pub bias: bool,
}

impl Default for TransformerLayerOptions {
    fn default() -> TransformerLayerOptions {
        TransformerLayerOptions {
            dim_feedforward: 2048,
            dropout: 0.1,
            activation: TransformerActivation::Relu,
            layer_norm_eps: 1e-5,
            batch_first: false,
            norm_first: false,
            bias: true,
        }
    }
}

impl TransformerLayerOptions {
    pub(super) fn attention(&self, d_model: usize, nhead: usize) -> Result<MultiheadAttention> {
        let &TransformerLayerOptions { dropout, batch_first, bias, .. } = self;
        let options = MultiheadAttentionOptions { dropout, batch_first, bias, ..Default::default() };
        MultiheadAttention::with_options(d_model, nhead, options)
    }

    pub(super) fn linear(&self, input: usize, output: usize) -> Result<Linear> {
        Linear::with_options(input, output, LinearOptions { bias: self.bias })
    }

    pub(super) fn norm(&self, d_model: usize) -> Result<LayerNorm> {
        let options = LayerNormOptions { eps: self.layer_norm_eps, bias: self.bias, ..Default::default() };
        LayerNorm::with_options([d_model], options)
    }
}
