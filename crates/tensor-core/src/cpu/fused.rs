//! Faster ways for operations that core composes of others: fewer passes over memory.
use super::{
    convert::Number,
    map::Block,
    real::Real,
    reduce::{FloatSum, Fold, Largest, fold},
    simd::map1,
    storage::{data, data_mut},
};
use crate::{DType, Result, View, ViewMut, ops::Fused};
use rayon::prelude::*;

/// Elements a task handles at least.
const GRAIN: usize = 16 << 10;
/// Runs shorter than this are better left to the kernels that work across them.
const SHORT: usize = 16;

pub(super) fn fused(op: &Fused, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Option<Result<()>> {
    match (op, inputs, outputs) {
        (Fused::Softmax { dim }, [x], [out]) => rows(*x, *dim, out, false),
        (Fused::LogSoftmax { dim }, [x], [out]) => rows(*x, *dim, out, true),
        (Fused::BatchNorm { eps }, [x, affine @ ..], [y, mean, scale]) => match x.dtype {
            DType::F32 => batch_norm::<f32>(*x, affine, *eps, y, mean, scale),
            DType::F64 => batch_norm::<f64>(*x, affine, *eps, y, mean, scale),
            _ => None,
        },
        _ => None,
    }
}

/// A view to write, for as long as a slice of it is used.
pub(super) fn again<'a>(v: &'a mut ViewMut<'_>) -> ViewMut<'a> {
    ViewMut { storage: &mut *v.storage, dtype: v.dtype, layout: v.layout }
}

fn rows(x: View<'_>, dim: usize, out: &mut ViewMut<'_>, log: bool) -> Option<Result<()>> {
    let n: usize = x.layout.shape().iter().skip(dim).product();
    let whole = x.layout.shape().get(dim).copied().unwrap_or(1);
    if n != whole || n == 0 || x.dtype != out.dtype || !x.layout.is_contiguous() || !out.layout.is_contiguous() {
        return None;
    }
    match x.dtype {
        DType::F32 => Some(softmax::<f32>(x, n, again(out), log)),
        DType::F64 => Some(softmax::<f64>(x, n, again(out), log)),
        DType::F16 => Some(softmax::<half::f16>(x, n, again(out), log)),
        DType::BF16 => Some(softmax::<half::bf16>(x, n, again(out), log)),
        _ => None,
    }
}

fn softmax<S: Block<C: Real + Number>>(x: View<'_>, n: usize, out: ViewMut<'_>, log: bool) -> Result<()> {
    let x = data::<S>(x)?;
    let mut out = data_mut::<S>(out)?;
    let (Some(x), Some(out)) = (x.contiguous(), out.contiguous()) else { return Ok(()) };
    let rows = (GRAIN / n).max(1);
    let task = |x: &[S], out: &mut [S]| {
        let mut held = if S::SAME { Vec::new() } else { vec![[S::C::ZERO; 2]; n] };
        let (wide_x, wide_out) =
            bytemuck::cast_slice_mut::<_, S::C>(&mut held).split_at_mut(if S::SAME { 0 } else { n });
        for (x, out) in x.chunks(n).zip(out.chunks_mut(n)) {
            if S::SAME {
                softmax_row::<S::C>(bytemuck::cast_slice(x), bytemuck::cast_slice_mut(out), log);
            } else {
                S::load(x, wide_x);
                softmax_row(wide_x, wide_out, log);
                S::store(wide_out, out);
            }
        }
    };
    if x.len() <= 2 * GRAIN {
        task(x, out);
    } else {
        x.par_chunks(rows * n).zip(out.par_chunks_mut(rows * n)).for_each(|(x, out)| task(x, out));
    }
    Ok(())
}

/// One row, which stays in the L1 cache between its passes.
fn softmax_row<T: Real + Number>(x: &[T], out: &mut [T], log: bool) {
    let most = fold(x, Largest(-<T as Real>::INFINITY));
    map1(x, out, |v: T| (v - most).exp());
    let sum = fold(out, FloatSum);
    if log {
        let low = <T as Real>::of(sum.ln());
        map1(x, out, |v: T| v - most - low);
    } else {
        let share = <T as Real>::of(1.0 / sum);
        super::update::each(out, |v: T| v * share);
    }
}

/// The sum of squared distances from a centre.
#[derive(Clone, Copy)]
struct Spread(f64);
impl<C: Number> Fold<C> for Spread {
    type A = f64;
    #[inline(always)]
    fn identity(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn step(self, a: f64, x: C) -> f64 {
        let d = x.to_f64() - self.0;
        d * d + a
    }
    #[inline(always)]
    fn merge(self, a: f64, b: f64) -> f64 {
        a + b
    }
}

fn batch_norm<T: Real + Number>(
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
                let of =
                    |i: usize| affine.get(i).and_then(|a: &super::storage::Data<'_, T>| a.contiguous()).map(|a| a[c]);
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
