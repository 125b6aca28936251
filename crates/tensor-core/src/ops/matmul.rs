//! Matrix products. The recorded operation sees `[b, m, k] x [b, k, n]` or `[m, k] x [k, n]`; everything else is reshaped
//! around it.
use super::{
    Op,
    binary::{result_type, same_device},
};
use crate::{Error, Layout, Result, Scalar, Tensor, graph, shape};
use smallvec::SmallVec;
use std::sync::Arc;

impl Tensor {
    /// The matrix product, as `torch.matmul`: vectors, matrices, and batches of matrices, whose leading dims broadcast.
    ///
    /// # Shapes
    /// `[m, k] x [k, n]` to `[m, n]`; `[k] x [k]` to `[]`; `[*, m, k] x [k]` to `[*, m]`; `[*, m, k] x [*, k, n]` to
    /// `[*, m, n]`.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::ones([5, 2, 3])?;
    /// let w = Tensor::ones([3, 4])?;
    /// assert_eq!(x.matmul(&w)?.shape(), [5, 2, 4]);
    /// # Ok(()) }
    /// ```
    pub fn matmul(&self, other: &Tensor) -> Result<Tensor> {
        check("matmul", self, other)?;
        match (self.dim(), other.dim()) {
            (0, _) | (_, 0) => Err(Error::new("matmul", "a 0-d tensor is not a matrix")
                .operands([self, other])
                .hint("use mul for numbers")),
            (1, 1) => self.unsqueeze(0)?.matmul(&other.unsqueeze(1)?).map_err(|e| shown(e, self, other))?.reshape(()),
            (1, _) => {
                let y = self.unsqueeze(0)?.matmul(other).map_err(|e| shown(e, self, other))?;
                y.squeeze_dim(-2)
            }
            (_, 1) => {
                let y = self.matmul(&other.unsqueeze(1)?).map_err(|e| shown(e, self, other))?;
                y.squeeze_dim(-1)
            }
            (2, 2) => product("matmul", self, other),
            // A batch times one matrix is one long matrix times that matrix.
            (_, 2) if self.is_contiguous() => {
                let (rows, k) = self.shape().split_at(self.dim() - 1);
                inner("matmul", self, other)?;
                let flat = self.reshape([shape::numel(rows), k[0]])?;
                let mut full: shape::Dims = SmallVec::from_slice(rows);
                full.push(other.shape()[1]);
                product("matmul", &flat, other)?.reshape(&full)
            }
            _ => batched(self, other),
        }
    }

    /// The product of two matrices, `[m, k] x [k, n]`.
    pub fn mm(&self, other: &Tensor) -> Result<Tensor> {
        ranks("mm", self, 2, other, 2)?;
        product("mm", self, other)
    }

    /// The products of two batches of matrices, `[b, m, k] x [b, k, n]`.
    pub fn bmm(&self, other: &Tensor) -> Result<Tensor> {
        ranks("bmm", self, 3, other, 3)?;
        if self.shape()[0] != other.shape()[0] {
            return Err(Error::new(
                "bmm",
                format!("batch sizes differ ({} and {})", self.shape()[0], other.shape()[0]),
            )
            .operands([self, other])
            .hint("matmul broadcasts batches"));
        }
        product("bmm", self, other)
    }

    /// A matrix times a vector, `[m, k] x [k]`.
    pub fn mv(&self, vector: &Tensor) -> Result<Tensor> {
        ranks("mv", self, 2, vector, 1)?;
        self.matmul(vector).map_err(|e| e.renamed("mv"))
    }

    /// The inner product of two vectors of equal length and dtype.
    pub fn dot(&self, other: &Tensor) -> Result<Tensor> {
        ranks("dot", self, 1, other, 1)?;
        if self.shape() != other.shape() {
            return Err(Error::new("dot", "the vectors differ in length").operands([self, other]));
        }
        self.matmul(other).map_err(|e| e.renamed("dot"))
    }

    /// All products of the elements of two vectors, `[m] x [n]` to `[m, n]`.
    pub fn outer(&self, other: &Tensor) -> Result<Tensor> {
        ranks("outer", self, 1, other, 1)?;
        self.unsqueeze(1)?.mul(&other.unsqueeze(0)?)
    }

    /// `beta * self + alpha * (a x b)` for matrices; `self` broadcasts.
    pub fn addmm(&self, a: &Tensor, b: &Tensor, beta: impl Into<Scalar>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        ranks("addmm", a, 2, b, 2)?;
        scaled_sum("addmm", self, a.mm(b)?, beta.into(), alpha.into())
    }

    /// `beta * self + alpha * (a x v)`; `self` broadcasts to the vector.
    pub fn addmv(&self, a: &Tensor, v: &Tensor, beta: impl Into<Scalar>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        scaled_sum("addmv", self, a.mv(v)?, beta.into(), alpha.into())
    }

    /// `beta * self + alpha * outer(a, b)`.
    pub fn addr(&self, a: &Tensor, b: &Tensor, beta: impl Into<Scalar>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        scaled_sum("addr", self, a.outer(b)?, beta.into(), alpha.into())
    }

    /// `beta * self + alpha * (a x b)` for batches of matrices.
    pub fn baddbmm(&self, a: &Tensor, b: &Tensor, beta: impl Into<Scalar>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        scaled_sum("baddbmm", self, a.bmm(b)?, beta.into(), alpha.into())
    }

    /// `beta * self + alpha * sum over the batch of (a x b)`.
    pub fn addbmm(&self, a: &Tensor, b: &Tensor, beta: impl Into<Scalar>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        let products = a.bmm(b)?;
        let dtype = products.dtype();
        scaled_sum("addbmm", self, products.sum_dim(0, shape::DROP)?.to_dtype(dtype)?, beta.into(), alpha.into())
    }

    /// `x Wᵀ + b`: what a linear layer computes.
    ///
    /// # Shapes
    /// `self` `[*, in]`, `weight` `[out, in]` (or `[in]`), `bias` `[out]`; result `[*, out]`.
    pub fn linear(&self, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let named = |e: Error| e.renamed("linear");
        if self.dim() == 0 || weight.dim() == 0 || weight.dim() > 2 {
            return Err(Error::new("linear", "takes an input [*, in] and a weight [out, in]").operands([self, weight]));
        }
        let (have, want) = (self.shape()[self.dim() - 1], weight.shape()[weight.dim() - 1]);
        if have != want {
            return Err(Error::new(
                "linear",
                format!("the last dim of the input is {have}, the weight expects {want}"),
            )
            .operands([self, weight]));
        }
        let turned = if weight.dim() == 2 { weight.t()? } else { weight.clone() };
        let y = self.matmul(&turned).map_err(named)?;
        match bias {
            Some(b) => super::binary::binary_owned(super::BinaryOp::Add, y, b.into()).map_err(named),
            None => Ok(y),
        }
    }
}

fn check(op: &'static str, a: &Tensor, b: &Tensor) -> Result<()> {
    same_device(op, &[a, b])?;
    if a.dtype() != b.dtype() {
        return Err(Error::new(op, format!("dtypes differ ({} and {})", a.dtype(), b.dtype()))
            .operands([a, b])
            .hint("convert one of them with to_dtype"));
    }
    Ok(())
}

fn ranks(op: &'static str, a: &Tensor, rank_a: usize, b: &Tensor, rank_b: usize) -> Result<()> {
    check(op, a, b)?;
    if a.dim() != rank_a || b.dim() != rank_b {
        return Err(Error::new(op, format!("takes tensors of {rank_a} and {rank_b} dims"))
            .operands([a, b])
            .hint("matmul takes vectors, matrices and batches of them"));
    }
    Ok(())
}

fn inner(op: &'static str, a: &Tensor, b: &Tensor) -> Result<()> {
    let (k, l) = (a.shape()[a.dim() - 1], b.shape()[b.dim() - 2]);
    if k != l {
        return Err(Error::new(op, format!("inner dimensions differ ({k} and {l})")).operands([a, b]));
    }
    Ok(())
}

/// The error of an inner call, with the operands as the user gave them.
fn shown(e: Error, a: &Tensor, b: &Tensor) -> Error {
    e.operands([a, b])
}

/// `[b, m, k] x [b, k, n]` or `[m, k] x [k, n]`, recorded.
fn product(op: &'static str, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check(op, a, b)?;
    inner(op, a, b)?;
    let rank = a.dim();
    let mut shape: shape::Dims = SmallVec::from_slice(a.shape());
    shape[rank - 1] = b.shape()[rank - 1];
    let device = a.device();
    let (mut out, layout) = Tensor::allocate(&shape, a.dtype(), &device)?;
    let (ra, rb) = (a.reading(), b.reading());
    let (la, lb, lo) = (cube(ra.view().layout), cube(rb.view().layout), cube(&layout));
    let mut view_a = ra.view();
    let mut view_b = rb.view();
    (view_a.layout, view_b.layout) = (&la, &lb);
    device.backend().matmul(view_a, view_b, out.view_mut(&lo)).map_err(|e| e.renamed(op).operands([a, b]))?;
    Ok(graph::record(|| Op::MatMul, &[a, b], Tensor::new(Arc::new(out), layout)))
}

/// A matrix as a batch of one.
fn cube(layout: &Layout) -> Layout {
    if layout.rank() == 3 {
        return layout.clone();
    }
    let (s, t) = (layout.shape(), layout.strides());
    Layout::strided(&[1, s[0], s[1]], &[0, t[0], t[1]], layout.offset())
}

/// Batches whose leading dims broadcast.
fn batched(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    inner("matmul", a, b)?;
    let (lead_a, mat_a) = a.shape().split_at(a.dim() - 2);
    let (lead_b, mat_b) = b.shape().split_at(b.dim() - 2);
    let lead = shape::broadcast("matmul", lead_a, lead_b).map_err(|e| e.operands([a, b]))?;
    let flat = |t: &Tensor, mat: &[usize]| -> Result<Tensor> {
        let mut full = lead.clone();
        full.extend_from_slice(mat);
        t.expand(&full)?.reshape([shape::numel(&lead), mat[0], mat[1]])
    };
    let y = product("matmul", &flat(a, mat_a)?, &flat(b, mat_b)?)?;
    let mut full = lead.clone();
    full.extend_from_slice(&[mat_a[0], mat_b[1]]);
    y.reshape(&full)
}

/// `beta * x + alpha * y`; with `beta` 0, NaN of `x` does not spread.
fn scaled_sum(op: &'static str, x: &Tensor, y: Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    let named = |e: Error| e.renamed(op);
    if x.layout().expand(y.shape()).is_none() {
        return Err(Error::new(op, format!("the added tensor does not broadcast to {:?}", y.shape())).operands([x]));
    }
    let dtype = result_type(x.into(), (&y).into());
    for (name, s) in [("beta", beta), ("alpha", alpha)] {
        if s.category() > dtype.category() {
            return Err(Error::new(op, format!("{name} is a float, the tensors are {dtype}")));
        }
    }
    let one = |s: Scalar| s.to_f64() == 1.0;
    let y = if one(alpha) { y } else { y.mul(alpha)? };
    if beta.to_f64() == 0.0 {
        return y.to_dtype(dtype);
    }
    let x = if one(beta) { x.clone() } else { x.mul(beta).map_err(named)? };
    super::binary::binary_owned(super::BinaryOp::Add, y, (&x).into()).map_err(named)
}
