//! Elements placed by integer tensors: new tensors with some elements replaced or added to.
use super::{
    super::{Op, binary::Arg},
    IndexOp, ScatterOp, indices,
    pick::{corner, fits, wrapped},
};
use crate::{Error, Operand, Result, Tensor, graph, shape};

impl Tensor {
    /// `out[index[i][j]][j] = source[i][j]` for `dim` 0, and so on; `source` is a tensor or a number.
    pub fn scatter<'a>(&self, dim: isize, index: &Tensor, source: impl Into<Arg<'a>>) -> Result<Tensor> {
        scatter("scatter", ScatterOp::Set, self, dim, index, source.into())
    }

    /// `out[index[i][j]][j] += source[i][j]` for `dim` 0, and so on.
    pub fn scatter_add<'a>(&self, dim: isize, index: &Tensor, source: impl Into<Arg<'a>>) -> Result<Tensor> {
        scatter("scatter_add", ScatterOp::Add, self, dim, index, source.into())
    }

    /// Adds the slices of `source` to those that `index` (1-d) names; repeated ones add up.
    pub fn index_add(&self, dim: isize, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        let name = "index_add";
        let d = shape::dim(name, dim, self.dim()).map_err(|e| e.operands([self]))?;
        if self.dim() == 0 {
            let source = source.reshape([-1])?;
            return self.reshape([1])?.index_add(0, &index.reshape([-1])?, &source)?.reshape(());
        }
        let wrong = |why: &str| Error::new(name, why).operands([self, index, source]);
        if index.dim() > 1 {
            return Err(wrong("the index must have one dim"));
        }
        if source.dtype() != self.dtype() {
            return Err(wrong("the source needs the tensor's dtype"));
        }
        let index = indices(name, index, self)?.reshape([-1])?;
        let mut expected = shape::Dims::from_slice(self.shape());
        expected[d] = index.numel();
        if source.shape() != expected.as_slice() {
            return Err(wrong(&format!("the source needs shape {:?}", expected.as_slice())));
        }
        let mut out = self.detach().clone_contiguous()?;
        let (ri, rs) = (index.reading(), source.reading());
        out.write(|device, view| device.backend().index_add(d, ri.view(), rs.view(), view))
            .map_err(|e| e.renamed(name).operands([self, &index, source]))?;
        Ok(graph::record(|| Op::Index(IndexOp::Add { dim: d }), &[self, &index, source], out))
    }

    /// The slices that `index` (1-d) names become those of `source`.
    pub fn index_copy(&self, dim: isize, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        let placed = self.rows(dim, index)?;
        self.scatter(dim, &placed.expand(source.shape())?, source).map_err(|e| e.renamed("index_copy"))
    }

    /// The slices that `index` (1-d) names become `value`.
    pub fn index_fill<'a>(&self, dim: isize, index: &Tensor, value: impl Into<Arg<'a>>) -> Result<Tensor> {
        let d = shape::dim("index_fill", dim, self.dim()).map_err(|e| e.operands([self]))?;
        if self.dim() == 0 {
            return self.reshape([1])?.index_fill(0, index, value)?.reshape(());
        }
        let placed = self.rows(dim, index)?;
        let mut shape = shape::Dims::from_slice(self.shape());
        shape[d] = index.numel();
        match value.into() {
            Arg::Scalar(s) => self.scatter(dim, &placed.expand(&shape)?, s),
            Arg::Tensor(t) if t.dim() == 0 => {
                self.scatter(dim, &placed.expand(&shape)?, &t.to_dtype(self.dtype())?.expand(&shape)?)
            }
            Arg::Tensor(t) => Err(Error::new("index_fill", "the value must be a number or a 0-d tensor").operands([t])),
        }
        .map_err(|e| e.renamed("index_fill"))
    }

    /// A 1-d index of slices of `dim` as an index for scatter, still of size 1 in the other dims.
    fn rows(&self, dim: isize, index: &Tensor) -> Result<Tensor> {
        let d = shape::dim("index", dim, self.dim())?;
        if index.dim() > 1 {
            return Err(Error::new("index", "the index must have one dim").operands([self, index]));
        }
        let mut shape: shape::Dims = smallvec::smallvec![1; self.dim().max(1)];
        shape[d] = index.numel();
        wrapped(&indices("index", index, self)?, self.shape().get(d).copied().unwrap_or(1) as i64)?.reshape(&shape)
    }

    /// The tensor with `source` in the place of `self.slice(dim, start, end, step)`.
    pub fn slice_scatter(&self, source: &Tensor, dim: isize, start: isize, end: isize, step: usize) -> Result<Tensor> {
        let name = "slice_scatter";
        let d = shape::dim(name, dim, self.dim()).map_err(|e| e.operands([self]))?;
        let part = self.detach().slice(dim, start, end, step).map_err(|e| e.renamed(name))?;
        if part.shape() != source.shape() {
            return Err(Error::new(name, format!("the slice has shape {:?}", part.shape())).operands([self, source]));
        }
        let size = self.shape()[d] as isize;
        let start = (if start < 0 { (start + size).max(0) } else { start.min(size) }) as usize;
        let len = part.shape()[d];
        drop(part);
        let converted = source.to_dtype(self.dtype())?;
        let mut out = self.detach().clone_contiguous()?;
        out.slice_mut(dim, start as isize, (start + len * step) as isize, step)?.copy_(&converted.detach())?;
        let op = || Op::Index(IndexOp::SliceScatter { dim: d, start, step, len });
        Ok(graph::record(op, &[self, &converted], out))
    }

    /// The tensor with `source` in the place of `self.select(dim, index)`.
    pub fn select_scatter(&self, source: &Tensor, dim: isize, index: isize) -> Result<Tensor> {
        let d = shape::dim("select_scatter", dim, self.dim()).map_err(|e| e.operands([self]))?;
        let size = self.shape().get(d).copied().unwrap_or(0) as isize;
        if index < -size || index >= size {
            return Err(
                Error::new("select_scatter", format!("index {index} is out of range for size {size}")).operands([self])
            );
        }
        let at = if index < 0 { index + size } else { index };
        let row = source.unsqueeze(d as isize).map_err(|e| e.renamed("select_scatter"))?;
        self.slice_scatter(&row, dim, at, at + 1, 1).map_err(|e| e.renamed("select_scatter"))
    }
}

fn scatter(
    name: &'static str,
    op: ScatterOp,
    x: &Tensor,
    dim: isize,
    index: &Tensor,
    source: Arg<'_>,
) -> Result<Tensor> {
    let d = shape::dim(name, dim, x.dim()).map_err(|e| e.operands([x]))?;
    if x.dim() == 0 || index.dim() == 0 {
        if x.dim() > 1 || index.dim() > 1 {
            return Err(Error::new(name, "index and input need the same number of dims").operands([x, index]));
        }
        let (flat, index) = (x.reshape([-1])?, index.reshape([-1])?);
        let out = match source {
            Arg::Scalar(_) => scatter(name, op, &flat, 0, &index, source)?,
            Arg::Tensor(s) => scatter(name, op, &flat, 0, &index, Arg::Tensor(&s.reshape([-1])?))?,
        };
        return out.reshape(x.shape());
    }
    let tensor = match source {
        Arg::Tensor(s) => Some(s),
        Arg::Scalar(_) => None,
    };
    fits(name, x, d, index, tensor)?;
    let index = indices(name, index, x)?;
    let mut out = x.detach().clone_contiguous()?;
    let ri = index.reading();
    match source {
        Arg::Scalar(s) => {
            out.write(|device, view| device.backend().scatter(op, d, ri.view(), Operand::Scalar(s), view))
                .map_err(|e| e.renamed(name).operands([x, &index]))?;
            Ok(graph::record(|| Op::Index(IndexOp::ScatterScalar { dim: d, op }), &[x, &index], out))
        }
        Arg::Tensor(s) => {
            if s.dtype() != x.dtype() {
                return Err(Error::new(name, "the source needs the tensor's dtype").operands([x, &index, s]));
            }
            let reading = s.reading();
            let layout = if index.numel() == 0 { s.layout().clone() } else { corner(s.layout(), index.shape()) };
            let mut view = reading.view();
            view.layout = &layout;
            if index.numel() > 0 {
                out.write(|device, out| device.backend().scatter(op, d, ri.view(), Operand::View(view), out))
                    .map_err(|e| e.renamed(name).operands([x, &index, s]))?;
            }
            Ok(graph::record(|| Op::Index(IndexOp::Scatter { dim: d, op }), &[x, &index, s], out))
        }
    }
}
