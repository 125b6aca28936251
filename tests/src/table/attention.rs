//! Attention.
use super::{Row, one, row};
use crate::sample::{mask, n, t};
use tensor_core::ops::AttentionOptions;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("nn.functional.scaled_dot_product_attention", |a| {
            let (q, k, v) = (a.tensor(0, "query")?, a.tensor(1, "key")?, a.tensor(2, "value")?);
            // With it the result is random, and PyTorch's draws are its own.
            a.only(4, "dropout_p", 0.0)?;
            let options = AttentionOptions {
                attn_mask: a.opt_tensor(3, "attn_mask")?,
                dropout_p: 0.0,
                is_causal: a.bool_or(5, "is_causal", false)?,
                scale: a.opt_scalar(6, "scale")?.map(|s| s.to_f64()),
                enable_gqa: a.bool_or(7, "enable_gqa", false)?,
            };
            one(q.scaled_dot_product_attention(k, v, options))
        })
        .sample([t([2, 3, 4]), t([2, 5, 4]), t([2, 5, 2])])
        .named([t([1, 4, 3, 2]), t([1, 2, 3, 2]), t([1, 2, 3, 2])], [("is_causal", n(true)), ("enable_gqa", n(true))])
        .sample([t([2, 3, 4]), t([2, 5, 4]), t([2, 5, 2]), mask([3, 5])])
        .named([t([3, 4]), t([2, 4]), t([2, 2]), t([3, 2])], [("scale", n(0.3))]),
    ]
}
