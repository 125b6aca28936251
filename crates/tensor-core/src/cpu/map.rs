//! The frame of elementwise operations: brings operands of any layout and dtype before plain loops over contiguous
//! slices of the compute dtype, block by block through the L1 cache where they are not that already, on several threads
//! where it pays.
use super::{
    copy,
    storage::{CpuStorage, Data, DataMut},
};
use crate::{Layout, Result};
use bytemuck::{Pod, Zeroable};
use half::{bf16, f16};
use rayon::prelude::*;
use smallvec::SmallVec;

/// Elements that pass through the L1 cache at a time: two inputs and an output of `f64` make 24 KiB.
const BLOCK: usize = 1024;
/// The same for tiny tensors, where clearing a large block would cost more than the work.
const TINY: usize = 16;
/// Bytes of output below which waking a thread costs more than its share of a cheap operation.
const LIGHT: usize = 256 << 10;
/// The same for operations of tens of instructions an element.
const HEAVY: usize = 64 << 10;
/// Rows of at least this many elements are read where they lie.
const LONG: usize = 128;
/// From this many elements on, an operand whose neighbours lie far apart is put in order first, tile by tile.
const REORDER: usize = 1 << 14;

/// How much an operation does to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cost {
    Light,
    Heavy,
}

/// An element as stored, and the type it is computed in.
pub(super) trait Block: Pod + Send + Sync {
    /// The type of arithmetic: `f32` for half precision, else the same.
    type C: Pod + Send + Sync;
    /// Whether both are the same.
    const SAME: bool;
    fn load(from: &[Self], to: &mut [Self::C]);
    fn store(from: &[Self::C], to: &mut [Self]);
}

macro_rules! same_blocks {
    ($($t:ty),*) => { $(impl Block for $t {
        type C = $t;
        const SAME: bool = true;
        #[inline]
        fn load(from: &[$t], to: &mut [$t]) { to.copy_from_slice(from) }
        #[inline]
        fn store(from: &[$t], to: &mut [$t]) { to.copy_from_slice(from) }
    })* };
}
same_blocks!(f32, f64, i64, i32, u8, u16, u32, u64);

impl Block for f16 {
    type C = f32;
    const SAME: bool = false;
    fn load(from: &[f16], to: &mut [f32]) {
        half::slice::HalfFloatSliceExt::convert_to_f32_slice(from, to);
    }
    fn store(from: &[f32], to: &mut [f16]) {
        half::slice::HalfFloatSliceExt::convert_from_f32_slice(to, from);
    }
}
impl Block for bf16 {
    type C = f32;
    const SAME: bool = false;
    fn load(from: &[bf16], to: &mut [f32]) {
        super::simd::map1(from, to, |v: bf16| f32::from_bits(u32::from(v.to_bits()) << 16));
    }
    fn store(from: &[f32], to: &mut [bf16]) {
        super::simd::map1(from, to, |v: f32| {
            let bits = v.to_bits();
            // To the nearest, ties to even; NaN must not round up to infinity.
            let rounded = (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16;
            bf16::from_bits(if v.is_nan() { (bits >> 16) as u16 | 0x40 } else { rounded })
        });
    }
}

/// An input as the frame reads it.
pub(super) enum Source<'a, S: Block> {
    /// Row-major without gaps.
    Direct(&'a [S]),
    /// Any strides; the layout is collapsed.
    Strided(&'a [S], Layout),
    /// One value everywhere.
    Constant(S::C),
    /// What the output holds.
    Output,
}

impl<'a, S: Block> Source<'a, S> {
    /// How to read a view; `ordered` holds a reordered copy where there must be one.
    pub(super) fn new(x: Data<'a, S>, ordered: &'a mut Option<CpuStorage>) -> Result<Source<'a, S>> {
        if let Some(all) = x.contiguous() {
            return Ok(Source::Direct(all));
        }
        let layout = x.layout.collapsed();
        if layout.strides().iter().all(|&t| t == 0) {
            let mut one = [bytemuck::Zeroable::zeroed()];
            S::load(&x.all[layout.offset()..=layout.offset()], &mut one);
            return Ok(Source::Constant(one[0]));
        }
        let numel = layout.numel();
        if layout.strides().last().is_some_and(|&t| t > 1) && numel >= REORDER {
            let storage = ordered.insert(CpuStorage::new(numel * size_of::<S>())?);
            let target = Layout::contiguous(layout.shape());
            copy::elements(Data { all: x.all, layout: &layout }, DataMut { all: storage.slice_mut(), layout: &target });
            return Ok(Source::Direct(&ordered.get_or_insert(CpuStorage::new(0)?).slice::<S>()[..numel]));
        }
        Ok(Source::Strided(x.all, layout))
    }

    fn is_direct(&self) -> bool {
        S::SAME && matches!(self, Source::Direct(_))
    }

    /// How many elements from `at` on stand side by side, where rows are long enough to be read where they lie.
    #[inline]
    fn in_row(&self, at: usize) -> Option<usize> {
        match self {
            Source::Strided(_, layout) if S::SAME => match (layout.shape(), layout.strides()) {
                (&[.., row], &[.., 1]) if row >= LONG => Some(row - at % row),
                _ => None,
            },
            _ => None,
        }
    }

    /// Elements `at..at + n` in row-major order, in `buffer` unless they lie ready.
    #[inline]
    fn fetch<'b>(&'b self, at: usize, n: usize, buffer: &'b mut [S::C]) -> &'b [S::C] {
        match self {
            Source::Direct(all) if S::SAME => bytemuck::cast_slice(&all[at..at + n]),
            Source::Direct(all) => {
                S::load(&all[at..at + n], &mut buffer[..n]);
                &buffer[..n]
            }
            Source::Strided(all, layout) => {
                if self.in_row(at).is_some_and(|row| n <= row) {
                    let start = position(layout, at);
                    return bytemuck::cast_slice(&all[start..start + n]);
                }
                if S::SAME {
                    gather(all, layout, at, bytemuck::cast_slice_mut(&mut buffer[..n]));
                } else {
                    let mut raw = [S::zeroed(); BLOCK];
                    gather(all, layout, at, &mut raw[..n]);
                    S::load(&raw[..n], &mut buffer[..n]);
                }
                &buffer[..n]
            }
            // Filled before.
            Source::Constant(_) | Source::Output => &buffer[..n],
        }
    }
}

/// The loop over contiguous slices.
pub(super) type Kernel<'k, S, O, const N: usize> = &'k (dyn Fn([&[<S as Block>::C]; N], &mut [<O as Block>::C]) + Sync);

/// `out = kernel(inputs)`, all of one shape.
pub(super) fn map<S: Block, O: Block, const N: usize>(
    inputs: [Source<'_, S>; N],
    mut out: DataMut<'_, O>,
    cost: Cost,
    kernel: Kernel<'_, S, O, N>,
) {
    if let Some(all) = out.contiguous() {
        let grain = match cost {
            Cost::Light => LIGHT,
            Cost::Heavy => HEAVY,
        } / size_of::<O::C>();
        if all.len() < 2 * grain {
            piece(&inputs, 0, all, kernel);
        } else {
            all.par_chunks_mut(grain).enumerate().for_each(|(i, part)| piece(&inputs, i * grain, part, kernel));
        }
        return;
    }
    let layout = out.layout.collapsed();
    let mut block = [O::zeroed(); BLOCK];
    for at in (0..layout.numel()).step_by(BLOCK) {
        let block = &mut block[..BLOCK.min(layout.numel() - at)];
        if inputs.iter().any(|x| matches!(x, Source::Output)) {
            gather(out.all, &layout, at, block);
        }
        piece(&inputs, at, block, kernel);
        scatter(block, out.all, &layout, at);
    }
}

/// The elements of `out`, which stand at `start` of the whole.
fn piece<S: Block, O: Block, const N: usize>(
    inputs: &[Source<'_, S>; N],
    start: usize,
    out: &mut [O],
    kernel: Kernel<'_, S, O, N>,
) {
    if O::SAME && inputs.iter().all(Source::is_direct) {
        let slices = std::array::from_fn(|i| match &inputs[i] {
            Source::Direct(all) => bytemuck::cast_slice(&all[start..start + out.len()]),
            _ => &[],
        });
        kernel(slices, bytemuck::cast_slice_mut(out));
    } else if out.len() <= TINY {
        blocks::<S, O, N, TINY>(inputs, start, out, kernel);
    } else {
        blocks::<S, O, N, BLOCK>(inputs, start, out, kernel);
    }
}

fn blocks<S: Block, O: Block, const N: usize, const B: usize>(
    inputs: &[Source<'_, S>; N],
    start: usize,
    out: &mut [O],
    kernel: Kernel<'_, S, O, N>,
) {
    let mut buffers = [[S::C::zeroed(); B]; N];
    for (buffer, input) in buffers.iter_mut().zip(inputs) {
        if let Source::Constant(v) = input {
            buffer[..B.min(out.len())].fill(*v);
        }
    }
    let mut results = [O::C::zeroed(); B];
    let (mut at, mut rest) = (start, out);
    while !rest.is_empty() {
        let n = inputs.iter().filter_map(|input| input.in_row(at)).fold(B.min(rest.len()), usize::min);
        let (part, after) = rest.split_at_mut(n);
        rest = after;
        for (buffer, input) in buffers.iter_mut().zip(inputs) {
            if matches!(input, Source::Output) {
                // The output has the input's dtype: a backend's caller sees to it.
                S::load(bytemuck::cast_slice(part), &mut buffer[..n]);
            }
        }
        let mut unused = buffers.iter_mut();
        let slices = std::array::from_fn(|i| match unused.next() {
            Some(buffer) => inputs[i].fetch(at, n, buffer),
            None => &[],
        });
        if O::SAME {
            kernel(slices, bytemuck::cast_slice_mut(part));
        } else {
            kernel(slices, &mut results[..n]);
            O::store(&results[..n], part);
        }
        at += n;
    }
}

/// Where the `at`-th element of a collapsed layout lies.
fn position(layout: &Layout, mut at: usize) -> usize {
    let dims = layout.shape().iter().zip(layout.strides()).rev();
    dims.fold(layout.offset(), |position, (&n, &stride)| {
        let index = at % n;
        at /= n;
        position + index * stride
    })
}

/// Calls `run(position, count, stride, done)` for each innermost run of the elements from `at` on, until `n` are done.
fn runs(layout: &Layout, at: usize, n: usize, mut run: impl FnMut(usize, usize, usize, usize)) {
    let (shape, strides) = (layout.shape(), layout.strides());
    let Some(last) = shape.len().checked_sub(1) else {
        if n > 0 {
            run(layout.offset(), 1, 1, 0);
        }
        return;
    };
    let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, shape.len());
    let (mut rest, mut position) = (at, layout.offset());
    for d in (0..shape.len()).rev() {
        index[d] = rest % shape[d];
        rest /= shape[d];
        position += index[d] * strides[d];
    }
    let mut done = 0;
    while done < n {
        let count = (shape[last] - index[last]).min(n - done);
        run(position, count, strides[last], done);
        done += count;
        index[last] += count;
        position += count * strides[last];
        let mut d = last;
        while index[d] == shape[d] && d > 0 {
            position -= index[d] * strides[d];
            index[d] = 0;
            d -= 1;
            index[d] += 1;
            position += strides[d];
        }
    }
}

/// Elements of a collapsed layout from `at` on.
pub(super) fn gather<T: Copy>(all: &[T], layout: &Layout, at: usize, to: &mut [T]) {
    runs(layout, at, to.len(), |position, count, stride, done| {
        let to = &mut to[done..done + count];
        match stride {
            0 => to.fill(all[position]),
            1 => to.copy_from_slice(&all[position..position + count]),
            _ => to.iter_mut().zip(all[position..].iter().step_by(stride)).for_each(|(t, v)| *t = *v),
        }
    });
}

/// The reverse of [`gather`].
fn scatter<T: Copy>(from: &[T], all: &mut [T], layout: &Layout, at: usize) {
    runs(layout, at, from.len(), |position, count, stride, done| {
        let from = &from[done..done + count];
        if stride == 1 {
            all[position..position + count].copy_from_slice(from);
        } else {
            all[position..].iter_mut().step_by(stride.max(1)).zip(from).for_each(|(t, v)| *t = *v);
        }
    });
}
