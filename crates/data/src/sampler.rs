//! Which samples an epoch visits, and in what order.
mod distributed;
mod length;
#[cfg(test)]
mod properties;

pub use distributed::DistributedSampler;
pub use length::{BucketSampler, SortByLength};

use crate::random::{self, Words};
use tensor_core::{Error, Result, rng::Generator};

/// An order of samples.
pub trait Sampler: Send + Sync {
    /// How many indices an epoch has.
    fn len(&self) -> usize;
    /// The indices of one epoch; random choices are drawn from `generator`, which the loader keys by seed and epoch.
    fn indices(&self, generator: &mut Generator) -> Result<Vec<usize>>;
    /// The same for a sampler that reckons with the number of the epoch; this is what the loader calls.
    fn at_epoch(&self, epoch: u64, generator: &mut Generator) -> Result<Vec<usize>> {
        let _ = epoch;
        self.indices(generator)
    }
    /// Whether an epoch has no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An order of whole batches, as for buckets of texts of like lengths.
pub trait Batching: Send + Sync {
    /// How many batches an epoch has.
    fn len(&self) -> usize;
    /// The batches of one epoch.
    fn batches(&self, generator: &mut Generator) -> Result<Vec<Vec<usize>>>;
    /// The same where the number of the epoch matters; this is what the loader calls.
    fn at_epoch(&self, epoch: u64, generator: &mut Generator) -> Result<Vec<Vec<usize>>> {
        let _ = epoch;
        self.batches(generator)
    }
    /// Whether an epoch has no batches.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// `0, 1, 2, ..`
#[derive(Clone, Copy, Debug)]
pub struct SequentialSampler {
    len: usize,
}

impl SequentialSampler {
    /// All of `len` samples.
    pub fn new(len: usize) -> SequentialSampler {
        SequentialSampler { len }
    }
}

impl Sampler for SequentialSampler {
    fn len(&self) -> usize {
        self.len
    }
    fn indices(&self, _: &mut Generator) -> Result<Vec<usize>> {
        Ok((0..self.len).collect())
    }
}

/// Random order: each sample once, so many of them, or drawn with replacement.
#[derive(Clone, Copy, Debug)]
pub struct RandomSampler {
    samples: usize,
    draws: usize,
    replacement: bool,
}

impl RandomSampler {
    /// All of `len` samples, shuffled.
    pub fn new(len: usize) -> RandomSampler {
        RandomSampler { samples: len, draws: len, replacement: false }
    }
    /// `draws` of `len` samples; one may come again.
    pub fn with_replacement(len: usize, draws: usize) -> RandomSampler {
        RandomSampler { samples: len, draws, replacement: true }
    }
    /// `draws` samples an epoch: fewer than there are, or more. None comes again before all have come.
    pub fn num_samples(mut self, draws: usize) -> RandomSampler {
        self.draws = draws;
        self
    }
}

impl Sampler for RandomSampler {
    fn len(&self) -> usize {
        self.draws
    }
    fn indices(&self, generator: &mut Generator) -> Result<Vec<usize>> {
        if self.draws > 0 && self.samples == 0 {
            return Err(Error::new("RandomSampler", "there are no samples to draw from"));
        }
        if self.replacement {
            let mut words = Words::of(generator, self.draws);
            return Ok((0..self.draws).map(|_| words.below(self.samples)).collect());
        }
        let mut indices = Vec::with_capacity(self.draws);
        while indices.len() < self.draws {
            let mut round = random::permutation(self.samples, generator);
            round.truncate(self.draws - indices.len());
            indices.append(&mut round);
        }
        Ok(indices)
    }
}

/// These samples, shuffled.
#[derive(Clone, Debug)]
pub struct SubsetRandomSampler {
    indices: Vec<usize>,
}

impl SubsetRandomSampler {
    /// The samples to visit.
    pub fn new(indices: Vec<usize>) -> SubsetRandomSampler {
        SubsetRandomSampler { indices }
    }
}

impl Sampler for SubsetRandomSampler {
    fn len(&self) -> usize {
        self.indices.len()
    }
    fn indices(&self, generator: &mut Generator) -> Result<Vec<usize>> {
        let order = random::permutation(self.indices.len(), generator);
        Ok(order.into_iter().map(|i| self.indices[i]).collect())
    }
}

/// Draws samples in proportion to their weights, with replacement unless told otherwise: for classes of unlike sizes.
#[derive(Clone, Debug)]
pub struct WeightedRandomSampler {
    /// Finite, not negative, with a positive and finite sum.
    weights: Vec<f64>,
    draws: usize,
    replacement: bool,
}

impl WeightedRandomSampler {
    /// `draws` samples of `weights.len()`; the weights need not add up to 1.
    pub fn new(weights: &[f64], draws: usize) -> Result<WeightedRandomSampler> {
        if let Some(i) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            return Err(Error::new(
                "WeightedRandomSampler",
                format!("weight {} of sample {i} is no weight", weights[i]),
            )
            .hint("weights are finite and not negative"));
        }
        let sum: f64 = weights.iter().sum();
        if sum <= 0.0 || !sum.is_finite() {
            return Err(Error::new("WeightedRandomSampler", "no sample has a positive weight"));
        }
        Ok(WeightedRandomSampler { weights: weights.to_vec(), draws, replacement: true })
    }

    /// The same, but none is drawn twice: a sample with twice the weight is twice as likely to be the next.
    pub fn without_replacement(weights: &[f64], draws: usize) -> Result<WeightedRandomSampler> {
        let sampler = WeightedRandomSampler { replacement: false, ..WeightedRandomSampler::new(weights, draws)? };
        let positive = weights.iter().filter(|w| **w > 0.0).count();
        if draws > positive {
            return Err(Error::new(
                "WeightedRandomSampler",
                format!("{draws} of {positive} samples with a positive weight cannot be drawn"),
            )
            .hint("draw fewer, or with replacement"));
        }
        Ok(sampler)
    }
}

impl Sampler for WeightedRandomSampler {
    fn len(&self) -> usize {
        self.draws
    }
    fn indices(&self, generator: &mut Generator) -> Result<Vec<usize>> {
        if self.replacement { Ok(self.again(generator)) } else { Ok(self.once(generator)) }
    }
}

impl WeightedRandomSampler {
    fn again(&self, generator: &mut Generator) -> Vec<usize> {
        let mut words = Words::of(generator, self.draws);
        let sums: Vec<f64> = self
            .weights
            .iter()
            .scan(0.0, |sum, w| {
                *sum += w;
                Some(*sum)
            })
            .collect();
        let total = sums.last().copied().unwrap_or_default();
        // Rounding may carry a point up to the total itself; the samples behind the last positive weight stay out.
        let last = sums.partition_point(|&sum| sum < total);
        let pick = |point: f64| sums.partition_point(|&sum| sum <= point).min(last);
        (0..self.draws).map(|_| pick(words.unit() * total)).collect()
    }

    // Waiting times of independent clocks that tick at the rate of the weights: the first to tick is sample i with
    // probability w_i / sum w, and so on (Efraimidis and Spirakis 2006).
    fn once(&self, generator: &mut Generator) -> Vec<usize> {
        let mut words = Words::of(generator, self.weights.len());
        let mut times: Vec<(f64, usize)> =
            self.weights.iter().enumerate().map(|(i, w)| (-(1.0 - words.unit()).ln() / w, i)).collect();
        times.retain(|(_, i)| self.weights[*i] > 0.0);
        times.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        times.into_iter().take(self.draws).map(|(_, i)| i).collect()
    }
}

/// Cuts the order of a sampler into batches.
#[derive(Clone, Debug)]
pub struct BatchSampler<S> {
    sampler: S,
    /// At least 1.
    batch_size: usize,
    drop_last: bool,
}

impl<S: Sampler> BatchSampler<S> {
    /// Batches of `batch_size`; the last may be smaller, or is left out with `drop_last`.
    pub fn new(sampler: S, batch_size: usize, drop_last: bool) -> Result<BatchSampler<S>> {
        if batch_size == 0 {
            return Err(Error::new("BatchSampler", "batch_size is 0").hint("it is at least 1"));
        }
        Ok(BatchSampler { sampler, batch_size, drop_last })
    }
}

impl<S: Sampler> Batching for BatchSampler<S> {
    fn len(&self) -> usize {
        count_batches(self.sampler.len(), self.batch_size, self.drop_last)
    }
    fn batches(&self, generator: &mut Generator) -> Result<Vec<Vec<usize>>> {
        Ok(self.cut(&self.sampler.indices(generator)?))
    }
    fn at_epoch(&self, epoch: u64, generator: &mut Generator) -> Result<Vec<Vec<usize>>> {
        Ok(self.cut(&self.sampler.at_epoch(epoch, generator)?))
    }
}

impl<S> BatchSampler<S> {
    fn cut(&self, indices: &[usize]) -> Vec<Vec<usize>> {
        let count = count_batches(indices.len(), self.batch_size, self.drop_last);
        indices.chunks(self.batch_size).take(count).map(<[usize]>::to_vec).collect()
    }
}

/// How many batches `len` samples make.
pub(crate) fn count_batches(len: usize, batch_size: usize, drop_last: bool) -> usize {
    if drop_last { len / batch_size } else { len.div_ceil(batch_size) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(sampler: &dyn Sampler) -> Vec<usize> {
        let indices = sampler.indices(&mut Generator::new(1)).unwrap();
        assert_eq!(indices.len(), sampler.len());
        indices
    }

    #[test]
    fn samplers_visit_what_they_say() {
        assert_eq!(draw(&SequentialSampler::new(3)), [0, 1, 2]);
        let mut all = draw(&RandomSampler::new(50));
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
        let mut some = draw(&SubsetRandomSampler::new(vec![4, 9, 2]));
        some.sort_unstable();
        assert_eq!(some, [2, 4, 9]);
        let drawn = draw(&RandomSampler::with_replacement(3, 100));
        assert!(drawn.iter().all(|&i| i < 3));
        assert!(RandomSampler::with_replacement(0, 1).indices(&mut Generator::new(0)).is_err());
    }

    #[test]
    fn weights_decide_how_often_a_sample_comes() {
        let drawn = draw(&WeightedRandomSampler::new(&[0.0, 3.0, 1.0, 0.0], 4000).unwrap());
        let ones = drawn.iter().filter(|&&i| i == 1).count();
        assert!(drawn.iter().all(|&i| i == 1 || i == 2));
        // Binomial(4000, 3/4) has a standard deviation of 27: five of them.
        assert!(ones.abs_diff(3000) < 137, "{ones}");
        assert!(WeightedRandomSampler::new(&[1.0, -1.0], 1).is_err());
        assert!(WeightedRandomSampler::new(&[0.0], 1).is_err());
        assert!(WeightedRandomSampler::new(&[], 1).is_err());
    }

    #[test]
    fn a_batch_sampler_cuts_the_order() {
        let cut = |drop| {
            let batches = BatchSampler::new(SequentialSampler::new(5), 2, drop).unwrap();
            let list = batches.batches(&mut Generator::new(0)).unwrap();
            assert_eq!(list.len(), batches.len());
            list
        };
        assert_eq!(cut(false), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(cut(true), [vec![0, 1], vec![2, 3]]);
        assert!(BatchSampler::new(SequentialSampler::new(5), 0, true).is_err());
    }
}
