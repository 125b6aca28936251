//! The Cholesky decomposition.
use crate::{
    derivative::record,
    matrices::{self, Matrices, t, tensor},
    triangular::{Triangle, solve_triangular},
};
use faer::{Side, linalg::cholesky::llt::factor::LltError};
use tensor_core::{Error, Result, Tensor};

/// `L` with `A = L L^T` for each symmetric positive definite matrix of `[*, n, n]`, or `U` with `A = U^T U`. Only the
/// named triangle of `A` is read.
///
/// ```
/// use linalg::{Triangle, cholesky};
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let l = cholesky(&tensor([[4.0, 2.0], [2.0, 5.0]])?, Triangle::Lower)?;
/// assert_eq!(l.to_vec::<f32>()?, [2.0, 0.0, 1.0, 2.0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// A matrix that is not positive definite or not square, or no floats.
pub fn cholesky(a: &Tensor, triangle: Triangle) -> Result<Tensor> {
    const OP: &str = "linalg.cholesky";
    matrices::check_square(OP, a)?;
    if triangle == Triangle::Upper {
        return t(&cholesky(&t(a)?, Triangle::Lower)?);
    }
    let n = matrices::size(a).0;
    let mut out = Vec::with_capacity(a.numel());
    let all = Matrices::of(a)?;
    if !all.is_empty() {
        for (i, m) in all.each().enumerate() {
            let found = m.llt(Side::Lower).map_err(|LltError::NonPositivePivot { index }| {
                let which = if a.dim() > 2 { format!("matrix {i} of the batch") } else { "the matrix".into() };
                let minor = index + 1;
                Error::new(OP, format!("{which} is not positive definite: its leading minor of order {minor} is not"))
                    .operands([a])
                    .hint("add a small multiple of the identity, or use eigh")
            })?;
            let l = found.L();
            out.extend((0..n).flat_map(|i| (0..n).map(move |j| if j <= i { l[(i, j)] } else { 0.0 })));
        }
    }
    let l = tensor(out, a.shape().to_vec(), a)?;
    let [l] = record(
        OP,
        [0, 1],
        |node, g| {
            // dA = L^-T phi(L^T dL) L^-1, made symmetric; phi takes the lower triangle and half the diagonal
            let Some(g) = &g[0] else { return Ok(vec![None]) };
            let l = node.output(0)?;
            let product = t(&l)?.matmul(&g.tril(0)?)?;
            let phi = product.tril(0)?.add(&product.tril(-1)?)?.mul(0.5)?;
            let left = solve_triangular(&t(&l)?, &phi, Triangle::Upper)?;
            let both = t(&solve_triangular(&t(&l)?, &t(&left)?, Triangle::Upper)?)?;
            Ok(vec![Some(both.add(&t(&both)?)?.mul(0.5)?)])
        },
        &[a],
        [l],
    );
    Ok(l)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_positive_definite_is_named() -> Result<()> {
        let a = Tensor::from_slice(&[1.0, 2.0, 2.0, 1.0], [2, 2])?;
        let message = cholesky(&a, Triangle::Lower).map_or_else(|e| e.to_string(), |_| String::new());
        assert!(message.contains("leading minor of order 2"), "{message}");
        Ok(())
    }
}
