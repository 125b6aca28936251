//! Sorting: every element becomes an integer that orders as it does, with its place in the low bits. All keys differ, so
//! the fastest sort of integers is stable and gives the same on any number of threads.
use super::{
    convert::Number,
    lines,
    storage::{data, data_mut},
};
use crate::{DType, Result, View, ViewMut};
use half::{bf16, f16};
use rayon::prelude::*;

/// Elements that a task sorts at least.
const GRAIN: usize = 16 << 10;

/// A number as an unsigned integer of the same order. NaN is above all, and the two zeros are equal.
trait Ordered: Number {
    /// How many low bits of the key say something.
    const BITS: u32;
    fn key(self) -> u64;
}

impl Ordered for f32 {
    const BITS: u32 = 32;
    fn key(self) -> u64 {
        if self.is_nan() {
            return u64::from(u32::MAX);
        }
        // Adding 0 turns -0 into 0.
        let bits = (self + 0.0).to_bits();
        u64::from(if bits >> 31 == 1 { !bits } else { bits | 1 << 31 })
    }
}
impl Ordered for f64 {
    const BITS: u32 = 64;
    fn key(self) -> u64 {
        if self.is_nan() {
            return u64::MAX;
        }
        let bits = (self + 0.0).to_bits();
        if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
    }
}
impl Ordered for f16 {
    const BITS: u32 = 32;
    fn key(self) -> u64 {
        f32::from(self).key()
    }
}
impl Ordered for bf16 {
    const BITS: u32 = 32;
    fn key(self) -> u64 {
        f32::from(self).key()
    }
}
impl Ordered for i64 {
    const BITS: u32 = 64;
    fn key(self) -> u64 {
        self as u64 ^ 1 << 63
    }
}
impl Ordered for i32 {
    const BITS: u32 = 32;
    fn key(self) -> u64 {
        u64::from(self as u32 ^ 1 << 31)
    }
}
impl Ordered for u8 {
    const BITS: u32 = 8;
    fn key(self) -> u64 {
        u64::from(self)
    }
}

/// See `Backend::sort`.
pub(super) fn sort(x: View<'_>, dim: usize, descending: bool, values: ViewMut<'_>, indices: ViewMut<'_>) -> Result<()> {
    fn typed<T: Ordered>(
        x: View<'_>,
        dim: usize,
        descending: bool,
        values: ViewMut<'_>,
        indices: ViewMut<'_>,
    ) -> Result<()> {
        let length = |shape: &[usize]| shape.get(dim).copied().unwrap_or(1);
        let (n, kept) = (length(x.layout.shape()), length(values.layout.shape()));
        let values = data_mut::<T>(values)?;
        let indices = data_mut::<i64>(indices)?;
        lines::read(data::<T>(x)?, dim, |x| {
            lines::write(values, dim, |values| {
                lines::write(indices, dim, |indices| {
                    if kept == 0 || x.is_empty() {
                        return;
                    }
                    if T::BITS <= 32 && n <= u32::MAX as usize {
                        all(x, n, kept, values, indices, &|v: T, at| {
                            let key = v.key();
                            (if descending { !key & u64::from(u32::MAX) } else { key }) << 32 | at as u64
                        });
                    } else {
                        all(x, n, kept, values, indices, &|v: T, at| {
                            u128::from(if descending { !v.key() } else { v.key() }) << 64 | at as u128
                        });
                    }
                })
            })
        })??
    }
    match x.dtype {
        DType::F32 => typed::<f32>(x, dim, descending, values, indices),
        DType::F64 => typed::<f64>(x, dim, descending, values, indices),
        DType::F16 => typed::<f16>(x, dim, descending, values, indices),
        DType::BF16 => typed::<bf16>(x, dim, descending, values, indices),
        DType::I64 => typed::<i64>(x, dim, descending, values, indices),
        DType::I32 => typed::<i32>(x, dim, descending, values, indices),
        DType::U8 | DType::Bool => typed::<u8>(x, dim, descending, values, indices),
    }
}

/// A key whose low half is the place.
trait Packed: Copy + Ord + Send + Sync {
    fn place(self) -> usize;
}
impl Packed for u64 {
    fn place(self) -> usize {
        self as u32 as usize
    }
}
impl Packed for u128 {
    fn place(self) -> usize {
        self as u64 as usize
    }
}

/// Sorts every line of `n` elements and keeps the first `kept`.
fn all<T: Ordered, K: Packed>(
    x: &[T],
    n: usize,
    kept: usize,
    values: &mut [T],
    indices: &mut [i64],
    pack: &(impl Fn(T, usize) -> K + Sync),
) {
    let line = |keys: &mut Vec<K>, x: &[T], values: &mut [T], indices: &mut [i64]| {
        keys.clear();
        keys.extend(x.iter().enumerate().map(|(at, &v)| pack(v, at)));
        let mut first = &mut keys[..];
        if kept < n {
            first = first.select_nth_unstable(kept).0;
        }
        if first.len() > 4 * GRAIN {
            first.par_sort_unstable()
        } else {
            first.sort_unstable()
        }
        for (key, (v, i)) in first.iter().zip(values.iter_mut().zip(indices)) {
            *i = key.place() as i64;
            *v = x[key.place()];
        }
    };
    let lines = (GRAIN / n).max(1);
    x.par_chunks(lines * n)
        .zip(values.par_chunks_mut(lines * kept).zip(indices.par_chunks_mut(lines * kept)))
        .for_each(|(x, (values, indices))| {
            let mut keys = Vec::with_capacity(n);
            let lines = x.chunks(n).zip(values.chunks_mut(kept).zip(indices.chunks_mut(kept)));
            lines.for_each(|(x, (values, indices))| line(&mut keys, x, values, indices));
        });
}
