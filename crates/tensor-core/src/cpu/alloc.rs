//! The caching allocator of CPU buffers: 64-byte aligned blocks in size classes, kept for the next tensor of about the
//! same size, because fresh pages cost about ten times as much as writing to them.
//!
//! Small blocks wait in a list of the thread that freed them; large ones, and what does not fit into that list, wait in
//! one shared bin. Every block is initialised (fresh ones hold zeros, used ones old plain data), so slices of numbers
//! over a block are always sound.
mod classes;
mod system;

use crate::{Error, ErrorKind, Result};
use classes::{CLASSES, LOCAL_CLASSES, class_of, size_of_class};
use std::{
    cell::{Cell, RefCell},
    ptr::NonNull,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicIsize, Ordering::Relaxed},
    },
};

/// What the allocator holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AllocStats {
    pub(crate) bytes: usize,
    pub(crate) peak: usize,
    pub(crate) cached: usize,
}

/// Bytes in the hands of tensors, without what threads have not reported yet.
static BYTES: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);
/// Bytes of cached blocks, without what threads have not reported yet.
static CACHED: AtomicIsize = AtomicIsize::new(0);
/// Blocks of any thread.
static SHARED: Mutex<Bins<CLASSES>> = Mutex::new(Bins([const { Vec::new() }; CLASSES]));

/// A thread reports changes of the counters once they sum up to this: an atomic operation costs as much as the rest of a
/// small allocation.
const REPORT: isize = 64 << 10;
/// The most a thread keeps for itself.
const LOCAL_LIMIT: isize = 4 << 20;
/// Together, tensors and cached blocks stay below this, or below the peak of what tensors alone needed.
const HELD_LIMIT: isize = 1 << 30;

/// An owned block, by its address.
#[derive(Clone, Copy)]
struct Address(NonNull<u8>);
// SAFETY: a block in a bin is owned by the bin alone, and memory may be freed or used on any thread.
unsafe impl Send for Address {}

struct Bins<const N: usize>([Vec<Address>; N]);

struct Local {
    bins: RefCell<Bins<LOCAL_CLASSES>>,
    /// Bytes in `bins`.
    held: Cell<isize>,
    /// Not yet reported: bytes in the hands of tensors, the highest that sum has been, cached bytes.
    bytes: Cell<isize>,
    high: Cell<isize>,
    cached: Cell<isize>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            bins: RefCell::new(Bins([const { Vec::new() }; LOCAL_CLASSES])),
            held: Cell::new(0),
            bytes: Cell::new(0),
            high: Cell::new(0),
            cached: Cell::new(0),
        }
    };
}

impl Local {
    fn report(&self) {
        report(self.bytes.take(), self.high.take(), self.cached.take());
    }
    fn note(&self, bytes: isize, cached: isize) {
        let sum = self.bytes.get() + bytes;
        self.bytes.set(sum);
        self.high.set(self.high.get().max(sum));
        self.cached.set(self.cached.get() + cached);
        if sum.abs() >= REPORT {
            self.report();
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.report();
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        for (class, bin) in self.bins.get_mut().0.iter_mut().enumerate() {
            shared.0[class].append(bin);
        }
    }
}

fn report(bytes: isize, high: isize, cached: isize) {
    let before = BYTES.fetch_add(bytes, Relaxed);
    PEAK.fetch_max(before + high.max(bytes), Relaxed);
    CACHED.fetch_add(cached, Relaxed);
}

/// Counts a change on this thread; once the thread is being torn down, straight away.
fn note(bytes: isize, cached: isize) {
    if LOCAL.try_with(|l| l.note(bytes, cached)).is_err() {
        report(bytes, bytes, cached);
    }
}

/// The counters of now: exact for this thread, up to 64 KiB behind for each other one that is at work.
pub(crate) fn stats() -> AllocStats {
    let _ = LOCAL.try_with(Local::report);
    let read = |counter: &AtomicIsize| usize::try_from(counter.load(Relaxed)).unwrap_or(0);
    AllocStats { bytes: read(&BYTES), peak: read(&PEAK), cached: read(&CACHED) }
}

/// The peak starts anew at what there is now.
pub(crate) fn reset_peak() {
    let _ = LOCAL.try_with(Local::report);
    PEAK.store(BYTES.load(Relaxed), Relaxed);
}

/// Memory of one buffer, at least as long as asked for.
#[derive(Debug)]
pub(super) struct Block {
    start: NonNull<u8>,
    len: usize,
    /// `None` for an empty block, which owns nothing.
    class: Option<u16>,
}

// SAFETY: a block owns its memory, and `&Block` only gives `&[u8]`.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

#[repr(align(64))]
struct Line;

impl Block {
    /// A block of `len` initialised bytes with any content, aligned to 64.
    pub(super) fn new(len: usize) -> Result<Block> {
        if len == 0 {
            return Ok(Block { start: NonNull::<Line>::dangling().cast(), len, class: None });
        }
        let Some(class) = class_of(len) else { return Err(out_of_memory(len)) };
        let (start, class) = match take(class) {
            Some(found) => found,
            None => (fresh(class).ok_or_else(|| out_of_memory(len))?, class),
        };
        Ok(Block { start, len, class: Some(class as u16) })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: the block owns at least `len` bytes, all initialised, from `start` (dangling, and then `len` is 0).
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `&mut self` is the only way to the memory.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(class) = self.class {
            give_back(self.start, usize::from(class));
        }
    }
}

fn out_of_memory(len: usize) -> Error {
    Error::new("allocate", format!("no memory for {len} bytes"))
        .kind_of(ErrorKind::OutOfMemory)
        .hint("use a smaller batch, or free tensors that are no longer needed")
}

/// A cached block of this class, or for large classes of one a little above: the block and its own class.
fn take(class: usize) -> Option<(NonNull<u8>, usize)> {
    if class < LOCAL_CLASSES {
        let size = size_of_class(class) as isize;
        let local = LOCAL.try_with(|l| {
            let found = l.bins.borrow_mut().0[class].pop()?;
            l.held.set(l.held.get() - size);
            l.note(size, -size);
            Some(found)
        });
        if let Ok(Some(found)) = local {
            return Some((found.0, class));
        }
    }
    let above = if class < LOCAL_CLASSES { class } else { (class + 2).min(CLASSES - 1) };
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let (found, class) = (class..=above).find_map(|c| shared.0[c].pop().map(|a| (a.0, c)))?;
    drop(shared);
    let size = size_of_class(class) as isize;
    note(size, -size);
    Some((found, class))
}

/// A new block from the system. Cached blocks go back to it where they would make the process hold too much, or where
/// nothing is left.
fn fresh(class: usize) -> Option<NonNull<u8>> {
    let size = size_of_class(class);
    if class >= LOCAL_CLASSES {
        let (bytes, cached) = (BYTES.load(Relaxed), CACHED.load(Relaxed));
        let over = bytes + cached + size as isize - HELD_LIMIT.max(PEAK.load(Relaxed));
        if over > 0 && cached > 0 {
            release(over);
        }
    }
    let start = system::allocate(size).or_else(|| {
        release(isize::MAX);
        system::allocate(size)
    })?;
    note(size as isize, 0);
    Some(start)
}

fn give_back(start: NonNull<u8>, class: usize) {
    let size = size_of_class(class) as isize;
    if class < LOCAL_CLASSES {
        let kept = LOCAL.try_with(|l| {
            let held = l.held.get() + size;
            if held > LOCAL_LIMIT {
                return false;
            }
            l.bins.borrow_mut().0[class].push(Address(start));
            l.held.set(held);
            l.note(-size, size);
            true
        });
        if kept == Ok(true) {
            return;
        }
    }
    note(-size, size);
    SHARED.lock().unwrap_or_else(PoisonError::into_inner).0[class].push(Address(start));
}

/// Gives shared blocks back to the system, the largest first, until `enough` bytes are free.
fn release(enough: isize) {
    let mut freed = 0;
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    for (class, bin) in shared.0.iter_mut().enumerate().rev() {
        while freed < enough
            && let Some(block) = bin.pop()
        {
            let size = size_of_class(class);
            // SAFETY: the block came from `system::allocate` with its class's size, and nobody holds it any more.
            unsafe { system::free(block.0, size) };
            freed += size as isize;
        }
    }
    drop(shared);
    note(0, -freed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_block_serves_the_next_of_its_size() {
        let a = Block::new(1000).expect("fits");
        let at = a.start;
        drop(a);
        assert_eq!(Block::new(990).expect("fits").start, at);
    }

    #[test]
    fn blocks_are_aligned_and_writable_to_their_ends() {
        for len in [0, 1, 63, 64, 65, 513, 4097, 300_000, (2 << 20) + 5, 5 << 20] {
            let mut b = Block::new(len).expect("fits");
            assert_eq!(b.start.addr().get() % 64, 0);
            assert_eq!(b.bytes().len(), len);
            if let [first, .., last] = b.bytes_mut() {
                (*first, *last) = (1, 2);
            }
        }
    }

    #[test]
    fn what_no_machine_has_is_an_error_that_names_it() {
        for len in [usize::MAX, usize::MAX / 2, 1 << 60] {
            let e = Block::new(len).expect_err("too much");
            assert_eq!(e.kind(), ErrorKind::OutOfMemory);
            assert!(e.to_string().contains(&len.to_string()));
        }
    }

    #[test]
    fn blocks_travel_between_threads() {
        let blocks: Vec<Block> = (0..50).map(|i| Block::new(100 * i).expect("fits")).collect();
        std::thread::spawn(move || drop(blocks)).join().expect("no panic");
        assert!(Block::new(700).is_ok());
    }
}
