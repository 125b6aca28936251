//! What a chain of transforms passes along: a tensor, or a picture with what is still to be done to it. A resize waits for
//! the crop behind it, and computes only what the crop keeps; becoming floats waits for the normalization.
use super::picture::{Filter, PaddingMode, Picture};
use super::{Size, functional};
use std::ops::Range;
use tensor_core::{DType, Error, Result, Tensor};

/// A sample on its way through a chain of transforms; see [`crate::Transform::step`].
#[derive(Clone, Debug)]
pub struct Stage(State);

#[derive(Clone, Debug)]
enum State {
    Tensor(Tensor),
    Picture(Waiting),
    /// To become floats, then `(x - mean) / std` for each channel.
    Floats(Waiting, Option<(Vec<f64>, Vec<f64>)>),
}

/// A picture to be resized to `size`, of which `part` (rows, columns) is kept.
#[derive(Clone, Debug)]
struct Waiting {
    picture: Picture,
    filter: Filter,
    size: [usize; 2],
    part: [Range<usize>; 2],
}

impl Waiting {
    fn new(picture: Picture) -> Waiting {
        let size = [picture.height(), picture.width()];
        Waiting { picture, filter: Filter::Bilinear, size, part: [0..size[0], 0..size[1]] }
    }

    fn size(&self) -> [usize; 2] {
        [self.part[0].len(), self.part[1].len()]
    }

    fn is_untouched(&self) -> bool {
        self.size == [self.picture.height(), self.picture.width()] && self.size() == self.size
    }

    fn done(self) -> Picture {
        if self.is_untouched() {
            return self.picture;
        }
        self.picture.resize(self.size, self.filter, self.part)
    }
}

impl From<Tensor> for Stage {
    fn from(x: Tensor) -> Stage {
        Stage(State::Tensor(x))
    }
}

impl From<Picture> for Stage {
    fn from(picture: Picture) -> Stage {
        Stage(State::Picture(Waiting::new(picture)))
    }
}

impl Stage {
    /// What it is by now.
    pub fn tensor(self) -> Result<Tensor> {
        match self.0 {
            State::Tensor(x) => Ok(x),
            State::Picture(waiting) => waiting.done().tensor(),
            State::Floats(waiting, scale) => floats(&waiting.done(), scale),
        }
    }

    /// A picture of bytes, if it is one.
    fn waiting(self, op: &'static str) -> Result<std::result::Result<Waiting, Stage>> {
        Ok(match self.0 {
            State::Picture(waiting) => Ok(waiting),
            State::Tensor(x) => match Picture::of(op, &x)? {
                Some(picture) => Ok(Waiting::new(picture)),
                None => Err(Stage(State::Tensor(x))),
            },
            floats @ State::Floats(..) => Err(Stage(floats)),
        })
    }

    /// Height and width.
    pub(super) fn size(&self, op: &'static str) -> Result<[usize; 2]> {
        match &self.0 {
            State::Tensor(x) => functional::size(op, x),
            State::Picture(waiting) | State::Floats(waiting, _) => Ok(waiting.size()),
        }
    }

    pub(super) fn resize(self, size: Size, filter: Filter, longest: Option<usize>) -> Result<Stage> {
        let mut waiting = match self.waiting("resize")? {
            Ok(waiting) => waiting,
            Err(floats) => {
                let x = floats.tensor()?;
                let size = size.of(functional::size("resize", &x)?, longest)?;
                return super::floats::resize(&x, size, filter).map(Stage::from);
            }
        };
        let size = size.of(waiting.size(), longest)?;
        if !waiting.is_untouched() {
            waiting = Waiting::new(waiting.done());
        }
        let part = [0..size[0], 0..size[1]];
        Ok(Stage(State::Picture(Waiting { filter, size, part, ..waiting })))
    }

    /// `size` pixels from `(top, left)`; zeros where that is outside.
    pub(super) fn crop(self, [top, left]: [isize; 2], size: [usize; 2]) -> Result<Stage> {
        let mut waiting = match self.waiting("crop")? {
            Ok(waiting) => waiting,
            Err(floats) => return super::floats::crop(&floats.tensor()?, [top, left], size).map(Stage::from),
        };
        let inside = |start: isize, len: usize, of: &Range<usize>| {
            let start = usize::try_from(start).ok()? + of.start;
            (len > 0 && start + len <= of.end).then_some(start..start + len)
        };
        match (inside(top, size[0], &waiting.part[0]), inside(left, size[1], &waiting.part[1])) {
            (Some(rows), Some(columns)) => {
                waiting.part = [rows, columns];
                Ok(Stage(State::Picture(waiting)))
            }
            _ => {
                let picture = waiting.done();
                let black = vec![0; picture.channels()];
                functional::check_size("crop", size)?;
                Ok(picture.window([top, left], size, PaddingMode::Constant, &black).into())
            }
        }
    }

    pub(super) fn hflip(self) -> Result<Stage> {
        match self.waiting("hflip")? {
            Ok(waiting) => Ok(waiting.done().hflip().into()),
            Err(floats) => Ok(floats.tensor()?.flip(-1)?.into()),
        }
    }

    pub(super) fn into_floats(self) -> Result<Stage> {
        // Several pictures, as five crops make them.
        if let State::Tensor(x) = &self.0
            && x.dtype() == DType::U8
            && x.dim() > 3
        {
            return Ok(x.to_dtype(DType::F32)?.div(255.0)?.into());
        }
        match self.waiting("ToTensor")? {
            Ok(waiting) => Ok(Stage(State::Floats(waiting, None))),
            Err(floats) => Ok(floats),
        }
    }

    pub(super) fn normalize(self, mean: &[f64], std: &[f64]) -> Result<Stage> {
        match self.0 {
            State::Floats(waiting, None) if [mean.len(), std.len()] == [waiting.picture.channels(); 2] => {
                Ok(Stage(State::Floats(waiting, Some((mean.to_vec(), std.to_vec())))))
            }
            state => super::floats::normalize(&Stage(state).tensor()?, mean, std).map(Stage::from),
        }
    }
}

/// `f32[channels, height, width]`: a byte over 255, and normalized where `scale` says how. There are 256 results for each
/// channel, so each is computed once, in the order of roundings of the two transforms.
fn floats(picture: &Picture, scale: Option<(Vec<f64>, Vec<f64>)>) -> Result<Tensor> {
    let (height, width, channels) = (picture.height(), picture.width(), picture.channels());
    let mut tables = vec![[0.0f32; 256]; channels];
    for (c, table) in tables.iter_mut().enumerate() {
        for (byte, value) in table.iter_mut().enumerate() {
            let x = byte as f32 / 255.0;
            *value = match &scale {
                None => x,
                Some((mean, std)) => (x - mean[c] as f32) / std[c] as f32,
            };
        }
    }
    if scale.is_some_and(|(_, std)| std.contains(&0.0)) {
        return Err(Error::new("Normalize", "a std is 0: it divides"));
    }
    let mut values = vec![0.0f32; picture.pixels().len()];
    let plane = height * width;
    match (picture.pixels().as_chunks::<3>().0, tables.as_slice()) {
        (pixels, [red, green, blue]) => {
            let (r, rest) = values.split_at_mut(plane);
            let (g, b) = rest.split_at_mut(plane);
            for (((pixel, r), g), b) in pixels.iter().zip(r).zip(g).zip(b) {
                *r = red[usize::from(pixel[0])];
                *g = green[usize::from(pixel[1])];
                *b = blue[usize::from(pixel[2])];
            }
        }
        _ => {
            for (i, pixel) in picture.pixels().chunks_exact(channels).enumerate() {
                for (c, (&byte, table)) in pixel.iter().zip(&tables).enumerate() {
                    values[c * plane + i] = table[usize::from(byte)];
                }
            }
        }
    }
    Tensor::from_slice(&values, [channels, height, width])
}
