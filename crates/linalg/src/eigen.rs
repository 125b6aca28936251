//! Eigenvalues and eigenvectors of symmetric matrices.
use crate::{
    derivative::record,
    matrices::{self, Matrices, rows_of, shape, t, tensor},
    triangular::Triangle,
};
use faer::Side;
use tensor_core::{Error, Result, Tensor};

/// `(w, V)` with `A = V diag(w) V^T` for each symmetric matrix of `[*, n, n]`: rising eigenvalues `w` `[*, n]` and
/// orthonormal eigenvectors in the columns of `V`. Only the named triangle of `A` is read.
///
/// The gradient of the vectors exists where all eigenvalues differ; that of the values always does.
///
/// ```
/// use linalg::{Triangle, eigh};
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let (w, _) = eigh(&tensor([[2.0, 1.0], [1.0, 2.0]])?, Triangle::Lower)?;
/// assert!(w.allclose(&tensor([1.0, 3.0])?, 1e-6, 1e-6, false)?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Matrices that are not square, no floats, or NaN or infinite elements.
pub fn eigh(a: &Tensor, triangle: Triangle) -> Result<(Tensor, Tensor)> {
    const OP: &str = "linalg.eigh";
    matrices::check_square(OP, a)?;
    let n = matrices::size(a).0;
    let side = if triangle == Triangle::Lower { Side::Lower } else { Side::Upper };
    let (mut values, mut vectors) = (Vec::new(), Vec::new());
    let all = Matrices::of(a)?;
    if !all.is_empty() {
        for m in all.each() {
            let found = m.self_adjoint_eigen(side).map_err(|_| {
                Error::new(OP, "the iteration did not converge")
                    .operands([a])
                    .hint("are there NaN or infinite elements?")
            })?;
            values.extend((0..n).map(|i| found.S()[i]));
            vectors.extend(rows_of(found.U()));
        }
    }
    let outputs = [tensor(values, shape(matrices::batch(a), &[n]), a)?, tensor(vectors, a.shape().to_vec(), a)?];
    let [w, v] = record(
        OP,
        [0, 3],
        |node, g| {
            // dA = V (diag(dw) + (V^T dV) / E) V^T with E[i, j] = w[j] - w[i]
            let (w, v) = (node.output(0)?, node.output(1)?);
            let of_values = g[0].as_ref().map(|g| g.diag_embed(0, -2, -1)).transpose()?;
            let of_vectors = match &g[1] {
                None => None,
                Some(g) => {
                    let ones = Tensor::eye_on(w.shape()[w.dim() - 1], w.shape()[w.dim() - 1], w.dtype(), &w.device())?;
                    let gaps = w.unsqueeze(-2)?.sub(&w.unsqueeze(-1)?)?.add(&ones)?;
                    let inner = t(&v)?.matmul(g)?;
                    // The diagonal would change the lengths, which are fixed.
                    Some(inner.mul(&(1.0 - &ones)?)?.div(&gaps)?)
                }
            };
            let inner = match (of_values, of_vectors) {
                (Some(a), Some(b)) => a.add(&b)?,
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => return Ok(vec![None]),
            };
            Ok(vec![Some(v.matmul(&inner)?.matmul(&t(&v)?)?)])
        },
        &[a],
        outputs,
    );
    Ok((w, v))
}

/// The eigenvalues of each symmetric matrix of `[*, n, n]`, rising: `[*, n]`.
///
/// # Errors
/// Matrices that are not square, no floats, or NaN or infinite elements.
pub fn eigvalsh(a: &Tensor, triangle: Triangle) -> Result<Tensor> {
    Ok(eigh(a, triangle).map_err(|e| e.renamed("linalg.eigvalsh"))?.0)
}
