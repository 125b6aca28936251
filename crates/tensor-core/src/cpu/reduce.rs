//! Reductions over any dims of any layout.
//!
//! The dims are brought into memory order; then either runs of neighbours are reduced to a number each (`rows`), or
//! rows are added up column by column (`columns`). Work is cut by shape only, so results do not depend on threads.
//! Sums of `f32` and half floats are taken in `f64` (eight neighbours of a lane in `f32`), those of `f64` in short pieces:
//! errors do not grow with length.
mod columns;
mod fold;
mod rows;

use super::{
    convert::Number,
    copy,
    int::Int,
    map::Block,
    real::Real,
    storage::{CpuStorage, Data, DataMut, data, data_mut},
    unary::undefined,
};
use crate::{DType, Layout, ReduceOp, Result, View, ViewMut};
pub(super) use fold::{FloatSum, Fold, Largest, Smallest, fold, nothing_shorter};
use smallvec::SmallVec;

/// A dim in memory order: size, stride in the input, stride in the output; `None` if it is reduced.
type Dim = (usize, usize, Option<usize>);

pub(super) fn reduce(op: ReduceOp, x: View<'_>, dims: &[usize], out: ViewMut<'_>) -> Result<()> {
    match out.dtype {
        DType::F32 => float::<f32>(op, x, dims, out),
        DType::F64 => float::<f64>(op, x, dims, out),
        DType::F16 => float::<half::f16>(op, x, dims, out),
        DType::BF16 => float::<half::bf16>(op, x, dims, out),
        DType::I64 => int::<i64>(op, x, dims, out),
        DType::I32 => int::<i32>(op, x, dims, out),
        DType::U8 => int::<u8>(op, x, dims, out),
        DType::Bool => match op {
            ReduceOp::Any | ReduceOp::Max => run::<u8, fold::Largest<u8>>(x, dims, out, fold::Largest(0), |a, _| a),
            ReduceOp::All | ReduceOp::Min => run::<u8, fold::Smallest<u8>>(x, dims, out, fold::Smallest(1), |a, _| a),
            _ => Err(undefined(op.name(), DType::Bool)),
        },
    }
}

fn float<S: Block<C: Real + Number>>(op: ReduceOp, x: View<'_>, dims: &[usize], out: ViewMut<'_>) -> Result<()> {
    let infinity = <S::C as Real>::INFINITY;
    match op {
        ReduceOp::Sum => run::<S, _>(x, dims, out, fold::FloatSum, |a, _| Real::of(a)),
        ReduceOp::Mean => run::<S, _>(x, dims, out, fold::FloatSum, |a, n| Real::of(a / n as f64)),
        ReduceOp::Prod => run::<S, _>(x, dims, out, fold::FloatProduct, |a, _| Real::of(a)),
        ReduceOp::Max => run::<S, _>(x, dims, out, fold::Largest(-infinity), |a, _| a),
        ReduceOp::Min => run::<S, _>(x, dims, out, fold::Smallest(infinity), |a, _| a),
        ReduceOp::Any | ReduceOp::All => Err(undefined(op.name(), out.dtype)),
    }
}

fn int<S: Block<C = S> + Int + Number>(op: ReduceOp, x: View<'_>, dims: &[usize], out: ViewMut<'_>) -> Result<()> {
    match op {
        ReduceOp::Sum => run::<S, _>(x, dims, out, fold::IntSum, |a, _| Number::from_i64(a)),
        ReduceOp::Prod => run::<S, _>(x, dims, out, fold::IntProduct, |a, _| Number::from_i64(a)),
        ReduceOp::Max => run::<S, _>(x, dims, out, fold::Largest(S::MIN), |a, _| a),
        ReduceOp::Min => run::<S, _>(x, dims, out, fold::Smallest(S::MAX), |a, _| a),
        ReduceOp::Mean | ReduceOp::Any | ReduceOp::All => Err(undefined(op.name(), out.dtype)),
    }
}

/// What a reduction of a whole tensor needs beside its elements.
pub(super) struct Plan<'a, S: Block, F: Fold<S::C>> {
    all: &'a [S],
    offset: usize,
    fold: F,
    /// From the sum to the result, given the number of elements.
    finish: fn(F::A, usize) -> S::C,
    count: usize,
}

impl<S: Block, F: Fold<S::C>> Plan<'_, S, F> {
    fn result(&self, a: F::A) -> S {
        let mut one = [S::zeroed()];
        S::store(&[(self.finish)(a, self.count)], &mut one);
        one[0]
    }
}

fn run<S: Block, F: Fold<S::C>>(
    x: View<'_>,
    reduced: &[usize],
    out: ViewMut<'_>,
    fold: F,
    finish: fn(F::A, usize) -> S::C,
) -> Result<()> {
    let x = data::<S>(x)?;
    let out = data_mut::<S>(out)?;
    let sizes = x.layout.shape();
    let count = reduced.iter().map(|&d| sizes[d]).product();
    let plan = Plan { all: x.all, offset: x.layout.offset(), fold, finish, count };
    if x.layout.numel() == 0 {
        let value = plan.result(fold.identity());
        out.layout.positions().for_each(|p| out.all[p] = value);
        return Ok(());
    }
    let dims = in_memory_order(x.layout, reduced, out.layout);
    if dims.last().is_none_or(|d| d.1 == 1) {
        return into(&plan, &dims, out);
    }
    // No dim runs through neighbours, or one is broadcast: put the elements in order first.
    let mut storage = CpuStorage::new(x.layout.numel() * size_of::<S>())?;
    let ordered = Layout::contiguous(sizes);
    copy::elements(Data { all: x.all, layout: x.layout }, DataMut { all: storage.slice_mut(), layout: &ordered });
    let plan = Plan { all: storage.slice::<S>(), offset: 0, ..plan };
    into(&plan, &in_memory_order(&ordered, reduced, out.layout), out)
}

/// Dims by falling stride, merged where they lie without gaps on both sides. Empty for a single element; ends with a
/// stride other than 1 where there is a broadcast dim.
fn in_memory_order(x: &Layout, reduced: &[usize], out: &Layout) -> SmallVec<[Dim; 6]> {
    let mut dims: SmallVec<[Dim; 6]> = (0..x.rank())
        .filter(|&d| x.shape()[d] != 1)
        .map(|d| (x.shape()[d], x.strides()[d], (!reduced.contains(&d)).then(|| out.strides()[d])))
        .collect();
    dims.sort_by_key(|dim| std::cmp::Reverse(dim.1));
    let mut merged: SmallVec<[Dim; 6]> = SmallVec::new();
    for (n, s, t) in dims {
        if let Some(last) = merged.last_mut()
            && last.1 == n * s
            && match (last.2, t) {
                (Some(above), Some(t)) => above == n * t,
                (None, None) => true,
                _ => false,
            }
        {
            *last = (last.0 * n, s, t);
        } else {
            merged.push((n, s, t));
        }
    }
    merged
}

/// Reduces into the output: straight away where the kept dims run through it in order, else through a buffer.
fn into<S: Block, F: Fold<S::C>>(plan: &Plan<'_, S, F>, dims: &[Dim], out: DataMut<'_, S>) -> Result<()> {
    let kept: SmallVec<[(usize, usize); 6]> = dims.iter().filter_map(|d| d.2.map(|t| (d.0, t))).collect();
    let sizes: SmallVec<[usize; 6]> = kept.iter().map(|d| d.0).collect();
    let strides: SmallVec<[usize; 6]> = kept.iter().map(|d| d.1).collect();
    let target = Layout::strided(&sizes, &strides, out.layout.offset());
    let numel = target.numel();
    if target.is_contiguous() {
        compute(plan, dims, &mut out.all[target.offset()..target.offset() + numel]);
        return Ok(());
    }
    let mut storage = CpuStorage::new(numel * size_of::<S>())?;
    compute(plan, dims, &mut storage.slice_mut()[..numel]);
    let layout = Layout::contiguous(&sizes);
    copy::elements(Data { all: storage.slice::<S>(), layout: &layout }, DataMut { all: out.all, layout: &target });
    Ok(())
}

fn compute<S: Block, F: Fold<S::C>>(plan: &Plan<'_, S, F>, dims: &[Dim], out: &mut [S]) {
    let side = |kept: bool, dims: &[Dim]| -> Nest {
        Nest(dims.iter().filter(|d| d.2.is_some() == kept).map(|d| (d.0, d.1)).collect())
    };
    match dims.split_last() {
        None => rows::rows(plan, &Nest::default(), &Nest::default(), 1, out),
        Some((&(n, _, None), outer)) => rows::rows(plan, &side(true, outer), &side(false, outer), n, out),
        Some((&(n, _, Some(_)), outer)) => columns::columns(plan, &side(true, outer), &side(false, outer), n, out),
    }
}

/// Sizes and strides of some dims, outermost first.
#[derive(Clone, Default)]
struct Nest(SmallVec<[(usize, usize); 6]>);

impl Nest {
    fn len(&self) -> usize {
        self.0.iter().map(|d| d.0).product()
    }
    /// How far the `i`-th index is from the first.
    fn at(&self, mut i: usize) -> usize {
        let mut position = 0;
        for &(n, stride) in self.0.iter().rev() {
            position += i % n * stride;
            i /= n;
        }
        position
    }
}
