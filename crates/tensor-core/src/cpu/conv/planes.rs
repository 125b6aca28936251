//! Depthwise convolution in steps of 1 over padded planes. When the outputs are written at the distances of the padded
//! input's rows, a kernel element is one shift of the whole plane: `y[i] += w[tap] x[i + shift[tap]]` in a single long
//! loop. What falls between the rows is computed too, and left out in the end.
use super::{super::simd::dispatch, Geometry, Real};
use pulp::{Simd, WithSimd};

/// The sizes of a plane, and where its kernel elements read.
pub(super) struct Planes {
    input: [usize; 2],
    padding: [usize; 2],
    output: [usize; 2],
    /// The width of the padded input, at which outputs are written too.
    step: usize,
    /// Elements of the padded input.
    padded: usize,
    /// From the first output to the last.
    reach: usize,
    shifts: Vec<usize>,
}

/// `f(y[i], x[i])` for all `i`.
struct Pairs<'a, T, F>(&'a mut [T], &'a [T], F);
impl<T: Copy, F: Fn(T, T) -> T> WithSimd for Pairs<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Pairs(y, x, f) = self;
        let n = y.len().min(x.len());
        let (y, x) = (&mut y[..n], &x[..n]);
        for i in 0..n {
            y[i] = f(y[i], x[i]);
        }
    }
}

struct Dot<'a, T>(&'a [T], &'a [T]);
impl<T: Real> WithSimd for Dot<'_, T> {
    type Output = T;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> T {
        const LANES: usize = 64;
        let Dot(a, b) = self;
        let mut lanes = [T::default(); LANES];
        let (a, a_rest) = a.as_chunks::<LANES>();
        let (b, b_rest) = b.as_chunks::<LANES>();
        for (a, b) in a.iter().zip(b) {
            for i in 0..LANES {
                lanes[i] += a[i] * b[i];
            }
        }
        let rest = a_rest.iter().zip(b_rest).fold(T::default(), |sum, (&a, &b)| sum + a * b);
        lanes.into_iter().fold(rest, |sum, lane| sum + lane)
    }
}

impl Planes {
    /// `None` where the kernel moves in larger steps, or in three dims.
    pub(super) fn new(g: &Geometry) -> Option<Planes> {
        let flat = g.input[0] == 1 && g.kernel[0] == 1 && g.padding[0] == 0;
        if !flat || g.stride != [1; 3] || g.pixels() == 0 {
            return None;
        }
        let two = |sizes: [usize; 3]| [sizes[1], sizes[2]];
        let (input, padding, output) = (two(g.input), two(g.padding), two(g.output));
        let step = input[1] + 2 * padding[1];
        let taps = (0..g.kernel[1]).flat_map(|i| (0..g.kernel[2]).map(move |j| (i, j)));
        Some(Planes {
            input,
            padding,
            output,
            step,
            padded: (input[0] + 2 * padding[0]) * step,
            reach: (output[0] - 1) * step + output[1],
            shifts: taps.map(|(i, j)| i * g.dilation[1] * step + j * g.dilation[2]).collect(),
        })
    }

    /// Two zeroed pieces of memory: a padded input, and outputs at its distances.
    fn memory<'a, T: Real>(&self, memory: &'a mut Vec<T>) -> (&'a mut [T], &'a mut [T]) {
        memory.clear();
        memory.resize(self.padded + self.reach, T::default());
        memory.split_at_mut(self.padded)
    }

    /// Row by row: where it stands in the padded plane, and where in the plane.
    fn inner_rows(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let start = self.padding[0] * self.step + self.padding[1];
        (0..self.input[0]).map(move |i| (start + i * self.step, i * self.input[1]))
    }
    fn pad<T: Real>(&self, x: &[T], to: &mut [T]) {
        for (at, from) in self.inner_rows() {
            to[at..at + self.input[1]].copy_from_slice(&x[from..from + self.input[1]]);
        }
    }
    fn spread<T: Real>(&self, dy: &[T], to: &mut [T]) {
        for (row, to) in dy.chunks_exact(self.output[1]).zip(to.chunks_mut(self.step)) {
            to[..row.len()].copy_from_slice(row);
        }
    }

    pub(super) fn forward<T: Real>(&self, x: &[T], w: &[T], y: &mut [T], memory: &mut Vec<T>) {
        let (padded, wide) = self.memory(memory);
        self.pad(x, padded);
        for (&k, &shift) in w.iter().zip(&self.shifts) {
            dispatch(Pairs(&mut *wide, &padded[shift..], |y, x| y + k * x));
        }
        for (y, row) in y.chunks_exact_mut(self.output[1]).zip(wide.chunks(self.step)) {
            y.copy_from_slice(&row[..y.len()]);
        }
    }

    /// From all output channels of the group.
    pub(super) fn input_grad<T: Real>(&self, dy: &[T], w: &[T], dx: &mut [T], memory: &mut Vec<T>) {
        let (padded, wide) = self.memory(memory);
        let pixels = self.output[0] * self.output[1];
        for (dy, w) in dy.chunks_exact(pixels).zip(w.chunks_exact(self.shifts.len())) {
            self.spread(dy, wide);
            for (&k, &shift) in w.iter().zip(&self.shifts) {
                dispatch(Pairs(&mut padded[shift..], &*wide, |dx, dy| dx + k * dy));
            }
        }
        for (at, to) in self.inner_rows() {
            dx[to..to + self.input[1]].copy_from_slice(&padded[at..at + self.input[1]]);
        }
    }

    pub(super) fn weight_grad<T: Real>(&self, dy: &[T], x: &[T], dw: &mut [T], memory: &mut Vec<T>) {
        let (padded, wide) = self.memory(memory);
        self.pad(x, padded);
        self.spread(dy, wide);
        for (dw, &shift) in dw.iter_mut().zip(&self.shifts) {
            *dw += dispatch(Dot(&*wide, &padded[shift..shift + wide.len()]));
        }
    }
}
