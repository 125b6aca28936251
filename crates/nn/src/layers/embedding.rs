//! A learned vector for each id.
use crate::{Forward, Module, Parameter, functional, scope_with};
use tensor_core::{Error, Result, Tensor, no_grad};

/// Settings of [`Embedding`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmbeddingOptions {
    /// The id whose vector starts as zeros and is never trained; negative ids count from the end.
    pub padding_idx: Option<isize>,
    /// Vectors that are looked up and longer than this are shortened to it first.
    pub max_norm: Option<f64>,
    /// The power of the norm that `max_norm` bounds.
    pub norm_type: f64,
    /// Whether the gradient of a vector is divided by how often its id occurs in a batch.
    pub scale_grad_by_freq: bool,
}

impl Default for EmbeddingOptions {
    fn default() -> EmbeddingOptions {
        EmbeddingOptions { padding_idx: None, max_norm: None, norm_type: 2.0, scale_grad_by_freq: false }
    }
}

/// A table of `num_embeddings` learned vectors; the input says which rows to take. The table starts as standard normal
/// numbers.
///
/// # Shapes
/// input `[*]`, integer ids below `num_embeddings`; output `[*, embedding_dim]`.
///
/// ```
/// use nn::{Embedding, Forward};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let embedding = Embedding::new(1000, 64)?;
/// let ids = Tensor::from_slice(&[3i64, 999, 3], [1, 3])?;
/// assert_eq!(embedding.forward(&ids)?.shape(), [1, 3, 64]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Embedding {
    /// `[num_embeddings, embedding_dim]`
    pub weight: Parameter,
    /// The id that is never trained.
    pub padding_idx: Option<usize>,
    #[module(plain)]
    options: EmbeddingOptions,
}

impl Embedding {
    /// `num_embeddings` vectors of `embedding_dim` elements.
    pub fn new(num_embeddings: usize, embedding_dim: usize) -> Result<Embedding> {
        Embedding::with_options(num_embeddings, embedding_dim, EmbeddingOptions::default())
    }

    /// The same with settings: `EmbeddingOptions { padding_idx: Some(0), ..Default::default() }`.
    pub fn with_options(num_embeddings: usize, embedding_dim: usize, options: EmbeddingOptions) -> Result<Embedding> {
        let mut table = Tensor::randn([num_embeddings, embedding_dim])?;
        let padding_idx = row("Embedding::new", options.padding_idx, num_embeddings)?;
        if let Some(row) = padding_idx {
            table.slice_mut(0, row as isize, row as isize + 1, 1)?.fill_(0.0)?;
        }
        Ok(Embedding { weight: Parameter::new(table)?, padding_idx, options })
    }

    /// A table of these vectors, which stay as they are if `freeze`.
    pub fn from_pretrained(vectors: &Tensor, freeze: bool, options: EmbeddingOptions) -> Result<Embedding> {
        let &[rows, _] = vectors.shape() else {
            return Err(Error::new("Embedding::from_pretrained", "the table must be [rows, width]").operands([vectors]));
        };
        let padding_idx = row("Embedding::from_pretrained", options.padding_idx, rows)?;
        let weight = Parameter::new(vectors.duplicate())?;
        weight.set_requires_grad(!freeze);
        Ok(Embedding { weight, padding_idx, options })
    }
}

/// Shortens the rows that `ids` name to the norm `most`.
pub(super) fn renormalise(table: &Parameter, ids: &Tensor, most: f64, norm_type: f64) -> Result<()> {
    let _unrecorded = no_grad();
    let used = ids.reshape([-1])?;
    let rows = table.detach().embedding(&used)?;
    let norms = rows.vector_norm(norm_type, 1, tensor_core::KEEP)?;
    let scale = norms.add(1e-7)?.reciprocal()?.mul(most)?;
    let shorter = norms.gt(most)?.where_(&rows.mul(&scale)?, &rows)?;
    table.replace(&table.detach().index_copy(0, &used, &shorter)?)
}

/// A padding index counted from the front.
pub(super) fn row(new: &'static str, index: Option<isize>, rows: usize) -> Result<Option<usize>> {
    let Some(index) = index else { return Ok(None) };
    let from_front = if index < 0 { index + rows as isize } else { index };
    match usize::try_from(from_front) {
        Ok(row) if row < rows => Ok(Some(row)),
        _ => Err(Error::new(new, format!("padding_idx {index} is outside of {rows} rows"))),
    }
}

impl Forward for Embedding {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        scope_with(self, ids, |ids| {
            if let Some(most) = self.options.max_norm {
                renormalise(&self.weight, ids, most, self.options.norm_type)?;
            }
            functional::embedding(ids, &self.weight, self.padding_idx, self.options.scale_grad_by_freq)
        })
    }
}
