//! Images, signals and volumes at another size.
use super::host;
use crate::{DType, Error, Result, Tensor};

/// Where the new elements of [`Tensor::interpolate`] come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InterpolateMode {
    /// The element at the scaled position, cut to an integer.
    #[default]
    Nearest,
    /// The element whose middle is nearest.
    NearestExact,
    /// Lines between 2 neighbours, in one spatial dim.
    Linear,
    /// Lines between neighbours in two spatial dims.
    Bilinear,
    /// Lines between neighbours in three spatial dims.
    Trilinear,
    /// Cubic polynomials through 4 neighbours, in two spatial dims.
    Bicubic,
    /// The mean of the elements that a new one covers.
    Area,
}

/// Settings of [`Tensor::interpolate`]. Either `size` or `scale_factor` is given, with one number for all spatial dims or
/// one for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InterpolateOptions {
    /// New sizes of the spatial dims.
    pub size: Vec<usize>,
    /// Factors of the sizes of the spatial dims.
    pub scale_factor: Vec<f64>,
    /// Where the new elements come from.
    pub mode: InterpolateMode,
    /// The first and last elements keep their places, instead of the edges of the first and last.
    pub align_corners: bool,
    /// Positions are computed from the new sizes, instead of from `scale_factor` as it was given.
    pub recompute_scale_factor: bool,
}

/// New elements as a weighted sum of old ones: for each new element a position and a weight.
struct Tap {
    at: Vec<i64>,
    weights: Vec<f64>,
}

/// One spatial dim.
struct Axis {
    old: usize,
    new: usize,
    /// The factor that was given, where positions are computed from it.
    factor: Option<f64>,
    align_corners: bool,
    /// PyTorch computes positions in the dtype of the elements; halves in `f32`.
    double: bool,
}

impl Tensor {
    /// `[N, C, *spatial]` at another size, with 1 to 3 spatial dims.
    pub fn interpolate(&self, options: &InterpolateOptions) -> Result<Tensor> {
        const OP: &str = "interpolate";
        let wrong = |why: String| Error::new(OP, why).operands([self]);
        let &InterpolateOptions { mode, align_corners, .. } = options;
        let spatial = self.dim().saturating_sub(2);
        let wanted = match mode {
            InterpolateMode::Linear => 1..=1,
            InterpolateMode::Bilinear | InterpolateMode::Bicubic => 2..=2,
            InterpolateMode::Trilinear => 3..=3,
            _ => 1..=3,
        };
        if !wanted.contains(&spatial) {
            return Err(wrong(format!("the mode {mode:?} takes {wanted:?} dims behind [N, C], not {spatial}")));
        }
        if align_corners
            && matches!(mode, InterpolateMode::Nearest | InterpolateMode::NearestExact | InterpolateMode::Area)
        {
            return Err(wrong(format!("the mode {mode:?} has no corners to align")));
        }
        if !self.is_floating_point() && !matches!(mode, InterpolateMode::Nearest | InterpolateMode::NearestExact) {
            return Err(wrong(format!("the mode {mode:?} takes floats")));
        }
        let axes = axes(self, options)?;
        let wide = host::widened(self)?;
        let mut out = wide;
        for (i, axis) in axes.iter().enumerate() {
            let dim = i + 2;
            // At the same size every mode gives the same elements, but for a cubic whose positions a factor moved.
            if axis.old == axis.new && (axis.factor.is_none() || mode != InterpolateMode::Bicubic) {
                continue;
            }
            out = match mode {
                InterpolateMode::Area => area(&out, dim, axis)?,
                InterpolateMode::Nearest => pick(&out, dim, axis, 0.0)?,
                InterpolateMode::NearestExact => pick(&out, dim, axis, 0.5)?,
                InterpolateMode::Bicubic => weighted(&out, dim, &axis.cubic())?,
                _ => weighted(&out, dim, &axis.linear())?,
            };
        }
        out.to_dtype(self.dtype())
    }
}

/// What happens to each spatial dim.
fn axes(x: &Tensor, options: &InterpolateOptions) -> Result<Vec<Axis>> {
    let wrong = |why: String| Error::new("interpolate", why).operands([x]);
    let old = &x.shape()[2..];
    let InterpolateOptions { size, scale_factor, align_corners, recompute_scale_factor, .. } = options;
    let fits = |n: usize| n == 1 || n == old.len();
    let given = match (size.len(), scale_factor.len()) {
        (n, 0) | (0, n) if fits(n) => n,
        _ => {
            let (sizes, factors) = (size.len(), scale_factor.len());
            return Err(wrong(format!("{sizes} sizes and {factors} scale factors for {} spatial dims", old.len()))
                .hint("give either size or scale_factor, with one number or one for each spatial dim"));
        }
    };
    let mut axes = Vec::with_capacity(old.len());
    for (i, &old) in old.iter().enumerate() {
        let i = if given == 1 { 0 } else { i };
        let factor = scale_factor.get(i).copied();
        let new = factor.map_or_else(|| size[i], |f| (old as f64 * f).floor() as usize);
        if old == 0 || new == 0 {
            return Err(wrong(format!("a spatial dim of {old} elements cannot become one of {new}")));
        }
        let factor = factor.filter(|_| !recompute_scale_factor);
        axes.push(Axis { old, new, factor, align_corners: *align_corners, double: x.dtype() == DType::F64 });
    }
    let lead = &x.shape()[..2];
    crate::shape::checked_numel("interpolate", &[lead, &axes.iter().map(|a| a.new).collect::<Vec<_>>()].concat())?;
    Ok(axes)
}

impl Axis {
    /// A number in the precision in which PyTorch computes positions.
    fn rounded(&self, v: f64) -> f64 {
        if self.double { v } else { f64::from(v as f32) }
    }

    /// Old elements per new one.
    fn scale(&self) -> f64 {
        let scale = match self.factor {
            _ if self.align_corners && self.new == 1 => 0.0,
            _ if self.align_corners => (self.old - 1) as f64 / (self.new - 1) as f64,
            Some(factor) => 1.0 / factor,
            None => self.old as f64 / self.new as f64,
        };
        self.rounded(scale)
    }

    /// The position, among the old elements, of the new element `i`.
    fn source(&self, i: usize) -> f64 {
        if self.align_corners {
            return self.rounded(self.scale() * i as f64);
        }
        self.rounded(self.rounded(self.scale() * (i as f64 + 0.5)) - 0.5)
    }

    fn linear(&self) -> [Tap; 2] {
        let mut taps = [0, 1].map(|_| Tap::with_capacity(self.new));
        let last = self.old - 1;
        for i in 0..self.new {
            let source = self.source(i).max(0.0);
            let left = (source as usize).min(last);
            let share = self.rounded(source - left as f64).clamp(0.0, 1.0);
            taps[0].push(left, 1.0 - share);
            taps[1].push((left + 1).min(last), share);
        }
        taps
    }

    fn cubic(&self) -> [Tap; 4] {
        // The coefficient of PyTorch and of most image libraries.
        const A: f64 = -0.75;
        let near = |t: f64| ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0;
        let far = |t: f64| ((A * t - 5.0 * A) * t + 8.0 * A) * t - 4.0 * A;
        let mut taps = [0, 1, 2, 3].map(|_| Tap::with_capacity(self.new));
        for i in 0..self.new {
            let source = self.source(i);
            let left = source.floor();
            let t = self.rounded(source - left);
            for (k, weight) in [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)].into_iter().enumerate() {
                let at = (left as i64 + k as i64 - 1).clamp(0, self.old as i64 - 1);
                taps[k].push(at as usize, weight);
            }
        }
        taps
    }
}

impl Tap {
    fn with_capacity(n: usize) -> Tap {
        Tap { at: Vec::with_capacity(n), weights: Vec::with_capacity(n) }
    }
    fn push(&mut self, at: usize, weight: f64) {
        self.at.push(at as i64);
        self.weights.push(weight);
    }
}

/// One old element for each new one: the one at `(i + shift) * scale`.
fn pick(x: &Tensor, dim: usize, axis: &Axis, shift: f32) -> Result<Tensor> {
    // PyTorch computes these positions in f32, whatever the dtype.
    let scale = axis.factor.map_or_else(|| axis.old as f32 / axis.new as f32, |f| (1.0 / f) as f32);
    let twice = shift == 0.0 && axis.new == 2 * axis.old;
    let position = |i: usize| match twice {
        true => i / 2,
        false => (((i as f32 + shift) * scale).floor() as usize).min(axis.old - 1),
    };
    let at: Vec<i64> = (0..axis.new).map(|i| position(i) as i64).collect();
    x.index_select(dim as isize, &host::positions(&at, x)?)
}

fn weighted(x: &Tensor, dim: usize, taps: &[Tap]) -> Result<Tensor> {
    let mut sum: Option<Tensor> = None;
    for tap in taps {
        if tap.weights.iter().all(|&w| w == 0.0) {
            continue;
        }
        let weights = host::along(&host::weights(&tap.weights, x)?, dim, x.dim())?;
        let part = x.index_select(dim as isize, &host::positions(&tap.at, x)?)?.mul(&weights)?;
        sum = Some(match sum {
            Some(sum) => sum.add(&part)?,
            None => part,
        });
    }
    Ok(sum.unwrap_or_else(|| x.clone()))
}

/// Means as a product with a matrix of `[new, old]`: a window may be as long as the dim.
fn area(x: &Tensor, dim: usize, axis: &Axis) -> Result<Tensor> {
    let mut means = vec![0.0; axis.new * axis.old];
    for (i, row) in means.chunks_exact_mut(axis.old).enumerate() {
        let (start, end) = (i * axis.old / axis.new, ((i + 1) * axis.old).div_ceil(axis.new));
        row[start..end].fill(1.0 / (end - start) as f64);
    }
    let means = host::weights(&means, x)?.reshape([axis.new, axis.old])?;
    let (dim, last) = (dim as isize, x.dim() as isize - 1);
    x.transpose(dim, last)?.matmul(&means.t()?)?.transpose(dim, last)
}
