//! The optimizers of the Python package torch-optimizer 0.3.0 (<https://github.com/jettify/pytorch-optimizer>), with its
//! settings and defaults. Where [`crate::extra`] has the same name, this is what the older package does under it: mostly
//! other defaults, weight decay through the gradient, and small differences that each row says.
use crate::{
    Member, Rule as _, Shared, State,
    extra::{self, A2GradVariant},
    setting::choice,
    table::optimizers,
    words::{add, add_quotient, average, average_square, debias, largest, moments, norm, rms, total, towards},
};
use tensor_core::{DROP, Result, Tensor};

mod ranger;

#[cfg(feature = "linalg")]
mod shampoo;

pub use ranger::*;

#[cfg(feature = "linalg")]
pub use shampoo::{Shampoo, ShampooOptions};

choice! {
    /// How [`QHM`] decays.
    QHMDecay {
        /// Through the gradient.
        #[default]
        Grad = "grad",
        /// The parameter itself.
        Direct = "direct",
    }
}

optimizers! {
    /// A2Grad with uniform weights (Deng et al., 2018, <https://arxiv.org/abs/1810.00553>).
    A2GradUni, A2GradUniOptions, each a2grad_uni {
        lr: Option<f64> = None, beta: f64 = 10.0, lips: f64 = 10.0,
    } + {
        fn check(&self) -> Result<()> {
            crate::setting::none_negative("A2GradUni", [("beta", self.beta), ("lips", self.lips)])
        }
    }

    /// A2Grad with growing weights (Deng et al., 2018, <https://arxiv.org/abs/1810.00553>).
    A2GradInc, A2GradIncOptions, each a2grad_inc {
        lr: Option<f64> = None, beta: f64 = 10.0, lips: f64 = 10.0,
    } + {
        fn check(&self) -> Result<()> {
            crate::setting::none_negative("A2GradInc", [("beta", self.beta), ("lips", self.lips)])
        }
    }

    /// A2Grad with exponential weights (Deng et al., 2018, <https://arxiv.org/abs/1810.00553>).
    A2GradExp, A2GradExpOptions, each a2grad_exp {
        lr: Option<f64> = None, beta: f64 = 10.0, lips: f64 = 10.0, rho: f64 = 0.5,
    } + {
        fn check(&self) -> Result<()> {
            crate::setting::none_negative("A2GradExp", [("beta", self.beta), ("lips", self.lips), ("rho", self.rho)])
        }
    }

    /// AccSGD (Kidambi et al., 2018): as [`extra::AccSGD`], whose `constant` is `small_const` here.
    AccSGD, AccSGDOptions, each acc_sgd {
        lr: f64 = 1e-3, kappa: f64 = 1000.0, xi: f64 = 10.0, small_const: f64 = 0.7, weight_decay: f64 = 0.0,
    }

    /// AdaBelief (Zhuang et al., 2020, <https://arxiv.org/abs/2010.07468>): as [`extra::AdaBelief`], with weight decay
    /// through the gradient unless `weight_decouple`, and a larger `eps`.
    AdaBelief, AdaBeliefOptions, each ada_belief {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), eps: f64 = 1e-8, weight_decay: f64 = 0.0,
        amsgrad: bool = false, weight_decouple: bool = false, fixed_decay: bool = false, rectify: bool = false,
    }

    /// AdaBound (Luo et al., 2019, <https://arxiv.org/abs/1902.09843>), with weight decay through the gradient.
    AdaBound, AdaBoundOptions, each ada_bound {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), final_lr: f64 = 0.1, gamma: f64 = 1e-3, eps: f64 = 1e-8,
        weight_decay: f64 = 0.0, amsbound: bool = false,
    }

    /// AdaMod (Ding et al., 2019, <https://arxiv.org/abs/1910.12249>), whose third decay is `beta3`.
    AdaMod, AdaModOptions, each ada_mod {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), beta3: f64 = 0.999, eps: f64 = 1e-8, weight_decay: f64 = 0.0,
    }

    /// Adafactor (Shazeer and Stern, 2018, <https://arxiv.org/abs/1804.04235>): `eps2` bounds squares and parameter sizes;
    /// no first moment unless `beta1`.
    Adafactor, AdafactorOptions, each adafactor {
        lr: Option<f64> = None, eps2: (f64, f64) = (1e-30, 1e-3), clip_threshold: f64 = 1.0, decay_rate: f64 = -0.8,
        beta1: Option<f64> = None, weight_decay: f64 = 0.0, scale_parameter: bool = true, relative_step: bool = true,
        warmup_init: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
    }

    /// AdamP (Heo et al., 2020, <https://arxiv.org/abs/2006.08217>).
    AdamP, AdamPOptions, each adam_p {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), eps: f64 = 1e-8, weight_decay: f64 = 0.0, delta: f64 = 0.1,
        wd_ratio: f64 = 0.1, nesterov: bool = false,
    }

    /// Aggregated momentum (Lucas et al., 2018, <https://arxiv.org/abs/1804.00325>).
    AggMo, AggMoOptions, each agg_mo {
        lr: f64 = 1e-3, betas: Vec<f64> = vec![0.0, 0.9, 0.99], weight_decay: f64 = 0.0,
    } + {
        fn check(&self) -> Result<()> {
            let AggMoOptions { lr, betas, weight_decay } = self.clone();
            extra::AggMoOptions { lr, betas, weight_decay, ..Default::default() }.check()
        }
    }

    /// Apollo (Ma, 2020, <https://arxiv.org/abs/2009.13586>): as [`extra::ApolloDQN`], with curvatures of at least 1.
    Apollo, ApolloOptions, each apollo {
        lr: f64 = 1e-2, beta: f64 = 0.9, eps: f64 = 1e-4, warmup: usize = 0, init_lr: f64 = 1e-2,
        weight_decay: f64 = 0.0,
    }

    /// DiffGrad (Dubey et al., 2019, <https://arxiv.org/abs/1909.11015>), with weight decay through the gradient.
    DiffGrad, DiffGradOptions, each diff_grad {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), eps: f64 = 1e-8, weight_decay: f64 = 0.0,
    }

    /// LARS (You et al., 2017, <https://arxiv.org/abs/1708.03888>): adapts the rate only where there is weight decay.
    LARS, LARSOptions, each lars {
        lr: f64 = 1e-2, momentum: f64 = 0.0, dampening: f64 = 0.0, weight_decay: f64 = 0.0, nesterov: bool = false,
        trust_coefficient: f64 = 0.01, eps: f64 = 1e-8,
    }

    /// LAMB (You et al., 2019, <https://arxiv.org/abs/1904.00962>), without bias corrections unless `debias`, and with
    /// weight decay in the step.
    Lamb, LambOptions, each lamb {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), eps: f64 = 1e-6, weight_decay: f64 = 0.0,
        clamp_value: f64 = 10.0, adam: bool = false, debias: bool = false,
    }

    /// MADGRAD (Defazio and Jelassi, 2021, <https://arxiv.org/abs/2101.11075>).
    MADGRAD, MADGRADOptions, each madgrad {
        lr: f64 = 1e-2, momentum: f64 = 0.9, weight_decay: f64 = 0.0, eps: f64 = 1e-6,
    }

    /// NovoGrad (Ginsburg et al., 2019, <https://arxiv.org/abs/1905.11286>), by default with the second moment of the last
    /// gradient alone.
    NovoGrad, NovoGradOptions, each novo_grad {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.95, 0.0), eps: f64 = 1e-8, weight_decay: f64 = 0.0,
        grad_averaging: bool = false, amsgrad: bool = false,
    }

    /// PID (An et al., CVPR 2018): as [`extra::PID`], but that the second step takes its whole gradient for a change.
    PID, PIDOptions, each pid {
        lr: f64 = 1e-3, momentum: f64 = 0.0, dampening: f64 = 0.0, weight_decay: f64 = 0.0, integral: f64 = 5.0,
        derivative: f64 = 10.0,
    }

    /// Quasi-hyperbolic Adam (Ma and Yarats, 2018, <https://arxiv.org/abs/1810.06801>).
    QHAdam, QHAdamOptions, each qh_adam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), nus: (f64, f64) = (1.0, 1.0), weight_decay: f64 = 0.0,
        decouple_weight_decay: bool = false, eps: f64 = 1e-8,
    }

    /// Quasi-hyperbolic momentum (Ma and Yarats, 2018, <https://arxiv.org/abs/1810.06801>).
    QHM, QHMOptions, each qhm {
        lr: f64 = 1e-3, momentum: f64 = 0.0, nu: f64 = 0.7, weight_decay: f64 = 0.0,
        weight_decay_type: QHMDecay = QHMDecay::Grad,
    }

    /// SGDP (Heo et al., 2020, <https://arxiv.org/abs/2006.08217>).
    SGDP, SGDPOptions, each sgdp {
        lr: f64 = 1e-3, momentum: f64 = 0.0, dampening: f64 = 0.0, eps: f64 = 1e-8, weight_decay: f64 = 0.0,
        delta: f64 = 0.1, wd_ratio: f64 = 0.1, nesterov: bool = false,
    }

    /// SGDW as the package has it: its decay takes `lr weight_decay` off every element, whatever the element is.
    /// [`extra::SGDW`] is the one of the paper.
    SGDW, SGDWOptions, each sgdw {
        lr: f64 = 1e-3, momentum: f64 = 0.0, dampening: f64 = 0.0, weight_decay: f64 = 0.0, nesterov: bool = false,
    }

    /// SWATS (Keskar and Socher, 2017, <https://arxiv.org/abs/1712.07628>).
    SWATS, SWATSOptions, group swats {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), eps: f64 = 1e-3, weight_decay: f64 = 0.0,
        amsgrad: bool = false, nesterov: bool = false,
    }

    /// Yogi (Zaheer et al., NeurIPS 2018), with weight decay through the gradient.
    Yogi, YogiOptions, each yogi {
        lr: f64 = 1e-2, betas: (f64, f64) = (0.9, 0.999), eps: f64 = 1e-3, initial_accumulator: f64 = 1e-6,
        weight_decay: f64 = 0.0,
    }
}

/// The gradient with the share of the parameter that decay adds.
fn coupled(p: &Tensor, g: &Tensor, rate: f64) -> Result<Tensor> {
    if rate == 0.0 { Ok(g.clone()) } else { g.add(&p.mul(rate)?) }
}

fn a2grad_uni(o: &A2GradUniOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    a2grad((o.beta, o.lips, 0.0), A2GradVariant::Uniform, p, g, s)
}

fn a2grad_inc(o: &A2GradIncOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    a2grad((o.beta, o.lips, 0.0), A2GradVariant::Incremental, p, g, s)
}

fn a2grad_exp(o: &A2GradExpOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    a2grad((o.beta, o.lips, o.rho), A2GradVariant::Exponential, p, g, s)
}

/// As [`extra::A2Grad`], with steps counted from 0.
fn a2grad(
    (beta, lips, rho): (f64, f64, f64),
    variant: A2GradVariant,
    p: &mut Tensor,
    g: &Tensor,
    s: &mut State,
) -> Result<()> {
    let k = s.step as f64 - 1.0;
    s.slots(["avg_grad"], || g.clone_contiguous())?;
    s.slots(["x_k"], || p.clone_contiguous())?;
    let [mean] = s.slots(["avg_grad"], || g.zeros_like())?;
    mean.mul_(k)?.add_(g)?.div_(k + 1.0)?;
    let deviation = total(&g.sub(&*mean)?.square()?)?;
    let before = s.number("v_k", 0.0)?;
    let (v, h) = match variant {
        A2GradVariant::Uniform => (before + deviation, (before + deviation).sqrt()),
        A2GradVariant::Incremental => {
            let v = before * (k / (k + 1.0)).powi(2) + deviation;
            (v, v.sqrt())
        }
        A2GradVariant::Exponential => {
            let running = if k == 0.0 { deviation } else { rho * s.number("v_kk", 0.0)? + (1.0 - rho) * deviation };
            s.set_number("v_kk", running)?;
            let v = running.max(before);
            (v, ((k + 1.0) * v).sqrt())
        }
    };
    s.set_number("v_k", v)?;
    let (alpha, rate) = (2.0 / (k + 3.0), 1.0 / (2.0 * lips / (k + 1.0) + beta * h));
    let last = s.number("alpha_k", 1.0)?;
    s.set_number("alpha_k", alpha)?;
    let [x] = s.slots(["x_k"], || p.zeros_like())?;
    add(x, -rate, g)?;
    towards(p, alpha, x)?;
    add(p, -(1.0 - alpha) * last * rate, g)
}

fn acc_sgd(o: &AccSGDOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let AccSGDOptions { lr, kappa, xi, small_const: constant, weight_decay } = *o;
    extra::AccSGDOptions { lr, kappa, xi, constant, weight_decay, ..Default::default() }.update(p, g, s)
}

fn ada_belief(o: &AdaBeliefOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let t = s.step as f64;
    let mut g = g.clone();
    if o.weight_decouple {
        p.mul_(1.0 - o.weight_decay * if o.fixed_decay { 1.0 } else { o.lr })?;
    } else {
        g = coupled(p, &g, o.weight_decay)?;
    }
    let [m, v] = s.slots(["exp_avg", "exp_avg_var"], || g.zeros_like())?;
    average(m, o.betas.0, &g)?;
    average_square(v, o.betas.1, &g.sub(&*m)?)?;
    let m = m.clone();
    let second = if o.amsgrad {
        let v = v.clone();
        let [most] = s.slots(["max_exp_avg_var"], || g.zeros_like())?;
        most.maximum_(&v)?.add_(o.eps)?;
        most.clone()
    } else {
        v.add_(o.eps)?;
        v.clone()
    };
    let d = second.sqrt()?.div(debias(o.betas.1, t).sqrt())?.add(o.eps)?;
    let rate = o.lr / debias(o.betas.0, t);
    if !o.rectify {
        return add_quotient(p, -rate, &m, &d);
    }
    let longest = 2.0 / (1.0 - o.betas.1) - 1.0;
    let power = o.betas.1.powf(t);
    let length = longest - 2.0 * t * power / (1.0 - power);
    if length <= 4.0 {
        return add(p, -o.lr, &m);
    }
    let factor = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length);
    add_quotient(p, -rate * factor.sqrt(), &m, &d)
}

fn ada_bound(o: &AdaBoundOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let AdaBoundOptions { lr, betas, final_lr, gamma, eps, weight_decay, amsbound: ams_bound } = *o;
    let weight_decouple = false;
    let newer = extra::AdaBoundOptions {
        lr,
        final_lr,
        betas,
        gamma,
        weight_decay,
        weight_decouple,
        ams_bound,
        eps,
        ..Default::default()
    };
    newer.update(p, g, s)
}

fn ada_mod(o: &AdaModOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let AdaModOptions { lr, betas, beta3, eps, weight_decay } = *o;
    let betas = (betas.0, betas.1, beta3);
    extra::AdaModOptions { lr, betas, eps, weight_decay, ..Default::default() }.update(p, g, s)
}

fn adafactor(o: &AdafactorOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let t = s.step as f64;
    let mut lr = o.lr.unwrap_or(0.0);
    if o.relative_step {
        lr = (if o.warmup_init { 1e-6 * t } else { 0.01 }).min(1.0 / t.sqrt());
    }
    if o.scale_parameter {
        lr *= rms(p)?.max(o.eps2.1);
    }
    let beta2 = 1.0 - t.powf(o.decay_rate);
    let square = g.square()?.add(o.eps2.0)?;
    let inverse = if g.dim() >= 2 {
        let (rows, columns) = (square.mean_dim(-1, DROP)?, square.mean_dim(-2, DROP)?);
        let [r] = s.slots(["exp_avg_sq_row"], || rows.zeros_like())?;
        average(r, beta2, &rows)?;
        let r = r.clone();
        let [c] = s.slots(["exp_avg_sq_col"], || columns.zeros_like())?;
        average(c, beta2, &columns)?;
        extra::inverse_root(&r, c)?
    } else {
        let [v] = s.slots(["exp_avg_sq"], || square.zeros_like())?;
        average(v, beta2, &square)?;
        v.rsqrt()?
    };
    let update = inverse.mul(g)?;
    let mut update = update.mul(lr / (rms(&update)? / o.clip_threshold).max(1.0))?;
    if let Some(beta1) = o.beta1 {
        let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
        average(m, beta1, &update)?;
        update = m.clone();
    }
    p.mul_(1.0 - o.weight_decay * lr)?.sub_(&update).map(drop)
}

fn adam_p(o: &AdamPOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let (m, v) = moments(s, g, g, o.betas)?;
    let t = s.step as f64;
    let d = v.sqrt()?.div(debias(o.betas.1, t).sqrt())?.add(o.eps)?;
    let m = if o.nesterov { m.mul(o.betas.0)?.add(&g.mul(1.0 - o.betas.0)?)? } else { m };
    let (step, ratio) = extra::projected(p, g, m.div(&d)?, o.delta, o.wd_ratio, o.eps)?;
    p.mul_(1.0 - o.lr * o.weight_decay * ratio)?;
    add(p, -o.lr / debias(o.betas.0, t), &step)
}

fn agg_mo(o: &AggMoOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let AggMoOptions { lr, betas, weight_decay } = o.clone();
    extra::AggMoOptions { lr, betas, weight_decay, ..Default::default() }.update(p, g, s)
}

fn apollo(o: &ApolloOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let t = s.step as f64;
    let base = s.number("base_lr", o.lr)?;
    s.set_number("base_lr", base)?;
    let warming = s.step <= o.warmup as u64;
    let lr = if warming { (base - o.init_lr) * (t - 1.0) / o.warmup as f64 + o.init_lr } else { o.lr };
    let g = coupled(p, g, o.weight_decay)?;
    let alpha = (1.0 - o.beta) / debias(o.beta, t);
    let [mean, b, step] = s.slots(["exp_avg_grad", "approx_hessian", "update"], || g.zeros_like())?;
    let change = g.sub(&*mean)?;
    extra::apollo_curvature(mean, b, step, &change, alpha, o.eps)?;
    step.copy_(&mean.div(&b.abs()?.maximum(1.0)?)?)?;
    add(p, -lr, step)
}

fn diff_grad(o: &DiffGradOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let DiffGradOptions { lr, betas, eps, weight_decay } = *o;
    let weight_decouple = false;
    extra::DiffGradOptions { lr, betas, eps, weight_decay, weight_decouple, ..Default::default() }.update(p, g, s)
}

fn lars(o: &LARSOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = g.clone();
    let (weights, length) = (norm(p)?, norm(&g)?);
    if o.weight_decay != 0.0 && weights != 0.0 && length != 0.0 {
        let rate = weights / (length + weights * o.weight_decay + o.eps) * o.trust_coefficient;
        g = coupled(p, &g, o.weight_decay)?.mul(rate)?;
    }
    if o.momentum != 0.0 {
        let b = extra::buffer(s, &g, o.momentum, o.dampening)?;
        g = if o.nesterov { g.add(&b.mul(o.momentum)?)? } else { b };
    }
    add(p, -o.lr, &g)
}

fn lamb(o: &LambOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let (m, v) = moments(s, g, g, o.betas)?;
    let t = s.step as f64;
    let bias = if o.debias { debias(o.betas.1, t).sqrt() / debias(o.betas.0, t) } else { 1.0 };
    let step = coupled(p, &m.div(&v.sqrt()?.add(o.eps)?)?, o.weight_decay)?;
    let (weights, length) = (norm(p)?.min(o.clamp_value), norm(&step)?);
    let trust = if o.adam || weights == 0.0 || length == 0.0 { 1.0 } else { weights / length };
    add(p, -o.lr * bias * trust, &step)
}

fn madgrad(o: &MADGRADOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = coupled(p, g, o.weight_decay)?;
    extra::madgrad_step(p, &g, s, (o.lr + o.eps, o.momentum, o.eps), 0.0)
}

fn novo_grad(o: &NovoGradOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let square = total(&g.square()?)?;
    let before = s.number("exp_avg_sq", 0.0)?;
    let v = if before == 0.0 { square } else { o.betas.1 * before + (1.0 - o.betas.1) * square };
    s.set_number("exp_avg_sq", v)?;
    let mut second = v;
    if o.amsgrad {
        second = v.max(s.number("max_exp_avg_sq", 0.0)?);
        s.set_number("max_exp_avg_sq", second)?;
    }
    let mut g = coupled(p, &g.div(second.sqrt() + o.eps)?, o.weight_decay)?;
    if o.grad_averaging {
        g = g.mul(1.0 - o.betas.0)?;
    }
    let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
    m.mul_(o.betas.0)?.add_(&g)?;
    add(p, -o.lr, m)
}

fn pid(o: &PIDOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = coupled(p, g, o.weight_decay)?;
    if o.momentum != 0.0 {
        let first = s.step == 1;
        let [last, sum, change] = s.slots(["grad_buffer", "i_buffer", "d_buffer"], || g.zeros_like())?;
        sum.mul_(o.momentum)?.add_(&g.mul(if first { 1.0 } else { 1.0 - o.dampening })?)?;
        if !first {
            change.mul_(o.momentum)?.add_(&g.sub(&*last)?.mul(1.0 - o.momentum)?)?;
            last.copy_(&g)?;
        }
        g = g.add(&sum.mul(o.integral)?)?.add(&change.mul(o.derivative)?)?;
    }
    add(p, -o.lr, &g)
}

/// The gradient after either kind of decay.
fn decayed(p: &mut Tensor, g: &Tensor, lr: f64, rate: f64, decoupled: bool) -> Result<Tensor> {
    if !decoupled {
        return coupled(p, g, rate);
    }
    p.mul_(1.0 - lr * rate)?;
    Ok(g.clone())
}

fn qh_adam(o: &QHAdamOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = decayed(p, g, o.lr, o.weight_decay, o.decouple_weight_decay)?;
    extra::qh_adam_step(p, &g, s, (o.lr, o.betas, o.nus, o.eps))
}

fn qhm(o: &QHMOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = decayed(p, g, o.lr, o.weight_decay, o.weight_decay_type == QHMDecay::Direct)?;
    let [b] = s.slots(["momentum_buffer"], || g.zeros_like())?;
    average(b, o.momentum, &g)?;
    add(p, -o.lr * o.nu, b)?;
    add(p, -o.lr * (1.0 - o.nu), &g)
}

fn sgdp(o: &SGDPOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let SGDPOptions { lr, momentum, dampening, eps, weight_decay, delta, wd_ratio, nesterov } = *o;
    let newer = extra::SGDPOptions {
        lr,
        momentum,
        dampening,
        weight_decay,
        delta,
        wd_ratio,
        nesterov,
        eps,
        ..Default::default()
    };
    newer.update(p, g, s)
}

fn sgdw(o: &SGDWOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = g.clone();
    if o.momentum != 0.0 {
        let b = extra::buffer(s, &g, o.momentum, o.dampening)?;
        g = if o.nesterov { g.add(&b.mul(o.momentum)?)? } else { b };
    }
    add(p, -o.lr, &g)?;
    p.sub_(o.lr * o.weight_decay).map(drop)
}

fn swats(o: &SWATSOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let (beta1, beta2) = o.betas;
    for member in members {
        let sgd = shared.state.has("sgd_lr").then_some(shared.state.number("sgd_lr", o.lr)?);
        let found = member.update(|p, g, s| {
            let g = coupled(p, g, o.weight_decay)?;
            if let Some(lr) = sgd {
                let first = !s.has("momentum_buffer");
                let [b] = s.slots(["momentum_buffer"], || g.clone_contiguous())?;
                let ahead = if o.nesterov { beta1 } else { 0.0 };
                if first {
                    return add(p, -lr * (1.0 - beta1 + ahead), &g).map(|()| None);
                }
                // In the package the step is the buffer itself, which is scaled with it.
                b.mul_(beta1)?.add_(&g)?.mul_((1.0 - beta1) * (1.0 + ahead))?;
                return add(p, -lr, b).map(|()| None);
            }
            let (m, v) = moments(s, &g, &g, o.betas)?;
            let t = s.step as f64;
            let bias2 = debias(beta2, t);
            let d = largest(o.amsgrad, s, "max_exp_avg_sq", v)?.sqrt()?.add(o.eps)?;
            let step = m.div(&d)?.mul(-o.lr * bias2.sqrt() / debias(beta1, t))?;
            p.add_(&step)?;
            extra::swats_rate(s, &step, &g, (beta2, bias2), 1e-6)
        })?;
        if let Some(lr) = found {
            shared.state.set_number("sgd_lr", lr)?;
        }
    }
    Ok(())
}

fn yogi(o: &YogiOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = coupled(p, g, o.weight_decay)?;
    extra::yogi_step(p, &g, s, (o.lr, o.betas, o.eps), o.initial_accumulator)
}
