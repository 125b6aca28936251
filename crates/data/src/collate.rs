//! From a list of samples to a batch: tensors are stacked, numbers become a 1-d tensor, tuples go field by field.
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};
use tensor_core::{Element, Error, Result, Tensor};

/// A sample that a list of can become a batch: tensors are stacked, numbers become a tensor, strings and paths a list,
/// and tuples, lists and maps go field by field. For a struct of one's own, derive it:
///
/// ```
/// use data::{Collate, DataLoader};
/// # use tensor_core::Tensor;
/// #[derive(Clone, Collate)]
/// struct Sample {
///     image: Tensor,
///     label: i64,
///     path: String,
/// }
/// # fn main() -> tensor_core::Result<()> {
/// let sample = Sample { image: Tensor::zeros([3, 8, 8])?, label: 4, path: "a.png".into() };
/// let loader = DataLoader::new(vec![sample; 10]).batch_size(5);
/// for batch in &loader {
///     let SampleBatch { image, label, path } = batch?;
///     assert_eq!((image.shape(), label.shape(), path.len()), (&[5, 3, 8, 8][..], &[5][..], 5));
/// }
/// # Ok(()) }
/// ```
pub trait Collate: Sized {
    /// What the list becomes.
    type Batch;
    /// Makes the batch; `place` says, for messages, which samples and which of their fields these are.
    fn collate(samples: Vec<Self>, place: &Place) -> Result<Self::Batch>;
}

/// Which samples are being collated, which of their fields, and what to do where their shapes differ.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Indices in the dataset; empty where unknown, and positions in the list are named instead.
    samples: Vec<usize>,
    field: String,
    padding: Option<f64>,
}

impl Place {
    /// The whole samples of these indices.
    pub fn of_samples(indices: &[usize]) -> Place {
        Place { samples: indices.to_vec(), ..Place::default() }
    }

    /// The samples that a loader is making a batch of on this thread, if they are as many.
    pub(crate) fn current(count: usize) -> Place {
        INDICES.with_borrow(|indices| match indices.len() == count {
            true => Place::of_samples(indices),
            false => Place::default(),
        })
    }

    /// Tensors of different sizes are padded with this value at their ends.
    pub(crate) fn padded(mut self, value: f64) -> Place {
        self.padding = Some(value);
        self
    }

    pub(crate) fn padding(&self) -> Option<f64> {
        self.padding
    }

    /// One field of the samples: `.0`, `.1.0`, `["name"]`.
    pub fn field(&self, name: &str) -> Place {
        Place { field: format!("{}{name}", self.field), ..self.clone() }
    }

    /// The dataset's index of the sample at `position` in the list.
    fn index(&self, position: usize) -> usize {
        self.samples.get(position).copied().unwrap_or(position)
    }

    /// Samples at two positions do not fit together.
    pub(crate) fn mismatch(&self, what: &str, (a, at_a): (usize, &str), (b, at_b): (usize, &str)) -> Error {
        let field = if self.field.is_empty() { String::new() } else { format!(" in field {}", self.field) };
        let (a, b) = (self.index(a), self.index(b));
        Error::new("collate", format!("samples {a} and {b} have different {what}{field}: {at_a} and {at_b}"))
    }
}

thread_local! {
    /// What [`Place::current`] tells a user's function, which is given samples alone.
    static INDICES: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` while these samples are collated.
pub(crate) fn with_indices<T>(indices: &[usize], f: impl FnOnce() -> T) -> T {
    INDICES.with_borrow_mut(|all| all.extend_from_slice(indices));
    let result = f();
    INDICES.with_borrow_mut(Vec::clear);
    result
}

/// The batch that a loader makes where it is given no function of its own; for use inside of such a function.
///
/// ```
/// # use data::default_collate;
/// # use tensor_core::Tensor;
/// # fn main() -> tensor_core::Result<()> {
/// let samples = vec![(Tensor::zeros([3])?, 7i64), (Tensor::ones([3])?, 8)];
/// let (images, labels) = default_collate(samples)?;
/// assert_eq!(images.shape(), [2, 3]);
/// assert_eq!(labels.to_vec::<i64>()?, [7, 8]);
/// # Ok(()) }
/// ```
pub fn default_collate<T: Collate>(samples: Vec<T>) -> Result<T::Batch> {
    let place = Place::current(samples.len());
    T::collate(samples, &place)
}

impl Collate for Tensor {
    type Batch = Tensor;
    fn collate(samples: Vec<Tensor>, place: &Place) -> Result<Tensor> {
        let Some(first) = samples.first() else {
            return Err(Error::new("collate", "there are no samples"));
        };
        let shown = |t: &Tensor| format!("{}{:?}", t.dtype(), t.shape());
        let unlike = |t: &Tensor| t.dtype() != first.dtype() || t.dim() != first.dim();
        if let Some(i) = samples.iter().position(unlike) {
            let what = if samples[i].dtype() == first.dtype() { "ranks" } else { "dtypes" };
            return Err(place
                .mismatch(what, (0, &shown(first)), (i, &shown(&samples[i])))
                .hint("make them alike in the dataset's `get`"));
        }
        match (samples.iter().position(|t| t.shape() != first.shape()), place.padding()) {
            (Some(i), None) => Err(place
                .mismatch("shapes", (0, &shown(first)), (i, &shown(&samples[i])))
                .hint("make them equal in the dataset's `get`, or use a padding collate: `.collate(pad_collate(0))`, or one of your own with `pad_sequence`")),
            (Some(_), Some(value)) => crate::pad::stack_padded(&samples, value),
            (None, _) => Tensor::stack(&samples.iter().collect::<Vec<_>>(), 0),
        }
    }
}

macro_rules! collate_numbers {
    ($($t:ty),*) => { $(
        impl Collate for $t {
            type Batch = Tensor;
            fn collate(samples: Vec<$t>, _: &Place) -> Result<Tensor> {
                vector(&samples)
            }
        }
    )* };
}
collate_numbers!(f32, f64, i64, i32, u8, bool);

fn vector<T: Element>(numbers: &[T]) -> Result<Tensor> {
    Tensor::from_slice(numbers, [numbers.len()])
}

// Counts and class numbers: indices are i64 in every operator.
impl Collate for usize {
    type Batch = Tensor;
    fn collate(samples: Vec<usize>, _: &Place) -> Result<Tensor> {
        vector(&samples.iter().map(|&n| n as i64).collect::<Vec<_>>())
    }
}

macro_rules! collate_lists {
    ($($t:ty),*) => { $(
        impl Collate for $t {
            type Batch = Vec<$t>;
            fn collate(samples: Vec<$t>, _: &Place) -> Result<Vec<$t>> {
                Ok(samples)
            }
        }
    )* };
}
collate_lists!(String, &'static str, PathBuf);

macro_rules! collate_tuples {
    ($($t:ident $list:ident $n:literal),*) => {
        impl<$($t: Collate),*> Collate for ($($t,)*) {
            type Batch = ($($t::Batch,)*);
            fn collate(samples: Vec<Self>, place: &Place) -> Result<Self::Batch> {
                $(let mut $list = Vec::with_capacity(samples.len());)*
                for sample in samples {
                    #[allow(non_snake_case)] // named as its type
                    let ($($t,)*) = sample;
                    $($list.push($t);)*
                }
                Ok(($($t::collate($list, &place.field(concat!(".", $n)))?,)*))
            }
        }
    };
}
collate_tuples!(A a 0);
collate_tuples!(A a 0, B b 1);
collate_tuples!(A a 0, B b 1, C c 2);
collate_tuples!(A a 0, B b 1, C c 2, D d 3);
collate_tuples!(A a 0, B b 1, C c 2, D d 3, E e 4);
collate_tuples!(A a 0, B b 1, C c 2, D d 3, E e 4, F f 5);

/// As PyTorch: a list of lists becomes a list of batches, one for each place in the lists.
impl<T: Collate> Collate for Vec<T> {
    type Batch = Vec<T::Batch>;
    fn collate(samples: Vec<Vec<T>>, place: &Place) -> Result<Vec<T::Batch>> {
        let len = samples.first().map_or(0, Vec::len);
        if let Some(i) = samples.iter().position(|s| s.len() != len) {
            return Err(place
                .mismatch("lengths", (0, &len.to_string()), (i, &samples[i].len().to_string()))
                .hint("return tensors and use a padding collate: `.collate(pad_collate(0))`"));
        }
        let mut columns: Vec<Vec<T>> = (0..len).map(|_| Vec::with_capacity(samples.len())).collect();
        for sample in samples {
            columns.iter_mut().zip(sample).for_each(|(column, value)| column.push(value));
        }
        columns.into_iter().enumerate().map(|(i, c)| T::collate(c, &place.field(&format!("[{i}]")))).collect()
    }
}

/// A dictionary of fields; every sample must have the keys of the first.
impl<T: Collate> Collate for BTreeMap<String, T> {
    type Batch = BTreeMap<String, T::Batch>;
    fn collate(samples: Vec<Self>, place: &Place) -> Result<Self::Batch> {
        let names: Vec<String> = samples.first().map(|s| s.keys().cloned().collect()).unwrap_or_default();
        let mut columns: Vec<Vec<T>> = names.iter().map(|_| Vec::with_capacity(samples.len())).collect();
        for (i, sample) in samples.into_iter().enumerate() {
            if !sample.keys().eq(&names) {
                let keys = format!("{:?}", sample.keys().collect::<Vec<_>>());
                return Err(place.mismatch("keys", (0, &format!("{names:?}")), (i, &keys)));
            }
            // Both are sorted by key.
            columns.iter_mut().zip(sample.into_values()).for_each(|(column, value)| column.push(value));
        }
        names
            .into_iter()
            .zip(columns)
            .map(|(name, column)| {
                let batch = T::collate(column, &place.field(&format!("[{name:?}]")))?;
                Ok((name, batch))
            })
            .collect()
    }
}

/// As a `BTreeMap`: every sample must have the keys of the first.
impl<T: Collate> Collate for HashMap<String, T> {
    type Batch = HashMap<String, T::Batch>;
    fn collate(samples: Vec<Self>, place: &Place) -> Result<Self::Batch> {
        let sorted = samples.into_iter().map(BTreeMap::from_iter).collect();
        Ok(BTreeMap::collate(sorted, place)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_dtype() {
        let (a, b, c) = default_collate(vec![(1.5f64, true, 3usize), (2.5, false, 4)]).unwrap();
        assert_eq!((a.dtype().name(), b.dtype().name(), c.dtype().name()), ("f64", "bool", "i64"));
        assert_eq!(c.to_vec::<i64>().unwrap(), [3, 4]);
    }

    #[test]
    fn nested_samples_are_collated_field_by_field() {
        let sample = |v: f32| ((Tensor::from_slice(&[v, v], [2]).unwrap(), v), vec![v as i64, 0], "x".to_string());
        let ((x, v), lists, words) = default_collate(vec![sample(1.0), sample(2.0), sample(3.0)]).unwrap();
        assert_eq!((x.shape(), v.shape()), (&[3, 2][..], &[3][..]));
        assert_eq!(lists[0].to_vec::<i64>().unwrap(), [1, 2, 3]);
        assert_eq!(words.len(), 3);
    }

    #[test]
    fn maps_are_collated_by_key() {
        let map = |v: f32| BTreeMap::from([("a".to_string(), v), ("b".to_string(), -v)]);
        let batch = default_collate(vec![map(1.0), map(2.0)]).unwrap();
        assert_eq!(batch["b"].to_vec::<f32>().unwrap(), [-1.0, -2.0]);
        let error = default_collate(vec![map(1.0), BTreeMap::from([("a".to_string(), 1.0)])]).unwrap_err();
        assert!(error.to_string().contains("samples 0 and 1 have different keys"), "{error}");
    }

    #[test]
    fn ragged_samples_are_named_with_their_field_and_shapes() {
        let samples = vec![(Tensor::zeros([3]).unwrap(), 0i64), (Tensor::zeros([4]).unwrap(), 1)];
        let error = Collate::collate(samples, &Place::of_samples(&[17, 4])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "collate: samples 17 and 4 have different shapes in field .0: f32[3] and f32[4]; make them equal in the \
             dataset's `get`, or use a padding collate: `.collate(pad_collate(0))`, or one of your own with `pad_sequence`"
        );
        let error = default_collate(vec![vec![1i64], vec![2, 3]]).unwrap_err();
        assert!(error.to_string().starts_with("collate: samples 0 and 1 have different lengths: 1 and 2"), "{error}");
    }
}
