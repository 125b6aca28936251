//! The memory of a CPU tensor, and typed slices of it.
use super::alloc::Block;
use crate::{DType, Error, ErrorKind, Layout, Result, Storage, View, ViewMut};
use bytemuck::Pod;
use std::any::Any;

/// A block of the caching allocator.
#[derive(Debug)]
pub(crate) struct CpuStorage(Block);

impl CpuStorage {
    pub(super) fn new(bytes: usize) -> Result<CpuStorage> {
        Block::new(bytes).map(CpuStorage)
    }
    /// All of the memory as elements of `T`.
    pub(super) fn slice<T: Pod>(&self) -> &[T] {
        let bytes = self.0.bytes();
        // Blocks are aligned to 64 bytes, more than any element needs.
        bytemuck::cast_slice(&bytes[..bytes.len() / size_of::<T>() * size_of::<T>()])
    }
    /// All of the memory as elements of `T`.
    pub(super) fn slice_mut<T: Pod>(&mut self) -> &mut [T] {
        let bytes = self.0.bytes_mut();
        let whole = bytes.len() / size_of::<T>() * size_of::<T>();
        bytemuck::cast_slice_mut(&mut bytes[..whole])
    }
}

impl Storage for CpuStorage {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn bytes(&self) -> usize {
        self.0.len()
    }
}

#[cold]
fn foreign() -> Error {
    Error::new("cpu", "memory of another device").kind_of(ErrorKind::Internal)
}

/// The CPU memory behind a storage.
pub(super) fn cpu(storage: &dyn Storage) -> Result<&CpuStorage> {
    storage.as_any().downcast_ref().ok_or_else(foreign)
}
/// The CPU memory behind a storage.
pub(super) fn cpu_mut(storage: &mut dyn Storage) -> Result<&mut CpuStorage> {
    storage.as_any_mut().downcast_mut().ok_or_else(foreign)
}

/// Elements to read: the whole buffer, and which of its elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Data<'a, T> {
    pub(super) all: &'a [T],
    pub(super) layout: &'a Layout,
}

/// Elements to write: the whole buffer, and which of its elements.
#[derive(Debug)]
pub(super) struct DataMut<'a, T> {
    pub(super) all: &'a mut [T],
    pub(super) layout: &'a Layout,
}

/// The elements of a view as numbers of type `T` (for `bool`: `u8`, 0 or 1).
pub(super) fn data<'a, T: Pod>(view: View<'a>) -> Result<Data<'a, T>> {
    let all = cpu(view.storage)?.slice::<T>();
    check(view.layout, view.dtype, size_of::<T>(), all.len())?;
    Ok(Data { all, layout: view.layout })
}

/// The elements of a view to write, as numbers of type `T` (for `bool`: `u8`, 0 or 1).
pub(super) fn data_mut<'a, T: Pod>(view: ViewMut<'a>) -> Result<DataMut<'a, T>> {
    let all = cpu_mut(view.storage)?.slice_mut::<T>();
    check(view.layout, view.dtype, size_of::<T>(), all.len())?;
    Ok(DataMut { all, layout: view.layout })
}

/// Every index of the layout is inside: what the kernels' unchecked loops stand on.
fn check(layout: &Layout, dtype: DType, size: usize, len: usize) -> Result<()> {
    if dtype.size() != size || layout.required_len() > len {
        return Err(Error::new("cpu", format!("a view of {dtype} {layout:?} leaves its buffer of {len} elements"))
            .kind_of(ErrorKind::Internal));
    }
    Ok(())
}

impl<'a, T> Data<'a, T> {
    /// The elements as one slice, if they are row-major without gaps.
    pub(super) fn contiguous(&self) -> Option<&'a [T]> {
        self.layout.is_contiguous().then(|| within(self.layout, self.all))
    }
}

impl<T> DataMut<'_, T> {
    /// The elements as one slice, if they are row-major without gaps.
    pub(super) fn contiguous(&mut self) -> Option<&mut [T]> {
        if !self.layout.is_contiguous() {
            return None;
        }
        let numel = self.layout.numel();
        let offset = if numel == 0 { 0 } else { self.layout.offset() };
        Some(&mut self.all[offset..offset + numel])
    }
}

fn within<'a, T>(layout: &Layout, all: &'a [T]) -> &'a [T] {
    let numel = layout.numel();
    // Empty tensors may stand anywhere, even behind the end.
    let offset = if numel == 0 { 0 } else { layout.offset() };
    &all[offset..offset + numel]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_is_read_and_written_as_any_type_to_its_last_whole_element() {
        let mut storage = CpuStorage::new(4 * 8 + 3).expect("fits");
        storage.slice_mut::<f64>().copy_from_slice(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(storage.slice::<f64>()[3], 4.0);
        assert_eq!(
            (storage.slice::<u8>().len(), storage.slice::<u16>().len(), storage.slice::<f64>().len()),
            (35, 17, 4)
        );
    }

    #[test]
    fn a_view_that_leaves_its_storage_is_an_error() {
        let mut storage = CpuStorage::new(6 * 4).expect("fits");
        for (layout, fits) in [
            (Layout::contiguous(&[2, 3]), true),
            (Layout::strided(&[2, 3], &[1, 2], 0), true),
            (Layout::strided(&[2, 3], &[3, 1], 1), false),
            (Layout::strided(&[2], &[6], 0), false),
            (Layout::strided(&[0], &[1], 99), true),
        ] {
            let view = View { storage: &storage, dtype: DType::F32, layout: &layout };
            assert_eq!(data::<f32>(view).is_ok(), fits, "{layout:?}");
            assert!(data::<f64>(view).is_err(), "the element's size differs");
            let read = data::<f32>(view).ok().map(|d| d.contiguous().map(<[f32]>::len));
            let mut view = ViewMut { storage: &mut storage, dtype: DType::F32, layout: &layout };
            let again = ViewMut { storage: &mut *view.storage, dtype: view.dtype, layout: view.layout };
            let written = data_mut::<f32>(again).ok().map(|mut d| d.contiguous().map(|all| all.len()));
            assert_eq!(read, written, "{layout:?}");
            view.dtype = DType::F64;
            assert!(data_mut::<f32>(view).is_err(), "the element's size differs");
        }
    }
}
