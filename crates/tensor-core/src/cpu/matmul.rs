//! Matrix products. Work is split by shape only, each tile one serial call, so that any number of threads gives the
//! same bits.
use super::{
    copy,
    storage::{CpuStorage, Data, DataMut, data, data_mut},
};
use crate::{DType, Error, ErrorKind, Result, View, ViewMut};
use bytemuck::Pod;
use gemm_common::Parallelism;
use half::{bf16, f16};
use rayon::prelude::*;

/// The step from one row to the next, and from one column to the next, in elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    pub(super) row: usize,
    pub(super) col: usize,
}

/// Row-major with rows of `cols` elements.
pub(super) fn rows_of(cols: usize) -> Steps {
    Steps { row: cols, col: 1 }
}
/// The transpose of [`rows_of`]: a row-major matrix read with its dims exchanged.
pub(super) fn columns_of(rows: usize) -> Steps {
    Steps { row: 1, col: rows }
}

/// Sizes of a product of `m x k` with `k x n`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) m: usize,
    pub(super) n: usize,
    pub(super) k: usize,
}

/// A dtype with a matrix product of its own.
pub(super) trait Gemm: Pod + Send + Sync {
    /// `c = a b`, or `c += a b`.
    ///
    /// # Safety
    /// Every element of the three matrices is valid memory, and `c` is nobody else's.
    unsafe fn gemm(
        size: Sizes,
        a: (*const Self, Steps),
        b: (*const Self, Steps),
        c: (*mut Self, Steps),
        accumulate: bool,
    );
}

macro_rules! gemm_by_crate {
    ($t:ty, $get:path) => {
        impl Gemm for $t {
            unsafe fn gemm(
                size: Sizes,
                a: (*const $t, Steps),
                b: (*const $t, Steps),
                c: (*mut $t, Steps),
                accumulate: bool,
            ) {
                // The kernels write columns of `c`; where rows are the contiguous ones, the transposed product is meant.
                let (size, a, b, c) = if c.1.col < c.1.row || (c.1.col == c.1.row && size.m == 1) {
                    let turn = |s: Steps| Steps { row: s.col, col: s.row };
                    let size = Sizes { m: size.n, n: size.m, k: size.k };
                    (size, (b.0, turn(b.1)), (a.0, turn(a.1)), (c.0, turn(c.1)))
                } else {
                    (size, a, b, c)
                };
                let step = |s: usize| s as isize;
                // SAFETY: the caller's promise; `Parallelism::None` keeps the call on this thread.
                unsafe {
                    $get()(
                        size.m,
                        size.n,
                        size.k,
                        c.0,
                        step(c.1.col),
                        step(c.1.row),
                        accumulate,
                        a.0,
                        step(a.1.col),
                        step(a.1.row),
                        b.0,
                        step(b.1.col),
                        step(b.1.row),
                        1.0,
                        1.0,
                        false,
                        false,
                        false,
                        Parallelism::None,
                    );
                }
            }
        }
    };
}
gemm_by_crate!(f32, gemm_f32::gemm::f32::get_gemm_fn);
gemm_by_crate!(f64, gemm_f64::gemm::f64::get_gemm_fn);

/// Panics where an element of a matrix would lie outside of its slice.
fn check<T>(size: Sizes, a: (&[T], Steps), b: (&[T], Steps), c: (&[T], Steps)) {
    let reach = |rows: usize, cols: usize, s: Steps| {
        if rows == 0 || cols == 0 { 0 } else { (rows - 1) * s.row + (cols - 1) * s.col + 1 }
    };
    assert!(reach(size.m, size.k, a.1) <= a.0.len(), "the left matrix is inside its slice");
    assert!(reach(size.k, size.n, b.1) <= b.0.len(), "the right matrix is inside its slice");
    assert!(reach(size.m, size.n, c.1) <= c.0.len(), "the result is inside its slice");
}

/// `c = a b`, or `c += a b`, on this thread.
pub(super) fn product<T: Gemm>(
    size: Sizes,
    a: (&[T], Steps),
    b: (&[T], Steps),
    c: (&mut [T], Steps),
    accumulate: bool,
) {
    if size.m == 0 || size.n == 0 {
        return;
    }
    check(size, a, b, (&*c.0, c.1));
    // SAFETY: `check` found all elements inside.
    unsafe { T::gemm(size, (a.0.as_ptr(), a.1), (b.0.as_ptr(), b.1), (c.0.as_mut_ptr(), c.1), accumulate) }
}

/// [`product`] in tiles, on all threads. `c` has the elements of a row or of a column next to each other.
pub(super) fn parallel_product<T: Gemm>(
    size: Sizes,
    (a, xs): (&[T], Steps),
    (b, ys): (&[T], Steps),
    (c, os): (&mut [T], Steps),
    accumulate: bool,
) {
    if size.m == 0 || size.n == 0 {
        return;
    }
    check(size, (a, xs), (b, ys), (&*c, os));
    assert!(
        os.row >= size.n && os.col == 1 || os.col >= size.m && os.row == 1,
        "elements of the result do not overlap"
    );
    let (tm, tn) = tile(size, 1);
    let cols = size.n.div_ceil(tn);
    let (xp, yp, op) = (Shared(a.as_ptr().cast_mut()), Shared(b.as_ptr().cast_mut()), Shared(c.as_mut_ptr()));
    (0..size.m.div_ceil(tm) * cols).into_par_iter().for_each(|task| {
        let (i, j) = (task / cols * tm, task % cols * tn);
        let size = Sizes { m: tm.min(size.m - i), n: tn.min(size.n - j), k: size.k };
        let a = xp.at(i * xs.row).cast_const();
        let b = yp.at(j * ys.col).cast_const();
        let c = op.at(i * os.row + j * os.col);
        // SAFETY: `check` found all elements inside; tiles do not share any, since those of the result do not overlap.
        unsafe { T::gemm(size, (a, xs), (b, ys), (c, os), accumulate) }
    });
}

/// A pointer that tasks share, each going to elements of its own.
#[derive(Debug)]
pub(super) struct Shared<T>(pub(super) *mut T);
// SAFETY: the tasks of one call write to disjoint elements (see `batched`).
unsafe impl<T: Send> Sync for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Shared<T> {}
impl<T> Shared<T> {
    pub(super) fn at(&self, offset: usize) -> *mut T {
        self.0.wrapping_add(offset)
    }
}

// Below this many multiplications a task costs more to hand over than to compute (about 20 us of work).
const GRAIN: usize = 1 << 20;

/// How a matrix of results is cut: the same for any number of threads.
fn tile(size: Sizes, batches: usize) -> (usize, usize) {
    let work = size.m * size.n * size.k.max(1);
    // Enough batches occupy every thread without cutting matrices; a matrix must be worth cutting at all.
    if work < 2 * GRAIN || (batches >= 16 && work < 64 * GRAIN) {
        return (size.m, size.n);
    }
    let (mut tm, mut tn) = (size.m, size.n);
    // Halving the longer side keeps tiles square, which reads least; sides stay a multiple of the kernels' blocks.
    while tm * tn * size.k > 2 * GRAIN && size.m.div_ceil(tm) * size.n.div_ceil(tn) < 16 {
        if tn >= tm && tn > 96 {
            tn = tn.div_ceil(2).next_multiple_of(48);
        } else if tm > 96 {
            tm = tm.div_ceil(2).next_multiple_of(48);
        } else if tn > 96 {
            tn = tn.div_ceil(2).next_multiple_of(48);
        } else {
            break;
        }
    }
    (tm, tn)
}

fn steps<T>(x: &Data<'_, T>) -> (usize, Steps) {
    let s = x.layout.strides();
    (s[0], Steps { row: s[1], col: s[2] })
}

/// A copy of a transposed right operand with its rows in order. Every tile of rows of the result would have to turn its
/// part anew, and by smaller pieces.
fn in_rows<T: Gemm>(y: &Data<'_, T>) -> Result<Option<(CpuStorage, crate::Layout)>> {
    let (s, t) = (y.layout.shape(), y.layout.strides());
    if t[1] != 1 || t[2] == 1 || y.layout.numel() == 0 {
        return Ok(None);
    }
    // A matrix that is repeated for every batch is turned once.
    let source = if t[0] == 0 { y.layout.slice(0, 0, 1, 1) } else { y.layout.clone() };
    let target = crate::Layout::contiguous(source.shape());
    let mut storage = CpuStorage::new(source.numel() * size_of::<T>())?;
    copy::elements(Data { all: y.all, layout: &source }, DataMut { all: storage.slice_mut::<T>(), layout: &target });
    let step = if t[0] == 0 { 0 } else { s[1] * s[2] };
    Ok(Some((storage, crate::Layout::strided(s, &[step, s[2], 1], 0))))
}

fn batched<T: Gemm>(x: Data<'_, T>, y: Data<'_, T>, out: DataMut<'_, T>) -> Result<()> {
    let shape = out.layout.shape();
    let (batches, m, n) = (shape[0], shape[1], shape[2]);
    let k = x.layout.shape()[2];
    if batches * m * n == 0 {
        return Ok(());
    }
    let size = Sizes { m, n, k };
    let (tm, tn) = tile(size, batches);
    let ordered;
    let y = if m > tm
        && let Some(storage) = in_rows(&y)?
    {
        ordered = storage;
        Data { all: ordered.0.slice::<T>(), layout: &ordered.1 }
    } else {
        y
    };
    let ((xb, xs), (yb, ys)) = (steps(&x), steps(&y));
    let os = out.layout.strides();
    let (ob, os) = (os[0], Steps { row: os[1], col: os[2] });
    // An empty operand (k = 0) may stand anywhere; nothing of it is read.
    let start = |all: &[T], offset: usize| if k == 0 { all.as_ptr() } else { all.as_ptr().wrapping_add(offset) };
    let xp = Shared(start(x.all, x.layout.offset()).cast_mut());
    let yp = Shared(start(y.all, y.layout.offset()).cast_mut());
    let op = Shared(out.all.as_mut_ptr().wrapping_add(out.layout.offset()));
    let (rows, cols) = (m.div_ceil(tm), n.div_ceil(tn));
    let one = |task: usize| {
        let (batch, cell) = (task / (rows * cols), task % (rows * cols));
        let (i, j) = (cell / cols * tm, cell % cols * tn);
        let size = Sizes { m: tm.min(m - i), n: tn.min(n - j), k };
        let a = xp.at(batch * xb + i * xs.row).cast_const();
        let b = yp.at(batch * yb + j * ys.col).cast_const();
        let c = op.at(batch * ob + i * os.row + j * os.col);
        // SAFETY: views are inside their buffers (checked by `data`), and a tile is inside its matrix. Tiles do not
        // share elements, because the elements of an output view do not overlap.
        unsafe { T::gemm(size, (a, xs), (b, ys), (c, os), false) }
    };
    let tasks = batches * rows * cols;
    let grain = (GRAIN / (tm * tn * k.max(1))).max(1);
    if tasks <= grain {
        (0..tasks).for_each(one);
    } else {
        (0..tasks).into_par_iter().with_min_len(grain).for_each(one);
    }
    Ok(())
}

/// Integers: plain loops, wrapping.
fn integers<T: Pod>(x: Data<'_, T>, y: Data<'_, T>, out: DataMut<'_, T>, zero: T, mul_add: impl Fn(T, T, T) -> T) {
    let shape = out.layout.shape();
    let k = x.layout.shape()[2];
    let ((xb, xs), (yb, ys)) = (steps(&x), steps(&y));
    let os = out.layout.strides();
    for b in 0..shape[0] {
        for i in 0..shape[1] {
            for j in 0..shape[2] {
                let mut sum = zero;
                for p in 0..k {
                    let a = x.all[x.layout.offset() + b * xb + i * xs.row + p * xs.col];
                    sum = mul_add(a, y.all[y.layout.offset() + b * yb + p * ys.row + j * ys.col], sum);
                }
                out.all[out.layout.offset() + b * os[0] + i * os[1] + j * os[2]] = sum;
            }
        }
    }
}

/// Half floats: computed in `f32`, rounded once.
fn halves<T: Pod + Send + Sync>(
    x: Data<'_, T>,
    y: Data<'_, T>,
    mut out: DataMut<'_, T>,
    widen: fn(T) -> f32,
    narrow: fn(f32) -> T,
) -> Result<()> {
    let widened = |x: Data<'_, T>| -> Result<(CpuStorage, crate::Layout)> {
        // A matrix that is repeated for every batch is converted once.
        let shape = x.layout.shape();
        let once = shape[0] > 0 && x.layout.strides()[0] == 0;
        let source = if once { x.layout.slice(0, 0, 1, 1) } else { x.layout.clone() };
        let target = crate::Layout::contiguous(source.shape());
        let mut wide = CpuStorage::new(source.numel() * 4)?;
        for (to, from) in wide.slice_mut::<f32>().iter_mut().zip(source.positions()) {
            *to = widen(x.all[from]);
        }
        let layout = if once {
            crate::Layout::strided(shape, &[0, target.strides()[1], target.strides()[2]], 0)
        } else {
            target
        };
        Ok((wide, layout))
    };
    let ((xw, xl), (yw, yl)) = (widened(x)?, widened(y)?);
    let target = crate::Layout::contiguous(out.layout.shape());
    let mut wide = CpuStorage::new(target.numel() * 4)?;
    batched(
        Data { all: xw.slice::<f32>(), layout: &xl },
        Data { all: yw.slice::<f32>(), layout: &yl },
        DataMut { all: wide.slice_mut::<f32>(), layout: &target },
    )?;
    let wide = wide.slice::<f32>();
    if let Some(out) = out.contiguous() {
        out.iter_mut().zip(wide).for_each(|(to, &from)| *to = narrow(from));
    } else {
        for (to, &from) in out.layout.positions().zip(wide) {
            out.all[to] = narrow(from);
        }
    }
    Ok(())
}

/// `out[b] = x[b] y[b]`; see `Backend::matmul`.
pub(super) fn matmul(x: View<'_>, y: View<'_>, out: ViewMut<'_>) -> Result<()> {
    match out.dtype {
        DType::F32 => batched::<f32>(data(x)?, data(y)?, data_mut(out)?)?,
        DType::F64 => batched::<f64>(data(x)?, data(y)?, data_mut(out)?)?,
        DType::F16 => halves(data(x)?, data(y)?, data_mut(out)?, f16::to_f32, f16::from_f32)?,
        DType::BF16 => halves(data(x)?, data(y)?, data_mut(out)?, bf16::to_f32, bf16::from_f32)?,
        DType::I64 => {
            integers::<i64>(data(x)?, data(y)?, data_mut(out)?, 0, |a, b, c| c.wrapping_add(a.wrapping_mul(b)))
        }
        DType::I32 => {
            integers::<i32>(data(x)?, data(y)?, data_mut(out)?, 0, |a, b, c| c.wrapping_add(a.wrapping_mul(b)))
        }
        DType::U8 => integers::<u8>(data(x)?, data(y)?, data_mut(out)?, 0, |a, b, c| c.wrapping_add(a.wrapping_mul(b))),
        DType::Bool => {
            return Err(Error::new("matmul", "not defined for bool").kind_of(ErrorKind::Unsupported));
        }
    }
    Ok(())
}
