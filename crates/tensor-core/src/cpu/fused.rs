//! Faster ways for operations that core composes of others: fewer passes over memory.
use super::{
    batch_norm,
    convert::Number,
    map::Block,
    real::Real,
    reduce::{FloatSum, Fold, Largest, fold, nothing_shorter},
    simd::map1,
    storage::{data, data_mut},
};
use crate::{DType, Result, View, ViewMut, ops::Fused};
use rayon::prelude::*;

/// Elements a task handles at least.
const GRAIN: usize = 16 << 10;

pub(super) fn fused(op: &Fused, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Option<Result<()>> {
    match (op, inputs, outputs) {
        (Fused::Softmax { dim }, [x], [out]) => rows(*x, *dim, out, false),
        (Fused::LogSoftmax { dim }, [x], [out]) => rows(*x, *dim, out, true),
        (Fused::Gelu { form }, [x], [out]) => super::gelu::gelu(*form, *x, out),
        (Fused::GeluGrad { form }, [x, g], [out]) => super::gelu::gelu_grad(*form, *x, *g, out),
        (Fused::LayerNorm { eps }, [x, affine @ ..], [y, mean, scale]) => {
            super::layer_norm::layer_norm(*eps, *x, affine, [y, mean, scale])
        }
        (Fused::LayerNormGrad, [g, x, mean, rstd, weight @ ..], [dx, dw, db]) => {
            super::layer_norm::layer_norm_grad([*g, *x, *mean, *rstd], weight.first().copied(), [dx, dw, db])
        }
        (Fused::BatchNorm { eps }, [x, affine @ ..], [y, mean, scale]) => match x.dtype {
            DType::F32 => batch_norm::forward::<f32>(*x, affine, *eps, y, mean, scale),
            DType::F64 => batch_norm::forward::<f64>(*x, affine, *eps, y, mean, scale),
            _ => None,
        },
        (Fused::BatchNormGrad, [g, x, mean, rstd, weight @ ..], [dx, dw, db]) => match x.dtype {
            DType::F32 => batch_norm::backward::<f32>([*g, *x, *mean, *rstd], weight.first(), [dx, dw, db]),
            DType::F64 => batch_norm::backward::<f64>([*g, *x, *mean, *rstd], weight.first(), [dx, dw, db]),
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
pub(super) struct Spread(pub(super) f64);
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
    nothing_shorter!(C);
}
