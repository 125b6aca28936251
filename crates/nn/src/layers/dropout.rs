//! Leaving out at random.
use crate::{Forward, Mode, Module, scope};
use tensor_core::{Result, Tensor};

/// In training each element becomes 0 with probability `p`, and the others are divided by `1 - p`; in evaluation the
/// input passes unchanged.
///
/// # Shapes
/// any; the output has the input's.
///
/// ```
/// use nn::{Dropout, Forward, Module};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let dropout = Dropout::new(0.5);
/// let y = dropout.forward(&Tensor::ones([100])?)?;
/// assert!(y.to_vec::<f32>()?.iter().all(|&v| v == 0.0 || v == 2.0));
/// dropout.eval();
/// assert_eq!(dropout.forward(&Tensor::ones([100])?)?.to_vec::<f32>()?, [1.0; 100]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Dropout {
    /// The probability of 0.
    pub p: f64,
    /// Whether it drops.
    pub mode: Mode,
}

impl Dropout {
    /// With probability `p`, from 0 to 1.
    pub fn new(p: f64) -> Dropout {
        Dropout { p, mode: Mode::new() }
    }
}

impl Forward for Dropout {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !self.mode.is_training() {
            return Ok(x.clone());
        }
        scope(self, || x.dropout(self.p))
    }
}
