//! Rates of their own for every element, from the sizes of past gradients: Adagrad, Adadelta, RMSprop, Rprop.
use crate::{
    State,
    setting::{none_negative, outside},
    table::optimizers,
    words::{average, descent},
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// Adagrad (Duchi et al., 2011, <https://jmlr.org/papers/v12/duchi11a.html>): the rate falls with the sum of the
    /// squared gradients, `s += g^2; p -= lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)`.
    ///
    /// ```
    /// use optim::{Adagrad, Optimizer};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
    /// let mut optimizer = Adagrad::new([w.tied()], 0.5)?;
    /// w.set_grad(Some(Tensor::full([2], 3.0)?));
    /// optimizer.step()?;
    /// assert_eq!(w.to_vec::<f64>()?, [0.5, 0.5]); // the first step is lr, whatever the gradient
    /// # Ok(()) }
    /// ```
    Adagrad, AdagradOptions, each adagrad {
        lr: f64 = 1e-2,
        /// How fast the rate falls by itself.
        lr_decay: f64 = 0.0,
        weight_decay: f64 = 0.0,
        /// What the sum of squares starts with.
        initial_accumulator_value: f64 = 0.0,
        eps: f64 = 1e-10,
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check_adagrad(self) } }

    /// Adadelta (Zeiler, 2012, <https://arxiv.org/abs/1212.5701>): steps in units of past steps,
    /// `v = rho v + (1 - rho) g^2; d = sqrt(u + eps) / sqrt(v + eps) g; u = rho u + (1 - rho) d^2; p -= lr d`.
    Adadelta, AdadeltaOptions, each adadelta {
        lr: f64 = 1.0,
        /// Decay of both running means.
        rho: f64 = 0.9,
        eps: f64 = 1e-6,
        weight_decay: f64 = 0.0,
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check_adadelta(self) } }

    /// RMSprop (Hinton, 2012, <https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf>):
    /// `v = alpha v + (1 - alpha) g^2; p -= lr g / (sqrt(v) + eps)`, with momentum on the quotient, and with the square
    /// of the mean gradient taken off `v` where `centered`.
    ///
    /// ```
    /// use optim::{RMSprop, RMSpropOptions};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// # let w = autograd::Parameter::new(Tensor::ones([2])?)?;
    /// let optimizer = RMSprop::new([w], RMSpropOptions { centered: true, momentum: 0.9, ..Default::default() })?;
    /// # Ok(()) }
    /// ```
    RMSprop, RMSpropOptions, each rmsprop {
        lr: f64 = 1e-2,
        /// Decay of the running mean of the squares.
        alpha: f64 = 0.99,
        eps: f64 = 1e-8,
        weight_decay: f64 = 0.0,
        momentum: f64 = 0.0,
        centered: bool = false,
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check_rmsprop(self) } }

    /// Resilient backpropagation (Riedmiller and Braun, 1993): only the signs of the gradients count. A step grows by
    /// `etas.1` while the sign stays, shrinks by `etas.0` (and is left out) where it turns. For whole batches.
    Rprop, RpropOptions, each rprop {
        lr: f64 = 1e-2,
        /// Factors of a step whose sign turned, and of one whose sign stayed.
        etas: (f64, f64) = (0.5, 1.2),
        /// Smallest and largest step.
        step_sizes: (f64, f64) = (1e-6, 50.0),
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check_rprop(self) } }
}

fn check_adagrad(o: &AdagradOptions) -> Result<()> {
    let AdagradOptions { lr, lr_decay, weight_decay, initial_accumulator_value: first, eps, .. } = *o;
    let settings = [("lr", lr), ("lr_decay", lr_decay), ("weight_decay", weight_decay), ("eps", eps)];
    none_negative("Adagrad", settings)?;
    none_negative("Adagrad", [("initial_accumulator_value", first)])
}

fn adagrad(o: &AdagradOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let g = descent(p, g, o.maximize, o.weight_decay)?;
    let lr = o.lr / (1.0 + (state.step as f64 - 1.0) * o.lr_decay);
    let [sum] = state.slots(["sum"], || g.zeros_like()?.add(o.initial_accumulator_value))?;
    sum.add_(&g.square()?)?;
    p.sub_(&g.div(&sum.sqrt()?.add(o.eps)?)?.mul(lr)?).map(drop)
}

fn check_adadelta(o: &AdadeltaOptions) -> Result<()> {
    let settings = [("lr", o.lr), ("eps", o.eps), ("weight_decay", o.weight_decay)];
    none_negative("Adadelta", settings)?;
    if (0.0..=1.0).contains(&o.rho) {
        return Ok(());
    }
    Err(outside("Adadelta", "rho", o.rho, "within 0 and 1"))
}

fn adadelta(o: &AdadeltaOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let g = descent(p, g, o.maximize, o.weight_decay)?;
    let [v, u] = state.slots(["square_avg", "acc_delta"], || g.zeros_like())?;
    average(v, o.rho, &g.square()?)?;
    let d = u.add(o.eps)?.sqrt()?.div(&v.add(o.eps)?.sqrt()?)?.mul(&g)?;
    average(u, o.rho, &d.square()?)?;
    p.sub_(&d.mul(o.lr)?).map(drop)
}

fn check_rmsprop(o: &RMSpropOptions) -> Result<()> {
    let RMSpropOptions { lr, alpha, eps, weight_decay, momentum, .. } = *o;
    let settings = [("lr", lr), ("alpha", alpha), ("eps", eps), ("weight_decay", weight_decay), ("momentum", momentum)];
    none_negative("RMSprop", settings)
}

fn rmsprop(o: &RMSpropOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let g = descent(p, g, o.maximize, o.weight_decay)?;
    let zeros = || g.zeros_like();
    let [v] = state.slots(["square_avg"], zeros)?;
    average(v, o.alpha, &g.square()?)?;
    let mut root = v.clone();
    if o.centered {
        let [mean] = state.slots(["grad_avg"], zeros)?;
        average(mean, o.alpha, &g)?;
        root = root.sub(&mean.square()?)?;
    }
    let d = g.div(&root.sqrt()?.add(o.eps)?)?;
    if o.momentum == 0.0 {
        return p.sub_(&d.mul(o.lr)?).map(drop);
    }
    let [b] = state.slots(["momentum_buffer"], zeros)?;
    b.mul_(o.momentum)?.add_(&d)?;
    p.sub_(&b.mul(o.lr)?).map(drop)
}

fn check_rprop(o: &RpropOptions) -> Result<()> {
    none_negative("Rprop", [("lr", o.lr)])?;
    let (minus, plus) = o.etas;
    if !(0.0 < minus && minus < 1.0) {
        return Err(outside("Rprop", "etas.0", minus, "above 0 and below 1"));
    }
    if plus.is_nan() || plus <= 1.0 {
        return Err(outside("Rprop", "etas.1", plus, "above 1"));
    }
    Ok(())
}

fn rprop(o: &RpropOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let g = descent(p, g, o.maximize, 0.0)?;
    let [prev] = state.slots(["prev"], || g.zeros_like())?;
    let sign = g.mul(&*prev)?.sign()?;
    let turned = sign.minimum(0.0)?;
    // 1, or one of the two factors: arithmetic instead of three masks.
    let factor = sign.maximum(0.0)?.mul(o.etas.1 - 1.0)?.add(&turned.mul(1.0 - o.etas.0)?)?.add(1.0)?;
    // The sign of a gradient, and 0 where it turned.
    let kept = g.mul(&turned.add(1.0)?)?;
    prev.copy_(&kept)?;
    let [size] = state.slots(["step_size"], || g.zeros_like()?.add(o.lr))?;
    size.mul_(&factor)?.maximum_(o.step_sizes.0)?.minimum_(o.step_sizes.1)?;
    p.sub_(&kept.sign()?.mul(&*size)?).map(drop)
}
