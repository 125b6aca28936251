//! Attention: every query takes a mean of the values, weighted by how well their keys fit.
use super::composed::rounded_once;
use crate::{DType, Error, KEEP, Result, Tensor, autocast, shape};

/// Settings of [`Tensor::scaled_dot_product_attention`].
#[derive(Clone, Copy, Debug, Default)]
pub struct AttentionOptions<'a> {
    /// Broadcast to `[.., L, S]`: `bool`, true where a query may look, or floats that are added to the scores.
    pub attn_mask: Option<&'a Tensor>,
    /// Share of the weights that become zero, the others scaled by `1 / (1 - p)`: for training only.
    pub dropout_p: f64,
    /// Query `i` looks at keys `0..=i` only.
    pub is_causal: bool,
    /// Factor of the scores; `1 / sqrt(E)` where it is not given.
    pub scale: Option<f64>,
    /// Fewer heads of keys and values than of queries: each serves several.
    pub enable_gqa: bool,
}

impl Tensor {
    /// `softmax(q kᵀ * scale + mask) v` with this tensor as the queries `[.., L, E]`, `key` `[.., S, E]` and `value`
    /// `[.., S, V]`. A query that may look at nothing gets zeros.
    pub fn scaled_dot_product_attention(
        &self,
        key: &Tensor,
        value: &Tensor,
        options: AttentionOptions<'_>,
    ) -> Result<Tensor> {
        const OP: &str = "scaled_dot_product_attention";
        let lower = |[q, k, v]: [&Tensor; 3], mask: Option<&Tensor>| {
            q.scaled_dot_product_attention(k, v, AttentionOptions { attn_mask: mask, ..options })
        };
        if let Some(y) = autocast::lower([self, key, value], options.attn_mask, lower) {
            return y;
        }
        let wrong = |why: String| Error::new(OP, why).operands([self, key, value]);
        let (&[.., _, e], &[.., s, e2], &[.., s2, _]) = (self.shape(), key.shape(), value.shape()) else {
            return Err(wrong("takes queries, keys and values of at least 2 dims".into()));
        };
        if e != e2 {
            return Err(wrong(format!("queries and keys have {e} and {e2} features")));
        }
        if s != s2 {
            return Err(wrong(format!("there are {s} keys and {s2} values")));
        }
        if self.dtype() != key.dtype() || key.dtype() != value.dtype() || !self.is_floating_point() {
            return Err(wrong("takes floats of one dtype".into()));
        }
        if options.is_causal && options.attn_mask.is_some() {
            return Err(wrong("takes attn_mask or is_causal, not both".into()));
        }
        if let Some(mask) = options.attn_mask.filter(|m| m.dtype() != DType::Bool && m.dtype() != self.dtype()) {
            return Err(wrong(format!("the mask is {}", mask.dtype())).hint("bool, or the dtype of the queries"));
        }
        rounded_once([self, key, value], |[query, key, value]| query.attended(key, value, options))
    }

    fn attended(&self, key: &Tensor, value: &Tensor, options: AttentionOptions<'_>) -> Result<Tensor> {
        const OP: &str = "scaled_dot_product_attention";
        let wrong = |why: String| Error::new(OP, why).operands([self, key, value]);
        let (l, s, e) = (self.size(-2)?, key.size(-2)?, self.size(-1)?);
        let (key, value) =
            if options.enable_gqa { (&heads_like(self, key)?, &heads_like(self, value)?) } else { (key, value) };
        let scale = options.scale.unwrap_or(1.0 / (e as f64).sqrt());
        let mut scores =
            self.mul(scale)?.matmul(&key.transpose(-1, -2)?).map_err(|_| wrong("batch dims differ".into()))?;
        let mut may_be_blind = false;
        if options.is_causal {
            let (i, j) = (Tensor::arange(0, l as i64, 1)?.unsqueeze(1)?, Tensor::arange(0, s as i64, 1)?);
            let future = j.gt(&i)?.to_device(&self.device())?;
            scores = scores.masked_fill(&future, f64::NEG_INFINITY)?;
        } else if let Some(mask) = options.attn_mask {
            may_be_blind = true;
            shape::broadcast(OP, scores.shape(), mask.shape()).map_err(|e| e.operands([self, key, value, mask]))?;
            scores = match mask.dtype() {
                DType::Bool => scores.masked_fill(&mask.logical_not()?, f64::NEG_INFINITY)?,
                _ => scores.add(&mask.to_dtype(self.dtype())?)?,
            };
        }
        let weights = if may_be_blind && s > 0 {
            // The softmax of nothing but -inf is NaN: such rows are computed from zeros, and become zeros.
            let blind = scores.detach().eq(f64::NEG_INFINITY)?.all_dim([-1], KEEP)?;
            scores.masked_fill(&blind, 0.0)?.softmax(-1)?.masked_fill(&blind, 0.0)?
        } else {
            scores.softmax(-1)?
        };
        let weights = if options.dropout_p == 0.0 { weights } else { weights.dropout(options.dropout_p)? };
        weights.matmul(value).map_err(|_| wrong("batch dims differ".into()))
    }
}

/// Each head (third dim from the back) of `x` as often as there are heads of queries for it.
fn heads_like(query: &Tensor, x: &Tensor) -> Result<Tensor> {
    let wrong = |why: String| Error::new("scaled_dot_product_attention", why).operands([query, x]);
    let (&[.., heads, _, _], &[ref lead @ .., own, s, e]) = (query.shape(), x.shape()) else {
        return Err(wrong("grouped queries take at least 3 dims: [.., heads, sequence, features]".into()));
    };
    if own == heads {
        return Ok(x.clone());
    }
    if own == 0 || heads % own != 0 {
        return Err(wrong(format!("{heads} heads of queries cannot share {own} heads")));
    }
    let each = heads / own;
    let repeated = x.unsqueeze(-3)?.expand([lead, &[own, each, s, e]].concat())?;
    repeated.reshape([lead, &[heads, s, e]].concat())
}
