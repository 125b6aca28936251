//! Normalisation: values shifted and scaled by statistics of their neighbours.
use super::PadMode;
use super::{Fused, fused::fused_map, host};
use crate::{DType, Error, KEEP, Result, ShapeArg, Tensor, shape, shape::Dims};

/// Settings of [`Tensor::instance_norm`].
#[derive(Clone, Copy, Debug)]
pub struct InstanceNormOptions<'a> {
    /// Mean and variance `(C)` to normalise by, as in evaluation; `None` for those of each sample, as in training.
    pub running: Option<(&'a Tensor, &'a Tensor)>,
    /// A factor per channel `(C)`.
    pub weight: Option<&'a Tensor>,
    /// A term per channel `(C)`.
    pub bias: Option<&'a Tensor>,
    /// Added to the variance.
    pub eps: f64,
}

impl Default for InstanceNormOptions<'_> {
    fn default() -> Self {
        InstanceNormOptions { running: None, weight: None, bias: None, eps: 1e-5 }
    }
}

/// Settings of [`Tensor::local_response_norm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalResponseNormOptions {
    /// Factor of the mean square.
    pub alpha: f64,
    /// Exponent.
    pub beta: f64,
    /// Added before the power.
    pub k: f64,
}

impl Default for LocalResponseNormOptions {
    fn default() -> Self {
        LocalResponseNormOptions { alpha: 1e-4, beta: 0.75, k: 1.0 }
    }
}

/// `(x - mean) / sqrt(variance + eps)` over `dims`, with the biased variance.
fn standardised(x: &Tensor, dims: &[usize], eps: f64) -> Result<Tensor> {
    let centred = x.sub(&x.mean_dim(dims, KEEP)?)?;
    let variance = centred.square()?.mean_dim(dims, KEEP)?;
    centred.mul(&variance.add(eps)?.rsqrt()?)
}

/// Output, means and `1 / sqrt(variance + eps)` of the rows of `x` `(rows, n)`.
pub(super) fn compose_layer_norm(x: &Tensor, parts: &[Tensor], eps: f64) -> Result<Vec<Tensor>> {
    let (rows, wide) = (x.size(0)?, host::widened(x)?);
    let mean = wide.mean_dim(1, KEEP)?;
    let centred = wide.sub(&mean)?;
    let rstd = centred.square()?.mean_dim(1, KEEP)?.add(eps)?.rsqrt()?;
    let y = affine(centred.mul(&rstd)?, parts.first(), parts.get(1))?;
    let narrow = |t: Tensor| t.to_dtype(x.dtype());
    Ok(vec![narrow(y)?, narrow(mean.reshape([rows])?)?, narrow(rstd.reshape([rows])?)?])
}

/// With `h = (x - mean) rstd`, `u = g w` and means over each row: `dx = rstd (u - mean(u) - h mean(u h))`; with sums over
/// the rows: `dw = sum(g h)`, `db = sum(g)`.
pub(super) fn compose_layer_norm_grad(
    g: &Tensor,
    x: &Tensor,
    mean: &Tensor,
    rstd: &Tensor,
    weight: Option<&Tensor>,
) -> Result<Vec<Tensor>> {
    let rstd = rstd.unsqueeze(1)?;
    let h = x.sub(&mean.unsqueeze(1)?)?.mul(&rstd)?;
    let u = affine(g.clone(), weight, None)?;
    let along = h.mul(&u.mul(&h)?.mean_dim(1, KEEP)?)?;
    let dx = u.sub(&u.mean_dim(1, KEEP)?)?.sub(&along)?.mul(&rstd)?;
    Ok(vec![dx, g.mul(&h)?.sum_dim(0, crate::DROP)?, g.sum_dim(0, crate::DROP)?])
}

fn affine(y: Tensor, weight: Option<&Tensor>, bias: Option<&Tensor>) -> Result<Tensor> {
    let y = match weight {
        Some(w) => y.mul(w)?,
        None => y,
    };
    match bias {
        Some(b) => y.add(b),
        None => Ok(y),
    }
}

fn floats(op: &'static str, x: &Tensor) -> Result<()> {
    if x.is_floating_point() {
        return Ok(());
    }
    Err(Error::new(op, "takes floats").operands([x]).hint("convert it with to_dtype(DType::F32)"))
}

/// The last dims, where they are `normalized_shape` and the parameters fit.
fn last_dims(op: &'static str, x: &Tensor, of: impl ShapeArg, parts: [Option<&Tensor>; 2]) -> Result<Vec<usize>> {
    floats(op, x)?;
    let of = shape::exact(op, of)?;
    if of.is_empty() || !x.shape().ends_with(&of) {
        return Err(Error::new(op, format!("the last dims are not {:?}", of.as_slice()))
            .operands([x])
            .hint("normalized_shape names the sizes of the last dims, at least one"));
    }
    if let Some(p) = parts.into_iter().flatten().find(|p| p.shape() != of.as_slice()) {
        return Err(Error::new(op, format!("weight and bias have the shape {:?}", of.as_slice())).operands([x, p]));
    }
    Ok((x.dim() - of.len()..x.dim()).collect())
}

/// A parameter per channel in the shape that multiplies `[N, C, *]`.
fn per_channel(op: &'static str, x: &Tensor, p: &Tensor) -> Result<Tensor> {
    if p.shape() != &x.shape()[1..2] {
        let message = format!("expected one value for each of {} channels", x.shape()[1]);
        return Err(Error::new(op, message).operands([x, p]));
    }
    host::along(p, 1, x.dim())
}

impl Tensor {
    /// Normalises over the last dims, whose sizes are `normalized_shape`; `weight` and `bias` have that shape.
    pub fn layer_norm(
        &self,
        normalized_shape: impl ShapeArg,
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
        eps: f64,
    ) -> Result<Tensor> {
        let normalized_shape = shape::exact("layer_norm", normalized_shape)?;
        if let Some(wide) = host::of_mixed(self, [weight, bias]) {
            return wide?.layer_norm(&normalized_shape, weight, bias, eps)?.to_dtype(self.dtype());
        }
        let dims = last_dims("layer_norm", self, &normalized_shape, [weight, bias])?;
        let n: usize = dims.iter().map(|&d| self.shape()[d]).product();
        let flat = |t: &Tensor, shape: &[usize]| if t.shape() == shape { Ok(t.clone()) } else { t.reshape(shape) };
        let rows: usize = self.shape()[..dims[0]].iter().product();
        let x = flat(self, &[rows, n])?;
        let shapes = [Dims::from_slice(&[rows, n]), Dims::from_slice(&[rows]), Dims::from_slice(&[rows])];
        let op = Fused::LayerNorm { eps };
        let mut outputs = match (weight, bias) {
            (None, None) => fused_map(op, &[&x], &shapes),
            // Both or none: a missing one of a pair changes nothing.
            (weight, bias) => {
                let weight = weight.map_or_else(|| self.new_ones([n]), |w| flat(w, &[n]))?;
                let bias = bias.map_or_else(|| self.new_zeros([n]), |b| flat(b, &[n]))?;
                fused_map(op, &[&x, &weight, &bias], &shapes)
            }
        }?;
        outputs.truncate(1);
        let y = outputs.pop().ok_or_else(|| Error::new("layer_norm", "no result"))?;
        flat(&y, self.shape())
    }

    /// Divides by the root of the mean square over the last dims, whose sizes are `normalized_shape`. Without `eps` the
    /// smallest step of the dtype above 1 is added to the mean square.
    pub fn rms_norm(
        &self,
        normalized_shape: impl ShapeArg,
        weight: Option<&Tensor>,
        eps: Option<f64>,
    ) -> Result<Tensor> {
        let dims = last_dims("rms_norm", self, normalized_shape, [weight, None])?;
        let x = host::widened(self)?;
        let step = if x.dtype() == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
        let mean_square = x.square()?.mean_dim(&dims, KEEP)?;
        let y = x.mul(&mean_square.add(eps.unwrap_or(step))?.rsqrt()?)?;
        affine(y, weight, None)?.to_dtype(self.dtype())
    }

    /// Normalises `[N, C, *]` over groups of neighbouring channels, each sample on its own; `weight` and `bias` have one
    /// value per channel.
    pub fn group_norm(
        &self,
        num_groups: usize,
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
        eps: f64,
    ) -> Result<Tensor> {
        const OP: &str = "group_norm";
        floats(OP, self)?;
        let wrong = |why: String| Error::new(OP, why).operands([self]);
        let &[n, c, ref rest @ ..] = self.shape() else {
            return Err(wrong("takes at least 2 dims: [N, C, *]".into()));
        };
        if num_groups == 0 || c % num_groups != 0 {
            return Err(wrong(format!("{c} channels are not divisible into {num_groups} groups")));
        }
        if c == 0 || rest.contains(&0) {
            return Err(wrong("only the batch dim may be empty".into()));
        }
        let weight = weight.map(|w| per_channel(OP, self, w)).transpose()?;
        let bias = bias.map(|b| per_channel(OP, self, b)).transpose()?;
        let group = c / num_groups * shape::numel(rest);
        let y = standardised(&host::widened(self)?.reshape([n, num_groups, group])?, &[2], eps)?;
        affine(y.reshape(self.shape())?, weight.as_ref(), bias.as_ref())?.to_dtype(self.dtype())
    }

    /// Normalises each channel of `[N, C, *]` by `running` statistics, or by those of each sample itself.
    pub fn instance_norm(&self, options: InstanceNormOptions<'_>) -> Result<Tensor> {
        const OP: &str = "instance_norm";
        if options.running.is_none() && (self.dim() < 3 || shape::numel(&self.shape()[2..]) == 1) {
            return Err(Error::new(OP, "a channel of one element has no variance")
                .operands([self])
                .hint("it takes [N, C, *] with more than one element per channel"));
        }
        floats(OP, self)?;
        if self.dim() < 2 {
            return Err(Error::new(OP, "takes at least 2 dims: [N, C, *]").operands([self]));
        }
        let part = |p: Option<&Tensor>| p.map(|p| per_channel(OP, self, p)).transpose();
        let (weight, bias) = (part(options.weight)?, part(options.bias)?);
        let x = host::widened(self)?;
        let y = match options.running {
            None => standardised(&x, &(2..x.dim()).collect::<Vec<_>>(), options.eps)?,
            Some((mean, variance)) => {
                let (mean, variance) = (per_channel(OP, self, mean)?, per_channel(OP, self, variance)?);
                x.sub(&mean)?.mul(&variance.add(options.eps)?.rsqrt()?)?
            }
        };
        affine(y, weight.as_ref(), bias.as_ref())?.to_dtype(self.dtype())
    }

    /// Divides by the mean square of `size` neighbouring channels: `x / (k + alpha * mean(x²))^beta`.
    pub fn local_response_norm(&self, size: usize, options: LocalResponseNormOptions) -> Result<Tensor> {
        const OP: &str = "local_response_norm";
        let wrong = |why: &'static str| Error::new(OP, why).operands([self]);
        if self.dim() < 3 {
            return Err(wrong("takes at least 3 dims: [N, C, *]"));
        }
        if size == 0 {
            return Err(wrong("the size is at least 1"));
        }
        if self.numel() == 0 {
            return Ok(self.clone());
        }
        let channels = self.shape()[1];
        let mut pad = vec![0; 2 * (self.dim() - 1)];
        // The pads of dim 1 stand last: lists of pads begin with the last dim.
        let last = pad.len() - 2;
        (pad[last], pad[last + 1]) = ((size / 2) as i64, ((size - 1) / 2) as i64);
        let squares = self.square()?.pad(pad, PadMode::default())?;
        let mut sum = squares.narrow(1, 0, channels)?;
        for i in 1..size {
            sum = sum.add(&squares.narrow(1, i, channels)?)?;
        }
        // A mean of integers is cut, as pooling does it.
        let mean = if self.is_floating_point() { sum.div(size as f64)? } else { sum.floor_divide(size as i64)? };
        let LocalResponseNormOptions { alpha, beta, k } = options;
        self.div(&mean.mul(alpha)?.add(k)?.pow(beta)?)
    }
}
