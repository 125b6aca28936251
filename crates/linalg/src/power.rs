//! Powers and the exponential of square matrices.
use crate::{
    matrices::{self, shape},
    solve::inv,
};
use tensor_core::{DROP, Result, Tensor};

/// The `n`-th power of each matrix of `[*, k, k]`; of negative `n` that of the inverse.
///
/// ```
/// use linalg::matrix_power;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let fibonacci = matrix_power(&tensor([[1.0, 1.0], [1.0, 0.0]])?, 10)?;
/// assert_eq!(fibonacci.to_vec::<f32>()?, [89.0, 55.0, 55.0, 34.0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Matrices that are not square, no floats, or a negative power of a singular matrix.
pub fn matrix_power(a: &Tensor, n: i64) -> Result<Tensor> {
    const OP: &str = "linalg.matrix_power";
    matrices::check_square(OP, a)?;
    let mut square = if n < 0 { inv(a).map_err(|e| e.renamed(OP))? } else { a.clone() };
    let mut rest = n.unsigned_abs();
    let mut power: Option<Tensor> = None;
    while rest > 0 {
        if rest & 1 == 1 {
            power = Some(match power {
                None => square.clone(),
                Some(power) => power.matmul(&square)?,
            });
        }
        rest >>= 1;
        if rest > 0 {
            square = square.matmul(&square)?;
        }
    }
    power.map_or_else(|| identity(a), Ok)
}

/// The identity, as many times as there are matrices.
fn identity(a: &Tensor) -> Result<Tensor> {
    let k = matrices::size(a).0;
    Tensor::eye_on(k, k, a.dtype(), &a.device())?.expand(shape(matrices::batch(a), &[k, k]))
}

/// `exp(A) = 1 + A + A^2 / 2 + A^3 / 6 + ..` of each matrix of `[*, k, k]`: the series of `A / 2^s`, squared `s` times.
///
/// ```
/// use linalg::matrix_exp;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let y = matrix_exp(&tensor([[0.0, 1.0], [0.0, 0.0]])?)?;
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 1.0, 0.0, 1.0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Matrices that are not square, or no floats.
pub fn matrix_exp(a: &Tensor) -> Result<Tensor> {
    const OP: &str = "linalg.matrix_exp";
    // With a norm up to 1/2, the next term is below 2^-60.
    const TERMS: u32 = 15;
    matrices::check_square(OP, a)?;
    if a.numel() == 0 {
        return Ok(a.clone());
    }
    let norm = a.detach().abs()?.sum_dim(-2, DROP)?.amax()?.item::<f64>()?;
    let squarings = if norm.is_finite() { (norm / 0.5).log2().ceil().max(0.0) as i32 } else { 0 };
    let x = (a * 0.5f64.powi(squarings))?;
    let one = identity(a)?;
    let mut y = one.clone();
    for term in (1..=TERMS).rev() {
        y = (x.matmul(&y)? / f64::from(term))?.add(&one)?;
    }
    for _ in 0..squarings {
        y = y.matmul(&y)?;
    }
    Ok(y)
}
