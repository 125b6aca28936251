//! Elements picked by integer or bool tensors.
use super::{super::Op, IndexOp, indices};
use crate::{DType, Error, Layout, Result, Scalar, Tensor, graph, shape};
use std::sync::Arc;

impl Tensor {
    /// The slices of `dim` that `index` (1-d) names, in its order.
    pub fn index_select(&self, dim: isize, index: &Tensor) -> Result<Tensor> {
        let d = shape::dim("index_select", dim, self.dim()).map_err(|e| e.operands([self]))?;
        if index.dim() > 1 {
            return Err(Error::new("index_select", "the index must have one dim").operands([self, index]));
        }
        if self.dim() == 0 {
            return self.reshape([1])?.index_select(0, index)?.reshape(());
        }
        let index = indices("index_select", index, self)?.reshape([-1])?;
        let mut shape = shape::Dims::from_slice(self.shape());
        shape[d] = index.numel();
        let device = self.device();
        let (mut out, layout) = Tensor::allocate(&shape, self.dtype(), &device)?;
        let (rx, ri) = (self.reading(), index.reading());
        device
            .backend()
            .index_select(rx.view(), d, ri.view(), out.view_mut(&layout))
            .map_err(|e| e.renamed("index_select").operands([self, &index]))?;
        let op = || Op::Index(IndexOp::Select { dim: d });
        Ok(graph::record(op, &[self, &index], Tensor::new(Arc::new(out), layout)))
    }

    /// `out[i][j] = self[index[i][j]][j]` for `dim` 0, and so on: the result has the shape of `index`.
    pub fn gather(&self, dim: isize, index: &Tensor) -> Result<Tensor> {
        let d = shape::dim("gather", dim, self.dim()).map_err(|e| e.operands([self]))?;
        if self.dim() == 0 || index.dim() == 0 {
            if self.dim() > 1 || index.dim() > 1 {
                return Err(
                    Error::new("gather", "index and input need the same number of dims").operands([self, index])
                );
            }
            let picked = self.reshape([-1])?.gather(0, &index.reshape([-1])?)?;
            return picked.reshape(index.shape());
        }
        fits("gather", self, d, index, None)?;
        let index = indices("gather", index, self)?;
        let device = self.device();
        let (mut out, layout) = Tensor::allocate(index.shape(), self.dtype(), &device)?;
        let (rx, ri) = (self.reading(), index.reading());
        device
            .backend()
            .gather(rx.view(), d, ri.view(), out.view_mut(&layout))
            .map_err(|e| e.renamed("gather").operands([self, &index]))?;
        let op = || Op::Index(IndexOp::Gather { dim: d });
        Ok(graph::record(op, &[self, &index], Tensor::new(Arc::new(out), layout)))
    }

    /// Elements of the flattened tensor; negative indices count from the end.
    pub fn take(&self, index: &Tensor) -> Result<Tensor> {
        let n = self.numel() as i64;
        let index = indices("take", index, self)?;
        if n == 0 && index.numel() > 0 {
            return Err(Error::new("take", "cannot take from a tensor without elements").operands([self, &index]));
        }
        let flat = wrapped(&index, n)?.reshape([-1])?;
        let picked = self.reshape([-1])?.index_select(0, &flat).map_err(|e| e.renamed("take"))?;
        picked.reshape(index.shape())
    }

    /// `gather` with broadcasting of the other dims; without `dim`, both are flattened.
    pub fn take_along_dim(&self, index: &Tensor, dim: Option<isize>) -> Result<Tensor> {
        let Some(dim) = dim else {
            return self.reshape([-1])?.gather(0, &index.reshape([-1])?).map_err(|e| e.renamed("take_along_dim"));
        };
        let d = shape::dim("take_along_dim", dim, self.dim())?;
        if index.dim() != self.dim() {
            return Err(
                Error::new("take_along_dim", "index and input need the same number of dims").operands([self, index])
            );
        }
        let (mut own, mut other) = (shape::Dims::from_slice(self.shape()), shape::Dims::from_slice(index.shape()));
        (own[d], other[d]) = (1, 1);
        let mut both = shape::broadcast("take_along_dim", &own, &other)?;
        both[d] = self.shape()[d];
        let x = self.expand(&both)?;
        both[d] = index.shape()[d];
        x.gather(dim, &index.expand(&both)?).map_err(|e| e.renamed("take_along_dim"))
    }

    /// Rows of a table `(V, D)` by id: `[*]` to `[*, D]`.
    pub fn embedding(&self, ids: &Tensor) -> Result<Tensor> {
        if self.dim() != 2 {
            return Err(Error::new("embedding", "the table must have 2 dims").operands([self, ids]));
        }
        let flat = indices("embedding", ids, self)?.reshape([-1])?;
        let rows = self.index_select(0, &flat).map_err(|e| {
            e.renamed("embedding").hint(format!("ids must be from 0 to {}", self.shape()[0].saturating_sub(1)))
        })?;
        let mut shape = shape::Dims::from_slice(ids.shape());
        shape.push(self.shape()[1]);
        rows.reshape(&shape)
    }

    /// Where elements are not 0: one row of indices an element, `[n, dims]`.
    pub fn nonzero(&self) -> Result<Tensor> {
        let mask = if self.dtype() == DType::Bool { self.detach() } else { self.detach().ne(0)? };
        let flags = mask.to_vec::<bool>()?;
        let strides = crate::row_major(self.shape());
        let mut rows = Vec::new();
        for (i, _) in flags.iter().enumerate().filter(|(_, on)| **on) {
            rows.extend(self.shape().iter().zip(&strides).map(|(&size, &stride)| (i / stride % size) as i64));
        }
        let count = flags.iter().filter(|on| **on).count();
        Tensor::from_slice(&rows, [count, self.dim()])?.to_device(&self.device())
    }

    /// The elements where `mask`, broadcast together with the tensor, is true: 1-d.
    pub fn masked_select(&self, mask: &Tensor) -> Result<Tensor> {
        if mask.dtype() != DType::Bool {
            return Err(Error::new("masked_select", format!("the mask must be bool, got {}", mask.dtype()))
                .operands([self, mask]));
        }
        let shape =
            shape::broadcast("masked_select", self.shape(), mask.shape()).map_err(|e| e.operands([self, mask]))?;
        let flags = mask.expand(&shape)?.reshape([-1])?.nonzero()?.reshape([-1])?;
        self.expand(&shape)?.reshape([-1])?.index_select(0, &flags)
    }

    /// Class ids as rows of zeros with one 1; `num_classes` -1 takes the largest id plus one.
    pub fn one_hot(&self, num_classes: i64) -> Result<Tensor> {
        if self.dtype() != DType::I64 {
            return Err(Error::new("one_hot", format!("takes i64 class ids, got {}", self.dtype())).operands([self]));
        }
        let ids = self.to_vec::<i64>()?;
        if let Some(bad) = ids.iter().find(|&&i| i < 0) {
            return Err(Error::new("one_hot", format!("class id {bad} is negative")).operands([self]));
        }
        let largest = ids.iter().max().map_or(0, |m| m + 1);
        let classes = if num_classes < 0 { largest } else { num_classes };
        if largest > classes || classes == 0 {
            return Err(Error::new("one_hot", format!("class id {} does not fit {classes} classes", largest - 1))
                .operands([self]));
        }
        let mut shape = shape::Dims::from_slice(self.shape());
        shape.push(classes as usize);
        self.new_zeros(&shape)?.scatter(-1, &self.unsqueeze(-1)?, Scalar::Int(1))
    }
}

/// Negative indices counted from the end.
pub(super) fn wrapped(index: &Tensor, size: i64) -> Result<Tensor> {
    index.lt(0)?.where_(&index.add(size)?, index)
}

/// Whether an index (and a source) may be used along dim `d` of `x`.
pub(super) fn fits(op: &'static str, x: &Tensor, d: usize, index: &Tensor, source: Option<&Tensor>) -> Result<()> {
    let wrong = |why: String| Error::new(op, why).operands([x, index].into_iter().chain(source));
    if index.dim() != x.dim() || source.is_some_and(|s| s.dim() != x.dim()) {
        return Err(wrong("all tensors need the same number of dims".into()));
    }
    if index.numel() == 0 {
        return Ok(());
    }
    for (i, &size) in index.shape().iter().enumerate() {
        if i != d && size > x.shape()[i] {
            return Err(wrong(format!("the index has size {size} in dim {i}, the tensor {}", x.shape()[i])));
        }
        if let Some(s) = source
            && size > s.shape()[i]
        {
            return Err(wrong(format!("the index has size {size} in dim {i}, the source {}", s.shape()[i])));
        }
    }
    Ok(())
}

/// The layout of the first elements of each dim.
pub(super) fn corner(layout: &Layout, shape: &[usize]) -> Layout {
    Layout::strided(shape, layout.strides(), layout.offset())
}
