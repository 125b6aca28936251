//! Losses that compare distributions: Bernoulli, Poisson, Gaussian, and any by divergence.
use super::{Loss, Reduction, same_shape, setting};
use tensor_core::{Error, Result, Tensor, autocast};

/// `-weight (target log(input) + (1 - target) log(1 - input))`, for probabilities. Logarithms stop at -100, so that a
/// probability of exactly 0 or 1 has a finite loss. Prefer [`BCEWithLogitsLoss`]: it is exact everywhere.
///
/// # Shapes
/// `input` (within 0 and 1), `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{BCELoss, Loss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let p = Tensor::from_slice(&[0.5f32, 1.0], [2])?;
/// let loss = BCELoss::default().forward(&p, &Tensor::ones([2])?)?;
/// assert!((loss.item::<f64>()? - 2f64.ln() / 2.0).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct BCELoss {
    /// How much each element counts; broadcast.
    pub weight: Option<Tensor>,
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Loss for BCELoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        const OP: &str = "binary_cross_entropy";
        same_shape(OP, input, target)?;
        let outside = input.detach();
        if outside.lt(0.0)?.bitwise_or(&outside.gt(1.0)?)?.any()?.item::<bool>()? {
            return Err(Error::new(OP, "the input must be probabilities, within 0 and 1")
                .operands([input])
                .hint("apply sigmoid first, or use binary_cross_entropy_with_logits"));
        }
        let yes = target.mul(&bounded_log(input)?)?;
        let no = target.neg()?.add(1.0)?.mul(&bounded_log(&input.neg()?.add(1.0)?)?)?;
        weighted(yes.add(&no)?.neg()?, self.weight.as_ref(), self.reduction).map_err(|e| e.renamed(OP))
    }
}

/// `max(log(p), -100)`, whose gradient at 0 is 0 rather than NaN.
fn bounded_log(p: &Tensor) -> Result<Tensor> {
    let zero = p.eq(0.0)?;
    p.masked_fill(&zero, 1.0)?.log()?.maximum(-100.0)?.masked_fill(&zero, -100.0)
}

fn weighted(losses: Tensor, weight: Option<&Tensor>, reduction: Reduction) -> Result<Tensor> {
    reduction.of(match weight {
        Some(weight) => losses.mul(weight)?,
        None => losses,
    })
}

/// [`BCELoss`] of `sigmoid(input)`, exact for logits of any size.
///
/// # Shapes
/// `input`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{BCEWithLogitsLoss, Loss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let logits = Tensor::from_slice(&[0.0f32, 1e4], [2])?;
/// let loss = BCEWithLogitsLoss::default().forward(&logits, &Tensor::ones([2])?)?;
/// assert!((loss.item::<f64>()? - 2f64.ln() / 2.0).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct BCEWithLogitsLoss {
    /// How much each element counts; broadcast.
    pub weight: Option<Tensor>,
    /// How much more a target of 1 counts than one of 0; broadcast.
    pub pos_weight: Option<Tensor>,
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Loss for BCEWithLogitsLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        const OP: &str = "binary_cross_entropy_with_logits";
        same_shape(OP, input, target)?;
        let rename = |e: Error| e.renamed(OP);
        let no = target.neg()?.add(1.0)?.mul(input).map_err(rename)?;
        let log_p = log_sigmoid(input).map_err(rename)?;
        let yes = match &self.pos_weight {
            Some(weight) => weight.sub(1.0)?.mul(target)?.add(1.0)?.mul(&log_p).map_err(rename)?,
            None => log_p,
        };
        weighted(no.sub(&yes)?, self.weight.as_ref(), self.reduction).map_err(rename)
    }
}

/// `log(1 / (1 + exp(-x)))` without overflow.
pub(super) fn log_sigmoid(x: &Tensor) -> Result<Tensor> {
    x.minimum(0.0)?.sub(&x.abs()?.neg()?.exp()?.log1p()?)
}

/// `target (log(target) - input)`, where `input` holds log-probabilities.
///
/// [`Reduction::BatchMean`] gives the mathematical divergence, `Mean` (PyTorch's default) divides by all elements.
///
/// # Shapes
/// `input`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{KLDivLoss, Loss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let p = Tensor::from_slice(&[0.25f32, 0.75], [1, 2])?;
/// assert_eq!(KLDivLoss::default().forward(&p.log()?, &p)?.item::<f32>()?, 0.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KLDivLoss {
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
    /// The target holds log-probabilities too.
    pub log_target: bool,
}

impl Loss for KLDivLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        same_shape("kl_div", input, target)?;
        let losses = if self.log_target {
            target.exp()?.mul(&target.sub(input)?)?
        } else {
            // 0 log 0 is 0, and so is its derivative.
            let zero = target.eq(0.0)?;
            let entropy = target.masked_fill(&zero, 1.0)?.log()?.mul(target)?;
            entropy.sub(&target.mul(input)?)?
        };
        self.reduction.of(losses).map_err(|e| e.renamed("kl_div"))
    }
}

/// The negative log-likelihood of counts under a Poisson distribution whose (logarithmic) rate is the input.
///
/// # Shapes
/// `input`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{Loss, PoissonNLLLoss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let loss = PoissonNLLLoss::default().forward(&Tensor::zeros([2])?, &Tensor::ones([2])?)?;
/// assert_eq!(loss.item::<f32>()?, 1.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoissonNLLLoss {
    /// The input is the logarithm of the rate.
    pub log_input: bool,
    /// Add Stirling's approximation of `log(target!)` for targets above 1.
    pub full: bool,
    /// Added to the rate before its logarithm is taken.
    pub eps: f64,
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Default for PoissonNLLLoss {
    fn default() -> PoissonNLLLoss {
        PoissonNLLLoss { log_input: true, full: false, eps: 1e-8, reduction: Reduction::Mean }
    }
}

impl Loss for PoissonNLLLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        const OP: &str = "poisson_nll_loss";
        same_shape(OP, input, target)?;
        let mut losses = if self.log_input {
            input.exp()?.sub(&target.mul(input)?)?
        } else {
            input.sub(&target.mul(&input.add(self.eps)?.log()?)?)?
        };
        if self.full {
            let small = target.le(1.0)?;
            let t = target.masked_fill(&small, 1)?;
            let stirling = t.mul(&t.log()?)?.sub(&t)?.add(&t.mul(2.0 * std::f64::consts::PI)?.log()?.mul(0.5)?)?;
            losses = losses.add(&stirling.masked_fill(&small, 0)?)?;
        }
        self.reduction.of(losses).map_err(|e| e.renamed(OP))
    }
}

/// The negative log-likelihood of targets under Gaussians with the input as mean and a variance each:
/// `(log(max(var, eps)) + (input - target)² / max(var, eps)) / 2`.
///
/// # Shapes
/// `input`, `target`: the same shape; `var`: that shape, or with its last dim missing or 1; result: `[]`, or the shape
/// of the input without reduction.
///
/// ```
/// use nn::loss::GaussianNLLLoss;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (x, var) = (Tensor::zeros([2])?, Tensor::ones([2])?);
/// let loss = GaussianNLLLoss::default().forward(&x, &Tensor::ones([2])?, &var)?;
/// assert_eq!(loss.item::<f32>()?, 0.5);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianNLLLoss {
    /// Add the constant `log(2 pi) / 2`.
    pub full: bool,
    /// The smallest variance.
    pub eps: f64,
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Default for GaussianNLLLoss {
    fn default() -> GaussianNLLLoss {
        GaussianNLLLoss { full: false, eps: 1e-6, reduction: Reduction::Mean }
    }
}

impl GaussianNLLLoss {
    /// The loss of `target` under the Gaussians of `input` and `var`.
    pub fn forward(&self, input: &Tensor, target: &Tensor, var: &Tensor) -> Result<Tensor> {
        const OP: &str = "gaussian_nll_loss";
        setting(OP, "eps", self.eps, f64::MIN_POSITIVE)?;
        let shape = input.shape();
        let outer = &shape[..shape.len().saturating_sub(1)];
        let var = match var.shape() {
            v if v == shape => var.clone(),
            v if v == outer => var.unsqueeze(-1)?,
            // Or one variance for a whole dim.
            v if v.len() == shape.len() && v.iter().zip(shape).filter(|(v, x)| v != x).map(|(&v, _)| v).eq([1]) => {
                var.clone()
            }
            _ => {
                return Err(Error::new(OP, "the variance must have the input's shape, or one value per row")
                    .operands([input, var]));
            }
        };
        if var.detach().lt(0.0)?.any()?.item::<bool>()? {
            return Err(Error::new(OP, "a variance is negative").operands([&var]));
        }
        // The bound is a constant of the gradient, not a switch: small variances still learn, as in PyTorch.
        let lift = var.detach().maximum(self.eps)?.sub(&var.detach())?;
        let var = var.add(&lift)?;
        let mut losses = input.sub(target)?.square()?.div(&var)?.add(&var.log()?)?.mul(0.5)?;
        if self.full {
            losses = losses.add(0.5 * (2.0 * std::f64::consts::PI).ln())?;
        }
        self.reduction.of(losses).map_err(|e| e.renamed(OP))
    }
}
