//! Adam and AdamW: one update, which differ in where the weight decay goes.
use crate::{
    Optim, Rule, State,
    rule::{at_least_zero, below_one, saved_settings},
};
use tensor_core::{
    Result, Tensor,
    ops::{self, Update},
};

/// Adam (Kingma and Ba, 2014): steps in units of the gradient's own size.
///
/// ```
/// use optim::{Adam, AdamOptions};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// # let params = || -> Result<_> { Ok([autograd::Parameter::new(Tensor::ones([2])?)?]) };
/// let optimizer = Adam::new(params()?, 1e-3)?;
/// let optimizer = Adam::new(params()?, AdamOptions { lr: 0.01, betas: (0.9, 0.999), ..Default::default() })?;
/// # Ok(()) }
/// ```
pub type Adam = Optim<AdamOptions>;

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2017).
///
/// ```
/// use optim::AdamW;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let optimizer = AdamW::new([autograd::Parameter::new(Tensor::ones([2])?)?], 1e-3)?;
/// assert_eq!(optimizer.groups()[0].options.weight_decay, 0.01);
/// # Ok(()) }
/// ```
pub type AdamW = Optim<AdamWOptions>;

macro_rules! adam {
    ($(#[$doc:meta])* $Options:ident, $name:literal, $decoupled:literal, $weight_decay:literal, $decay:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $Options {
            /// Step size.
            pub lr: f64,
            /// Decay of the running means of the gradient and of its square.
            pub betas: (f64, f64),
            /// Added to the root of the second.
            pub eps: f64,
            #[doc = $decay]
            pub weight_decay: f64,
            /// Divide by the largest second moment so far (Reddi et al., 2018).
            pub amsgrad: bool,
            /// Go up instead of down.
            pub maximize: bool,
        }

        impl Default for $Options {
            fn default() -> $Options {
                $Options {
                    lr: 1e-3,
                    betas: (0.9, 0.999),
                    eps: 1e-8,
                    weight_decay: $weight_decay,
                    amsgrad: false,
                    maximize: false,
                }
            }
        }

        impl From<f64> for $Options {
            fn from(lr: f64) -> $Options {
                $Options { lr, ..Default::default() }
            }
        }

        impl Rule for $Options {
            const NAME: &'static str = $name;

            fn lr(&self) -> f64 {
                self.lr
            }
            fn set_lr(&mut self, lr: f64) {
                self.lr = lr;
            }
            fn momentum(&self) -> Option<f64> {
                Some(self.betas.0)
            }
            fn set_momentum(&mut self, momentum: f64) {
                self.betas.0 = momentum;
            }
            saved_settings! {
                "lr" = lr: Float, "beta1" = betas.0: Float, "beta2" = betas.1: Float, "eps" = eps: Float,
                "weight_decay" = weight_decay: Float, "amsgrad" = amsgrad: Bool, "maximize" = maximize: Bool,
            }

            fn check(&self) -> Result<()> {
                at_least_zero(Self::NAME, "lr", self.lr)?;
                at_least_zero(Self::NAME, "eps", self.eps)?;
                at_least_zero(Self::NAME, "weight_decay", self.weight_decay)?;
                below_one(Self::NAME, "betas.0", self.betas.0)?;
                below_one(Self::NAME, "betas.1", self.betas.1)
            }

            fn update(&self, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
                let $Options { lr, betas: (beta1, beta2), eps, weight_decay, amsgrad, maximize } = *self;
                let update = Update::Adam {
                    lr,
                    beta1,
                    beta2,
                    eps,
                    weight_decay,
                    decoupled: $decoupled,
                    maximize,
                    step: state.step,
                };
                update_adam(&update, amsgrad, p, g, state)
            }
        }
    };
}
adam! {
    /// Settings of [`Adam`].
    AdamOptions, "Adam", false, 0.0, "Share of the parameter that is added to its gradient."
}
adam! {
    /// Settings of [`AdamW`].
    AdamWOptions, "AdamW", true, 0.01, "Share of the parameter, times `lr`, that each step takes away."
}

fn update_adam(update: &Update, amsgrad: bool, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let Update::Adam { lr, beta1, beta2, eps, weight_decay, decoupled, maximize, step } = *update else {
        return Ok(());
    };
    if !amsgrad {
        let [m, v] = state.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
        if ops::update(update, g, &mut [&mut *p, m, v])? {
            return Ok(());
        }
    }

    let mut g = if maximize { g.neg()? } else { g.clone() };
    if decoupled {
        p.mul_(1.0 - lr * weight_decay)?;
    } else if weight_decay != 0.0 {
        g = g.add(&p.mul(weight_decay)?)?;
    }
    let zeros = || g.zeros_like();
    let [m, v] = state.slots(["exp_avg", "exp_avg_sq"], zeros)?;
    m.mul_(beta1)?.add_(&g.mul(1.0 - beta1)?)?;
    v.mul_(beta2)?.add_(&g.square()?.mul(1.0 - beta2)?)?;
    let t = step as f64;
    let root = if amsgrad {
        let [v, largest] = state.slots(["exp_avg_sq", "max_exp_avg_sq"], zeros)?;
        largest.maximum_(&*v)?;
        largest.sqrt()?
    } else {
        v.sqrt()?
    };
    let denominator = root.div((1.0 - beta2.powf(t)).sqrt())?.add(eps)?;
    let [m] = state.slots(["exp_avg"], zeros)?;
    p.sub_(&m.div(&denominator)?.mul(lr / (1.0 - beta1.powf(t)))?).map(drop)
}
