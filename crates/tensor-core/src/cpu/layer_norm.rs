//! Layer normalisation row by row, each row staying in the L1 cache; the gradients of weight and bias are summed over
//! blocks of rows that depend on the shape only.
use super::{
    convert::Number,
    fused::again,
    real::Real,
    simd::{dispatch, map1, map3},
    storage::{CpuStorage, data, data_mut},
};
use crate::{DType, Result, View, ViewMut};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Elements a task handles at least.
const GRAIN: usize = 16 << 10;
/// Sums side by side, so that one addition need not wait for the last.
const LANES: usize = 32;
/// Elements of a lane that are summed in the dtype of the row.
const SHORT: usize = 16;
/// Blocks of rows at most: each has sums of its own.
const BLOCKS: usize = 64;

/// `None` where there is nothing to do, or the dtype or a layout has no such loop.
fn size(x: &View<'_>, others: &[View<'_>], outs: &[&mut ViewMut<'_>]) -> Option<(usize, usize)> {
    let &[rows, n] = x.layout.shape() else { return None };
    let plain = x.layout.is_contiguous()
        && others.iter().all(|v| v.dtype == x.dtype && v.layout.is_contiguous())
        && outs.iter().all(|v| v.dtype == x.dtype && v.layout.is_contiguous());
    (plain && rows * n > 0).then_some((rows, n))
}

/// See `Fused::LayerNorm`.
pub(super) fn layer_norm(
    eps: f64,
    x: View<'_>,
    affine: &[View<'_>],
    outs: [&mut ViewMut<'_>; 3],
) -> Option<Result<()>> {
    let (_, n) = size(&x, affine, &outs)?;
    match x.dtype {
        DType::F32 => Some(forward::<f32>(eps, n, x, affine, outs)),
        DType::F64 => Some(forward::<f64>(eps, n, x, affine, outs)),
        _ => None,
    }
}

/// See `Fused::LayerNormGrad`; the inputs are `g`, `x`, mean and `1 / sqrt(variance + eps)`.
pub(super) fn layer_norm_grad(
    inputs: [View<'_>; 4],
    weight: Option<View<'_>>,
    outs: [&mut ViewMut<'_>; 3],
) -> Option<Result<()>> {
    let [_, x, ..] = inputs;
    let (rows, n) = size(&x, &inputs, &outs)?;
    if weight.is_some_and(|w| w.dtype != x.dtype || !w.layout.is_contiguous()) {
        return None;
    }
    match x.dtype {
        DType::F32 => Some(backward::<f32>((rows, n), inputs, weight, outs)),
        DType::F64 => Some(backward::<f64>((rows, n), inputs, weight, outs)),
        _ => None,
    }
}

/// Mean and variance of a row in one pass, seen from its first element `o`: with `d = x - o`, the mean is `o + mean(d)`,
/// the variance `mean(d^2) - mean(d)^2`. As `o` is one of the `n`, `mean(d)^2` is at most `n` times the variance, so the
/// difference keeps its digits in f64.
struct Moments<'a, T>(&'a [T]);

impl<T: Real> WithSimd for Moments<'_, T> {
    type Output = (f64, f64);
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> (f64, f64) {
        let Moments(x) = self;
        let Some(&first) = x.first() else { return (f64::NAN, f64::NAN) };
        let (mut sum, mut squares) = ([0.0; LANES], [0.0; LANES]);
        // Short sums in the dtype of the row, which takes twice the elements at a time, then in f64.
        for piece in x.chunks(LANES * SHORT) {
            let (mut s, mut q) = ([T::ZERO; LANES], [T::ZERO; LANES]);
            let whole = piece.chunks_exact(LANES);
            let rest = whole.remainder();
            for chunk in whole {
                for i in 0..LANES {
                    let d = chunk[i] - first;
                    s[i] = s[i] + d;
                    q[i] = d.mul_add(d, q[i]);
                }
            }
            for (i, &v) in rest.iter().enumerate() {
                let d = v - first;
                s[i] = s[i] + d;
                q[i] = d.mul_add(d, q[i]);
            }
            for i in 0..LANES {
                sum[i] += s[i].as_f64();
                squares[i] += q[i].as_f64();
            }
        }
        let n = x.len() as f64;
        let (mean, square) = (sum.iter().sum::<f64>() / n, squares.iter().sum::<f64>() / n);
        let variance = square - mean * mean;
        // Rounding may leave less than nothing; NaN stays.
        (first.as_f64() + mean, if variance < 0.0 { 0.0 } else { variance })
    }
}

/// A row of the input and of the output, its mean and its scale, as they are zipped.
type Line<'a, T> = (((&'a [T], &'a mut [T]), &'a mut T), &'a mut T);

fn forward<T: Real + Number>(
    eps: f64,
    n: usize,
    x: View<'_>,
    affine: &[View<'_>],
    [y, mean, scale]: [&mut ViewMut<'_>; 3],
) -> Result<()> {
    let x = data::<T>(x)?;
    let affine: Vec<_> = affine.iter().map(|&v| data::<T>(v)).collect::<Result<_>>()?;
    let (mut y, mut mean, mut scale) =
        (data_mut::<T>(again(y))?, data_mut::<T>(again(mean))?, data_mut::<T>(again(scale))?);
    let (Some(x), Some(y), Some(mean), Some(scale)) =
        (x.contiguous(), y.contiguous(), mean.contiguous(), scale.contiguous())
    else {
        return Ok(());
    };
    let affine: Vec<&[T]> = affine.iter().filter_map(|a| a.contiguous()).collect();
    let row = |(((x, y), mean), scale): Line<'_, T>| {
        let (centre, variance) = dispatch(Moments(x));
        let share = 1.0 / (variance + eps).sqrt();
        let (c, s) = (T::of(centre), T::of(share));
        (*mean, *scale) = (c, s);
        match affine[..] {
            [w, b] => map3(x, w, b, y, |x: T, w: T, b: T| ((x - c) * s).mul_add(w, b)),
            _ => map1(x, y, |x: T| (x - c) * s),
        }
    };
    if x.len() <= 2 * GRAIN {
        x.chunks_exact(n).zip(y.chunks_exact_mut(n)).zip(mean).zip(scale).for_each(row);
    } else {
        let rows = x.par_chunks_exact(n).zip(y.par_chunks_exact_mut(n)).zip(mean).zip(scale);
        rows.with_min_len((GRAIN / n).max(1)).for_each(row);
    }
    Ok(())
}

/// One row of the backward pass.
struct Row<'a, T> {
    g: &'a [T],
    x: &'a [T],
    w: &'a [T],
    mean: T,
    rstd: T,
    dx: &'a mut [T],
    dw: &'a mut [T],
    db: &'a mut [T],
}

impl<T: Real> WithSimd for Row<'_, T> {
    type Output = ();
    /// With `h = (x - mean) rstd`, `u = g w`: `dx = rstd (u - mean(u) - h mean(u h))`, `dw += g h`, `db += g`.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Row { g, x, w, mean, rstd, dx, dw, db } = self;
        let n = g.len();
        let (x, w, dx, dw, db) = (&x[..n], &w[..n], &mut dx[..n], &mut dw[..n], &mut db[..n]);
        for i in 0..n {
            let h = (x[i] - mean) * rstd;
            dx[i] = h;
            dw[i] = g[i].mul_add(h, dw[i]);
            db[i] = db[i] + g[i];
        }
        let (mut sums, mut products) = ([T::ZERO; LANES], [T::ZERO; LANES]);
        let whole = n / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            let (g, w, h) = (&g[at..at + LANES], &w[at..at + LANES], &dx[at..at + LANES]);
            for i in 0..LANES {
                let u = g[i] * w[i];
                sums[i] = sums[i] + u;
                products[i] = u.mul_add(h[i], products[i]);
            }
        }
        for i in whole..n {
            let u = g[i] * w[i];
            sums[i - whole] = sums[i - whole] + u;
            products[i - whole] = u.mul_add(dx[i], products[i - whole]);
        }
        let mean_of = |lanes: [T; LANES]| T::of(lanes.into_iter().map(Real::as_f64).sum::<f64>() / n as f64);
        let (a, b) = (mean_of(sums), mean_of(products));
        for i in 0..n {
            dx[i] = (g[i] * w[i] - a - dx[i] * b) * rstd;
        }
    }
}

fn backward<T: Real + Number>(
    (rows, n): (usize, usize),
    inputs: [View<'_>; 4],
    weight: Option<View<'_>>,
    [dx, dw, db]: [&mut ViewMut<'_>; 3],
) -> Result<()> {
    let [g, x, mean, rstd] = inputs.map(data::<T>);
    let (g, x, mean, rstd, weight) = (g?, x?, mean?, rstd?, weight.map(data::<T>).transpose()?);
    let (mut dx, mut dw, mut db) = (data_mut::<T>(again(dx))?, data_mut::<T>(again(dw))?, data_mut::<T>(again(db))?);
    let (Some(g), Some(x), Some(mean), Some(rstd)) =
        (g.contiguous(), x.contiguous(), mean.contiguous(), rstd.contiguous())
    else {
        return Ok(());
    };
    let (Some(dx), Some(dw), Some(db)) = (dx.contiguous(), dw.contiguous(), db.contiguous()) else { return Ok(()) };
    let ones;
    let w = match weight.and_then(|w| w.contiguous()) {
        Some(w) => w,
        None => {
            ones = vec![T::ONE; n];
            &ones
        }
    };
    let block = (GRAIN / n).max(rows.div_ceil(BLOCKS)).max(1);
    let blocks = rows.div_ceil(block);
    let mut memory = CpuStorage::new(blocks * 2 * n * size_of::<T>())?;
    let sums = &mut memory.slice_mut::<T>()[..blocks * 2 * n];
    let task = |(i, (dx, sums)): (usize, (&mut [T], &mut [T]))| {
        sums.fill(T::ZERO);
        let (dw, db) = sums.split_at_mut(n);
        for (r, dx) in dx.chunks_exact_mut(n).enumerate() {
            let r = i * block + r;
            let (g, x) = (&g[r * n..(r + 1) * n], &x[r * n..(r + 1) * n]);
            dispatch(Row { g, x, w, mean: mean[r], rstd: rstd[r], dx, dw: &mut *dw, db: &mut *db });
        }
    };
    if blocks == 1 {
        task((0, (&mut *dx, &mut *sums)));
    } else {
        dx.par_chunks_mut(block * n).zip(sums.par_chunks_mut(2 * n)).enumerate().for_each(task);
    }
    dw.fill(T::ZERO);
    db.fill(T::ZERO);
    for sum in sums.chunks_exact(2 * n) {
        let (w, b) = sum.split_at(n);
        dw.iter_mut().zip(w).for_each(|(to, &v)| *to = *to + v);
        db.iter_mut().zip(b).for_each(|(to, &v)| *to = *to + v);
    }
    Ok(())
}
