//! Zeroed memory from the system, and back. On Linux large blocks are mapped in huge pages: a 64 MiB block then takes
//! 32 page faults instead of 16384.
use std::{alloc::Layout, ptr::NonNull};

#[cfg(not(all(target_os = "linux", not(miri))))]
use heap as large;
#[cfg(all(target_os = "linux", not(miri)))]
use mapped as large;

/// Blocks from this size on are mapped.
const LARGE: usize = 1 << 20;

/// `size` zeroed bytes aligned to 64; `None` where the system has no more.
pub(super) fn allocate(size: usize) -> Option<NonNull<u8>> {
    if size >= LARGE { large::allocate(size) } else { heap::allocate(size) }
}

/// Gives a block back.
///
/// # Safety
/// `start` came from [`allocate`] with the same `size`, and nobody uses it any more.
pub(super) unsafe fn free(start: NonNull<u8>, size: usize) {
    // SAFETY: as promised by the caller; both sides choose by the same size.
    unsafe { if size >= LARGE { large::free(start, size) } else { heap::free(start, size) } }
}

mod heap {
    use super::{Layout, NonNull};

    pub(super) fn allocate(size: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(size, 64).ok()?;
        // SAFETY: classes are never empty.
        NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) })
    }
    /// # Safety
    /// As [`super::free`].
    pub(super) unsafe fn free(start: NonNull<u8>, size: usize) {
        if let Ok(layout) = Layout::from_size_align(size, 64) {
            // SAFETY: the block was allocated with this layout.
            unsafe { std::alloc::dealloc(start.as_ptr(), layout) }
        }
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
mod mapped {
    use super::NonNull;
    use std::ptr::null_mut;

    const HUGE: usize = 2 << 20;

    pub(super) fn allocate(size: usize) -> Option<NonNull<u8>> {
        let size = size.next_multiple_of(4096);
        // From 2 MiB on, the start falls on a huge page: map more, and give back what hangs over.
        let extra = if size >= HUGE { HUGE } else { 0 };
        let total = size.checked_add(extra)?;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new anonymous mapping touches no existing memory.
        let base = unsafe { libc::mmap(null_mut(), total, access, kind, -1, 0) };
        if base == libc::MAP_FAILED {
            return None;
        }
        let base = base.cast::<u8>();
        if extra == 0 {
            return NonNull::new(base);
        }
        let before = base.addr().next_multiple_of(HUGE) - base.addr();
        let start = base.wrapping_add(before);
        // SAFETY: the three ranges lie inside the new mapping, which nobody uses yet; advice changes no content, and
        // where the system refuses it the pages are merely small.
        unsafe {
            if before > 0 {
                libc::munmap(base.cast(), before);
            }
            if extra > before {
                libc::munmap(start.wrapping_add(size).cast(), extra - before);
            }
            libc::madvise(start.cast(), size, libc::MADV_HUGEPAGE);
        }
        NonNull::new(start)
    }
    /// # Safety
    /// As [`super::free`].
    pub(super) unsafe fn free(start: NonNull<u8>, size: usize) {
        // SAFETY: the block is a mapping of this size.
        unsafe { libc::munmap(start.as_ptr().cast(), size.next_multiple_of(4096)) };
    }
}
