//! The loader of data sets that can only be read from the beginning.
use super::{
    Batches, LoaderReport, LoaderState, Settings,
    batches::Start,
    work::{Made, Source, Work, caught, collated},
};
use crate::{
    Collate, IterableDataset, Place, Stream, ToDevice,
    random::{self, Purpose},
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tensor_core::{Device, Error, Result, no_grad, rng::Generator};

/// Batches of an [`IterableDataset`]. One worker at a time reads on, and what it read is made into samples and a batch
/// while others read: nothing is repeated, and batches and random numbers are the same for any number of workers.
///
/// ```
/// use data::{IterableLoader, IterableDataset, StreamDataset};
/// # fn main() -> tensor_core::Result<()> {
/// let lines = StreamDataset::new(|| Ok("1 2 3 4 5".split(' ').map(|word| Ok(word.to_string()))));
/// let numbers = lines.map(|word| Ok(word.parse::<i64>().unwrap_or(0)));
/// let loader = IterableLoader::new(numbers).batch_size(2).workers(2);
/// let batches = loader.iter().map(|batch| batch?.to_vec::<i64>()).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(batches, [vec![1, 2], vec![3, 4], vec![5]]);
/// # Ok(()) }
/// ```
///
/// To resume inside of an epoch, what had been handed out is read again, without being made into samples.
pub struct IterableLoader<D: IterableDataset, B> {
    source: Arc<Source<D, D::Item, B>>,
    batch_size: usize,
    drop_last: bool,
    settings: Settings,
}

impl<D: IterableDataset> IterableLoader<D, <D::Item as Collate>::Batch>
where
    D::Item: Collate,
{
    /// Single samples without workers: the methods change that.
    pub fn new(dataset: D) -> Self {
        IterableLoader::over(Source::new(dataset, |samples, places| {
            D::Item::collate(samples, &Place::of_samples(places))
        }))
    }
}

impl<D: IterableDataset, B> IterableLoader<D, B> {
    /// For samples that no [`Collate`] is defined for: `collate` makes the batches.
    pub fn with_collate(dataset: D, collate: impl Fn(Vec<D::Item>) -> Result<B> + Send + Sync + 'static) -> Self {
        IterableLoader::over(Source::new(dataset, move |samples, _| collate(samples)))
    }

    fn over(source: Arc<Source<D, D::Item, B>>) -> Self {
        IterableLoader { source, batch_size: 1, drop_last: false, settings: Settings::default() }
    }

    /// Samples in a batch; 1 unless set.
    pub fn batch_size(mut self, samples: usize) -> Self {
        self.batch_size = samples;
        self
    }

    /// Leaves out a last batch that is smaller than the others.
    pub fn drop_last(mut self, on: bool) -> Self {
        self.drop_last = on;
        self
    }

    settings_methods!();

    /// Makes batches by `collate`, for example [`crate::pad_collate`].
    pub fn collate<C>(
        self,
        collate: impl Fn(Vec<D::Item>) -> Result<C> + Send + Sync + 'static,
    ) -> IterableLoader<D, C> {
        let source = self.source.collate(collate);
        let IterableLoader { batch_size, drop_last, settings, .. } = self;
        IterableLoader { source, batch_size, drop_last, settings }
    }

    /// Moves each batch to `device`; with workers, they do.
    pub fn device(self, device: &Device) -> Self
    where
        B: ToDevice + 'static,
        D::Item: 'static,
    {
        IterableLoader { source: self.source.device(device), ..self }
    }
}

impl<D, B> IterableLoader<D, B>
where
    D: IterableDataset + 'static,
    B: Send + 'static,
{
    /// The batches of the next epoch.
    pub fn iter(&self) -> Batches<B> {
        Batches::start(&self.settings, |start| {
            if self.batch_size == 0 {
                return Err(Error::new("IterableLoader", "batch_size is 0").hint("it is at least 1"));
            }
            let reader = Reader::open(&*self.source.dataset, start, self.batch_size)?;
            let work: Arc<dyn Work<B>> = Arc::new(Streamed {
                source: self.source.clone(),
                reader: Mutex::new(reader),
                start,
                batch_size: self.batch_size,
                drop_last: self.drop_last,
            });
            Ok((work, None))
        })
    }
}

impl<D, B> IntoIterator for &IterableLoader<D, B>
where
    D: IterableDataset + 'static,
    B: Send + 'static,
{
    type Item = Result<B>;
    type IntoIter = Batches<B>;
    fn into_iter(self) -> Batches<B> {
        self.iter()
    }
}

impl<D: IterableDataset, B> fmt::Debug for IterableLoader<D, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterableLoader")
            .field("batch_size", &self.batch_size)
            .field("settings", &self.settings)
            .finish()
    }
}

/// An epoch over a stream.
struct Streamed<D: IterableDataset, B> {
    source: Arc<Source<D, D::Item, B>>,
    reader: Mutex<Reader<D::Raw>>,
    start: Start,
    batch_size: usize,
    drop_last: bool,
}

/// Where the stream stands.
struct Reader<R> {
    /// `None` once it has ended.
    stream: Option<Stream<R>>,
    /// For choices made while reading, such as those of a shuffling buffer.
    generator: Generator,
    /// Counts what was read.
    position: usize,
    /// Counts batches.
    number: usize,
}

/// What was read for one batch: its number, the place of its first sample, and the samples, not yet made.
type Read<R> = (usize, usize, Result<Vec<R>>);

impl<R: Send> Reader<R> {
    fn open<D: IterableDataset<Raw = R>>(dataset: &D, start: Start, batch_size: usize) -> Result<Reader<R>> {
        let mut generator = random::stream(start.seed, start.epoch, Purpose::Order, 0);
        let stream = caught(&mut generator, || dataset.stream())?;
        let mut reader = Reader { stream: Some(stream), generator, position: 0, number: 0 };
        // What was handed out before is read over.
        while reader.number < start.batch && reader.stream.is_some() {
            let _ = reader.read(batch_size);
        }
        reader.number = start.batch;
        Ok(reader)
    }

    fn read(&mut self, batch_size: usize) -> Read<R> {
        let (number, first) = (self.number, self.position);
        self.number += 1;
        let Some(stream) = &mut self.stream else { return (number, first, Ok(Vec::new())) };
        let mut raw = Vec::new();
        let mut ended = false;
        let position = &mut self.position;
        let read = caught(&mut self.generator, || {
            while raw.len() < batch_size {
                match stream.next() {
                    None => {
                        ended = true;
                        break;
                    }
                    Some(item) => {
                        *position += 1;
                        raw.push(item.map_err(|e| e.within(&format!("sample {}", *position - 1)))?);
                    }
                }
            }
            Ok(())
        });
        // A panic of the stream leaves it in no known state: nothing is read after it.
        let panicked = read.is_err() && self.position == first + raw.len();
        if ended || panicked {
            self.stream = None;
        }
        (number, first, read.map(|()| raw))
    }
}

impl<D: IterableDataset, B> Work<B> for Streamed<D, B> {
    // Tickets bound how many batches are under way; which batch it is, is decided by whose turn it is to read.
    fn make(&self, _: usize, stop: &AtomicBool) -> Option<Made<B>> {
        let _guard = no_grad();
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        // Panics of the stream are caught inside, so the lock is never poisoned.
        let (number, first, raw) = self.reader.lock().unwrap_or_else(PoisonError::into_inner).read(self.batch_size);
        let raw = match raw {
            Ok(raw) => raw,
            Err(e) => return Some(Made::failed(number, e)),
        };
        if raw.is_empty() || self.drop_last && raw.len() < self.batch_size {
            return Some(Made::nothing(number));
        }
        let places: Vec<usize> = (first..first + raw.len()).collect();
        let mut samples = Vec::with_capacity(raw.len());
        for (&place, raw) in places.iter().zip(raw) {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let mut generator = random::stream(self.start.seed, self.start.epoch, Purpose::Sample, place);
            match caught(&mut generator, || self.source.dataset.make(raw)) {
                Ok(sample) => samples.push(sample),
                Err(e) => return Some(Made::failed(number, e.within(&format!("sample {place}")))),
            }
        }
        Some(collated(&self.source.collate, samples, &places, Start { batch: number, ..self.start }))
    }
}
