//! Batch normalisation: every channel shifted and scaled to mean 0 and variance 1 over the batch.
use super::{Fused, composed, fused, host};
use crate::{DType, Error, ErrorKind, KEEP, Result, Tensor, no_grad, shape::Dims};
use smallvec::SmallVec;

impl Tensor {
    /// Normalises `x` `(N, C, *)` with the mean and (biased) variance of this batch, then scales by `weight` and shifts
    /// by `bias`, both `(C)`. Gives the result, and the batch's mean and unbiased variance `(C)` without history, from
    /// which a layer makes its running statistics.
    pub fn batch_norm_train(
        &self,
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
        eps: f64,
    ) -> Result<(Tensor, Tensor, Tensor)> {
        if let Some(wide) = host::of_mixed(self, [weight, bias]) {
            let (y, mean, var) = wide?.batch_norm_train(weight, bias, eps)?;
            return Ok((y.to_dtype(self.dtype())?, mean, var));
        }
        let channels = checked(self, &[weight, bias])?;
        let per_channel = self.numel().checked_div(channels).unwrap_or(0);
        if per_channel < 2 {
            return Err(Error::new(
                "batch_norm",
                match per_channel {
                    1 => "one value per channel has no variance",
                    _ => "an empty batch has no mean",
                },
            )
            .operands([self])
            .hint("give a batch of at least two, or switch the model to eval()"));
        }
        let sizes = Dims::from_slice(&[channels]);
        let shapes = [Dims::from_slice(self.shape()), sizes.clone(), sizes];
        // Both or none: a missing one of a pair changes nothing.
        let (one, zero);
        let outputs = match (weight, bias) {
            (None, None) => fused::fused_map(Fused::BatchNorm { eps }, &[self], &shapes),
            (weight, bias) => {
                one = self.new_ones([if weight.is_none() { channels } else { 0 }])?;
                zero = self.new_zeros([if bias.is_none() { channels } else { 0 }])?;
                fused::fused_map(
                    Fused::BatchNorm { eps },
                    &[self, weight.unwrap_or(&one), bias.unwrap_or(&zero)],
                    &shapes,
                )
            }
        }?;
        let [y, mean, rstd] = <[Tensor; 3]>::try_from(outputs)
            .map_err(|o| Error::new("batch_norm", format!("{} results", o.len())).kind_of(ErrorKind::Internal))?;
        let _unrecorded = no_grad();
        let n = per_channel as f64;
        // rstd = 1 / sqrt(var + eps); rounding must not make the variance of constant channels negative.
        let var = rstd.detach().square()?.reciprocal()?.sub(eps)?.relu()?.mul(n / (n - 1.0))?;
        Ok((y, mean.detach(), var))
    }

    /// Normalises `x` `(N, C, *)` with given statistics `(C)`: `(x - mean) / sqrt(var + eps) * weight + bias`.
    pub fn batch_norm_eval(
        &self,
        mean: &Tensor,
        var: &Tensor,
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
        eps: f64,
    ) -> Result<Tensor> {
        let channels = checked(self, &[Some(mean), Some(var), weight, bias])?;
        let each = broadcastable(self.dim(), channels);
        // Of half precision only the result is rounded.
        let inside = composed::wide(self.dtype());
        let (x, mean, var) = (
            self.to_dtype(inside)?,
            mean.to_dtype(composed::wide(mean.dtype()))?,
            var.to_dtype(composed::wide(var.dtype()))?,
        );
        // scale and shift are small: x is passed over once for each of them.
        let mut scale = var.add(eps)?.rsqrt()?;
        if let Some(w) = weight {
            scale = scale.mul(w)?;
        }
        let mut shift = mean.mul(&scale)?.neg()?;
        if let Some(b) = bias {
            shift = shift.add(b)?;
        }
        let y = x.mul(&scale.reshape(&each)?)? + &shift.reshape(&each)?;
        y?.to_dtype(self.dtype())
    }
}

/// The number of channels; an error where the operands do not fit it.
fn checked(x: &Tensor, others: &[Option<&Tensor>]) -> Result<usize> {
    let op = "batch_norm";
    let operands = || std::iter::once(x).chain(others.iter().flatten().copied());
    if !x.is_floating_point() {
        return Err(Error::new(op, format!("not defined for {}", x.dtype())).operands(operands()));
    }
    let &[_, channels, ..] = x.shape() else {
        return Err(Error::new(op, format!("an input of at least 2 dims is expected, not {}", x.dim()))
            .operands(operands())
            .hint("the shape is (batch, channels, ..)"));
    };
    if others.iter().flatten().any(|t| t.shape() != [channels]) {
        return Err(Error::new(
            op,
            format!("weight, bias and statistics must have shape [{channels}], one number per channel"),
        )
        .operands(operands()));
    }
    Ok(channels)
}

fn broadcastable(rank: usize, channels: usize) -> Dims {
    let mut each: Dims = SmallVec::from_elem(1, rank);
    each[1] = channels;
    each
}

pub(super) fn compose(x: &Tensor, affine: &[Tensor], eps: f64) -> Result<Vec<Tensor>> {
    let channels = x.size(1)?;
    let each = broadcastable(x.dim(), channels);
    let dims: SmallVec<[isize; 6]> = (0..x.dim() as isize).filter(|&d| d != 1).collect();
    let wide = if x.dtype() == DType::F64 { x.clone() } else { x.to_dtype(DType::F32)? };
    let mean = wide.mean_dim(&dims, KEEP)?;
    let centred = wide.sub(&mean)?;
    let rstd = centred.square()?.mean_dim(&dims, KEEP)?.add(eps)?.rsqrt()?;
    let mut y = centred.mul(&rstd)?;
    if let Some(weight) = affine.first() {
        y = y.mul(&weight.reshape(&each)?)?;
    }
    if let Some(bias) = affine.get(1) {
        y = y.add(&bias.reshape(&each)?)?;
    }
    let dtype = x.dtype();
    Ok(vec![y.to_dtype(dtype)?, mean.reshape([channels])?.to_dtype(dtype)?, rstd.reshape([channels])?.to_dtype(dtype)?])
}

/// With `h = (x - mean) rstd` and sums over all dims but the channels':
/// `dw = sum(g h)`, `db = sum(g)`, `dx = w rstd (g - (db + h dw) / n)`.
pub(super) fn compose_grad(
    g: &Tensor,
    x: &Tensor,
    mean: &Tensor,
    rstd: &Tensor,
    weight: Option<&Tensor>,
) -> Result<Vec<Tensor>> {
    let channels = x.size(1)?;
    let n = x.numel() as f64 / channels as f64;
    let each = broadcastable(x.dim(), channels);
    let dims: SmallVec<[isize; 6]> = (0..x.dim() as isize).filter(|&d| d != 1).collect();
    let rstd = rstd.reshape(&each)?;
    let h = x.sub(&mean.reshape(&each)?)?.mul(&rstd)?;
    let db = g.sum_dim(&dims, KEEP)?;
    let dw = g.mul(&h)?.sum_dim(&dims, KEEP)?;
    let scale = match weight {
        Some(w) => w.reshape(&each)?.mul(&rstd)?,
        None => rstd,
    };
    let dx = g.sub(&db.div(n)?)?.sub(&h.mul(&dw.div(n)?)?)?.mul(&scale)?;
    Ok(vec![dx, dw.reshape([channels])?, db.reshape([channels])?])
}
