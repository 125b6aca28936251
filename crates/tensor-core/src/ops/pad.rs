//! Padding: more elements at the ends of the last dims, or fewer where a pad is negative.
use super::host;
use crate::{Error, Result, Scalar, ShapeArg, Tensor};

/// What [`Tensor::pad`] puts at the ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PadMode {
    /// The same number everywhere.
    Constant(Scalar),
    /// The tensor mirrored at its end, without the end itself: `c b | a b c | b a`.
    Reflect,
    /// The end again and again: `a a | a b c | c c`.
    Replicate,
    /// The tensor from its other end on: `b c | a b c | a b`.
    Circular,
}

impl Default for PadMode {
    fn default() -> PadMode {
        PadMode::Constant(Scalar::Float(0.0))
    }
}

impl PadMode {
    fn name(self) -> &'static str {
        match self {
            PadMode::Constant(_) => "constant",
            PadMode::Reflect => "reflect",
            PadMode::Replicate => "replicate",
            PadMode::Circular => "circular",
        }
    }
}

impl Tensor {
    /// Pads the last dims: `pad` is `[left, right]` of the last dim, then `[top, bottom]` of the one before it, and so
    /// on. Negative pads cut. All modes but `Constant` pad the last 1, 2 or 3 dims of batched or single samples.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result, ops::PadMode};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0], [1, 3])?;
    /// assert_eq!(x.pad([2, 1], PadMode::Reflect)?.to_vec::<f32>()?, [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
    /// # Ok(()) }
    /// ```
    pub fn pad(&self, pad: impl ShapeArg, mode: PadMode) -> Result<Tensor> {
        let PadMode::Constant(value) = mode else {
            return self.pad_by_position(&pad.sizes(), mode);
        };
        self.constant_pad(&pad.sizes(), value).map_err(|e| e.renamed("pad"))
    }

    /// Pads the last dims with a number; see [`Tensor::pad`] for the order of `pad`.
    pub fn constant_pad_nd(&self, pad: impl ShapeArg, value: impl Into<Scalar>) -> Result<Tensor> {
        self.constant_pad(&pad.sizes(), value.into()).map_err(|e| e.renamed("constant_pad_nd"))
    }

    fn constant_pad(&self, pad: &[i64], value: Scalar) -> Result<Tensor> {
        padded_sizes(self, pad)?;
        let mut out = self.clone();
        for (dim, left, right) in pairs(self, pad) {
            if left == 0 && right == 0 {
                continue;
            }
            let (cut, more) = (|p: i64| p.min(0).unsigned_abs() as usize, |p: i64| p.max(0) as usize);
            let kept = out.narrow(dim as isize, cut(left), out.shape()[dim] - cut(left) - cut(right))?;
            let block = |size: usize| {
                let mut shape = kept.shape().to_vec();
                shape[dim] = size;
                Tensor::full_on(&shape, value, self.dtype(), &self.device())
            };
            let (before, after) = (block(more(left))?, block(more(right))?);
            out = match (before.shape()[dim], after.shape()[dim]) {
                (0, 0) => kept,
                (0, _) => Tensor::cat(&[&kept, &after], dim as isize)?,
                (_, 0) => Tensor::cat(&[&before, &kept], dim as isize)?,
                _ => Tensor::cat(&[&before, &kept, &after], dim as isize)?,
            };
        }
        Ok(out)
    }

    fn pad_by_position(&self, pad: &[i64], mode: PadMode) -> Result<Tensor> {
        let listed = match mode {
            PadMode::Reflect => pad.len() < 6,
            PadMode::Replicate => true,
            PadMode::Circular | PadMode::Constant(_) => false,
        };
        if listed && let Some(y) = crate::autocast::single([self], None, |[x], _| x.pad_by_position(pad, mode)) {
            return y;
        }
        let wrong = |why: String| Error::new("pad", why).operands([self]);
        let sizes = padded_sizes(self, pad)?;
        let (rank, padded) = (self.dim(), pad.len() / 2);
        if !(1..=3).contains(&padded) || rank < padded + 1 || rank > padded + 2 {
            return Err(wrong(format!(
                "{} padding of {padded} dims takes {} or {} dims",
                mode.name(),
                padded + 1,
                padded + 2
            ))
            .hint("add a channel or batch dim with unsqueeze(0)"));
        }
        let mut out = self.clone();
        for (dim, left, right) in pairs(self, pad) {
            if left == 0 && right == 0 {
                continue;
            }
            let (size, new) = (self.shape()[dim] as i64, sizes[dim] as i64);
            if size == 0 || new == 0 {
                return Err(wrong(format!("dim {dim} has {size} elements and would have {new}: nothing to repeat")));
            }
            let limit = match mode {
                PadMode::Reflect => size - 1,
                PadMode::Circular => size + left.min(0) + right.min(0),
                PadMode::Constant(_) | PadMode::Replicate => i64::MAX,
            };
            if left.max(right) > limit {
                return Err(wrong(format!(
                    "{} padding of [{left}, {right}] is more than dim {dim} of size {size} can give",
                    mode.name()
                )));
            }
            // The kept elements are those from `first` to before `first + kept`.
            let first = left.min(0).abs();
            let kept = size + left.min(0) + right.min(0);
            let at: Vec<i64> = (0..new)
                .map(|i| i - left)
                .map(|i| match mode {
                    PadMode::Reflect if i < 0 => -i,
                    PadMode::Reflect if i >= size => 2 * (size - 1) - i,
                    PadMode::Circular => first + (i - first).rem_euclid(kept),
                    _ => i.clamp(0, size - 1),
                })
                .collect();
            out = out.index_select(dim as isize, &host::positions(&at, self)?)?;
        }
        Ok(out)
    }
}

/// The padded dims with the pads at both ends.
fn pairs<'a>(x: &Tensor, pad: &'a [i64]) -> impl Iterator<Item = (usize, i64, i64)> + 'a {
    let rank = x.dim();
    pad.chunks_exact(2).enumerate().map(move |(i, p)| (rank - 1 - i, p[0], p[1]))
}

/// The shape of the result, where `pad` is a list for this tensor.
fn padded_sizes(x: &Tensor, pad: &[i64]) -> Result<Vec<usize>> {
    let wrong = |why: String| Error::new("pad", why).operands([x]);
    if !pad.len().is_multiple_of(2) || pad.len() > 2 * x.dim() {
        return Err(wrong(format!("pad {pad:?} is not a pair for each of the last dims"))
            .hint("write [left, right], or [left, right, top, bottom]"));
    }
    let mut sizes = x.shape().to_vec();
    for (dim, left, right) in pairs(x, pad) {
        let (size, cut) = (sizes[dim] as i64, left.min(0).checked_add(right.min(0)));
        let new = size.checked_add(left).and_then(|s| s.checked_add(right));
        sizes[dim] = match (cut, new) {
            (Some(cut), Some(new)) if size + cut >= 0 => new as usize,
            _ => return Err(wrong(format!("dim {dim} of size {size} cannot be padded by [{left}, {right}]"))),
        };
    }
    crate::shape::checked_numel("pad", &sizes)?;
    Ok(sizes)
}
