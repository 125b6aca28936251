//! Products added to something: `beta input + alpha (a b)`, as PyTorch's `addmm` family.
use super::super::{BinaryOp, binary::binary_owned, composed::rounded_once};
use super::{check, ranks};
use crate::{Error, Result, Scalar, Tensor, autocast, shape};

fn is_one(s: Scalar) -> bool {
    s.to_f64() == 1.0
}

/// `beta input + alpha product`; a `beta` of 0 means that `input` is not read, so its NaNs do not matter.
fn add(op: &'static str, input: &Tensor, product: Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    let target = product.shape().to_vec();
    let fits = shape::broadcast(op, input.shape(), &target).is_ok_and(|s| s.as_slice() == target);
    if !fits {
        return Err(
            Error::new(op, format!("the input does not broadcast to the product's shape {target:?}")).operands([input])
        );
    }
    if input.dtype() != product.dtype() {
        return Err(Error::new(op, format!("dtypes differ ({} and {})", input.dtype(), product.dtype()))
            .operands([input])
            .hint("convert one of them with to_dtype"));
    }
    // Integers take the whole part of a factor, as in PyTorch.
    let whole = |s: Scalar| if input.is_floating_point() { s } else { Scalar::Int(s.to_i64()) };
    let (beta, alpha) = (whole(beta), whole(alpha));
    let scaled = if is_one(alpha) { product } else { binary_owned(BinaryOp::Mul, product, alpha.into())? };
    if beta.to_f64() == 0.0 {
        return Ok(scaled);
    }
    let kept;
    let input = if is_one(beta) {
        input
    } else {
        kept = input.mul(beta)?;
        &kept
    };
    binary_owned(BinaryOp::Add, scaled, input.into())
}

impl Tensor {
    /// `beta self + alpha (a b)` of matrices.
    pub fn addmm(&self, a: &Tensor, b: &Tensor, beta: impl Into<Scalar>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        ranks("addmm", [a, b], [2, 2])?;
        let (beta, alpha) = (beta.into(), alpha.into());
        if let Some(y) = autocast::lower([self, a, b], None, |[x, a, b], _| x.addmm(a, b, beta, alpha)) {
            return y;
        }
        rounded_once([self, a, b], |[x, a, b]| {
            let product = a.mm(b).map_err(|e| e.renamed("addmm"))?;
            add("addmm", x, product, beta, alpha)
        })
    }

    /// `beta self + alpha (a b)`, matrix by matrix of two stacks.
    pub fn baddbmm(&self, a: &Tensor, b: &Tensor, beta: impl Into<Scalar>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        ranks("baddbmm", [a, b], [3, 3])?;
        let (beta, alpha) = (beta.into(), alpha.into());
        if let Some(y) = autocast::lower([self, a, b], None, |[x, a, b], _| x.baddbmm(a, b, beta, alpha)) {
            return y;
        }
        rounded_once([self, a, b], |[x, a, b]| {
            let product = a.bmm(b).map_err(|e| e.renamed("baddbmm"))?;
            add("baddbmm", x, product, beta, alpha)
        })
    }

    /// `beta self + alpha sum(a b)`: the products of two stacks, added up.
    pub fn addbmm(&self, a: &Tensor, b: &Tensor, beta: impl Into<Scalar>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        ranks("addbmm", [a, b], [3, 3])?;
        let (beta, alpha) = (beta.into(), alpha.into());
        if let Some(y) = autocast::lower([self, a, b], None, |[x, a, b], _| x.addbmm(a, b, beta, alpha)) {
            return y;
        }
        rounded_once([self, a, b], |[x, a, b]| {
            let product = a.bmm(b).map_err(|e| e.renamed("addbmm"))?;
            let product = product.sum_dim(0, crate::DROP)?.to_dtype(a.dtype())?;
            add("addbmm", x, product, beta, alpha)
        })
    }

    /// `beta self + alpha (matrix vector)`.
    pub fn addmv(
        &self,
        matrix: &Tensor,
        vector: &Tensor,
        beta: impl Into<Scalar>,
        alpha: impl Into<Scalar>,
    ) -> Result<Tensor> {
        ranks("addmv", [matrix, vector], [2, 1])?;
        let (beta, alpha) = (beta.into(), alpha.into());
        rounded_once([self, matrix, vector], |[x, matrix, vector]| {
            let product = matrix.mv(vector).map_err(|e| e.renamed("addmv"))?;
            add("addmv", x, product, beta, alpha)
        })
    }

    /// `beta self + alpha outer(a, b)`.
    pub fn addr(&self, a: &Tensor, b: &Tensor, beta: impl Into<Scalar>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        ranks("addr", [a, b], [1, 1])?;
        if [self, a, b].iter().all(|t| t.dtype() == crate::DType::Bool) {
            // Or of ands.
            let product = a.unsqueeze(1)?.mul(&b.unsqueeze(0)?)?;
            let (beta, alpha) = (beta.into().to_f64() != 0.0, alpha.into().to_f64() != 0.0);
            return self.mul(beta)?.add(&product.mul(alpha)?).map_err(|e| e.renamed("addr"));
        }
        check("addr", a, b)?;
        let (beta, alpha) = (beta.into(), alpha.into());
        rounded_once([self, a, b], |[x, a, b]| add("addr", x, a.outer(b)?, beta, alpha))
    }
}
