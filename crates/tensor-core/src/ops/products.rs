//! Products and distances of vectors, and sums along diagonals.
use super::composed::{composed, rounded_once};
use crate::{DROP, Error, KEEP, KeepDim, Result, Tensor, shape};
use smallvec::SmallVec;

impl Tensor {
    /// The sum of the main diagonal of a matrix.
    pub fn trace(&self) -> Result<Tensor> {
        if let Some(y) = crate::autocast::single([self], None, |[x], _| x.trace()) {
            return y;
        }
        if self.dim() != 2 {
            return Err(Error::new("trace", format!("a matrix is expected, not {} dims", self.dim())).operands([self]));
        }
        self.diagonal(0, 0, 1)?.sum()
    }

    /// The differences of neighbours along `dim`, `n` times over; `prepend` and `append` come before and after.
    pub fn diff(&self, n: usize, dim: isize, prepend: Option<&Tensor>, append: Option<&Tensor>) -> Result<Tensor> {
        let op = "diff";
        let mut inputs = vec![self];
        inputs.extend([prepend, append].into_iter().flatten());
        composed(op, &inputs, || {
            if self.dim() == 0 {
                return Err(Error::new(op, "at least one dim is needed"));
            }
            let d = shape::dim(op, dim, self.dim())? as isize;
            // No difference: nothing that could be put before or behind it.
            if n == 0 {
                return Ok(self.clone());
            }
            let parts: SmallVec<[&Tensor; 3]> = [prepend, Some(self), append].into_iter().flatten().collect();
            let mut x = if parts.len() == 1 { self.clone() } else { Tensor::cat(&parts, d)? };
            // Once nothing is left, nothing is left of it.
            for _ in 0..n.min(x.size(d)?) {
                let size = x.size(d)?;
                let (after, before) =
                    (x.narrow(d, 1.min(size), size.saturating_sub(1))?, x.narrow(d, 0, size.saturating_sub(1))?);
                x = if x.dtype() == crate::DType::Bool { after.ne(&before)? } else { (after - &before)? };
            }
            Ok(x)
        })
    }

    /// Every element of `self` times the whole of `other`, laid out as a grid of blocks.
    pub fn kron(&self, other: &Tensor) -> Result<Tensor> {
        composed("kron", &[self, other], || {
            let rank = self.dim().max(other.dim());
            let size = |t: &Tensor, i: usize| if i + t.dim() < rank { 1 } else { t.shape()[i + t.dim() - rank] };
            let (mut a, mut b, mut out) = (shape::Dims::new(), shape::Dims::new(), shape::Dims::new());
            for i in 0..rank {
                a.extend_from_slice(&[size(self, i), 1]);
                b.extend_from_slice(&[1, size(other, i)]);
                out.push(size(self, i).saturating_mul(size(other, i)));
            }
            shape::checked_numel("kron", &out)?;
            self.reshape(&a)?.mul(&other.reshape(&b)?)?.reshape(&out)
        })
    }

    /// Every element of one vector times every element of another.
    pub fn outer(&self, other: &Tensor) -> Result<Tensor> {
        composed("outer", &[self, other], || {
            if self.dim() != 1 || other.dim() != 1 {
                return Err(Error::new("outer", "two vectors are expected"));
            }
            self.unsqueeze(1)?.mul(other)
        })
    }

    /// The cross product of vectors of three elements along `dim`, broadcast.
    pub fn cross(&self, other: &Tensor, dim: isize) -> Result<Tensor> {
        let op = "cross";
        composed(op, &[self, other], || {
            if self.dim() != other.dim() {
                return Err(Error::new(op, "both must have the same number of dims"));
            }
            let sizes = shape::broadcast(op, self.shape(), other.shape())?;
            let d = shape::dim(op, dim, self.dim())?;
            if self.shape().get(d) != Some(&3) || other.shape().get(d) != Some(&3) {
                return Err(Error::new(op, format!("dim {dim} must have size 3 in both")));
            }
            let (a, b, d) = (self.expand(&sizes)?, other.expand(&sizes)?, d as isize);
            let turned = |t: &Tensor, by: i64| t.roll(&[by], d);
            rounded_once([&a, &b], |[a, b]| {
                (turned(a, -1)?.mul(&turned(b, -2)?)?) - turned(a, -2)?.mul(&turned(b, -1)?)?
            })
        })
    }

    /// The cosine of the angle between vectors along `dim`; lengths below `eps` count as `eps`.
    pub fn cosine_similarity(&self, other: &Tensor, dim: isize, eps: f64) -> Result<Tensor> {
        composed("cosine_similarity", &[self, other], || {
            let parts = Tensor::broadcast_tensors(&[self, other])?;
            let unit = |x: &Tensor| x / x.norm_dim(2.0, dim, KEEP)?.clamp_min(eps)?;
            unit(&parts[0])?.mul(&unit(&parts[1])?)?.sum_dim(dim, DROP)
        })
    }

    /// The `p`-norm of `self - other + eps` along the last dim.
    pub fn pairwise_distance(&self, other: &Tensor, p: f64, eps: f64, keep: KeepDim) -> Result<Tensor> {
        composed("pairwise_distance", &[self, other], || ((self - other)? + eps)?.norm_dim(p, -1, keep))
    }
}
