//! Pooling: every channel of every image on its own, so that any number of threads gives the same bits.
mod max;

use super::storage::{CpuStorage, data, data_mut};
use crate::{
    DType, Error, ErrorKind, Layout, Result, View, ViewMut,
    ops::{Pool, PoolKind},
};
use bytemuck::Pod;
use half::{bf16, f16};
use max::{Ordered, Planes, largest};
use rayon::prelude::*;

/// All sizes of a pooling, as one of three spatial dims: missing ones in front have size 1.
#[derive(Clone, Copy, Debug)]
struct Geometry {
    input: [usize; 3],
    output: [usize; 3],
    kernel: [usize; 3],
    stride: [usize; 3],
    padding: [usize; 3],
    dilation: [usize; 3],
    count_include_pad: bool,
    divisor: Option<usize>,
}

impl Geometry {
    fn new(op: &Pool, x: &[usize], y: &[usize]) -> Option<Geometry> {
        let rank = x.len().checked_sub(2).filter(|r| (1..=3).contains(r))?;
        let lengths = [op.kernel.len(), op.stride.len(), op.padding.len(), op.dilation.len()];
        if lengths != [rank; 4] || y.len() != x.len() || x[..2] != y[..2] {
            return None;
        }
        let three = |sizes: &[usize], fill: usize| {
            let mut all = [fill; 3];
            all[3 - rank..].copy_from_slice(sizes);
            all
        };
        Some(Geometry {
            input: three(&x[2..], 1),
            output: three(&y[2..], 1),
            kernel: three(&op.kernel, 1),
            stride: three(&op.stride, 1),
            padding: three(&op.padding, 0),
            dilation: three(&op.dilation, 1),
            count_include_pad: op.count_include_pad,
            divisor: op.divisor_override,
        })
    }
    fn plane(&self) -> usize {
        self.input.iter().product()
    }
    fn pixels(&self) -> usize {
        self.output.iter().product()
    }
    /// The elements of the window at `out` along dim `d` that are inside the input: first, one past the last.
    fn window(&self, d: usize, out: usize) -> (usize, usize) {
        let start = (out * self.stride[d]) as isize - self.padding[d] as isize;
        let step = self.dilation[d] as isize;
        // The first tap that is not in the padding.
        let skip = if start < 0 { (-start + step - 1) / step } else { 0 };
        let end = (start + (self.kernel[d] as isize - 1) * step + 1).min(self.input[d] as isize);
        ((start + skip * step).max(0) as usize, end.max(0) as usize)
    }
    /// How many elements the window counts along dim `d`, padding included.
    fn padded(&self, d: usize, out: usize) -> usize {
        let start = out * self.stride[d];
        (start + self.kernel[d]).min(self.input[d] + 2 * self.padding[d]).saturating_sub(start)
    }
}

fn max<T: Ordered>(g: &Geometry, x: View<'_>, y: ViewMut<'_>, at: ViewMut<'_>) -> Result<()> {
    let x = data::<T>(x)?;
    let copy;
    let x = match x.contiguous() {
        Some(all) => all,
        None => {
            copy = gathered(x.all, x.layout, |v: T| v)?;
            &copy.slice::<T>()[..x.layout.numel()]
        }
    };
    let (mut y, mut at) = (data_mut::<T>(y)?, data_mut::<i64>(at)?);
    let (Some(y), Some(at)) = (y.contiguous(), at.contiguous()) else {
        return Err(Error::new("max_pool", "outputs are row-major").kind_of(ErrorKind::Internal));
    };
    if y.is_empty() {
        return Ok(());
    }
    let (plane, pixels) = (g.plane(), g.pixels());
    let grain = ((1 << 14) / pixels).max(1);
    let channels = y.par_chunks_mut(pixels).zip(at.par_chunks_mut(pixels)).zip(x.par_chunks(plane));
    channels.with_min_len(grain).for_each_init(
        || Planes::new(g),
        |planes, ((y, at), x)| match planes {
            Some(planes) => planes.largest(x, y, at),
            None => largest(g, x, y, at),
        },
    );
    Ok(())
}

/// The elements in order, converted.
fn gathered<S: Pod, T: Pod>(all: &[S], layout: &Layout, f: impl Fn(S) -> T) -> Result<CpuStorage> {
    let mut memory = CpuStorage::new(layout.numel() * size_of::<T>())?;
    memory.slice_mut::<T>().iter_mut().zip(layout.positions()).for_each(|(to, at)| *to = f(all[at]));
    Ok(memory)
}

/// Calls `visit(output pixel, input range of each dim, divisor)` for every window.
fn windows(g: &Geometry, mut visit: impl FnMut(usize, [(usize, usize); 3], f64)) {
    let mut pixel = 0;
    for i in 0..g.output[0] {
        for j in 0..g.output[1] {
            for k in 0..g.output[2] {
                let span = [g.window(0, i), g.window(1, j), g.window(2, k)];
                let count = match g.divisor {
                    Some(divisor) => divisor,
                    None if g.count_include_pad => g.padded(0, i) * g.padded(1, j) * g.padded(2, k),
                    None => span.iter().map(|(a, b)| b.saturating_sub(*a)).product(),
                };
                visit(pixel, span, count as f64);
                pixel += 1;
            }
        }
    }
}

/// A dtype that averages are computed in.
trait Mean: Pod + Send + Sync + Default + std::ops::AddAssign + std::ops::Div<Output = Self> {
    fn of(count: f64) -> Self;
}
impl Mean for f32 {
    fn of(count: f64) -> f32 {
        count as f32
    }
}
impl Mean for f64 {
    fn of(count: f64) -> f64 {
        count
    }
}

fn average<T: Mean>(g: &Geometry, x: &[T], y: &mut [T]) {
    let (height, width) = (g.input[1], g.input[2]);
    windows(g, |pixel, [(d0, d1), (r0, r1), (c0, c1)], count| {
        let mut sum = T::default();
        for d in d0..d1 {
            for r in r0..r1 {
                let row = (d * height + r) * width;
                x[row + c0..row + c1.max(c0)].iter().for_each(|&v| sum += v);
            }
        }
        y[pixel] = sum / T::of(count);
    });
}

fn average_grad<T: Mean>(g: &Geometry, dy: &[T], dx: &mut [T]) {
    let (height, width) = (g.input[1], g.input[2]);
    dx.fill(T::default());
    windows(g, |pixel, [(d0, d1), (r0, r1), (c0, c1)], count| {
        let share = dy[pixel] / T::of(count);
        for d in d0..d1 {
            for r in r0..r1 {
                let row = (d * height + r) * width;
                dx[row + c0..row + c1.max(c0)].iter_mut().for_each(|v| *v += share);
            }
        }
    });
}

/// `Average` or its adjoint, computed in `W`.
fn averages<T: Pod, W: Mean>(
    kind: PoolKind,
    g: &Geometry,
    x: View<'_>,
    out: ViewMut<'_>,
    widen: impl Fn(T) -> W,
    narrow: impl Fn(W) -> T,
) -> Result<()> {
    let x = data::<T>(x)?;
    let (wide, len) = (gathered(x.all, x.layout, widen)?, out.layout.numel());
    let from = &wide.slice::<W>()[..x.layout.numel()];
    let mut memory = CpuStorage::new(len * size_of::<W>())?;
    let to = &mut memory.slice_mut::<W>()[..len];
    let (inner, outer) = match kind {
        PoolKind::AverageGrad => (g.pixels(), g.plane()),
        _ => (g.plane(), g.pixels()),
    };
    if from.is_empty() || inner == 0 {
        to.fill(W::default());
    } else if len > 0 {
        let grain = ((1 << 14) / outer).max(1);
        to.par_chunks_mut(outer).zip(from.par_chunks(inner)).with_min_len(grain).for_each(|(to, from)| match kind {
            PoolKind::AverageGrad => average_grad(g, from, to),
            _ => average(g, from, to),
        });
    }
    let out = data_mut::<T>(out)?;
    out.layout.positions().zip(to).for_each(|(at, &mut value)| out.all[at] = narrow(value));
    Ok(())
}

/// See `Backend::pool`.
pub(super) fn pool(op: &Pool, x: View<'_>, outputs: &mut [ViewMut<'_>]) -> Result<()> {
    let wrong = || Error::new("pool", format!("{op:?} with {} outputs", outputs.len())).kind_of(ErrorKind::Internal);
    let large = match (op.kind, &*outputs) {
        (PoolKind::AverageGrad, [out]) => Geometry::new(op, out.layout.shape(), x.layout.shape()),
        (PoolKind::Average, [out]) | (PoolKind::Max, [out, _]) => {
            Geometry::new(op, x.layout.shape(), out.layout.shape())
        }
        _ => None,
    };
    let g = large.ok_or_else(wrong)?;
    let dtype = x.dtype;
    fn again<'a>(v: &'a mut ViewMut<'_>) -> ViewMut<'a> {
        ViewMut { storage: &mut *v.storage, dtype: v.dtype, layout: v.layout }
    }
    match outputs {
        [y, at] => {
            let (y, at) = (again(y), again(at));
            match dtype {
                DType::F32 => max::<f32>(&g, x, y, at),
                DType::F64 => max::<f64>(&g, x, y, at),
                DType::F16 => max::<f16>(&g, x, y, at),
                DType::BF16 => max::<bf16>(&g, x, y, at),
                DType::I64 => max::<i64>(&g, x, y, at),
                DType::I32 => max::<i32>(&g, x, y, at),
                DType::U8 => max::<u8>(&g, x, y, at),
                DType::Bool => Err(Error::new("max_pool", "not defined for bool").kind_of(ErrorKind::Unsupported)),
            }
        }
        [out] => {
            let out = again(out);
            match dtype {
                DType::F32 => averages::<f32, f32>(op.kind, &g, x, out, |v| v, |v| v),
                DType::F64 => averages::<f64, f64>(op.kind, &g, x, out, |v| v, |v| v),
                DType::F16 => averages::<f16, f32>(op.kind, &g, x, out, f16::to_f32, f16::from_f32),
                DType::BF16 => averages::<bf16, f32>(op.kind, &g, x, out, bf16::to_f32, bf16::from_f32),
                // Quotients of integers are cut, as PyTorch does.
                DType::I64 => averages::<i64, f64>(op.kind, &g, x, out, |v| v as f64, |v| v as i64),
                _ => Err(Error::new("avg_pool", format!("not defined for {dtype}")).kind_of(ErrorKind::Unsupported)),
            }
        }
        _ => Err(wrong()),
    }
}
