//! `gelu` and its derivative in one pass: its steps go over a block of elements that stays in the L1 cache.
use super::{
    fused::again,
    real::Real,
    simd::{map2, map3},
    storage::{data, data_mut},
};
use crate::{DType, Result, View, ViewMut, ops::Gelu};
use rayon::prelude::*;

/// Elements that pass through the L1 cache at a time.
const BLOCK: usize = 1024;
/// Elements a task handles.
const GRAIN: usize = 16 << 10;

const INNER: f64 = 0.797_884_560_802_865_4; // sqrt(2 / pi)
const CUBIC: f64 = 0.044715;
const DENSITY: f64 = 0.398_942_280_401_432_7; // 1 / sqrt(2 pi)

fn plain(views: &[View<'_>], out: &ViewMut<'_>) -> bool {
    views.iter().all(|v| v.dtype == out.dtype && v.layout.is_contiguous()) && out.layout.is_contiguous()
}

/// `out = gelu(x)`; `None` where the layouts or the dtype have no such loop.
pub(super) fn gelu(form: Gelu, x: View<'_>, out: &mut ViewMut<'_>) -> Option<Result<()>> {
    match x.dtype {
        _ if !plain(&[x], out) => None,
        DType::F32 => Some(run::<f32>(x, None, out, |x, _, o| forward(form, x, o))),
        DType::F64 => Some(run::<f64>(x, None, out, |x, _, o| forward(form, x, o))),
        _ => None,
    }
}

/// `out = g gelu'(x)`
pub(super) fn gelu_grad(form: Gelu, x: View<'_>, g: View<'_>, out: &mut ViewMut<'_>) -> Option<Result<()>> {
    match x.dtype {
        _ if !plain(&[x, g], out) => None,
        DType::F32 => Some(run::<f32>(x, Some(g), out, |x, g, o| backward(form, x, g, o))),
        DType::F64 => Some(run::<f64>(x, Some(g), out, |x, g, o| backward(form, x, g, o))),
        _ => None,
    }
}

/// Calls `f` with a block of `x`, of `g` (or of `x` again) and of the output.
fn run<T: Real>(
    x: View<'_>,
    g: Option<View<'_>>,
    out: &mut ViewMut<'_>,
    f: impl Fn(&[T], &[T], &mut [T]) + Sync,
) -> Result<()> {
    let (x, g, mut out) = (data::<T>(x)?, g.map(data::<T>).transpose()?, data_mut::<T>(again(out))?);
    let (Some(x), Some(out)) = (x.contiguous(), out.contiguous()) else { return Ok(()) };
    let g = g.and_then(|g| g.contiguous()).unwrap_or(x);
    let task = |at: usize, out: &mut [T]| {
        for (i, out) in out.chunks_mut(BLOCK).enumerate() {
            let at = at + i * BLOCK;
            f(&x[at..at + out.len()], &g[at..at + out.len()], out);
        }
    };
    if out.len() <= 2 * GRAIN {
        task(0, out);
    } else {
        out.par_chunks_mut(GRAIN).enumerate().for_each(|(i, out)| task(i * GRAIN, out));
    }
    Ok(())
}

/// `2 Phi(x) - 1`, the odd part of the factor of `x`.
fn odd<T: Real>(form: Gelu, x: &[T], out: &mut [T]) {
    let mut argument = [T::ZERO; BLOCK];
    let argument = &mut argument[..x.len()];
    match form {
        Gelu::Exact => {
            let root = T::of(std::f64::consts::FRAC_1_SQRT_2);
            super::simd::map1(x, argument, |x: T| x * root);
            T::erfs(argument, out);
        }
        Gelu::Tanh => {
            let (inner, cubic) = (T::of(INNER), T::of(CUBIC));
            super::simd::map1(x, out, |x: T| (inner * (x * x * x).mul_add(cubic, x)).tanh());
        }
    }
}

fn forward<T: Real>(form: Gelu, x: &[T], out: &mut [T]) {
    if form == Gelu::Exact && T::gelus(x, out) {
        return;
    }
    let mut factor = [T::ZERO; BLOCK];
    let factor = &mut factor[..x.len()];
    odd(form, x, factor);
    let half = T::of(0.5);
    map2(x, factor, out, |x: T, f: T| x * half * (f + T::ONE));
}

/// With `y = x p`: `dx = g (p + x dp)`.
fn backward<T: Real>(form: Gelu, x: &[T], g: &[T], out: &mut [T]) {
    let mut factor = [T::ZERO; BLOCK];
    let mut slope = [T::ZERO; BLOCK];
    let (factor, slope) = (&mut factor[..x.len()], &mut slope[..x.len()]);
    odd(form, x, factor);
    let half = T::of(0.5);
    match form {
        Gelu::Exact => {
            let density = T::of(DENSITY);
            super::simd::map1(x, slope, |x: T| x * density * (-half * x * x).exp());
        }
        Gelu::Tanh => {
            let (inner, cubic) = (T::of(0.5 * INNER), T::of(3.0 * CUBIC));
            map2(x, factor, slope, |x: T, t: T| x * inner * (x * x).mul_add(cubic, T::ONE) * (T::ONE - t * t));
        }
    }
    map3(g, factor, slope, out, |g: T, f: T, s: T| g * half.mul_add(f + T::ONE, s));
}
