//! Buffers and who may write to them. A tensor's source is a buffer it owns together with its views, or a live cell,
//! whose buffer an optimizer replaces or overwrites while others hold snapshots.
use crate::{
    DType, Device, Layout, Result,
    backend::{Storage, View, ViewMut},
};
use std::{
    ops::Deref,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// Times that a write had to copy first because somebody held the old values.
static COW_COPIES: AtomicUsize = AtomicUsize::new(0);
/// Buffers that exist now, on all devices.
static LIVE_BUFFERS: AtomicUsize = AtomicUsize::new(0);

/// The number of writes so far that had to copy because somebody held the old values.
pub(crate) fn cow_copies() -> usize {
    COW_COPIES.load(Relaxed)
}
/// The number of buffers that exist now.
pub(crate) fn live_buffers() -> usize {
    LIVE_BUFFERS.load(Relaxed)
}

/// Elements of one dtype on one device. Shared by `Arc`; written only through `Arc::get_mut`, so nobody sees a change.
#[derive(Debug)]
pub(crate) struct Buffer {
    device: Device,
    dtype: DType,
    data: Box<dyn Storage>,
}

impl Buffer {
    /// Room for `len` elements, with any content.
    pub(crate) fn allocate(len: usize, dtype: DType, device: &Device) -> Result<Buffer> {
        let data = device.backend().allocate(len * dtype.size())?;
        LIVE_BUFFERS.fetch_add(1, Relaxed);
        Ok(Buffer { device: device.clone(), dtype, data })
    }
    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }
    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.data
    }
    pub(crate) fn storage_mut(&mut self) -> &mut dyn Storage {
        &mut *self.data
    }
    pub(crate) fn view<'a>(&'a self, layout: &'a Layout) -> View<'a> {
        View { storage: &*self.data, dtype: self.dtype, layout }
    }
    pub(crate) fn view_mut<'a>(&'a mut self, layout: &'a Layout) -> ViewMut<'a> {
        ViewMut { storage: &mut *self.data, dtype: self.dtype, layout }
    }
    /// A buffer of its own with the elements of `layout`, row-major.
    pub(crate) fn copied(&self, layout: &Layout) -> Result<Buffer> {
        let mut new = Buffer::allocate(layout.numel(), self.dtype, &self.device)?;
        let target = Layout::contiguous(layout.shape());
        self.device.backend().copy(self.view(layout), new.view_mut(&target))?;
        Ok(new)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        LIVE_BUFFERS.fetch_sub(1, Relaxed);
    }
}

/// Notes that a write copied first.
pub(crate) fn note_cow_copy() {
    COW_COPIES.fetch_add(1, Relaxed);
}

/// A buffer that its owner replaces: what a parameter holds. Readers take snapshots.
#[derive(Debug)]
pub(crate) struct LiveCell(RwLock<Arc<Buffer>>);

impl LiveCell {
    pub(crate) fn new(buffer: Arc<Buffer>) -> LiveCell {
        LiveCell(RwLock::new(buffer))
    }
    pub(crate) fn snapshot(&self) -> Arc<Buffer> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    pub(crate) fn replace(&self, buffer: Arc<Buffer>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = buffer;
    }
    /// Lets `write` change the buffer: in place when nobody holds a snapshot, else on a copy.
    pub(crate) fn update<T>(&self, layout: &Layout, write: impl FnOnce(&mut Buffer) -> Result<T>) -> Result<T> {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if Arc::get_mut(&mut held).is_none() {
            note_cow_copy();
            *held = Arc::new(held.copied(layout)?);
        }
        // The buffer was made a line above, or nobody else holds it and the cell is locked.
        let buffer = Arc::get_mut(&mut held).ok_or_else(|| crate::Error::new("update", "the buffer is shared"))?;
        write(buffer)
    }
}

/// Where a tensor's elements come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A buffer, shared with views, clones and kept values.
    Own(Arc<Buffer>),
    /// Whatever the cell holds when it is read.
    Live(Arc<LiveCell>),
}

/// A buffer while it is being read: borrowed from an owning tensor, or a snapshot of a live one.
pub(crate) enum BufferRef<'a> {
    Borrowed(&'a Arc<Buffer>),
    Snapshot(Arc<Buffer>),
}

impl Deref for BufferRef<'_> {
    type Target = Arc<Buffer>;
    fn deref(&self) -> &Arc<Buffer> {
        match self {
            BufferRef::Borrowed(b) => b,
            BufferRef::Snapshot(b) => b,
        }
    }
}

impl Source {
    pub(crate) fn buffer(&self) -> BufferRef<'_> {
        match self {
            Source::Own(b) => BufferRef::Borrowed(b),
            Source::Live(cell) => BufferRef::Snapshot(cell.snapshot()),
        }
    }
}
