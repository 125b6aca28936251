//! Samples of different sizes, made equal by padding.
use crate::collate::{Collate, Place};
use std::{cell::Cell, ops::AddAssign};
use tensor_core::{DType, Error, Result, Scalar, Tensor};

/// How [`pad_sequence`] lays out its result. The default is PyTorch's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PadOptions {
    /// `[batch, length, ..]` rather than `[length, batch, ..]`.
    pub batch_first: bool,
    /// What stands behind the end of the shorter ones.
    pub padding_value: f64,
}

/// Sequences `[length, *]` of different lengths in one tensor, the shorter ones padded at their ends.
///
/// # Shapes
/// Result: `[longest, batch, *]`, or `[batch, longest, *]` with `batch_first`.
///
/// ```
/// # use data::{PadOptions, pad_sequence};
/// # use tensor_core::Tensor;
/// # fn main() -> tensor_core::Result<()> {
/// let texts = [Tensor::from_slice(&[1i64, 2, 3], [3])?, Tensor::from_slice(&[4i64], [1])?];
/// let batch = pad_sequence(&texts, PadOptions { batch_first: true, ..Default::default() })?;
/// assert_eq!(batch.to_vec::<i64>()?, [1, 2, 3, 4, 0, 0]);
/// # Ok(()) }
/// ```
pub fn pad_sequence(sequences: &[Tensor], options: PadOptions) -> Result<Tensor> {
    let Some(first) = sequences.first() else {
        return Err(Error::new("pad_sequence", "there are no sequences"));
    };
    let unlike =
        |t: &&Tensor| t.dim() == 0 || t.dtype() != first.dtype() || t.shape().get(1..) != first.shape().get(1..);
    if let Some(bad) = sequences.iter().find(unlike) {
        return Err(Error::new("pad_sequence", "sequences may differ in their first size only")
            .operands([first, bad])
            .hint("each is [length, *] with the same dtype and the same sizes after the length"));
    }
    let stacked = stack_padded(sequences, options.padding_value)?;
    if options.batch_first { Ok(stacked) } else { stacked.transpose(0, 1) }
}

/// A collate function for samples of different sizes: tensors are padded at their ends, along every dim, to the largest
/// of the batch; all else is as without it.
///
/// ```
/// # use data::{DataLoader, pad_collate};
/// # use tensor_core::Tensor;
/// # fn main() -> tensor_core::Result<()> {
/// let texts = vec![(Tensor::ones([3])?, 0i64), (Tensor::ones([5])?, 1)];
/// let loader = DataLoader::new(texts).batch_size(2).collate(pad_collate(0));
/// for batch in &loader {
///     assert_eq!(batch?.0.shape(), [2, 5]);
/// }
/// # Ok(()) }
/// ```
pub fn pad_collate<T: Collate>(
    padding_value: impl Into<Scalar>,
) -> impl Fn(Vec<T>) -> Result<T::Batch> + Clone + Send + Sync {
    let value = padding_value.into().to_f64();
    move |samples| {
        let place = Place::current(samples.len()).padded(value);
        T::collate(samples, &place)
    }
}

/// How many elements padded tensors had, and have.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Padding {
    pub(crate) content: usize,
    pub(crate) padded: usize,
}

impl AddAssign for Padding {
    fn add_assign(&mut self, more: Padding) {
        self.content += more.content;
        self.padded += more.padded;
    }
}

thread_local! {
    static PADDED: Cell<Padding> = const { Cell::new(Padding { content: 0, padded: 0 }) };
}

/// So many elements became so many.
pub(crate) fn count(content: usize, padded: usize) {
    let mut all = PADDED.get();
    all += Padding { content, padded };
    PADDED.set(all);
}

/// What `f` returns, and what it padded on this thread.
pub(crate) fn counting<T>(f: impl FnOnce() -> T) -> (T, Padding) {
    PADDED.set(Padding::default());
    let result = f();
    (result, PADDED.take())
}

/// Stacks tensors of one dtype and rank, each padded at its ends to the largest size along every dim.
// On bytes: one pass over what is copied, for every dtype.
pub(crate) fn stack_padded(tensors: &[Tensor], value: f64) -> Result<Tensor> {
    let first = tensors.first().ok_or_else(|| Error::new("pad", "there are no tensors"))?;
    let (rank, dtype) = (first.dim(), first.dtype());
    let sizes: Vec<usize> = (0..rank).map(|d| tensors.iter().map(|t| t.shape()[d]).max().unwrap_or_default()).collect();
    let mut shape = vec![tensors.len()];
    shape.extend(&sizes);
    let unit = one(value, dtype)?;
    let one_sample = sizes.iter().product::<usize>() * unit.len();
    let mut out = if unit.iter().all(|&b| b == 0) {
        vec![0; one_sample * tensors.len()]
    } else {
        unit.repeat(sizes.iter().product::<usize>() * tensors.len())
    };
    count(tensors.iter().map(Tensor::numel).sum(), shape.iter().product());
    for (i, t) in tensors.iter().enumerate() {
        let bytes = t.to_bytes()?;
        copy_corner(&bytes, t.shape(), &mut out[i * one_sample..(i + 1) * one_sample], &sizes, unit.len());
    }
    Tensor::from_bytes(&out, &shape, dtype)?.to_device(&first.device())
}

/// Copies a row-major array into the corner of a larger one of the same rank.
fn copy_corner(from: &[u8], from_sizes: &[usize], to: &mut [u8], to_sizes: &[usize], unit: usize) {
    match (from_sizes, to_sizes) {
        ([_, rest @ ..], [_, to_rest @ ..]) if !rest.is_empty() => {
            let step = rest.iter().product::<usize>() * unit;
            let to_step = to_rest.iter().product::<usize>() * unit;
            if step > 0 {
                for (from, to) in from.chunks_exact(step).zip(to.chunks_exact_mut(to_step)) {
                    copy_corner(from, rest, to, to_rest, unit);
                }
            }
        }
        _ => to[..from.len()].copy_from_slice(from),
    }
}

/// The bytes of one element.
fn one(value: f64, dtype: DType) -> Result<Vec<u8>> {
    let value = if dtype.is_float() { Scalar::Float(value) } else { Scalar::Int(value as i64) };
    Tensor::from_slice(&[value.to_f64()], ())?.to_dtype(dtype)?.to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_padded_at_their_ends() {
        let a = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2]).unwrap();
        let b = Tensor::from_slice(&[5.0f32, 6.0], [1, 2]).unwrap();
        let time_first =
            pad_sequence(&[a.clone(), b.clone()], PadOptions { padding_value: -1.0, ..Default::default() });
        let time_first = time_first.unwrap();
        assert_eq!(time_first.shape(), [2, 2, 2]);
        assert_eq!(time_first.to_vec::<f32>().unwrap(), [1.0, 2.0, 5.0, 6.0, 3.0, 4.0, -1.0, -1.0]);
        let wide = Tensor::zeros([2, 3]).unwrap();
        assert!(pad_sequence(&[a, wide], PadOptions::default()).is_err());
        assert!(pad_sequence(&[], PadOptions::default()).is_err());
    }

    #[test]
    fn images_are_padded_along_both_sides() {
        let small = Tensor::from_slice(&[1u8], [1, 1]).unwrap();
        let tall = Tensor::from_slice(&[2u8, 3], [2, 1]).unwrap();
        let wide = Tensor::from_slice(&[4u8, 5], [1, 2]).unwrap();
        let batch = pad_collate(9.0)(vec![small, tall, wide]).unwrap();
        assert_eq!(batch.to_vec::<u8>().unwrap(), [1, 9, 9, 9, 2, 9, 3, 9, 4, 5, 9, 9]);
    }

    #[test]
    fn empty_sequences_are_all_padding() {
        let none = Tensor::zeros([0, 2]).unwrap();
        let some = Tensor::ones([1, 2]).unwrap();
        let batch = pad_sequence(&[none, some], PadOptions { batch_first: true, ..Default::default() }).unwrap();
        assert_eq!(batch.to_vec::<f32>().unwrap(), [0.0, 0.0, 1.0, 1.0]);
    }
}
