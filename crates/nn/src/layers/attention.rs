//! Attention with several heads.
mod masks;

use crate::{Linear, LinearOptions, Mode, Module, Parameter, init, scope_with};
use masks::additive;
use tensor_core::{Error, KEEP, Result, Tensor, ops::AttentionOptions};

/// Settings of [`MultiheadAttention`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiheadAttentionOptions {
    /// What share of the weights falls out in training.
    pub dropout: f64,
    /// Whether the projections add biases.
    pub bias: bool,
    /// Whether a learned key and value stand behind those of every sequence.
    pub add_bias_kv: bool,
    /// Whether a key and value of zeros stand behind those of every sequence.
    pub add_zero_attn: bool,
    /// Features of the keys; those of the queries where `None`.
    pub kdim: Option<usize>,
    /// Features of the values; those of the queries where `None`.
    pub vdim: Option<usize>,
    /// Whether inputs and outputs are `[N, L, E]` instead of `[L, N, E]`.
    pub batch_first: bool,
}

impl Default for MultiheadAttentionOptions {
    fn default() -> MultiheadAttentionOptions {
        MultiheadAttentionOptions {
            dropout: 0.0,
            bias: true,
            add_bias_kv: false,
            add_zero_attn: false,
            kdim: None,
            vdim: None,
            batch_first: false,
        }
    }
}

/// What [`MultiheadAttention::forward`] may look at, and what it gives.
#[derive(Debug, Clone, Copy)]
pub struct Attend<'a> {
    /// `[N, S]` or `[S]`: true for keys that nobody looks at, or floats that are added to their scores.
    pub key_padding_mask: Option<&'a Tensor>,
    /// Whether to give the weights too.
    pub need_weights: bool,
    /// `[L, S]` or `[N * heads, L, S]`: true where a query may not look, or floats that are added to the scores.
    pub attn_mask: Option<&'a Tensor>,
    /// Whether the weights given are the averages over the heads.
    pub average_attn_weights: bool,
    /// Whether query `i` looks at keys `0..=i` only; a mask that is given too must say the same.
    pub is_causal: bool,
}

impl Default for Attend<'_> {
    fn default() -> Self {
        Attend {
            key_padding_mask: None,
            need_weights: true,
            attn_mask: None,
            average_attn_weights: true,
            is_causal: false,
        }
    }
}

/// Every query takes a mean of the values, weighted by how well their keys fit; `num_heads` times side by side, on
/// learned projections (Vaswani et al., 2017). Projections in start by Glorot's uniform distribution, biases as zeros.
///
/// # Shapes
/// queries `[L, N, E]`, keys `[S, N, kdim]`, values `[S, N, vdim]` (`N` first where `batch_first`, or without `N`);
/// output as the queries; weights `[N, L, S]`, or `[N, heads, L, S]` unless averaged.
///
/// ```
/// use nn::{Attend, MultiheadAttention, MultiheadAttentionOptions};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let options = MultiheadAttentionOptions { batch_first: true, ..Default::default() };
/// let attention = MultiheadAttention::with_options(8, 2, options)?;
/// let x = Tensor::randn([3, 5, 8])?;
/// let (y, weights) = attention.forward(&x, &x, &x, Attend { is_causal: true, ..Default::default() })?;
/// assert_eq!(y.shape(), [3, 5, 8]);
/// assert_eq!(weights.map(|w| w.shape().to_vec()), Some(vec![3, 5, 5]));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct MultiheadAttention {
    /// `[3 E, E]`: queries, keys and values, where all have `E` features.
    pub in_proj_weight: Option<Parameter>,
    /// `[E, E]`, where they differ.
    pub q_proj_weight: Option<Parameter>,
    /// `[E, kdim]`, where they differ.
    pub k_proj_weight: Option<Parameter>,
    /// `[E, vdim]`, where they differ.
    pub v_proj_weight: Option<Parameter>,
    /// `[3 E]`
    pub in_proj_bias: Option<Parameter>,
    /// `[1, 1, E]`
    pub bias_k: Option<Parameter>,
    /// `[1, 1, E]`
    pub bias_v: Option<Parameter>,
    /// From the heads to the output.
    pub out_proj: Linear,
    /// Whether weights fall out.
    pub mode: Mode,
    num_heads: usize,
    embed_dim: usize,
    #[module(plain)]
    options: MultiheadAttentionOptions,
}

impl MultiheadAttention {
    /// `num_heads` heads, which share `embed_dim` features.
    pub fn new(embed_dim: usize, num_heads: usize) -> Result<MultiheadAttention> {
        MultiheadAttention::with_options(embed_dim, num_heads, MultiheadAttentionOptions::default())
    }

    /// The same with settings.
    pub fn with_options(
        embed_dim: usize,
        num_heads: usize,
        options: MultiheadAttentionOptions,
    ) -> Result<MultiheadAttention> {
        if num_heads == 0 || embed_dim == 0 || !embed_dim.is_multiple_of(num_heads) {
            let message = format!("{embed_dim} features cannot be divided among {num_heads} heads");
            return Err(Error::new("MultiheadAttention::new", message));
        }
        let (kdim, vdim) = (options.kdim.unwrap_or(embed_dim), options.vdim.unwrap_or(embed_dim));
        let together = kdim == embed_dim && vdim == embed_dim;
        let glorot = |wanted: bool, rows: usize, columns: usize| {
            let part = || -> Result<Parameter> {
                let p = Parameter::new(Tensor::zeros([rows, columns])?)?;
                init::xavier_uniform_(&p, 1.0)?;
                Ok(p)
            };
            wanted.then(part).transpose()
        };
        let behind = || -> Result<Parameter> {
            let p = Parameter::new(Tensor::zeros([1, 1, embed_dim])?)?;
            init::xavier_normal_(&p, 1.0)?;
            Ok(p)
        };
        let out_proj = Linear::with_options(embed_dim, embed_dim, LinearOptions { bias: options.bias })?;
        if let Some(bias) = &out_proj.bias {
            init::zeros_(bias)?;
        }
        Ok(MultiheadAttention {
            in_proj_weight: glorot(together, embed_dim.saturating_mul(3), embed_dim)?,
            q_proj_weight: glorot(!together, embed_dim, embed_dim)?,
            k_proj_weight: glorot(!together, embed_dim, kdim)?,
            v_proj_weight: glorot(!together, embed_dim, vdim)?,
            in_proj_bias: options.bias.then(|| Parameter::new(Tensor::zeros([3 * embed_dim])?)).transpose()?,
            bias_k: options.add_bias_kv.then(behind).transpose()?,
            bias_v: options.add_bias_kv.then(behind).transpose()?,
            out_proj,
            mode: Mode::new(),
            num_heads,
            embed_dim,
            options,
        })
    }

    /// The settings it was made with.
    pub fn options(&self) -> &MultiheadAttentionOptions {
        &self.options
    }

    /// What the queries take from the values, and the weights where they are wanted.
    pub fn forward(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        how: Attend<'_>,
    ) -> Result<(Tensor, Option<Tensor>)> {
        scope_with(self, query, |query| {
            let single = self.check(query, key, value)?;
            let batched = |x: &Tensor| match (single, self.options.batch_first) {
                (true, _) => x.unsqueeze(0),
                (false, true) => Ok(x.clone()),
                (false, false) => x.transpose(0, 1),
            };
            let [q, k, v] = self.project([query, key, value], &batched)?;
            let (y, weights) = self.attend(q, k, v, how)?;
            let y = match (single, self.options.batch_first) {
                (true, _) => y.squeeze_dim(0)?,
                (false, true) => y,
                (false, false) => y.transpose(0, 1)?,
            };
            let weights = match weights {
                Some(w) => {
                    let w = if how.average_attn_weights { w.mean_dim(1, tensor_core::DROP)? } else { w };
                    Some(if single { w.squeeze_dim(0)? } else { w })
                }
                None => None,
            };
            Ok((y, weights))
        })
    }

    /// Whether the inputs are single sequences.
    fn check(&self, query: &Tensor, key: &Tensor, value: &Tensor) -> Result<bool> {
        let wrong = |why: String| Error::new("multihead_attention", why).operands([query, key, value]);
        let (rank, shape) = (query.dim(), if self.options.batch_first { "[N, L, E]" } else { "[L, N, E]" });
        if !(2..=3).contains(&rank) || key.dim() != rank || value.dim() != rank {
            return Err(wrong(format!("queries, keys and values must be {shape}, or all [L, E]")));
        }
        let wanted =
            [self.embed_dim, self.options.kdim.unwrap_or(self.embed_dim), self.options.vdim.unwrap_or(self.embed_dim)];
        for ((x, what), wanted) in [(query, "queries"), (key, "keys"), (value, "values")].into_iter().zip(wanted) {
            let given = x.shape()[rank - 1];
            if given != wanted {
                return Err(wrong(format!("expected {what} of {wanted} features, got {given}")));
            }
        }
        let (batch, steps) = if self.options.batch_first { (0, 1) } else { (1, 0) };
        let (steps, batch) = if rank == 2 { (0, None) } else { (steps, Some(batch)) };
        if key.shape()[steps] != value.shape()[steps] {
            return Err(wrong("there must be a value for every key".into()));
        }
        if let Some(batch) = batch
            && (query.shape()[batch] != key.shape()[batch] || query.shape()[batch] != value.shape()[batch])
        {
            return Err(wrong("the batch sizes differ".into()).hint(format!("this layer takes {shape}")));
        }
        Ok(rank == 2)
    }

    /// Queries, keys and values `[N, L, E]`.
    fn project(&self, inputs: [&Tensor; 3], batched: &dyn Fn(&Tensor) -> Result<Tensor>) -> Result<[Tensor; 3]> {
        let (e, bias) = (self.embed_dim, self.in_proj_bias.as_deref());
        // Self-attention: one product for all three.
        if let Some(weight) = &self.in_proj_weight
            && std::ptr::eq(inputs[0], inputs[1])
            && std::ptr::eq(inputs[1], inputs[2])
        {
            let all = batched(inputs[0])?.linear(weight, bias)?;
            let part = |i: usize| all.narrow(-1, i * e, e);
            return Ok([part(0)?, part(1)?, part(2)?]);
        }
        let own = [&self.q_proj_weight, &self.k_proj_weight, &self.v_proj_weight];
        let part = |i: usize| {
            let weight = match (&self.in_proj_weight, own[i]) {
                (Some(all), _) => all.narrow(0, i * e, e)?,
                (None, Some(own)) => own.share(),
                (None, None) => return Err(Error::new("multihead_attention", "a projection is missing")),
            };
            let bias = bias.map(|b| b.narrow(0, i * e, e)).transpose()?;
            batched(inputs[i])?.linear(&weight, bias.as_ref())
        };
        Ok([part(0)?, part(1)?, part(2)?])
    }

    /// Outputs `[N, L, E]` and weights `[N, heads, L, S]`.
    fn attend(&self, q: Tensor, mut k: Tensor, mut v: Tensor, how: Attend<'_>) -> Result<(Tensor, Option<Tensor>)> {
        let (n, l, s) = (q.shape()[0], q.shape()[1], k.shape()[1]);
        if let (Some(bias_k), Some(bias_v)) = (&self.bias_k, &self.bias_v) {
            k = Tensor::cat(&[&k, &bias_k.expand([n, 1, self.embed_dim])?], 1)?;
            v = Tensor::cat(&[&v, &bias_v.expand([n, 1, self.embed_dim])?], 1)?;
        }
        let size = self.embed_dim / self.num_heads;
        let heads = |x: &Tensor| {
            let steps = x.shape()[1];
            x.reshape([n, steps, self.num_heads, size])?.transpose(1, 2)
        };
        let (q, mut k, mut v) = (heads(&q)?, heads(&k)?, heads(&v)?);
        if self.options.add_zero_attn {
            let zeros = k.detach().new_zeros([n, self.num_heads, 1, size])?;
            k = Tensor::cat(&[&k, &zeros], 2)?;
            v = Tensor::cat(&[&v, &zeros], 2)?;
        }
        let more = k.shape()[2] - s;
        let mask = additive(&q, [n, self.num_heads, l, s], how, more)?;
        let dropout = if self.mode.is_training() { self.options.dropout } else { 0.0 };
        let (y, weights) = if !how.need_weights && dropout == 0.0 {
            let options = AttentionOptions { attn_mask: mask.as_ref(), ..Default::default() };
            (q.scaled_dot_product_attention(&k, &v, options)?, None)
        } else {
            let mut scores = q.mul(1.0 / (size as f64).sqrt())?.matmul(&k.transpose(-1, -2)?)?;
            if let Some(mask) = &mask {
                scores = scores.add(mask)?;
            }
            let mut weights = scores.softmax(-1)?;
            if !how.need_weights && mask.is_some() {
                // A query that may look at nothing gets zeros, as without dropout.
                let blind = scores.detach().eq(f64::NEG_INFINITY)?.all_dim([-1], KEEP)?;
                weights = scores.masked_fill(&blind, 0.0)?.softmax(-1)?.masked_fill(&blind, 0.0)?;
            }
            if dropout > 0.0 {
                weights = weights.dropout(dropout)?;
            }
            (weights.matmul(&v)?, how.need_weights.then_some(weights))
        };
        let y = y.transpose(1, 2)?.reshape([n, l, self.embed_dim])?;
        Ok((y.linear(&self.out_proj.weight, self.out_proj.bias.as_deref())?, weights))
    }
}
