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

/// `y[i] += sum of w[tap] x[i + shift[tap]]`, which stays in registers until it is whole.
struct Taps<'a, T> {
    y: &'a mut [T],
    x: &'a [T],
    w: &'a [T],
    shifts: &'a [usize],
}
impl<T: Real> WithSimd for Taps<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        const LANES: usize = 64;
        let Taps { y, x, w, shifts } = self;
        let mut at = 0;
        let (whole, rest) = y.as_chunks_mut::<LANES>();
        for y in whole {
            let mut sums = *y;
            for (&k, &shift) in w.iter().zip(shifts) {
                let x = &x[at + shift..at + shift + LANES];
                for i in 0..LANES {
                    sums[i] += k * x[i];
                }
            }
            *y = sums;
            at += LANES;
        }
        for (&k, &shift) in w.iter().zip(shifts) {
            rest.iter_mut().zip(&x[at + shift..]).for_each(|(y, &x)| *y += k * x);
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

    /// The largest shift.
    fn margin(&self) -> usize {
        self.shifts.last().copied().unwrap_or(0)
    }

    /// Two pieces of memory of these lengths. New memory holds zeros, and what no row is ever written to keeps them.
    fn memory<'a, T: Real>(&self, memory: &'a mut Vec<T>, first: usize, second: usize) -> (&'a mut [T], &'a mut [T]) {
        memory.resize(first + second, T::default());
        memory.split_at_mut(first)
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
        let (padded, wide) = self.memory(memory, self.padded, self.reach);
        self.pad(x, padded);
        wide.fill(T::default());
        dispatch(Taps { y: &mut *wide, x: padded, w, shifts: &self.shifts });
        for (y, row) in y.chunks_exact_mut(self.output[1]).zip(wide.chunks(self.step)) {
            y.copy_from_slice(&row[..y.len()]);
        }
    }

    /// From all output channels of the group: `dx[i] = sum of w[tap] dy[i - shift[tap]]`, where `dy` has zeros on both sides.
    pub(super) fn input_grad<T: Real>(&self, dy: &[T], w: &[T], dx: &mut [T], memory: &mut Vec<T>) {
        let margin = self.margin();
        let (padded, wide) = self.memory(memory, self.padded, self.padded + margin);
        let pixels = self.output[0] * self.output[1];
        let back: Vec<usize> = self.shifts.iter().map(|shift| margin - shift).collect();
        padded.fill(T::default());
        for (dy, w) in dy.chunks_exact(pixels).zip(w.chunks_exact(back.len())) {
            self.spread(dy, &mut wide[margin..]);
            dispatch(Taps { y: &mut *padded, x: wide, w, shifts: &back });
        }
        for (at, to) in self.inner_rows() {
            dx[to..to + self.input[1]].copy_from_slice(&padded[at..at + self.input[1]]);
        }
    }

    pub(super) fn weight_grad<T: Real>(&self, dy: &[T], x: &[T], dw: &mut [T], memory: &mut Vec<T>) {
        let (padded, wide) = self.memory(memory, self.padded, self.reach);
        self.pad(x, padded);
        self.spread(dy, wide);
        for (dw, &shift) in dw.iter_mut().zip(&self.shifts) {
            *dw += dispatch(Dot(&*wide, &padded[shift..shift + wide.len()]));
        }
    }
}
