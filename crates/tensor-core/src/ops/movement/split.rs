//! A tensor cut into several along a dim.
use crate::{Error, Result, Tensor, shape};

impl Tensor {
    /// The size of `dim`, and `dim` counted from the front; 0-d tensors cannot be cut.
    fn cut_dim(&self, op: &'static str, dim: isize) -> Result<(usize, usize)> {
        if self.dim() == 0 {
            return Err(Error::new(op, "a 0-d tensor cannot be cut").operands([self]));
        }
        let d = shape::dim(op, dim, self.dim()).map_err(|e| e.operands([self]))?;
        Ok((d, self.shape()[d]))
    }

    /// Pieces `[start, end)` of dim `d`.
    fn pieces(&self, d: usize, bounds: impl Iterator<Item = (usize, usize)>) -> Vec<Tensor> {
        bounds.map(|(start, end)| self.sliced(d, start, end.saturating_sub(start), 1)).collect()
    }

    /// Pieces of `size` elements of `dim`; the last one may be shorter.
    pub fn split(&self, size: usize, dim: isize) -> Result<Vec<Tensor>> {
        let (d, have) = self.cut_dim("split", dim)?;
        if size == 0 && have != 0 {
            return Err(
                Error::new("split", format!("{have} elements cannot be cut into pieces of none")).operands([self])
            );
        }
        let count = if size == 0 { 1 } else { have.div_ceil(size).max(1) };
        Ok(self.pieces(d, (0..count).map(|i| (i * size, ((i + 1) * size).min(have)))))
    }

    /// Pieces of the given sizes, which must add up to the size of `dim`.
    pub fn split_with_sizes(&self, sizes: &[usize], dim: isize) -> Result<Vec<Tensor>> {
        let op = "split_with_sizes";
        let (d, have) = self.cut_dim(op, dim)?;
        if sizes.iter().try_fold(0usize, |n, &s| n.checked_add(s)) != Some(have) {
            return Err(Error::new(op, format!("sizes {sizes:?} do not add up to {have}, the size of dim {dim}"))
                .operands([self]));
        }
        let mut end = 0;
        Ok(self.pieces(
            d,
            sizes.iter().map(|&s| {
                end += s;
                (end - s, end)
            }),
        ))
    }

    /// At most `n` pieces of equal size, but for the last.
    pub fn chunk(&self, n: usize, dim: isize) -> Result<Vec<Tensor>> {
        let (d, have) = self.cut_dim("chunk", dim)?;
        if n == 0 {
            return Err(Error::new("chunk", "at least one chunk is needed").operands([self]));
        }
        let size = have.div_ceil(n);
        if size == 0 {
            few_enough("chunk", self, n, have)?;
            // As in PyTorch: nothing, cut into n pieces of nothing.
            return Ok(self.pieces(d, (0..n).map(|_| (0, 0))));
        }
        self.split(size, d as isize).map_err(|e| e.renamed("chunk"))
    }

    /// Exactly `n` pieces, the first ones longer by one where they cannot be equal.
    pub fn tensor_split(&self, n: usize, dim: isize) -> Result<Vec<Tensor>> {
        self.cut_evenly("tensor_split", n, dim)
    }

    fn cut_evenly(&self, op: &'static str, n: usize, dim: isize) -> Result<Vec<Tensor>> {
        let (d, have) = self.cut_dim(op, dim)?;
        if n == 0 {
            return Err(Error::new(op, "at least one section is needed").operands([self]));
        }
        few_enough(op, self, n, have)?;
        let start = |i: usize| i * (have / n) + i.min(have % n);
        Ok(self.pieces(d, (0..n).map(|i| (start(i), start(i + 1)))))
    }

    /// Cuts before each of the positions `indices`, which may be negative.
    pub fn tensor_split_at(&self, indices: &[isize], dim: isize) -> Result<Vec<Tensor>> {
        let (d, have) = self.cut_dim("tensor_split", dim)?;
        let inside = |i: isize| if i < 0 { have.saturating_sub(i.unsigned_abs()) } else { (i as usize).min(have) };
        let starts = std::iter::once(0).chain(indices.iter().map(|&i| inside(i)));
        let ends = indices.iter().map(|&i| inside(i)).chain(std::iter::once(have));
        Ok(self.pieces(d, starts.zip(ends)))
    }

    /// Every element of `dim` by itself, without that dim.
    pub fn unbind(&self, dim: isize) -> Result<Vec<Tensor>> {
        let (d, have) = self.cut_dim("unbind", dim)?;
        (0..have).map(|i| self.select(d as isize, i as isize)).collect()
    }

    /// `n` equal parts from left to right.
    pub fn hsplit(&self, n: usize) -> Result<Vec<Tensor>> {
        self.cut_equally("hsplit", n, if self.dim() == 1 { 0 } else { 1 }, 1)
    }
    /// `n` equal parts from top to bottom.
    pub fn vsplit(&self, n: usize) -> Result<Vec<Tensor>> {
        self.cut_equally("vsplit", n, 0, 2)
    }
    /// `n` equal parts in depth: along the third dim.
    pub fn dsplit(&self, n: usize) -> Result<Vec<Tensor>> {
        self.cut_equally("dsplit", n, 2, 3)
    }

    fn cut_equally(&self, op: &'static str, n: usize, dim: isize, least: usize) -> Result<Vec<Tensor>> {
        if self.dim() < least {
            return Err(Error::new(op, format!("at least {least} dims are needed")).operands([self]));
        }
        let (_, have) = self.cut_dim(op, dim)?;
        if n == 0 || have % n != 0 {
            return Err(Error::new(op, format!("dim {dim} of size {have} does not divide into {n} equal parts"))
                .operands([self]));
        }
        self.cut_evenly(op, n, dim)
    }
}

/// Beyond one element a section there are only empty sections: many of them are a mistake, and more than memory.
fn few_enough(op: &'static str, x: &Tensor, n: usize, have: usize) -> Result<()> {
    if n > have.max(1).saturating_mul(1 << 16) {
        return Err(Error::new(op, format!("{n} sections of {have} elements")).operands([x]));
    }
    Ok(())
}
