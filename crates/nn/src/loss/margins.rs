//! Losses that ask for a distance between right and wrong: hinges, rankings, triplets.
use super::{Loss, Reduction, distributions::log_sigmoid, same_shape, setting};
use tensor_core::{DROP, DType, Error, Result, Tensor, autocast};

/// `log(1 + exp(-target * input))`, with targets 1 and -1.
///
/// # Shapes
/// `input`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{Loss, SoftMarginLoss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let loss = SoftMarginLoss::default().forward(&Tensor::zeros([2])?, &Tensor::ones([2])?)?;
/// assert!((loss.item::<f64>()? - 2f64.ln()).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SoftMarginLoss {
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Loss for SoftMarginLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        same_shape("soft_margin_loss", input, target)?;
        self.reduction.of(log_sigmoid(&target.mul(input)?)?.neg()?).map_err(|e| e.renamed("soft_margin_loss"))
    }
}

/// `input` where the target is 1, `max(0, margin - input)` where it is -1.
///
/// # Shapes
/// `input`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{HingeEmbeddingLoss, Loss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (x, y) = (Tensor::from_slice(&[0.5f32, 0.25], [2])?, Tensor::from_slice(&[1.0f32, -1.0], [2])?);
/// assert_eq!(HingeEmbeddingLoss::default().forward(&x, &y)?.item::<f32>()?, (0.5 + 0.75) / 2.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HingeEmbeddingLoss {
    /// The distance that dissimilar pairs shall have.
    pub margin: f64,
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Default for HingeEmbeddingLoss {
    fn default() -> HingeEmbeddingLoss {
        HingeEmbeddingLoss { margin: 1.0, reduction: Reduction::Mean }
    }
}

impl Loss for HingeEmbeddingLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        const OP: &str = "hinge_embedding_loss";
        same_shape(OP, input, target)?;
        let hinge = input.neg()?.add(self.margin)?.relu()?;
        // A target that is neither 1 nor -1 counts in both, as in PyTorch.
        let apart = hinge.masked_fill(&target.eq(1.0)?, 0.0)?;
        let together = input.masked_fill(&target.eq(-1.0)?, 0.0)?;
        self.reduction.of(apart.add(&together)?).map_err(|e| e.renamed(OP))
    }
}

/// `max(0, margin - target (x1 - x2))`: the first shall rank higher where the target is 1, lower where it is -1.
///
/// # Shapes
/// `x1`, `x2`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::MarginRankingLoss;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (a, b, y) = (Tensor::ones([2])?, Tensor::zeros([2])?, Tensor::from_slice(&[1.0f32, -1.0], [2])?);
/// assert_eq!(MarginRankingLoss::default().forward(&a, &b, &y)?.item::<f32>()?, 0.5);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MarginRankingLoss {
    /// By how much.
    pub margin: f64,
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl MarginRankingLoss {
    /// The loss of the pairs `(x1, x2)`.
    pub fn forward(&self, x1: &Tensor, x2: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([x1, x2, target], None, |[a, b, t], _| self.forward(a, b, t)) {
            return loss;
        }
        const OP: &str = "margin_ranking_loss";
        same_shape(OP, x1, x2)?;
        same_shape(OP, x1, target)?;
        let losses = target.neg()?.mul(&x1.sub(x2)?)?.add(self.margin)?.relu()?;
        self.reduction.of(losses).map_err(|e| e.renamed(OP))
    }
}

/// `1 - cos(x1, x2)` where the target is 1, `max(0, cos(x1, x2) - margin)` where it is -1.
///
/// # Shapes
/// `x1`, `x2`: `[N, D]` or `[D]`; `target`: `[N]` or `[]`; result: `[]`, or the target's shape without reduction.
///
/// ```
/// use nn::loss::CosineEmbeddingLoss;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let x = Tensor::ones([1, 3])?;
/// let loss = CosineEmbeddingLoss::default().forward(&x, &x.neg()?, &Tensor::ones([1])?)?;
/// assert!((loss.item::<f64>()? - 2.0).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CosineEmbeddingLoss {
    /// The cosine that dissimilar pairs may have, within -1 and 1.
    pub margin: f64,
    /// What becomes of the losses of single pairs.
    pub reduction: Reduction,
}

impl CosineEmbeddingLoss {
    /// The loss of the pairs `(x1, x2)`.
    pub fn forward(&self, x1: &Tensor, x2: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([x1, x2, target], None, |[a, b, t], _| self.forward(a, b, t)) {
            return loss;
        }
        const OP: &str = "cosine_embedding_loss";
        same_shape(OP, x1, x2)?;
        let expected = match x1.shape() {
            [pairs @ .., _] if pairs.len() < 2 => pairs,
            _ => return Err(Error::new(OP, "the inputs must be [N, D] or [D]").operands([x1, x2])),
        };
        if target.shape() != expected {
            return Err(Error::new(OP, "the target must have one value per pair").operands([x1, x2, target]));
        }
        const EPS: f64 = 1e-12;
        let dot = x1.mul(x2)?.sum_dim(-1, DROP)?;
        let norms = x1.square()?.sum_dim(-1, DROP)?.add(EPS)?.mul(&x2.square()?.sum_dim(-1, DROP)?.add(EPS)?)?;
        let cos = dot.div(&norms.sqrt()?)?;
        let same = cos.neg()?.add(1.0)?.masked_fill(&target.ne(1.0)?, 0.0)?;
        let other = cos.sub(self.margin)?.relu()?.masked_fill(&target.ne(-1.0)?, 0.0)?;
        self.reduction.of(same.add(&other)?).map_err(|e| e.renamed(OP))
    }
}

/// `max(0, margin + |anchor - positive| - |anchor - negative|)`, with `p`-norms over the last dim.
///
/// # Shapes
/// all three: `[N, D]` or `[D]`; result: `[]`, or `[N]` without reduction.
///
/// ```
/// use nn::loss::TripletMarginLoss;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (a, far) = (Tensor::zeros([1, 4])?, Tensor::ones([1, 4])?);
/// assert!(TripletMarginLoss::default().forward(&a, &a, &far)?.item::<f32>()? < 1e-5);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TripletMarginLoss {
    /// By how much the negative shall be farther.
    pub margin: f64,
    /// The norm.
    pub p: f64,
    /// Added to the differences.
    pub eps: f64,
    /// Take the distance of positive and negative instead, where it is smaller.
    pub swap: bool,
    /// What becomes of the losses of single triplets.
    pub reduction: Reduction,
}

impl Default for TripletMarginLoss {
    fn default() -> TripletMarginLoss {
        TripletMarginLoss { margin: 1.0, p: 2.0, eps: 1e-6, swap: false, reduction: Reduction::Mean }
    }
}

impl TripletMarginLoss {
    /// The loss of the triplets.
    pub fn forward(&self, anchor: &Tensor, positive: &Tensor, negative: &Tensor) -> Result<Tensor> {
        let three = [anchor, positive, negative];
        if let Some(loss) = autocast::single(three, None, |[a, p, n], _| self.forward(a, p, n)) {
            return loss;
        }
        const OP: &str = "triplet_margin_loss";
        setting(OP, "p", self.p, f64::MIN_POSITIVE)?;
        setting(OP, "margin", self.margin, f64::MIN_POSITIVE)?;
        same_shape(OP, anchor, positive)?;
        same_shape(OP, anchor, negative)?;
        if anchor.dim() == 0 {
            return Err(Error::new(OP, "the inputs must be [N, D] or [D]").operands([anchor]));
        }
        let near = self.distance(anchor, positive)?;
        let mut far = self.distance(anchor, negative)?;
        if self.swap {
            far = far.minimum(&self.distance(positive, negative)?)?;
        }
        self.reduction.of(near.sub(&far)?.add(self.margin)?.relu()?).map_err(|e| e.renamed(OP))
    }

    fn distance(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        let d = a.sub(b)?.add(self.eps)?;
        if self.p == 2.0 {
            return d.square()?.sum_dim(-1, DROP)?.sqrt();
        }
        d.abs()?.pow(self.p)?.sum_dim(-1, DROP)?.pow(1.0 / self.p)
    }
}

/// `sum over i other than target of weight[target] max(0, margin - input[target] + input[i])^p / C`.
///
/// # Shapes
/// `input`: `[N, C]` or `[C]`; `target`: `[N]` or `[]`, class ids; result: `[]`, or the target's shape without reduction.
///
/// ```
/// use nn::loss::{Loss, MultiMarginLoss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[0.5f32, 0.25], [1, 2])?;
/// let loss = MultiMarginLoss::default().forward(&x, &Tensor::from_slice(&[0i64], [1])?)?;
/// assert_eq!(loss.item::<f32>()?, 0.375);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct MultiMarginLoss {
    /// The exponent, 1 or 2.
    pub p: i64,
    /// By how much the right class shall lead.
    pub margin: f64,
    /// `[C]`: how much each class counts.
    pub weight: Option<Tensor>,
    /// What becomes of the losses of single targets.
    pub reduction: Reduction,
}

impl Default for MultiMarginLoss {
    fn default() -> MultiMarginLoss {
        MultiMarginLoss { p: 1, margin: 1.0, weight: None, reduction: Reduction::Mean }
    }
}

impl Loss for MultiMarginLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        const OP: &str = "multi_margin_loss";
        if self.p != 1 && self.p != 2 {
            return Err(Error::new(OP, format!("p is {}, and must be 1 or 2", self.p)));
        }
        let wrong = |why: &str| Error::new(OP, why).operands([input, target]);
        // A score alone is that of the only class.
        let only;
        let input = if input.dim() == 0 {
            only = input.unsqueeze(0)?;
            &only
        } else {
            input
        };
        let classes = match (input.shape(), target.shape()) {
            ([n, c], [m]) if n == m && *c > 0 => *c,
            // One target for one row may have a dim of its own.
            ([c], [] | [1]) if *c > 0 => *c,
            _ => return Err(wrong("the input must be [N, C] and the target [N], or [C] and []")),
        };
        if !target.dtype().is_int() {
            return Err(wrong("targets must be integer class ids").hint("convert them with to_dtype(DType::I64)"));
        }
        let ids = target.to_dtype(DType::I64)?.reshape(&input.shape()[..input.dim() - 1])?;
        let index = ids.unsqueeze(-1)?;
        let right = input.gather(-1, &index).map_err(|e| e.renamed(OP))?;
        let mut hinge = input.sub(&right)?.add(self.margin)?.relu()?;
        if self.p == 2 {
            hinge = hinge.square()?;
        }
        if let Some(weight) = &self.weight {
            if weight.shape() != [classes] {
                return Err(Error::new(OP, format!("the weight must have {classes} elements")).operands([weight]));
            }
            let flat = weight.to_dtype(input.dtype())?.index_select(0, &ids.reshape([-1])?)?;
            hinge = hinge.mul(&flat.reshape(index.shape())?)?;
        }
        // The right class does not compete with itself.
        let others = Tensor::ones_like(&input.detach())?.scatter(-1, &index, 0.0)?;
        let losses = hinge.mul(&others)?.sum_dim(-1, DROP)?.div(classes as f64)?;
        self.reduction.of(losses).map_err(|e| e.renamed(OP))
    }
}

/// The mean over labels of `-weight (target log sigmoid(input) + (1 - target) log sigmoid(-input))`.
///
/// # Shapes
/// `input`, `target`: `[*, C]`; result: `[]`, or `[*]` without reduction.
///
/// ```
/// use nn::loss::{Loss, MultiLabelSoftMarginLoss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let loss = MultiLabelSoftMarginLoss::default().forward(&Tensor::zeros([2, 3])?, &Tensor::ones([2, 3])?)?;
/// assert!((loss.item::<f64>()? - 2f64.ln()).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MultiLabelSoftMarginLoss {
    /// `[C]`: how much each label counts.
    pub weight: Option<Tensor>,
    /// What becomes of the losses of single rows.
    pub reduction: Reduction,
}

impl Loss for MultiLabelSoftMarginLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        const OP: &str = "multilabel_soft_margin_loss";
        same_shape(OP, input, target)?;
        let yes = target.mul(&log_sigmoid(input)?)?;
        let no = target.neg()?.add(1.0)?.mul(&log_sigmoid(&input.neg()?)?)?;
        let mut losses = yes.add(&no)?.neg()?;
        if let Some(weight) = &self.weight {
            losses = losses.mul(weight)?;
        }
        self.reduction.of(losses.mean_dim(-1, DROP)?).map_err(|e| e.renamed(OP))
    }
}
