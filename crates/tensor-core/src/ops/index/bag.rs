//! Embeddings of many ids at once, reduced to one row per bag.
use super::int_index;
use crate::{DType, Error, Result, Tensor, ops::ScatterReduce, ops::binary::same_device};

/// What becomes of the rows of a bag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BagMode {
    /// Their sum.
    Sum,
    /// Their mean.
    #[default]
    Mean,
    /// The largest, element by element.
    Max,
}

/// Settings of [`Tensor::embedding_bag`].
#[derive(Clone, Copy, Debug, Default)]
pub struct EmbeddingBagOptions<'a> {
    /// Where each bag begins among 1-d ids. Without, the ids are `[B, L]`, a bag a row.
    pub offsets: Option<&'a Tensor>,
    /// What becomes of the rows of a bag.
    pub mode: BagMode,
    /// What each id counts, in the shape of the ids; for sums only.
    pub per_sample_weights: Option<&'a Tensor>,
    /// The last offset is the number of ids, not the begin of a bag.
    pub include_last_offset: bool,
    /// An id that does not count; negative ones from the end.
    pub padding_idx: Option<isize>,
}

impl Tensor {
    /// The rows of this table `[rows, width]` that the ids of each bag name, reduced to one: `[B, width]`. An empty bag
    /// gives zeros.
    ///
    /// ```
    /// # use tensor_core::{tensor, ops::{BagMode, EmbeddingBagOptions}, Result};
    /// # fn main() -> Result<()> {
    /// let table = tensor([[1.0, 2.0], [3.0, 4.0]])?;
    /// let options = EmbeddingBagOptions { mode: BagMode::Sum, ..Default::default() };
    /// let sums = table.embedding_bag(&tensor([[0, 1], [1, 1]])?, options)?;
    /// assert_eq!(sums.to_vec::<f32>()?, [4.0, 6.0, 6.0, 8.0]);
    /// # Ok(()) }
    /// ```
    pub fn embedding_bag(&self, ids: &Tensor, options: EmbeddingBagOptions<'_>) -> Result<Tensor> {
        const OP: &str = "embedding_bag";
        let wrong = |why: &str| Error::new(OP, why).operands([self, ids]);
        let &[rows, width] = self.shape() else { return Err(wrong("the table must be [rows, width]")) };
        same_device(OP, &[self, ids])?;
        if let Some(weights) = options.per_sample_weights {
            if options.mode != BagMode::Sum {
                return Err(wrong("weights of single ids need the mode Sum"));
            }
            if weights.shape() != ids.shape() || weights.dtype() != self.dtype() {
                return Err(wrong("weights must have the shape of the ids and the dtype of the table"));
            }
        }
        let (mut bags, of_id) = begins(ids, options.offsets)?;
        if options.include_last_offset {
            bags = bags.checked_sub(1).ok_or_else(|| wrong("the offsets are empty, and have no last one"))?;
        }
        let mut flat = int_index(OP, ids)?.ravel()?;
        let mut bag = Tensor::from_slice(&of_id, [of_id.len()])?.to_device(&self.device())?;
        let mut weights = options.per_sample_weights.map(Tensor::ravel).transpose()?;
        if let Some(padding) = options.padding_idx {
            let id = if padding < 0 { padding + rows as isize } else { padding };
            if id < 0 || id as usize >= rows {
                return Err(wrong("the padding id is not one of the table"));
            }
            let kept = flat.ne(id as i64)?.nonzero()?.ravel()?;
            (flat, bag) = (flat.index_select(0, &kept)?, bag.index_select(0, &kept)?);
            weights = weights.map(|w| w.index_select(0, &kept)).transpose()?;
        }
        let mut picked = self.embedding(&flat).map_err(|e| e.renamed(OP))?;
        if let Some(weights) = weights {
            picked = picked.mul(&weights.unsqueeze(-1)?)?;
        }
        let empty = self.new_zeros([bags, width])?;
        match options.mode {
            BagMode::Sum => empty.index_add(0, &bag, &picked),
            BagMode::Mean => {
                let count = bag.bincount(None, bags)?.maximum(1)?.unsqueeze(-1)?;
                empty.index_add(0, &bag, &picked)?.div(&count.to_dtype(self.dtype())?)
            }
            BagMode::Max => empty.index_reduce(0, &bag, &picked, ScatterReduce::Amax, false),
        }
        .map_err(|e| e.renamed(OP))
    }
}

/// The number of bags, and the bag of every id.
fn begins(ids: &Tensor, offsets: Option<&Tensor>) -> Result<(usize, Vec<i64>)> {
    const OP: &str = "embedding_bag";
    let wrong = |why: &str| Error::new(OP, why).operands([Some(ids), offsets].into_iter().flatten());
    match (ids.shape(), offsets) {
        (&[bags, length], None) => Ok((bags, (0..bags as i64).flat_map(|b| std::iter::repeat_n(b, length)).collect())),
        (&[count], Some(offsets)) => {
            if offsets.dim() != 1 {
                return Err(wrong("the offsets must be 1-d"));
            }
            let begins = int_index(OP, offsets)?.to_dtype(DType::I64)?.to_vec::<i64>()?;
            if begins.first().is_some_and(|&b| b != 0) {
                return Err(wrong("the first offset must be 0"));
            }
            if begins.windows(2).any(|w| w[0] > w[1]) || begins.last().is_some_and(|&b| b > count as i64) {
                return Err(wrong("the offsets must rise, up to the number of ids at most"));
            }
            let mut bag = 0;
            let of_id = (0..count as i64).map(|i| {
                while begins.get(bag + 1).is_some_and(|&next| next <= i) {
                    bag += 1;
                }
                bag as i64
            });
            Ok((begins.len(), of_id.collect()))
        }
        (&[_, _], Some(_)) => Err(wrong("2-d ids are one bag per row, and take no offsets")),
        (&[_], None) => Err(wrong("1-d ids need offsets: where each bag begins")),
        _ => Err(wrong("the ids must be 1-d or 2-d")),
    }
}
