//! A dataset cut into random parts of exact sizes.
use crate::{Dataset, Subset, random};
use std::sync::Arc;
use tensor_core::{Error, Result, rng::Generator};

/// The sizes of the parts of [`Dataset::random_split`]: counts that add up to the whole, or fractions that add up to 1.
pub trait SplitSizes {
    /// The counts for a dataset of `len` samples.
    fn counts(&self, len: usize) -> Result<Vec<usize>>;
}

impl SplitSizes for [usize] {
    fn counts(&self, len: usize) -> Result<Vec<usize>> {
        let sum = self.iter().try_fold(0usize, |sum, &n| sum.checked_add(n));
        if sum != Some(len) {
            return Err(Error::new("random_split", format!("sizes {self:?} do not add up to {len} samples")));
        }
        Ok(self.to_vec())
    }
}

impl SplitSizes for [f64] {
    // As PyTorch: each part is rounded down, what is left over goes to the first parts, one each.
    fn counts(&self, len: usize) -> Result<Vec<usize>> {
        let sum: f64 = self.iter().sum();
        if !self.iter().all(|f| (0.0..=1.0).contains(f)) || (sum - 1.0).abs() > 1e-6 {
            return Err(Error::new("random_split", format!("fractions {self:?} do not add up to 1")));
        }
        let mut counts: Vec<usize> = self.iter().map(|f| (f * len as f64) as usize).collect();
        let left = len.saturating_sub(counts.iter().sum());
        let parts = counts.len();
        (0..left).for_each(|i| counts[i % parts] += 1);
        Ok(counts)
    }
}

impl<T, const N: usize> SplitSizes for [T; N]
where
    [T]: SplitSizes,
{
    fn counts(&self, len: usize) -> Result<Vec<usize>> {
        self.as_slice().counts(len)
    }
}

impl<T> SplitSizes for Vec<T>
where
    [T]: SplitSizes,
{
    fn counts(&self, len: usize) -> Result<Vec<usize>> {
        self.as_slice().counts(len)
    }
}

impl<S: SplitSizes + ?Sized> SplitSizes for &S {
    fn counts(&self, len: usize) -> Result<Vec<usize>> {
        (**self).counts(len)
    }
}

pub(crate) fn random_split<D: Dataset>(whole: D, sizes: impl SplitSizes, seed: u64) -> Result<Vec<Subset<Arc<D>>>> {
    let counts = sizes.counts(whole.len())?;
    let order = random::permutation(whole.len(), &mut Generator::new(seed));
    let whole = Arc::new(whole);
    let mut rest = order.as_slice();
    counts
        .into_iter()
        .map(|count| {
            let (part, after) = rest.split_at(count);
            rest = after;
            Subset::new(whole.clone(), part.to_vec())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_exact_disjoint_and_repeatable() {
        let whole: Vec<usize> = (0..847).collect();
        let parts = whole.clone().random_split([0.8, 0.2], 7).unwrap();
        // 677.6 and 169.4 are rounded down, and the one left over goes to the first.
        assert_eq!([parts[0].len(), parts[1].len()], [678, 169]);
        let mut all: Vec<usize> = parts.iter().flat_map(|p| p.indices().to_vec()).collect();
        assert_ne!(all, whole);
        all.sort_unstable();
        assert_eq!(all, whole);
        let again = whole.clone().random_split([678, 169], 7).unwrap();
        assert_eq!(again[1].indices(), parts[1].indices());
        let other = whole.clone().random_split([678, 169], 8).unwrap();
        assert_ne!(other[1].indices(), parts[1].indices());
    }

    #[test]
    fn sizes_that_do_not_add_up_are_refused() {
        let whole = vec![0; 10];
        let error = whole.clone().random_split([8usize, 3], 0).unwrap_err();
        assert_eq!(error.to_string(), "random_split: sizes [8, 3] do not add up to 10 samples");
        assert!(whole.clone().random_split([0.5, 0.6], 0).is_err());
        assert!(whole.clone().random_split([usize::MAX, 11], 0).is_err());
        assert!(whole.random_split([f64::NAN, 1.0], 0).is_err());
    }
}
