//! Each of several processes sees its own part of the samples.
use super::Sampler;
use crate::random::{self, Purpose};
use tensor_core::{Error, Result, rng::Generator};

/// The part of one of `world` processes that train together. In every epoch the parts of all ranks are equally long and
/// together hold every sample, as PyTorch's: where the samples cannot be shared out evenly, the first of the order come
/// again at its end, or with `drop_last` what is left over is left out.
///
/// Every rank shuffles by the same seed and epoch, whatever the seed of its loader, so that ranks agree on who takes what.
///
/// ```
/// use data::{DataLoader, DistributedSampler};
/// # fn main() -> tensor_core::Result<()> {
/// let samples: Vec<i64> = (0..10).collect();
/// let part = DistributedSampler::new(10, 0, 4)?.shuffle(false); // rank 0 of 4
/// let loader = DataLoader::new(samples).sampler(part).batch_size(3);
/// for batch in &loader {
///     assert_eq!(batch?.to_vec::<i64>()?, [0, 4, 8]);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DistributedSampler {
    len: usize,
    /// Below `world`.
    rank: usize,
    /// At least 1.
    world: usize,
    shuffle: bool,
    drop_last: bool,
    seed: u64,
}

impl DistributedSampler {
    /// The part of `rank`, counted from 0, of `world` ranks; it shuffles `len` samples by seed 0 unless told otherwise.
    pub fn new(len: usize, rank: usize, world: usize) -> Result<DistributedSampler> {
        if rank >= world {
            return Err(Error::new("DistributedSampler", format!("rank {rank} is none of {world} ranks"))
                .hint("ranks are counted from 0"));
        }
        Ok(DistributedSampler { len, rank, world, shuffle: true, drop_last: false, seed: 0 })
    }

    /// Whether each epoch has a new random order.
    pub fn shuffle(mut self, on: bool) -> DistributedSampler {
        self.shuffle = on;
        self
    }

    /// Leaves out what cannot be shared out evenly, instead of repeating samples.
    pub fn drop_last(mut self, on: bool) -> DistributedSampler {
        self.drop_last = on;
        self
    }

    /// The seed of the order: the same on every rank.
    pub fn seed(mut self, seed: u64) -> DistributedSampler {
        self.seed = seed;
        self
    }

    fn part(&self, order: &[usize]) -> Vec<usize> {
        let total = self.len() * self.world;
        // The order again from its start, as often as it takes; `total` is 0 where the order is empty.
        order.iter().cycle().take(total).skip(self.rank).step_by(self.world).copied().collect()
    }
}

impl Sampler for DistributedSampler {
    fn len(&self) -> usize {
        if self.drop_last { self.len / self.world } else { self.len.div_ceil(self.world) }
    }

    fn indices(&self, generator: &mut Generator) -> Result<Vec<usize>> {
        let order = if self.shuffle { random::permutation(self.len, generator) } else { (0..self.len).collect() };
        Ok(self.part(&order))
    }

    fn at_epoch(&self, epoch: u64, _: &mut Generator) -> Result<Vec<usize>> {
        self.indices(&mut random::stream(self.seed, epoch, Purpose::Order, 0))
    }
}
