//! Resizing as Pillow does it: a filter that grows with the scale (so that shrinking is antialiased), weights in fixed
//! point, one pass along the rows and one along the columns, rounded to bytes in between. Only the part that is asked for
//! is computed.
use super::Picture;
use std::ops::Range;

/// How pixels between pixels are made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    Box,
    Bilinear,
    Hamming,
    Bicubic,
    Lanczos,
}

impl Filter {
    /// How far it reaches, in pixels of the coarser side.
    fn support(self) -> f64 {
        match self {
            Filter::Box => 0.5,
            Filter::Bilinear | Filter::Hamming => 1.0,
            Filter::Bicubic => 2.0,
            Filter::Lanczos => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        let sinc = |x: f64| if x == 0.0 { 1.0 } else { (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI) };
        let t = x.abs();
        match self {
            Filter::Box => f64::from(x > -0.5 && x <= 0.5),
            Filter::Bilinear => (1.0 - t).max(0.0),
            Filter::Hamming if t == 0.0 => 1.0,
            Filter::Hamming if t >= 1.0 => 0.0,
            Filter::Hamming => sinc(t) * (0.54 + 0.46 * (t * std::f64::consts::PI).cos()),
            // Keys' cubic with a = -0.5.
            Filter::Bicubic if t < 1.0 => (1.5 * t - 2.5) * t * t + 1.0,
            Filter::Bicubic if t < 2.0 => ((t - 5.0) * t + 8.0) * t * -0.5 + 2.0,
            Filter::Bicubic => 0.0,
            Filter::Lanczos if t < 3.0 => sinc(x) * sinc(x / 3.0),
            Filter::Lanczos => 0.0,
        }
    }
}

/// For each pixel of a line of `to` pixels made of one of `from`: the first pixel it is made of, and their weights.
#[derive(Clone, Debug)]
pub(crate) struct Weights<T> {
    first: Vec<usize>,
    count: Vec<usize>,
    /// `taps` for each, those past `count` zero.
    values: Vec<T>,
    taps: usize,
}

impl Weights<f64> {
    pub(crate) fn new(filter: Filter, from: usize, to: usize) -> Weights<f64> {
        let scale = from as f64 / to as f64;
        let stretch = scale.max(1.0);
        let support = filter.support() * stretch;
        let taps = support.ceil() as usize * 2 + 1;
        let mut weights = Weights { first: Vec::new(), count: Vec::new(), values: vec![0.0; taps * to], taps };
        for (out, values) in weights.values.chunks_exact_mut(taps).enumerate() {
            let center = (out as f64 + 0.5) * scale;
            // Casts to integers round towards zero and keep below zero at zero.
            let first = (center - support + 0.5) as usize;
            let end = ((center + support + 0.5) as usize).min(from);
            let count = end.saturating_sub(first).min(taps);
            let values = &mut values[..count];
            for (i, value) in values.iter_mut().enumerate() {
                *value = filter.weight(((i + first) as f64 - center + 0.5) / stretch);
            }
            let sum: f64 = values.iter().sum();
            if sum != 0.0 {
                values.iter_mut().for_each(|value| *value /= sum);
            }
            weights.first.push(first);
            weights.count.push(count);
        }
        weights
    }
}

// The position of the point: 8 bits of the pixel, two of head room, the rest of 32.
const POINT: u32 = 32 - 8 - 2;

impl Weights<i32> {
    fn fixed(filter: Filter, from: usize, to: usize) -> Weights<i32> {
        let Weights { first, count, values, taps } = Weights::new(filter, from, to);
        let fixed = |w: f64| (w * f64::from(1 << POINT) + if w < 0.0 { -0.5 } else { 0.5 }) as i32;
        Weights { first, count, values: values.into_iter().map(fixed).collect(), taps }
    }
}

impl<T> Weights<T> {
    /// The first pixel of output `out`, and the weights from there.
    pub(crate) fn of(&self, out: usize) -> (usize, &[T]) {
        (self.first[out], &self.values[out * self.taps..][..self.count[out]])
    }

    /// The same for a line that begins at pixel `start`, of outputs that need none before.
    fn from(mut self, start: usize) -> Weights<T> {
        self.first.iter_mut().for_each(|first| *first = first.saturating_sub(start));
        self
    }

    /// The pixels that these outputs are made of.
    fn needed(&self, outputs: &Range<usize>) -> Range<usize> {
        let last = outputs.end - 1;
        self.first[outputs.start]..self.first[last] + self.count[last]
    }
}

#[inline(always)]
fn to_byte(sum: i32) -> u8 {
    (sum >> POINT).clamp(0, 255) as u8
}

impl Picture {
    /// The rows and columns `part` of this picture resized to `size` (height, width): the same bytes as resizing all and
    /// cropping. Neither range is empty or reaches past `size`.
    pub(crate) fn resize(&self, size: [usize; 2], filter: Filter, [rows, columns]: [Range<usize>; 2]) -> Picture {
        let (down, across) = (size[0] != self.height, size[1] != self.width);
        let weights = |from, to| Weights::fixed(filter, from, to);
        match (down, across) {
            (false, false) => self.part(rows, columns),
            (false, true) => self.columns(&weights(self.width, size[1]), rows, columns),
            (true, false) => self.part(0..self.height, columns).rows_of(&weights(self.height, size[0]), 0, rows),
            (true, true) => {
                let (down, across) = (weights(self.height, size[0]), weights(self.width, size[1]));
                // Both passes round, so their order shows. Columns go first, but where rows shrink much more than columns.
                let [more, less] = [[size[1], self.width], [self.height, size[0]]].map(|[a, b]| a as i64 - b as i64);
                if less > 0 && 2 * more > -less {
                    let needed = across.needed(&columns);
                    let low = self.part(0..self.height, needed.clone()).rows_of(&down, 0, rows);
                    let height = low.height;
                    return low.columns(&across.from(needed.start), 0..height, columns);
                }
                let needed = down.needed(&rows);
                self.columns(&across, needed.clone(), columns).rows_of(&down, needed.start, rows)
            }
        }
    }

    /// A part without change.
    fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Picture {
        let (height, width) = (rows.len(), columns.len());
        let mut pixels = Vec::with_capacity(height * width * self.channels);
        for row in self.rows().skip(rows.start).take(height) {
            pixels.extend_from_slice(&row[columns.start * self.channels..columns.end * self.channels]);
        }
        Picture { pixels, height, width, channels: self.channels }
    }

    fn columns(&self, weights: &Weights<i32>, rows: Range<usize>, columns: Range<usize>) -> Picture {
        let (height, width) = (rows.len(), columns.len());
        let stride = width * self.channels;
        let mut pixels = vec![0; height * stride];
        let lines = pixels.chunks_exact_mut(stride).zip(self.rows().skip(rows.start));
        match self.channels {
            1 => lines.for_each(|(out, line)| across::<1>(line, weights, columns.start, out)),
            3 => {
                // Four bytes are read for each pixel, one more than it has.
                let mut padded = vec![0; self.stride() + 1];
                pulp::Arch::new().dispatch(|| {
                    for (out, line) in lines {
                        padded[..line.len()].copy_from_slice(line);
                        across_three(&padded, weights, columns.start, out);
                    }
                });
            }
            4 => lines.for_each(|(out, line)| across::<4>(line, weights, columns.start, out)),
            channels => {
                for (out, line) in lines {
                    for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
                        let (first, weights) = weights.of(columns.start + x);
                        for (c, byte) in pixel.iter_mut().enumerate() {
                            let taps = line[first * channels..].iter().skip(c).step_by(channels);
                            let sum: i32 = taps.zip(weights).map(|(&p, &w)| i32::from(p) * w).sum();
                            *byte = to_byte(sum + (1 << (POINT - 1)));
                        }
                    }
                }
            }
        }
        Picture { pixels, height, width, channels: self.channels }
    }

    /// `self` begins at row `top` of the picture that the weights are for.
    fn rows_of(&self, weights: &Weights<i32>, top: usize, rows: Range<usize>) -> Picture {
        let (height, stride) = (rows.len(), self.stride());
        let mut pixels = vec![0; height * stride];
        let mut sums = vec![0i32; stride];
        pulp::Arch::new().dispatch(|| {
            for (row, out) in rows.zip(pixels.chunks_exact_mut(stride)) {
                sums.fill(1 << (POINT - 1));
                let (first, weights) = weights.of(row);
                for (line, &w) in self.pixels[(first - top) * stride..].chunks_exact(stride).zip(weights) {
                    for (sum, &p) in sums.iter_mut().zip(line) {
                        *sum += i32::from(p) * w;
                    }
                }
                for (byte, &sum) in out.iter_mut().zip(&sums) {
                    *byte = to_byte(sum);
                }
            }
        });
        Picture { pixels, height, ..*self }
    }
}

fn across<const C: usize>(line: &[u8], weights: &Weights<i32>, start: usize, out: &mut [u8]) {
    let (line, out) = (line.as_chunks::<C>().0, out.as_chunks_mut::<C>().0);
    for (x, pixel) in out.iter_mut().enumerate() {
        let (first, weights) = weights.of(start + x);
        let mut sums = [1 << (POINT - 1); C];
        for (taken, &w) in line[first..].iter().zip(weights) {
            for (sum, &p) in sums.iter_mut().zip(taken) {
                *sum += i32::from(p) * w;
            }
        }
        *pixel = sums.map(to_byte);
    }
}

// Three channels as four lanes, the last of which is the next pixel's and is dropped: twice as fast as three.
#[inline(always)]
fn across_three(line: &[u8], weights: &Weights<i32>, start: usize, out: &mut [u8]) {
    for (x, pixel) in out.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let (first, weights) = weights.of(start + x);
        let mut sums = [1 << (POINT - 1); 4];
        let taken = &line[3 * first..3 * (first + weights.len()) + 1];
        for (i, &w) in weights.iter().enumerate() {
            let Some(four) = taken[3 * i..].first_chunk::<4>() else { break };
            for (sum, &p) in sums.iter_mut().zip(four) {
                *sum += i32::from(p) * w;
            }
        }
        let [r, g, b, _] = sums.map(to_byte);
        *pixel = [r, g, b];
    }
}
