//! Determinants.
use crate::{
    derivative::record,
    matrices::{self, Matrices, t, tensor},
    solve::inv,
    svd::svd,
};
use faer::Mat;
use tensor_core::{Result, Tensor};

/// Sign and logarithm of the absolute value of a determinant.
#[derive(Clone, Debug)]
pub struct Slogdet {
    /// -1, 0 or 1.
    pub sign: Tensor,
    /// The logarithm; minus infinity where the determinant is 0.
    pub logabsdet: Tensor,
}

/// The sign of the permutation, and the diagonal of `U`.
fn pivots(m: &Mat<f64>) -> (f64, Vec<f64>) {
    let lu = m.partial_piv_lu();
    let (forward, _) = lu.P().arrays();
    let mut seen = vec![false; forward.len()];
    let mut sign = 1.0;
    for start in 0..forward.len() {
        let mut length = 0;
        let mut i = start;
        while !seen[i] {
            seen[i] = true;
            i = forward[i];
            length += 1;
        }
        // A cycle of even length is an odd permutation.
        if length > 0 && length % 2 == 0 {
            sign = -sign;
        }
    }
    (sign, (0..m.nrows()).map(|i| lu.U()[(i, i)]).collect())
}

/// Sign and pivots of every matrix; none where the matrices are empty.
fn all_pivots(a: &Tensor) -> Result<Vec<(f64, Vec<f64>)>> {
    let all = Matrices::of(a)?;
    Ok(if all.is_empty() { vec![(1.0, Vec::new()); all.len()] } else { all.each().map(|m| pivots(&m)).collect() })
}

/// The determinant of each matrix of `[*, n, n]`: `[*]`. Of an empty matrix it is 1.
///
/// ```
/// use linalg::det;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// assert_eq!(det(&tensor([[3.0, 1.0], [1.0, 2.0]])?)?.item::<f32>()?, 5.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Matrices that are not square, or no floats.
pub fn det(a: &Tensor) -> Result<Tensor> {
    const OP: &str = "linalg.det";
    matrices::check_square(OP, a)?;
    let values = all_pivots(a)?.into_iter().map(|(sign, u)| u.into_iter().fold(sign, |p, v| p * v)).collect();
    let y = tensor(values, matrices::batch(a).to_vec(), a)?;
    let [y] = record(
        OP,
        [1, 1],
        |node, g| {
            let Some(g) = &g[0] else { return Ok(vec![None]) };
            let (a, y) = (node.input(0)?, node.output(0)?);
            let regular = y.detach().ne(0.0)?.all()?.item::<bool>()?;
            // dA = dy y A^-T; of a singular matrix the cofactors, by its singular values
            let cofactors = if regular { t(&inv(&a)?)?.mul(&y.unsqueeze(-1)?.unsqueeze(-1)?)? } else { cofactors(&a)? };
            Ok(vec![Some(cofactors.mul(&g.unsqueeze(-1)?.unsqueeze(-1)?)?)])
        },
        &[a],
        [y],
    );
    Ok(y)
}

/// `det(U) det(V) U diag(product of the other singular values) V^T`.
fn cofactors(a: &Tensor) -> Result<Tensor> {
    let (u, s, vh) = svd(a, false)?;
    let n = matrices::size(a).0;
    let one = s.narrow(-1, 0, 1)?.ones_like()?;
    let before = |s: &Tensor| Tensor::cat(&[&one, &s.narrow(-1, 0, n - 1)?], -1)?.cumprod(-1);
    let others = before(&s)?.mul(&before(&s.flip(-1)?)?.flip(-1)?)?;
    let sign = det(&u.detach())?.mul(&det(&vh.detach())?)?.round()?;
    u.mul(&others.unsqueeze(-2)?)?.matmul(&vh)?.mul(&sign.unsqueeze(-1)?.unsqueeze(-1)?)
}

/// Sign and logarithm of the determinant of each matrix of `[*, n, n]`, which may be too large or small for a float.
///
/// ```
/// use linalg::slogdet;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let found = slogdet(&tensor([[0.0, 1.0], [1.0, 0.0]])?)?;
/// assert_eq!((found.sign.item::<f32>()?, found.logabsdet.item::<f32>()?), (-1.0, 0.0));
/// # Ok(()) }
/// ```
///
/// # Errors
/// Matrices that are not square, or no floats. The gradient of a singular matrix is an error.
pub fn slogdet(a: &Tensor) -> Result<Slogdet> {
    const OP: &str = "linalg.slogdet";
    matrices::check_square(OP, a)?;
    let (signs, logs): (Vec<f64>, Vec<f64>) = all_pivots(a)?
        .into_iter()
        .map(|(sign, u)| {
            let sign_of = |v: f64| if v == 0.0 { 0.0 } else { v.signum() };
            (u.iter().fold(sign, |p, &v| p * sign_of(v)), u.iter().map(|v| v.abs().ln()).sum::<f64>())
        })
        .unzip();
    let batch = matrices::batch(a).to_vec();
    let outputs = [tensor(logs, batch.clone(), a)?, tensor(signs, batch, a)?];
    let [logabsdet, sign] = record(
        OP,
        [1, 0],
        |node, g| {
            // dA = dy A^-T; the sign is constant wherever there is a derivative
            let Some(g) = &g[0] else { return Ok(vec![None]) };
            Ok(vec![Some(t(&inv(&node.input(0)?)?)?.mul(&g.unsqueeze(-1)?.unsqueeze(-1)?)?)])
        },
        &[a],
        outputs,
    );
    Ok(Slogdet { sign: sign.detach(), logabsdet })
}
