//! Diagonals and triangles of matrices.
use super::MoveOp;
use crate::{CompareOp, DType, Error, Layout, Operand, Result, Scalar, Tensor, shape};
use std::sync::Arc;

impl Tensor {
    /// The elements `[.., i, .., i + offset, ..]` of dims `dim1` and `dim2`, as the last dim of a view.
    #[must_use = "it returns the diagonal view"]
    pub fn diagonal(&self, offset: isize, dim1: isize, dim2: isize) -> Result<Tensor> {
        let op = "diagonal";
        let wrong = |why: &'static str| Err(Error::new(op, why).operands([self]));
        if self.dim() < 2 {
            return wrong("at least two dims are needed");
        }
        let a = shape::dim(op, dim1, self.dim()).map_err(|e| e.operands([self]))?;
        let b = shape::dim(op, dim2, self.dim()).map_err(|e| e.operands([self]))?;
        if a == b {
            return wrong("the two dims must differ");
        }
        let (rows, columns) = (self.shape()[a], self.shape()[b]);
        let away = offset.unsigned_abs();
        let (len, skipped) = if offset >= 0 {
            (rows.min(columns.saturating_sub(away)), self.stride()[b])
        } else {
            (columns.min(rows.saturating_sub(away)), self.stride()[a])
        };
        let rest = |from: &[usize], last: usize| -> shape::Dims {
            let others = (0..self.dim()).filter(|&i| i != a && i != b).map(|i| from[i]);
            others.chain(std::iter::once(last)).collect()
        };
        let start = self.storage_offset() + if len > 0 { away * skipped } else { 0 };
        let step = self.stride()[a] + self.stride()[b];
        let layout = Layout::strided(&rest(self.shape(), len), &rest(self.stride(), step), start);
        Ok(self.moved(|| MoveOp::Diagonal { offset, dim1: a, dim2: b }, layout))
    }

    /// Of a matrix its diagonal, of a vector the matrix that has it as its diagonal.
    #[must_use = "it returns the diagonal"]
    pub fn diag(&self, diagonal: isize) -> Result<Tensor> {
        match self.dim() {
            1 => self.diag_embed(diagonal, 0, 1),
            2 => self.diagonal(diagonal, 0, 1)?.clone_contiguous(),
            n => Err(Error::new("diag", format!("a vector or matrix is expected, not {n} dims")).operands([self])),
        }
        .map_err(|e| e.renamed("diag"))
    }

    /// The matrix that has all elements as its diagonal.
    #[must_use = "it returns the matrix"]
    pub fn diagflat(&self, offset: isize) -> Result<Tensor> {
        self.ravel()?.diag_embed(offset, 0, 1).map_err(|e| e.renamed("diagflat"))
    }

    /// Matrices in the dims `dim1` and `dim2` of the result, with the last dim as their diagonal and zeros elsewhere.
    #[must_use = "it returns the matrices"]
    pub fn diag_embed(&self, offset: isize, dim1: isize, dim2: isize) -> Result<Tensor> {
        let op = "diag_embed";
        if self.dim() == 0 {
            return Err(Error::new(op, "at least one dim is needed").operands([self]));
        }
        let rank = self.dim() + 1;
        let a = shape::dim(op, dim1, rank).map_err(|e| e.operands([self]))?;
        let b = shape::dim(op, dim2, rank).map_err(|e| e.operands([self]))?;
        if a == b {
            return Err(Error::new(op, "the two dims must differ").operands([self]));
        }
        let away = offset.unsigned_abs();
        let len = self.shape()[rank - 2];
        let n = len.saturating_add(away);
        let mut room = shape::Dims::from_slice(&self.shape()[..rank - 2]);
        room.push(away);
        let mut square = room.clone();
        square[rank - 2] = n;
        square.push(n);
        shape::checked_numel(op, &square)?;
        // Row i holds its element in column i + offset: below the main diagonal the first rows are empty.
        let nothing = Tensor::full_on(&room, 0, self.dtype(), &self.device())?;
        let rows = match offset {
            0 => self.clone(),
            1.. => Tensor::cat(&[self, &nothing], -1)?,
            _ => Tensor::cat(&[&nothing, self], -1)?,
        };
        let here = self.triangle(CompareOp::Eq, n, n, offset)?;
        let zero = Tensor::full_on((), 0, self.dtype(), &self.device())?;
        let out = here.where_(&rows.unsqueeze(-1)?, &zero)?;
        out.movedim([-2, -1], [a as isize, b as isize])
    }

    /// Whether `column - row` stands in this relation to `k`.
    fn triangle(&self, op: CompareOp, rows: usize, columns: usize, k: isize) -> Result<Tensor> {
        let device = self.device();
        let line = |n: usize, start: i64| -> Result<_> {
            let (mut out, layout) = Tensor::allocate(&[n], DType::I64, &device)?;
            device.backend().ramp(Scalar::Int(start), Scalar::Int(1), out.view_mut(&layout))?;
            Ok((out, layout))
        };
        let shape = [rows, columns];
        let (row, row_layout) = line(rows, k as i64)?;
        let (column, column_layout) = line(columns, 0)?;
        let row_layout = Layout::strided(&shape, &[row_layout.strides()[0], 0], 0);
        let column_layout = Layout::strided(&shape, &[0, column_layout.strides()[0]], 0);
        let (mut out, layout) = Tensor::allocate(&shape, DType::Bool, &device)?;
        device.backend().compare(
            op,
            Operand::View(column.view(&column_layout)),
            Operand::View(row.view(&row_layout)),
            out.view_mut(&layout),
        )?;
        Ok(Tensor::new(Arc::new(out), layout))
    }

    fn cut_triangle(&self, name: &'static str, op: CompareOp, k: isize) -> Result<Tensor> {
        if self.dim() < 2 {
            return Err(Error::new(name, "at least two dims are needed").operands([self]));
        }
        let (rows, columns) = (self.shape()[self.dim() - 2], self.shape()[self.dim() - 1]);
        let zero = Tensor::full_on((), 0, self.dtype(), &self.device())?;
        self.triangle(op, rows, columns, k)?.where_(self, &zero)
    }

    /// The lower triangles of matrices, up to the `k`-th diagonal; zeros above.
    #[must_use = "it returns the triangles"]
    pub fn tril(&self, k: isize) -> Result<Tensor> {
        self.cut_triangle("tril", CompareOp::Le, k)
    }

    /// The upper triangles of matrices, from the `k`-th diagonal on; zeros below.
    #[must_use = "it returns the triangles"]
    pub fn triu(&self, k: isize) -> Result<Tensor> {
        self.cut_triangle("triu", CompareOp::Ge, k)
    }
}
