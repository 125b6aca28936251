//! Making one batch: the same on the caller's thread and on a worker's.
use super::plan::Plan;
use crate::{
    Dataset,
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
use tensor_core::{Error, Result, no_grad, rng};

/// Makes a batch of samples, given their indices too.
pub(super) type CollateFn<T, B> = Arc<dyn Fn(Vec<T>, &[usize]) -> Result<B> + Send + Sync>;

/// What batches are made of.
pub(super) struct Source<D: Dataset, B> {
    pub(super) dataset: Arc<D>,
    pub(super) collate: CollateFn<D::Item, B>,
}

impl<D: Dataset, B> Source<D, B> {
    /// Batch `number` of the epoch, or `None` where `stop` was raised meanwhile. Nothing is recorded, and each sample
    /// draws from a stream of its own.
    pub(super) fn batch(&self, plan: &Plan, number: usize, stop: &AtomicBool) -> Option<Result<B>> {
        let _guard = no_grad();
        let indices = plan.batch(number);
        let mut samples = Vec::with_capacity(indices.len());
        for &index in indices {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let mut generator = random::stream(plan.seed, plan.epoch, Purpose::Sample, index);
            let sample = caught(|| rng::with_generator(&mut generator, || self.dataset.get(index)));
            match sample {
                Ok(sample) => samples.push(sample),
                Err(e) => return Some(Err(e.within(&format!("sample {index}")))),
            }
        }
        let mut generator = random::stream(plan.seed, plan.epoch, Purpose::Batch, number);
        let batch = caught(|| rng::with_generator(&mut generator, || (self.collate)(samples, indices)));
        Some(batch.map_err(|e| e.within(&format!("batch {number}"))))
    }
}

/// A panic of the user's code as an error. What it was in the middle of is dropped with it.
fn caught<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        Err(Error::new("DataLoader", format!("the code that makes it panicked: {}", message(&*panic))))
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}
