//! What the tensors of this process hold, for tests of leaks and for users who wonder where memory went.
use crate::{cpu, graph, storage};

/// A snapshot of counters that only grow and shrink with tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryStats {
    /// Bytes of CPU tensors that exist now.
    pub bytes: usize,
    /// The most there were since the start, or since [`reset_peak`].
    pub peak_bytes: usize,
    /// Bytes the CPU allocator keeps for the next tensors.
    pub cached_bytes: usize,
    /// Buffers that exist now, on all devices.
    pub buffers: usize,
    /// Recorded operations that exist now.
    pub nodes: usize,
    /// Writes in place that had to copy first because somebody held the old values. A training step makes none.
    pub cow_copies: usize,
}

/// The counters of now.
pub fn memory_stats() -> MemoryStats {
    let cpu = cpu::alloc::stats();
    MemoryStats {
        bytes: cpu.bytes,
        peak_bytes: cpu.peak,
        cached_bytes: cpu.cached,
        buffers: storage::live_buffers(),
        nodes: graph::live_nodes(),
        cow_copies: storage::cow_copies(),
    }
}

/// Starts measuring the peak anew.
pub fn reset_peak() {
    cpu::alloc::reset_peak();
}
