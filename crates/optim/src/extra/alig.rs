//! AliG: Polyak's step, from the loss itself.
use crate::{
    Member, Rule, Shared, setting,
    table::optimizers,
    words::{add, norm},
};
use tensor_core::{Error, Result};

optimizers! {
    /// AliG (Berrada et al., 2019, <https://arxiv.org/abs/1906.05661>), for losses whose least value is near 0:
    /// `p -= r g` with `r = min(max_lr, loss / (|g|^2 + 1e-6))`, the gradient being that of all groups. The momentum is
    /// `b = momentum b - r g; p += momentum b`. It needs the loss: [`crate::Optimizer::step_with`].
    ///
    /// ```
    /// use autograd::Backward;
    /// use optim::{Optimizer, extra::{AliG, AliGOptions}};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let w = autograd::Parameter::new(Tensor::ones([1])?)?;
    /// let mut optimizer = AliG::new([w.tied()], AliGOptions::default())?;
    /// optimizer.step_with(&mut || {
    ///     w.zero_grad();
    ///     let loss = w.square()?.sum()?;
    ///     loss.backward()?;
    ///     Ok(loss)
    /// })?;
    /// // 1 - (1 / 2^2) 2
    /// assert!((w.item::<f64>()? - 0.5).abs() < 1e-6);
    /// assert!(optimizer.step().is_err());
    /// # Ok(()) }
    /// ```
    AliG, AliGOptions, group ali_g {
        /// The largest rate, which schedules move; `None` for no bound.
        max_lr: Option<f64> = None,
        momentum: f64 = 0.0,
        /// The momentum is one of gradients, not of steps: `b = momentum b - g; p += r momentum b`.
        adjusted_momentum: bool = false,
        maximize: bool = false,
    } + {
        fn lr(&self) -> f64 {
            self.max_lr.unwrap_or(f64::INFINITY)
        }
        fn set_lr(&mut self, lr: f64) {
            self.max_lr = lr.is_finite().then_some(lr);
        }
        fn check(&self) -> Result<()> {
            setting::check("AliG", &self.settings())?;
            setting::at_least_zero("AliG", "max_lr", self.max_lr.unwrap_or(0.0))?;
            if self.momentum >= 1.0 {
                return Err(setting::outside("AliG", "momentum", self.momentum, "at least 0 and below 1"));
            }
            Ok(())
        }
        fn pooled(&self) -> bool {
            true
        }
        fn gather(&self, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
            loss(shared)?;
            let squares = &mut shared.sums([0.0])[0];
            members.iter().try_for_each(|m| {
                *squares += norm(&m.grad)?.powi(2);
                Ok(())
            })
        }
    }
}

fn loss(shared: &Shared) -> Result<f64> {
    shared.loss.ok_or_else(|| {
        Error::new("AliG", "a step needs the loss").hint("call step_with(closure), whose closure returns the loss")
    })
}

fn ali_g(o: &AliGOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let rate = (loss(shared)? / (shared.sums([0.0])[0] + 1e-6)).min(o.lr());
    members.iter_mut().try_for_each(|m| {
        m.update(|p, g, s| {
            let down = if o.maximize { g.clone() } else { g.neg()? };
            add(p, rate, &down)?;
            if o.momentum > 0.0 {
                let (in_b, in_p) = if o.adjusted_momentum { (1.0, rate) } else { (rate, 1.0) };
                let [b] = s.slots(["momentum_buffer"], || g.zeros_like())?;
                b.mul_(o.momentum)?.add_(&down.mul(in_b)?)?;
                add(p, in_p * o.momentum, b)?;
            }
            Ok(())
        })
    })
}
