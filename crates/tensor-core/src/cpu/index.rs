//! Elements picked and placed by index. Writes to one element happen in index order, on one thread.
use super::{
    simd::any1,
    storage::{Data, DataMut, data, data_mut},
};
use crate::{DType, Element, Error, ErrorKind, Layout, Operand, Result, View, ViewMut, ops::ScatterOp};
use bytemuck::Pod;
use half::{bf16, f16};
use rayon::prelude::*;

// Bytes below which waking a thread costs more than its share of the work.
const GRAIN_BYTES: usize = 64 << 10;

/// An index inside `0..size`, or an error that names it.
fn check(op: &'static str, index: i64, dim: usize, size: usize) -> Result<usize> {
    usize::try_from(index).ok().filter(|&i| i < size).ok_or_else(|| outside(op, index, dim, size))
}

#[cold]
fn outside(op: &'static str, index: i64, dim: usize, size: usize) -> Error {
    Error::new(op, format!("index {index} is out of range for dim {dim} of size {size}")).hint(match (size, index) {
        (0, _) => "there is nothing in it".to_string(),
        (n, ..0) => format!("negative indices do not count from the end here: they run from 0 to {}", n - 1),
        (n, _) => format!("indices run from 0 to {}", n - 1),
    })
}

/// Checks every index before anything is written.
fn checked(op: &'static str, index: Data<'_, i64>, dim: usize, size: usize) -> Result<()> {
    let inside = |&i: &i64| (i as u64) < size as u64;
    let bad = match index.contiguous() {
        Some(all) => all.iter().copied().find(|i| !inside(i)),
        None => index.layout.positions().map(|at| index.all[at]).find(|i| !inside(i)),
    };
    bad.map_or(Ok(()), |i| check(op, i, dim, size).map(|_| ()))
}

/// Numbers that add up: floats in their own precision, integers wrapping.
pub(super) trait Sum: Pod + Send + Sync + Default + PartialOrd {
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// The larger, or NaN.
    fn larger(self, other: Self) -> Self {
        #[allow(clippy::eq_op)]
        let replaced = other != other || other > self;
        if replaced { other } else { self }
    }
    /// The smaller, or NaN.
    fn smaller(self, other: Self) -> Self {
        #[allow(clippy::eq_op)]
        let replaced = other != other || other < self;
        if replaced { other } else { self }
    }
}
macro_rules! sum {
    ($($t:ty: |$a:ident, $b:ident| $sum:expr, $product:expr;)*) => { $(impl Sum for $t {
        fn plus(self, other: $t) -> $t { let ($a, $b) = (self, other); $sum }
        fn times(self, other: $t) -> $t { let ($a, $b) = (self, other); $product }
    })* };
}
sum! {
    f32: |a, b| a + b, a * b;
    f64: |a, b| a + b, a * b;
    f16: |a, b| f16::from_f32(a.to_f32() + b.to_f32()), f16::from_f32(a.to_f32() * b.to_f32());
    bf16: |a, b| bf16::from_f32(a.to_f32() + b.to_f32()), bf16::from_f32(a.to_f32() * b.to_f32());
    i64: |a, b| a.wrapping_add(b), a.wrapping_mul(b);
    i32: |a, b| a.wrapping_add(b), a.wrapping_mul(b);
    u8: |a, b| a.wrapping_add(b), a.wrapping_mul(b);
}

/// Runs an expression for the type behind a dtype; a bool is a byte.
macro_rules! by_dtype {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            DType::F32 => {
                type $T = f32;
                $body
            }
            DType::F64 => {
                type $T = f64;
                $body
            }
            DType::F16 => {
                type $T = f16;
                $body
            }
            DType::BF16 => {
                type $T = bf16;
                $body
            }
            DType::I64 => {
                type $T = i64;
                $body
            }
            DType::I32 => {
                type $T = i32;
                $body
            }
            DType::U8 | DType::Bool => {
                type $T = u8;
                $body
            }
        }
    };
}

/// Walks the lines along `dim` of an index: calls `visit` with the first position of each line in `index`, and, by
/// `strides`, in the two other tensors (whose own dim strides are left to the caller).
fn lines(shape: &[usize], dim: usize, strides: [&[usize]; 3], mut visit: impl FnMut([usize; 3])) {
    if shape.contains(&0) {
        return;
    }
    let mut index = vec![0usize; shape.len()];
    let mut at = [0usize; 3];
    loop {
        visit(at);
        let mut d = shape.len();
        loop {
            if d == 0 {
                return;
            }
            d -= 1;
            if d == dim {
                continue;
            }
            index[d] += 1;
            for t in 0..3 {
                at[t] += strides[t][d];
            }
            if index[d] < shape[d] {
                break;
            }
            for t in 0..3 {
                at[t] -= index[d] * strides[t][d];
            }
            index[d] = 0;
        }
    }
}

/// A 0-d tensor is one of one element.
fn at_least_1d(layout: &Layout) -> Layout {
    if layout.rank() == 0 { Layout::strided(&[1], &[1], layout.offset()) } else { layout.clone() }
}

/// [`gather`] along the last dim of tensors without gaps, line by line; whether every index was inside.
fn gather_lines<T: Pod + Send + Sync>((x, size): (&[T], usize), (index, n): (&[i64], usize), out: &mut [T]) -> bool {
    let line = |((x, index), out): ((&[T], &[i64]), &mut [T])| {
        if any1(index, |i| i as u64 >= size as u64) {
            return false;
        }
        let pick = |i: i64| {
            // SAFETY: every index of this line was just found to be below `size`, the length of `x`.
            unsafe { *x.get_unchecked(i as usize) }
        };
        let (out, out_rest) = out.as_chunks_mut::<8>();
        let (index, index_rest) = index.as_chunks::<8>();
        out.iter_mut().zip(index).for_each(|(out, index)| *out = index.map(pick));
        out_rest.iter_mut().zip(index_rest).for_each(|(out, &i)| *out = pick(i));
        true
    };
    if size_of_val(index) <= 2 * GRAIN_BYTES {
        return x.chunks_exact(size).zip(index.chunks_exact(n)).zip(out.chunks_exact_mut(n)).all(line);
    }
    let lines = x.par_chunks_exact(size).zip(index.par_chunks_exact(n)).zip(out.par_chunks_exact_mut(n));
    lines.with_min_len((GRAIN_BYTES / size_of_val(&index[..n])).max(1)).all(line)
}

/// See `Backend::gather`.
pub(super) fn gather(x: View<'_>, dim: usize, index: View<'_>, out: ViewMut<'_>) -> Result<()> {
    fn typed<T: Pod + Send + Sync>(
        x: Data<'_, T>,
        dim: usize,
        index: Data<'_, i64>,
        mut out: DataMut<'_, T>,
    ) -> Result<()> {
        let (xl, il, ol) = (at_least_1d(x.layout), at_least_1d(index.layout), at_least_1d(out.layout));
        let (size, n) = (xl.shape()[dim], il.shape()[dim]);
        let same_lines = dim + 1 == xl.rank() && xl.shape()[..dim] == il.shape()[..dim];
        if same_lines
            && size * n > 0
            && let (Some(x), Some(i), Some(out)) = (x.contiguous(), index.contiguous(), out.contiguous())
        {
            return if gather_lines((x, size), (i, n), out) { Ok(()) } else { checked("gather", index, dim, size) };
        }
        checked("gather", index, dim, size)?;
        let (xs, is, os) = (xl.strides()[dim], il.strides()[dim], ol.strides()[dim]);
        lines(il.shape(), dim, [il.strides(), xl.strides(), ol.strides()], |[i, x0, o]| {
            let (i, x0, o) = (i + il.offset(), x0 + xl.offset(), o + ol.offset());
            for k in 0..n {
                out.all[o + k * os] = x.all[x0 + index.all[i + k * is] as usize * xs];
            }
        });
        Ok(())
    }
    by_dtype!(out.dtype, T => typed::<T>(data(x)?, dim, data(index)?, data_mut(out)?))
}

/// See `Backend::scatter`.
pub(super) fn scatter(op: ScatterOp, dim: usize, index: View<'_>, source: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
    enum From<'a, T> {
        View(Data<'a, T>),
        Value(T),
    }
    fn typed<T: Sum>(
        op: ScatterOp,
        dim: usize,
        index: Data<'_, i64>,
        from: From<'_, T>,
        out: DataMut<'_, T>,
    ) -> Result<()> {
        match op {
            ScatterOp::Set => joined("scatter", dim, index, from, out, |_, new| new),
            ScatterOp::Add => joined("scatter_add", dim, index, from, out, T::plus),
            ScatterOp::Mul => joined("scatter_reduce", dim, index, from, out, T::times),
            ScatterOp::Max => joined("scatter_reduce", dim, index, from, out, T::larger),
            ScatterOp::Min => joined("scatter_reduce", dim, index, from, out, T::smaller),
        }
    }
    fn joined<T: Sum>(
        name: &'static str,
        dim: usize,
        index: Data<'_, i64>,
        from: From<'_, T>,
        out: DataMut<'_, T>,
        join: impl Fn(T, T) -> T,
    ) -> Result<()> {
        let (il, ol) = (at_least_1d(index.layout), at_least_1d(out.layout));
        checked(name, index, dim, ol.shape()[dim])?;
        let sl = match &from {
            From::View(source) => at_least_1d(source.layout),
            From::Value(_) => Layout::strided(il.shape(), &vec![0; il.rank()], 0),
        };
        let (n, is, os, ss) = (il.shape()[dim], il.strides()[dim], ol.strides()[dim], sl.strides()[dim]);
        lines(il.shape(), dim, [il.strides(), ol.strides(), sl.strides()], |[i, o, s]| {
            let (i, o, s) = (i + il.offset(), o + ol.offset(), s + sl.offset());
            for k in 0..n {
                let value = match &from {
                    From::View(source) => source.all[s + k * ss],
                    From::Value(value) => *value,
                };
                let to = &mut out.all[o + index.all[i + k * is] as usize * os];
                *to = join(*to, value);
            }
        });
        Ok(())
    }
    let is_bool = out.dtype == DType::Bool;
    let op = match op {
        // Bool adds up as or, and multiplies as and.
        ScatterOp::Add if is_bool => ScatterOp::Max,
        ScatterOp::Mul if is_bool => ScatterOp::Min,
        op => op,
    };
    by_dtype!(out.dtype, T => {
        let from = match source {
            Operand::View(view) => From::View(data::<T>(view)?),
            Operand::Scalar(s) if is_bool => From::Value(T::from_scalar(crate::Scalar::Int(i64::from(s.to_f64() != 0.0)))),
            Operand::Scalar(s) => From::Value(T::from_scalar(s)),
            Operand::Output => return Err(Error::new("scatter", "has no source").kind_of(ErrorKind::Internal)),
        };
        typed::<T>(op, dim, data(index)?, from, data_mut(out)?)
    })
}

/// The indices of a 1-d tensor, checked.
fn rows(op: &'static str, index: Data<'_, i64>, dim: usize, size: usize) -> Result<Vec<usize>> {
    if let Some(all) = index.contiguous() {
        return all.iter().map(|&i| check(op, i, dim, size)).collect();
    }
    index.layout.positions().map(|at| check(op, index.all[at], dim, size)).collect()
}

/// See `Backend::index_select`.
pub(super) fn index_select(x: View<'_>, dim: usize, index: View<'_>, out: ViewMut<'_>) -> Result<()> {
    fn typed<T: Pod + Send + Sync>(
        x: Data<'_, T>,
        dim: usize,
        index: Data<'_, i64>,
        mut out: DataMut<'_, T>,
    ) -> Result<()> {
        let xl = at_least_1d(x.layout);
        let rows = rows("index_select", index, dim, xl.shape()[dim])?;
        if out.layout.numel() == 0 {
            return Ok(());
        }
        let inner: usize = xl.shape()[dim + 1..].iter().product();
        if let (Some(x), Some(out)) = (x.contiguous(), out.contiguous()) {
            let plane = xl.shape()[dim] * inner;
            let copy = |(at, to): (usize, &mut [T])| {
                let from = at / rows.len() * plane + rows[at % rows.len()] * inner;
                to.copy_from_slice(&x[from..from + inner]);
            };
            if size_of_val(out) <= GRAIN_BYTES {
                out.chunks_exact_mut(inner).enumerate().for_each(copy);
            } else {
                let grain = (GRAIN_BYTES / (inner * size_of::<T>())).max(1);
                out.par_chunks_exact_mut(inner).enumerate().with_min_len(grain).for_each(copy);
            }
            return Ok(());
        }
        let ol = at_least_1d(out.layout);
        let (xs, os) = (xl.strides()[dim], ol.strides()[dim]);
        lines(ol.shape(), dim, [xl.strides(), ol.strides(), ol.strides()], |[from, to, _]| {
            for (k, row) in rows.iter().enumerate() {
                out.all[ol.offset() + to + k * os] = x.all[xl.offset() + from + row * xs];
            }
        });
        Ok(())
    }
    by_dtype!(out.dtype, T => typed::<T>(data(x)?, dim, data(index)?, data_mut(out)?))
}

/// See `Backend::index_add`.
pub(super) fn index_add(dim: usize, index: View<'_>, source: View<'_>, out: ViewMut<'_>) -> Result<()> {
    fn typed<T: Sum>(
        dim: usize,
        index: Data<'_, i64>,
        source: Data<'_, T>,
        mut out: DataMut<'_, T>,
        join: impl Fn(T, T) -> T,
    ) -> Result<()> {
        let (sl, ol) = (at_least_1d(source.layout), at_least_1d(out.layout));
        let rows = rows("index_add", index, dim, ol.shape()[dim])?;
        if source.layout.numel() == 0 {
            return Ok(());
        }
        let inner: usize = ol.shape()[dim + 1..].iter().product();
        if let (Some(source), Some(out)) = (source.contiguous(), out.contiguous()) {
            let plane = ol.shape()[dim] * inner;
            for (at, from) in source.chunks_exact(inner).enumerate() {
                let to = at / rows.len() * plane + rows[at % rows.len()] * inner;
                out[to..to + inner].iter_mut().zip(from).for_each(|(to, &from)| *to = join(*to, from));
            }
            return Ok(());
        }
        let (ss, os) = (sl.strides()[dim], ol.strides()[dim]);
        lines(sl.shape(), dim, [sl.strides(), ol.strides(), ol.strides()], |[from, to, _]| {
            for (k, row) in rows.iter().enumerate() {
                let to = &mut out.all[ol.offset() + to + row * os];
                *to = join(*to, source.all[sl.offset() + from + k * ss]);
            }
        });
        Ok(())
    }
    if out.dtype == DType::Bool {
        // Bool adds up as or.
        return typed::<u8>(dim, data(index)?, data(source)?, data_mut(out)?, u8::larger);
    }
    by_dtype!(out.dtype, T => typed::<T>(dim, data(index)?, data(source)?, data_mut(out)?, T::plus))
}
