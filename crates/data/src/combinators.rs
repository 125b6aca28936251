//! Datasets made of datasets: passed through a function, a part of one, one after the other, side by side, over and
//! over, remembered.
use crate::dataset::{Dataset, check_index};
use std::{fmt, sync::OnceLock};
use tensor_core::{Error, Result};

/// See [`Dataset::map`].
#[derive(Clone)]
pub struct Map<D, F> {
    inner: D,
    f: F,
}

impl<D, F> Map<D, F> {
    pub(crate) fn new(inner: D, f: F) -> Map<D, F> {
        Map { inner, f }
    }
}

impl<D: fmt::Debug, F> fmt::Debug for Map<D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Map").field(&self.inner).finish()
    }
}

impl<D: Dataset, T, F: Fn(D::Item) -> Result<T> + Send + Sync> Dataset for Map<D, F> {
    type Item = T;
    fn len(&self) -> usize {
        self.inner.len()
    }
    fn get(&self, index: usize) -> Result<T> {
        (self.f)(self.inner.get(index)?)
    }
}

/// See [`Dataset::subset`], [`Dataset::take`] and [`Dataset::random_split`].
#[derive(Clone, Debug)]
pub struct Subset<D> {
    inner: D,
    /// All below the length of `inner`.
    indices: Vec<usize>,
}

impl<D: Dataset> Subset<D> {
    pub(crate) fn new(inner: D, indices: Vec<usize>) -> Result<Subset<D>> {
        let len = inner.len();
        match indices.iter().find(|&&i| i >= len) {
            Some(bad) => Err(Error::new("subset", format!("index {bad} is out of range for {len} samples"))),
            None => Ok(Subset { inner, indices }),
        }
    }

    pub(crate) fn first(inner: D, count: usize) -> Subset<D> {
        let indices = (0..count.min(inner.len())).collect();
        Subset { inner, indices }
    }

    /// Which samples of the whole these are.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    type Item = D::Item;
    fn len(&self) -> usize {
        self.indices.len()
    }
    fn get(&self, index: usize) -> Result<D::Item> {
        check_index("subset", index, self.indices.len())?;
        self.inner.get(self.indices[index])
    }
}

/// See [`Dataset::concat`].
#[derive(Clone, Debug)]
pub struct Concat<A, B> {
    first: A,
    second: B,
}

impl<A, B> Concat<A, B> {
    pub(crate) fn new(first: A, second: B) -> Concat<A, B> {
        Concat { first, second }
    }
}

impl<A: Dataset, B: Dataset<Item = A::Item>> Dataset for Concat<A, B> {
    type Item = A::Item;
    fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }
    fn get(&self, index: usize) -> Result<A::Item> {
        check_index("concat", index, self.len())?;
        match index.checked_sub(self.first.len()) {
            None => self.first.get(index),
            Some(rest) => self.second.get(rest),
        }
    }
}

/// Any number of datasets of one type, one after the other; for two, see [`Dataset::concat`]. Boxed, they may be of
/// different types.
///
/// ```
/// # use data::{ConcatDataset, Dataset};
/// # fn main() -> tensor_core::Result<()> {
/// let all = ConcatDataset::new(vec![vec![1, 2], vec![], vec![3]]);
/// assert_eq!((all.len(), all.get(2)?), (3, 3));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ConcatDataset<D> {
    parts: Vec<D>,
    /// Where each part ends.
    ends: Vec<usize>,
}

impl<D: Dataset> ConcatDataset<D> {
    /// In this order.
    pub fn new(parts: Vec<D>) -> ConcatDataset<D> {
        let ends = parts.iter().scan(0usize, |end, part| {
            *end = end.saturating_add(part.len());
            Some(*end)
        });
        ConcatDataset { ends: ends.collect(), parts }
    }
}

impl<D: Dataset> Dataset for ConcatDataset<D> {
    type Item = D::Item;
    fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }
    fn get(&self, index: usize) -> Result<D::Item> {
        check_index("ConcatDataset", index, self.len())?;
        // The first part that ends behind the index: the index is below the last end.
        let part = self.ends.partition_point(|&end| end <= index);
        let start = if part == 0 { 0 } else { self.ends[part - 1] };
        self.parts[part].get(index - start)
    }
}

/// See [`Dataset::zip`].
#[derive(Clone, Debug)]
pub struct Zip<A, B> {
    first: A,
    second: B,
}

impl<A: Dataset, B: Dataset> Zip<A, B> {
    pub(crate) fn new(first: A, second: B) -> Result<Zip<A, B>> {
        if first.len() != second.len() {
            let lengths = format!("there are {} and {} samples", first.len(), second.len());
            return Err(Error::new("zip", lengths).hint("`take` as many of the longer one as the other has"));
        }
        Ok(Zip { first, second })
    }
}

impl<A: Dataset, B: Dataset> Dataset for Zip<A, B> {
    type Item = (A::Item, B::Item);
    fn len(&self) -> usize {
        self.first.len()
    }
    fn get(&self, index: usize) -> Result<Self::Item> {
        Ok((self.first.get(index)?, self.second.get(index)?))
    }
}

/// See [`Dataset::repeat`].
#[derive(Clone, Debug)]
pub struct Repeat<D> {
    inner: D,
    times: usize,
}

impl<D: Dataset> Repeat<D> {
    pub(crate) fn new(inner: D, times: usize) -> Repeat<D> {
        Repeat { inner, times }
    }
}

impl<D: Dataset> Dataset for Repeat<D> {
    type Item = D::Item;
    fn len(&self) -> usize {
        self.inner.len().saturating_mul(self.times)
    }
    fn get(&self, index: usize) -> Result<D::Item> {
        check_index("repeat", index, self.len())?;
        // Not empty, as the index is below its length.
        self.inner.get(index % self.inner.len())
    }
}

/// See [`Dataset::cache`].
#[derive(Debug)]
pub struct Cache<D: Dataset> {
    inner: D,
    samples: Vec<OnceLock<D::Item>>,
}

impl<D: Dataset> Cache<D> {
    pub(crate) fn new(inner: D) -> Cache<D> {
        let samples = (0..inner.len()).map(|_| OnceLock::new()).collect();
        Cache { inner, samples }
    }
}

impl<D: Dataset> Dataset for Cache<D>
where
    D::Item: Clone + Send + Sync,
{
    type Item = D::Item;
    fn len(&self) -> usize {
        self.samples.len()
    }
    fn get(&self, index: usize) -> Result<D::Item> {
        check_index("cache", index, self.samples.len())?;
        if let Some(known) = self.samples[index].get() {
            return Ok(known.clone());
        }
        // Two threads may both make it; one of the two equal samples is kept. No lock is held meanwhile.
        let sample = self.inner.get(index)?;
        Ok(self.samples[index].get_or_init(|| sample).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn all<D: Dataset>(d: &D) -> Vec<D::Item> {
        (0..d.len()).map(|i| d.get(i).unwrap()).collect()
    }

    #[test]
    fn combinators_pick_what_they_say() {
        let numbers: Vec<i64> = (0..10).collect();
        assert_eq!(all(&numbers.clone().map(|x| Ok(x * x)).take(4)), [0, 1, 4, 9]);
        assert_eq!(all(&numbers.clone().subset(vec![7, 7, 0]).unwrap()), [7, 7, 0]);
        assert_eq!(all(&numbers.clone().take(2).concat(vec![70, 80])), [0, 1, 70, 80]);
        assert_eq!(numbers.clone().take(99).len(), 10);
        assert_eq!(all(&numbers.clone().take(2).zip(vec!['a', 'b']).unwrap()), [(0, 'a'), (1, 'b')]);
        let error = numbers.clone().zip(vec![0; 9]).unwrap_err().to_string();
        assert!(error.starts_with("zip: there are 10 and 9 samples"), "{error}");
        assert_eq!(all(&numbers.clone().take(2).repeat(3)), [0, 1, 0, 1, 0, 1]);
        assert!(numbers.clone().repeat(0).get(0).is_err() && Vec::<i64>::new().repeat(3).get(0).is_err());
        let parts = ConcatDataset::new(vec![vec![], vec![1], vec![], vec![2, 3], vec![]]);
        assert_eq!(all(&parts), [1, 2, 3]);
        assert!(parts.get(3).is_err());
        let error = numbers.clone().subset(vec![3, 10]).unwrap_err();
        assert_eq!(error.to_string(), "subset: index 10 is out of range for 10 samples");
        assert!(numbers.take(2).get(2).is_err());
    }

    #[test]
    fn a_cached_sample_is_made_once() {
        let calls = AtomicUsize::new(0);
        let made = vec![1, 2, 3].map(|x| {
            calls.fetch_add(1, Ordering::Relaxed);
            Ok(x)
        });
        let cached = made.cache();
        assert_eq!(all(&cached), [1, 2, 3]);
        assert_eq!(all(&cached), [1, 2, 3]);
        assert_eq!(calls.load(Ordering::Relaxed), 3);
    }
}
