//! Triplets compared by a distance of the user's.
use super::Reduction;
use std::fmt;
use tensor_core::{DROP, Error, Result, Tensor};

/// The distances of a batch of pairs.
type Distance = Box<dyn Fn(&Tensor, &Tensor) -> Result<Tensor> + Send + Sync>;

/// `max(0, d(anchor, positive) - d(anchor, negative) + margin)` for a distance `d` of the user's; without one the
/// Euclidean distance.
///
/// # Shapes
/// `anchor`, `positive`, `negative`: `[N, ..]`; result: `[]`, or what the distance gives without reduction.
///
/// ```
/// use nn::loss::TripletMarginWithDistanceLoss;
/// # use tensor_core::{DROP, Result, Tensor};
/// # fn main() -> Result<()> {
/// let mut loss = TripletMarginWithDistanceLoss::new(|a, b| a.sub(b)?.abs()?.sum_dim(-1, DROP));
/// loss.margin = 10.0;
/// let (a, far) = (Tensor::zeros([1, 4])?, Tensor::ones([1, 4])?);
/// assert_eq!(loss.forward(&a, &a, &far)?.item::<f32>()?, 6.0);
/// # Ok(()) }
/// ```
pub struct TripletMarginWithDistanceLoss {
    distance: Distance,
    /// By how much the negative shall be farther.
    pub margin: f64,
    /// Take the distance of positive and negative instead, where it is smaller.
    pub swap: bool,
    /// What becomes of the losses of single triplets.
    pub reduction: Reduction,
}

impl fmt::Debug for TripletMarginWithDistanceLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TripletMarginWithDistanceLoss(margin {}, swap {}, {:?})", self.margin, self.swap, self.reduction)
    }
}

impl Default for TripletMarginWithDistanceLoss {
    fn default() -> TripletMarginWithDistanceLoss {
        // As PyTorch's pairwise_distance: the small number keeps the root's derivative finite.
        TripletMarginWithDistanceLoss::new(|a, b| (a.sub(b)? + 1e-6)?.square()?.sum_dim(-1, DROP)?.sqrt())
    }
}

impl TripletMarginWithDistanceLoss {
    /// With a distance of one's own, and PyTorch's defaults else: margin 1, no swap, the mean.
    pub fn new(distance: impl Fn(&Tensor, &Tensor) -> Result<Tensor> + Send + Sync + 'static) -> Self {
        TripletMarginWithDistanceLoss {
            distance: Box::new(distance),
            margin: 1.0,
            swap: false,
            reduction: Reduction::Mean,
        }
    }

    /// The loss of the triplets.
    pub fn forward(&self, anchor: &Tensor, positive: &Tensor, negative: &Tensor) -> Result<Tensor> {
        const OP: &str = "triplet_margin_with_distance_loss";
        let wrong = |why: &str| Error::new(OP, why).operands([anchor, positive, negative]);
        if anchor.dim() != positive.dim() || anchor.dim() != negative.dim() {
            return Err(wrong("the three must have equally many dims"));
        }
        if self.margin.is_nan() || self.margin <= 0.0 {
            return Err(wrong(&format!("the margin must be above 0, not {}", self.margin)));
        }
        let near = (self.distance)(anchor, positive)?;
        let mut far = (self.distance)(anchor, negative)?;
        if self.swap {
            far = far.minimum(&(self.distance)(positive, negative)?)?;
        }
        self.reduction.of((near.sub(&far)? + self.margin)?.relu()?).map_err(|e| e.renamed(OP))
    }
}
