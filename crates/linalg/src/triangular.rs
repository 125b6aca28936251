//! Systems with a triangle of numbers, by substitution.
use crate::{
    derivative::record,
    matrices::{self, Matrices, t, tensor},
};
use tensor_core::{Error, Result, Tensor};

/// Which triangle of a matrix is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triangle {
    /// On and below the diagonal.
    Lower,
    /// On and above the diagonal.
    Upper,
}

/// `X` with `A X = B` for a triangle `A` `[*, n, n]` and `B` `[*, n, k]`; what lies in the other triangle is not read.
/// For `X A = B` transpose both.
///
/// ```
/// use linalg::{Triangle, solve_triangular};
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let x = solve_triangular(&tensor([[2.0, 0.0], [1.0, 4.0]])?, &tensor([[2.0], [9.0]])?, Triangle::Lower)?;
/// assert_eq!(x.to_vec::<f32>()?, [1.0, 2.0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Sizes that do not fit, or no floats. A zero on the diagonal gives infinities or NaN, as in PyTorch.
pub fn solve_triangular(a: &Tensor, b: &Tensor, triangle: Triangle) -> Result<Tensor> {
    const OP: &str = "linalg.solve_triangular";
    matrices::check_square(OP, a)?;
    matrices::check(OP, b)?;
    if a.dtype() != b.dtype() || matrices::size(a).0 != matrices::size(b).0 {
        return Err(Error::new(OP, "both sides need equally many rows and one dtype").operands([a, b]));
    }
    let (a, b) = &crate::solve::broadcast(OP, a, b)?;
    let (n, k) = matrices::size(b);
    let mut out = Vec::with_capacity(b.numel());
    let (lhs, rhs) = (Matrices::of(a)?, Matrices::of(b)?);
    for (a, b) in lhs.slices().zip(rhs.slices()) {
        let mut x = b.to_vec();
        for step in 0..n {
            let i = if triangle == Triangle::Lower { step } else { n - 1 - step };
            let known = if triangle == Triangle::Lower { 0..i } else { i + 1..n };
            for j in known {
                let factor = a[i * n + j];
                for c in 0..k {
                    x[i * k + c] -= factor * x[j * k + c];
                }
            }
            x[i * k..(i + 1) * k].iter_mut().for_each(|v| *v /= a[i * n + i]);
        }
        out.extend(x);
    }
    let x = tensor(out, b.shape().to_vec(), b)?;
    // dB = A^-T dX, dA = -dB X^T of the triangle
    let [x] = match triangle {
        Triangle::Lower => record(OP, [1, 1], |node, g| rule(node, g, Triangle::Lower), &[a, b], [x]),
        Triangle::Upper => record(OP, [1, 1], |node, g| rule(node, g, Triangle::Upper), &[a, b], [x]),
    };
    Ok(x)
}

fn rule(
    node: &std::sync::Arc<tensor_core::graph::Node>,
    g: &[Option<Tensor>],
    triangle: Triangle,
) -> Result<Vec<Option<Tensor>>> {
    let Some(g) = &g[0] else { return Ok(vec![None, None]) };
    let other = if triangle == Triangle::Lower { Triangle::Upper } else { Triangle::Lower };
    let db = solve_triangular(&t(&node.input(0)?)?, g, other)?;
    let da = db.matmul(&t(&node.output(0)?)?)?.neg()?;
    let da = if triangle == Triangle::Lower { da.tril(0)? } else { da.triu(0)? };
    Ok(vec![Some(da), Some(db)])
}
