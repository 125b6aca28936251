//! Linear algebra, as `torch.linalg` has it: decompositions, solvers and functions of matrices, each over batches of
//! matrices `[*, rows, columns]` and with a gradient that can be differentiated again.
//!
//! The decompositions themselves are those of the `faer` crate, computed in `f64` and rounded once for `f32`. Halves are
//! refused: convert them first.
//!
//! ```
//! use linalg::{inv, solve, svd};
//! use tensor_core::{Result, Tensor, tensor};
//!
//! # fn main() -> Result<()> {
//! let a = tensor([[4.0, 1.0], [1.0, 3.0]])?;
//! let x = solve(&a, &tensor([1.0, 2.0])?)?;
//! assert!(a.matmul(&x)?.allclose(&tensor([1.0, 2.0])?, 1e-5, 1e-6, false)?);
//! assert!(a.matmul(&inv(&a)?)?.allclose(&Tensor::eye(2)?, 1e-5, 1e-6, false)?);
//!
//! let (u, s, vh) = svd(&a, false)?;
//! assert!(u.mul(&s)?.matmul(&vh)?.allclose(&a, 1e-5, 1e-6, false)?);
//! # Ok(()) }
//! ```
mod cholesky;
mod derivative;
mod determinant;
mod eigen;
mod matrices;
mod power;
mod pseudo_inverse;
mod qr;
mod solve;
mod spectrum;
mod svd;
mod triangular;

pub use cholesky::cholesky;
pub use determinant::{Slogdet, det, slogdet};
pub use eigen::{eigh, eigvalsh};
pub use power::{matrix_exp, matrix_power};
pub use pseudo_inverse::{lstsq, pinv};
pub use qr::{QrMode, qr};
pub use solve::{inv, solve};
pub use spectrum::{cond, matrix_norm, matrix_rank};
pub use svd::{svd, svdvals};
pub use triangular::{Triangle, solve_triangular};
