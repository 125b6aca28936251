//! The largest of each window. In a plane, the columns of a window's rows are compared first, many at a time, then their
//! winners.
use super::Geometry;
use crate::cpu::simd::dispatch;
use bytemuck::Pod;
use pulp::{Simd, WithSimd};

/// A type whose elements can be compared: only floats have values that differ from themselves.
pub(super) trait Ordered: Pod + Send + Sync + PartialOrd {}
impl<T: Pod + Send + Sync + PartialOrd> Ordered for T {}

#[allow(clippy::eq_op)]
#[inline(always)]
fn is_nan<T: Ordered>(v: T) -> bool {
    v != v
}

/// Whether the next element of a window replaces `best`: the first of equals wins, and the last NaN.
#[inline(always)]
fn wins<T: Ordered>(new: T, best: T) -> bool {
    new > best || is_nan(new)
}

/// Of each column, the best of a window's rows so far, and its row; then one row more.
struct Column<'a, T> {
    values: &'a mut [T],
    rows: &'a mut [i32],
    next: &'a [T],
    row: i32,
}

impl<T: Ordered> WithSimd for Column<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Column { values, rows, next, row } = self;
        let n = next.len();
        let (values, rows) = (&mut values[..n], &mut rows[..n]);
        for i in 0..n {
            let better = wins(next[i], values[i]);
            values[i] = if better { next[i] } else { values[i] };
            rows[i] = if better { row } else { rows[i] };
        }
    }
}

/// Where the windows of one geometry lie, and the best of each column.
pub(super) struct Planes<'a, T> {
    g: &'a Geometry,
    columns: Vec<(usize, usize)>,
    values: Vec<T>,
    rows: Vec<i32>,
}

impl<'a, T: Ordered> Planes<'a, T> {
    /// `None` for windows in three dims, or where one lies in the padding altogether.
    pub(super) fn new(g: &'a Geometry) -> Option<Planes<'a, T>> {
        let flat = g.input[0] == 1 && g.output[0] == 1 && i32::try_from(g.input[1]).is_ok();
        let inside = |d: usize| (0..g.output[d]).all(|i| g.window(d, i).0 < g.window(d, i).1);
        if !flat || !(0..3).all(inside) {
            return None;
        }
        let columns = (0..g.output[2]).map(|k| g.window(2, k)).collect();
        Some(Planes { g, columns, values: vec![T::zeroed(); g.input[2]], rows: vec![0; g.input[2]] })
    }

    /// The largest value of each window of a plane, and its position.
    pub(super) fn largest(&mut self, x: &[T], y: &mut [T], at: &mut [i64]) {
        let Planes { g, columns, values, rows } = self;
        let (width, step) = (g.input[2], g.dilation[2]);
        let lines = y.chunks_exact_mut(columns.len()).zip(at.chunks_exact_mut(columns.len()));
        for (j, (y, at)) in lines.enumerate() {
            let (first, end) = g.window(1, j);
            values.copy_from_slice(&x[first * width..][..width]);
            rows.fill(first as i32);
            for row in (first..end).step_by(g.dilation[1]).skip(1) {
                dispatch(Column { values, rows, next: &x[row * width..][..width], row: row as i32 });
            }
            for ((y, at), &(c0, c1)) in y.iter_mut().zip(at).zip(columns.iter()) {
                let (mut value, mut row, mut column) = (values[c0], rows[c0], c0);
                for c in (c0 + step..c1).step_by(step) {
                    let (v, r) = (values[c], rows[c]);
                    // In the order of rows: of equals the upper one, of NaNs the lower one.
                    let better =
                        if is_nan(v) { !is_nan(value) || r >= row } else { v > value || (v == value && r < row) };
                    if better {
                        (value, row, column) = (v, r, c);
                    }
                }
                (*y, *at) = (value, i64::from(row) * width as i64 + column as i64);
            }
        }
    }
}

/// The same in up to three dims, element by element.
pub(super) fn largest<T: Ordered>(g: &Geometry, x: &[T], y: &mut [T], at: &mut [i64]) {
    let [_, height, width] = g.input;
    let mut pixel = 0;
    for i in 0..g.output[0] {
        let (d0, d1) = g.window(0, i);
        for j in 0..g.output[1] {
            let (r0, r1) = g.window(1, j);
            for k in 0..g.output[2] {
                let (c0, c1) = g.window(2, k);
                let mut best = (d0 * height + r0) * width + c0;
                let mut value = x[best.min(x.len() - 1)];
                for d in (d0..d1).step_by(g.dilation[0]) {
                    for r in (r0..r1).step_by(g.dilation[1]) {
                        let row = (d * height + r) * width;
                        for c in (c0..c1).step_by(g.dilation[2]) {
                            if wins(x[row + c], value) {
                                (best, value) = (row + c, x[row + c]);
                            }
                        }
                    }
                }
                (y[pixel], at[pixel]) = (value, best as i64);
                pixel += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Few values, NaN among them, so that most windows have several winners.
        #[test]
        fn planes_are_searched_as_element_by_element(
            kernel in [1..4usize, 1..4usize], stride in [1..4usize, 1..4usize], pad in [0..2usize, 0..2usize],
            dilation in [1..3usize, 1..3usize], size in [5..12usize, 5..12usize], seed in any::<u64>(),
        ) {
            let padding = [pad[0].min(kernel[0] / 2), pad[1].min(kernel[1] / 2)];
            let out = |d: usize| (size[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d] + 1;
            let g = Geometry {
                input: [1, size[0], size[1]],
                output: [1, out(0), out(1)],
                kernel: [1, kernel[0], kernel[1]],
                stride: [1, stride[0], stride[1]],
                padding: [0, padding[0], padding[1]],
                dilation: [1, dilation[0], dilation[1]],
                count_include_pad: true,
                divisor: None,
            };
            let values = [0.0, 1.0, 1.0, 2.0, f32::NAN, f32::NEG_INFINITY, -1.0, 2.0];
            let x: Vec<f32> = (0..g.plane() as u64)
                .map(|i| values[((i + 1).wrapping_mul(seed | 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61) as usize])
                .collect();
            let (mut y, mut at) = (vec![0.0; g.pixels()], vec![0; g.pixels()]);
            let (mut plain_y, mut plain_at) = (y.clone(), at.clone());
            largest(&g, &x, &mut plain_y, &mut plain_at);
            if let Some(mut planes) = Planes::new(&g) {
                planes.largest(&x, &mut y, &mut at);
                prop_assert_eq!(at, plain_at);
                prop_assert!(y.iter().zip(&plain_y).all(|(a, b)| a.to_bits() == b.to_bits()));
            }
        }
    }
}
