//! Singular values and vectors.
use crate::{
    derivative::record,
    matrices::{self, Matrices, rows_of, shape, t, tensor},
};
use std::sync::Arc;
use tensor_core::{Error, Result, Tensor, graph::Node};

/// `(U, S, V^T)` with `A = U diag(S) V^T` for each matrix of `[*, m, n]`: orthonormal columns of `U`, falling singular
/// values `S` `[*, k]`, orthonormal rows of `V^T`, with `k = min(m, n)`. With `full_matrices`, `U` is `[*, m, m]` and
/// `V^T` `[*, n, n]`; else `[*, m, k]` and `[*, k, n]`.
///
/// The gradient of the vectors exists where all singular values differ; that of the values always does.
///
/// ```
/// use linalg::svd;
/// # use tensor_core::{Result, Tensor, tensor};
/// # fn main() -> Result<()> {
/// let (u, s, vh) = svd(&tensor([[0.0, 2.0], [3.0, 0.0], [0.0, 0.0]])?, false)?;
/// assert_eq!((u.shape(), vh.shape()), (&[3, 2][..], &[2, 2][..]));
/// assert!(s.allclose(&tensor([3.0, 2.0])?, 1e-6, 1e-6, false)?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// No matrices of floats, or NaN or infinite elements. With `full_matrices` the vectors have no gradient.
pub fn svd(a: &Tensor, full_matrices: bool) -> Result<(Tensor, Tensor, Tensor)> {
    const OP: &str = "linalg.svd";
    matrices::check(OP, a)?;
    let (m, n) = matrices::size(a);
    let k = m.min(n);
    let (left, right) = if full_matrices { (m, n) } else { (k, k) };
    let (mut us, mut ss, mut vhs) = (Vec::new(), Vec::new(), Vec::new());
    let all = Matrices::of(a)?;
    if k == 0 {
        for _ in 0..all.len() {
            us.extend((0..m).flat_map(|r| (0..left).map(move |c| f64::from(u8::from(r == c)))));
            vhs.extend((0..right).flat_map(|r| (0..n).map(move |c| f64::from(u8::from(r == c)))));
        }
    } else {
        for matrix in all.each() {
            let found = if full_matrices { matrix.svd() } else { matrix.thin_svd() };
            let found = found.map_err(|_| {
                Error::new(OP, "the iteration did not converge")
                    .operands([a])
                    .hint("are there NaN or infinite elements?")
            })?;
            us.extend(rows_of(found.U()));
            ss.extend((0..k).map(|i| found.S()[i]));
            vhs.extend(rows_of(found.V().transpose()));
        }
    }
    let batch = matrices::batch(a);
    let outputs = [
        tensor(us, shape(batch, &[m, left]), a)?,
        tensor(ss, shape(batch, &[k]), a)?,
        tensor(vhs, shape(batch, &[right, n]), a)?,
    ];
    if full_matrices && a.requires_grad() {
        // The values have a gradient to any order, by way of the thin form's vectors.
        let [u, _, vh] = outputs;
        let [u, vh] = record(OP, [0, 0], |_, _| Err(no_derivative()), &[a], [u, vh]);
        return Ok((u, svd(a, false)?.1, vh));
    }
    let [u, s, vh] = record(OP, [0, 7], rule, &[a], outputs);
    Ok((u, s, vh))
}

/// The singular values of each matrix of `[*, m, n]`, falling: `[*, min(m, n)]`.
///
/// # Errors
/// No matrices of floats, or NaN or infinite elements.
pub fn svdvals(a: &Tensor) -> Result<Tensor> {
    Ok(svd(a, false).map_err(|e| e.renamed("linalg.svdvals"))?.1)
}

fn no_derivative() -> Error {
    Error::new("linalg.svd", "the vectors of the full form have no derivative")
        .hint("call svd with full_matrices = false")
}

fn rule(node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
    let (u, s, vh) = (node.output(0)?, node.output(1)?, node.output(2)?);
    let k = s.shape()[s.dim() - 1];
    let (m, n) = (matrices::size(&u).0, matrices::size(&vh).1);
    let (row, column) = (s.unsqueeze(-2)?, s.unsqueeze(-1)?);
    // dA = U (skew(U^T dU) / E S + S skew(V^T dV) / E + diag(dS)) V^T and what leaves the two spaces,
    // with E[i, j] = S[j]^2 - S[i]^2
    let mut inner: Option<Tensor> = grads[1].as_ref().map(|g| g.diag_embed(0, -2, -1)).transpose()?;
    let add = |sum: Option<Tensor>, term: Tensor| sum.map_or_else(|| Ok(term.clone()), |sum| sum.add(&term)).map(Some);
    let ones = Tensor::eye_on(k, k, s.dtype(), &s.device())?;
    let gaps = row.square()?.sub(&column.square()?)?.add(&ones)?;
    let skew = |x: Tensor| -> Result<Tensor> { x.sub(&t(&x)?)?.div(&gaps) };
    if let Some(g) = &grads[0] {
        inner = add(inner, skew(t(&u)?.matmul(g)?)?.mul(&row)?)?;
    }
    if let Some(g) = &grads[2] {
        inner = add(inner, skew(vh.matmul(&t(g)?)?)?.mul(&column)?)?;
    }
    let Some(inner) = inner else { return Ok(vec![None]) };
    let mut da = u.matmul(&inner)?.matmul(&vh)?;
    if let Some(g) = grads[0].as_ref().filter(|_| m > k) {
        let outside = g.sub(&u.matmul(&t(&u)?.matmul(g)?)?)?;
        da = da.add(&outside.div(&row)?.matmul(&vh)?)?;
    }
    if let Some(g) = grads[2].as_ref().filter(|_| n > k) {
        let outside = g.sub(&g.matmul(&t(&vh)?)?.matmul(&vh)?)?;
        da = da.add(&u.div(&row)?.matmul(&outside)?)?;
    }
    Ok(vec![Some(da)])
}
