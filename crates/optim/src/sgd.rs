//! Stochastic gradient descent.
use crate::{State, setting::at_least_zero, table::optimizers};
use tensor_core::{
    Error, Result, Tensor,
    ops::{self, Update},
};

optimizers! {
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
    ///
    /// `g += weight_decay p; b = momentum b + (1 - dampening) g; p -= lr (nesterov ? g + momentum b : b)`.
    SGD, SGDOptions, each sgd {
        lr: f64 = 1e-3,
        momentum: f64 = 0.0,
        dampening: f64 = 0.0,
        weight_decay: f64 = 0.0,
        nesterov: bool = false,
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check(self) } }
}

fn check(o: &SGDOptions) -> Result<()> {
    let SGDOptions { lr, momentum, dampening, weight_decay, nesterov, .. } = *o;
    for (name, value) in [("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)] {
        at_least_zero("SGD", name, value)?;
    }
    if nesterov && (momentum == 0.0 || dampening != 0.0) {
        return Err(Error::new(
            "SGD",
            format!("nesterov needs a momentum above 0 and no dampening, got {momentum} and {dampening}"),
        )
        .hint("a usual momentum is 0.9"));
    }
    Ok(())
}

fn sgd(o: &SGDOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let SGDOptions { lr, momentum, dampening, weight_decay, nesterov, maximize } = *o;
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
