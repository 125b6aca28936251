//! Sums of products over chosen dims.
use super::composed::composed;
use crate::{DimArg, Error, Result, Tensor, shape};
use smallvec::SmallVec;

impl Tensor {
    /// Sums of products over the last dims of both tensors.
    pub fn inner(&self, other: &Tensor) -> Result<Tensor> {
        let op = "inner";
        composed(op, &[self, other], || {
            if self.dim() == 0 || other.dim() == 0 {
                return self.mul(other);
            }
            let (a, b) = (self.size(-1)?, other.size(-1)?);
            if a != b {
                return Err(Error::new(op, format!("the last dims differ ({a} and {b})")));
            }
            self.tensordot(other, -1, -1)
        })
    }

    /// Sums of products over the dims `dims` of `self` and `other_dims` of `other`, in pairs; the other dims remain,
    /// those of `self` first.
    pub fn tensordot(&self, other: &Tensor, dims: impl DimArg, other_dims: impl DimArg) -> Result<Tensor> {
        let op = "tensordot";
        composed(op, &[self, other], || {
            let (left, right) = (dims.dims(), other_dims.dims());
            if left.len() != right.len() {
                return Err(Error::new(op, format!("{} dims are paired with {}", left.len(), right.len())));
            }
            // No dims are no dims here, where everywhere else they are all.
            let named = |given: SmallVec<[isize; 6]>, rank: usize| {
                if given.is_empty() { Ok(SmallVec::new()) } else { shape::dims(op, given, rank) }
            };
            let (left, right) = (named(left, self.dim())?, named(right, other.dim())?);
            for (&l, &r) in left.iter().zip(&right) {
                if self.shape()[l] != other.shape()[r] {
                    return Err(Error::new(
                        op,
                        format!("dim {l} has size {}, its partner {r} {}", self.shape()[l], other.shape()[r]),
                    ));
                }
            }
            let rest = |t: &Tensor, used: &[usize]| -> SmallVec<[usize; 6]> {
                (0..t.dim()).filter(|d| !used.contains(d)).collect()
            };
            let (rows, columns) = (rest(self, &left), rest(other, &right));
            let sizes = |t: &Tensor, dims: &[usize]| -> shape::Dims { dims.iter().map(|&d| t.shape()[d]).collect() };
            let order = |first: &[usize], second: &[usize]| -> SmallVec<[isize; 6]> {
                first.iter().chain(second).map(|&d| d as isize).collect()
            };
            let k = shape::numel(&sizes(self, &left));
            let mut out = sizes(self, &rows);
            let m = shape::numel(&out);
            let right_sizes = sizes(other, &columns);
            let n = shape::numel(&right_sizes);
            out.extend_from_slice(&right_sizes);
            let a = if self.dim() == 0 { self.clone() } else { self.permute(order(&rows, &left))? }.reshape([m, k])?;
            let b = if other.dim() == 0 { other.clone() } else { other.permute(order(&right, &columns))? }
                .reshape([k, n])?;
            a.matmul(&b)?.reshape(&out)
        })
    }
}
