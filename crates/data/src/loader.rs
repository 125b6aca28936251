//! The loader: batches of a dataset, made by worker threads, in an order that depends on the seed alone.
mod batches;
mod plan;
mod report;
mod stream;
#[cfg(test)]
mod tests;
mod work;

use crate::{Batching, Collate, Dataset, Place, Sampler, ToDevice};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tensor_core::{Device, Result};

pub use batches::Batches;
use plan::Order;
pub use report::LoaderReport;
use report::Tally;
pub use stream::IterableLoader;
use work::{Indexed, Source, Work};

/// Where a loader stands, to be saved in a checkpoint and given to [`DataLoader::load_state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoaderState {
    /// The seed of orders and random transforms.
    pub seed: u64,
    /// The epoch under way, or the next one.
    pub epoch: u64,
    /// How many of its batches have been handed out.
    pub batch: usize,
}

/// Batches of a dataset. The order of batches and every random number in them follow from the seed and the epoch, however
/// many workers make them.
///
/// ```
/// # use data::{DataLoader, Dataset, datasets::Digits};
/// # fn main() -> tensor_core::Result<()> {
/// let loader = DataLoader::new(Digits::train()?).batch_size(64).shuffle(true).workers(2).drop_last(true).seed(0);
/// for epoch in 0..2 {
///     for batch in &loader {
///         let (images, labels) = batch?;
///         assert_eq!((images.shape(), labels.shape()), (&[64, 1, 8, 8][..], &[64][..]));
///     }
/// }
/// # Ok(()) }
/// ```
///
/// Each `for` is one epoch. A sample that fails, or panics, makes an `Err` that names its index; the batches after it
/// can still be had.
pub struct DataLoader<D: Dataset, B> {
    source: Arc<Source<D, B>>,
    order: Order,
    settings: Settings,
}

/// How batches are made, which changes none of them, and how far they have come.
#[derive(Clone, Debug)]
struct Settings {
    workers: usize,
    prefetch: usize,
    timeout: Option<Duration>,
    progress: Arc<Mutex<Progress>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { workers: 0, prefetch: 2, timeout: None, progress: Arc::default() }
    }
}

/// What iterations change.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Chosen by the user, or drawn from the thread's generator by the first iteration.
    seed: Option<u64>,
    /// Where the next iteration starts.
    next_epoch: u64,
    next_batch: usize,
    /// Where the iteration that started last stands.
    epoch: u64,
    batch: usize,
    /// Which iteration that is: one that was abandoned no longer counts.
    turn: u64,
    tally: Tally,
}

impl<D: Dataset> DataLoader<D, <D::Item as Collate>::Batch>
where
    D::Item: Collate,
{
    /// Single samples, in order, without workers: the methods change that.
    pub fn new(dataset: D) -> Self {
        DataLoader::over(dataset, Arc::new(|samples, indices| D::Item::collate(samples, &Place::of_samples(indices))))
    }
}

impl<D: Dataset, B> DataLoader<D, B> {
    /// For samples that no [`Collate`] is defined for: `collate` makes the batches.
    pub fn with_collate(dataset: D, collate: impl Fn(Vec<D::Item>) -> Result<B> + Send + Sync + 'static) -> Self {
        DataLoader::over(dataset, Arc::new(move |samples, _| collate(samples)))
    }

    fn over(dataset: D, collate: work::CollateFn<D::Item, B>) -> Self {
        DataLoader {
            source: Arc::new(Source { dataset: Arc::new(dataset), collate }),
            order: Order::default(),
            settings: Settings::default(),
        }
    }

    /// Samples in a batch; 1 unless set.
    pub fn batch_size(mut self, samples: usize) -> Self {
        self.order.batch_size = Some(samples);
        self
    }

    /// A new random order each epoch.
    pub fn shuffle(mut self, on: bool) -> Self {
        self.order.shuffle = on;
        self
    }

    /// Leaves out a last batch that is smaller than the others.
    pub fn drop_last(mut self, on: bool) -> Self {
        self.order.drop_last = on;
        self
    }

    /// Another order.
    pub fn sampler(mut self, sampler: impl Sampler + 'static) -> Self {
        self.order.sampler = Some(Arc::new(sampler));
        self
    }

    /// Other batches.
    pub fn batch_sampler(mut self, batches: impl Batching + 'static) -> Self {
        self.order.batches = Some(Arc::new(batches));
        self
    }

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

    /// Makes batches by `collate`, for example [`crate::pad_collate`].
    pub fn collate<C>(self, collate: impl Fn(Vec<D::Item>) -> Result<C> + Send + Sync + 'static) -> DataLoader<D, C> {
        let dataset = self.source.dataset.clone();
        let collate: work::CollateFn<D::Item, C> = Arc::new(move |samples, _| collate(samples));
        let DataLoader { order, settings, .. } = self;
        DataLoader { source: Arc::new(Source { dataset, collate }), order, settings }
    }

    /// Moves each batch to `device`; with workers, they do.
    pub fn device(self, device: &Device) -> Self
    where
        B: ToDevice + 'static,
        D::Item: 'static,
    {
        let (device, dataset, inner) = (device.clone(), self.source.dataset.clone(), self.source.collate.clone());
        let collate: work::CollateFn<D::Item, B> =
            Arc::new(move |samples, indices| inner(samples, indices)?.to_device(&device));
        DataLoader { source: Arc::new(Source { dataset, collate }), ..self }
    }

    /// The dataset.
    pub fn dataset(&self) -> &D {
        &self.source.dataset
    }

    /// Batches in an epoch.
    pub fn len(&self) -> usize {
        self.order.count(self.source.dataset.len())
    }

    /// Whether an epoch has no batches.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next iteration is this epoch; those after it count on.
    pub fn set_epoch(&self, epoch: u64) {
        self.settings.resume_at(epoch, 0);
    }

    /// The next iteration is this epoch without its first `batch` batches, which are not even read.
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
        self.settings.progress().tally = Tally::default();
    }
}

impl Settings {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        lock(&self.progress)
    }

    fn set_seed(&self, seed: u64) {
        self.progress().seed = Some(seed);
    }

    fn resume_at(&self, epoch: u64, batch: usize) {
        let mut progress = self.progress();
        (progress.next_epoch, progress.next_batch) = (epoch, batch);
        (progress.epoch, progress.batch) = (epoch, batch);
        progress.turn += 1;
    }

    fn state(&self) -> LoaderState {
        let mut progress = self.progress();
        let seed = progress.seed();
        LoaderState { seed, epoch: progress.epoch, batch: progress.batch }
    }

    fn load_state(&self, state: LoaderState) {
        self.set_seed(state.seed);
        self.resume_at(state.epoch, state.batch);
    }

    fn report(&self) -> LoaderReport {
        LoaderReport::of(self.progress().tally)
    }
}

impl Progress {
    fn seed(&mut self) -> u64 {
        *self.seed.get_or_insert_with(|| crate::random::Words::of_thread(1).word())
    }
}

// Nothing panics while it holds the lock; if it did, plain numbers would still be whole.
fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<D: Dataset, B> fmt::Debug for DataLoader<D, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataLoader")
            .field("samples", &self.source.dataset.len())
            .field("batches", &self.len())
            .field("settings", &self.settings)
            .finish()
    }
}

impl<D, B> DataLoader<D, B>
where
    D: Dataset + 'static,
    D::Item: 'static,
    B: Send + 'static,
{
    /// The batches of the next epoch.
    pub fn iter(&self) -> Batches<B> {
        Batches::start(&self.settings, |start| {
            let plan = self.order.plan(start.seed, start.epoch, self.source.dataset.len())?;
            let len = plan.len();
            let work: Arc<dyn Work<B>> = Arc::new(Indexed { source: self.source.clone(), plan });
            Ok((work, Some(len)))
        })
    }
}

impl<D, B> IntoIterator for &DataLoader<D, B>
where
    D: Dataset + 'static,
    D::Item: 'static,
    B: Send + 'static,
{
    type Item = Result<B>;
    type IntoIter = Batches<B>;
    fn into_iter(self) -> Batches<B> {
        self.iter()
    }
}
