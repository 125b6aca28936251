//! Batches of sequences of different lengths: padded to the longest, or packed without the padding.
use tensor_core::{Error, Result, Scalar, Tensor};

/// Sequences of different lengths, longest first, without padding: all first steps, then all second steps of those that
/// have one, and so on. What recurrent layers take where the ends of short sequences must not see padding.
#[derive(Debug, Clone)]
pub struct PackedSequence {
    /// `[total length, *]`
    pub data: Tensor,
    /// How many sequences have each step.
    pub batch_sizes: Vec<usize>,
    /// Where each packed sequence stood in the batch.
    pub sorted_indices: Option<Vec<usize>>,
}

impl PackedSequence {
    /// The number of sequences.
    pub fn batch(&self) -> usize {
        self.batch_sizes.first().copied().unwrap_or(0)
    }

    /// The same sequences with other values.
    pub(crate) fn with(&self, data: Tensor) -> PackedSequence {
        PackedSequence { data, batch_sizes: self.batch_sizes.clone(), sorted_indices: self.sorted_indices.clone() }
    }

    /// Where each sequence of the batch stands among the packed ones.
    fn unsorted_indices(&self) -> Option<Vec<usize>> {
        let sorted = self.sorted_indices.as_ref()?;
        let mut back = vec![0; sorted.len()];
        for (packed, &given) in sorted.iter().enumerate() {
            back[given] = packed;
        }
        Some(back)
    }

    /// A state `[layers, N, size]` in the order of the packed sequences.
    pub(crate) fn sort(&self, state: &Tensor) -> Result<Tensor> {
        permuted(state, 1, self.sorted_indices.as_deref())
    }

    /// And back in the order of the batch.
    pub(crate) fn unsort(&self, state: &Tensor) -> Result<Tensor> {
        permuted(state, 1, self.unsorted_indices().as_deref())
    }
}

fn permuted(x: &Tensor, dim: isize, order: Option<&[usize]>) -> Result<Tensor> {
    let Some(order) = order else { return Ok(x.clone()) };
    let at: Vec<i64> = order.iter().map(|&i| i as i64).collect();
    x.index_select(dim, &Tensor::from_slice(&at, [at.len()])?.to_device(&x.device())?)
}

/// Packs a padded batch: `lengths` says how much of each sequence counts. The sequences may stand in any order; with
/// `enforce_sorted` they must come longest first.
///
/// # Shapes
/// `input`: `[T, N, *]`, or `[N, T, *]` where `batch_first`; the packed data: `[sum of lengths, *]`.
///
/// ```
/// use nn::utils::{pack_padded_sequence, pad_packed_sequence};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 0.0], [2, 3])?;
/// let packed = pack_padded_sequence(&x, &[3, 2], true, true)?;
/// assert_eq!(packed.data.to_vec::<f32>()?, [1.0, 4.0, 2.0, 5.0, 3.0]);
/// assert_eq!(packed.batch_sizes, [2, 2, 1]);
/// let (back, lengths) = pad_packed_sequence(&packed, true, 0.0, None)?;
/// assert_eq!(back.to_vec::<f32>()?, x.to_vec::<f32>()?);
/// assert_eq!(lengths, [3, 2]);
/// # Ok(()) }
/// ```
pub fn pack_padded_sequence(
    input: &Tensor,
    lengths: &[usize],
    batch_first: bool,
    enforce_sorted: bool,
) -> Result<PackedSequence> {
    let wrong = |why: String| Error::new("pack_padded_sequence", why).operands([input]);
    if input.dim() < 2 {
        return Err(wrong("the input must be [T, N, *], or [N, T, *] with batch_first".into()));
    }
    let x = if batch_first { input.transpose(0, 1)? } else { input.clone() };
    let (steps, batch) = (x.shape()[0], x.shape()[1]);
    if lengths.len() != batch {
        return Err(wrong(format!("{} lengths for {batch} sequences", lengths.len())));
    }
    if let Some(length) = lengths.iter().find(|&&n| n == 0 || n > steps) {
        return Err(wrong(format!("a length is {length}")).hint(format!("lengths are 1 to {steps}")));
    }
    let mut order: Vec<usize> = (0..batch).collect();
    if !enforce_sorted {
        order.sort_by_key(|&i| std::cmp::Reverse(lengths[i]));
    } else if lengths.windows(2).any(|pair| pair[0] < pair[1]) {
        return Err(wrong("the lengths must fall".into()).hint("give enforce_sorted = false for any order"));
    }
    let longest = order.first().map_or(0, |&i| lengths[i]);
    let mut at = Vec::new();
    let mut batch_sizes = Vec::with_capacity(longest);
    for step in 0..longest {
        let there = order.iter().take_while(|&&i| lengths[i] > step);
        let before = at.len();
        at.extend(there.map(|&i| (step * batch + i) as i64));
        batch_sizes.push(at.len() - before);
    }
    let at = Tensor::from_slice(&at, [at.len()])?.to_device(&x.device())?;
    let rest = &x.shape()[2..];
    let data = x.reshape([&[steps * batch], rest].concat())?.index_select(0, &at)?;
    Ok(PackedSequence { data, batch_sizes, sorted_indices: (!enforce_sorted).then_some(order) })
}

/// Undoes [`pack_padded_sequence`]: the padded batch, in its first order, and the lengths. Behind the ends stands
/// `padding_value`; `total_length` asks for more steps than the longest sequence has.
///
/// # Shapes
/// result: `[T, N, *]`, or `[N, T, *]` where `batch_first`.
pub fn pad_packed_sequence(
    sequence: &PackedSequence,
    batch_first: bool,
    padding_value: f64,
    total_length: Option<usize>,
) -> Result<(Tensor, Vec<usize>)> {
    let (x, batch, longest) = (&sequence.data, sequence.batch(), sequence.batch_sizes.len());
    let steps = total_length.unwrap_or(longest);
    if steps < longest || x.dim() == 0 {
        let message = format!("total_length is {steps}, and a sequence has {longest} steps");
        return Err(Error::new("pad_packed_sequence", message).operands([x]));
    }
    let mut lengths = vec![0; batch];
    let mut at = Vec::with_capacity(x.shape()[0]);
    for (step, &size) in sequence.batch_sizes.iter().enumerate() {
        for (packed, length) in lengths.iter_mut().enumerate().take(size) {
            *length += 1;
            at.push((step * batch + packed) as i64);
        }
    }
    let at = Tensor::from_slice(&at, [at.len()])?.to_device(&x.device())?;
    let rest = &x.shape()[1..];
    let padding = x.detach().new_full([&[steps.saturating_mul(batch)], rest].concat(), padding_value)?;
    let padded = padding.index_copy(0, &at, x)?.reshape([&[steps, batch], rest].concat())?;
    let order = sequence.unsorted_indices();
    let padded = permuted(&padded, 1, order.as_deref())?;
    if let Some(order) = order {
        lengths = order.into_iter().map(|packed| lengths[packed]).collect();
    }
    Ok((if batch_first { padded.transpose(0, 1)? } else { padded }, lengths))
}

/// Sequences of different lengths side by side, filled with `padding_value` behind their ends.
///
/// # Shapes
/// each sequence `[length, *]`; result: `[T, N, *]`, or `[N, T, *]` where `batch_first`.
///
/// ```
/// use nn::utils::pad_sequence;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (a, b) = (Tensor::ones([3])?, Tensor::ones([1])?);
/// let padded = pad_sequence(&[&a, &b], true, 0)?;
/// assert_eq!(padded.to_vec::<f32>()?, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
/// # Ok(()) }
/// ```
pub fn pad_sequence(sequences: &[&Tensor], batch_first: bool, padding_value: impl Into<Scalar>) -> Result<Tensor> {
    let wrong = |why: &str| Error::new("pad_sequence", why).operands(sequences.iter().copied());
    let Some(rest) = sequences.first().and_then(|first| first.shape().get(1..)) else {
        return Err(wrong("needs at least one sequence, [length, *]"));
    };
    if sequences.iter().any(|s| s.shape().get(1..) != Some(rest)) {
        return Err(wrong("sequences may differ in their first dim only"));
    }
    let value = padding_value.into();
    let longest = sequences.iter().map(|s| s.shape()[0]).max().unwrap_or(0);
    let padded = sequences.iter().map(|s| {
        let behind = s.detach().new_full([&[longest - s.shape()[0]], rest].concat(), value)?;
        Tensor::cat(&[s, &behind], 0)
    });
    let padded = padded.collect::<Result<Vec<_>>>()?;
    Tensor::stack(&padded.iter().collect::<Vec<_>>(), if batch_first { 0 } else { 1 })
}

/// The sequences of a padded batch without their padding: the opposite of [`pad_sequence`].
///
/// # Shapes
/// `padded`: `[T, N, *]`, or `[N, T, *]` where `batch_first`; each result `[length, *]`.
///
/// ```
/// use nn::utils::{pad_sequence, unpad_sequence};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let padded = pad_sequence(&[&Tensor::ones([3])?, &Tensor::ones([1])?], true, 0)?;
/// let back = unpad_sequence(&padded, &[3, 1], true)?;
/// assert_eq!(back[1].to_vec::<f32>()?, [1.0]);
/// # Ok(()) }
/// ```
pub fn unpad_sequence(padded: &Tensor, lengths: &[usize], batch_first: bool) -> Result<Vec<Tensor>> {
    let wrong = |why: String| Error::new("unpad_sequence", why).operands([padded]);
    if padded.dim() < 2 {
        return Err(wrong("the input must be [T, N, *], or [N, T, *] with batch_first".into()));
    }
    let x = if batch_first { padded.clone() } else { padded.transpose(0, 1)? };
    let (batch, steps) = (x.shape()[0], x.shape()[1]);
    if lengths.len() != batch {
        return Err(wrong(format!("{} lengths for {batch} sequences", lengths.len())));
    }
    if let Some(length) = lengths.iter().find(|&&length| length > steps) {
        return Err(wrong(format!("a length is {length}, and there are {steps} steps")));
    }
    lengths.iter().enumerate().map(|(i, &length)| x.select(0, i as isize)?.narrow(0, 0, length)).collect()
}

/// Packs sequences of different lengths; with `enforce_sorted` they must come longest first.
///
/// ```
/// use nn::utils::{pack_sequence, unpack_sequence};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (a, b) = (Tensor::ones([1])?, Tensor::zeros([3])?);
/// let packed = pack_sequence(&[&a, &b], false)?;
/// assert_eq!(packed.batch_sizes, [2, 1, 1]);
/// assert_eq!(unpack_sequence(&packed)?[0].to_vec::<f32>()?, [1.0]);
/// # Ok(()) }
/// ```
pub fn pack_sequence(sequences: &[&Tensor], enforce_sorted: bool) -> Result<PackedSequence> {
    let lengths: Vec<usize> = sequences.iter().map(|s| s.shape().first().copied().unwrap_or(0)).collect();
    let padded = pad_sequence(sequences, true, 0).map_err(|e| e.renamed("pack_sequence"))?;
    pack_padded_sequence(&padded, &lengths, true, enforce_sorted).map_err(|e| e.renamed("pack_sequence"))
}

/// The sequences of a packed batch, in its first order: the opposite of [`pack_sequence`].
pub fn unpack_sequence(sequence: &PackedSequence) -> Result<Vec<Tensor>> {
    let (padded, lengths) = pad_packed_sequence(sequence, true, 0.0, None)?;
    unpad_sequence(&padded, &lengths, true)
}
