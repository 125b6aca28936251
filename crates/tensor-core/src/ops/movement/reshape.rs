//! Another shape for the same elements in the same order.
use super::MoveOp;
use crate::{DimArg, Error, Layout, Result, ShapeArg, Tensor, graph, ops::Op, shape};
use std::sync::Arc;

impl Tensor {
    /// The same elements, in row-major order, under another shape; one size may be `-1`. A view where strides can say
    /// it, else a copy.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_slice(&[1, 2, 3, 4, 5, 6], [2, 3])?;
    /// assert_eq!(x.reshape([3, -1])?.shape(), [3, 2]);
    /// # Ok(()) }
    /// ```
    #[must_use = "it returns the reshaped tensor"]
    pub fn reshape(&self, shape: impl ShapeArg) -> Result<Tensor> {
        let shape = shape::infer("reshape", shape, self.numel()).map_err(|e| e.operands([self]))?;
        self.reshaped(&shape)
    }

    /// The same for a shape of the right count.
    fn reshaped(&self, shape: &[usize]) -> Result<Tensor> {
        if self.shape() == shape {
            return Ok(self.clone());
        }
        if let Some(layout) = self.layout().reshape(shape) {
            return Ok(self.moved(|| MoveOp::Reshape, layout));
        }
        let copy = Arc::new(self.buffer().copied(self.layout())?);
        let out = Tensor::new(copy, Layout::contiguous(shape));
        Ok(graph::record(|| Op::Move(MoveOp::Reshape), &[self], out))
    }

    /// [`Tensor::reshape`] that never copies: an error where strides cannot say the shape.
    #[must_use = "it returns the view"]
    pub fn view(&self, shape: impl ShapeArg) -> Result<Tensor> {
        let shape = shape::infer("view", shape, self.numel()).map_err(|e| e.operands([self]))?;
        match self.layout().reshape(&shape) {
            Some(layout) => Ok(self.moved(|| MoveOp::Reshape, layout)),
            None => Err(Error::new(
                "view",
                format!("strides {:?} cannot be seen as shape {:?}", self.stride(), shape.as_slice()),
            )
            .operands([self])
            .hint("use reshape, which copies where it has to")),
        }
    }

    /// [`Tensor::view`] with the shape of `other`.
    #[must_use = "it returns the view"]
    pub fn view_as(&self, other: &Tensor) -> Result<Tensor> {
        self.view(other.shape()).map_err(|e| e.renamed("view_as").operands([self, other]))
    }

    /// [`Tensor::reshape`] with the shape of `other`.
    #[must_use = "it returns the reshaped tensor"]
    pub fn reshape_as(&self, other: &Tensor) -> Result<Tensor> {
        self.reshape(other.shape()).map_err(|e| e.renamed("reshape_as").operands([self, other]))
    }

    /// The dims from `start` to `end`, both included, become one.
    #[must_use = "it returns the flattened tensor"]
    pub fn flatten(&self, start: isize, end: isize) -> Result<Tensor> {
        let rank = self.dim();
        let first = shape::dim("flatten", start, rank).map_err(|e| e.operands([self]))?;
        let last = shape::dim("flatten", end, rank).map_err(|e| e.operands([self]))?;
        if rank == 0 {
            return self.reshaped(&[1]);
        }
        if first > last {
            return Err(Error::new("flatten", format!("start dim {start} comes after end dim {end}"))
                .operands([self])
                .hint("flatten(1, -1) keeps the batch"));
        }
        let sizes = self.shape();
        let mut out = shape::Dims::from_slice(&sizes[..first]);
        out.push(shape::numel(&sizes[first..=last]));
        out.extend_from_slice(&sizes[last + 1..]);
        self.reshaped(&out)
    }

    /// All elements in one dim.
    #[must_use = "it returns the flattened tensor"]
    pub fn ravel(&self) -> Result<Tensor> {
        self.reshaped(&[self.numel()])
    }

    /// One dim becomes several; one of `sizes` may be `-1`.
    #[must_use = "it returns the reshaped tensor"]
    pub fn unflatten(&self, dim: isize, sizes: impl ShapeArg) -> Result<Tensor> {
        let op = "unflatten";
        let d = shape::dim(op, dim, self.dim()).map_err(|e| e.operands([self]))?;
        let Some(&size) = self.shape().get(d) else {
            return Err(Error::new(op, "a 0-d tensor has no dim to split").operands([self]));
        };
        let inner = shape::infer(op, sizes, size).map_err(|e| e.operands([self]))?;
        if inner.is_empty() {
            return Err(Error::new(op, "at least one size is needed").operands([self]));
        }
        let mut out = shape::Dims::from_slice(&self.shape()[..d]);
        out.extend_from_slice(&inner);
        out.extend_from_slice(&self.shape()[d + 1..]);
        self.reshaped(&out)
    }

    /// Without dims of size 1.
    #[must_use = "it returns the squeezed tensor"]
    pub fn squeeze(&self) -> Result<Tensor> {
        let all: Vec<isize> = (0..self.dim() as isize).collect();
        if all.is_empty() { Ok(self.clone()) } else { self.squeeze_dim(all) }
    }

    /// Without those of `dims` that have size 1; others stay.
    #[must_use = "it returns the squeezed tensor"]
    pub fn squeeze_dim(&self, dims: impl DimArg) -> Result<Tensor> {
        let given = dims.dims();
        if given.is_empty() {
            return Ok(self.clone());
        }
        let dims = shape::dims("squeeze", given, self.dim()).map_err(|e| e.operands([self]))?;
        let keep = |i: usize| !(dims.contains(&i) && self.shape()[i] == 1);
        if (0..self.dim()).all(keep) {
            return Ok(self.clone());
        }
        let pick = |from: &[usize]| -> shape::Dims { (0..self.dim()).filter(|&i| keep(i)).map(|i| from[i]).collect() };
        let layout = Layout::strided(&pick(self.shape()), &pick(self.stride()), self.storage_offset());
        Ok(self.moved(|| MoveOp::Reshape, layout))
    }

    /// With a new dim of size 1 at `dim`, which may be one past the last.
    #[must_use = "it returns the unsqueezed tensor"]
    pub fn unsqueeze(&self, dim: isize) -> Result<Tensor> {
        let rank = self.dim();
        let d = shape::new_dim("unsqueeze", dim, rank).map_err(|e| e.operands([self]))?;
        let mut sizes = shape::Dims::from_slice(self.shape());
        let mut strides = shape::Dims::from_slice(self.stride());
        let stride = if d < rank { sizes[d] * strides[d] } else { 1 };
        sizes.insert(d, 1);
        strides.insert(d, stride);
        let layout = Layout::strided(&sizes, &strides, self.storage_offset());
        Ok(self.moved(|| MoveOp::Reshape, layout))
    }

    /// At least one dim: a 0-d tensor becomes one of a single element.
    #[must_use = "it returns the reshaped tensor"]
    pub fn atleast_1d(&self) -> Result<Tensor> {
        if self.dim() == 0 { self.unsqueeze(0) } else { Ok(self.clone()) }
    }

    /// At least two dims, new ones in front.
    #[must_use = "it returns the reshaped tensor"]
    pub fn atleast_2d(&self) -> Result<Tensor> {
        if self.dim() < 2 { self.atleast_1d()?.unsqueeze(0) } else { Ok(self.clone()) }
    }

    /// At least three dims: `[n]` becomes `[1, n, 1]`, `[m, n]` becomes `[m, n, 1]`.
    #[must_use = "it returns the reshaped tensor"]
    pub fn atleast_3d(&self) -> Result<Tensor> {
        if self.dim() < 3 { self.atleast_2d()?.unsqueeze(-1) } else { Ok(self.clone()) }
    }

    /// Row-major without gaps: the same tensor where it is so already, else a copy.
    #[must_use = "it returns the contiguous tensor"]
    pub fn contiguous(&self) -> Result<Tensor> {
        if self.is_contiguous() { Ok(self.clone()) } else { self.clone_contiguous() }
    }

    /// A row-major copy with a buffer of its own.
    #[must_use = "it returns the copy"]
    pub fn clone_contiguous(&self) -> Result<Tensor> {
        let new = self.buffer().copied(self.layout())?;
        let out = Tensor::new(Arc::new(new), Layout::contiguous(self.shape()));
        Ok(graph::record(|| Op::Move(MoveOp::Reshape), &[self], out))
    }
}
