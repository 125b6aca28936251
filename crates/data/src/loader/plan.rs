//! The batches of an epoch as lists of indices.
use crate::random::{self, Purpose};
use crate::sampler::{Batching, RandomSampler, Sampler, SequentialSampler, count_batches};
use std::{ops::Range, sync::Arc};
use tensor_core::{Error, Result};

/// How the user wants samples to be ordered and cut.
#[derive(Clone, Default)]
pub(super) struct Order {
    pub(super) batch_size: Option<usize>,
    pub(super) shuffle: bool,
    pub(super) drop_last: bool,
    pub(super) sampler: Option<Arc<dyn Sampler>>,
    pub(super) batches: Option<Arc<dyn Batching>>,
}

/// One epoch.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) epoch: u64,
    /// All batches, one after the other.
    indices: Vec<usize>,
    cuts: Cuts,
}

#[derive(Debug)]
enum Cuts {
    /// Batches of this size, the last one perhaps smaller.
    Every { size: usize, count: usize },
    /// Where each batch ends.
    At(Vec<usize>),
}

impl Order {
    /// Batches of an epoch over `len` samples.
    pub(super) fn count(&self, len: usize) -> usize {
        if let Some(batches) = &self.batches {
            return batches.len();
        }
        let len = self.sampler.as_ref().map_or(len, |s| s.len());
        match self.batch_size.unwrap_or(1) {
            0 => 0,
            size => count_batches(len, size, self.drop_last),
        }
    }

    pub(super) fn plan(&self, seed: u64, epoch: u64, len: usize) -> Result<Plan> {
        let conflict = |a: &str, b: &str| {
            Err(Error::new("DataLoader", format!("{a} excludes {b}")).hint(format!("{a} sets the order by itself")))
        };
        let mut generator = random::stream(seed, epoch, Purpose::Order, 0);
        if let Some(batches) = &self.batches {
            if self.batch_size.is_some() || self.shuffle || self.drop_last || self.sampler.is_some() {
                return conflict("batch_sampler", "batch_size, shuffle, drop_last and sampler");
            }
            let batches = batches.at_epoch(epoch, &mut generator)?;
            let ends = batches.iter().scan(0, |end, batch| {
                *end += batch.len();
                Some(*end)
            });
            return Ok(Plan { seed, epoch, cuts: Cuts::At(ends.collect()), indices: batches.concat() });
        }
        let size = self.batch_size.unwrap_or(1);
        if size == 0 {
            return Err(Error::new("DataLoader", "batch_size is 0").hint("it is at least 1"));
        }
        let indices = match &self.sampler {
            Some(_) if self.shuffle => return conflict("sampler", "shuffle"),
            Some(sampler) => sampler.at_epoch(epoch, &mut generator)?,
            None if self.shuffle => RandomSampler::new(len).indices(&mut generator)?,
            None => SequentialSampler::new(len).indices(&mut generator)?,
        };
        let count = count_batches(indices.len(), size, self.drop_last);
        Ok(Plan { seed, epoch, indices, cuts: Cuts::Every { size, count } })
    }
}

impl Plan {
    /// The number of batches.
    pub(super) fn len(&self) -> usize {
        match &self.cuts {
            Cuts::Every { count, .. } => *count,
            Cuts::At(ends) => ends.len(),
        }
    }

    /// The samples of a batch below [`Plan::len`].
    pub(super) fn batch(&self, number: usize) -> &[usize] {
        let Range { start, end } = match &self.cuts {
            Cuts::Every { size, .. } => number * size..((number + 1) * size).min(self.indices.len()),
            Cuts::At(ends) => (if number == 0 { 0 } else { ends[number - 1] })..ends[number],
        };
        &self.indices[start..end]
    }
}
