//! Matrix products. The record sees only [`Op::MatMul`] on two matrices, or on two stacks of matrices of one batch
//! size: shapes around it are reshapes of their own. The rule is `dx = g yᵀ, dy = xᵀ g`, with the last two dims
//! transposed.
mod add;
mod linear;

use super::{Arg, Op, binary::same_device, result_type};
use crate::{DType, Error, Layout, Result, Tensor, autocast, graph, multiply_adds, shape, shape::Dims};
use std::sync::Arc;

/// Both operands must have the same dtype, and one that can be multiplied.
fn check(op: &'static str, x: &Tensor, y: &Tensor) -> Result<()> {
    same_device(op, &[x, y])?;
    let (a, b) = (x.dtype(), y.dtype());
    if a != b {
        return Err(Error::new(op, format!("dtypes differ ({a} and {b})")).operands([x, y]).hint(format!(
            "convert one of them, as with to_dtype(DType::{:?})",
            result_type(Arg::Tensor(x), Arg::Tensor(y))
        )));
    }
    if a == DType::Bool {
        return Err(Error::new(op, "not defined for bool").operands([x, y]).hint("convert to numbers first"));
    }
    Ok(())
}

fn inner(op: &'static str, x: &Tensor, y: &Tensor, left: usize, right: usize) -> Result<()> {
    if left == right {
        return Ok(());
    }
    let error = Error::new(op, format!("inner dimensions differ ({left} and {right})")).operands([x, y]);
    let turned = y.dim() >= 2 && x.dim() >= 1 && y.shape()[y.dim() - 1] == left;
    Err(if turned {
        error.hint("the other operand fits when its last two dims are transposed")
    } else {
        error.hint("the last size of the first operand must be the second to last of the other")
    })
}

/// The recorded product of matrices, or of stacks of matrices with the same number of them.
fn core(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let (xs, ys) = (x.shape(), y.shape());
    let mut shape = Dims::from_slice(&xs[..xs.len() - 1]);
    shape.push(ys[ys.len() - 1]);
    multiply_adds::count(shape.iter().chain(xs.last()));
    let device = x.device();
    let (mut out, layout) = Tensor::allocate(&shape, x.dtype(), &device)?;
    let (xr, yr) = (x.reading(), y.reading());
    if shape.len() == 3 {
        device.backend().matmul(xr.view(), yr.view(), out.view_mut(&layout))?;
    } else {
        // A matrix is a stack of one.
        let stack = |l: &Layout| {
            let (s, t) = (l.shape(), l.strides());
            Layout::strided(&[1, s[0], s[1]], &[0, t[0], t[1]], l.offset())
        };
        let (mut xv, mut yv) = (xr.view(), yr.view());
        let (xl, yl, ol) = (stack(xv.layout), stack(yv.layout), stack(&layout));
        (xv.layout, yv.layout) = (&xl, &yl);
        device.backend().matmul(xv, yv, out.view_mut(&ol))?;
    }
    Ok(graph::record(|| Op::MatMul, &[x, y], Tensor::new(Arc::new(out), layout)))
}

/// The shape without its last `n` dims, which are put at its end instead.
fn with_tail(shape: &[usize], n: usize, tail: &[usize]) -> Dims {
    let mut out = Dims::from_slice(&shape[..shape.len() - n]);
    out.extend_from_slice(tail);
    out
}

impl Tensor {
    /// Matrix product, as PyTorch's `matmul`: vectors give a dot product, a vector beside a matrix counts as a row
    /// (left) or a column (right), and dims in front of the last two are batches that broadcast.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let a = Tensor::ones([5, 2, 3])?;
    /// let b = Tensor::ones([3, 4])?;
    /// assert_eq!(a.matmul(&b)?.shape(), [5, 2, 4]);
    /// # Ok(()) }
    /// ```
    pub fn matmul(&self, other: &Tensor) -> Result<Tensor> {
        if let Some(y) = autocast::lower([self, other], None, |[x, y], _| x.product(y)) {
            return y;
        }
        self.product(other)
    }

    fn product(&self, other: &Tensor) -> Result<Tensor> {
        const OP: &str = "matmul";
        check(OP, self, other)?;
        let (x, y) = (self, other);
        let (xs, ys) = (x.shape(), y.shape());
        match (xs, ys) {
            ([], _) | (_, []) => Err(Error::new(OP, "0-d tensors have no matrix product")
                .operands([x, y])
                .hint("multiply by a number with mul")),
            ([a], [b]) => {
                inner(OP, x, y, *a, *b)?;
                core(&x.reshape([1, *a])?, &y.reshape([*b, 1])?)?.reshape(())
            }
            ([k], _) => {
                inner(OP, x, y, *k, ys[ys.len() - 2])?;
                x.reshape([1, *k])?.product(y)?.reshape(with_tail(ys, 2, &ys[ys.len() - 1..]))
            }
            (_, [k]) => {
                inner(OP, x, y, xs[xs.len() - 1], *k)?;
                rows_times(x, &y.reshape([*k, 1])?)?.reshape(with_tail(xs, 1, &[]))
            }
            (_, [k, _]) => {
                inner(OP, x, y, xs[xs.len() - 1], *k)?;
                rows_times(x, y)
            }
            _ => {
                inner(OP, x, y, xs[xs.len() - 1], ys[ys.len() - 2])?;
                stacks(x, y)
            }
        }
    }

    /// The product of two matrices.
    pub fn mm(&self, other: &Tensor) -> Result<Tensor> {
        if let Some(y) = autocast::lower([self, other], None, |[x, y], _| x.mm(y)) {
            return y;
        }
        check("mm", self, other)?;
        ranks("mm", [self, other], [2, 2])?;
        inner("mm", self, other, self.shape()[1], other.shape()[0])?;
        core(self, other)
    }

    /// The products of two stacks of matrices, one by one; nothing broadcasts.
    pub fn bmm(&self, other: &Tensor) -> Result<Tensor> {
        if let Some(y) = autocast::lower([self, other], None, |[x, y], _| x.bmm(y)) {
            return y;
        }
        check("bmm", self, other)?;
        ranks("bmm", [self, other], [3, 3])?;
        let (xs, ys) = (self.shape(), other.shape());
        if xs[0] != ys[0] {
            return Err(Error::new("bmm", format!("batch sizes differ ({} and {})", xs[0], ys[0]))
                .operands([self, other])
                .hint("matmul broadcasts batches"));
        }
        inner("bmm", self, other, xs[2], ys[1])?;
        core(self, other)
    }

    /// A matrix times a vector.
    pub fn mv(&self, vector: &Tensor) -> Result<Tensor> {
        check("mv", self, vector)?;
        ranks("mv", [self, vector], [2, 1])?;
        self.product(vector).map_err(|e| e.renamed("mv"))
    }

    /// The sum of the products of two vectors' elements.
    pub fn dot(&self, other: &Tensor) -> Result<Tensor> {
        check("dot", self, other)?;
        ranks("dot", [self, other], [1, 1])?;
        self.product(other).map_err(|e| e.renamed("dot"))
    }
}

/// How many dims each operand must have.
fn ranks(op: &'static str, operands: [&Tensor; 2], ranks: [usize; 2]) -> Result<()> {
    if operands.iter().zip(ranks).all(|(t, r)| t.dim() == r) {
        return Ok(());
    }
    let [a, b] = ranks;
    let what = if a == b { format!("takes two {a}-d tensors") } else { format!("takes a {a}-d and a {b}-d tensor") };
    Err(Error::new(op, what).operands(operands).hint("matmul takes tensors of any dims"))
}

/// `[*, k]` times one matrix: all rows in one product, without a copy where strides allow.
fn rows_times(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    if x.dim() == 2 {
        return core(x, y);
    }
    let (xs, n) = (x.shape(), y.shape()[1]);
    let k = xs[xs.len() - 1];
    let rows: usize = xs[..xs.len() - 1].iter().product();
    core(&x.reshape([rows, k])?, y)?.reshape(with_tail(xs, 1, &[n]))
}

/// `[*, m, k]` times `[*, k, n]`, with broadcast batches, as two stacks of one dim.
fn stacks(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let (xs, ys) = (x.shape(), y.shape());
    let (xm, ym) = (&xs[xs.len() - 2..], &ys[ys.len() - 2..]);
    let batch = shape::broadcast("matmul", &xs[..xs.len() - 2], &ys[..ys.len() - 2]).map_err(|e| e.operands([x, y]))?;
    let count: usize = batch.iter().product();
    let stack = |t: &Tensor, matrix: &[usize]| {
        let full = with_tail(&batch, 0, matrix);
        let t = if t.shape() == full.as_slice() { t.clone() } else { t.expand(&full)? };
        if t.dim() == 3 { Ok(t) } else { t.reshape([count, matrix[0], matrix[1]]) }
    };
    let out = core(&stack(x, xm)?, &stack(y, ym)?)?;
    if batch.len() == 1 { Ok(out) } else { out.reshape(with_tail(&batch, 0, &[xm[0], ym[1]])) }
}

#[cfg(test)]
mod tests;
