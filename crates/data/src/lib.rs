//! From samples to batches: datasets and how to combine them, samplers, collation, and a loader with worker threads
//! whose order and bits depend on the seed alone.
//!
//! ```
//! use data::{DataLoader, Dataset, RandomShift, datasets::Digits};
//! # fn main() -> tensor_core::Result<()> {
//! let shift = RandomShift::new(1);
//! let train = Digits::train()?.map(move |(image, label)| Ok((shift.apply(&image)?, label)));
//! let loader = DataLoader::new(train).batch_size(64).shuffle(true).workers(2).seed(0);
//! for batch in &loader {
//!     let (images, labels) = batch?;
//!     assert_eq!(images.shape()[1..], [1, 8, 8]);
//!     assert_eq!(images.shape()[0], labels.shape()[0]);
//! #   break;
//! }
//! # Ok(()) }
//! ```
// The derive writes paths that start with `::data`, here too.
extern crate self as data;

mod collate;
mod combinators;
mod dataset;
pub mod datasets;
mod iterable;
mod loader;
mod pad;
mod random;
mod sampler;
#[cfg(feature = "datasets")]
pub mod shards;
mod split;
#[cfg(feature = "datasets")]
pub mod tables;
#[cfg(feature = "text")]
pub mod text;
mod to_device;
mod transforms;
#[cfg(feature = "images")]
pub mod vision;

pub use collate::{Collate, Place, default_collate};
pub use combinators::{Cache, Concat, ConcatDataset, Map, Repeat, Subset, Zip};
pub use data_derive::Collate;
pub use dataset::{Dataset, Rows, TensorDataset};
pub use iterable::{
    ChainStream, FilterStream, IterableDataset, MapStream, PartOfStream, RepeatStream, Stream, StreamDataset,
};
pub use loader::{Batches, DataLoader, IterableLoader, LoaderReport, LoaderState};
pub use pad::{PadOptions, pad_collate, pad_sequence};
pub use sampler::{
    BatchSampler, Batching, BucketSampler, DistributedSampler, RandomSampler, Sampler, SequentialSampler, SortByLength,
    SubsetRandomSampler, WeightedRandomSampler,
};
pub use split::SplitSizes;
pub use to_device::ToDevice;
// Named by what `derive(Collate)` writes.
#[doc(hidden)]
pub use tensor_core::{Device, Result};
pub use transforms::{Compose, RandomShift, Transform};
