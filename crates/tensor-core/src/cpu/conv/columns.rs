//! Unfolding: the patches that the kernel sees, as columns of a matrix with a row per channel and kernel element.
use super::{Geometry, Real};
use std::ops::Range;

/// Calls `visit(row, pixel offset in the range, output column, columns, input row start)` for every part of an output
/// row among `pixels`; the start is `None` where the kernel element falls outside of the input.
fn rows(
    g: &Geometry,
    tap: [usize; 3],
    pixels: &Range<usize>,
    mut visit: impl FnMut(usize, Range<usize>, Option<usize>),
) {
    let (height, width) = (g.output[1], g.output[2]);
    let (depth_in, rows_in) = (g.inside(0, tap[0]), g.inside(1, tap[1]));
    let mut at = pixels.start;
    while at < pixels.end {
        let (row, first) = (at / width, at % width);
        let last = width.min(first + pixels.end - at);
        let (i, j) = (row / height, row % height);
        let start = (depth_in.contains(&i) && rows_in.contains(&j))
            .then(|| (g.source(0, tap[0], i) * g.input[1] + g.source(1, tap[1], j)) * g.input[2]);
        visit(at - pixels.start, first..last, start);
        at += last - first;
    }
}

fn taps(g: &Geometry) -> impl Iterator<Item = [usize; 3]> {
    let [a, b, c] = g.kernel;
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| [i, j, k])))
}

/// `columns[(channel, tap), pixel]` of `channels` of one image (`image` starts at the first), zeros outside. Rows begin
/// every `step` elements.
pub(super) fn unfold<T: Real>(
    g: &Geometry,
    image: &[T],
    channels: usize,
    pixels: &Range<usize>,
    columns: &mut [T],
    step: usize,
) {
    let (plane, count) = (g.plane(), pixels.len());
    for c in 0..channels {
        let x = &image[c * plane..(c + 1) * plane];
        for (i, tap) in taps(g).enumerate() {
            let row = &mut columns[(c * g.taps() + i) * step..][..count];
            let inside = g.inside(2, tap[2]);
            rows(g, tap, pixels, |at, cols, start| {
                let to = &mut row[at..at + cols.len()];
                let Some(start) = start else { return to.fill(T::default()) };
                let low = inside.start.clamp(cols.start, cols.end);
                let high = inside.end.clamp(low, cols.end);
                to[..low - cols.start].fill(T::default());
                to[high - cols.start..].fill(T::default());
                if low == high {
                    return;
                }
                let to = &mut to[low - cols.start..high - cols.start];
                let from = &x[start + g.source(2, tap[2], low)..];
                if g.stride[2] == 1 {
                    to.copy_from_slice(&from[..high - low]);
                } else {
                    to.iter_mut().zip(from.iter().step_by(g.stride[2])).for_each(|(to, &from)| *to = from);
                }
            });
        }
    }
}

/// The adjoint of [`unfold`]: adds every element of the columns to where it came from.
pub(super) fn fold<T: Real>(
    g: &Geometry,
    columns: &[T],
    channels: usize,
    pixels: &Range<usize>,
    image: &mut [T],
    step: usize,
) {
    let (plane, count) = (g.plane(), pixels.len());
    for c in 0..channels {
        let x = &mut image[c * plane..(c + 1) * plane];
        for (i, tap) in taps(g).enumerate() {
            let row = &columns[(c * g.taps() + i) * step..][..count];
            let inside = g.inside(2, tap[2]);
            rows(g, tap, pixels, |at, cols, start| {
                let low = inside.start.clamp(cols.start, cols.end);
                let high = inside.end.clamp(low, cols.end);
                let Some(start) = start.filter(|_| low < high) else { return };
                let from = &row[at + low - cols.start..at + high - cols.start];
                let to = &mut x[start + g.source(2, tap[2], low)..];
                if g.stride[2] == 1 {
                    to[..high - low].iter_mut().zip(from).for_each(|(to, &from)| *to += from);
                } else {
                    to.iter_mut().step_by(g.stride[2]).zip(from).for_each(|(to, &from)| *to += from);
                }
            });
        }
    }
}
