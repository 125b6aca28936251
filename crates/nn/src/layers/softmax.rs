//! Softmax and what else makes probabilities or gates of a dim.
use crate::{Forward, Module, Place, scope_with};
use tensor_core::{Error, Result, Tensor};

/// `exp(x) / sum(exp(x))` along a dim: positive numbers that sum to 1.
///
/// # Shapes
/// any with that dim; the output has the input's.
///
/// ```
/// use nn::{Forward, Softmax};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let p = Softmax::new(1).forward(&Tensor::zeros([2, 4])?)?;
/// assert_eq!(p.to_vec::<f32>()?, [0.25; 8]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Softmax {
    /// The dim that sums to 1.
    pub dim: isize,
    place: Place,
}

impl Softmax {
    /// Along `dim`.
    pub fn new(dim: isize) -> Softmax {
        Softmax { dim, place: Place::new() }
    }
}

impl Forward for Softmax {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.softmax(self.dim))
    }
}

/// The logarithm of [`Softmax`], computed without its overflow: log-probabilities for `nll_loss`.
///
/// # Shapes
/// any with that dim; the output has the input's.
///
/// ```
/// use nn::{Forward, LogSoftmax};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let log_p = LogSoftmax::new(1).forward(&Tensor::from_slice(&[1e4f32, 0.0], [1, 2])?)?;
/// assert_eq!(log_p.to_vec::<f32>()?, [0.0, -1e4]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct LogSoftmax {
    /// The dim over which probabilities sum to 1.
    pub dim: isize,
    place: Place,
}

impl LogSoftmax {
    /// Along `dim`.
    pub fn new(dim: isize) -> LogSoftmax {
        LogSoftmax { dim, place: Place::new() }
    }
}

impl Forward for LogSoftmax {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.log_softmax(self.dim))
    }
}

/// [`Softmax`] of the negative input: the smallest elements get the largest shares.
///
/// # Shapes
/// any with that dim; the output has the input's.
///
/// ```
/// use nn::{Forward, Softmin};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let p = Softmin::new(0).forward(&Tensor::from_slice(&[0.0f32, 1000.0], [2])?)?;
/// assert_eq!(p.to_vec::<f32>()?, [1.0, 0.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Softmin {
    /// The dim that sums to 1.
    pub dim: isize,
    place: Place,
}

impl Softmin {
    /// Along `dim`.
    pub fn new(dim: isize) -> Softmin {
        Softmin { dim, place: Place::new() }
    }
}

impl Forward for Softmin {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.softmin(self.dim))
    }
}

/// [`Softmax`] over the channels of each pixel.
///
/// # Shapes
/// input `[N, C, H, W]` or `[C, H, W]`, output the same.
///
/// ```
/// use nn::{Forward, Softmax2d};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let p = Softmax2d.forward(&Tensor::zeros([1, 4, 1, 2])?)?;
/// assert_eq!(p.to_vec::<f32>()?, [0.25; 8]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default, Module)]
pub struct Softmax2d {
    place: Place,
}

/// A new [`struct@Softmax2d`]: it has no settings, so that its name is enough.
// Each use makes one of its own, whose place nobody else sees.
#[allow(non_upper_case_globals, clippy::declare_interior_mutable_const)]
pub const Softmax2d: Softmax2d = Softmax2d { place: Place::new() };

impl Forward for Softmax2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| match x.dim() {
            3 | 4 => x.softmax(-3),
            _ => Err(Error::new("softmax2d", "the input must be [N, C, H, W] or [C, H, W]").operands([x])),
        })
    }
}

/// The first half of a dim times the sigmoid of the second half: a gated linear unit.
///
/// # Shapes
/// any with an even size of that dim; the output has half of it.
///
/// ```
/// use nn::{Forward, GLU};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let y = GLU::default().forward(&Tensor::from_slice(&[4.0f32, 0.0], [1, 2])?)?;
/// assert_eq!(y.to_vec::<f32>()?, [2.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct GLU {
    /// The dim with both halves.
    pub dim: isize,
    place: Place,
}

impl GLU {
    /// Along `dim`.
    pub fn new(dim: isize) -> GLU {
        GLU { dim, place: Place::new() }
    }
}

/// Along the last dim.
impl Default for GLU {
    fn default() -> GLU {
        GLU::new(-1)
    }
}

impl Forward for GLU {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.glu(self.dim))
    }
}
