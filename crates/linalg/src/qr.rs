//! The QR decomposition.
use crate::{
    derivative::record,
    matrices::{self, Matrices, rows_of, shape, t, tensor},
    triangular::{Triangle, solve_triangular},
};
use std::sync::Arc;
use tensor_core::{Error, Result, Tensor, graph::Node};

/// How many columns `Q` has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QrMode {
    /// As many as the smaller side of the matrix.
    #[default]
    Reduced,
    /// As many as rows: a square `Q`.
    Complete,
}

/// `(Q, R)` with `A = Q R` for each matrix of `[*, m, n]`: `Q` `[*, m, k]` has orthonormal columns, `R` `[*, k, n]` is
/// upper triangular; `k` is `min(m, n)`, or `m` for [`QrMode::Complete`].
///
/// ```
/// use linalg::{QrMode, qr};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let a = Tensor::randn([5, 3])?;
/// let (q, r) = qr(&a, QrMode::Reduced)?;
/// assert!(q.matmul(&r)?.allclose(&a, 1e-4, 1e-5, false)?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// No matrices of floats. The complete form of a matrix with more rows than columns has no gradient.
pub fn qr(a: &Tensor, mode: QrMode) -> Result<(Tensor, Tensor)> {
    const OP: &str = "linalg.qr";
    matrices::check(OP, a)?;
    let (m, n) = matrices::size(a);
    let k = if mode == QrMode::Complete { m } else { m.min(n) };
    let (mut qs, mut rs) = (Vec::new(), Vec::new());
    let all = Matrices::of(a)?;
    if m * n == 0 {
        // Nothing to decompose: `Q` is the identity, as far as there is one.
        for _ in 0..all.len() {
            qs.extend((0..m).flat_map(|r| (0..k).map(move |c| f64::from(u8::from(r == c)))));
            rs.extend(std::iter::repeat_n(0.0, k * n));
        }
    } else {
        for matrix in all.each() {
            let found = matrix.qr();
            let q = if k == m { found.compute_Q() } else { found.compute_thin_Q() };
            qs.extend(rows_of(q.as_ref()));
            let r = if k == m { found.R() } else { found.thin_R() };
            rs.extend((0..k).flat_map(|i| (0..n).map(move |j| if j >= i { r[(i, j)] } else { 0.0 })));
        }
    }
    let batch = matrices::batch(a);
    let outputs = [tensor(qs, shape(batch, &[m, k]), a)?, tensor(rs, shape(batch, &[k, n]), a)?];
    let [q, r] = record(OP, [1, 3], rule, &[a], outputs);
    Ok((q, r))
}

fn rule(node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
    if grads.iter().all(Option::is_none) {
        return Ok(vec![None]);
    }
    let (a, q, r) = (node.input(0)?, node.output(0)?, node.output(1)?);
    let (m, n) = matrices::size(&a);
    if m > n && matrices::size(&q).1 == m {
        return Err(Error::new("linalg.qr", "the complete form of a tall matrix has no derivative")
            .operands([&a])
            .hint("use QrMode::Reduced"));
    }
    let or_zeros = |g: &Option<Tensor>, like: &Tensor| g.clone().map_or_else(|| like.zeros_like(), Ok);
    let (gq, gr) = (or_zeros(&grads[0], &q)?, or_zeros(&grads[1], &r)?);
    if m >= n {
        return Ok(vec![Some(tall(&q, &r, &gq, &gr)?)]);
    }
    // A = [X | Y], R = [U | V] with X = Q U and V = Q^T Y
    let (u, y) = (r.narrow(-1, 0, m)?, a.narrow(-1, m, n - m)?);
    let (gu, gv) = (gr.narrow(-1, 0, m)?, gr.narrow(-1, m, n - m)?);
    let gx = tall(&q, &u, &gq.add(&y.matmul(&t(&gv)?)?)?, &gu)?;
    Ok(vec![Some(Tensor::cat(&[&gx, &q.matmul(&gv)?], -1)?)])
}

/// `dA = (dQ + Q sym(triu(dR R^T - Q^T dQ))) R^-T`, where `sym` mirrors a triangle.
fn tall(q: &Tensor, r: &Tensor, gq: &Tensor, gr: &Tensor) -> Result<Tensor> {
    let m = gr.triu(0)?.matmul(&t(r)?)?.sub(&t(q)?.matmul(gq)?)?.triu(0)?;
    let sym = m.add(&t(&m.triu(1)?)?)?;
    let inner = gq.add(&q.matmul(&sym)?)?;
    t(&solve_triangular(r, &t(&inner)?, Triangle::Upper)?)
}
