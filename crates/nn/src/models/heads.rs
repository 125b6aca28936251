//! Features of a sequence as the heads of an attention, and back.
use tensor_core::{Error, Result, Tensor};

/// `[N, T, C]` as `[N, heads, T, C / heads]`.
pub(super) fn split(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (n, t, c) = sizes(x)?;
    x.reshape([n, t, heads, c / heads.max(1)])?.transpose(1, 2)
}

/// `[N, heads, T, E]` as `[N, T, heads * E]`.
pub(super) fn merge(x: &Tensor) -> Result<Tensor> {
    x.transpose(1, 2)?.flatten(2, -1)
}

fn sizes(x: &Tensor) -> Result<(usize, usize, usize)> {
    match *x.shape() {
        [n, t, c] => Ok((n, t, c)),
        _ => Err(Error::new("attention", "takes [N, T, C]").operands([x])),
    }
}

/// The sizes of a batch of sequences of ids, which must not be longer than there are positions.
pub(super) fn id_sizes(op: &'static str, ids: &Tensor, positions: usize) -> Result<(usize, usize)> {
    match *ids.shape() {
        [n, t] if t <= positions => Ok((n, t)),
        [_, t] => Err(Error::new(op, format!("{t} ids are more than the {positions} positions it has learned"))
            .operands([ids])
            .hint("cut the sequences: ids.narrow(1, 0, positions)")),
        _ => Err(Error::new(op, "takes ids [N, T]").operands([ids])),
    }
}

/// That features can be split into heads.
pub(super) fn check(op: &'static str, features: usize, heads: usize) -> Result<()> {
    if heads > 0 && features.is_multiple_of(heads) {
        return Ok(());
    }
    Err(Error::new(op, format!("{features} features cannot be split into {heads} heads")))
}
