//! Running sums, products and extremes along a dim, line by line. Floats run in `f64` and are rounded where they are
//! written, as PyTorch does it.
use super::{
    convert::{Number, with_type},
    lines,
    storage::{data, data_mut},
};
use crate::{Result, View, ViewMut, ops::ScanOp};
use rayon::prelude::*;

/// Elements that a task runs over at least.
const GRAIN: usize = 32 << 10;

/// See `Backend::scan`.
pub(super) fn scan(op: ScanOp, x: View<'_>, dim: usize, out: ViewMut<'_>, places: Option<ViewMut<'_>>) -> Result<()> {
    with_type!(x.dtype, T => typed::<T>(op, x, dim, out, places))
}

fn typed<T: Number>(op: ScanOp, x: View<'_>, dim: usize, out: ViewMut<'_>, places: Option<ViewMut<'_>>) -> Result<()> {
    let n = x.layout.shape().get(dim).copied().unwrap_or(1);
    let out = data_mut::<T>(out)?;
    let Some(places) = places else {
        let line: fn(&[T], &mut [T]) = match (op, T::INTEGER) {
            (ScanOp::Sum, true) => |x, out| run(x, out, 0, |a: i64, v| a.wrapping_add(v.to_i64()), T::from_i64),
            (ScanOp::Prod, true) => |x, out| run(x, out, 1, |a: i64, v| a.wrapping_mul(v.to_i64()), T::from_i64),
            (ScanOp::Sum, false) => |x, out| run(x, out, 0.0, |a: f64, v| a + v.to_f64(), T::from_f64),
            (ScanOp::Prod, false) => |x, out| run(x, out, 1.0, |a: f64, v| a * v.to_f64(), T::from_f64),
            (ScanOp::LogSumExp, _) => {
                |x, out| run(x, out, f64::NEG_INFINITY, |a, v| log_add_exp(a, v.to_f64()), T::from_f64)
            }
            (ScanOp::Max, _) => |x, out| extremes(x, out, &mut [], |new, old| new >= old),
            (ScanOp::Min, _) => |x, out| extremes(x, out, &mut [], |new, old| new <= old),
        };
        return lines::read(data::<T>(x)?, dim, |x| {
            lines::write(out, dim, |out| {
                if !x.is_empty() {
                    let size = (GRAIN / n).max(1) * n;
                    x.par_chunks(size).zip(out.par_chunks_mut(size)).for_each(|(x, out)| {
                        x.chunks(n).zip(out.chunks_mut(n)).for_each(|(x, out)| line(x, out));
                    });
                }
            })
        })?;
    };
    let places = data_mut::<i64>(places)?;
    let line: fn(&[T], &mut [T], &mut [i64]) = match op {
        ScanOp::Min => |x, out, places| extremes(x, out, places, |new, old| new <= old),
        _ => |x, out, places| extremes(x, out, places, |new, old| new >= old),
    };
    lines::read(data::<T>(x)?, dim, |x| {
        lines::write(out, dim, |out| {
            lines::write(places, dim, |places| {
                if !x.is_empty() {
                    let size = (GRAIN / n).max(1) * n;
                    let tasks = x.par_chunks(size).zip(out.par_chunks_mut(size).zip(places.par_chunks_mut(size)));
                    tasks.for_each(|(x, (out, places))| {
                        let all = x.chunks(n).zip(out.chunks_mut(n).zip(places.chunks_mut(n)));
                        all.for_each(|(x, (out, places))| line(x, out, places));
                    });
                }
            })
        })
    })??
}

fn run<T: Number, A: Copy>(x: &[T], out: &mut [T], start: A, step: impl Fn(A, T) -> A, round: impl Fn(A) -> T) {
    let mut so_far = start;
    for (x, out) in x.iter().zip(out) {
        so_far = step(so_far, *x);
        *out = round(so_far);
    }
}

/// `log(exp(a) + exp(b))`, also where one of them overflows.
fn log_add_exp(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    // Two equal infinities have no difference.
    if low == high && low.is_infinite() { low } else { high + (low - high).exp().ln_1p() }
}

/// Of equal elements the last stays, and so does the last NaN.
fn extremes<T: Number>(x: &[T], out: &mut [T], places: &mut [i64], beats: impl Fn(T, T) -> bool) {
    let Some(&first) = x.first() else { return };
    let (mut best, mut place) = (first, 0);
    for (at, (&v, out)) in x.iter().zip(out).enumerate() {
        #[allow(clippy::eq_op)]
        let is_nan = |v: T| v != v;
        if is_nan(v) || (!is_nan(best) && beats(v, best)) {
            (best, place) = (v, at as i64);
        }
        *out = best;
        if let Some(slot) = places.get_mut(at) {
            *slot = place;
        }
    }
}
