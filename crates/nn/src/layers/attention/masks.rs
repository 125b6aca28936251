//! Masks of attention, all as floats that are added to the scores.
use super::Attend;
use tensor_core::{DType, Error, Result, Tensor};

/// What is added to the scores `[n, heads, l, s + more]`: the sum of all masks, broadcast later. The last `more` keys
/// are the layer's own, which everybody may look at.
pub(super) fn additive(q: &Tensor, shape: [usize; 4], how: Attend<'_>, more: usize) -> Result<Option<Tensor>> {
    let [n, heads, l, s] = shape;
    let mut masks = Vec::new();
    if let Some(mask) = how.attn_mask {
        let mask = match *mask.shape() {
            [a, b] if [a, b] == [l, s] => mask.reshape([1, 1, l, s])?,
            [a, b, c] if [a, b, c] == [n * heads, l, s] => mask.reshape([n, heads, l, s])?,
            _ => {
                let message = format!("attn_mask must be {:?} or {:?}", [l, s], [n * heads, l, s]);
                return Err(Error::new("multihead_attention", message).operands([mask]));
            }
        };
        masks.push(floats(q, &mask)?);
    } else if how.is_causal {
        masks.push(floats(q, &future(l, s)?.to_device(&q.device())?)?);
    }
    if let Some(mask) = how.key_padding_mask {
        let fits = match *mask.shape() {
            [a, b] => [a, b] == [n, s],
            [a] => n == 1 && a == s,
            _ => false,
        };
        if !fits {
            let message = format!("key_padding_mask must be {:?}, one for each key", [n, s]);
            return Err(Error::new("multihead_attention", message).operands([mask]));
        }
        masks.push(floats(q, &mask.reshape([n, 1, 1, s])?)?);
    }
    let sum = match &masks[..] {
        [] => return Ok(None),
        [one] => one.clone(),
        [first, rest @ ..] => rest.iter().try_fold(first.clone(), |sum, mask| sum.add(mask))?,
    };
    Ok(Some(if more > 0 { sum.constant_pad_nd([0, more as i64], 0.0)? } else { sum }))
}

/// True where key `j` comes after query `i`: `[l, s]`.
fn future(l: usize, s: usize) -> Result<Tensor> {
    Tensor::arange(0, s as i64, 1)?.gt(&Tensor::arange(0, l as i64, 1)?.unsqueeze(1)?)
}

/// A mask of bools as minus infinity where it is true.
fn floats(q: &Tensor, mask: &Tensor) -> Result<Tensor> {
    match mask.dtype() {
        DType::Bool => q.detach().new_zeros(mask.shape())?.masked_fill(mask, f64::NEG_INFINITY),
        dtype if dtype.is_float() => mask.to_dtype(q.dtype()),
        dtype => Err(Error::new("multihead_attention", format!("a mask is {dtype}"))
            .operands([mask])
            .hint("bools that say where not to look, or floats that are added to the scores")),
    }
}
