//! What torchvision does to tensors of floats, `[*, channels, height, width]` of 0 to 1, in tensor operations.
use super::picture::{Filter, PaddingMode, Source, Weights};
use super::{Interpolation, Padding};
use tensor_core::{
    Error, KEEP, Result, Tensor,
    ops::{GridMode, GridSampleOptions, PadMode},
};

/// Weights as a matrix `[to, from]`.
fn matrix(filter: Filter, from: usize, to: usize) -> Result<Tensor> {
    let weights = Weights::new(filter, from, to);
    let mut values = vec![0.0; from * to];
    for (out, row) in values.chunks_exact_mut(from).enumerate() {
        let (first, weights) = weights.of(out);
        row[first..first + weights.len()].copy_from_slice(weights);
    }
    Tensor::from_slice(&values, [to, from])
}

pub(super) fn resize(x: &Tensor, [height, width]: [usize; 2], filter: Filter) -> Result<Tensor> {
    let [.., h, w] = *x.shape() else { return Err(rank("resize", x)) };
    let mut y = x.clone();
    if w != width {
        y = y.matmul(&matrix(filter, w, width)?.to_dtype(x.dtype())?.transpose(0, 1)?)?;
    }
    if h != height {
        y = matrix(filter, h, height)?.to_dtype(x.dtype())?.matmul(&y)?;
    }
    Ok(y)
}

pub(super) fn resize_nearest(x: &Tensor, [height, width]: [usize; 2], exact: bool) -> Result<Tensor> {
    let [.., h, w] = *x.shape() else { return Err(rank("resize", x)) };
    let places = |from: usize, to: usize| {
        let scale = from as f32 / to as f32;
        let at = |i: usize| (((i as f32 + if exact { 0.5 } else { 0.0 }) * scale) as usize).min(from - 1) as i64;
        Tensor::from_slice(&(0..to).map(at).collect::<Vec<_>>(), [to])
    };
    x.index_select(-2, &places(h, height)?)?.index_select(-1, &places(w, width)?)
}

pub(super) fn crop(x: &Tensor, [top, left]: [isize; 2], [height, width]: [usize; 2]) -> Result<Tensor> {
    let [.., h, w] = *x.shape() else { return Err(rank("crop", x)) };
    let behind = |start: isize, len: usize, of: usize| start.saturating_add_unsigned(len).saturating_sub_unsigned(of);
    let pads = [-left, behind(left, width, w), -top, behind(top, height, h)];
    super::functional::check_size("crop", [height, width])?;
    x.pad(pads.map(|p| p as i64), PadMode::Constant(0.0.into()))?.contiguous()
}

pub(super) fn pad(x: &Tensor, p: Padding, fill: &[f64], mode: PaddingMode) -> Result<Tensor> {
    let pads = [p.left, p.right, p.top, p.bottom].map(|p| p as i64);
    match (mode, fill) {
        (PaddingMode::Constant, &[all]) => x.pad(pads, PadMode::Constant(all.into())),
        (PaddingMode::Constant, each) => {
            let one = Tensor::from_slice(each, [each.len(), 1, 1])?.to_dtype(x.dtype())?;
            let inside = x.ones_like()?.pad(pads, PadMode::Constant(0.0.into()))?.gt(0.5)?;
            inside.where_(&x.pad(pads, PadMode::Constant(0.0.into()))?, &one)
        }
        (mode, _) => {
            let [.., h, w] = *x.shape() else { return Err(rank("pad", x)) };
            let places = |before: isize, after: isize, len: usize| {
                let range = -before..len as isize + after;
                let at: Vec<i64> = range.filter_map(|i| mode.source(i, len)).map(|i| i as i64).collect();
                Tensor::from_slice(&at, [at.len()])
            };
            x.index_select(-2, &places(p.top, p.bottom, h)?)?.index_select(-1, &places(p.left, p.right, w)?)
        }
    }
}

pub(super) fn normalize(x: &Tensor, mean: &[f64], std: &[f64]) -> Result<Tensor> {
    let wrong = |why: String| Error::new("Normalize", why).operands([x]);
    if !x.dtype().is_float() || x.dim() < 3 {
        return Err(wrong("takes floats [*, channels, height, width]".into()).hint("put ToTensor before it"));
    }
    if std.contains(&0.0) {
        return Err(wrong("a std is 0: it divides".into()));
    }
    let channels = x.size(-3)?;
    if [mean.len(), std.len()].iter().any(|&n| n != 1 && n != channels) {
        let (means, stds) = (mean.len(), std.len());
        return Err(wrong(format!("{means} means and {stds} stds for {channels} channels")));
    }
    let each = |v: &[f64]| Tensor::from_slice(v, [v.len(), 1, 1])?.to_dtype(x.dtype())?.to_device(&x.device());
    x.sub(&each(mean)?)?.div(&each(std)?)
}

/// `factor x + (1 - factor) other`, kept to 0..1.
fn blend(x: &Tensor, other: &Tensor, factor: f64) -> Result<Tensor> {
    unit(&(x * factor)?.add(&(other * (1.0 - factor))?)?)
}

fn unit(x: &Tensor) -> Result<Tensor> {
    x.clamp(Some(0.0.into()), Some(1.0.into()))
}

fn channels(op: &'static str, x: &Tensor) -> Result<usize> {
    match x.dim() >= 3 && x.dtype().is_float() {
        true if matches!(x.size(-3)?, 1 | 3) => x.size(-3),
        _ => Err(Error::new(op, "takes floats [*, 1 or 3, height, width]").operands([x])),
    }
}

pub(super) fn grey(op: &'static str, x: &Tensor) -> Result<Tensor> {
    if channels(op, x)? == 1 {
        return Ok(x.clone());
    }
    let [r, g, b] = [0, 1, 2].map(|c| x.narrow(-3, c, 1));
    ((r? * 0.2989)? + (g? * 0.587)?)? + (b? * 0.114)?
}

pub(super) fn brightness(x: &Tensor, factor: f64) -> Result<Tensor> {
    channels("adjust_brightness", x)?;
    unit(&(x * factor)?)
}

pub(super) fn contrast(x: &Tensor, factor: f64) -> Result<Tensor> {
    let mean = grey("adjust_contrast", x)?.mean_dim([-3, -2, -1], KEEP)?;
    blend(x, &mean, factor)
}

pub(super) fn saturation(x: &Tensor, factor: f64) -> Result<Tensor> {
    match channels("adjust_saturation", x)? {
        1 => Ok(x.clone()),
        _ => blend(x, &grey("adjust_saturation", x)?, factor),
    }
}

pub(super) fn gamma(x: &Tensor, gamma: f64, gain: f64) -> Result<Tensor> {
    channels("adjust_gamma", x)?;
    unit(&(x.pow(gamma)? * gain)?)
}

pub(super) fn hue(x: &Tensor, factor: f64) -> Result<Tensor> {
    if channels("adjust_hue", x)? == 1 {
        return Ok(x.clone());
    }
    let pixels = x.movedim([-3], [-1])?.to_vec::<f64>()?;
    let turned: Vec<f64> = pixels.as_chunks::<3>().0.iter().flat_map(|&rgb| turn(rgb, factor)).collect();
    let mut shape = x.shape().to_vec();
    let c = shape.remove(shape.len() - 3);
    shape.push(c);
    Tensor::from_slice(&turned, shape)?.movedim([-1], [-3])?.to_dtype(x.dtype())?.to_device(&x.device())
}

fn turn([r, g, b]: [f64; 3], factor: f64) -> [f64; 3] {
    let (max, min) = (r.max(g).max(b), r.min(g).min(b));
    let range = max - min;
    let s = if range == 0.0 { 0.0 } else { range / max };
    let divisor = if range == 0.0 { 1.0 } else { range };
    let [rc, gc, bc] = [r, g, b].map(|v| (max - v) / divisor);
    let h = if max == r {
        bc - gc
    } else if max == g {
        2.0 + rc - bc
    } else {
        4.0 + gc - rc
    };
    let h = ((h / 6.0 + 1.0) % 1.0 + factor).rem_euclid(1.0);
    let i = (h * 6.0).floor();
    let f = h * 6.0 - i;
    let keep = |v: f64| v.clamp(0.0, 1.0);
    let (p, q, t) = (keep(max * (1.0 - s)), keep(max * (1.0 - s * f)), keep(max * (1.0 - s * (1.0 - f))));
    match i as i64 % 6 {
        0 => [max, t, p],
        1 => [q, max, p],
        2 => [p, max, t],
        3 => [p, q, max],
        4 => [t, p, max],
        _ => [max, p, q],
    }
}

pub(super) fn sharpness(x: &Tensor, factor: f64) -> Result<Tensor> {
    channels("adjust_sharpness", x)?;
    let [.., h, w] = *x.shape() else { return Err(rank("adjust_sharpness", x)) };
    if h <= 2 || w <= 2 {
        return Ok(x.clone());
    }
    // Nine shifted copies, the middle one five times; the border stays.
    let mut sum = (x.narrow(-2, 1, h - 2)?.narrow(-1, 1, w - 2)? * 4.0)?;
    for (down, right) in (0..9).map(|i| (i / 3, i % 3)) {
        sum = sum.add(&x.narrow(-2, down, h - 2)?.narrow(-1, right, w - 2)?)?;
    }
    let one = [1i64, 1, 1, 1];
    let inside = sum.ones_like()?.pad(one, PadMode::Constant(0.0.into()))?.gt(0.5)?;
    let smooth = inside.where_(&(sum / 13.0)?.pad(one, PadMode::Constant(0.0.into()))?, x)?;
    blend(x, &smooth, factor)
}

pub(super) fn invert(x: &Tensor) -> Result<Tensor> {
    channels("invert", x)?;
    x.rsub(1.0)
}

pub(super) fn solarize(x: &Tensor, threshold: f64) -> Result<Tensor> {
    channels("solarize", x)?;
    if threshold > 1.0 {
        return Err(Error::new("solarize", format!("threshold {threshold} is above 1, the brightest of floats")));
    }
    x.ge(threshold)?.where_(&x.rsub(1.0)?, x)
}

pub(super) fn autocontrast(x: &Tensor) -> Result<Tensor> {
    channels("autocontrast", x)?;
    let (min, max) = (x.amin_dim([-2, -1], KEEP)?, x.amax_dim([-2, -1], KEEP)?);
    let flat = max.eq(&min)?;
    let low = flat.where_(&min.zeros_like()?, &min)?;
    let scale = flat.where_(&min.ones_like()?, &max.sub(&min)?.reciprocal()?)?;
    unit(&x.sub(&low)?.mul(&scale)?)
}

/// The kernel goes over `[*, height, width]`, mirrored at the edges.
pub(super) fn gaussian_blur(x: &Tensor, [kx, ky]: [usize; 2], [sx, sy]: [f64; 2]) -> Result<Tensor> {
    let [.., h, w] = *x.shape() else { return Err(rank("gaussian_blur", x)) };
    if kx / 2 >= w || ky / 2 >= h {
        return Err(Error::new("gaussian_blur", format!("a kernel of {kx}x{ky} reaches past a picture of {h}x{w}"))
            .hint("a kernel has at most twice the pixels of the side, less one"));
    }
    let along = |x: Tensor, dim: isize, kernel: &[f64], len: usize| -> Result<Tensor> {
        let half = kernel.len() / 2;
        let pads = if dim == -1 { [half, half, 0, 0] } else { [0, 0, half, half] };
        let wide = pad(
            &x,
            Padding::from([pads[0], pads[2], pads[1], pads[3]].map(|p| p as isize)),
            &[0.0],
            PaddingMode::Reflect,
        )?;
        let mut sum = (wide.narrow(dim, 0, len)? * kernel[0])?;
        for (i, &weight) in kernel.iter().enumerate().skip(1) {
            sum = sum.add(&(wide.narrow(dim, i, len)? * weight)?)?;
        }
        Ok(sum)
    };
    along(along(x.clone(), -1, &gaussian(kx, sx), w)?, -2, &gaussian(ky, sy), h)
}

pub(super) fn gaussian(taps: usize, sigma: f64) -> Vec<f64> {
    let half = (taps as f64 - 1.0) * 0.5;
    let bell: Vec<f64> = (0..taps).map(|i| (-0.5 * ((i as f64 - half) / sigma).powi(2)).exp()).collect();
    let sum: f64 = bell.iter().sum();
    bell.into_iter().map(|v| v / sum).collect()
}

/// `x` pulled through a map of pixels.
pub(super) fn warp(
    x: &Tensor,
    source: Source,
    size: [usize; 2],
    how: Interpolation,
    fill: Option<&[f64]>,
) -> Result<Tensor> {
    let [.., c, h, w] = *x.shape() else { return Err(rank("warp", x)) };
    let mode = match how {
        Interpolation::Nearest | Interpolation::NearestExact => GridMode::Nearest,
        Interpolation::Bilinear => GridMode::Bilinear,
        other => {
            return Err(Error::new("warp", format!("floats are turned by Nearest or Bilinear, not {other:?}"))
                .hint("turn the picture before ToTensor"));
        }
    };
    let mut grid = Vec::with_capacity(size[0] * size[1] * 2);
    for i in 0..size[0] * size[1] {
        let (at_x, at_y) = source.at((i % size[1]) as f64 + 0.5, (i / size[1]) as f64 + 0.5);
        grid.extend([(2.0 * at_x / w as f64 - 1.0) as f32, (2.0 * at_y / h as f64 - 1.0) as f32]);
    }
    let grid = Tensor::from_slice(&grid, [1, size[0], size[1], 2])?.to_dtype(x.dtype())?;
    let lead = x.numel() / (c * h * w).max(1);
    // Ones beside the picture say where it is.
    let flat = x.reshape([1, lead * c, h, w])?;
    let ones = flat.narrow(1, 0, 1)?.ones_like()?;
    let options = GridSampleOptions { mode, ..Default::default() };
    let both = Tensor::cat(&[&flat, &ones], 1)?.grid_sample(&grid, options)?;
    let (y, mask) = (both.narrow(1, 0, lead * c)?, both.narrow(1, lead * c, 1)?);
    let mut shape = x.shape().to_vec();
    let rank = shape.len();
    (shape[rank - 2], shape[rank - 1]) = (size[0], size[1]);
    let y = y.reshape(shape)?;
    let Some(fill) = fill else { return Ok(y) };
    let fill = Tensor::from_slice(fill, [fill.len(), 1, 1])?.to_dtype(x.dtype())?;
    let mask = mask.reshape([1, size[0], size[1]])?;
    match mode {
        GridMode::Nearest => mask.lt(0.5)?.where_(&fill, &y),
        _ => y.mul(&mask)?.add(&fill.mul(&mask.rsub(1.0)?)?),
    }
}

fn rank(op: &'static str, x: &Tensor) -> Error {
    super::picture::not_a_picture(op, x)
}
