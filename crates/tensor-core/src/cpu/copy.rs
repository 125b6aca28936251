//! Elements from one layout to another, of one dtype or converted.
use super::{
    convert::{Number, convert, with_type},
    map::{Block, Cost, Source, map},
    simd::map1,
    storage::{Data, DataMut, data, data_mut},
};
use crate::{DType, Layout, Result, View, ViewMut};
use rayon::prelude::*;
use smallvec::SmallVec;

/// Side of the square tiles that a transposing copy moves: 64 lines of the source stay in the L1 cache.
const TILE: usize = 32;
/// Bytes a thread moves at a time.
const GRAIN: usize = 256 << 10;

pub(super) fn copy(x: View<'_>, out: ViewMut<'_>) -> Result<()> {
    match out.dtype.size() {
        8 => elements(data::<u64>(x)?, data_mut::<u64>(out)?),
        4 => elements(data::<u32>(x)?, data_mut::<u32>(out)?),
        2 => elements(data::<u16>(x)?, data_mut::<u16>(out)?),
        _ => elements(data::<u8>(x)?, data_mut::<u8>(out)?),
    }
    Ok(())
}

/// Sizes with the strides on both sides.
type Nest = SmallVec<[(usize, usize, usize); 6]>;

/// Dims of both layouts, merged where neither side has a gap, without those of size 1.
fn nest(from: &Layout, to: &Layout) -> Nest {
    let mut dims = Nest::new();
    for (&n, (&s, &t)) in to.shape().iter().zip(from.strides().iter().zip(to.strides())) {
        if n == 1 {
            continue;
        }
        match dims.last_mut() {
            Some(last) if last.1 == n * s && last.2 == n * t => *last = (last.0 * n, s, t),
            _ => dims.push((n, s, t)),
        }
    }
    dims
}

/// Where the parts of a copy are written: distinct elements of one buffer.
struct Target<T>(*mut T);
// SAFETY: the threads of a copy write to distinct elements, as a view to write never overlaps itself.
unsafe impl<T: Send> Send for Target<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Target<T> {}

/// Copies by loops over plain memory; both layouts have been checked against their buffers.
pub(super) fn elements<T: Copy + Send + Sync>(x: Data<'_, T>, mut out: DataMut<'_, T>) {
    let numel = out.layout.numel();
    if numel == 0 {
        return;
    }
    if let (Some(from), Some(to)) = (x.contiguous(), out.contiguous()) {
        let grain = GRAIN / size_of::<T>();
        if numel < 4 * grain {
            to.copy_from_slice(from);
        } else {
            to.par_chunks_mut(grain).zip(from.par_chunks(grain)).for_each(|(t, f)| t.copy_from_slice(f));
        }
        return;
    }
    let mut dims = nest(x.layout, out.layout);
    let source = &x.all[x.layout.offset()..];
    let target = Target(out.all[out.layout.offset()..].as_mut_ptr());
    // The dim along which the target runs is the inner one; the one along which the source runs goes next to it.
    if let Some(run) = dims.iter().position(|d| d.2 == 1) {
        let run = dims.remove(run);
        dims.push(run);
    }
    let Some(inner) = dims.pop() else { return single(source, &target) };
    let across = if inner.1 > 1 { dims.iter().position(|d| d.1 == 1) } else { None };
    let across = match across {
        Some(d) => dims.remove(d),
        None => dims.pop().unwrap_or((1, 0, 0)),
    };
    let transposed = inner.1 > 1 && across.1 == 1;
    // Tasks: each outer index, and blocks of the dim next to the inner one.
    let outer: usize = dims.iter().map(|d| d.0).product();
    let rows = if transposed { TILE } else { (GRAIN / size_of::<T>() / inner.0.max(1)).clamp(1, across.0) };
    let blocks = across.0.div_ceil(rows);
    let task = |i: usize| {
        let (mut rest, block) = (i / blocks, i % blocks);
        let (mut s, mut t) = (0, 0);
        for &(n, from, to) in dims.iter().rev() {
            s += rest % n * from;
            t += rest % n * to;
            rest /= n;
        }
        let first = block * rows;
        let count = rows.min(across.0 - first);
        s += first * across.1;
        t += first * across.2;
        let target = &target;
        if transposed {
            for start in (0..inner.0).step_by(TILE) {
                let len = TILE.min(inner.0 - start);
                tile(
                    source,
                    s + start * inner.1,
                    inner.1,
                    target,
                    t + start * inner.2,
                    (across.2, inner.2),
                    count,
                    len,
                );
            }
        } else {
            for row in 0..count {
                line(source, s + row * across.1, inner.1, target, t + row * across.2, inner.2, inner.0);
            }
        }
    };
    let tasks = outer * blocks;
    if numel * size_of::<T>() < 2 * GRAIN {
        (0..tasks).for_each(task);
    } else {
        let least = (tasks * GRAIN / (numel * size_of::<T>())).max(1);
        (0..tasks).into_par_iter().with_min_len(least).for_each(task);
    }
}

fn single<T: Copy>(source: &[T], target: &Target<T>) {
    // SAFETY: the target's first element is inside, as it has elements at all.
    unsafe { *target.0 = source[0] }
}

/// One run of elements.
fn line<T: Copy>(source: &[T], s: usize, from: usize, target: &Target<T>, t: usize, to: usize, n: usize) {
    // SAFETY: both layouts lie inside their buffers, so these `n` elements do; no other task writes them.
    unsafe {
        let (source, target) = (source.as_ptr().add(s), target.0.add(t));
        match (from, to) {
            (1, 1) => target.copy_from_nonoverlapping(source, n),
            (0, 1) => std::slice::from_raw_parts_mut(target, n).fill(*source),
            _ => (0..n).for_each(|i| *target.add(i * to) = *source.add(i * from)),
        }
    }
}

/// `len` runs of `count` source neighbours, which become `count` runs of `len` target neighbours.
#[allow(clippy::too_many_arguments)]
fn tile<T: Copy>(
    source: &[T],
    s: usize,
    from: usize,
    target: &Target<T>,
    t: usize,
    (down, along): (usize, usize),
    count: usize,
    len: usize,
) {
    // SAFETY: as in `line`.
    unsafe {
        let (source, target) = (source.as_ptr().add(s), target.0.add(t));
        let mut held = [std::mem::MaybeUninit::<T>::uninit(); TILE * TILE];
        for i in 0..len {
            held.as_mut_ptr().add(i * TILE).cast::<T>().copy_from_nonoverlapping(source.add(i * from), count);
        }
        for j in 0..count {
            let row = target.add(j * down);
            for i in 0..len {
                *row.add(i * along) = held[i * TILE + j].assume_init();
            }
        }
    }
}

pub(super) fn cast(x: View<'_>, out: ViewMut<'_>) -> Result<()> {
    let to_bool = out.dtype == DType::Bool;
    with_type!(x.dtype, S => with_type!(out.dtype, D => {
        let x = data::<S>(x)?;
        let out = data_mut::<D>(out)?;
        if to_bool {
            cast_as(x, out, |v: S| D::from_i64(i64::from(v.truth())))
        } else {
            cast_as(x, out, convert::<S, D>)
        }
    }))
}

/// An element without arithmetic, so that the frame hands it over as it is stored.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Raw<T>(T);
// SAFETY: it is a `T`.
unsafe impl<T: bytemuck::Pod> bytemuck::Pod for Raw<T> {}
// SAFETY: it is a `T`.
unsafe impl<T: bytemuck::Pod> bytemuck::Zeroable for Raw<T> {}
impl<T: Number> Block for Raw<T> {
    type C = Raw<T>;
    const SAME: bool = true;
    fn load(from: &[Self], to: &mut [Self]) {
        to.copy_from_slice(from);
    }
    fn store(from: &[Self], to: &mut [Self]) {
        to.copy_from_slice(from);
    }
}

fn cast_as<S: Number, D: Number>(x: Data<'_, S>, out: DataMut<'_, D>, f: impl Fn(S) -> D + Sync + Copy) -> Result<()> {
    let x = Data { all: bytemuck::cast_slice::<S, Raw<S>>(x.all), layout: x.layout };
    let out = DataMut { all: bytemuck::cast_slice_mut::<D, Raw<D>>(out.all), layout: out.layout };
    let mut ordered = None;
    let source = Source::new(x, &mut ordered)?;
    map::<Raw<S>, Raw<D>, 1>([source], out, Cost::Light, &|[x], o| map1(x, o, |v: Raw<S>| Raw(f(v.0))));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Copies between two layouts of a buffer of `u16`, and position by position; the whole target is compared, so that
    /// nothing beside the elements may change.
    fn same_as_one_by_one(from: &Layout, to: &Layout) {
        let source: Vec<u16> = (0..from.required_len() as u16).collect();
        let mut target = vec![u16::MAX; to.required_len() + 3];
        let mut plain = target.clone();
        for (t, s) in to.positions().zip(from.positions()) {
            plain[t] = source[s];
        }
        elements(Data { all: &source, layout: from }, DataMut { all: &mut target, layout: to });
        assert_eq!(target, plain, "{from:?} to {to:?}");
    }

    #[test]
    fn copies_between_any_two_layouts_move_the_elements_and_nothing_else() {
        for shape in [&[][..], &[1], &[7], &[3, 0, 2], &[5, 6], &[33, 34], &[3, 2, 4, 5]] {
            let plain = Layout::contiguous(shape);
            let rank = shape.len();
            let turned = |at: usize| {
                let order: Vec<usize> = (0..rank).map(|d| (d + at) % rank).collect();
                let mut back = vec![0; rank];
                order.iter().enumerate().for_each(|(i, &d)| back[d] = i);
                let sizes: Vec<usize> = order.iter().map(|&d| shape[d]).collect();
                Layout::contiguous(&sizes).permute(&back)
            };
            let wide: Vec<usize> = shape.iter().map(|n| 2 * n + 1).collect();
            let stepped = (0..rank).fold(Layout::contiguous(&wide), |l, d| l.slice(d, 1, shape[d], 2));
            let mut layouts = vec![plain.clone(), stepped];
            layouts.extend((1..rank).map(turned));
            for from in &layouts {
                layouts.iter().for_each(|to| same_as_one_by_one(from, to));
            }
            // A source may name an element many times, a target may not.
            if let Some(repeated) = Layout::contiguous(&[]).expand(shape) {
                layouts.iter().for_each(|to| same_as_one_by_one(&repeated, to));
            }
        }
    }
}
