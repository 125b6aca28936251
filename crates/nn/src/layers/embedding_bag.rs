//! A learned vector for each bag of ids.
use super::embedding::{renormalise, row};
use crate::{Module, Parameter, scope_with};
use tensor_core::{
    Result, Tensor,
    ops::{self, BagMode},
};

/// Settings of [`EmbeddingBag`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmbeddingBagOptions {
    /// Vectors that are looked up and longer than this are shortened to it first.
    pub max_norm: Option<f64>,
    /// The power of the norm that `max_norm` bounds.
    pub norm_type: f64,
    /// What becomes of the vectors of a bag.
    pub mode: BagMode,
    /// Whether the last offset is the number of ids, not the begin of a bag.
    pub include_last_offset: bool,
    /// An id that does not count; negative ids count from the end.
    pub padding_idx: Option<isize>,
}

impl Default for EmbeddingBagOptions {
    fn default() -> EmbeddingBagOptions {
        EmbeddingBagOptions {
            max_norm: None,
            norm_type: 2.0,
            mode: BagMode::Mean,
            include_last_offset: false,
            padding_idx: None,
        }
    }
}

/// A table of `num_embeddings` learned vectors, of which those of a bag of ids are summed, averaged or the largest
/// taken. The table starts as standard normal numbers.
///
/// # Shapes
/// ids `[B, L]`, or `[total]` with offsets `[B]`; output `[B, embedding_dim]`.
///
/// ```
/// use nn::EmbeddingBag;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let bag = EmbeddingBag::new(10, 3)?;
/// let (ids, offsets) = (Tensor::from_slice(&[1i64, 2, 4, 5], [4])?, Tensor::from_slice(&[0i64, 3], [2])?);
/// assert_eq!(bag.forward(&ids, Some(&offsets), None)?.shape(), [2, 3]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct EmbeddingBag {
    /// `[num_embeddings, embedding_dim]`
    pub weight: Parameter,
    #[module(plain)]
    options: EmbeddingBagOptions,
}

impl EmbeddingBag {
    /// `num_embeddings` vectors of `embedding_dim` elements, averaged.
    pub fn new(num_embeddings: usize, embedding_dim: usize) -> Result<EmbeddingBag> {
        EmbeddingBag::with_options(num_embeddings, embedding_dim, EmbeddingBagOptions::default())
    }

    /// The same with settings.
    pub fn with_options(
        num_embeddings: usize,
        embedding_dim: usize,
        options: EmbeddingBagOptions,
    ) -> Result<EmbeddingBag> {
        let mut table = Tensor::randn([num_embeddings, embedding_dim])?;
        if let Some(row) = row("EmbeddingBag::new", options.padding_idx, num_embeddings)? {
            table.slice_mut(0, row as isize, row as isize + 1, 1)?.fill_(0.0)?;
        }
        Ok(EmbeddingBag { weight: Parameter::new(table)?, options })
    }

    /// A row per bag. `offsets` says where the bags of 1-d ids begin; `per_sample_weights` what each id counts, for
    /// sums only.
    pub fn forward(
        &self,
        ids: &Tensor,
        offsets: Option<&Tensor>,
        per_sample_weights: Option<&Tensor>,
    ) -> Result<Tensor> {
        let EmbeddingBagOptions { max_norm, norm_type, mode, include_last_offset, padding_idx } = self.options;
        scope_with(self, ids, |ids| {
            if let Some(most) = max_norm {
                renormalise(&self.weight, ids, most, norm_type)?;
            }
            let options =
                ops::EmbeddingBagOptions { offsets, mode, per_sample_weights, include_last_offset, padding_idx };
            self.weight.embedding_bag(ids, options)
        })
    }
}
