//! The arguments that many transforms share: sizes, borders, fills, and how pixels between pixels are made up.
use super::picture::{Filter, Picture};
use tensor_core::{Error, Result};

/// How pixels between pixels are made up; torchvision's `InterpolationMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// The pixel at the scaled position.
    Nearest,
    /// The pixel whose middle is nearest; on pictures of bytes the same as `Nearest`, as in Pillow.
    NearestExact,
    /// Lines between neighbours.
    #[default]
    Bilinear,
    /// Cubics through four neighbours.
    Bicubic,
    /// The mean of the pixels that a new one covers; for resizing pictures.
    Box,
    /// Sharper than `Bilinear`; for resizing pictures.
    Hamming,
    /// A windowed sinc; for resizing pictures.
    Lanczos,
}

impl Interpolation {
    /// The filter of a resize; `None` for the nearest pixel.
    pub(super) fn filter(self) -> Option<Filter> {
        Some(match self {
            Interpolation::Nearest | Interpolation::NearestExact => return None,
            Interpolation::Bilinear => Filter::Bilinear,
            Interpolation::Bicubic => Filter::Bicubic,
            Interpolation::Box => Filter::Box,
            Interpolation::Hamming => Filter::Hamming,
            Interpolation::Lanczos => Filter::Lanczos,
        })
    }
}

/// How large a picture becomes: `256.into()` is the length of the shorter side, `[480, 640].into()` height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The shorter side gets this length, the other one follows.
    Shorter(usize),
    /// Height and width.
    Exact([usize; 2]),
}

impl From<usize> for Size {
    fn from(side: usize) -> Size {
        Size::Shorter(side)
    }
}

impl From<[usize; 2]> for Size {
    fn from(size: [usize; 2]) -> Size {
        Size::Exact(size)
    }
}

impl From<(usize, usize)> for Size {
    fn from((height, width): (usize, usize)) -> Size {
        Size::Exact([height, width])
    }
}

impl Size {
    /// For crops: one number is both sides.
    pub(super) fn both(self) -> [usize; 2] {
        match self {
            Size::Shorter(side) => [side, side],
            Size::Exact(size) => size,
        }
    }

    /// What a picture of `height` and `width` is resized to; `longest` bounds the longer side of `Shorter`.
    pub(super) fn of(self, [height, width]: [usize; 2], longest: Option<usize>) -> Result<[usize; 2]> {
        let wrong = |why: String| Err(Error::new("resize", why));
        let size = match self {
            Size::Exact(_) if longest.is_some() => return wrong("max_size is for a size of one number".to_string()),
            Size::Exact(size) => size,
            Size::Shorter(side) => {
                let (short, long) = (height.min(width), height.max(width));
                // As Python divides: floats, then cut.
                let scaled = |n: usize, of: usize, by: usize| ((n as f64 * of as f64) / by as f64) as usize;
                let (mut new_short, mut new_long) = (side, scaled(side, long, short));
                match longest {
                    Some(most) if most <= side => {
                        return wrong(format!(
                            "max_size {most} must be greater than the size of the shorter side, {side}"
                        ));
                    }
                    Some(most) if new_long > most => {
                        (new_short, new_long) = (scaled(most, new_short, new_long), most);
                    }
                    _ => {}
                }
                if width <= height { [new_long, new_short] } else { [new_short, new_long] }
            }
        };
        // The pixels of both sides are counted in one usize everywhere below.
        match size[0].checked_mul(size[1]).and_then(|n| n.checked_mul(16)) {
            Some(1..) if size.iter().all(|&n| n <= 1 << 24) => Ok(size),
            _ => wrong(format!("a picture of {height}x{width} cannot become one of {}x{}", size[0], size[1])),
        }
    }
}

/// How many pixels are added on each side: `2.into()` all, `[1, 2].into()` left and right, top and bottom,
/// `[1, 2, 3, 4].into()` left, top, right, bottom. Fewer than none cuts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Padding {
    /// Columns in front.
    pub left: isize,
    /// Rows above.
    pub top: isize,
    /// Columns behind.
    pub right: isize,
    /// Rows below.
    pub bottom: isize,
}

impl From<isize> for Padding {
    fn from(all: isize) -> Padding {
        [all; 4].into()
    }
}

impl From<[isize; 2]> for Padding {
    fn from([x, y]: [isize; 2]) -> Padding {
        [x, y, x, y].into()
    }
}

impl From<[isize; 4]> for Padding {
    fn from([left, top, right, bottom]: [isize; 4]) -> Padding {
        Padding { left, top, right, bottom }
    }
}

/// What is put where there is no picture: one number for all channels, or one for each. The default, torchvision's `None`,
/// is zeros; on floats it differs from 0 in that a pixel half outside is not blended once more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fill(Vec<f64>);

impl From<f64> for Fill {
    fn from(all: f64) -> Fill {
        Fill(vec![all])
    }
}

impl<const N: usize> From<[f64; N]> for Fill {
    fn from(each: [f64; N]) -> Fill {
        Fill(each.to_vec())
    }
}

impl From<Vec<f64>> for Fill {
    fn from(each: Vec<f64>) -> Fill {
        Fill(each)
    }
}

impl Fill {
    /// A number for each of `channels`.
    pub(super) fn numbers(&self, op: &'static str, channels: usize) -> Result<Vec<f64>> {
        match self.0.as_slice() {
            [] => Ok(vec![0.0; channels]),
            &[all] => Ok(vec![all; channels]),
            each if each.len() == channels => Ok(each.to_vec()),
            each => {
                let given = each.len();
                Err(Error::new(op, format!("fill has {given} numbers for a picture of {channels} channels"))
                    .hint("give one number, or one for each channel"))
            }
        }
    }

    /// Whether there is none.
    pub(super) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// A byte for each channel of `picture`.
    pub(super) fn bytes(&self, op: &'static str, picture: &Picture) -> Result<Vec<u8>> {
        // Casts cut, and keep to the range of a byte.
        Ok(self.numbers(op, picture.channels())?.into_iter().map(|v| v as u8).collect())
    }
}
