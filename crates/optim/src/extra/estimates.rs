//! Steps sized by an estimate of curvature, of noise, or of what there is to learn.
use super::adam_like::go;
use crate::{
    State,
    setting::choice,
    table::optimizers,
    words::{Decay, add, average, debias, total, towards, turned},
};
use tensor_core::{Result, Tensor};

choice! {
    /// The least curvature of [`ApolloDQN`].
    Rebound {
        /// 0.01.
        #[default]
        Constant = "constant",
        /// The largest change of the gradient.
        Belief = "belief",
    }
}

choice! {
    /// How [`ApolloDQN`] decays.
    ApolloDecay {
        /// Through the gradient.
        #[default]
        L2 = "l2",
        /// Through the step.
        Decoupled = "decoupled",
        /// Through the step, divided by the mean curvature.
        Stable = "stable",
    }
}

optimizers! {
    /// VSGD (Chen et al., 2024, <https://arxiv.org/abs/2404.06549>): the gradient as a hidden variable, its mean and two
    /// variances updated as in variational inference.
    VSGD, VSGDOptions, each vsgd {
        lr: f64 = 0.1, ghattg: f64 = 30.0, ps: f64 = 1e-8, tau1: f64 = 0.81, tau2: f64 = 0.9, weight_decay: f64 = 0.0,
        weight_decouple: bool = true, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Apollo (Ma, 2020, <https://arxiv.org/abs/2009.13586>), quasi-Newton with a diagonal Hessian. (APOLLO in capitals
    /// is another: Zhu et al., 2024.)
    ApolloDQN, ApolloDQNOptions, each apollo_dqn {
        lr: f64 = 1e-2, init_lr: Option<f64> = Some(1e-5), beta: f64 = 0.9, rebound: Rebound = Rebound::Constant,
        weight_decay: f64 = 0.0, weight_decay_type: ApolloDecay = ApolloDecay::L2, warmup_steps: usize = 500,
        eps: f64 = 1e-4, maximize: bool = false,
    }

    /// Amos (Tian and Parikh, 2022, <https://arxiv.org/abs/2210.11693>): one second moment a layer, a rate from the scale
    /// that its parameters should have, and decays that adapt.
    Amos, AmosOptions, each amos {
        lr: f64 = 1e-3, beta: f64 = 0.999, momentum: f64 = 0.0, extra_l2: f64 = 0.0, c_coef: f64 = 0.25,
        d_coef: f64 = 0.25, eps: f64 = 1e-18, maximize: bool = false,
    }
}

fn vsgd(o: &VSGDOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let (pa2, pbg2, pbhg2) = (2.0 * o.ps + 1.0 + 1e-4, 2.0 * o.ps, 2.0 * o.ghattg * o.ps);
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    let t = s.step as f64;
    s.slots(["bg"], || g.full_like(pbg2))?;
    s.slots(["bhg"], || g.full_like(pbhg2))?;
    let [mean, bg, bhg] = s.slots(["mug", "bg", "bhg"], || g.zeros_like())?;
    let (sg, shg) = if t == 1.0 {
        (g.full_like(pbg2 / (pa2 - 1.0))?, g.full_like(pbhg2 / (pa2 - 1.0))?)
    } else {
        (bg.div(pa2)?, bhg.div(pa2)?)
    };
    let before = mean.clone_contiguous()?;
    let sum = sg.add(&shg)?;
    let new = before.mul(&shg)?.add(&g.mul(&sg)?)?.div(&sum)?;
    mean.copy_(&new)?;
    let square = new.square()?.add(&sg.mul(&shg)?.div(&sum)?)?;
    let of_mean = square.add(pbg2)?.sub(&new.mul(&before)?.mul(2.0)?)?.add(&before.square()?)?;
    let of_gradient = square.add(pbhg2)?.sub(&g.mul(&new)?.mul(2.0)?)?.add(&g.square()?)?;
    towards(bg, t.powf(-o.tau1), &of_mean)?;
    towards(bhg, t.powf(-o.tau2), &of_gradient)?;
    go(p, o.lr, &new, &square.sqrt()?.add(o.eps)?)
}

fn apollo_dqn(o: &ApolloDQNOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let t = s.step as f64;
    let first = o.init_lr.unwrap_or(o.lr / 1000.0);
    let lr = if s.step >= o.warmup_steps as u64 { o.lr } else { (o.lr - first) * t / o.warmup_steps as f64 + first };
    if o.weight_decay > 0.0 && o.weight_decay_type == ApolloDecay::L2 {
        g = g.add(&p.mul(o.weight_decay)?)?;
    }
    let constant = o.rebound == Rebound::Constant;
    let eps = if constant { o.eps / 0.01 } else { o.eps };
    let alpha = (1.0 - o.beta) / debias(o.beta, t);
    let [mean, b, step] = s.slots(["exp_avg_grad", "approx_hessian", "update"], || g.zeros_like())?;
    let change = g.sub(&*mean)?;
    let least = if constant || g.numel() == 0 { 0.01 } else { change.abs()?.max()?.item()? };
    apollo_curvature(mean, b, step, &change, alpha, eps)?;
    let mut d = b.abs()?.maximum(least)?;
    if !constant {
        d = d.add(eps / alpha)?;
    }
    step.copy_(&mean.div(&d)?)?;
    if o.weight_decay > 0.0 && o.weight_decay_type != ApolloDecay::L2 {
        let stable = o.weight_decay_type == ApolloDecay::Stable;
        let rate = if stable { o.weight_decay / d.mean()?.item::<f64>()? } else { o.weight_decay };
        step.add_(&p.mul(rate)?)?;
    }
    add(p, -lr, step)
}

fn amos(o: &AmosOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let scale = match *p.shape() {
        [] | [_] => 0.5,
        [_, columns] => (2.0 / columns as f64).sqrt(),
        [_, columns, ..] => (1.0 / columns as f64).sqrt(),
    };
    let square: f64 = g.square()?.mean()?.item()?;
    let rate = o.lr * scale;
    let v = o.beta * s.number("exp_avg_sq", 0.0)? + (1.0 - o.beta) * square;
    s.set_number("exp_avg_sq", v)?;
    let inverse = debias(o.beta, s.step as f64) / (v + o.eps);
    let decay = s.number("decay", 0.0)?;
    let falling = 1.0 / (1.0 + o.c_coef * o.lr.sqrt() * decay).sqrt();
    let damping = 1.0 / (1.0 + o.d_coef * rate.sqrt() * decay);
    let gamma = falling * o.lr * o.lr * inverse * square;
    let update = p.mul((gamma - o.extra_l2) / 2.0)?.add(&g.mul(inverse.sqrt() * rate)?)?;
    let mut update = update.mul(damping)?;
    s.set_number("decay", decay * (1.0 + gamma) + gamma)?;
    if o.momentum > 0.0 {
        let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
        average(m, o.momentum, &update)?;
        update = m.clone();
    }
    p.sub_(&update).map(drop)
}

/// Mean gradient and diagonal Hessian of Apollo, from the last step and the change of the gradient.
pub(crate) fn apollo_curvature(
    mean: &mut Tensor,
    b: &mut Tensor,
    step: &Tensor,
    change: &Tensor,
    alpha: f64,
    eps: f64,
) -> Result<()> {
    add(mean, alpha, change)?;
    let length = total(&step.square()?.square()?)?.sqrt().sqrt() + eps;
    let unit = step.div(length)?;
    let square = unit.square()?;
    let delta = -alpha * total(&change.div(length)?.mul(&unit)?)? - total(&b.mul(&square)?)?;
    add(b, delta, &square)
}
