//! Sizes: resizing, cropping, padding.
use super::{between, functional, whole};
use crate::Transform;
use crate::random::Words;
use crate::vision::{Fill, Interpolation, Padding, PaddingMode, Size, Stage};
use tensor_core::{Error, Result, Tensor};

/// Resizes; `Resize::new(256)` makes the shorter side 256 long, `Resize::new([256, 341])` is height and width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resize {
    /// How large.
    pub size: Size,
    /// How pixels between pixels are made up.
    pub interpolation: Interpolation,
    /// The most that the longer side may have, where `size` is one number.
    pub max_size: Option<usize>,
}

impl Resize {
    /// Bilinear; shrinking is antialiased.
    pub fn new(size: impl Into<Size>) -> Resize {
        Resize { size: size.into(), interpolation: Interpolation::Bilinear, max_size: None }
    }

    /// With another interpolation.
    pub fn interpolation(self, interpolation: Interpolation) -> Resize {
        Resize { interpolation, ..self }
    }
}

impl Transform for Resize {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.step(x.clone().into())?.tensor()
    }
    fn step(&self, x: Stage) -> Result<Stage> {
        functional::resize_to(x, self.size, self.interpolation, self.max_size)
    }
}

/// Cuts the middle out; a smaller picture gets a border of zeros.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CenterCrop {
    /// How large.
    pub size: Size,
}

impl CenterCrop {
    /// One number is both sides.
    pub fn new(size: impl Into<Size>) -> CenterCrop {
        CenterCrop { size: size.into() }
    }
}

impl Transform for CenterCrop {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.step(x.clone().into())?.tensor()
    }
    fn step(&self, x: Stage) -> Result<Stage> {
        functional::center(x, self.size.both())
    }
}

/// Adds a border.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// How wide, on each side.
    pub padding: Padding,
    /// Its colour, where the mode is `Constant`.
    pub fill: Fill,
    /// What it shows.
    pub padding_mode: PaddingMode,
}

impl Pad {
    /// Zeros.
    pub fn new(padding: impl Into<Padding>) -> Pad {
        Pad { padding: padding.into(), fill: Fill::default(), padding_mode: PaddingMode::Constant }
    }
}

impl Transform for Pad {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        functional::pad(x, self.padding, self.fill.clone(), self.padding_mode)
    }
}

/// Cuts a part out anywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomCrop {
    /// How large.
    pub size: Size,
    /// A border that is added first.
    pub padding: Option<Padding>,
    /// Whether a picture that is too small gets a border.
    pub pad_if_needed: bool,
    /// The border's colour.
    pub fill: Fill,
    /// What the border shows.
    pub padding_mode: PaddingMode,
}

impl RandomCrop {
    /// One number is both sides; no border.
    pub fn new(size: impl Into<Size>) -> RandomCrop {
        let (fill, padding_mode) = (Fill::default(), PaddingMode::Constant);
        RandomCrop { size: size.into(), padding: None, pad_if_needed: false, fill, padding_mode }
    }

    /// With a border that is added first.
    pub fn padding(self, padding: impl Into<Padding>) -> RandomCrop {
        RandomCrop { padding: Some(padding.into()), ..self }
    }
}

impl Transform for RandomCrop {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.step(x.clone().into())?.tensor()
    }
    fn step(&self, mut x: Stage) -> Result<Stage> {
        let border = |x: Stage, by: Padding| {
            functional::pad(&x.tensor()?, by, self.fill.clone(), self.padding_mode).map(Stage::from)
        };
        if let Some(padding) = self.padding {
            x = border(x, padding)?;
        }
        let [h, w] = self.size.both();
        let [height, width] = x.size("RandomCrop")?;
        if self.pad_if_needed && width < w {
            x = border(x, [(w - width) as isize, 0].into())?;
        }
        if self.pad_if_needed && height < h {
            x = border(x, [0, (h - height) as isize].into())?;
        }
        let [height, width] = x.size("RandomCrop")?;
        if h > height || w > width {
            return Err(Error::new(
                "RandomCrop",
                format!("cannot cut {h}x{w} pixels from a picture of {height}x{width}"),
            )
            .hint("resize it first, or set pad_if_needed"));
        }
        let mut words = Words::of_thread(2);
        let top = words.below(height - h + 1) as isize;
        let left = words.below(width - w + 1) as isize;
        x.crop([top, left], [h, w])
    }
}

/// Cuts a part of random area and aspect out and resizes it: the classic augmentation for ImageNet.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomResizedCrop {
    /// How large the result is.
    pub size: Size,
    /// The part's area, of that of the picture.
    pub scale: [f64; 2],
    /// Its width over its height.
    pub ratio: [f64; 2],
    /// How pixels between pixels are made up.
    pub interpolation: Interpolation,
}

impl RandomResizedCrop {
    /// Areas of 0.08 to 1, aspects of 3/4 to 4/3, bilinear.
    pub fn new(size: impl Into<Size>) -> RandomResizedCrop {
        let (scale, ratio) = ([0.08, 1.0], [3.0 / 4.0, 4.0 / 3.0]);
        RandomResizedCrop { size: size.into(), scale, ratio, interpolation: Interpolation::Bilinear }
    }

    /// Where it cuts: top, left, height, width.
    fn part(&self, [height, width]: [usize; 2]) -> [usize; 4] {
        let mut words = Words::of_thread(22);
        let area = (height * width) as f64;
        for _ in 0..10 {
            let target = area * between(&mut words, self.scale);
            let aspect = between(&mut words, self.ratio.map(f64::ln)).exp();
            let w = (target * aspect).sqrt().round_ties_even() as usize;
            let h = (target / aspect).sqrt().round_ties_even() as usize;
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                let top = whole(&mut words, 0, (height - h) as i64) as usize;
                return [top, whole(&mut words, 0, (width - w) as i64) as usize, h, w];
            }
        }
        // The middle, as near to the wanted aspects as it can be.
        let aspect = width as f64 / height as f64;
        let (w, h) = if aspect < self.ratio[0] {
            (width, (width as f64 / self.ratio[0]).round_ties_even() as usize)
        } else if aspect > self.ratio[1] {
            ((height as f64 * self.ratio[1]).round_ties_even() as usize, height)
        } else {
            (width, height)
        };
        let (w, h) = (w.clamp(1, width), h.clamp(1, height));
        [(height - h) / 2, (width - w) / 2, h, w]
    }
}

impl Transform for RandomResizedCrop {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.step(x.clone().into())?.tensor()
    }
    fn step(&self, x: Stage) -> Result<Stage> {
        super::ordered("RandomResizedCrop", "scale", self.scale)?;
        super::ordered("RandomResizedCrop", "ratio", self.ratio)?;
        let [top, left, h, w] = self.part(x.size("RandomResizedCrop")?);
        let part = x.crop([top as isize, left as isize], [h, w])?;
        functional::resize_to(part, Size::Exact(self.size.both()), self.interpolation, None)
    }
}

/// The four corners and the middle, stacked: `[5, channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FiveCrop {
    /// How large each is.
    pub size: Size,
}

impl FiveCrop {
    /// One number is both sides.
    pub fn new(size: impl Into<Size>) -> FiveCrop {
        FiveCrop { size: size.into() }
    }
}

impl Transform for FiveCrop {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        Tensor::stack(&functional::five_crop(x, self.size)?.each_ref(), 0)
    }
}

/// The five crops and those of the mirrored picture, stacked: `[10, channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TenCrop {
    /// How large each is.
    pub size: Size,
    /// Mirrors top to bottom instead of left to right.
    pub vertical_flip: bool,
}

impl TenCrop {
    /// One number is both sides.
    pub fn new(size: impl Into<Size>) -> TenCrop {
        TenCrop { size: size.into(), vertical_flip: false }
    }
}

impl Transform for TenCrop {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let crops = functional::ten_crop(x, self.size, self.vertical_flip)?;
        Tensor::stack(&crops.each_ref(), 0)
    }
}
