//! Losses that compare element with element.
use super::{Loss, Reduction, same_shape, setting};
use tensor_core::{Result, Tensor, autocast};

/// `(input - target)²`.
///
/// # Shapes
/// `input`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{Loss, MSELoss, Reduction};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let sum = MSELoss { reduction: Reduction::Sum };
/// assert_eq!(sum.forward(&Tensor::ones([3])?, &Tensor::zeros([3])?)?.item::<f32>()?, 3.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MSELoss {
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Loss for MSELoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        same_shape("mse_loss", input, target)?;
        self.reduction
            .of(input.sub(target)?.square()?)
            .map(|loss| loss.called("mse_loss"))
            .map_err(|e| e.renamed("mse_loss"))
    }
}

/// `|input - target|`.
///
/// # Shapes
/// `input`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{L1Loss, Loss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let loss = L1Loss::default().forward(&Tensor::ones([3])?, &Tensor::zeros([3])?)?;
/// assert_eq!(loss.item::<f32>()?, 1.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct L1Loss {
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Loss for L1Loss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        same_shape("l1_loss", input, target)?;
        self.reduction
            .of(input.sub(target)?.abs()?)
            .map(|loss| loss.called("l1_loss"))
            .map_err(|e| e.renamed("l1_loss"))
    }
}

/// `d² / (2 beta)` where `d = |input - target|` is below `beta`, else `d - beta / 2`.
///
/// # Shapes
/// `input`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{Loss, SmoothL1Loss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (x, zero) = (Tensor::from_slice(&[0.5f32, 2.5], [2])?, Tensor::zeros([2])?);
/// assert_eq!(SmoothL1Loss::default().forward(&x, &zero)?.item::<f32>()?, (0.125 + 2.0) / 2.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothL1Loss {
    /// Where squared becomes absolute; 0 is [`L1Loss`].
    pub beta: f64,
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Default for SmoothL1Loss {
    fn default() -> SmoothL1Loss {
        SmoothL1Loss { beta: 1.0, reduction: Reduction::Mean }
    }
}

impl Loss for SmoothL1Loss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        setting("smooth_l1_loss", "beta", self.beta, 0.0)?;
        same_shape("smooth_l1_loss", input, target)?;
        let d = input.sub(target)?.abs()?;
        if self.beta == 0.0 {
            return self.reduction.of(d);
        }
        let near = d.square()?.mul(0.5 / self.beta)?;
        let far = d.sub(0.5 * self.beta)?;
        self.reduction
            .of(d.lt(self.beta)?.where_(&near, &far)?)
            .map(|loss| loss.called("smooth_l1_loss"))
            .map_err(|e| e.renamed("smooth_l1_loss"))
    }
}

/// `d² / 2` where `d = |input - target|` is at most `delta`, else `delta (d - delta / 2)`.
///
/// # Shapes
/// `input`, `target`: the same shape; result: `[]`, or that shape without reduction.
///
/// ```
/// use nn::loss::{HuberLoss, Loss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (x, zero) = (Tensor::from_slice(&[1.0f32, 4.0], [2])?, Tensor::zeros([2])?);
/// let loss = HuberLoss { delta: 2.0, ..Default::default() };
/// assert_eq!(loss.forward(&x, &zero)?.item::<f32>()?, (0.5 + 6.0) / 2.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HuberLoss {
    /// Where squared becomes absolute.
    pub delta: f64,
    /// What becomes of the losses of single elements.
    pub reduction: Reduction,
}

impl Default for HuberLoss {
    fn default() -> HuberLoss {
        HuberLoss { delta: 1.0, reduction: Reduction::Mean }
    }
}

impl Loss for HuberLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        setting("huber_loss", "delta", self.delta, f64::MIN_POSITIVE)?;
        same_shape("huber_loss", input, target)?;
        let d = input.sub(target)?.abs()?;
        let near = d.square()?.mul(0.5)?;
        let far = d.sub(0.5 * self.delta)?.mul(self.delta)?;
        self.reduction
            .of(d.le(self.delta)?.where_(&near, &far)?)
            .map(|loss| loss.called("huber_loss"))
            .map_err(|e| e.renamed("huber_loss"))
    }
}
