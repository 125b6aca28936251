//! What singular values tell: norms, rank, condition.
use crate::{matrices, pseudo_inverse::cutoff, solve::inv, svd::svdvals};
use tensor_core::{DROP, Error, KEEP, KeepDim, Result, Tensor, ops::MatrixNorm};

/// A norm of each matrix in the two dims: all of [`Tensor::matrix_norm`], and those that need singular values: the
/// largest (2), the smallest (-2) and their sum (nuclear).
///
/// ```
/// use linalg::matrix_norm;
/// # use tensor_core::{DROP, Result, tensor};
/// # fn main() -> Result<()> {
/// let norm = matrix_norm(&tensor([[3.0, 0.0], [0.0, 4.0]])?, 2.0, [-2, -1], DROP)?;
/// assert_eq!(norm.item::<f32>()?, 4.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Fewer than two dims, no floats, or an unknown norm.
pub fn matrix_norm(x: &Tensor, norm: impl Into<MatrixNorm>, dims: [isize; 2], keep: KeepDim) -> Result<Tensor> {
    const OP: &str = "linalg.matrix_norm";
    let norm = norm.into();
    let pick: fn(&Tensor) -> Result<Tensor> = match norm {
        MatrixNorm::Nuc => |s| s.sum_dim(-1, DROP),
        MatrixNorm::P(2.0) => |s| s.amax_dim(-1, DROP),
        MatrixNorm::P(-2.0) => |s| s.amin_dim(-1, DROP),
        other => return x.matrix_norm(other, dims, keep).map_err(|e| e.renamed(OP)),
    };
    matrices::check(OP, x)?;
    let matrices = x.movedim(dims, [-2, -1]).map_err(|e| e.renamed(OP))?;
    let y = pick(&svdvals(&matrices)?).map_err(|e| e.renamed(OP))?;
    if keep != KEEP {
        return Ok(y);
    }
    let mut shape = x.shape().to_vec();
    for dim in dims {
        let d = if dim < 0 { dim + x.dim() as isize } else { dim };
        // movedim has checked the dims.
        shape[d as usize] = 1;
    }
    y.reshape(shape)
}

/// How many singular values of each matrix of `[*, m, n]` are larger than `rtol` times the largest, `i64`; by default
/// `max(m, n)` times the precision of the dtype.
///
/// ```
/// use linalg::matrix_rank;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// assert_eq!(matrix_rank(&Tensor::ones([3, 4])?, None)?.item::<i64>()?, 1);
/// # Ok(()) }
/// ```
///
/// # Errors
/// No matrices of floats, or NaN or infinite elements.
pub fn matrix_rank(a: &Tensor, rtol: Option<f64>) -> Result<Tensor> {
    let s = svdvals(&a.detach()).map_err(|e| e.renamed("linalg.matrix_rank"))?;
    if s.numel() == 0 {
        return Tensor::zeros_on(matrices::batch(a), tensor_core::DType::I64, &a.device());
    }
    let limit = (s.amax_dim(-1, KEEP)? * cutoff(a, rtol))?;
    s.gt(&limit)?.sum_dim(-1, DROP)
}

/// The condition of each matrix of `[*, n, n]` in a norm: `norm(A) norm(A^-1)`; without one the largest by the smallest
/// singular value, of `[*, m, n]` too.
///
/// # Errors
/// No matrices of floats; with a norm other than 2 and -2, singular or not square ones.
pub fn cond(a: &Tensor, norm: Option<MatrixNorm>) -> Result<Tensor> {
    const OP: &str = "linalg.cond";
    matrices::check(OP, a)?;
    let named = |e: Error| e.renamed(OP);
    let extremes = || -> Result<(Tensor, Tensor)> {
        let s = svdvals(a)?;
        Ok((s.amax_dim(-1, DROP)?, s.amin_dim(-1, DROP)?))
    };
    match norm {
        None | Some(MatrixNorm::P(2.0)) => extremes().and_then(|(large, small)| large.div(&small)).map_err(named),
        Some(MatrixNorm::P(-2.0)) => extremes().and_then(|(large, small)| small.div(&large)).map_err(named),
        Some(norm) => {
            let of = |x: &Tensor| matrix_norm(x, norm, [-2, -1], DROP);
            of(a).and_then(|n| n.mul(&of(&inv(a)?)?)).map_err(named)
        }
    }
}
