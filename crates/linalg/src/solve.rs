//! Systems of equations and the inverse, by LU decomposition with partial pivoting.
use crate::{
    derivative::record,
    matrices::{self, Matrices, rows_of, t, tensor},
};
use faer::{Mat, linalg::solvers::Solve};
use tensor_core::{Error, Result, Tensor};

/// Both with the same dims before the last two.
pub(crate) fn broadcast(op: &'static str, a: &Tensor, b: &Tensor) -> Result<(Tensor, Tensor)> {
    let (x, y) = (matrices::batch(a), matrices::batch(b));
    if x == y {
        return Ok((a.clone(), b.clone()));
    }
    let rank = x.len().max(y.len());
    let dim = |s: &[usize], d: usize| if d + s.len() < rank { 1 } else { s[d + s.len() - rank] };
    let both = (0..rank).map(|d| match (dim(x, d), dim(y, d)) {
        (m, n) if m == n => Ok(m),
        (1, n) | (n, 1) => Ok(n),
        (m, n) => Err(Error::new(op, format!("batch sizes {m} and {n} do not broadcast")).operands([a, b])),
    });
    let both = both.collect::<Result<Vec<_>>>()?;
    let whole = |x: &Tensor| x.expand(matrices::shape(&both, &x.shape()[x.dim() - 2..]));
    Ok((whole(a)?, whole(b)?))
}

/// The factors of one matrix; `None` if it is singular.
fn factors(a: &Mat<f64>) -> Option<faer::linalg::solvers::PartialPivLu<f64>> {
    let lu = a.partial_piv_lu();
    let singular = (0..a.nrows()).any(|i| lu.U()[(i, i)] == 0.0);
    (!singular).then_some(lu)
}

fn singular(op: &'static str, at: usize, batched: bool, operands: &[&Tensor]) -> Error {
    let which = if batched { format!("matrix {at} of the batch is") } else { "the matrix is".into() };
    Error::new(op, format!("{which} singular"))
        .operands(operands.iter().copied())
        .hint("pinv and lstsq take any matrix")
}

/// `X` with `A X = B`: `A` `[*, n, n]`, `B` `[*, n, k]`, or `[*, n]` for one right-hand side each.
///
/// ```
/// use linalg::solve;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let x = solve(&tensor([[2.0, 0.0], [0.0, 4.0]])?, &tensor([2.0, 2.0])?)?;
/// assert_eq!(x.to_vec::<f32>()?, [1.0, 0.5]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// A singular matrix, sizes that do not fit, or no floats.
pub fn solve(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    const OP: &str = "linalg.solve";
    matrices::check_square(OP, a)?;
    // As in PyTorch, and NumPy before version 2.
    let vectors = b.dim() == 1 || (b.dim() + 1 == a.dim() && b.shape() == &a.shape()[..a.dim() - 1]);
    if vectors {
        return solve(a, &b.unsqueeze(-1)?)?.squeeze_dim(-1);
    }
    matrices::check(OP, b)?;
    if a.dtype() != b.dtype() || matrices::size(a).0 != matrices::size(b).0 {
        return Err(Error::new(OP, "both sides need equally many rows and one dtype").operands([a, b]));
    }
    let (a, b) = &broadcast(OP, a, b)?;
    let mut out = Vec::with_capacity(b.numel());
    let (lhs, rhs) = (Matrices::of(a)?, Matrices::of(b)?);
    if !lhs.is_empty() && !rhs.is_empty() {
        for (i, (m, b_)) in lhs.each().zip(rhs.each()).enumerate() {
            let lu = factors(&m).ok_or_else(|| singular(OP, i, a.dim() > 2, &[a, b]))?;
            out.extend(rows_of(lu.solve(&b_).as_ref()));
        }
    }
    let x = tensor(out, b.shape().to_vec(), b)?;
    let [x] = record(
        OP,
        [1, 1],
        |node, g| {
            // dB = A^-T dX, dA = -dB X^T
            let Some(g) = &g[0] else { return Ok(vec![None, None]) };
            let db = solve(&t(&node.input(0)?)?, g)?;
            let da = db.matmul(&t(&node.output(0)?)?)?.neg()?;
            Ok(vec![Some(da), Some(db)])
        },
        &[a, b],
        [x],
    );
    Ok(x)
}

/// The inverse of each matrix of `[*, n, n]`.
///
/// ```
/// use linalg::inv;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// assert_eq!(inv(&tensor([[2.0, 0.0], [0.0, 4.0]])?)?.to_vec::<f32>()?, [0.5, 0.0, 0.0, 0.25]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// A singular or not square matrix, or no floats.
pub fn inv(a: &Tensor) -> Result<Tensor> {
    const OP: &str = "linalg.inv";
    matrices::check_square(OP, a)?;
    let n = matrices::size(a).0;
    let mut out = Vec::with_capacity(a.numel());
    let all = Matrices::of(a)?;
    if !all.is_empty() {
        for (i, m) in all.each().enumerate() {
            let lu = factors(&m).ok_or_else(|| singular(OP, i, a.dim() > 2, &[a]))?;
            out.extend(rows_of(lu.solve(Mat::<f64>::identity(n, n)).as_ref()));
        }
    }
    let y = tensor(out, a.shape().to_vec(), a)?;
    let [y] = record(
        OP,
        [0, 1],
        |node, g| {
            // dA = -Y^T dY Y^T
            let Some(g) = &g[0] else { return Ok(vec![None]) };
            let y = t(&node.output(0)?)?;
            Ok(vec![Some(y.matmul(g)?.matmul(&y)?.neg()?)])
        },
        &[a],
        [y],
    );
    Ok(y)
}
