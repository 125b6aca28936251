//! Images of few pixels, several at a time: their columns stand side by side, so that a product has columns enough for
//! the vector registers, and reads each weight once for all of them.
use super::{
    super::{
        matmul::{Sizes, Steps, columns_of, parallel_product, rows_of},
        storage::CpuStorage,
    },
    Geometry, Real, columns,
};
use crate::Result;
use rayon::prelude::*;
use std::ops::Range;

/// Pixels from which on an image fills a product on its own.
const ENOUGH: usize = 128;
/// Columns of a product at most, which bounds the memory they take.
const WIDE: usize = 512;

/// Whether the images are small enough to be taken together.
pub(super) fn are_small(g: &Geometry) -> bool {
    g.n > 1 && g.pixels() < ENOUGH && g.taps() > 0 && g.plane() > 0
}

/// The images that are taken together, and the group of channels; all batches of a group before the next group.
fn batches(g: &Geometry) -> impl Iterator<Item = (Range<usize>, usize)> {
    let most = (WIDE / g.pixels().max(1)).max(1);
    let together = g.n.div_ceil(g.n.div_ceil(most));
    let n = g.n;
    let starts = move || (0..n).step_by(together).map(move |first| first..n.min(first + together));
    (0..g.groups).flat_map(move |group| starts().map(move |images| (images, group)))
}

/// Memory for `rows` rows of all images that are taken together.
fn memory<T: Real>(g: &Geometry, rows: usize) -> Result<CpuStorage> {
    let widest = batches(g).map(|(images, _)| images.len()).max().unwrap_or(0) * g.pixels();
    CpuStorage::new(rows * widest * size_of::<T>())
}

/// `columns[(c, tap), (image, p)]`
fn unfold<'a, T: Real>(
    g: &Geometry,
    x: &[T],
    (images, group): &(Range<usize>, usize),
    memory: &'a mut CpuStorage,
) -> &'a [T] {
    let (taps, cg, plane, pixels) = (g.taps(), g.cg(), g.plane(), g.pixels());
    let width = images.len() * pixels;
    let columns = &mut memory.slice_mut::<T>()[..cg * taps * width];
    columns.par_chunks_mut(taps * width).enumerate().for_each(|(c, rows)| {
        for (i, n) in images.clone().enumerate() {
            let x = &x[(n * g.c + group * cg + c) * plane..][..plane];
            columns::unfold(g, x, 1, &(0..pixels), &mut rows[i * pixels..], width);
        }
    });
    columns
}

/// `[o, (image, p)]` of `y[image, o, p]`.
fn side_by_side<'a, T: Real>(
    g: &Geometry,
    y: &[T],
    (images, group): &(Range<usize>, usize),
    memory: &'a mut CpuStorage,
) -> &'a [T] {
    let (og, pixels) = (g.og(), g.pixels());
    let width = images.len() * pixels;
    let all = &mut memory.slice_mut::<T>()[..og * width];
    for (o, row) in all.chunks_exact_mut(width).enumerate() {
        for (n, to) in images.clone().zip(row.chunks_exact_mut(pixels)) {
            to.copy_from_slice(&y[(n * g.o + group * og + o) * pixels..][..pixels]);
        }
    }
    all
}

/// See `unfold::forward`.
pub(super) fn forward<T: Real>(g: &Geometry, x: &[T], w: &[T], y: &mut [T]) -> Result<()> {
    let (og, rows, pixels) = (g.og(), g.cg() * g.taps(), g.pixels());
    let (mut columns, mut sums) = (memory::<T>(g, rows)?, memory::<T>(g, og)?);
    for batch in batches(g) {
        let columns = unfold(g, x, &batch, &mut columns);
        let (images, group) = batch;
        let width = images.len() * pixels;
        let sums = &mut sums.slice_mut::<T>()[..og * width];
        let w = &w[group * og * rows..][..og * rows];
        let sizes = Sizes { m: og, n: width, k: rows };
        parallel_product(sizes, (w, rows_of(rows)), (columns, rows_of(width)), (&mut *sums, rows_of(width)), false);
        for (o, row) in sums.chunks_exact(width).enumerate() {
            for (n, from) in images.clone().zip(row.chunks_exact(pixels)) {
                y[(n * g.o + group * og + o) * pixels..][..pixels].copy_from_slice(from);
            }
        }
    }
    Ok(())
}

/// See `unfold::input_grad`.
pub(super) fn input_grad<T: Real>(g: &Geometry, dy: &[T], w: &[T], dx: &mut [T]) -> Result<()> {
    let (cg, og, taps, plane, pixels) = (g.cg(), g.og(), g.taps(), g.plane(), g.pixels());
    let rows = cg * taps;
    let (mut columns, mut wide) = (memory::<T>(g, rows)?, memory::<T>(g, og)?);
    for batch in batches(g) {
        let dy = side_by_side(g, dy, &batch, &mut wide);
        let (images, group) = batch;
        let width = images.len() * pixels;
        let columns = &mut columns.slice_mut::<T>()[..rows * width];
        let w = &w[group * og * rows..][..og * rows];
        let sizes = Sizes { m: rows, n: width, k: og };
        let transposed = (w, Steps { row: 1, col: rows });
        parallel_product(sizes, transposed, (dy, rows_of(width)), (&mut *columns, rows_of(width)), false);
        let columns = &*columns;
        let own = &mut dx[images.start * g.c * plane..images.end * g.c * plane];
        own.par_chunks_mut(plane).enumerate().for_each(|(at, x)| {
            let (i, c) = (at / g.c, at % g.c);
            if let Some(c) = c.checked_sub(group * cg).filter(|&c| c < cg) {
                x.fill(T::default());
                columns::fold(g, &columns[c * taps * width + i * pixels..], 1, &(0..pixels), x, width);
            }
        });
    }
    Ok(())
}

/// See `unfold::weight_grad`.
pub(super) fn weight_grad<T: Real>(g: &Geometry, dy: &[T], x: &[T], dw: &mut [T]) -> Result<()> {
    let (og, rows, pixels) = (g.og(), g.cg() * g.taps(), g.pixels());
    let (mut columns, mut wide) = (memory::<T>(g, rows)?, memory::<T>(g, og)?);
    for batch in batches(g) {
        let dy = side_by_side(g, dy, &batch, &mut wide);
        let columns = unfold(g, x, &batch, &mut columns);
        let (images, group) = batch;
        let width = images.len() * pixels;
        let dw = &mut dw[group * og * rows..][..og * rows];
        let sizes = Sizes { m: og, n: rows, k: width };
        let accumulate = images.start > 0;
        parallel_product(sizes, (dy, rows_of(width)), (columns, columns_of(width)), (dw, rows_of(rows)), accumulate);
    }
    Ok(())
}
