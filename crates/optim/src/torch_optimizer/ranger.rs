//! RAdam and the Ranger family, which add Lookahead to it.
use super::decayed;
use crate::{
    State,
    extra::{self},
    setting::choice,
    table::optimizers,
    words::{add, add_quotient, average, debias, largest, moments, rectified},
};
use tensor_core::{Result, Tensor};

choice! {
    /// What [`RangerVA`] does to the root of the second moment.
    Transformer {
        /// `softplus`, with `smooth`.
        #[default]
        Softplus = "softplus",
        /// Adds `eps`.
        Plain = "None",
    }
}

choice! {
    /// What [`RangerVA`] takes the second moment of.
    GradTransformer {
        /// The square.
        #[default]
        Square = "square",
        /// The size.
        Abs = "abs",
    }
}

optimizers! {
    /// RAdam (Liu et al., 2019, <https://arxiv.org/abs/1908.03265>), with decoupled weight decay, along the momentum at
    /// first.
    RAdam, RAdamOptions, each r_adam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), eps: f64 = 1e-8, weight_decay: f64 = 0.0,
    }

    /// Ranger (Wright, 2019): RAdam and Lookahead, without centralised gradients.
    Ranger, RangerOptions, each ranger {
        lr: f64 = 1e-3, alpha: f64 = 0.5, k: usize = 6, n_sma_threshhold: f64 = 5.0, betas: (f64, f64) = (0.95, 0.999),
        eps: f64 = 1e-5, weight_decay: f64 = 0.0,
    }

    /// QHAdam and Lookahead (Wright, 2019).
    RangerQH, RangerQHOptions, each ranger_qh {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), nus: (f64, f64) = (0.7, 1.0), weight_decay: f64 = 0.0,
        k: usize = 6, alpha: f64 = 0.5, decouple_weight_decay: bool = false, eps: f64 = 1e-8,
    }

    /// Ranger with a second moment smoothed by softplus (Tong et al., 2019, <https://arxiv.org/abs/1908.00700>).
    RangerVA, RangerVAOptions, each ranger_va {
        lr: f64 = 1e-3, alpha: f64 = 0.5, k: usize = 6, n_sma_threshhold: f64 = 5.0, betas: (f64, f64) = (0.95, 0.999),
        eps: f64 = 1e-5, weight_decay: f64 = 0.0, amsgrad: bool = true, transformer: Transformer = Transformer::Softplus,
        smooth: f64 = 50.0, grad_transformer: GradTransformer = GradTransformer::Square,
    }
}

/// RAdam's step after the decay: adaptive if the average is long enough, else along the momentum.
fn rectified_step(
    p: &mut Tensor,
    g: &Tensor,
    s: &mut State,
    (lr, betas, eps): (f64, (f64, f64), f64),
    adaptive: impl Fn(f64) -> bool,
) -> Result<()> {
    let (m, v) = moments(s, g, g, betas)?;
    let t = s.step as f64;
    // Below a length of 4 the factor is no number, and the step is plain.
    let (rate, length) = rectified(lr, betas.1, t, 4.0, true);
    let bias = debias(betas.0, t);
    if adaptive(length) {
        return add_quotient(p, -rate / bias, &m, &v.sqrt()?.add(eps)?);
    }
    add(p, -lr / bias, &m)
}

fn r_adam(o: &RAdamOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    p.mul_(1.0 - o.weight_decay * o.lr)?;
    rectified_step(p, g, s, (o.lr, o.betas, o.eps), |length| length >= 5.0)
}

fn ranger(o: &RangerOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    s.slots(["slow_buffer"], || p.clone_contiguous())?;
    p.mul_(1.0 - o.weight_decay * o.lr)?;
    rectified_step(p, g, s, (o.lr, o.betas, o.eps), |length| length > o.n_sma_threshhold)?;
    extra::look_ahead(p, s, o.k, o.alpha)
}

fn ranger_qh(o: &RangerQHOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = decayed(p, g, o.lr, o.weight_decay, o.decouple_weight_decay)?;
    s.slots(["slow_buffer"], || p.clone_contiguous())?;
    extra::qh_adam_step(p, &g, s, (o.lr, o.betas, o.nus, o.eps))?;
    extra::look_ahead(p, s, o.k, o.alpha)
}

fn ranger_va(o: &RangerVAOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    s.slots(["slow_buffer"], || p.clone_contiguous())?;
    let (m, _) = moments(s, g, g, o.betas)?;
    // The package decays and adds twice.
    let square = o.grad_transformer == GradTransformer::Square;
    let [v] = s.slots(["exp_avg_sq"], || g.zeros_like())?;
    average(v, o.betas.1, &if square { g.square()? } else { g.abs()? })?;
    let v = v.clone();
    let second = largest(o.amsgrad, s, "max_exp_avg_sq", v.clone())?;
    let second = if square { second.sqrt()? } else { second };
    p.mul_(1.0 - o.weight_decay * o.lr)?;
    let t = s.step as f64;
    let rate = o.lr * debias(o.betas.1, t).sqrt() / debias(o.betas.0, t);
    if o.transformer == Transformer::Softplus {
        add_quotient(p, -rate, &m, &second.softplus(o.smooth, 20.0)?)?;
    } else {
        add_quotient(p, -rate * o.lr, &m, &v.sqrt()?.add(o.eps)?)?;
    }
    extra::look_ahead(p, s, o.k, o.alpha)
}
