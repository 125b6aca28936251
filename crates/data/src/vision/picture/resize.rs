//! Resizing as Pillow does it: a filter that grows with the scale (so that shrinking is antialiased), weights in fixed
//! point, one pass along the rows and one along the columns, rounded to bytes in between. Only the part that is asked for
//! is computed.
use super::Picture;
use pulp::{Simd, WithSimd};
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
        let mut pixels = vec![0; height * width * self.channels];
        pulp::Arch::new().dispatch(Columns { picture: self, weights, rows, columns, out: &mut pixels });
        Picture { pixels, height, width, channels: self.channels }
    }

    /// `self` begins at row `top` of the picture that the weights are for.
    fn rows_of(&self, weights: &Weights<i32>, top: usize, rows: Range<usize>) -> Picture {
        let height = rows.len();
        let mut pixels = vec![0; height * self.stride()];
        pulp::Arch::new().dispatch(Rows { picture: self, weights, top, rows, out: &mut pixels });
        Picture { pixels, height, ..*self }
    }
}

struct Rows<'a> {
    picture: &'a Picture,
    weights: &'a Weights<i32>,
    top: usize,
    rows: Range<usize>,
    out: &'a mut [u8],
}

impl WithSimd for Rows<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let stride = self.picture.stride();
        let mut sums = vec![0; stride];
        for (row, out) in self.rows.zip(self.out.chunks_exact_mut(stride)) {
            let (first, weights) = self.weights.of(row);
            weigh(&self.picture.pixels[(first - self.top) * stride..], weights, &mut sums, out);
        }
    }
}

/// How many rows are turned at once: few enough to stay in the nearest cache.
const TURNED: usize = 16;

struct Columns<'a> {
    picture: &'a Picture,
    weights: &'a Weights<i32>,
    rows: Range<usize>,
    columns: Range<usize>,
    out: &'a mut [u8],
}

impl WithSimd for Columns<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        // Copies of a size that is known are moves.
        match self.picture.channels {
            1 => self.weigh(1),
            3 => self.weigh(3),
            4 => self.weigh(4),
            channels => self.weigh(channels),
        }
    }
}

impl Columns<'_> {
    /// The pixels of a column lie apart. A few rows are turned so that they lie side by side, and turned back afterwards.
    #[inline(always)]
    fn weigh(self, channels: usize) {
        let Columns { picture, weights, rows, columns, out } = self;
        let (stride, width, line) = (picture.stride(), columns.len() * channels, TURNED * channels);
        let needed = weights.needed(&columns);
        let mut turned = vec![0; needed.len() * line];
        let (mut sums, mut bytes) = (vec![0; line], vec![0; line]);
        let blocks = picture.pixels[rows.start * stride..].chunks(TURNED * stride);
        for (out, block) in out.chunks_mut(TURNED * width).zip(blocks) {
            for (y, row) in block.chunks_exact(stride).enumerate() {
                let pixels = row[needed.start * channels..].chunks_exact(channels);
                for (pixel, line) in pixels.zip(turned.chunks_exact_mut(line)) {
                    line[y * channels..][..channels].copy_from_slice(pixel);
                }
            }
            for (x, column) in columns.clone().enumerate() {
                let (first, weights) = weights.of(column);
                weigh(&turned[(first - needed.start) * line..], weights, &mut sums, &mut bytes);
                for (row, pixel) in out.chunks_exact_mut(width).zip(bytes.chunks_exact(channels)) {
                    row[x * channels..][..channels].copy_from_slice(pixel);
                }
            }
        }
    }
}

/// The sum of lines, each as long as `out`, times their weights.
#[inline(always)]
fn weigh(lines: &[u8], weights: &[i32], sums: &mut [i32], out: &mut [u8]) {
    sums.fill(1 << (POINT - 1));
    for (line, &w) in lines.chunks_exact(out.len()).zip(weights) {
        for (sum, &p) in sums.iter_mut().zip(line) {
            *sum += i32::from(p) * w;
        }
    }
    for (byte, &sum) in out.iter_mut().zip(&*sums) {
        *byte = to_byte(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every byte for itself, as the weights say it: `index` gives the place of tap `i` of byte `(y, x, c)`.
    fn pass(picture: &Picture, size: [usize; 2], of: usize, weights: &Weights<i32>) -> Picture {
        let [height, width] = size;
        let channels = picture.channels;
        let mut pixels = Vec::new();
        for (y, x, c) in (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..channels).map(move |c| (y, x, c)))) {
            let (first, weights) = weights.of([y, x][of]);
            let taps = weights.iter().enumerate().map(|(i, w)| {
                let [row, column] = if of == 0 { [first + i, x] } else { [y, first + i] };
                i32::from(picture.pixels[(row * picture.width + column) * channels + c]) * w
            });
            pixels.push(to_byte((1 << (POINT - 1)) + taps.sum::<i32>()));
        }
        Picture { pixels, height, width, channels }
    }

    proptest! {
        #[test]
        fn resizing_a_part_is_the_sum_of_taps(
            from in (1usize..40, 1usize..40),
            to in (1usize..40, 1usize..40),
            channels in 1usize..6,
            filter in prop_oneof![Just(Filter::Box), Just(Filter::Bilinear), Just(Filter::Bicubic), Just(Filter::Lanczos)],
            seed: u8,
        ) {
            let [(h, w), (height, width)] = [from, to];
            let pixels = (0..h * w * channels).map(|i| (i * i / 7 + i * usize::from(seed)) as u8).collect();
            let picture = Picture { pixels, height: h, width: w, channels };
            let (down, across) = (Weights::fixed(filter, h, height), Weights::fixed(filter, w, width));
            let [columns, rows] = [[h, width], [height, w]];
            let whole = match (h == height, w == width) {
                (true, true) => picture.clone(),
                (true, false) => pass(&picture, columns, 1, &across),
                (false, true) => pass(&picture, rows, 0, &down),
                // Rows first where they shrink much more.
                _ if h > height && 2 * (width as i64 - w as i64) > height as i64 - h as i64 => {
                    pass(&pass(&picture, rows, 0, &down), [height, width], 1, &across)
                }
                _ => pass(&pass(&picture, columns, 1, &across), [height, width], 0, &down),
            };
            let part = [height / 3..height, width / 4..width - width / 5];
            let expected = whole.part(part[0].clone(), part[1].clone());
            prop_assert_eq!(picture.resize([height, width], filter, part), expected);
        }
    }
}
