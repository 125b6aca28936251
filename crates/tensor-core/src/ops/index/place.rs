//! Elements placed by index, in a copy of the tensor.
use super::{IndexOp, ScatterOp, along, int_index, pick::fits, pick::from_end};
use crate::{
    Error, Operand, Result, Tensor, graph,
    ops::{Arg, Op, binary::same_device, composed::rounded_once, movement},
    shape,
};

pub(super) fn same_dtype(op: &'static str, x: &Tensor, source: &Tensor) -> Result<()> {
    if x.dtype() != source.dtype() {
        return Err(Error::new(op, format!("the source is {}, the tensor {}", source.dtype(), x.dtype()))
            .operands([x, source])
            .hint("convert the source with to_dtype"));
    }
    Ok(())
}

fn scatter(
    name: &'static str,
    op: ScatterOp,
    x: &Tensor,
    dim: isize,
    index: &Tensor,
    source: Arg<'_>,
) -> Result<Tensor> {
    let d = shape::dim(name, dim, x.dim()).map_err(|e| e.operands([x, index]))?;
    same_device(name, &[x, index])?;
    let index = int_index(name, index)?;
    fits(name, x, d, &index, true)?;
    let mut out = x.detach().clone_contiguous()?;
    let at = index.reading();
    match source {
        Arg::Tensor(source) => {
            same_device(name, &[x, source])?;
            same_dtype(name, x, source)?;
            fits(name, source, d, &index, false)?;
            let from = source.reading();
            if index.numel() > 0 {
                out.write(|device, out| device.backend().scatter(op, d, at.view(), from.operand(), out))
                    .map_err(|e| e.renamed(name).operands([x, &index, source]))?;
            }
            Ok(graph::record(|| Op::Index(IndexOp::Scatter { dim: d, op }), &[x, &index, source], out))
        }
        Arg::Scalar(value) => {
            if index.numel() > 0 {
                out.write(|device, out| device.backend().scatter(op, d, at.view(), Operand::Scalar(value), out))
                    .map_err(|e| e.renamed(name).operands([x, &index]))?;
            }
            Ok(graph::record(|| Op::Index(IndexOp::ScatterScalar { dim: d, op }), &[x, &index], out))
        }
    }
}

impl Tensor {
    /// A copy with `out[.., index[.., i, ..], ..] = source[.., i, ..]` along `dim`; the source is a tensor at least as
    /// large as the index, or a number. Of several writes to one place the last stays.
    pub fn scatter<'a>(&self, dim: isize, index: &Tensor, source: impl Into<Arg<'a>>) -> Result<Tensor> {
        scatter("scatter", ScatterOp::Set, self, dim, index, source.into())
    }

    /// The same with `+=`: several writes to one place add up.
    pub fn scatter_add<'a>(&self, dim: isize, index: &Tensor, source: impl Into<Arg<'a>>) -> Result<Tensor> {
        let add = |x: &Tensor, source: Arg<'_>| scatter("scatter_add", ScatterOp::Add, x, dim, index, source);
        match source.into() {
            Arg::Tensor(source) => rounded_once([self, source], |[x, source]| add(x, Arg::Tensor(source))),
            number => add(self, number),
        }
    }

    /// A copy with `out[.., index[i], ..] += source[.., i, ..]` along `dim`, for a 1-d index.
    pub fn index_add(&self, dim: isize, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        rounded_once([self, source], |[x, source]| x.added_at(dim, index, source))
    }

    fn added_at(&self, dim: isize, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        const OP: &str = "index_add";
        let (d, index) = placed(OP, self, dim, index, source)?;
        let mut out = self.detach().clone_contiguous()?;
        let (at, from) = (index.reading(), source.reading());
        out.write(|device, out| device.backend().index_add(d, at.view(), from.view(), out))
            .map_err(|e| e.operands([self, &index, source]))?;
        Ok(graph::record(|| Op::Index(IndexOp::Add { dim: d }), &[self, &index, source], out))
    }

    /// A copy with `out[.., index[i], ..] = source[.., i, ..]` along `dim`, for a 1-d index.
    pub fn index_copy(&self, dim: isize, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        const OP: &str = "index_copy";
        // The one scatter that autocast lets mix precisions, as PyTorch does.
        if crate::autocast::autocast_state().enabled && self.dtype() != source.dtype() {
            let dtype = self.dtype().promote(source.dtype());
            return self.to_dtype(dtype)?.index_copy(dim, index, &source.to_dtype(dtype)?);
        }
        let (d, index) = placed(OP, self, dim, index, source)?;
        let full = along(&index, d, source.shape())?;
        self.scatter(d as isize, &full, source).map_err(|e| e.renamed(OP))
    }

    /// A copy in which every element of `dim` that a 1-d index names is `value`, a number or a 0-d tensor. Negative
    /// indices count from the end.
    pub fn index_fill<'a>(&self, dim: isize, index: &Tensor, value: impl Into<Arg<'a>>) -> Result<Tensor> {
        const OP: &str = "index_fill";
        let d = shape::dim(OP, dim, self.dim()).map_err(|e| e.operands([self]))?;
        if index.dim() > 1 {
            return Err(Error::new(OP, "the index must be 1-d").operands([self, index]));
        }
        let size = self.shape().get(d).copied().unwrap_or(1);
        let at = int_index(OP, index)?.to_vec::<i64>()?;
        let at = at.into_iter().map(|i| from_end(OP, i, d, size)).collect::<Result<Vec<_>>>();
        let at = at.map_err(|e| e.operands([self, index]))?;
        let full = along(&Tensor::from_slice(&at, [at.len()])?.to_device(&self.device())?, d, self.shape())?;
        match value.into() {
            Arg::Scalar(value) => {
                if !value.dtype().can_cast_to(self.dtype()) && value.category() == crate::Category::Float {
                    return Err(Error::new(OP, format!("{} cannot be stored in {}", value.to_f64(), self.dtype()))
                        .operands([self, index]));
                }
                self.scatter(d as isize, &full, value).map_err(|e| e.renamed(OP))
            }
            Arg::Tensor(value) if value.dim() == 0 => {
                // By a mask: a place that the index names twice counts once in the value's gradient.
                let nowhere = Tensor::full_on(self.shape(), false, crate::DType::Bool, &self.device())?;
                let filled = nowhere.scatter(d as isize, &full, true)?;
                filled.where_(&value.to_dtype(self.dtype())?, self).map_err(|e| e.renamed(OP))
            }
            Arg::Tensor(value) => {
                Err(Error::new(OP, "the value must be a number or a 0-d tensor").operands([self, index, value]))
            }
        }
    }

    /// A copy with `source` in the place of the slice `start:end:step` of `dim`, counted as in [`Tensor::slice`].
    pub fn slice_scatter(&self, source: &Tensor, dim: isize, start: isize, end: isize, step: usize) -> Result<Tensor> {
        const OP: &str = "slice_scatter";
        let d = shape::dim(OP, dim, self.dim()).map_err(|e| e.operands([self, source]))?;
        if self.dim() == 0 || step == 0 {
            return Err(Error::new(OP, "needs at least one dim and a positive step").operands([self, source]));
        }
        same_device(OP, &[self, source])?;
        let (start, len) = movement::slice::range(self.shape()[d], start, end, step);
        let layout = self.layout().slice(d, start, len, step);
        if source.shape() != layout.shape() {
            let message = format!("the slice has shape {:?}, the source another", layout.shape());
            return Err(Error::new(OP, message).operands([self, source]));
        }
        let source = source.to_dtype(self.dtype())?;
        let mut out = self.detach().clone_contiguous()?;
        let place = out.layout().slice(d, start, len, step);
        let from = source.reading();
        out.write(|device, out| device.backend().copy(from.view(), crate::ViewMut { layout: &place, ..out }))?;
        let op = IndexOp::SliceScatter { dim: d, start, step, len };
        Ok(graph::record(|| Op::Index(op), &[self, &source], out))
    }

    /// A copy with `source` in the place of element `index` of `dim`.
    pub fn select_scatter(&self, source: &Tensor, dim: isize, index: isize) -> Result<Tensor> {
        const OP: &str = "select_scatter";
        let d = shape::dim(OP, dim, self.dim()).map_err(|e| e.operands([self, source]))?;
        let Some(&size) = self.shape().get(d) else {
            return Err(Error::new(OP, "a 0-d tensor has nothing to select").operands([self, source]));
        };
        let at = from_end(OP, index as i64, d, size).map_err(|e| e.operands([self, source]))? as isize;
        let row = source.unsqueeze(d as isize).map_err(|e| e.renamed(OP))?;
        self.slice_scatter(&row, d as isize, at, at + 1, 1).map_err(|e| e.renamed(OP))
    }
}

/// The checks of a 1-d index beside a source.
pub(super) fn placed(
    op: &'static str,
    x: &Tensor,
    dim: isize,
    index: &Tensor,
    source: &Tensor,
) -> Result<(usize, Tensor)> {
    let wrong = |message: String| Err(Error::new(op, message).operands([x, index, source]));
    let d = shape::dim(op, dim, x.dim()).map_err(|e| e.operands([x, index, source]))?;
    same_device(op, &[x, index, source])?;
    if index.dim() > 1 {
        return wrong(format!("the index must be 1-d, got {} dims", index.dim()));
    }
    same_dtype(op, x, source)?;
    if x.dim().max(1) != source.dim().max(1) {
        return wrong("tensor and source must have equally many dims".into());
    }
    let rows = source.shape().get(d).copied().unwrap_or(1);
    if rows != index.numel() {
        return wrong(format!("the index has {} elements, the source {rows} in dim {d}", index.numel()));
    }
    if let Some((at, (a, b))) = x.shape().iter().zip(source.shape()).enumerate().find(|(at, (a, b))| *at != d && a != b)
    {
        return wrong(format!("sizes {a} and {b} in dim {at} differ"));
    }
    Ok((d, int_index(op, index)?.reshape([index.numel()])?))
}
