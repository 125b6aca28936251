//! Several tensors made one.
use super::{Op, binary::same_device};
use crate::{DType, Error, Layout, Result, Tensor, graph, shape};
use smallvec::SmallVec;
use std::sync::Arc;

/// The dtype that fits all elements of all tensors.
fn common_dtype(tensors: &[&Tensor]) -> DType {
    tensors.iter().map(|t| t.dtype()).reduce(DType::promote).unwrap_or(DType::F32)
}

/// What PyTorch has let pass since its first days: a tensor of shape `[0]` fits beside anything.
fn is_legacy_empty(t: &Tensor) -> bool {
    t.shape() == [0]
}

impl Tensor {
    /// One after the other along `dim`; the other sizes are equal. The dtype is the one that fits all.
    ///
    /// ```
    /// # use tensor_core::{tensor, Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let x = tensor([[1, 2]])?;
    /// assert_eq!(Tensor::cat(&[&x, &x, &x], 0)?.shape(), [3, 2]);
    /// # Ok(()) }
    /// ```
    pub fn cat(tensors: &[&Tensor], dim: isize) -> Result<Tensor> {
        let op = "cat";
        let Some(first) = tensors.first() else {
            return Err(Error::new(op, "at least one tensor is needed"));
        };
        if let Some(i) = tensors.iter().position(|t| t.dim() == 0) {
            return Err(Error::new(op, format!("tensor {i} is 0-d"))
                .operands(tensors.iter().copied())
                .hint("use stack to join numbers"));
        }
        same_device(op, tensors)?;
        let model = tensors.iter().find(|t| !is_legacy_empty(t)).unwrap_or(first);
        let d = shape::dim(op, dim, model.dim()).map_err(|e| e.operands(tensors.iter().copied()))?;
        let dtype = common_dtype(tensors);
        let mut size = 0usize;
        let mut parts: SmallVec<[Tensor; 4]> = SmallVec::new();
        for (i, t) in tensors.iter().enumerate() {
            if is_legacy_empty(t) && model.dim() != 1 {
                continue;
            }
            let fits = t.dim() == model.dim() && (0..t.dim()).all(|k| k == d || t.shape()[k] == model.shape()[k]);
            if !fits {
                return Err(Error::new(
                    op,
                    format!(
                        "tensor {i} has shape {:?}, which differs from {:?} beyond dim {d}",
                        t.shape(),
                        model.shape()
                    ),
                )
                .operands(tensors.iter().copied())
                .hint("all sizes but that of the joined dim must be equal"));
            }
            size = size.saturating_add(t.shape()[d]);
            parts.push(t.to_dtype(dtype)?);
        }
        let mut out_shape = shape::Dims::from_slice(model.shape());
        out_shape[d] = size;
        shape::checked_numel(op, &out_shape)?;
        let device = first.device();
        let (mut out, layout) = Tensor::allocate(&out_shape, dtype, &device)?;
        let mut start = 0;
        let mut sizes = SmallVec::new();
        for part in &parts {
            let len = part.shape()[d];
            let place: Layout = layout.slice(d, start, len, 1);
            if part.numel() > 0 {
                device.backend().copy(part.reading().view(), out.view_mut(&place))?;
            }
            start += len;
            sizes.push(len);
        }
        let out = Tensor::new(Arc::new(out), layout);
        let inputs: SmallVec<[&Tensor; 4]> = parts.iter().collect();
        Ok(graph::record(|| Op::Cat { dim: d, sizes }, &inputs, out))
    }

    /// Tensors of one shape side by side along a new dim.
    pub fn stack(tensors: &[&Tensor], dim: isize) -> Result<Tensor> {
        let op = "stack";
        let Some(first) = tensors.first() else {
            return Err(Error::new(op, "at least one tensor is needed"));
        };
        if let Some(i) = tensors.iter().position(|t| t.shape() != first.shape()) {
            return Err(Error::new(
                op,
                format!("tensor {i} has shape {:?}, the first has {:?}", tensors[i].shape(), first.shape()),
            )
            .operands(tensors.iter().copied())
            .hint("stack takes tensors of one shape; cat joins along an existing dim"));
        }
        let d = shape::new_dim(op, dim, first.dim()).map_err(|e| e.operands(tensors.iter().copied()))?;
        let wide: Vec<Tensor> = tensors.iter().map(|t| t.unsqueeze(d as isize)).collect::<Result<_>>()?;
        joined(op, &wide, d as isize)
    }

    /// From left to right: along dim 1, or dim 0 of 1-d tensors.
    pub fn hstack(tensors: &[&Tensor]) -> Result<Tensor> {
        let parts: Vec<Tensor> = tensors.iter().map(|t| t.atleast_1d()).collect::<Result<_>>()?;
        let flat = parts.first().is_some_and(|t| t.dim() == 1);
        joined("hstack", &parts, if flat { 0 } else { 1 })
    }

    /// From top to bottom: rows, or 1-d tensors as rows.
    pub fn vstack(tensors: &[&Tensor]) -> Result<Tensor> {
        let parts: Vec<Tensor> = tensors.iter().map(|t| t.atleast_2d()).collect::<Result<_>>()?;
        joined("vstack", &parts, 0)
    }

    /// In depth: along the third dim.
    pub fn dstack(tensors: &[&Tensor]) -> Result<Tensor> {
        let parts: Vec<Tensor> = tensors.iter().map(|t| t.atleast_3d()).collect::<Result<_>>()?;
        joined("dstack", &parts, 2)
    }

    /// 1-d tensors as columns beside matrices.
    pub fn column_stack(tensors: &[&Tensor]) -> Result<Tensor> {
        let column = |t: &&Tensor| if t.dim() < 2 { t.reshape([t.numel(), 1]) } else { Ok((*t).clone()) };
        let parts: Vec<Tensor> = tensors.iter().map(column).collect::<Result<_>>()?;
        joined("column_stack", &parts, 1)
    }

    /// All of them broadcast to one shape; no copies.
    pub fn broadcast_tensors(tensors: &[&Tensor]) -> Result<Vec<Tensor>> {
        let op = "broadcast_tensors";
        let mut sizes = shape::Dims::new();
        for t in tensors {
            sizes = shape::broadcast(op, &sizes, t.shape()).map_err(|e| e.operands(tensors.iter().copied()))?;
        }
        tensors.iter().map(|t| t.expand(&sizes)).collect()
    }

    /// Coordinates of a grid: one tensor for each 1-d (or 0-d) input, in which it varies along its own dim.
    pub fn meshgrid(tensors: &[&Tensor], indexing: Indexing) -> Result<Vec<Tensor>> {
        let op = "meshgrid";
        let wrong = |why: String| Error::new(op, why).operands(tensors.iter().copied());
        if tensors.is_empty() {
            return Err(wrong("at least one tensor is needed".into()));
        }
        if let Some(i) = tensors.iter().position(|t| t.dim() > 1) {
            return Err(wrong(format!("tensor {i} has {} dims; at most one is expected", tensors[i].dim())));
        }
        if tensors.iter().any(|t| t.dtype() != tensors[0].dtype()) {
            return Err(wrong("all tensors must have one dtype".into()));
        }
        same_device(op, tensors)?;
        let swap = indexing == Indexing::Xy && tensors.len() >= 2;
        let sizes: shape::Dims = tensors.iter().map(|t| t.numel()).collect();
        shape::checked_numel(op, &sizes)?;
        let mut out = Vec::with_capacity(tensors.len());
        for (i, t) in tensors.iter().enumerate() {
            let mut own: shape::Dims = SmallVec::from_elem(1, sizes.len());
            own[i] = sizes[i];
            let grid = t.reshape(&own)?.expand(&sizes)?;
            out.push(if swap { grid.transpose(0, 1)? } else { grid });
        }
        Ok(out)
    }

    /// Every combination of the elements of 1-d tensors, one a row.
    pub fn cartesian_prod(tensors: &[&Tensor]) -> Result<Tensor> {
        let op = "cartesian_prod";
        if let Some(i) = tensors.iter().position(|t| t.dim() != 1) {
            return Err(Error::new(op, format!("tensor {i} has {} dims; one is expected", tensors[i].dim()))
                .operands(tensors.iter().copied()));
        }
        if let [one] = tensors {
            return Ok((*one).clone());
        }
        let grids = Tensor::meshgrid(tensors, Indexing::Ij).map_err(|e| e.renamed(op))?;
        let columns: Vec<Tensor> = grids.iter().map(Tensor::ravel).collect::<Result<_>>()?;
        Tensor::stack(&columns.iter().collect::<Vec<_>>(), 1)
    }

    /// Matrices along the diagonal of one matrix, zeros elsewhere; vectors count as rows.
    pub fn block_diag(tensors: &[&Tensor]) -> Result<Tensor> {
        let op = "block_diag";
        let Some(first) = tensors.first() else {
            return Err(Error::new(op, "at least one tensor is needed"));
        };
        if let Some(i) = tensors.iter().position(|t| t.dim() > 2) {
            return Err(Error::new(op, format!("tensor {i} has {} dims; at most two are expected", tensors[i].dim()))
                .operands(tensors.iter().copied()));
        }
        same_device(op, tensors)?;
        let dtype = common_dtype(tensors);
        let blocks: Vec<Tensor> = tensors.iter().map(|t| t.atleast_2d()?.to_dtype(dtype)).collect::<Result<_>>()?;
        let columns: usize = blocks.iter().map(|t| t.shape()[1]).sum();
        let mut before = 0;
        let mut rows = Vec::with_capacity(blocks.len());
        for block in &blocks {
            let (height, width) = (block.shape()[0], block.shape()[1]);
            let zeros = |n: usize| Tensor::full_on([height, n], 0, dtype, &first.device());
            rows.push(Tensor::cat(&[&zeros(before)?, block, &zeros(columns - before - width)?], 1)?);
            before += width;
        }
        joined(op, &rows, 0)
    }
}

/// Which coordinate of [`Tensor::meshgrid`] varies along the first dim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// The first, as in matrices.
    Ij,
    /// The second, as in pictures.
    Xy,
}

fn joined(op: &'static str, parts: &[Tensor], dim: isize) -> Result<Tensor> {
    Tensor::cat(&parts.iter().collect::<SmallVec<[&Tensor; 4]>>(), dim).map_err(|e| e.renamed(op))
}
