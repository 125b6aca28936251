//! Samples of like lengths together, so that batches need little padding.
use super::{Batching, Sampler};
use crate::random;
use tensor_core::{Error, Result, rng::Generator};

/// From the shortest sample to the longest, equal ones in their order: batches with the least padding, the same in every
/// epoch.
///
/// ```
/// use data::{DataLoader, SortByLength, pad_collate};
/// # use tensor_core::Tensor;
/// # fn main() -> tensor_core::Result<()> {
/// let texts = vec![Tensor::ones([7])?, Tensor::ones([2])?, Tensor::ones([6])?, Tensor::ones([3])?];
/// let order = SortByLength::new(texts.iter().map(|text| text.numel()));
/// let loader = DataLoader::new(texts).sampler(order).batch_size(2).collate(pad_collate(0));
/// let widths = loader.iter().map(|batch| batch?.size(1)).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(widths, [3, 7]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct SortByLength {
    order: Vec<usize>,
}

impl SortByLength {
    /// The length of each sample.
    pub fn new(lengths: impl IntoIterator<Item = usize>) -> SortByLength {
        SortByLength { order: sorted(&lengths.into_iter().collect::<Vec<_>>()) }
    }

    /// The longest first: what does not fit into memory shows at once.
    pub fn descending(mut self) -> SortByLength {
        self.order.reverse();
        self
    }
}

impl Sampler for SortByLength {
    fn len(&self) -> usize {
        self.order.len()
    }
    fn indices(&self, _: &mut Generator) -> Result<Vec<usize>> {
        Ok(self.order.clone())
    }
}

fn sorted(lengths: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&i| lengths[i]);
    order
}

/// Random batches of samples of like lengths. Each epoch, the samples are shuffled and cut into pools; a pool is sorted by
/// length and cut into batches; the batches of all pools come in random order. So nearly as little is padded as by
/// [`SortByLength`], and every epoch is different.
///
/// ```
/// use data::{BucketSampler, DataLoader, pad_collate};
/// # use tensor_core::Tensor;
/// # fn main() -> tensor_core::Result<()> {
/// let texts: Vec<Tensor> = (1..100).map(|n| Tensor::ones([n])).collect::<Result<_, _>>()?;
/// let buckets = BucketSampler::new(texts.iter().map(|text| text.numel()), 8)?;
/// let loader = DataLoader::new(texts).batch_sampler(buckets).collate(pad_collate(0));
/// assert_eq!(loader.iter().count(), 13);
/// assert!(loader.report().padding_waste() < 0.1);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct BucketSampler {
    lengths: Vec<usize>,
    /// At least 1.
    batch_size: usize,
    /// Samples, at least `batch_size`.
    pool: usize,
    drop_last: bool,
}

/// Batches in a pool, as torchtext's `pool`.
const POOL: usize = 100;

impl BucketSampler {
    /// Batches of `batch_size`, given the length of each sample; a pool holds 100 batches.
    pub fn new(lengths: impl IntoIterator<Item = usize>, batch_size: usize) -> Result<BucketSampler> {
        if batch_size == 0 {
            return Err(Error::new("BucketSampler", "batch_size is 0").hint("it is at least 1"));
        }
        let pool = batch_size.saturating_mul(POOL);
        Ok(BucketSampler { lengths: lengths.into_iter().collect(), batch_size, pool, drop_last: false })
    }

    /// Batches in a pool: the more, the less padding and the less chance; at least 1.
    pub fn pool(mut self, batches: usize) -> BucketSampler {
        self.pool = batches.max(1).saturating_mul(self.batch_size);
        self
    }

    /// Leaves out the batch that is smaller than the others.
    pub fn drop_last(mut self, on: bool) -> BucketSampler {
        self.drop_last = on;
        self
    }
}

impl Batching for BucketSampler {
    fn len(&self) -> usize {
        super::count_batches(self.lengths.len(), self.batch_size, self.drop_last)
    }

    fn batches(&self, generator: &mut Generator) -> Result<Vec<Vec<usize>>> {
        let mut order = random::permutation(self.lengths.len(), generator);
        let mut batches = Vec::with_capacity(self.len());
        // A pool is a whole number of batches, so only the last batch of the last pool may be smaller.
        for pool in order.chunks_mut(self.pool) {
            pool.sort_by_key(|&i| self.lengths[i]);
            batches.extend(pool.chunks(self.batch_size).map(<[usize]>::to_vec));
        }
        batches.retain(|batch| !self.drop_last || batch.len() == self.batch_size);
        let shuffled = random::permutation(batches.len(), generator);
        Ok(shuffled.into_iter().map(|i| std::mem::take(&mut batches[i])).collect())
    }
}
