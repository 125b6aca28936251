//! Adam and AdamW: one update, which differ in where the weight decay goes.
use crate::{
    State,
    table::optimizers,
    words::{debias, inner_dims},
};
use tensor_core::{
    KEEP, Result, Tensor,
    ops::{self, Update},
};

optimizers! {
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
    Adam, AdamOptions, each adam {
        lr: f64 = 1e-3,
        betas: (f64, f64) = (0.9, 0.999),
        eps: f64 = 1e-8,
        /// Here it is added to the gradient, unless `decoupled_weight_decay` is set.
        weight_decay: f64 = 0.0,
        amsgrad: bool = false,
        maximize: bool = false,
        decoupled_weight_decay: bool = false,
    }

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
    AdamW, AdamWOptions, each adamw {
        lr: f64 = 1e-3,
        betas: (f64, f64) = (0.9, 0.999),
        eps: f64 = 1e-8,
        /// Here each step takes it away, times `lr`.
        weight_decay: f64 = 0.01,
        amsgrad: bool = false,
        maximize: bool = false,
    }

    /// Adam that leaves rows alone, moments and all, whose gradient is 0 throughout: those words of an embedding that a
    /// batch did not have. PyTorch's `SparseAdam`, for gradients that are dense here.
    ///
    /// ```
    /// use optim::{Optimizer, SparseAdam};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let words = autograd::Parameter::new(Tensor::zeros([2, 1])?)?;
    /// let mut optimizer = SparseAdam::new([words.tied()], 0.1)?;
    /// for g in [[1.0f32, 1.0], [0.0, 1.0]] {
    ///     words.set_grad(Some(Tensor::from_slice(&g, [2, 1])?));
    ///     optimizer.step()?;
    /// }
    /// let moved = words.to_vec::<f32>()?;
    /// assert!((moved[0] + 0.1).abs() < 1e-4 && (moved[1] + 0.2).abs() < 1e-4);
    /// # Ok(()) }
    /// ```
    SparseAdam, SparseAdamOptions, each sparse_adam {
        lr: f64 = 1e-3,
        betas: (f64, f64) = (0.9, 0.999),
        eps: f64 = 1e-8,
        maximize: bool = false,
    }
}

macro_rules! update_of {
    ($o:ident, $state:ident, $decoupled:expr) => {
        Update::Adam {
            lr: $o.lr,
            beta1: $o.betas.0,
            beta2: $o.betas.1,
            eps: $o.eps,
            weight_decay: $o.weight_decay,
            decoupled: $decoupled,
            maximize: $o.maximize,
            step: $state.step,
        }
    };
}

fn adam(o: &AdamOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    update_adam(&update_of!(o, state, o.decoupled_weight_decay), o.amsgrad, p, g, state)
}

fn adamw(o: &AdamWOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    update_adam(&update_of!(o, state, true), o.amsgrad, p, g, state)
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

fn sparse_adam(o: &SparseAdamOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    if g.numel() == 0 {
        return Ok(());
    }
    let g = if o.maximize { g.neg()? } else { g.clone() };
    let inner = inner_dims(&g);
    let sizes = g.abs()?;
    let touched = if inner.is_empty() { sizes } else { sizes.amax_dim(&inner[..], KEEP)? }.gt(0.0)?;
    let t = state.step as f64;
    let [m, v] = state.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    let new_m = m.add(&g.sub(&*m)?.mul(1.0 - o.betas.0)?)?;
    let new_v = v.add(&g.square()?.sub(&*v)?.mul(1.0 - o.betas.1)?)?;
    *m = touched.where_(&new_m, &*m)?;
    *v = touched.where_(&new_v, &*v)?;
    let rate = o.lr * debias(o.betas.1, t).sqrt() / debias(o.betas.0, t);
    let new_p = p.sub(&m.div(&v.sqrt()?.add(o.eps)?)?.mul(rate)?)?;
    p.copy_(&touched.where_(&new_p, &*p)?).map(drop)
}
