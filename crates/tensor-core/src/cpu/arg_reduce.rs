//! The largest or smallest value along a dim, and where it stands first.
use super::{
    convert::{Number, with_type},
    copy,
    reduce::{Largest, Smallest, fold},
    simd::any1,
    storage::{CpuStorage, Data, DataMut, data, data_mut},
};
use crate::{Layout, ReduceOp, Result, View, ViewMut};
use rayon::prelude::*;

/// Elements a task reads at least.
const GRAIN: usize = 64 << 10;
/// Elements that are searched at a time.
const STRIDE: usize = 256;

pub(super) fn arg_reduce(
    op: ReduceOp,
    x: View<'_>,
    dim: usize,
    values: ViewMut<'_>,
    indices: ViewMut<'_>,
) -> Result<()> {
    with_type!(x.dtype, T => along::<T>(op == ReduceOp::Min, data::<T>(x)?, dim, data_mut::<T>(values)?, data_mut::<i64>(indices)?))
}

fn along<T: Number>(
    least: bool,
    x: Data<'_, T>,
    dim: usize,
    mut values: DataMut<'_, T>,
    mut indices: DataMut<'_, i64>,
) -> Result<()> {
    let shape = x.layout.shape();
    if values.layout.numel() == 0 {
        return Ok(());
    }
    let n = shape.get(dim).copied().unwrap_or(1);
    let inner: usize = shape.iter().skip(dim + 1).product();
    let mut storage;
    let all = match x.contiguous() {
        Some(all) => all,
        None => {
            storage = CpuStorage::new(x.layout.numel() * size_of::<T>())?;
            let layout = Layout::contiguous(shape);
            copy::elements(
                Data { all: x.all, layout: x.layout },
                DataMut { all: storage.slice_mut(), layout: &layout },
            );
            &storage.slice::<T>()[..layout.numel()]
        }
    };
    let flat = Layout::contiguous(values.layout.shape());
    if let (Some(v), Some(i)) = (values.contiguous(), indices.contiguous()) {
        compute(least, all, n, inner, v, i);
        return Ok(());
    }
    let numel = flat.numel();
    let (mut v, mut i) = (CpuStorage::new(numel * size_of::<T>())?, CpuStorage::new(numel * 8)?);
    compute(least, all, n, inner, &mut v.slice_mut::<T>()[..numel], &mut i.slice_mut::<i64>()[..numel]);
    copy::elements(Data { all: v.slice::<T>(), layout: &flat }, values);
    copy::elements(Data { all: i.slice::<i64>(), layout: &flat }, indices);
    Ok(())
}

/// `all` is `[outer, n, inner]`, row-major; the outputs are `[outer, inner]`.
fn compute<T: Number>(least: bool, all: &[T], n: usize, inner: usize, values: &mut [T], indices: &mut [i64]) {
    let rows = (GRAIN / (n * inner).max(1)).max(1);
    let task = |x: &[T], v: &mut [T], i: &mut [i64]| {
        let parts = x.chunks(n * inner).zip(v.chunks_mut(inner).zip(i.chunks_mut(inner)));
        for (x, (v, i)) in parts {
            match (inner, least) {
                (1, false) => (v[0], i[0]) = first(x, fold(x, Largest(x[0]))),
                (1, true) => (v[0], i[0]) = first(x, fold(x, Smallest(x[0]))),
                (_, false) => columns(x, v, i, |a, b| a > b),
                (_, true) => columns(x, v, i, |a, b| a < b),
            }
        }
    };
    if all.len() <= GRAIN {
        return task(all, values, indices);
    }
    all.par_chunks(rows * n * inner)
        .zip(values.par_chunks_mut(rows * inner).zip(indices.par_chunks_mut(rows * inner)))
        .for_each(|(x, (v, i))| task(x, v, i));
}

/// Where a value stands first.
fn first<T: Number>(x: &[T], value: T) -> (T, i64) {
    #[allow(clippy::eq_op)]
    let is = |v: T| v == value || (value != value && v != v);
    for (block, part) in x.chunks(STRIDE).enumerate() {
        if any1(part, is)
            && let Some(at) = part.iter().position(|&v| is(v))
        {
            return (part[at], (block * STRIDE + at) as i64);
        }
    }
    (value, 0)
}

fn columns<T: Number>(x: &[T], values: &mut [T], indices: &mut [i64], beats: impl Fn(T, T) -> bool) {
    let inner = values.len();
    values.copy_from_slice(&x[..inner]);
    indices.fill(0);
    for (r, row) in x.chunks(inner).enumerate().skip(1) {
        for ((x, v), i) in row.iter().zip(values.iter_mut()).zip(indices.iter_mut()) {
            #[allow(clippy::eq_op)]
            let better = beats(*x, *v) || (*x != *x && *v == *v);
            *v = if better { *x } else { *v };
            *i = if better { r as i64 } else { *i };
        }
    }
}
