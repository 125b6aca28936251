//! Pictures pulled through an affine or a perspective map, as Pillow's `Image.transform` does.
use super::Picture;
use crate::vision::Interpolation;

/// From a pixel of the result to a point of the source, both counted from the top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Source {
    /// `x' = a x + b y + c`, `y' = d x + e y + f`.
    Affine([f64; 6]),
    /// The same over `g x + h y + 1`.
    Perspective([f64; 8]),
}

impl Source {
    /// The point of the source for a point of the result.
    pub(crate) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        match *self {
            Source::Affine([a, b, c, d, e, f]) => (a * x + b * y + c, d * x + e * y + f),
            Source::Perspective([a, b, c, d, e, f, g, h]) => {
                let w = g * x + h * y + 1.0;
                ((a * x + b * y + c) / w, (d * x + e * y + f) / w)
            }
        }
    }
}

impl Picture {
    /// A picture of `size` (height, width) whose pixels come from `source`; `fill` (a byte for each channel) where that
    /// is outside.
    pub(crate) fn warp(&self, source: Source, size: [usize; 2], how: Interpolation, fill: &[u8]) -> Picture {
        let c = self.channels;
        let mut pixels = Vec::with_capacity(size[0] * size[1] * c);
        (0..size[0] * size[1]).for_each(|_| pixels.extend_from_slice(fill));
        let out = Picture { pixels, height: size[0], width: size[1], channels: c };
        match (how, source) {
            (Interpolation::Bilinear, _) => self.sample(out, source, |x, y, pixel| self.bilinear(x, y, pixel)),
            (Interpolation::Bicubic, _) => self.sample(out, source, |x, y, pixel| self.bicubic(x, y, pixel)),
            (_, Source::Affine(a)) if fits_fixed(&a, size) => self.nearest_fixed(out, &a),
            // Without the other coordinate, positions are added up rather than multiplied.
            (_, Source::Affine([a, b, x, d, e, y])) if b == 0.0 && d == 0.0 => self.stretch(out, [a, x, e, y]),
            _ => self.sample(out, source, |x, y, pixel| self.nearest(x, y, pixel)),
        }
    }

    fn sample(&self, mut out: Picture, source: Source, read: impl Fn(f64, f64, &mut [u8])) -> Picture {
        let (width, c) = (out.width, out.channels);
        for (i, pixel) in out.pixels.chunks_exact_mut(c).enumerate() {
            let (x, y) = source.at((i % width) as f64 + 0.5, (i / width) as f64 + 0.5);
            if x >= 0.0 && x < self.width as f64 && y >= 0.0 && y < self.height as f64 {
                read(x, y, pixel);
            }
        }
        out
    }

    fn nearest(&self, x: f64, y: f64, pixel: &mut [u8]) {
        let at = (y as usize * self.width + x as usize) * self.channels;
        pixel.copy_from_slice(&self.pixels[at..at + self.channels]);
    }

    fn bilinear(&self, x: f64, y: f64, pixel: &mut [u8]) {
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (dx, dy) = (x - left, y - top);
        for (channel, byte) in pixel.iter_mut().enumerate() {
            let tap = |row: f64, column: f64| self.clipped(left + column, top + row, channel);
            let line = |row: f64| {
                let (a, b) = (tap(row, 0.0), tap(row, 1.0));
                a + (b - a) * dx
            };
            let (above, below) = (line(0.0), line(1.0));
            *byte = (above + (below - above) * dy) as u8;
        }
    }

    fn bicubic(&self, x: f64, y: f64, pixel: &mut [u8]) {
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (dx, dy) = (x - left, y - top);
        for (channel, byte) in pixel.iter_mut().enumerate() {
            let tap = |row: f64, column: f64| self.clipped(left + column, top + row, channel);
            let line = |row: f64| cubic([-1.0, 0.0, 1.0, 2.0].map(|column| tap(row, column)), dx);
            // The cast keeps to 0..=255.
            *byte = cubic([-1.0, 0.0, 1.0, 2.0].map(line), dy) as u8;
        }
    }

    /// A byte of the pixel at `(x, y)`, or at the edge nearest to it.
    fn clipped(&self, x: f64, y: f64, channel: usize) -> f64 {
        let x = x.clamp(0.0, (self.width - 1) as f64) as usize;
        let y = y.clamp(0.0, (self.height - 1) as f64) as usize;
        f64::from(self.pixels[(y * self.width + x) * self.channels + channel])
    }

    // In 16.16 fixed point: ties fall as they do in Pillow.
    fn nearest_fixed(&self, mut out: Picture, &[a, b, c, d, e, f]: &[f64; 6]) -> Picture {
        let fix = |v: f64| (v * 65536.0 + 0.5).floor() as i64;
        // Half a pixel to the middle.
        let (mut x_row, mut y_row) = (fix(c + a * 0.5 + b * 0.5), fix(f + d * 0.5 + e * 0.5));
        let [a, b, d, e] = [a, b, d, e].map(fix);
        let (stride, channels) = (out.stride(), out.channels);
        for row in out.pixels.chunks_exact_mut(stride) {
            let (mut x, mut y) = (x_row, y_row);
            for pixel in row.chunks_exact_mut(channels) {
                let (column, line) = (x >> 16, y >> 16);
                if (0..self.width as i64).contains(&column) && (0..self.height as i64).contains(&line) {
                    let at = (line as usize * self.width + column as usize) * channels;
                    pixel.copy_from_slice(&self.pixels[at..at + channels]);
                }
                x += a;
                y += d;
            }
            x_row += b;
            y_row += e;
        }
        out
    }

    fn stretch(&self, mut out: Picture, [a, x, e, y]: [f64; 4]) -> Picture {
        let places = |step: f64, start: f64, count: usize, len: usize| -> Vec<Option<usize>> {
            let mut at = start + step * 0.5;
            let next = |_| {
                let here = (at >= 0.0 && at < len as f64).then_some(at as usize);
                at += step;
                here
            };
            (0..count).map(next).collect()
        };
        let columns = places(a, x, out.width, self.width);
        let lines = places(e, y, out.height, self.height);
        let (stride, channels) = (out.stride(), out.channels);
        for (row, line) in out.pixels.chunks_exact_mut(stride).zip(lines) {
            for (pixel, &column) in row.chunks_exact_mut(channels).zip(&columns) {
                if let (Some(line), Some(column)) = (line, column) {
                    let at = (line * self.width + column) * channels;
                    pixel.copy_from_slice(&self.pixels[at..at + channels]);
                }
            }
        }
        out
    }
}

// Whether every point of the map has room in 16.16; a mere stretch is done with floats.
fn fits_fixed(&[a, b, c, d, e, f]: &[f64; 6], [height, width]: [usize; 2]) -> bool {
    let (w, h) = (width as f64, height as f64);
    let inside = |(x, y): (f64, f64)| (x * a + y * b + c).abs() < 32768.0 && (x * d + y * e + f).abs() < 32768.0;
    (b != 0.0 || d != 0.0) && [(0.0, 0.0), (w, h), (0.0, h), (w, 0.0)].into_iter().all(inside)
}

fn cubic([v1, v2, v3, v4]: [f64; 4], d: f64) -> f64 {
    let p2 = -v1 + v3;
    let p3 = 2.0 * (v1 - v2) + v3 - v4;
    let p4 = -v1 + v2 - v3 + v4;
    v2 + d * (p2 + d * (p3 + d * p4))
}
