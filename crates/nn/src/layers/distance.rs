//! How alike two tensors are.
use crate::{Module, Place, scope_with};
use tensor_core::{KeepDim, Result, Tensor};

/// The cosine of the angle between two inputs along a dim.
///
/// # Shapes
/// two inputs that broadcast, output the same without that dim.
///
/// ```
/// use nn::CosineSimilarity;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (a, b) = (Tensor::from_slice(&[1.0f32, 0.0], [1, 2])?, Tensor::from_slice(&[0.0f32, 2.0], [1, 2])?);
/// assert_eq!(CosineSimilarity::default().forward(&a, &b)?.to_vec::<f32>()?, [0.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct CosineSimilarity {
    /// The dim of the vectors.
    pub dim: isize,
    /// The smallest length that is divided by.
    pub eps: f64,
    place: Place,
}

impl CosineSimilarity {
    /// Along `dim`; lengths below `eps` count as `eps`.
    pub fn new(dim: isize, eps: f64) -> CosineSimilarity {
        CosineSimilarity { dim, eps, place: Place::new() }
    }
    /// The cosines.
    pub fn forward(&self, x1: &Tensor, x2: &Tensor) -> Result<Tensor> {
        scope_with(self, x1, |x1| x1.cosine_similarity(x2, self.dim, self.eps))
    }
}

/// Along dim 1, with `eps` of 1e-8.
impl Default for CosineSimilarity {
    fn default() -> CosineSimilarity {
        CosineSimilarity::new(1, 1e-8)
    }
}

/// The `p`-norm of the difference of two inputs along the last dim.
///
/// # Shapes
/// inputs `[N, D]` or `[D]`, output `[N]` or `[]`, or with the last dim of size 1 where `keepdim`.
///
/// ```
/// use nn::PairwiseDistance;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (a, b) = (Tensor::from_slice(&[3.0f32, 4.0], [1, 2])?, Tensor::zeros([1, 2])?);
/// let d = PairwiseDistance::default().forward(&a, &b)?;
/// assert!((d.item::<f32>()? - 5.0).abs() < 1e-4);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct PairwiseDistance {
    /// The power of the norm.
    pub p: f64,
    /// Added to the difference, so that there is a derivative where both inputs are equal.
    pub eps: f64,
    /// Whether the last dim stays, with size 1.
    pub keepdim: bool,
    place: Place,
}

impl PairwiseDistance {
    /// With these settings; PyTorch's are those of `default()`.
    pub fn new(p: f64, eps: f64, keepdim: bool) -> PairwiseDistance {
        PairwiseDistance { p, eps, keepdim, place: Place::new() }
    }
    /// The distances.
    pub fn forward(&self, x1: &Tensor, x2: &Tensor) -> Result<Tensor> {
        scope_with(self, x1, |x1| x1.pairwise_distance(x2, self.p, self.eps, KeepDim(self.keepdim)))
    }
}

/// Euclidean, with `eps` of 1e-6.
impl Default for PairwiseDistance {
    fn default() -> PairwiseDistance {
        PairwiseDistance::new(2.0, 1e-6, false)
    }
}
