//! The loader: batches of a dataset, made by worker threads, in an order that depends on the seed alone.
mod batches;
mod plan;
mod report;
#[macro_use]
mod settings;
mod stream;
#[cfg(test)]
mod tests;
mod work;

use crate::{Batching, Collate, Dataset, Place, Sampler, ToDevice};
use std::{fmt, sync::Arc, time::Duration};
use tensor_core::{Device, Result};

pub use batches::Batches;
use plan::Order;
pub use report::LoaderReport;
pub use settings::LoaderState;
use settings::Settings;
pub use stream::IterableLoader;
use work::{Indexed, Source, Work};

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
    source: Arc<Source<D, D::Item, B>>,
    order: Order,
    settings: Settings,
}

impl<D: Dataset> DataLoader<D, <D::Item as Collate>::Batch>
where
    D::Item: Collate,
{
    /// Single samples, in order, without workers: the methods change that.
    pub fn new(dataset: D) -> Self {
        DataLoader::over(Source::new(dataset, |samples, indices| {
            D::Item::collate(samples, &Place::of_samples(indices))
        }))
    }
}

impl<D: Dataset, B> DataLoader<D, B> {
    /// For samples that no [`Collate`] is defined for: `collate` makes the batches.
    pub fn with_collate(dataset: D, collate: impl Fn(Vec<D::Item>) -> Result<B> + Send + Sync + 'static) -> Self {
        DataLoader::over(Source::new(dataset, move |samples, _| collate(samples)))
    }

    fn over(source: Arc<Source<D, D::Item, B>>) -> Self {
        DataLoader { source, order: Order::default(), settings: Settings::default() }
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

    settings_methods!();

    /// Makes batches by `collate`, for example [`crate::pad_collate`].
    pub fn collate<C>(self, collate: impl Fn(Vec<D::Item>) -> Result<C> + Send + Sync + 'static) -> DataLoader<D, C> {
        let source = self.source.collate(collate);
        let DataLoader { order, settings, .. } = self;
        DataLoader { source, order, settings }
    }

    /// Moves each batch to `device`; with workers, they do.
    pub fn device(self, device: &Device) -> Self
    where
        B: ToDevice + 'static,
        D::Item: 'static,
    {
        DataLoader { source: self.source.device(device), ..self }
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
