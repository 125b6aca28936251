//! The lines of a tensor along one dim, one after the other in memory: what sorting and scanning work on.
use super::{
    copy,
    storage::{CpuStorage, Data, DataMut},
};
use crate::{Layout, Result};
use bytemuck::Pod;
use smallvec::SmallVec;

/// The layout with `dim` last; a 0-d tensor is a line of one element.
fn dim_last(layout: &Layout, dim: usize) -> Layout {
    if layout.rank() == 0 {
        return Layout::strided(&[1], &[1], layout.offset());
    }
    let order: SmallVec<[usize; 6]> = (0..layout.rank()).filter(|&d| d != dim).chain([dim]).collect();
    layout.permute(&order)
}

/// Calls `work` with all lines of `x`, each contiguous.
pub(super) fn read<T: Pod + Send + Sync, R>(x: Data<'_, T>, dim: usize, work: impl FnOnce(&[T]) -> R) -> Result<R> {
    let layout = dim_last(x.layout, dim);
    let x = Data { all: x.all, layout: &layout };
    if let Some(lines) = x.contiguous() {
        return Ok(work(lines));
    }
    let flat = Layout::contiguous(layout.shape());
    let mut storage = CpuStorage::new(flat.numel() * size_of::<T>())?;
    copy::elements(x, DataMut { all: storage.slice_mut(), layout: &flat });
    Ok(work(&storage.slice::<T>()[..flat.numel()]))
}

/// Calls `work` with memory for all lines of `out`, each contiguous, and puts them into their places.
pub(super) fn write<T: Pod + Send + Sync, R>(
    out: DataMut<'_, T>,
    dim: usize,
    work: impl FnOnce(&mut [T]) -> R,
) -> Result<R> {
    let layout = dim_last(out.layout, dim);
    let mut out = DataMut { all: out.all, layout: &layout };
    if let Some(lines) = out.contiguous() {
        return Ok(work(lines));
    }
    let flat = Layout::contiguous(layout.shape());
    let mut storage = CpuStorage::new(flat.numel() * size_of::<T>())?;
    let result = work(&mut storage.slice_mut::<T>()[..flat.numel()]);
    copy::elements(Data { all: storage.slice::<T>(), layout: &flat }, out);
    Ok(result)
}
