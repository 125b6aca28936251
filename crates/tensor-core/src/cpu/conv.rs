//! Convolution: the three maps for one, two or three spatial dims, by shape: pointwise as a matrix product, depthwise
//! as direct loops, the rest as a product with unfolded columns, of several images together where they are small.
//! Integers by the definition.
mod columns;
mod definition;
mod depthwise;
mod images;
mod planes;
mod unfold;

use super::{
    matmul::Gemm,
    storage::{CpuStorage, Data, DataMut, data, data_mut},
};
use crate::{
    DType, Error, ErrorKind, Layout, Result, View, ViewMut,
    ops::{Conv, ConvKind},
};
use bytemuck::Pod;
use half::{bf16, f16};
use std::ops::{Add, AddAssign, Mul};

/// A float with a matrix product.
pub(super) trait Real: Gemm + Default + Add<Output = Self> + AddAssign + Mul<Output = Self> {}
impl Real for f32 {}
impl Real for f64 {}

/// All sizes of a convolution, as one of three spatial dims: missing ones in front have size 1.
#[derive(Clone, Debug)]
pub(super) struct Geometry {
    /// Images.
    n: usize,
    /// Channels of the input, all groups.
    c: usize,
    /// Channels of the output, all groups.
    o: usize,
    groups: usize,
    input: [usize; 3],
    kernel: [usize; 3],
    output: [usize; 3],
    stride: [usize; 3],
    padding: [usize; 3],
    dilation: [usize; 3],
}

impl Geometry {
    fn new(op: &Conv, x: &[usize], w: &[usize], y: &[usize]) -> Option<Geometry> {
        let rank = x.len().checked_sub(2).filter(|r| (1..=3).contains(r))?;
        if w.len() != rank + 2 || y.len() != rank + 2 || op.groups == 0 {
            return None;
        }
        if op.stride.len() != rank || op.padding.len() != rank || op.dilation.len() != rank {
            return None;
        }
        let three = |sizes: &[usize], fill: usize| {
            let mut all = [fill; 3];
            all[3 - rank..].copy_from_slice(sizes);
            all
        };
        let g = Geometry {
            n: x[0],
            c: x[1],
            o: y[1],
            groups: op.groups,
            input: three(&x[2..], 1),
            kernel: three(&w[2..], 1),
            output: three(&y[2..], 1),
            stride: three(&op.stride, 1),
            padding: three(&op.padding, 0),
            dilation: three(&op.dilation, 1),
        };
        let fits = y[0] == g.n
            && w[0] == g.o
            && w[1] * g.groups == g.c
            && g.o.is_multiple_of(g.groups)
            && !g.stride.contains(&0);
        fits.then_some(g)
    }
    /// Input channels of one group.
    fn cg(&self) -> usize {
        self.c / self.groups
    }
    /// Output channels of one group.
    fn og(&self) -> usize {
        self.o / self.groups
    }
    /// Elements of one kernel.
    fn taps(&self) -> usize {
        self.kernel.iter().product()
    }
    /// Elements of one input channel.
    fn plane(&self) -> usize {
        self.input.iter().product()
    }
    /// Elements of one output channel.
    fn pixels(&self) -> usize {
        self.output.iter().product()
    }
    /// Whether the columns are the image itself.
    fn is_pointwise(&self) -> bool {
        self.kernel == [1; 3] && self.stride == [1; 3] && self.padding == [0; 3] && self.input == self.output
    }
    /// The output positions of dim `d` at which `tap` falls inside the input.
    fn inside(&self, d: usize, tap: usize) -> std::ops::Range<usize> {
        let shift = tap * self.dilation[d];
        let low = self.padding[d].saturating_sub(shift).div_ceil(self.stride[d]);
        let high = (self.input[d] + self.padding[d]).saturating_sub(shift).div_ceil(self.stride[d]);
        low.min(self.output[d])..high.clamp(low.min(self.output[d]), self.output[d])
    }
    /// The input position that `tap` reads for an output position [`Geometry::inside`].
    fn source(&self, d: usize, tap: usize, out: usize) -> usize {
        out * self.stride[d] + tap * self.dilation[d] - self.padding[d]
    }
}

/// The elements of an operand as one slice: its own, or a copy.
enum Dense<'a, T> {
    Own(&'a [T]),
    Copy(CpuStorage, usize),
}

impl<T: Pod> Dense<'_, T> {
    fn slice(&self) -> &[T] {
        match self {
            Dense::Own(all) => all,
            Dense::Copy(memory, len) => &memory.slice::<T>()[..*len],
        }
    }
}

fn dense<T: Pod>(x: Data<'_, T>) -> Result<Dense<'_, T>> {
    Ok(match x.contiguous() {
        Some(all) => Dense::Own(all),
        None => Dense::Copy(converted(x, |v: T| v)?, x.layout.numel()),
    })
}

/// The elements in order, converted.
fn converted<S: Pod, T: Pod>(x: Data<'_, S>, f: impl Fn(S) -> T) -> Result<CpuStorage> {
    let mut memory = CpuStorage::new(x.layout.numel() * size_of::<T>())?;
    let to = memory.slice_mut::<T>();
    match x.contiguous() {
        Some(all) => to.iter_mut().zip(all).for_each(|(to, &from)| *to = f(from)),
        None => to.iter_mut().zip(x.layout.positions()).for_each(|(to, at)| *to = f(x.all[at])),
    }
    Ok(memory)
}

/// Lets `compute` fill a slice with the output's elements, and puts them where they belong.
fn into_output<T: Pod, W: Pod>(
    mut out: DataMut<'_, T>,
    compute: impl FnOnce(&mut [W]) -> Result<()>,
    narrow: impl Fn(W) -> T,
) -> Result<()> {
    let len = out.layout.numel();
    let mut memory = CpuStorage::new(len * size_of::<W>())?;
    let wide = &mut memory.slice_mut::<W>()[..len];
    compute(wide)?;
    match out.contiguous() {
        Some(all) => all.iter_mut().zip(wide).for_each(|(to, from)| *to = narrow(*from)),
        None => out.layout.positions().zip(wide).for_each(|(at, from)| out.all[at] = narrow(*from)),
    }
    Ok(())
}

fn floats<T: Real>(kind: ConvKind, g: &Geometry, a: &[T], b: &[T], out: &mut [T]) -> Result<()> {
    // A group of one input channel reuses nothing that columns could share.
    let depthwise = g.cg() == 1 && g.groups > 1;
    match kind {
        _ if out.is_empty() => Ok(()),
        _ if a.is_empty() || b.is_empty() => {
            out.fill(T::default());
            Ok(())
        }
        ConvKind::Forward if depthwise => depthwise::forward(g, a, b, out),
        ConvKind::InputGrad if depthwise => depthwise::input_grad(g, a, b, out),
        ConvKind::WeightGrad if depthwise => depthwise::weight_grad(g, a, b, out),
        ConvKind::Forward if images::are_small(g) => images::forward(g, a, b, out),
        ConvKind::InputGrad if images::are_small(g) => images::input_grad(g, a, b, out),
        ConvKind::WeightGrad if images::are_small(g) => images::weight_grad(g, a, b, out),
        ConvKind::Forward => unfold::forward(g, a, b, out),
        ConvKind::InputGrad => unfold::input_grad(g, a, b, out),
        ConvKind::WeightGrad => unfold::weight_grad(g, a, b, out),
    }
}

fn run<T: Real>(kind: ConvKind, g: &Geometry, a: View<'_>, b: View<'_>, out: ViewMut<'_>) -> Result<()> {
    let (a, b) = (dense::<T>(data(a)?)?, dense::<T>(data(b)?)?);
    let mut out = data_mut::<T>(out)?;
    match out.contiguous() {
        Some(all) => floats(kind, g, a.slice(), b.slice(), all),
        None => into_output(out, |all| floats(kind, g, a.slice(), b.slice(), all), |v| v),
    }
}

fn halves<T: Pod>(
    kind: ConvKind,
    g: &Geometry,
    (a, b): (View<'_>, View<'_>),
    out: ViewMut<'_>,
    widen: fn(T) -> f32,
    narrow: fn(f32) -> T,
) -> Result<()> {
    let (a, b) = (data::<T>(a)?, data::<T>(b)?);
    let (aw, bw) = (converted(a, widen)?, converted(b, widen)?);
    let (an, bn) = (a.layout.numel(), b.layout.numel());
    let compute = |all: &mut [f32]| floats(kind, g, &aw.slice()[..an], &bw.slice()[..bn], all);
    into_output(data_mut::<T>(out)?, compute, narrow)
}

fn integers<T: Pod>(
    kind: ConvKind,
    g: &Geometry,
    (a, b): (View<'_>, View<'_>),
    out: ViewMut<'_>,
    widen: fn(T) -> i64,
    narrow: fn(i64) -> T,
) -> Result<()> {
    let (a, b) = (data::<T>(a)?, data::<T>(b)?);
    let (aw, bw) = (converted(a, widen)?, converted(b, widen)?);
    let (an, bn) = (a.layout.numel(), b.layout.numel());
    // Modulo 2^64, of which every narrower result is a part.
    let add = |sum: i64, x: i64, y: i64| sum.wrapping_add(x.wrapping_mul(y));
    let compute = |all: &mut [i64]| {
        definition::compute(kind, g, &aw.slice()[..an], &bw.slice()[..bn], all, add);
        Ok(())
    };
    into_output(data_mut::<T>(out)?, compute, narrow)
}

/// See `Backend::conv`.
pub(super) fn conv(op: &Conv, a: View<'_>, b: View<'_>, out: ViewMut<'_>) -> Result<()> {
    let (x, w, y): (&Layout, &Layout, &Layout) = match op.kind {
        ConvKind::Forward => (a.layout, b.layout, out.layout),
        ConvKind::InputGrad => (out.layout, b.layout, a.layout),
        ConvKind::WeightGrad => (b.layout, out.layout, a.layout),
    };
    let g = Geometry::new(op, x.shape(), w.shape(), y.shape()).ok_or_else(|| {
        Error::new("conv", format!("{op:?} does not fit {:?}, {:?}, {:?}", x.shape(), w.shape(), y.shape()))
            .kind_of(ErrorKind::Internal)
    })?;
    let both = (a, b);
    match out.dtype {
        DType::F32 => run::<f32>(op.kind, &g, a, b, out),
        DType::F64 => run::<f64>(op.kind, &g, a, b, out),
        DType::F16 => halves(op.kind, &g, both, out, f16::to_f32, f16::from_f32),
        DType::BF16 => halves(op.kind, &g, both, out, bf16::to_f32, bf16::from_f32),
        DType::I64 => integers::<i64>(op.kind, &g, both, out, |v| v, |v| v),
        DType::I32 => integers::<i32>(op.kind, &g, both, out, i64::from, |v| v as i32),
        DType::U8 => integers::<u8>(op.kind, &g, both, out, i64::from, |v| v as u8),
        DType::Bool => Err(Error::new("conv", "not defined for bool").kind_of(ErrorKind::Unsupported)),
    }
}

#[cfg(test)]
mod tests;
