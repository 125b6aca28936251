//! Batches of lists of numbers.
use crate::{Collate, Place, pad};
use tensor_core::{Error, Result, Tensor};

/// Lists of different lengths as one tensor `i64[count, longest]`, `padding` behind the ends of the shorter ones. The
/// loader's report counts it.
///
/// ```
/// # use data::text::pad_ids;
/// # fn main() -> tensor_core::Result<()> {
/// assert_eq!(pad_ids(&[vec![1, 2, 3], vec![4]], 0)?.to_vec::<i64>()?, [1, 2, 3, 4, 0, 0]);
/// # Ok(()) }
/// ```
pub fn pad_ids<T: AsRef<[i64]>>(lists: &[T], padding: i64) -> Result<Tensor> {
    let longest = lists.iter().map(|list| list.as_ref().len()).max().unwrap_or(0);
    let count = lists.len().checked_mul(longest);
    let count =
        count.ok_or_else(|| Error::new("pad_ids", format!("{} lists of {longest} are too many", lists.len())))?;
    let mut ids = Vec::with_capacity(count);
    let mut content = 0;
    for (i, list) in lists.iter().enumerate() {
        let list = list.as_ref();
        content += list.len();
        ids.extend_from_slice(list);
        ids.resize((i + 1) * longest, padding);
    }
    pad::count(content, ids.len());
    Tensor::from_slice(&ids, [lists.len(), longest])
}

/// The guide's `collate_text`, ready-made: for samples `(ids, label)`, the ids padded to the longest of the batch, the
/// labels as a loader makes them by itself.
///
/// ```
/// # use data::{DataLoader, text::pad_ids_collate};
/// # fn main() -> tensor_core::Result<()> {
/// let samples = vec![(vec![5, 6, 7], 1.0f32), (vec![8], 0.0)];
/// let loader = DataLoader::with_collate(samples, pad_ids_collate(0)).batch_size(2);
/// for batch in &loader {
///     let (ids, labels) = batch?;
///     assert_eq!((ids.shape(), labels.shape()), (&[2, 3][..], &[2][..]));
/// }
/// # Ok(()) }
/// ```
pub fn pad_ids_collate<Y: Collate>(
    padding: i64,
) -> impl Fn(Vec<(Vec<i64>, Y)>) -> Result<(Tensor, Y::Batch)> + Clone + Send + Sync {
    move |samples| {
        let place = Place::current(samples.len()).field(".1");
        let (texts, labels): (Vec<_>, Vec<_>) = samples.into_iter().unzip();
        Ok((pad_ids(&texts, padding)?, Y::collate(labels, &place)?))
    }
}

/// Cuts each list to `most` numbers at its end.
pub fn truncate(lists: &mut [Vec<i64>], most: usize) {
    lists.iter_mut().for_each(|list| list.truncate(most));
}
