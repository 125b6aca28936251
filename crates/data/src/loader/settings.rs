//! What all loaders can be told and asked: how batches are made ahead, where the loader stands, how it did.
use super::report::{LoaderReport, Tally};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Where a loader stands, to be saved in a checkpoint and given to [`crate::DataLoader::load_state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoaderState {
    /// The seed of orders and random transforms.
    pub seed: u64,
    /// The epoch under way, or the next one.
    pub epoch: u64,
    /// How many of its batches have been handed out.
    pub batch: usize,
}

/// The methods of a loader with a field `settings`.
macro_rules! settings_methods {
    () => {
        /// Threads that make batches ahead; with 0 the caller makes each when it asks.
        pub fn workers(mut self, threads: usize) -> Self {
            self.settings.workers = threads;
            self
        }

        /// Batches that each worker may be ahead; 2 unless set. This bounds the memory of waiting batches.
        pub fn prefetch(mut self, batches: usize) -> Self {
            self.settings.prefetch = batches;
            self
        }

        /// The longest to wait for a batch of the workers; without it, as long as it takes. A batch that is late makes an
        /// `Err`; the next call waits for the same batch again. A worker that is late when the iterator is dropped is left
        /// to end by itself, where the others are joined.
        pub fn timeout(mut self, longest: Duration) -> Self {
            self.settings.timeout = Some(longest);
            self
        }

        /// What orders and random transforms follow from. Unless set, the first iteration draws it from this thread's
        /// generator, so that `manual_seed` decides.
        pub fn seed(self, seed: u64) -> Self {
            self.settings.set_seed(seed);
            self
        }

        /// The next iteration is this epoch; those after it count on.
        pub fn set_epoch(&self, epoch: u64) {
            self.settings.resume_at(epoch, 0);
        }

        /// The next iteration is this epoch without its first `batch` batches. Samples that have an index are not even
        /// read for that.
        pub fn resume_at(&self, epoch: u64, batch: usize) {
            self.settings.resume_at(epoch, batch);
        }

        /// Where the loader stands: inside of an epoch, how many batches it has handed out.
        pub fn state(&self) -> LoaderState {
            self.settings.state()
        }

        /// Continues where another loader stood: the next iteration hands out what that one had not.
        pub fn load_state(&self, state: LoaderState) {
            self.settings.load_state(state);
        }

        /// What it did so far: samples a second, the time its caller waited, the share of padding. Asking costs nothing,
        /// and so does counting.
        pub fn report(&self) -> LoaderReport {
            self.settings.report()
        }

        /// Counts from zero again, for example at the start of an epoch.
        pub fn reset_report(&self) {
            self.settings.progress().tally = Default::default();
        }
    };
}

/// How batches are made, which changes none of them, and how far they have come.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) workers: usize,
    pub(super) prefetch: usize,
    pub(super) timeout: Option<Duration>,
    pub(super) progress: Arc<Mutex<Progress>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { workers: 0, prefetch: 2, timeout: None, progress: Arc::default() }
    }
}

/// What iterations change.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Chosen by the user, or drawn from the thread's generator by the first iteration.
    pub(super) seed: Option<u64>,
    /// Where the next iteration starts.
    pub(super) next_epoch: u64,
    pub(super) next_batch: usize,
    /// Where the iteration that started last stands.
    pub(super) epoch: u64,
    pub(super) batch: usize,
    /// Which iteration that is: one that was abandoned no longer counts.
    pub(super) turn: u64,
    pub(super) tally: Tally,
}

impl Settings {
    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        // Nothing panics while it holds the lock; if it did, plain numbers would still be whole.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_seed(&self, seed: u64) {
        self.progress().seed = Some(seed);
    }

    pub(super) fn resume_at(&self, epoch: u64, batch: usize) {
        let mut progress = self.progress();
        (progress.next_epoch, progress.next_batch) = (epoch, batch);
        (progress.epoch, progress.batch) = (epoch, batch);
        progress.turn += 1;
    }

    pub(super) fn state(&self) -> LoaderState {
        let mut progress = self.progress();
        let seed = progress.seed();
        LoaderState { seed, epoch: progress.epoch, batch: progress.batch }
    }

    pub(super) fn load_state(&self, state: LoaderState) {
        self.set_seed(state.seed);
        self.resume_at(state.epoch, state.batch);
    }

    pub(super) fn report(&self) -> LoaderReport {
        LoaderReport::of(self.progress().tally)
    }
}

impl Progress {
    pub(super) fn seed(&mut self) -> u64 {
        *self.seed.get_or_insert_with(|| crate::random::Words::of_thread(1).word())
    }
}
