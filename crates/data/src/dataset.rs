//! What a dataset is: a number of samples, and each of them by index.
use crate::combinators::{Cache, Concat, Map, Repeat, Subset, Zip};
use crate::split::{self, SplitSizes};
use std::sync::Arc;
use tensor_core::{Error, Result, Tensor};

/// Samples by index. Ten lines make a data set of one's own, and every option of the loader works with it:
///
/// ```
/// use data::{DataLoader, Dataset};
/// struct Squares;
/// impl Dataset for Squares {
///     type Item = (f32, i64);
///     fn len(&self) -> usize {
///         100
///     }
///     fn get(&self, index: usize) -> tensor_core::Result<(f32, i64)> {
///         Ok(((index * index) as f32, index as i64))
///     }
/// }
/// let loader = DataLoader::new(Squares).batch_size(32).workers(2);
/// assert_eq!((&loader).into_iter().count(), 4);
/// ```
// Shared by the worker threads, hence `Send + Sync`: a cache inside belongs behind a `Mutex`, or in `cache()`.
pub trait Dataset: Send + Sync {
    /// One sample: often `(Tensor, i64)`.
    type Item;

    /// The number of samples.
    fn len(&self) -> usize;

    /// The sample at `index`, made or read anew at each call. Random numbers it draws come from the thread's generator,
    /// which a loader sets to a stream of the sample's own.
    fn get(&self, index: usize) -> Result<Self::Item>;

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples passed through `f`: where transforms go.
    fn map<T, F>(self, f: F) -> Map<Self, F>
    where
        Self: Sized,
        F: Fn(Self::Item) -> Result<T> + Send + Sync,
    {
        Map::new(self, f)
    }

    /// The samples at `indices`, in that order.
    fn subset(self, indices: Vec<usize>) -> Result<Subset<Self>>
    where
        Self: Sized,
    {
        Subset::new(self, indices)
    }

    /// The first `count` samples, or all of them if there are fewer.
    fn take(self, count: usize) -> Subset<Self>
    where
        Self: Sized,
    {
        Subset::first(self, count)
    }

    /// These samples, then those of `other`.
    fn concat<D: Dataset<Item = Self::Item>>(self, other: D) -> Concat<Self, D>
    where
        Self: Sized,
    {
        Concat::new(self, other)
    }

    /// Pairs of these samples and those of `other`, which must be as many.
    fn zip<D: Dataset>(self, other: D) -> Result<Zip<Self, D>>
    where
        Self: Sized,
    {
        Zip::new(self, other)
    }

    /// The whole `times` times over, as one epoch. Each time, a sample draws random numbers of its own.
    fn repeat(self, times: usize) -> Repeat<Self>
    where
        Self: Sized,
    {
        Repeat::new(self, times)
    }

    /// Parts of exactly these sizes (`[1200, 237]`, or fractions such as `[0.8, 0.2]`), at random, the same for the same
    /// seed.
    fn random_split(self, sizes: impl SplitSizes, seed: u64) -> Result<Vec<Subset<Arc<Self>>>>
    where
        Self: Sized,
    {
        split::random_split(self, sizes, seed)
    }

    /// Keeps each sample after its first use. What was random in it stays as it was drawn first, so put random
    /// transforms after.
    fn cache(self) -> Cache<Self>
    where
        Self: Sized,
        Self::Item: Clone + Send + Sync,
    {
        Cache::new(self)
    }
}

/// An index past the end, in the words every dataset of this crate uses.
pub(crate) fn check_index(op: &'static str, index: usize, len: usize) -> Result<()> {
    if index < len {
        return Ok(());
    }
    Err(Error::new(op, format!("index {index} is out of range for {len} samples")))
}

macro_rules! through_pointer {
    ($($pointer:ty),*) => { $(
        impl<D: Dataset + ?Sized> Dataset for $pointer {
            type Item = D::Item;
            fn len(&self) -> usize {
                (**self).len()
            }
            fn get(&self, index: usize) -> Result<D::Item> {
                (**self).get(index)
            }
        }
    )* };
}
through_pointer!(&D, Box<D>, Arc<D>);

impl<T: Clone + Send + Sync> Dataset for Vec<T> {
    type Item = T;
    fn len(&self) -> usize {
        self.len()
    }
    fn get(&self, index: usize) -> Result<T> {
        check_index("vec", index, self.len())?;
        Ok(self[index].clone())
    }
}

/// Tensors of equal length along dim 0; a sample is one row of each.
///
/// ```
/// # use data::{Dataset, TensorDataset};
/// # use tensor_core::Tensor;
/// # fn main() -> tensor_core::Result<()> {
/// let inputs = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2])?;
/// let labels = Tensor::from_slice(&[0i64, 1], [2])?;
/// let samples = TensorDataset::new((inputs, labels))?;
/// let (input, label) = samples.get(1)?;
/// assert_eq!(input.to_vec::<f32>()?, [3.0, 4.0]);
/// assert_eq!(label.item::<i64>()?, 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TensorDataset<T> {
    tensors: T,
    len: usize,
}

/// A tensor, a tuple of two to six, or a `Vec`: what a [`TensorDataset`] is made of.
pub trait Rows: Send + Sync {
    /// The same with one row each.
    type Row;
    /// All tensors.
    fn all(&self) -> Vec<&Tensor>;
    /// Row `index` of each.
    fn row(&self, index: usize) -> Result<Self::Row>;
}

impl Rows for Tensor {
    type Row = Tensor;
    fn all(&self) -> Vec<&Tensor> {
        vec![self]
    }
    fn row(&self, index: usize) -> Result<Tensor> {
        self.select(0, index as isize)
    }
}

macro_rules! row {
    ($t:ident) => {
        Tensor
    };
}
macro_rules! rows_of_tuple {
    ($($t:ident $n:tt),*) => {
        impl Rows for ($(row!($t),)*) {
            type Row = ($(row!($t),)*);
            fn all(&self) -> Vec<&Tensor> {
                vec![$(&self.$n),*]
            }
            fn row(&self, index: usize) -> Result<Self::Row> {
                Ok(($(self.$n.row(index)?,)*))
            }
        }
    };
}
rows_of_tuple!(A 0, B 1);
rows_of_tuple!(A 0, B 1, C 2);
rows_of_tuple!(A 0, B 1, C 2, D 3);
rows_of_tuple!(A 0, B 1, C 2, D 3, E 4);
rows_of_tuple!(A 0, B 1, C 2, D 3, E 4, F 5);

/// As many tensors as there are; a sample is a list of rows.
impl Rows for Vec<Tensor> {
    type Row = Vec<Tensor>;
    fn all(&self) -> Vec<&Tensor> {
        self.iter().collect()
    }
    fn row(&self, index: usize) -> Result<Vec<Tensor>> {
        self.iter().map(|t| t.row(index)).collect()
    }
}

impl<T: Rows> TensorDataset<T> {
    /// Fails where the tensors have no dim 0, or different lengths along it.
    pub fn new(tensors: T) -> Result<TensorDataset<T>> {
        let all = tensors.all();
        let len = match all.first().map(|t| t.shape()) {
            None => return Err(Error::new("TensorDataset", "there are no tensors")),
            Some([len, ..]) => *len,
            Some([]) => return Err(Error::new("TensorDataset", "a 0-d tensor has no rows").operands(all)),
        };
        if all.iter().any(|t| t.shape().first() != Some(&len)) {
            return Err(Error::new("TensorDataset", "the tensors have different lengths along dim 0")
                .operands(all)
                .hint("a sample is one row of each"));
        }
        Ok(TensorDataset { tensors, len })
    }
}

impl<T: Rows> Dataset for TensorDataset<T> {
    type Item = T::Row;
    fn len(&self) -> usize {
        self.len
    }
    fn get(&self, index: usize) -> Result<T::Row> {
        check_index("TensorDataset", index, self.len)?;
        self.tensors.row(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_each_tensor_is_a_sample() {
        let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], [3, 2]).unwrap();
        let y = Tensor::from_slice(&[7i64, 8, 9], [3]).unwrap();
        let both = TensorDataset::new((x.clone(), y)).unwrap();
        assert_eq!(both.len(), 3);
        let (row, label) = both.get(2).unwrap();
        assert_eq!(row.to_vec::<f32>().unwrap(), [5.0, 6.0]);
        assert_eq!(label.shape(), [0usize; 0]);
        assert!(both.get(3).unwrap_err().to_string().contains("index 3 is out of range for 3 samples"));
        let short = Tensor::from_slice(&[7i64, 8], [2]).unwrap();
        assert!(TensorDataset::new((x, short)).is_err());
    }

    #[test]
    fn pointers_to_datasets_are_datasets() {
        let list: Vec<Box<dyn Dataset<Item = i32>>> = vec![Box::new(vec![1, 2]), Box::new(Arc::new(vec![3]))];
        assert_eq!(list.iter().map(|d| d.len()).sum::<usize>(), 3);
        assert_eq!(list[1].get(0).unwrap(), 3);
    }
}
