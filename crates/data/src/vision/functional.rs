//! Each transform as a function of a tensor and its parameters, under the names of `torchvision.transforms.functional`.
//!
//! A tensor `u8[channels, height, width]` is a picture, and gets the bytes that torchvision makes of a Pillow image; a
//! tensor of floats `[*, channels, height, width]` is what torchvision's functions for tensors make of it.
use super::picture::{PaddingMode, Picture, Source, not_a_picture};
use super::stage::Stage;
use super::{Fill, Interpolation, Padding, Size, floats};
use tensor_core::{Error, Result, Tensor};

/// Pictures by Pillow's arithmetic, floats by tensor operations.
fn either(
    op: &'static str,
    x: &Tensor,
    picture: impl FnOnce(Picture) -> Result<Picture>,
    floats: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    match Picture::of(op, x)? {
        Some(bytes) => picture(bytes)?.tensor(),
        None => {
            size(op, x)?;
            floats(x)
        }
    }
}

/// Height and width of a picture, neither of them 0.
pub(super) fn size(op: &'static str, x: &Tensor) -> Result<[usize; 2]> {
    match *x.shape() {
        [.., height, width] if x.numel() > 0 => Ok([height, width]),
        _ => Err(not_a_picture(op, x)),
    }
}

/// A result that has pixels, and not more than can be counted.
pub(super) fn check_size(op: &'static str, [height, width]: [usize; 2]) -> Result<()> {
    if height > 0 && width > 0 && height <= 1 << 24 && width <= 1 << 24 && height * width <= 1 << 32 {
        return Ok(());
    }
    Err(Error::new(op, format!("there is no picture of {height}x{width} pixels")))
}

fn not_negative(op: &'static str, name: &str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::new(op, format!("{name} is {value}, but must not be negative")))
}

/// Mirrored left to right.
pub fn hflip(x: &Tensor) -> Result<Tensor> {
    size("hflip", x)?;
    Stage::from(x.clone()).hflip()?.tensor()
}

/// Mirrored top to bottom.
pub fn vflip(x: &Tensor) -> Result<Tensor> {
    either("vflip", x, |p| Ok(p.vflip()), |x| x.flip(-2))
}

/// `height` rows from `top` and `width` columns from `left`; zeros where that is outside of the picture.
pub fn crop(x: &Tensor, top: isize, left: isize, height: usize, width: usize) -> Result<Tensor> {
    size("crop", x)?;
    Stage::from(x.clone()).crop([top, left], [height, width])?.tensor()
}

/// The middle of the picture; one smaller than `to` gets a border of zeros.
pub fn center_crop(x: &Tensor, to: impl Into<Size>) -> Result<Tensor> {
    center(Stage::from(x.clone()), to.into().both())?.tensor()
}

pub(super) fn center(stage: Stage, to: [usize; 2]) -> Result<Stage> {
    check_size("center_crop", to)?;
    let size = stage.size("center_crop")?;
    let start = |len: usize, to: usize| {
        let gap = len as isize - to as isize;
        match gap.rem_euclid(2) {
            // The border before is the smaller half.
            _ if gap < 0 => -(-gap / 2),
            0 => gap / 2,
            // Python rounds a half to the even neighbour.
            _ => gap / 2 + (gap / 2) % 2,
        }
    };
    stage.crop([start(size[0], to[0]), start(size[1], to[1])], to)
}

/// More pixels at the sides.
pub fn pad(x: &Tensor, padding: impl Into<Padding>, fill: impl Into<Fill>, mode: PaddingMode) -> Result<Tensor> {
    let (padding, fill) = (padding.into(), fill.into());
    let [height, width] = size("pad", x)?;
    let grown = |len: usize, a: isize, b: isize| {
        let sum = (len as isize).checked_add(a)?.checked_add(b)?;
        usize::try_from(sum).ok()
    };
    let new = [grown(height, padding.top, padding.bottom), grown(width, padding.left, padding.right)];
    let [Some(rows), Some(columns)] = new else {
        return Err(Error::new("pad", format!("{padding:?} leaves nothing of a picture of {height}x{width}")));
    };
    check_size("pad", [rows, columns])?;
    let on_picture = |p: Picture| {
        let fill = fill.bytes("pad", &p)?;
        if mode == PaddingMode::Constant {
            return Ok(p.window([-padding.top, -padding.left], [rows, columns], mode, &fill));
        }
        // What is cut is cut first: the rest is mirrored.
        let cut = [padding.top, padding.left, padding.bottom, padding.right].map(|n| n.min(0).unsigned_abs());
        let rest = [height.saturating_sub(cut[0] + cut[2]), width.saturating_sub(cut[1] + cut[3])];
        check_size("pad", rest)?;
        let p = p.window([cut[0] as isize, cut[1] as isize], rest, mode, &fill);
        Ok(p.window([-padding.top.max(0), -padding.left.max(0)], [rows, columns], mode, &fill))
    };
    either("pad", x, on_picture, |x| {
        let channels = if x.dim() > 2 { x.size(-3)? } else { 1 };
        let each = fill.numbers("pad", channels)?;
        let fill = if each.windows(2).all(|w| w[0] == w[1]) { &each[..1] } else { &each };
        floats::pad(x, padding, fill, mode)
    })
}

/// At another size. Shrinking is antialiased, as on Pillow images and as torchvision's default is on tensors.
pub fn resize(x: &Tensor, to: impl Into<Size>, how: Interpolation) -> Result<Tensor> {
    resize_to(Stage::from(x.clone()), to.into(), how, None)?.tensor()
}

pub(super) fn resize_to(stage: Stage, to: Size, how: Interpolation, longest: Option<usize>) -> Result<Stage> {
    let old = stage.size("resize")?;
    let new = to.of(old, longest)?;
    if old == new {
        return Ok(stage);
    }
    match how.filter() {
        Some(filter) => stage.resize(Size::Exact(new), filter, None),
        None => {
            let exact = how == Interpolation::NearestExact;
            let nearest = |p: Picture| Ok(p.resize_nearest(new));
            Ok(either("resize", &stage.tensor()?, nearest, |x| floats::resize_nearest(x, new, exact))?.into())
        }
    }
}

/// A part at another size.
pub fn resized_crop(
    x: &Tensor,
    [top, left]: [isize; 2],
    [height, width]: [usize; 2],
    to: impl Into<Size>,
    how: Interpolation,
) -> Result<Tensor> {
    size("resized_crop", x)?;
    let part = Stage::from(x.clone()).crop([top, left], [height, width])?;
    resize_to(part, to.into(), how, None)?.tensor()
}

/// The four corners and the middle: top left, top right, bottom left, bottom right, center.
pub fn five_crop(x: &Tensor, to: impl Into<Size>) -> Result<[Tensor; 5]> {
    let [height, width] = size("five_crop", x)?;
    let [h, w] = to.into().both();
    if h > height || w > width || h == 0 || w == 0 {
        return Err(Error::new("five_crop", format!("{h}x{w} pixels of a picture of {height}x{width}")));
    }
    let (down, right) = ((height - h) as isize, (width - w) as isize);
    Ok([
        crop(x, 0, 0, h, w)?,
        crop(x, 0, right, h, w)?,
        crop(x, down, 0, h, w)?,
        crop(x, down, right, h, w)?,
        center_crop(x, [h, w])?,
    ])
}

/// The five crops, then those of the mirrored picture (mirrored top to bottom where `vertical_flip` says so).
pub fn ten_crop(x: &Tensor, to: impl Into<Size>, vertical_flip: bool) -> Result<[Tensor; 10]> {
    let to = to.into();
    let mirrored = if vertical_flip { vflip(x)? } else { hflip(x)? };
    let ([a, b, c, d, e], [f, g, h, i, j]) = (five_crop(x, to)?, five_crop(&mirrored, to)?);
    Ok([a, b, c, d, e, f, g, h, i, j])
}

/// Grey, in 1 channel or the same in 3.
pub fn rgb_to_grayscale(x: &Tensor, num_output_channels: usize) -> Result<Tensor> {
    if !matches!(num_output_channels, 1 | 3) {
        return Err(Error::new("rgb_to_grayscale", format!("{num_output_channels} channels of grey: 1 or 3")));
    }
    either(
        "rgb_to_grayscale",
        x,
        |p| Ok(if num_output_channels == 1 && p.channels() == 1 { p } else { p.grey().spread(num_output_channels) }),
        |x| {
            let grey = floats::grey("rgb_to_grayscale", x)?;
            if num_output_channels == 1 { Ok(grey) } else { Tensor::cat(&[&grey, &grey, &grey], -3) }
        },
    )
}

/// 0 is black, 1 the picture itself, 2 twice as bright.
pub fn adjust_brightness(x: &Tensor, factor: f64) -> Result<Tensor> {
    not_negative("adjust_brightness", "the factor", factor)?;
    either("adjust_brightness", x, |p| Ok(p.brightness(factor)), |x| floats::brightness(x, factor))
}

/// 0 is grey, 1 the picture itself, 2 twice the contrast.
pub fn adjust_contrast(x: &Tensor, factor: f64) -> Result<Tensor> {
    not_negative("adjust_contrast", "the factor", factor)?;
    either("adjust_contrast", x, |p| Ok(p.contrast(factor)), |x| floats::contrast(x, factor))
}

/// 0 is black and white, 1 the picture itself, 2 twice as colourful.
pub fn adjust_saturation(x: &Tensor, factor: f64) -> Result<Tensor> {
    not_negative("adjust_saturation", "the factor", factor)?;
    either("adjust_saturation", x, |p| Ok(p.saturation(factor)), |x| floats::saturation(x, factor))
}

/// Colours turned by `factor` of the colour wheel, -0.5 to 0.5.
pub fn adjust_hue(x: &Tensor, factor: f64) -> Result<Tensor> {
    if !(-0.5..=0.5).contains(&factor) {
        return Err(Error::new("adjust_hue", format!("the factor {factor} is not in -0.5..=0.5")));
    }
    either("adjust_hue", x, |p| Ok(p.hue(factor)), |x| floats::hue(x, factor))
}

/// `gain x^gamma`: above 1 shadows become darker, below 1 lighter.
pub fn adjust_gamma(x: &Tensor, gamma: f64, gain: f64) -> Result<Tensor> {
    not_negative("adjust_gamma", "gamma", gamma)?;
    either("adjust_gamma", x, |p| Ok(p.gamma(gamma, gain)), |x| floats::gamma(x, gamma, gain))
}

/// 0 is smoothed, 1 the picture itself, 2 twice as sharp.
pub fn adjust_sharpness(x: &Tensor, factor: f64) -> Result<Tensor> {
    not_negative("adjust_sharpness", "the factor", factor)?;
    either("adjust_sharpness", x, |p| Ok(p.sharpness(factor)), |x| floats::sharpness(x, factor))
}

/// The negative.
pub fn invert(x: &Tensor) -> Result<Tensor> {
    either("invert", x, |p| Ok(p.invert()), floats::invert)
}

/// Only the upper `bits` (0 to 8) of each byte.
pub fn posterize(x: &Tensor, bits: u32) -> Result<Tensor> {
    if bits > 8 {
        return Err(Error::new("posterize", format!("a byte has 8 bits, not {bits}")));
    }
    either("posterize", x, |p| Ok(p.posterize(bits)), |x| Err(bytes_only("posterize", x)))
}

/// The negative of what is at least `threshold` (of 255 for pictures, of 1 for floats).
pub fn solarize(x: &Tensor, threshold: f64) -> Result<Tensor> {
    either("solarize", x, |p| Ok(p.solarize(threshold)), |x| floats::solarize(x, threshold))
}

/// Each channel stretched to the whole range.
pub fn autocontrast(x: &Tensor) -> Result<Tensor> {
    either("autocontrast", x, |p| Ok(p.autocontrast()), floats::autocontrast)
}

/// Each channel spread so that all values are about as frequent.
pub fn equalize(x: &Tensor) -> Result<Tensor> {
    either("equalize", x, |p| Ok(p.equalize()), |x| Err(bytes_only("equalize", x)))
}

fn bytes_only(op: &'static str, x: &Tensor) -> Error {
    Error::new(op, "takes pictures u8[channels, height, width]").operands([x]).hint("put it before ToTensor")
}

/// Blurred by a bell of `kernel_size` (x, y; odd) taps and of width `sigma` (x, y).
pub fn gaussian_blur(x: &Tensor, kernel_size: [usize; 2], sigma: [f64; 2]) -> Result<Tensor> {
    if kernel_size.iter().any(|k| k.is_multiple_of(2)) {
        return Err(Error::new("gaussian_blur", format!("kernel_size {kernel_size:?} must be odd")));
    }
    if !sigma.iter().all(|&s| s > 0.0 && s.is_finite()) {
        return Err(Error::new("gaussian_blur", format!("sigma {sigma:?} must be positive")));
    }
    let picture = |p: Picture| {
        let blurred = floats::gaussian_blur(&p.tensor()?.to_dtype(tensor_core::DType::F32)?, kernel_size, sigma)?;
        let rounded = blurred.round()?.clamp(Some(0.0.into()), Some(255.0.into()))?;
        Picture::of("gaussian_blur", &rounded.to_dtype(tensor_core::DType::U8)?)?
            .ok_or_else(|| not_a_picture("gaussian_blur", x))
    };
    either("gaussian_blur", x, picture, |x| floats::gaussian_blur(x, kernel_size, sigma))
}

/// Settings of [`rotate`].
#[derive(Clone, Debug, PartialEq)]
pub struct RotateOptions {
    /// How pixels between pixels are made up; `Nearest` unless set.
    pub interpolation: Interpolation,
    /// The picture grows so that all of it stays in view.
    pub expand: bool,
    /// What stays where it is, as x and y; the middle unless set.
    pub center: Option<[f64; 2]>,
    /// What comes into view.
    pub fill: Fill,
}

impl Default for RotateOptions {
    fn default() -> RotateOptions {
        RotateOptions { interpolation: Interpolation::Nearest, expand: false, center: None, fill: Fill::default() }
    }
}

/// Turned by `angle` degrees against the clock.
pub fn rotate(x: &Tensor, angle: f64, options: &RotateOptions) -> Result<Tensor> {
    let [height, width] = size("rotate", x)?;
    if !angle.is_finite() {
        return Err(Error::new("rotate", format!("the angle is {angle}")));
    }
    let RotateOptions { interpolation, expand, center, fill } = options;
    let angle = angle.rem_euclid(360.0);
    let quarters = match angle {
        _ if center.is_some() => None,
        0.0 => Some(0),
        180.0 => Some(2),
        90.0 if *expand || width == height => Some(1),
        270.0 if *expand || width == height => Some(3),
        _ => None,
    };
    let (w, h) = (width as f64, height as f64);
    let [cx, cy] = center.unwrap_or([w / 2.0, h / 2.0]);
    let (sin, cos) = (-angle.to_radians()).sin_cos();
    // 15 decimals, rounded as Python rounds, so that a right angle is one.
    let digits = |v: f64| format!("{v:.15}").parse().unwrap_or(v);
    let (a, b, d, e) = (digits(cos), digits(sin), digits(-sin), digits(cos));
    let at = |x: f64, y: f64, c: f64, f: f64| (a * x + b * y + c, d * x + e * y + f);
    let (c, f) = at(-cx, -cy, 0.0, 0.0);
    let (mut c, mut f) = (c + cx, f + cy);
    let mut to = [height, width];
    if *expand {
        let corners = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)].map(|(x, y)| at(x, y, c, f));
        let span = |v: [f64; 4]| {
            let (low, high) = v.iter().fold((f64::MAX, f64::MIN), |(l, h), &v| (l.min(v), h.max(v)));
            high.ceil() - low.floor()
        };
        let (new_w, new_h) = (span(corners.map(|p| p.0)), span(corners.map(|p| p.1)));
        (c, f) = at(-(new_w - w) / 2.0, -(new_h - h) / 2.0, c, f);
        to = [new_h as usize, new_w as usize];
    }
    let source = Source::Affine([a, b, c, d, e, f]);
    let picture = |p: Picture| {
        if let Some(quarters) = quarters {
            return Ok(p.turned(quarters));
        }
        let fill = fill.bytes("rotate", &p)?;
        Ok(p.warp(source, to, *interpolation, &fill))
    };
    either("rotate", x, picture, |x| warp_floats("rotate", x, source, to, *interpolation, fill))
}

fn warp_floats(
    op: &'static str,
    x: &Tensor,
    s: Source,
    to: [usize; 2],
    how: Interpolation,
    fill: &Fill,
) -> Result<Tensor> {
    if x.dim() < 3 {
        return Err(not_a_picture(op, x));
    }
    let numbers = fill.numbers(op, x.size(-3)?)?;
    let fill = (!fill.is_none()).then_some(numbers.as_slice());
    floats::warp(x, s, to, how, fill).map_err(|e| e.renamed(op))
}

/// Settings of [`affine`].
#[derive(Clone, Debug, PartialEq)]
pub struct AffineOptions {
    /// Degrees, with the clock.
    pub angle: f64,
    /// Pixels to the right and down.
    pub translate: [f64; 2],
    /// How much larger.
    pub scale: f64,
    /// Degrees, along x and along y.
    pub shear: [f64; 2],
    /// How pixels between pixels are made up; `Nearest` unless set.
    pub interpolation: Interpolation,
    /// What comes into view.
    pub fill: Fill,
    /// What stays where it is, as x and y; the middle unless set.
    pub center: Option<[f64; 2]>,
}

impl Default for AffineOptions {
    fn default() -> AffineOptions {
        let (interpolation, fill) = (Interpolation::Nearest, Fill::default());
        AffineOptions {
            angle: 0.0,
            translate: [0.0; 2],
            scale: 1.0,
            shear: [0.0; 2],
            interpolation,
            fill,
            center: None,
        }
    }
}

/// Turned, moved, scaled and sheared, around the center.
pub fn affine(x: &Tensor, options: &AffineOptions) -> Result<Tensor> {
    let [height, width] = size("affine", x)?;
    let AffineOptions { angle, translate: [tx, ty], scale, shear, interpolation, fill, center } = options;
    if !(*scale > 0.0 && scale.is_finite()) {
        return Err(Error::new("affine", format!("scale is {scale}, but must be positive")));
    }
    let [cx, cy] = center.unwrap_or([width as f64 * 0.5, height as f64 * 0.5]);
    let (rot, sx, sy) = (angle.to_radians(), shear[0].to_radians(), shear[1].to_radians());
    // Rotation, scale and shear, of determinant 1 without the scale; then its inverse, around the center.
    let a = (rot - sy).cos() / sy.cos();
    let b = -(rot - sy).cos() * sx.tan() / sy.cos() - rot.sin();
    let c = (rot - sy).sin() / sy.cos();
    let d = -(rot - sy).sin() * sx.tan() / sy.cos() + rot.cos();
    let [m0, m1, m3, m4] = [d, -b, -c, a].map(|v| v / scale);
    let m2 = m0 * (-cx - tx) + m1 * (-cy - ty) + cx;
    let m5 = m3 * (-cx - tx) + m4 * (-cy - ty) + cy;
    let source = Source::Affine([m0, m1, m2, m3, m4, m5]);
    warp("affine", x, source, *interpolation, fill)
}

fn warp(op: &'static str, x: &Tensor, source: Source, how: Interpolation, fill: &Fill) -> Result<Tensor> {
    let to = size(op, x)?;
    let picture = |p: Picture| {
        let fill = fill.bytes(op, &p)?;
        Ok(p.warp(source, to, how, &fill))
    };
    either(op, x, picture, |x| warp_floats(op, x, source, to, how, fill))
}

/// Pulled so that the corners `start` (x, y: top left, top right, bottom right, bottom left) come to `end`.
pub fn perspective(
    x: &Tensor,
    start: [[f64; 2]; 4],
    end: [[f64; 2]; 4],
    how: Interpolation,
    fill: impl Into<Fill>,
) -> Result<Tensor> {
    let Some(coefficients) = perspective_coefficients(start, end) else {
        return Err(Error::new("perspective", format!("no perspective takes {start:?} to {end:?}"))
            .hint("no three corners may lie on a line"));
    };
    warp("perspective", x, Source::Perspective(coefficients), how, &fill.into())
}

// Two equations for each corner, solved by elimination with pivots.
fn perspective_coefficients(start: [[f64; 2]; 4], end: [[f64; 2]; 4]) -> Option<[f64; 8]> {
    let mut rows = [[0.0f64; 9]; 8];
    for (i, ([x, y], [u, v])) in end.into_iter().zip(start).enumerate() {
        rows[2 * i] = [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u];
        rows[2 * i + 1] = [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v];
    }
    for k in 0..8 {
        let pivot = (k..8).max_by(|&i, &j| rows[i][k].abs().total_cmp(&rows[j][k].abs()))?;
        rows.swap(k, pivot);
        if rows[k][k].is_nan() || rows[k][k].abs() <= 1e-9 {
            return None;
        }
        let row = rows[k];
        for other in rows.iter_mut().skip(k + 1) {
            let factor = other[k] / row[k];
            other.iter_mut().zip(row).for_each(|(v, r)| *v -= factor * r);
        }
    }
    let mut solution = [0.0f64; 8];
    for k in (0..8).rev() {
        let known: f64 = (k + 1..8).map(|j| rows[k][j] * solution[j]).sum();
        solution[k] = (rows[k][8] - known) / rows[k][k];
    }
    // torchvision hands them over as f32.
    Some(solution.map(|v| f64::from(v as f32)))
}

/// `f32[channels, height, width]` of 0 to 1; floats stay what they are.
pub fn to_tensor(x: &Tensor) -> Result<Tensor> {
    Stage::from(x.clone()).into_floats()?.tensor()
}

/// `(x - mean) / std` for each channel.
pub fn normalize(x: &Tensor, mean: &[f64], std: &[f64]) -> Result<Tensor> {
    floats::normalize(x, mean, std)
}

/// `value` (as large as the part) in place of the part at `(top, left)`.
pub fn erase(x: &Tensor, top: usize, left: usize, value: &Tensor) -> Result<Tensor> {
    let ([height, width], [h, w]) = (size("erase", x)?, size("erase", value)?);
    if top.saturating_add(h) > height || left.saturating_add(w) > width {
        return Err(
            Error::new("erase", format!("{h}x{w} pixels from ({top}, {left}) reach outside")).operands([x, value])
        );
    }
    let rows = x.narrow(-2, top, h)?.slice_scatter(value, -1, left as isize, (left + w) as isize, 1)?;
    x.slice_scatter(&rows, -2, top as isize, (top + h) as isize, 1)
}
