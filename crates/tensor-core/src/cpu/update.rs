//! Optimizer steps: one pass over gradient and states.
use super::{
    convert::Number,
    fused::again,
    real::Real,
    simd::dispatch,
    storage::{data, data_mut},
};
use crate::{DType, Result, View, ViewMut, ops::Update};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Elements a task handles: few enough that no thread waits long for the last ones.
const GRAIN: usize = 8 << 10;

struct Each<'a, T, F>(&'a mut [T], F);
impl<T: Copy, F: Fn(T) -> T> WithSimd for Each<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.0.iter_mut().for_each(|v| *v = (self.1)(*v));
    }
}
/// `x[i] = f(x[i])`
#[inline(always)]
pub(super) fn each<T: Copy>(x: &mut [T], f: impl Fn(T) -> T) {
    dispatch(Each(x, f));
}

struct Step<'a, T, F, const N: usize>(&'a [T], [&'a mut [T]; N], F);
impl<T: Copy, F: Fn(T, [T; N]) -> [T; N], const N: usize> WithSimd for Step<'_, T, F, N> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Step(g, states, f) = self;
        let n = states.iter().map(|s| s.len()).min().unwrap_or(0).min(g.len());
        let g = &g[..n];
        let states = states.map(|s| &mut s[..n]);
        for i in 0..n {
            let new = f(g[i], std::array::from_fn(|k| states[k][i]));
            for k in 0..N {
                states[k][i] = new[k];
            }
        }
    }
}

pub(super) fn update(update: &Update, grad: View<'_>, states: &mut [ViewMut<'_>]) -> Option<Result<()>> {
    let plain = grad.layout.is_contiguous()
        && states
            .iter()
            .all(|s| s.layout.is_contiguous() && s.dtype == grad.dtype && s.layout.numel() == grad.layout.numel());
    match grad.dtype {
        DType::F32 if plain => update_as::<f32>(update, grad, states),
        DType::F64 if plain => update_as::<f64>(update, grad, states),
        _ => None,
    }
}

fn update_as<T: Real + Number>(update: &Update, grad: View<'_>, states: &mut [ViewMut<'_>]) -> Option<Result<()>> {
    let of = <T as Real>::of;
    let fma = |a: T, b: T, c: T| Real::mul_add(a, b, c);
    match (*update, states) {
        (Update::Sgd { lr, momentum: 0.0, weight_decay, maximize, .. }, [p]) => {
            let (lr, decay, sign) = (of(lr), of(weight_decay), of(if maximize { -1.0 } else { 1.0 }));
            Some(run(grad, [p], move |g, [p]| [fma(-lr, fma(decay, p, sign * g), p)]))
        }
        (Update::Sgd { lr, momentum, dampening, weight_decay, nesterov, maximize, first }, [p, b]) => {
            let (lr, decay, sign) = (of(lr), of(weight_decay), of(if maximize { -1.0 } else { 1.0 }));
            // The first step puts the gradient into the buffer, whatever stands there: it may be NaN.
            let (keep, enter) = (of(momentum), of(if first { 1.0 } else { 1.0 - dampening }));
            let (ahead, behind) = if nesterov { (T::ONE, of(momentum)) } else { (T::ZERO, T::ONE) };
            Some(run(grad, [p, b], move |g, [p, b]| {
                let g = fma(decay, p, sign * g);
                let b = fma(keep, if first { T::ZERO } else { b }, enter * g);
                // Without look-ahead the gradient stays out: 0 times infinity would be NaN.
                let step = if nesterov { fma(behind, b, ahead * g) } else { b };
                [fma(-lr, step, p), b]
            }))
        }
        (Update::Adam { lr, beta1, beta2, eps, weight_decay, decoupled, maximize, step }, [p, m, v]) => {
            let power = |beta: f64| 1.0 - beta.powf(step as f64);
            let size = of(lr / power(beta1));
            let unroot = of(1.0 / power(beta2).sqrt());
            let sign = of(if maximize { -1.0 } else { 1.0 });
            let (coupled, shrink) = if decoupled { (0.0, 1.0 - lr * weight_decay) } else { (weight_decay, 1.0) };
            let (coupled, shrink, eps) = (of(coupled), of(shrink), of(eps));
            let (new1, keep2, new2) = (of(1.0 - beta1), of(beta2), of(1.0 - beta2));
            Some(run(grad, [p, m, v], move |g, [p, m, v]| {
                let p = p * shrink;
                let g = fma(coupled, p, sign * g);
                let m = fma(new1, g - m, m);
                let v = fma(new2 * g, g, keep2 * v);
                [p - size * (m / fma(v.sqrt(), unroot, eps)), m, v]
            }))
        }
        _ => None,
    }
}

fn run<T: Real + Number, const N: usize>(
    grad: View<'_>,
    states: [&mut ViewMut<'_>; N],
    f: impl Fn(T, [T; N]) -> [T; N] + Sync + Copy,
) -> Result<()> {
    let grad = data::<T>(grad)?;
    let Some(grad) = grad.contiguous() else { return Ok(()) };
    let mut tasks: Vec<(&[T], Vec<&mut [T]>)> = grad.chunks(GRAIN).map(|g| (g, Vec::with_capacity(N))).collect();
    for state in states {
        let out = data_mut::<T>(again(state))?;
        let offset = out.layout.offset();
        let all = &mut out.all[offset..offset + grad.len()];
        all.chunks_mut(GRAIN).zip(&mut tasks).for_each(|(s, t)| t.1.push(s));
    }
    let work = |(g, states): (&[T], Vec<&mut [T]>)| {
        if let Ok(states) = <[&mut [T]; N]>::try_from(states) {
            dispatch(Step(g, states, f));
        }
    };
    if tasks.len() <= 4 {
        tasks.into_iter().for_each(work);
    } else {
        tasks.into_par_iter().for_each(work);
    }
    Ok(())
}
