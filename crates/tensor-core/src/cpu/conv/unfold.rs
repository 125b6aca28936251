//! The three maps as matrix products with unfolded columns; pointwise convolutions take the image as it is.
use super::{
    super::{
        matmul::{Shared, Sizes, Steps, columns_of, product, rows_of},
        storage::CpuStorage,
    },
    Geometry, Real, columns,
};
use crate::Result;
use rayon::prelude::*;
use std::ops::Range;

// Columns of one task: a share of the second-level cache, so that the product reads them while they are there.
const COLUMN_BYTES: usize = 384 << 10;

/// The pixels of one image in parts that depend on the shape only.
fn parts<T>(g: &Geometry) -> usize {
    let rows = (g.cg() * g.taps()).max(1);
    // Not below a few vector registers; rows of the matrix kernels come in blocks of 48.
    let fit = (COLUMN_BYTES / size_of::<T>() / rows).next_multiple_of(48).max(96);
    g.pixels().div_ceil(g.pixels().div_ceil(fit).max(1)).max(1)
}

fn range(g: &Geometry, size: usize, part: usize) -> Range<usize> {
    part * size..((part + 1) * size).min(g.pixels())
}

/// `y[o, p] = sum over (c, tap) of w[o, (c, tap)] columns[(c, tap), p]`, for a part of an image at a time.
pub(super) fn forward<T: Real>(g: &Geometry, x: &[T], w: &[T], y: &mut [T]) -> Result<()> {
    let (cg, og, taps, plane, pixels) = (g.cg(), g.og(), g.taps(), g.plane(), g.pixels());
    let size = parts::<T>(g);
    let count = pixels.div_ceil(size);
    let rows = cg * taps;
    let out = Shared(y.as_mut_ptr());
    (0..g.n * g.groups * count).into_par_iter().try_for_each(|task| {
        let (image, part) = (task / count, range(g, size, task % count));
        let (n, group) = (image / g.groups, image % g.groups);
        let x = &x[(n * g.c + group * cg) * plane..][..cg * plane];
        let w = &w[group * og * rows..][..og * rows];
        let sizes = Sizes { m: og, n: part.len(), k: rows };
        let c = out.at((n * g.o + group * og) * pixels + part.start);
        let memory;
        let columns = if g.is_pointwise() {
            (x[part.start..].as_ptr(), rows_of(pixels))
        } else {
            let mut made = CpuStorage::new(rows * part.len() * size_of::<T>())?;
            columns::unfold(g, x, cg, &part, made.slice_mut(), part.len());
            memory = made;
            (memory.slice::<T>().as_ptr(), rows_of(part.len()))
        };
        // SAFETY: `w` and the columns were cut to `og x rows` and `rows x part` above; a task writes the pixels of its
        // own part in the rows of its own group, which lie inside `y`.
        unsafe { T::gemm(sizes, (w.as_ptr(), rows_of(rows)), columns, (c, rows_of(pixels)), false) };
        Ok(())
    })
}

/// `columns[(c, tap), p] = sum over o of w[o, (c, tap)] dy[o, p]`, folded back into the image.
pub(super) fn input_grad<T: Real>(g: &Geometry, dy: &[T], w: &[T], dx: &mut [T]) -> Result<()> {
    let (cg, og, taps, plane, pixels) = (g.cg(), g.og(), g.taps(), g.plane(), g.pixels());
    let rows = cg * taps;
    // A task owns whole input channels: about 32 rows of columns and more, few enough to spread one image.
    let channels = 64usize.div_ceil(taps).clamp(1, cg.max(1));
    let size = parts::<T>(g);
    let count = cg.div_ceil(channels);
    let out = Shared(dx.as_mut_ptr());
    (0..g.n * g.groups * count).into_par_iter().try_for_each(|task| {
        let (image, first) = (task / count, task % count * channels);
        let (n, group) = (image / g.groups, image % g.groups);
        let channels = channels.min(cg - first);
        let own = (n * g.c + group * cg + first) * plane;
        // SAFETY: whole channels of one image, inside `dx`, and no other task has them.
        let dx = unsafe { std::slice::from_raw_parts_mut(out.at(own), channels * plane) };
        let dy = &dy[(n * g.o + group * og) * pixels..][..og * pixels];
        let w = &w[group * og * rows + first * taps..];
        // The transpose of the group's weights, from the task's first channel on.
        let w = (w, Steps { row: 1, col: rows });
        if g.is_pointwise() {
            let sizes = Sizes { m: channels, n: pixels, k: og };
            product(sizes, w, (dy, rows_of(pixels)), (dx, rows_of(pixels)), false);
            return Ok(());
        }
        dx.fill(T::default());
        let mut memory = CpuStorage::new(channels * taps * size * size_of::<T>())?;
        for part in (0..pixels.div_ceil(size)).map(|p| range(g, size, p)) {
            let sizes = Sizes { m: channels * taps, n: part.len(), k: og };
            let columns = &mut memory.slice_mut::<T>()[..channels * taps * part.len()];
            let dy = (&dy[part.start..], rows_of(pixels));
            product(sizes, w, dy, (&mut *columns, rows_of(part.len())), false);
            columns::fold(g, columns, channels, &part, dx, part.len());
        }
        Ok(())
    })
}

/// `dw[o, (c, tap)] = sum over images and p of dy[o, p] columns[(c, tap), p]`: sums of fixed shares of the images,
/// added in their order.
pub(super) fn weight_grad<T: Real>(g: &Geometry, dy: &[T], x: &[T], dw: &mut [T]) -> Result<()> {
    // Enough for the threads of most machines; more shares would cost more to add up.
    const SHARES: usize = 16;
    let (cg, og, taps, plane, pixels) = (g.cg(), g.og(), g.taps(), g.plane(), g.pixels());
    let rows = cg * taps;
    let size = parts::<T>(g);
    let count = pixels.div_ceil(size);
    let units = g.n * count;
    let share = units.div_ceil(SHARES).max(1);
    let shares = units.div_ceil(share);
    let mut sums = CpuStorage::new(shares * dw.len() * size_of::<T>())?;
    let sums = &mut sums.slice_mut::<T>()[..shares * dw.len()];
    sums.par_chunks_mut(dw.len()).enumerate().try_for_each(|(s, sum)| {
        let mut memory = CpuStorage::new(if g.is_pointwise() { 0 } else { rows * size * size_of::<T>() })?;
        for unit in s * share..((s + 1) * share).min(units) {
            let (n, part) = (unit / count, range(g, size, unit % count));
            for group in 0..g.groups {
                let x = &x[(n * g.c + group * cg) * plane..][..cg * plane];
                let dy = &dy[(n * g.o + group * og) * pixels + part.start..];
                let sum = &mut sum[group * og * rows..][..og * rows];
                let sizes = Sizes { m: og, n: rows, k: part.len() };
                let (columns, step) = if g.is_pointwise() {
                    (&x[part.start..], pixels)
                } else {
                    let columns = &mut memory.slice_mut::<T>()[..rows * part.len()];
                    columns::unfold(g, x, cg, &part, columns, part.len());
                    (&*columns, part.len())
                };
                let dy = (dy, rows_of(pixels));
                product(sizes, dy, (columns, columns_of(step)), (sum, rows_of(rows)), unit > s * share);
            }
        }
        Ok::<(), crate::Error>(())
    })?;
    let (first, rest) = sums.split_at(dw.len());
    dw.copy_from_slice(first);
    for sum in rest.chunks_exact(dw.len()) {
        dw.iter_mut().zip(sum).for_each(|(to, &from)| *to += from);
    }
    Ok(())
}
