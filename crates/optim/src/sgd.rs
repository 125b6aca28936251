//! Stochastic gradient descent.
use crate::{
    Optim, Rule, State,
    rule::{at_least_zero, saved_settings},
};
use tensor_core::{
    Error, Result, Tensor,
    ops::{self, Update},
};

/// Stochastic gradient descent, with momentum (Polyak's, or Nesterov's as in Sutskever et al., 2013).
///
/// ```
/// use optim::{SGD, SGDOptions};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// # let params = || -> Result<_> { Ok([autograd::Parameter::new(Tensor::ones([2])?)?]) };
/// let plain = SGD::new(params()?, 0.1)?;
/// let heavy = SGD::new(params()?, SGDOptions { lr: 0.1, momentum: 0.9, ..Default::default() })?;
/// # Ok(()) }
/// ```
pub type SGD = Optim<SGDOptions>;

/// Settings of [`SGD`]: `g += weight_decay p; b = momentum b + (1 - dampening) g; p -= lr (nesterov ? g + momentum b : b)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SGDOptions {
    /// Step size.
    pub lr: f64,
    /// Share of the old step in the new one.
    pub momentum: f64,
    /// What the gradient loses when it enters the momentum.
    pub dampening: f64,
    /// Share of the parameter that is added to its gradient.
    pub weight_decay: f64,
    /// Look ahead along the momentum.
    pub nesterov: bool,
    /// Go up instead of down.
    pub maximize: bool,
}

impl Default for SGDOptions {
    fn default() -> SGDOptions {
        SGDOptions { lr: 1e-3, momentum: 0.0, dampening: 0.0, weight_decay: 0.0, nesterov: false, maximize: false }
    }
}

impl From<f64> for SGDOptions {
    fn from(lr: f64) -> SGDOptions {
        SGDOptions { lr, ..Default::default() }
    }
}

impl Rule for SGDOptions {
    const NAME: &'static str = "SGD";

    fn lr(&self) -> f64 {
        self.lr
    }
    fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }
    fn momentum(&self) -> Option<f64> {
        Some(self.momentum)
    }
    fn set_momentum(&mut self, momentum: f64) {
        self.momentum = momentum;
    }
    saved_settings! {
        "lr" = lr: Float, "momentum" = momentum: Float, "dampening" = dampening: Float,
        "weight_decay" = weight_decay: Float, "nesterov" = nesterov: Bool, "maximize" = maximize: Bool,
    }

    fn check(&self) -> Result<()> {
        at_least_zero(Self::NAME, "lr", self.lr)?;
        at_least_zero(Self::NAME, "momentum", self.momentum)?;
        at_least_zero(Self::NAME, "weight_decay", self.weight_decay)?;
        if self.nesterov && (self.momentum == 0.0 || self.dampening != 0.0) {
            let SGDOptions { momentum, dampening, .. } = self;
            return Err(Error::new(
                Self::NAME,
                format!("nesterov needs a momentum above 0 and no dampening, got {momentum} and {dampening}"),
            )
            .hint("a usual momentum is 0.9"));
        }
        Ok(())
    }

    fn update(&self, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
        let SGDOptions { lr, momentum, dampening, weight_decay, nesterov, maximize } = *self;
        let first = !state.has("momentum_buffer");
        let mut buffer = match momentum {
            0.0 => None,
            _ => Some(state.slots(["momentum_buffer"], || g.zeros_like())?),
        };
        let update = Update::Sgd { lr, momentum, dampening, weight_decay, nesterov, maximize, first };
        let mut states: Vec<&mut Tensor> = vec![&mut *p];
        states.extend(buffer.iter_mut().flatten().map(|b| &mut **b));
        if ops::update(&update, g, &mut states)? {
            return Ok(());
        }

        let mut g = if maximize { g.neg()? } else { g.clone() };
        if weight_decay != 0.0 {
            g = g.add(&p.mul(weight_decay)?)?;
        }
        if let Some([b]) = buffer {
            if first {
                b.copy_(&g)?;
            } else {
                b.mul_(momentum)?.add_(&g.mul(1.0 - dampening)?)?;
            }
            g = if nesterov { g.add(&b.mul(momentum)?)? } else { b.clone() };
        }
        p.sub_(&g.mul(lr)?).map(drop)
    }
}
