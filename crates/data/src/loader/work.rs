//! Making one batch: the same on the caller's thread and on a worker's.
use super::{batches::Start, plan::Plan};
use crate::{
    Dataset, ToDevice, collate,
    pad::{Padding, counting},
    random::{self, Purpose},
};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tensor_core::{Device, Error, Result, no_grad, rng, rng::Generator};

/// Makes a batch of samples, given their indices too.
pub(super) type CollateFn<T, B> = Arc<dyn Fn(Vec<T>, &[usize]) -> Result<B> + Send + Sync>;

/// What the threads of an epoch do.
pub(super) trait Work<B>: Send + Sync {
    /// A batch for a ticket, or `None` where `stop` was raised meanwhile.
    fn make(&self, ticket: usize, stop: &AtomicBool) -> Option<Made<B>>;
}

/// What was made for a ticket.
pub(super) struct Made<B> {
    /// Which batch it is.
    pub(super) number: usize,
    /// `None` where there are fewer batches than that.
    pub(super) batch: Option<Result<B>>,
    pub(super) samples: usize,
    pub(super) padding: Padding,
}

impl<B> Made<B> {
    pub(super) fn nothing(number: usize) -> Made<B> {
        Made { number, batch: None, samples: 0, padding: Padding::default() }
    }

    pub(super) fn failed(number: usize, error: Error) -> Made<B> {
        Made { batch: Some(Err(error)), ..Made::nothing(number) }
    }
}

/// What batches are made of: a dataset, and a function of its samples and their indices.
pub(super) struct Source<D, T, B> {
    pub(super) dataset: Arc<D>,
    pub(super) collate: CollateFn<T, B>,
}

impl<D, T, B> Source<D, T, B> {
    pub(super) fn new(
        dataset: D,
        collate: impl Fn(Vec<T>, &[usize]) -> Result<B> + Send + Sync + 'static,
    ) -> Arc<Source<D, T, B>> {
        Arc::new(Source { dataset: Arc::new(dataset), collate: Arc::new(collate) })
    }

    /// Other batches of the same dataset.
    pub(super) fn collate<C>(
        &self,
        collate: impl Fn(Vec<T>) -> Result<C> + Send + Sync + 'static,
    ) -> Arc<Source<D, T, C>> {
        Arc::new(Source { dataset: self.dataset.clone(), collate: Arc::new(move |samples, _| collate(samples)) })
    }

    /// The same batches on `device`.
    pub(super) fn device(&self, device: &Device) -> Arc<Source<D, T, B>>
    where
        B: ToDevice + 'static,
        T: 'static,
    {
        let (device, collate) = (device.clone(), self.collate.clone());
        let collate: CollateFn<T, B> = Arc::new(move |samples, indices| collate(samples, indices)?.to_device(&device));
        Arc::new(Source { dataset: self.dataset.clone(), collate })
    }
}

/// An epoch over samples that are known by index.
pub(super) struct Indexed<D: Dataset, B> {
    pub(super) source: Arc<Source<D, D::Item, B>>,
    pub(super) plan: Plan,
}

impl<D: Dataset, B> Work<B> for Indexed<D, B> {
    /// The ticket is the batch. Nothing is recorded, and each sample draws from a stream of its own.
    fn make(&self, number: usize, stop: &AtomicBool) -> Option<Made<B>> {
        let _guard = no_grad();
        let indices = self.plan.batch(number);
        let mut samples = Vec::with_capacity(indices.len());
        for &index in indices {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let mut generator = random::stream(self.plan.seed, self.plan.epoch, Purpose::Sample, index);
            match caught(&mut generator, || self.source.dataset.get(index)) {
                Ok(sample) => samples.push(sample),
                Err(e) => return Some(Made::failed(number, e.within(&format!("sample {index}")))),
            }
        }
        let start = Start { seed: self.plan.seed, epoch: self.plan.epoch, batch: number };
        Some(collated(&self.source.collate, samples, indices, start))
    }
}

/// The batch of these samples; their indices are named by what goes wrong.
pub(super) fn collated<T, B>(
    collate: &CollateFn<T, B>,
    samples: Vec<T>,
    indices: &[usize],
    Start { seed, epoch, batch: number }: Start,
) -> Made<B> {
    let mut generator = random::stream(seed, epoch, Purpose::Batch, number);
    let count = samples.len();
    let (batch, padding) =
        counting(|| collate::with_indices(indices, || caught(&mut generator, || collate(samples, indices))));
    let batch = batch.map_err(|e| e.within(&format!("batch {number}")));
    let samples = if batch.is_ok() { count } else { 0 };
    Made { number, batch: Some(batch), samples, padding }
}

/// Runs the user's code with these random numbers; a panic of it is an error. What it was in the middle of is dropped
/// with it.
pub(super) fn caught<T>(generator: &mut Generator, f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(|| rng::with_generator(generator, f))).unwrap_or_else(|panic| {
        Err(Error::new("DataLoader", format!("the code that makes it panicked: {}", message(&*panic))))
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}
