//! How many threads compute. Results have the same bits for any number.
use crate::{Error, Result};
use rayon::ThreadPoolBuilder;
use std::{sync::Once, thread};

/// Starts the program's threads, unless they run already. The thread that computes first is one of them: handing its work
/// over and sleeping until it is done would cost as much as an operation on fifty thousand elements.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let asked = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok()).filter(|&n| n > 0);
        let count = asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        // Whoever has started them before, the program or `set_num_threads`, has decided.
        let _ = with_this_thread(count).build_global();
    });
}

/// A pool of which this thread is one. Alone it could not be: work of other threads would wait for it.
fn with_this_thread(count: usize) -> ThreadPoolBuilder {
    let pool = ThreadPoolBuilder::new().num_threads(count);
    if count > 1 && rayon::current_thread_index().is_none() { pool.use_current_thread() } else { pool }
}

/// How many threads operations on this thread use at most.
pub fn num_threads() -> usize {
    start();
    rayon::current_num_threads()
}

/// Sets how many threads operations of the whole program use; by default, as many as there are cores. Call it before the
/// first operation: later, the threads have started.
pub fn set_num_threads(count: usize) -> Result<()> {
    if count == 0 {
        return Err(Error::new("set_num_threads", "0 threads cannot compute").hint("1 is the least"));
    }
    with_this_thread(count).build_global().map_err(|e| {
        Error::new("set_num_threads", "the number of threads is already settled")
            .hint("call it once, before the first operation; with_num_threads works at any time")
            .source_of(e)
    })
}

/// Runs `f` with its own `count` threads, whatever the rest of the program uses.
///
/// ```
/// # use tensor_core::{num_threads, with_num_threads};
/// assert_eq!(with_num_threads(3, num_threads).unwrap(), 3);
/// ```
// `f` moves to one of these threads, so thread-local state (grad mode, generator) starts from its defaults in there.
pub fn with_num_threads<T: Send>(count: usize, f: impl FnOnce() -> T + Send) -> Result<T> {
    if count == 0 {
        return Err(Error::new("with_num_threads", "0 threads cannot compute").hint("1 is the least"));
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(count)
        .build()
        .map_err(|e| Error::new("with_num_threads", format!("{count} threads could not be started")).source_of(e))?;
    Ok(pool.install(f))
}
