//! Whole pixels moved: crops, borders, mirrors, quarter turns, and the nearest pixel of a resize.
use super::Picture;

/// What lies beyond the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PaddingMode {
    /// One colour.
    #[default]
    Constant,
    /// The pixel at the edge.
    Edge,
    /// The picture mirrored at its last pixel: `3 2 | 1 2 3 4 | 3 2`.
    Reflect,
    /// The picture mirrored behind its last pixel: `2 1 | 1 2 3 4 | 4 3`.
    Symmetric,
}

impl PaddingMode {
    /// Which of `0..len` stands at `i`; `None` where it is the constant.
    pub(crate) fn source(self, i: isize, len: usize) -> Option<usize> {
        let n = len as isize;
        let folded = match self {
            _ if (0..n).contains(&i) => i,
            PaddingMode::Constant => return None,
            PaddingMode::Edge => i.clamp(0, n - 1),
            PaddingMode::Reflect if n == 1 => 0,
            // Both repeat: after the way there, the way back.
            PaddingMode::Reflect => (n - 1) - ((n - 1) - i.rem_euclid(2 * (n - 1))).abs(),
            PaddingMode::Symmetric => {
                let i = i.rem_euclid(2 * n);
                if i < n { i } else { 2 * n - 1 - i }
            }
        };
        Some(folded as usize)
    }
}

impl Picture {
    /// `size` pixels (height, width) whose first is `(top, left)`, which may lie outside; `mode` and `fill` (a byte for
    /// each channel) say what is there.
    pub(crate) fn window(&self, [top, left]: [isize; 2], size: [usize; 2], mode: PaddingMode, fill: &[u8]) -> Picture {
        let c = self.channels;
        let columns: Vec<Option<usize>> = (0..size[1]).map(|x| mode.source(left + x as isize, self.width)).collect();
        let mut pixels = Vec::with_capacity(size[0] * size[1] * c);
        // The columns that lie inside are copied in one go.
        let inside = left.clamp(0, self.width as isize) as usize
            ..(left + size[1] as isize).clamp(0, self.width as isize) as usize;
        let before = (inside.start as isize - left).clamp(0, size[1] as isize) as usize;
        let after = before + inside.len();
        for y in 0..size[0] {
            match mode.source(top + y as isize, self.height) {
                None => (0..size[1]).for_each(|_| pixels.extend_from_slice(fill)),
                Some(row) => {
                    let row = &self.pixels[row * self.stride()..(row + 1) * self.stride()];
                    let pixel = |x: Option<usize>| x.map_or(fill, |x| &row[x * c..(x + 1) * c]);
                    columns[..before].iter().for_each(|&x| pixels.extend_from_slice(pixel(x)));
                    pixels.extend_from_slice(&row[inside.start * c..inside.end * c]);
                    columns[after..].iter().for_each(|&x| pixels.extend_from_slice(pixel(x)));
                }
            }
        }
        Picture { pixels, height: size[0], width: size[1], channels: c }
    }

    /// Mirrored left to right.
    pub(crate) fn hflip(&self) -> Picture {
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for row in self.rows() {
            match self.channels {
                3 => row.as_chunks::<3>().0.iter().rev().for_each(|p| pixels.extend_from_slice(p)),
                c => row.chunks_exact(c).rev().for_each(|p| pixels.extend_from_slice(p)),
            }
        }
        self.with(pixels)
    }

    /// Mirrored top to bottom.
    pub(crate) fn vflip(&self) -> Picture {
        self.with(self.rows().rev().flatten().copied().collect())
    }

    /// Width and height exchanged: the mirror image at the main diagonal.
    pub(crate) fn transposed(&self) -> Picture {
        let c = self.channels;
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for x in 0..self.width {
            self.rows().for_each(|row| pixels.extend_from_slice(&row[x * c..(x + 1) * c]));
        }
        Picture { pixels, height: self.width, width: self.height, channels: c }
    }

    /// Turned by so many quarters against the clock.
    pub(crate) fn turned(&self, quarters: usize) -> Picture {
        match quarters % 4 {
            0 => self.clone(),
            1 => self.transposed().vflip(),
            2 => self.hflip().vflip(),
            _ => self.transposed().hflip(),
        }
    }

    /// As many pixels as `size` (height, width) says, each the nearest of this picture.
    pub(crate) fn resize_nearest(&self, size: [usize; 2]) -> Picture {
        let (rows, columns) = (nearest(self.height, size[0]), nearest(self.width, size[1]));
        let c = self.channels;
        let mut pixels = Vec::with_capacity(size[0] * size[1] * c);
        for y in rows {
            let row = &self.pixels[y * self.stride()..(y + 1) * self.stride()];
            columns.iter().for_each(|&x| pixels.extend_from_slice(&row[x * c..(x + 1) * c]));
        }
        Picture { pixels, height: size[0], width: size[1], channels: c }
    }
}

// Positions are added up, not multiplied, as in Pillow: the last bits decide ties.
fn nearest(from: usize, to: usize) -> Vec<usize> {
    let step = from as f64 / to as f64;
    let mut at = step * 0.5;
    let mut sources = Vec::with_capacity(to);
    for _ in 0..to {
        sources.push((at as usize).min(from - 1));
        at += step;
    }
    sources
}
