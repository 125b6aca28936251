//! A picture of bytes as Pillow holds it: rows of pixels, each pixel its channels, and the arithmetic that Pillow does on it.
mod color;
mod geometry;
mod hue;
mod resize;
mod tone;
mod warp;

pub use geometry::PaddingMode;
pub(crate) use resize::{Filter, Weights};
pub(crate) use warp::Source;

use tensor_core::{DType, Error, Result, Tensor};

/// `u8` pixels, row by row, the channels of a pixel side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// `height * width * channels` bytes, never none.
    pixels: Vec<u8>,
    height: usize,
    width: usize,
    channels: usize,
}

impl Picture {
    /// These pixels; `op` names who asks.
    pub(crate) fn new(op: &'static str, pixels: Vec<u8>, [height, width, channels]: [usize; 3]) -> Result<Picture> {
        let count = height.checked_mul(width).and_then(|n| n.checked_mul(channels));
        if count != Some(pixels.len()) || pixels.is_empty() {
            let got = pixels.len();
            return Err(Error::new(op, format!("a picture of {height}x{width} pixels of {channels} bytes, got {got}")));
        }
        Ok(Picture { pixels, height, width, channels })
    }

    /// The picture in a tensor `u8[channels, height, width]`; `None` for a tensor of floats.
    pub(crate) fn of(op: &'static str, x: &Tensor) -> Result<Option<Picture>> {
        if x.dtype().is_float() {
            return Ok(None);
        }
        let &[channels, height, width] = x.shape() else { return Err(not_a_picture(op, x)) };
        if x.dtype() != DType::U8 || x.numel() == 0 {
            return Err(not_a_picture(op, x));
        }
        // Decoded pictures already lie this way: then it is one copy.
        let pixels = x.permute([1, 2, 0])?.to_bytes()?;
        Ok(Some(Picture { pixels, height, width, channels }))
    }

    /// `u8[channels, height, width]`, a view of the pixels as they lie.
    pub(crate) fn tensor(&self) -> Result<Tensor> {
        Tensor::from_slice(&self.pixels, [self.height, self.width, self.channels])?.permute([2, 0, 1])
    }

    pub(crate) fn height(&self) -> usize {
        self.height
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    pub(crate) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Bytes in a row.
    fn stride(&self) -> usize {
        self.width * self.channels
    }

    fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.pixels.chunks_exact(self.stride())
    }

    /// The same size and channels, other bytes.
    fn with(&self, pixels: Vec<u8>) -> Picture {
        Picture { pixels, ..*self }
    }
}

/// What every transform says to a tensor that it cannot take.
pub(crate) fn not_a_picture(op: &'static str, x: &Tensor) -> Error {
    Error::new(op, "a picture is u8[channels, height, width], or floats [*, height, width], with at least one pixel")
        .operands([x])
}
