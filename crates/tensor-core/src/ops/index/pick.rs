//! Elements picked by index.
use super::{IndexOp, int_index};
use crate::{DType, Error, Result, Tensor, graph, ops::Op, ops::binary::same_device, shape, shape::Dims};
use std::sync::Arc;

impl Tensor {
    /// The elements of `dim` that a 1-d index names, in its order.
    pub fn index_select(&self, dim: isize, index: &Tensor) -> Result<Tensor> {
        const OP: &str = "index_select";
        let d = shape::dim(OP, dim, self.dim()).map_err(|e| e.operands([self]))?;
        same_device(OP, &[self, index])?;
        if index.dim() > 1 {
            return Err(Error::new(OP, format!("the index must be 1-d, got {} dims", index.dim()))
                .operands([self, index])
                .hint("index or embedding takes indices of any shape"));
        }
        if self.dim() == 0 && index.numel() != 1 {
            return Err(Error::new(OP, "a 0-d tensor takes an index of one element").operands([self, index]));
        }
        let index = int_index(OP, index)?.reshape([index.numel()])?;
        let mut shape = Dims::from_slice(self.shape());
        if let Some(size) = shape.get_mut(d) {
            *size = index.numel();
        }
        let device = self.device();
        let (mut out, layout) = Tensor::allocate(&shape, self.dtype(), &device)?;
        let (x, i) = (self.reading(), index.reading());
        device
            .backend()
            .index_select(x.view(), d, i.view(), out.view_mut(&layout))
            .map_err(|e| e.operands([self, &index]))?;
        let out = Tensor::new(Arc::new(out), layout);
        Ok(graph::record(|| Op::Index(IndexOp::Select { dim: d }), &[self, &index], out))
    }

    /// `out[.., i, ..] = self[.., index[.., i, ..], ..]` along `dim`: the index has the result's shape, which is at most
    /// that of `self` in the other dims.
    pub fn gather(&self, dim: isize, index: &Tensor) -> Result<Tensor> {
        const OP: &str = "gather";
        let d = shape::dim(OP, dim, self.dim()).map_err(|e| e.operands([self, index]))?;
        same_device(OP, &[self, index])?;
        // An index without elements may have any shape and dtype.
        if index.numel() == 0 {
            return self.reshape([self.numel()])?.narrow(0, 0, 0)?.reshape(index.shape());
        }
        let index = int_index(OP, index)?;
        fits(OP, self, d, &index, true)?;
        let device = self.device();
        let (mut out, layout) = Tensor::allocate(index.shape(), self.dtype(), &device)?;
        let (x, i) = (self.reading(), index.reading());
        device
            .backend()
            .gather(x.view(), d, i.view(), out.view_mut(&layout))
            .map_err(|e| e.operands([self, &index]))?;
        let out = Tensor::new(Arc::new(out), layout);
        Ok(graph::record(|| Op::Index(IndexOp::Gather { dim: d }), &[self, &index], out))
    }

    /// The elements at positions of the flattened tensor; negative ones count from the end.
    pub fn take(&self, index: &Tensor) -> Result<Tensor> {
        const OP: &str = "take";
        let size = self.numel();
        let flat = int_index(OP, index)?.to_vec::<i64>()?;
        let flat = flat.into_iter().map(|i| from_end(OP, i, 0, size)).collect::<Result<Vec<_>>>();
        let flat = flat.map_err(|e| e.operands([self, index]))?;
        let flat = Tensor::from_slice(&flat, [flat.len()])?.to_device(&self.device())?;
        self.reshape([size])?.index_select(0, &flat)?.reshape(index.shape())
    }

    /// [`Tensor::gather`] with the other dims broadcast; without `dim`, both are flattened first.
    pub fn take_along_dim(&self, index: &Tensor, dim: Option<isize>) -> Result<Tensor> {
        const OP: &str = "take_along_dim";
        let Some(dim) = dim else {
            return self.reshape([self.numel()])?.take_along_dim(&index.reshape([index.numel()])?, Some(0));
        };
        if index.dim() != self.dim() {
            return Err(Error::new(OP, "tensor and index must have equally many dims").operands([self, index]));
        }
        let d = shape::dim(OP, dim, self.dim())?;
        let without = |t: &Tensor| {
            let mut shape = Dims::from_slice(t.shape());
            shape.get_mut(d).map(|s| std::mem::replace(s, 1));
            shape
        };
        let common = shape::broadcast(OP, &without(self), &without(index)).map_err(|e| e.operands([self, index]))?;
        let widened = |t: &Tensor| {
            let mut shape = common.clone();
            if let Some(size) = shape.get_mut(d) {
                *size = t.shape()[d];
            }
            t.expand(&shape)
        };
        let at = int_index(OP, index)?;
        // From the end as in NumPy.
        let size = self.shape().get(d).copied().unwrap_or(1);
        let at = at.lt(0)?.where_(&at.add(size)?, &at)?;
        widened(self)?.gather(dim, &widened(&at)?).map_err(|e| e.renamed(OP))
    }

    /// The rows of this table that `ids`, of any shape, name: `[n, width]` gives `[*, width]`.
    pub fn embedding(&self, ids: &Tensor) -> Result<Tensor> {
        const OP: &str = "embedding";
        let &[rows, width] = self.shape() else {
            return Err(Error::new(OP, "the table must be [rows, width]").operands([self, ids]));
        };
        let flat = int_index(OP, ids)?.reshape([ids.numel()])?;
        let mut shape = Dims::from_slice(ids.shape());
        shape.push(width);
        match self.index_select(0, &flat) {
            Ok(out) => out.reshape(&shape),
            Err(e) => Err(match flat.to_vec::<i64>()?.iter().position(|&i| i < 0 || i as usize >= rows) {
                None => e.renamed(OP),
                Some(at) => {
                    let id = flat.to_vec::<i64>()?[at];
                    let mut left = at;
                    let mut position: Vec<usize> = ids
                        .shape()
                        .iter()
                        .rev()
                        .map(|&s| {
                            let i = left % s;
                            left /= s;
                            i
                        })
                        .collect();
                    position.reverse();
                    Error::new(OP, format!("id {id} at position {position:?} is outside of a table of {rows} rows"))
                        .operands([self, ids])
                        .hint("ids run from 0 to the number of rows minus 1")
                }
            }),
        }
    }

    /// 1 at the class that each element names, else 0: `[*]` gives `[*, classes]`, `i64`. With `-1` there are as many
    /// classes as the largest element needs.
    pub fn one_hot(&self, classes: isize) -> Result<Tensor> {
        const OP: &str = "one_hot";
        if self.dtype() != DType::I64 {
            return Err(Error::new(OP, format!("class ids are i64, got {}", self.dtype()))
                .operands([self])
                .hint("convert them with to_dtype(DType::I64)"));
        }
        let wrong = |message: String| Err(Error::new(OP, message).operands([self]));
        let ids = self.to_vec::<i64>()?;
        if let Some(bad) = ids.iter().find(|&&i| i < 0) {
            return wrong(format!("class ids must not be negative, got {bad}"));
        }
        let largest = ids.iter().max().copied();
        let classes = match (classes, largest) {
            (-1, None) => return wrong("no elements from which to infer the number of classes".into()),
            (-1, Some(largest)) => largest as usize + 1,
            (c, _) if c < 1 => return wrong(format!("the number of classes must be positive, got {c}")),
            (c, Some(largest)) if largest >= c as i64 => {
                return wrong(format!("class {largest} is outside of {c} classes"));
            }
            (c, _) => c as usize,
        };
        let mut shape = Dims::from_slice(self.shape());
        shape.push(classes);
        Tensor::zeros_on(&shape, DType::I64, &self.device())?.scatter(-1, &self.unsqueeze(-1)?, 1)
    }
}

/// An index that may count from the end.
pub(super) fn from_end(op: &'static str, index: i64, dim: usize, size: usize) -> Result<i64> {
    let n = size as i64;
    if index < -n || index >= n {
        return Err(Error::new(op, format!("index {index} is out of range for dim {dim} of size {size}")));
    }
    Ok(if index < 0 { index + n } else { index })
}

/// An index has as many dims as what it indexes, and is not larger (but along `dim`).
pub(super) fn fits(op: &'static str, x: &Tensor, dim: usize, index: &Tensor, x_is_first: bool) -> Result<()> {
    let what = if x_is_first { "tensor" } else { "source" };
    if index.numel() == 0 {
        return Ok(());
    }
    if x.dim().max(1) != index.dim().max(1) {
        return Err(Error::new(op, format!("{what} and index must have equally many dims")).operands([x, index]));
    }
    let bad = index.shape().iter().zip(x.shape()).enumerate().find(|(d, (i, x))| (*d != dim || !x_is_first) && i > x);
    match bad {
        None => Ok(()),
        Some((d, (i, s))) => {
            Err(Error::new(op, format!("the index has size {i} in dim {d}, the {what} only {s}")).operands([x, index]))
        }
    }
}
