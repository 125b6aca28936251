//! Batch normalisation and its gradients: statistics channel by channel, then one pass over all elements.
use super::{
    convert::Number,
    fused::{Spread, again},
    real::Real,
    reduce::{FloatSum, fold},
    simd::{dispatch, map1, map2},
    storage::{Data, data, data_mut},
};
use crate::{Result, View, ViewMut};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Elements a task handles at least.
const GRAIN: usize = 16 << 10;
/// Runs shorter than this are better left to the kernels that work across them.
const SHORT: usize = 16;

/// See `Fused::BatchNorm`.
pub(super) fn forward<T: Real + Number>(
    x: View<'_>,
    affine: &[View<'_>],
    eps: f64,
    y: &mut ViewMut<'_>,
    mean: &mut ViewMut<'_>,
    scale: &mut ViewMut<'_>,
) -> Option<Result<()>> {
    let &[_, channels, ref rest @ ..] = x.layout.shape() else { return None };
    let n: usize = rest.iter().product();
    let plain = |v: &View<'_>| v.dtype == x.dtype && v.layout.is_contiguous();
    if n < SHORT || channels == 0 || affine.len() > 2 || !plain(&x) || !affine.iter().all(plain) {
        return None;
    }
    if ![&*y, &*mean, &*scale].iter().all(|v| v.layout.is_contiguous()) {
        return None;
    }
    let mut run = || -> Result<()> {
        let x = data::<T>(x)?;
        let affine: Vec<_> = affine.iter().map(|&v| data::<T>(v)).collect::<Result<_>>()?;
        let mut y = data_mut::<T>(again(y))?;
        let mut mean = data_mut::<T>(again(mean))?;
        let mut scale = data_mut::<T>(again(scale))?;
        let (Some(x), Some(y), Some(mean), Some(scale)) =
            (x.contiguous(), y.contiguous(), mean.contiguous(), scale.contiguous())
        else {
            return Ok(());
        };
        let count = (x.len() / channels) as f64;
        let channel = |c: usize| -> (f64, f64) {
            let runs = || x.chunks(n).skip(c).step_by(channels);
            let centre = runs().map(|r| fold(r, FloatSum)).sum::<f64>() / count;
            let variance = runs().map(|r| fold(r, Spread(centre))).sum::<f64>() / count;
            (centre, 1.0 / (variance + eps).sqrt())
        };
        let statistics: Vec<(f64, f64)> = if x.len() <= GRAIN {
            (0..channels).map(channel).collect()
        } else {
            (0..channels).into_par_iter().map(channel).collect()
        };
        for (c, &(centre, share)) in statistics.iter().enumerate() {
            (mean[c], scale[c]) = (Real::of(centre), Real::of(share));
        }
        let lines: Vec<(T, T)> = (0..channels)
            .map(|c| {
                let of = |i: usize| affine.get(i).and_then(|a: &Data<'_, T>| a.contiguous()).map(|a| a[c]);
                let slope = statistics[c].1 * of(0).map_or(1.0, Real::as_f64);
                let shift = of(1).map_or(0.0, Real::as_f64) - statistics[c].0 * slope;
                (Real::of(slope), Real::of(shift))
            })
            .collect();
        let piece = |i: usize, y: &mut [T]| {
            let (slope, shift) = lines[i % channels];
            map1(&x[i * n..(i + 1) * n], y, |v: T| Real::mul_add(v, slope, shift));
        };
        if x.len() <= 2 * GRAIN {
            y.chunks_mut(n).enumerate().for_each(|(i, y)| piece(i, y));
        } else {
            y.par_chunks_mut(n).with_min_len((GRAIN / n).max(1)).enumerate().for_each(|(i, y)| piece(i, y));
        }
        Ok(())
    };
    Some(run())
}

/// `sum(g)` and `sum(g (x - mean))`.
struct Sums<'a, T>(&'a [T], &'a [T], T);
impl<T: Real> WithSimd for Sums<'_, T> {
    type Output = [f64; 2];
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; 2] {
        /// Sums side by side, so that one addition need not wait for the last.
        const LANES: usize = 32;
        let Sums(g, x, mean) = self;
        let (mut sums, mut products) = ([T::ZERO; LANES], [T::ZERO; LANES]);
        let (g, g_rest) = g.as_chunks::<LANES>();
        let (x, x_rest) = x.as_chunks::<LANES>();
        for (g, x) in g.iter().zip(x) {
            for i in 0..LANES {
                sums[i] = sums[i] + g[i];
                products[i] = g[i].mul_add(x[i] - mean, products[i]);
            }
        }
        for (i, (&g, &x)) in g_rest.iter().zip(x_rest).enumerate() {
            sums[i] = sums[i] + g;
            products[i] = g.mul_add(x - mean, products[i]);
        }
        [sums, products].map(|lanes| lanes.into_iter().map(Real::as_f64).sum())
    }
}

/// See `Fused::BatchNormGrad`; the inputs are `g`, `x`, mean and `1 / sqrt(variance + eps)`.
pub(super) fn backward<T: Real + Number>(
    inputs: [View<'_>; 4],
    weight: Option<&View<'_>>,
    outs: [&mut ViewMut<'_>; 3],
) -> Option<Result<()>> {
    /// Elements after which a sum goes on in `f64`.
    const PIECE: usize = 4096;
    let [_, x, ..] = inputs;
    let &[_, channels, ref rest @ ..] = x.layout.shape() else { return None };
    let n: usize = rest.iter().product();
    let plain = |v: &View<'_>| v.dtype == x.dtype && v.layout.is_contiguous();
    if n < SHORT || x.layout.numel() == 0 || !inputs.iter().chain(weight).all(plain) {
        return None;
    }
    if !outs.iter().all(|v| v.dtype == x.dtype && v.layout.is_contiguous()) {
        return None;
    }
    let run = || -> Result<()> {
        let [g, x, mean, rstd] = inputs.map(data::<T>);
        let (g, x, mean, rstd, weight) = (g?, x?, mean?, rstd?, weight.map(|&w| data::<T>(w)).transpose()?);
        let [dx, dw, db] = outs.map(|v| data_mut::<T>(again(v)));
        let (mut dx, mut dw, mut db) = (dx?, dw?, db?);
        let (Some(g), Some(x), Some(mean), Some(rstd)) =
            (g.contiguous(), x.contiguous(), mean.contiguous(), rstd.contiguous())
        else {
            return Ok(());
        };
        let (Some(dx), Some(dw), Some(db)) = (dx.contiguous(), dw.contiguous(), db.contiguous()) else {
            return Ok(());
        };
        let weight = weight.and_then(|w| w.contiguous());
        let count = (x.len() / channels) as f64;
        let channel = |c: usize| -> [f64; 2] {
            let runs = g.chunks(n).zip(x.chunks(n)).skip(c).step_by(channels);
            let pieces = runs.flat_map(|(g, x)| g.chunks(PIECE).zip(x.chunks(PIECE)));
            pieces.fold([0.0; 2], |[a, b], (g, x)| {
                let [s, p] = dispatch(Sums(g, x, mean[c]));
                [a + s, b + p]
            })
        };
        let sums: Vec<[f64; 2]> = if x.len() <= GRAIN {
            (0..channels).map(channel).collect()
        } else {
            (0..channels).into_par_iter().map(channel).collect()
        };
        // dx = a g + b (x - mean) + c
        let mut lines = Vec::with_capacity(channels);
        for (c, &[sum, product]) in sums.iter().enumerate() {
            let share = rstd[c].as_f64();
            let slope = share * weight.map_or(1.0, |w| w[c].as_f64());
            (db[c], dw[c]) = (T::of(sum), T::of(product * share));
            lines.push((
                mean[c],
                T::of(slope),
                T::of(-slope * share * share * product / count),
                T::of(-slope * sum / count),
            ));
        }
        let piece = |i: usize, dx: &mut [T]| {
            let (centre, a, b, c) = lines[i % channels];
            let at = i * n..(i + 1) * n;
            map2(&g[at.clone()], &x[at], dx, |g: T, x: T| g.mul_add(a, (x - centre).mul_add(b, c)));
        };
        if x.len() <= 2 * GRAIN {
            dx.chunks_mut(n).enumerate().for_each(|(i, dx)| piece(i, dx));
        } else {
            dx.par_chunks_mut(n).with_min_len((GRAIN / n).max(1)).enumerate().for_each(|(i, dx)| piece(i, dx));
        }
        Ok(())
    };
    Some(run())
}
