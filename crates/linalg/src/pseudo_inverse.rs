//! The pseudo-inverse, and least squares.
use crate::{
    derivative::record,
    matrices::{self, Matrices, rows_of, shape, t, tensor},
};
use faer::Mat;
use std::sync::Arc;
use tensor_core::{DType, Error, Result, Tensor, graph::Node};

/// The relative size below which a singular value counts as 0.
pub(crate) fn cutoff(a: &Tensor, rtol: Option<f64>) -> f64 {
    let (m, n) = matrices::size(a);
    let eps = if a.dtype() == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
    rtol.unwrap_or(eps * m.max(n) as f64)
}

/// The Moore-Penrose pseudo-inverse of each matrix of `[*, m, n]`: `[*, n, m]`. Singular values up to `rtol` times the
/// largest count as 0; by default `max(m, n)` times the precision of the dtype.
///
/// The gradient exists where the rank does not change nearby.
///
/// ```
/// use linalg::pinv;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let y = pinv(&tensor([[2.0, 0.0], [0.0, 0.0]])?, None)?;
/// assert_eq!(y.to_vec::<f32>()?, [0.5, 0.0, 0.0, 0.0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// No matrices of floats, or NaN or infinite elements.
pub fn pinv(a: &Tensor, rtol: Option<f64>) -> Result<Tensor> {
    const OP: &str = "linalg.pinv";
    matrices::check(OP, a)?;
    let (m, n) = matrices::size(a);
    let mut out = Vec::with_capacity(a.numel());
    let all = Matrices::of(a)?;
    if !all.is_empty() {
        for matrix in all.each() {
            let found = matrix.thin_svd().map_err(|_| {
                Error::new(OP, "the iteration did not converge")
                    .operands([a])
                    .hint("are there NaN or infinite elements?")
            })?;
            let (k, limit) = (m.min(n), cutoff(a, rtol) * found.S()[0]);
            let (u, v) = (found.U(), found.V());
            let inverse = |i: usize| if found.S()[i] > limit { 1.0 / found.S()[i] } else { 0.0 };
            let scaled = Mat::from_fn(n, k, |r, i| v[(r, i)] * inverse(i));
            out.extend(rows_of((scaled * u.transpose()).as_ref()));
        }
    }
    let y = tensor(out, shape(matrices::batch(a), &[n, m]), a)?;
    let [y] = record(OP, [1, 1], rule, &[a], [y]);
    Ok(y)
}

/// Golub and Pereyra (1973): `dA = (1 - A P) G P P^T + P^T P G (1 - P A) - (P G P)^T` with `G = dP^T`.
fn rule(node: &Arc<Node>, g: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
    let Some(g) = &g[0] else { return Ok(vec![None]) };
    let (a, p, g) = (node.input(0)?, node.output(0)?, t(g)?);
    let (gp, pg) = (g.matmul(&p)?, p.matmul(&g)?);
    let within = t(&p.matmul(&gp)?)?;
    let rows = gp.sub(&a.matmul(&p)?.matmul(&gp)?)?.matmul(&t(&p)?)?;
    let columns = t(&p)?.matmul(&pg.sub(&pg.matmul(&p)?.matmul(&a)?)?)?;
    Ok(vec![Some(rows.add(&columns)?.sub(&within)?)])
}

/// `X` that makes `A X - B` as small as it can be: `A` `[*, m, n]`, `B` `[*, m, k]` or `[m]`; of several the smallest.
///
/// ```
/// use linalg::lstsq;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let points = tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])?;
/// let line = lstsq(&points, &tensor([1.0, 3.0, 5.0])?)?;
/// assert!(line.allclose(&tensor([1.0, 2.0])?, 1e-5, 1e-5, false)?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Sizes that do not fit, or no floats.
pub fn lstsq(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    const OP: &str = "linalg.lstsq";
    matrices::check(OP, a)?;
    pinv(a, None).and_then(|p| p.matmul(b)).map_err(|e| e.renamed(OP).operands([a, b]))
}
