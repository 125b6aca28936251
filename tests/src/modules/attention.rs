//! Attention and transformers.
use super::{Built, called};
use crate::{
    args::Args,
    fault::{Res, unsupported},
    table::one,
};
use nn::*;

/// What is given by name only.
const NAMED: usize = usize::MAX;

pub(super) fn build(name: &str, a: &Args) -> Res<Option<Built>> {
    Ok(Some(match name {
        "MultiheadAttention" => {
            let kdim = a.opt_int(6, "kdim")?.map(|_| a.count(6, "kdim")).transpose()?;
            let vdim = a.opt_int(7, "vdim")?.map(|_| a.count(7, "vdim")).transpose()?;
            let options = MultiheadAttentionOptions {
                dropout: a.float_or(2, "dropout", 0.0)?,
                bias: a.bool_or(3, "bias", true)?,
                add_bias_kv: a.bool_or(4, "add_bias_kv", false)?,
                add_zero_attn: a.bool_or(5, "add_zero_attn", false)?,
                kdim,
                vdim,
                batch_first: a.bool_or(8, "batch_first", false)?,
            };
            let module = MultiheadAttention::with_options(a.count(0, "embed_dim")?, a.count(1, "num_heads")?, options)?;
            called(module, |m, a| {
                let how = Attend {
                    key_padding_mask: a.opt_tensor(3, "key_padding_mask")?,
                    need_weights: a.bool_or(4, "need_weights", true)?,
                    attn_mask: a.opt_tensor(5, "attn_mask")?,
                    average_attn_weights: a.bool_or(6, "average_attn_weights", true)?,
                    is_causal: a.bool_or(7, "is_causal", false)?,
                };
                let (q, k, v) = (a.tensor(0, "query")?, a.tensor(1, "key")?, a.tensor(2, "value")?);
                let (y, weights) = m.forward(q, k, v, how)?;
                Ok([Some(y), weights].into_iter().flatten().collect())
            })
        }
        "TransformerEncoderLayer" => {
            let module = TransformerEncoderLayer::with_options(model(a)?.0, model(a)?.1, layer(a, 2)?)?;
            called(module, |m, a| {
                let masks = EncoderMasks {
                    mask: a.opt_tensor(1, "src_mask")?,
                    src_key_padding_mask: a.opt_tensor(2, "src_key_padding_mask")?,
                    is_causal: a.bool_or(3, "is_causal", false)?,
                };
                one(m.forward_masked(a.tensor(0, "src")?, masks))
            })
        }
        "TransformerDecoderLayer" => {
            let module = TransformerDecoderLayer::with_options(model(a)?.0, model(a)?.1, layer(a, 2)?)?;
            called(module, |m, a| {
                let masks = DecoderMasks {
                    tgt_mask: a.opt_tensor(2, "tgt_mask")?,
                    memory_mask: a.opt_tensor(3, "memory_mask")?,
                    tgt_key_padding_mask: a.opt_tensor(4, "tgt_key_padding_mask")?,
                    memory_key_padding_mask: a.opt_tensor(5, "memory_key_padding_mask")?,
                    tgt_is_causal: a.bool_or(6, "tgt_is_causal", false)?,
                    memory_is_causal: a.bool_or(7, "memory_is_causal", false)?,
                };
                one(m.forward(a.tensor(0, "tgt")?, a.tensor(1, "memory")?, masks))
            })
        }
        "Transformer" => {
            let options = TransformerOptions {
                num_encoder_layers: a.count_or(2, "num_encoder_layers", 6)?,
                num_decoder_layers: a.count_or(3, "num_decoder_layers", 6)?,
                layer: layer(a, 4)?,
            };
            let (d_model, nhead) = (a.count_or(0, "d_model", 512)?, a.count_or(1, "nhead", 8)?);
            called(Transformer::with_options(d_model, nhead, options)?, |m, a| {
                // A hint only where the mask is given too, so it may be None.
                let flag =
                    |name: &str| Res::Ok(a.named(name).and_then(|v| v.scalar()).is_some_and(|s| s.to_f64() != 0.0));
                let masks = TransformerMasks {
                    src_mask: a.opt_tensor(2, "src_mask")?,
                    tgt_mask: a.opt_tensor(3, "tgt_mask")?,
                    memory_mask: a.opt_tensor(4, "memory_mask")?,
                    src_key_padding_mask: a.opt_tensor(5, "src_key_padding_mask")?,
                    tgt_key_padding_mask: a.opt_tensor(6, "tgt_key_padding_mask")?,
                    memory_key_padding_mask: a.opt_tensor(7, "memory_key_padding_mask")?,
                    src_is_causal: flag("src_is_causal")?,
                    tgt_is_causal: flag("tgt_is_causal")?,
                    memory_is_causal: flag("memory_is_causal")?,
                };
                one(m.forward(a.tensor(0, "src")?, a.tensor(1, "tgt")?, masks))
            })
        }
        _ => return Ok(None),
    }))
}

fn model(a: &Args) -> Res<(usize, usize)> {
    Ok((a.count(0, "d_model")?, a.count(1, "nhead")?))
}

/// The settings of a layer, of which the first stands at `place`.
fn layer(a: &Args, place: usize) -> Res<TransformerLayerOptions> {
    // Transformer has custom_encoder and custom_decoder in between.
    let behind = if place == 2 { place + 3 } else { NAMED };
    let at = |i: usize| behind.saturating_add(i);
    Ok(TransformerLayerOptions {
        dim_feedforward: a.count_or(place, "dim_feedforward", 2048)?,
        dropout: a.float_or(place + 1, "dropout", 0.1)?,
        activation: match a.str_or(place + 2, "activation", "relu")? {
            "relu" => TransformerActivation::Relu,
            "gelu" => TransformerActivation::Gelu,
            other => return unsupported(format!("activation {other}")),
        },
        layer_norm_eps: a.float_or(at(0), "layer_norm_eps", 1e-5)?,
        batch_first: a.bool_or(at(1), "batch_first", false)?,
        norm_first: a.bool_or(at(2), "norm_first", false)?,
        bias: a.bool_or(at(3), "bias", true)?,
    })
}
