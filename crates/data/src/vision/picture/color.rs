//! Colours mixed with a degenerate picture, as Pillow's `ImageEnhance` does, and grey.
use super::Picture;

/// The luma of ITU-R 601-2, in fixed point.
#[inline(always)]
pub(crate) fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 0x8000) >> 16) as u8
}

impl Picture {
    /// One channel of grey; other than three channels are grey already.
    pub(crate) fn grey(&self) -> Picture {
        match self.channels {
            3 => {
                let pixels = self.pixels.as_chunks::<3>().0.iter().map(|&p| luma(p)).collect();
                Picture { pixels, channels: 1, ..*self }
            }
            _ => self.clone(),
        }
    }

    /// The first channel as often as `channels` says.
    pub(crate) fn spread(&self, channels: usize) -> Picture {
        let first = self.pixels.chunks_exact(self.channels).map(|p| p[0]);
        let pixels = first.flat_map(|v| std::iter::repeat_n(v, channels)).collect();
        Picture { pixels, channels, ..*self }
    }

    /// Only the first `channels` of those there are.
    pub(crate) fn take_channels(&self, channels: usize) -> Picture {
        let pixels = self.pixels.chunks_exact(self.channels).flat_map(|p| &p[..channels]).copied().collect();
        Picture { pixels, channels, ..*self }
    }

    /// Three channels and an opaque one; a second or fourth channel is alpha.
    pub(crate) fn with_alpha(&self) -> Picture {
        let four = |p: &[u8]| match *p {
            [v, a] => [v, v, v, a],
            [r, g, b] => [r, g, b, 255],
            [r, g, b, a] => [r, g, b, a],
            _ => [p[0], p[0], p[0], 255],
        };
        let pixels = self.pixels.chunks_exact(self.channels).flat_map(four).collect();
        Picture { pixels, channels: 4, ..*self }
    }

    /// `other + factor * (self - other)`, byte by byte; `other` has the bytes of this picture, or repeats.
    fn away_from(&self, other: impl Iterator<Item = u8>, factor: f32) -> Picture {
        // No factor between 0 and 1 leaves the range of bytes; the cast keeps the others to it. It cuts, as Pillow does.
        let mix = |(b, &a): (u8, &u8)| (f32::from(b) + factor * (f32::from(a) - f32::from(b))) as u8;
        self.with(other.zip(&self.pixels).map(mix).collect())
    }

    /// Away from black.
    pub(crate) fn brightness(&self, factor: f64) -> Picture {
        self.away_from(std::iter::repeat(0), factor as f32)
    }

    /// Away from the mean grey.
    pub(crate) fn contrast(&self, factor: f64) -> Picture {
        let grey = self.grey();
        let sum: u64 = grey.pixels.iter().map(|&v| u64::from(v)).sum();
        let mean = (sum as f64 / grey.pixels.len() as f64 + 0.5) as u8;
        self.away_from(std::iter::repeat(mean), factor as f32)
    }

    /// Away from its own grey.
    pub(crate) fn saturation(&self, factor: f64) -> Picture {
        self.away_from(self.grey().spread(self.channels).pixels.into_iter(), factor as f32)
    }

    /// Away from a smoothed one.
    pub(crate) fn sharpness(&self, factor: f64) -> Picture {
        self.away_from(self.smoothed().pixels.into_iter(), factor as f32)
    }

    // Every pixel with its eight neighbours, itself five times; the border stays.
    fn smoothed(&self) -> Picture {
        let (stride, c) = (self.stride(), self.channels);
        let mut pixels = self.pixels.clone();
        if self.height < 3 || self.width < 3 {
            return self.with(pixels);
        }
        let (one, five) = (1.0f32 / 13.0, 5.0f32 / 13.0);
        for y in 1..self.height - 1 {
            for x in c..stride - c {
                let row = |y: usize, middle: f32| {
                    let at = |x: usize| f32::from(self.pixels[y * stride + x]);
                    at(x - c) * one + at(x) * middle + at(x + c) * one
                };
                let mut sum = 0.5f32;
                sum += row(y + 1, one);
                sum += row(y, five);
                sum += row(y - 1, one);
                pixels[y * stride + x] = sum as u8;
            }
        }
        self.with(pixels)
    }
}
