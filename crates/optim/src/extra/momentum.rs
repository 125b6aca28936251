//! Relatives of SGD: what momentum, its sign and its averages can do without a second moment.
use super::adam_like::go;
use crate::{
    Member, Shared, State,
    setting::choice,
    table::optimizers,
    words::{Decay, add, average, average_square, debias, decay, largest, norm, root, total, towards, turned},
};
use tensor_core::{KEEP, Result, Tensor};

choice! {
    /// How [`A2Grad`] sums up the deviations of the gradient.
    A2GradVariant {
        /// All alike.
        #[default]
        Uniform = "uni",
        /// Growing: old ones are scaled down.
        Incremental = "inc",
        /// A running mean, and the largest of it.
        Exponential = "exp",
    }
}

optimizers! {
    /// A2Grad (Deng et al., 2018, <https://arxiv.org/abs/1810.00553>): accelerated stochastic gradients whose step rests
    /// on the summed deviation of the gradient from its mean: `x -= g / (2 lips / (t + 1) + beta h_t)`. There is no
    /// learning rate.
    A2Grad, A2GradOptions, each a2grad {
        lr: Option<f64> = None, beta: f64 = 10.0, lips: f64 = 10.0, rho: f64 = 0.5,
        variant: A2GradVariant = A2GradVariant::Uniform, maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            // This beta is no decay.
            let rest: Vec<_> = self.settings().into_iter().filter(|(name, _)| *name != "beta").collect();
            crate::setting::check("A2Grad", &rest)?;
            crate::setting::none_negative("A2Grad", [("beta", self.beta), ("lips", self.lips)])
        }
    }

    /// AccSGD (Kidambi et al., 2018, <https://openreview.net/forum?id=rJTutzbA->): acceleration that helps with noise:
    /// a short step and a long one (`kappa` times), mixed.
    AccSGD, AccSGDOptions, each acc_sgd {
        lr: f64 = 1e-3, kappa: f64 = 1000.0, xi: f64 = 10.0, constant: f64 = 0.7, weight_decay: f64 = 0.0,
        maximize: bool = false,
    }

    /// Aggregated momentum (Lucas et al., 2018, <https://arxiv.org/abs/1804.00325>): the mean of steps with different
    /// momenta, `b_i = beta_i b_i + g; p -= lr mean(b_i)`.
    AggMo, AggMoOptions, each agg_mo {
        lr: f64 = 1e-3, betas: Vec<f64> = vec![0.0, 0.9, 0.99], weight_decay: f64 = 0.0, weight_decouple: bool = false,
        fixed_decay: bool = false, maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            crate::setting::check("AggMo", &self.settings())?;
            match self.betas.iter().find(|beta| !(0.0..1.0).contains(*beta)) {
                Some(beta) => Err(crate::setting::outside("AggMo", "betas", *beta, "at least 0 and below 1")),
                None => Ok(()),
            }
        }
        fn fits(&self, _name: &str, state: &[usize], p: &[usize]) -> bool {
            state == p
        }
    }

    /// Adaptive gradient descent (Malitsky and Mishchenko, 2019, <https://arxiv.org/abs/1910.09529>), which
    /// pytorch-optimizer calls ASGD: the rate follows the curvature met on the way. PyTorch's ASGD, which averages, is
    /// [`crate::ASGD`].
    ASGD, ASGDOptions, group asgd {
        lr: f64 = 1e-2, amplifier: f64 = 0.02, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, theta: f64 = 1.0, dampening: f64 = 1.0, eps: f64 = 1e-5, maximize: bool = false,
    }

    /// BCOS (Jiang and Xiao, 2025, <https://arxiv.org/abs/2507.21356>): momentum over the root of an estimate of its own
    /// second moment, in mode `c` without memory of its own.
    BCOS, BCOSOptions, each bcos {
        lr: f64 = 1e-3, beta: f64 = 0.9, beta2: Option<f64> = None, mode: BCOSMode = BCOSMode::Conditional,
        simple_cond: bool = false, weight_decay: f64 = 0.1, weight_decouple: bool = true, eps: f64 = 1e-6,
        maximize: bool = false,
    }

    /// FOCUS (Liu et al., 2025, <https://arxiv.org/abs/2501.12243>): the sign of the momentum, and of the way back to the
    /// running mean of the parameter.
    FOCUS, FOCUSOptions, each focus {
        lr: f64 = 1e-2, betas: (f64, f64) = (0.9, 0.999), gamma: f64 = 0.1, weight_decay: f64 = 0.0,
        maximize: bool = false,
    }

    /// PID (An et al., CVPR 2018): a controller: the gradient, its momentum as the integral, the momentum of its
    /// differences as the derivative.
    PID, PIDOptions, each pid {
        lr: f64 = 1e-3, momentum: f64 = 0.0, dampening: f64 = 0.0, derivative: f64 = 10.0, integral: f64 = 5.0,
        weight_decay: f64 = 0.0, weight_decouple: bool = false, fixed_decay: bool = false, maximize: bool = false,
    }

    /// Quasi-hyperbolic momentum (Ma and Yarats, 2018, <https://arxiv.org/abs/1810.06801>):
    /// `p -= lr (nu m + (1 - nu) g)`.
    QHM, QHMOptions, each qhm {
        lr: f64 = 1e-3, momentum: f64 = 0.0, nu: f64 = 1.0, weight_decay: f64 = 0.0, weight_decouple: bool = false,
        fixed_decay: bool = false, maximize: bool = false,
    }

    /// ROSE (2026, <https://github.com/MatthewK78/Rose>): stateless: the gradient over its range, row by row, and towards
    /// the mean range where rows differ much.
    ROSE, ROSEOptions, each rose {
        lr: f64 = 1e-3, weight_decay: f64 = 1e-4, weight_decouple: bool = false, fixed_decay: bool = false,
        centralize: bool = true, stabilize: bool = true, maximize: bool = false,
    }

    /// SGDSaI (Xu et al., 2024, <https://arxiv.org/abs/2412.11768>): momentum SGD with a rate for each layer from the
    /// signal-to-noise ratio of its first gradient.
    SGDSaI, SGDSaIOptions, each sgd_sai {
        lr: f64 = 1e-2, momentum: f64 = 0.9, weight_decay: f64 = 1e-2, weight_decouple: bool = true, eps: f64 = 1e-8,
        maximize: bool = false,
    }

    /// SGD with decoupled weight decay (Loshchilov and Hutter, 2017, <https://arxiv.org/abs/1711.05101>).
    SGDW, SGDWOptions, each sgdw {
        lr: f64 = 1e-4, momentum: f64 = 0.0, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        dampening: f64 = 0.0, nesterov: bool = false, maximize: bool = false,
    }

    /// Stochastic regularised majorisation-minimisation (Lyu, 2022, <https://arxiv.org/abs/2201.01652>): means of gradient
    /// and parameter with falling weights `(t mod memory_length + 1)^-beta`.
    SRMM, SRMMOptions, each srmm {
        lr: f64 = 1e-2, beta: f64 = 0.5, memory_length: Option<usize> = Some(100), maximize: bool = false,
    }

    /// SWATS (Keskar and Socher, 2017, <https://arxiv.org/abs/1712.07628>): Adam until the rate of SGD that would have
    /// made the same step has settled, then SGD with that rate.
    SWATS, SWATSOptions, group swats {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = false,
        fixed_decay: bool = false, ams_bound: bool = false, nesterov: bool = false, eps: f64 = 1e-6,
        maximize: bool = false,
    }
}

choice! {
    /// What [`BCOS`] divides, and by which second moment.
    BCOSMode {
        /// The gradient, by a running mean of its square.
        Gradient = "g",
        /// The momentum, by a running mean of its square.
        Momentum = "m",
        /// The momentum, by an estimate from the momentum of before.
        #[default]
        Conditional = "c",
    }
}

fn a2grad(o: &A2GradOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let t = s.step as f64;
    let (gamma, alpha) = (2.0 * o.lips / (t + 1.0), 2.0 / (t + 3.0));
    s.slots(["avg_grad"], || g.clone_contiguous())?;
    s.slots(["x_k"], || p.clone_contiguous())?;
    let [mean] = s.slots(["avg_grad"], || g.zeros_like())?;
    towards(mean, 1.0 / t, &g)?;
    let deviation = total(&g.sub(&*mean)?.square()?)?;
    let before = s.number("v_k", 0.0)?;
    let v = match o.variant {
        A2GradVariant::Uniform => before + deviation,
        A2GradVariant::Incremental => before * (t / (t + 1.0)).powi(2) + deviation,
        A2GradVariant::Exponential => {
            let running = s.number("v_kk", 0.0)? * o.rho + (1.0 - o.rho) * deviation;
            s.set_number("v_kk", running)?;
            running.max(before)
        }
    };
    s.set_number("v_k", v)?;
    let h = if o.variant == A2GradVariant::Uniform { v.sqrt() } else { v.sqrt() * (t + 1.0).sqrt() };
    let rate = 1.0 / (gamma + o.beta * h);
    let last = s.number("alpha_k", 1.0)?;
    s.set_number("alpha_k", alpha)?;
    let [x] = s.slots(["x_k"], || p.zeros_like())?;
    add(x, -rate, &g)?;
    towards(p, alpha, x)?;
    add(p, -(1.0 - alpha) * last * rate, &g)
}

fn acc_sgd(o: &AccSGDOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    s.slots(["momentum_buffer"], || p.clone_contiguous())?;
    Decay { rate: o.weight_decay, decouple: false, fixed: false }.apply(p, &mut g, o.lr)?;
    let long = o.lr * o.kappa / o.constant;
    let beta = o.xi * o.constant * o.constant / o.kappa;
    let zeta = o.constant / (o.constant + beta);
    let [b] = s.slots(["momentum_buffer"], || p.zeros_like())?;
    b.mul_(1.0 / beta - 1.0)?.sub_(&g.mul(long)?)?.add_(&*p)?.mul_(beta)?;
    add(p, -o.lr, &g)?;
    towards(p, 1.0 - zeta, b)
}

fn agg_mo(o: &AggMoOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    for (i, beta) in o.betas.iter().enumerate() {
        let b = s.slot(&format!("momentum_buffer.{i}"), || g.zeros_like())?;
        b.mul_(*beta)?.add_(&g)?;
        add(p, -o.lr / o.betas.len() as f64, b)?;
    }
    Ok(())
}

fn asgd(o: &ASGDOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let (mut p_square, mut g_square) = (0.0, 0.0);
    for member in &*members {
        p_square += total(&member.parameter.detach().square()?)?;
        g_square += total(&member.grad.detach().square()?)?;
    }
    let (p_norm, g_norm) = (p_square.sqrt(), g_square.sqrt());
    let state = &mut shared.state;
    let p_change = p_norm - state.number("prev_param_norm", p_norm)?;
    let g_change = g_norm - state.number("prev_grad_norm", g_norm)?;
    // The rate grows by itself, until somebody sets another one.
    let old = if state.number("set_lr", o.lr)? == o.lr { state.number("lr_now", o.lr)? } else { o.lr };
    let mut lr = old * (1.0 + o.amplifier * state.number("theta_now", o.theta)?).sqrt();
    if p_change > 0.0 && g_change > 0.0 {
        lr = lr.min(p_change / (o.dampening * g_change)) + o.eps;
    }
    for (name, value) in [
        ("prev_param_norm", p_norm),
        ("prev_grad_norm", g_norm),
        ("set_lr", o.lr),
        ("lr_now", lr),
        ("theta_now", if old == 0.0 { o.theta } else { lr / old }),
    ] {
        state.set_number(name, value)?;
    }
    for member in members {
        member.update(|p, g, _| {
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, lr)?;
            add(p, -lr, &g)
        })?;
    }
    Ok(())
}

fn bcos(o: &BCOSOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let (with_m, with_v) = (o.mode != BCOSMode::Gradient, o.mode != BCOSMode::Conditional);
    if with_m {
        s.slots(["m"], || g.clone_contiguous())?;
    }
    if with_v {
        s.slots(["v"], || g.square())?;
    }
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    let mut d = g.clone();
    if with_m {
        let [m] = s.slots(["m"], || g.zeros_like())?;
        average(m, o.beta, &g)?;
        d = m.clone();
    }
    let v = if with_v {
        let [v] = s.slots(["v"], || g.zeros_like())?;
        average_square(v, o.beta2.unwrap_or(o.beta), &d)?;
        v.clone()
    } else if o.simple_cond {
        let beta = o.beta2.unwrap_or(1.0 - (1.0 - o.beta).powi(2));
        d.square()?.mul(beta)?.add(&g.square()?.mul(1.0 - beta)?)?
    } else {
        let (b, rest) = (o.beta, (1.0 - o.beta).powi(2));
        let squares = d.square()?.mul(3.0 * b * b - 2.0 * b.powi(3))?.add(&g.square()?.mul(rest)?)?;
        squares.add(&d.mul(&g)?.mul(2.0 * b * rest)?)?
    };
    go(p, o.lr, &d, &v.sqrt()?.add(o.eps)?)
}

fn focus(o: &FOCUSOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let bias = debias(o.betas.1, s.step as f64);
    let [m, mean] = s.slots(["exp_avg", "pbar"], || g.zeros_like())?;
    average(m, o.betas.0, &g)?;
    average(mean, o.betas.1, p)?;
    let mean = mean.div(bias)?;
    if o.weight_decay > 0.0 {
        add(p, -o.lr * o.weight_decay, &mean)?;
    }
    let update = p.sub(&mean)?.sign()?.mul(o.gamma)?.add(&m.sign()?)?;
    add(p, -o.lr, &update)
}

fn pid(o: &PIDOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    if o.momentum > 0.0 {
        let first = s.step == 1;
        let [last, sum, change] = s.slots(["grad_buffer", "i_buffer", "d_buffer"], || g.zeros_like())?;
        sum.mul_(o.momentum)?.add_(&g.mul(1.0 - o.dampening)?)?;
        change.mul_(o.momentum)?;
        if !first {
            change.add_(&g.sub(&*last)?.mul(1.0 - o.momentum)?)?;
        }
        last.copy_(&g)?;
        g = g.add(&sum.mul(o.integral)?)?.add(&change.mul(o.derivative)?)?;
    }
    add(p, -o.lr, &g)
}

fn qhm(o: &QHMOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let [b] = s.slots(["momentum_buffer"], || g.zeros_like())?;
    average(b, o.momentum, &g)?;
    add(p, -o.lr * o.nu, b)?;
    add(p, -o.lr * (1.0 - o.nu), &g)
}

fn rose(o: &ROSEOptions, p: &mut Tensor, g: &Tensor, _: &mut State) -> Result<()> {
    // In 64 bits: ranges and means of ranges are small differences.
    let wide = tensor_core::DType::F64;
    let (mut g, mut q) = (turned!(o, g).to_dtype(wide)?, p.detach().to_dtype(wide)?.clone_contiguous()?);
    decay!(o).apply(&mut q, &mut g, o.lr)?;
    let not_zero = |d: &Tensor| d.masked_fill(&d.eq(0.0)?, 1.0);
    match g.dim() {
        0 => add(&mut q, -o.lr, &g.sign()?)?,
        1 if g.numel() == 0 => {}
        1 => go(&mut q, o.lr, &g, &not_zero(&g.amax()?.abs()?.sub(&g.amin()?)?)?)?,
        _ => {
            let inner = crate::words::inner_dims(&g);
            if o.centralize {
                g = g.sub(&g.mean_dim(&inner[..], KEEP)?)?;
            }
            let range = g.amax_dim(&inner[..], KEEP)?.abs()?.sub(&g.amin_dim(&inner[..], KEEP)?)?;
            let mut d = range.clone();
            if o.stabilize {
                let (deviation, mean) = (range.std(0.0)?, range.mean()?);
                let trust = mean.div(&not_zero(&deviation.add(&mean)?)?)?;
                d = mean.add(&range.sub(&mean)?.mul(&trust)?)?;
            }
            go(&mut q, o.lr, &g, &not_zero(&d)?)?;
        }
    }
    p.copy_(&q.to_dtype(p.dtype())?).map(drop)
}

fn sgd_sai(o: &SGDSaIOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    if !s.has("gsnr") {
        let deviation: f64 = if g.dim() > 1 && g.shape()[0] != 1 { g.std(1.0)?.item()? } else { 0.0 };
        let deviation = if deviation.is_nan() { 0.0 } else { deviation };
        let length = norm(g)?;
        s.set_number("gsnr", if deviation == 0.0 { length } else { length / (deviation + o.eps) })?;
    }
    let mut g = turned!(o, g);
    let ratio = s.number("gsnr", 1.0)?;
    let mut step = g.clone();
    if o.momentum > 0.0 {
        let [b] = s.slots(["momentum_buffer"], || g.zeros_like())?;
        average(b, o.momentum, &g)?;
        step = b.clone();
    }
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    add(p, -o.lr * ratio, &step)
}

fn sgdw(o: &SGDWOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    if o.momentum > 0.0 {
        let b = buffer(s, &g, o.momentum, o.dampening)?;
        g = if o.nesterov { g.add(&b.mul(o.momentum)?)? } else { b };
    }
    add(p, -o.lr, &g)
}

/// The momentum of SGD one step on; the first gradient enters whole.
pub(crate) fn buffer(s: &mut State, g: &Tensor, momentum: f64, dampening: f64) -> Result<Tensor> {
    let first = !s.has("momentum_buffer");
    let [b] = s.slots(["momentum_buffer"], || g.clone_contiguous())?;
    if !first {
        b.mul_(momentum)?.add_(&g.mul(1.0 - dampening)?)?;
    }
    Ok(b.clone())
}

fn srmm(o: &SRMMOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let length = o.memory_length.unwrap_or(1).max(1) as u64;
    let weight = ((s.step % length) as f64 + 1.0).powf(-o.beta);
    let [gradient, parameter] = s.slots(["mov_avg_grad", "mov_avg_param"], || g.zeros_like())?;
    towards(gradient, weight, &g)?;
    towards(parameter, weight, p)?;
    add(parameter, -o.lr, gradient)?;
    p.copy_(parameter).map(drop)
}

fn swats(o: &SWATSOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let t = shared.state.step as f64;
    let (bias1, bias2) = (debias(o.betas.0, t), debias(o.betas.1, t));
    let sgd = shared.state.has("sgd_lr").then_some(shared.state.number("sgd_lr", o.lr)?);
    let mut found = None;
    for member in members {
        let next = member.update(|p, g, s| {
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, sgd.unwrap_or(o.lr))?;
            if let Some(lr) = sgd {
                let [b] = s.slots(["momentum_buffer"], || g.zeros_like())?;
                b.mul_(o.betas.0)?.add_(&g)?;
                let part = 1.0 - o.betas.0 + if o.nesterov { o.betas.0 } else { 0.0 };
                add(p, -lr * part, b)?;
                return Ok(None);
            }
            let (m, v) = crate::words::moments(s, &g, &g, o.betas)?;
            let d = root(&largest(o.ams_bound, s, "max_exp_avg_sq", v)?, o.eps)?;
            let step = m.div(&d)?.mul(-o.lr * bias2.sqrt() / bias1)?;
            p.add_(&step)?;
            swats_rate(s, &step, &g, (o.betas.1, bias2), o.eps)
        })?;
        found = next.or(found);
    }
    match found {
        Some(lr) => shared.state.set_number("sgd_lr", lr),
        None => Ok(()),
    }
}

/// The rate with which SGD would have made this step, if it is the same as it was on average.
pub(crate) fn swats_rate(
    s: &mut State,
    step: &Tensor,
    g: &Tensor,
    (beta2, bias2): (f64, f64),
    rtol: f64,
) -> Result<Option<f64>> {
    let along = total(&step.mul(g)?)?;
    if along == 0.0 {
        return Ok(None);
    }
    let rate = total(&step.square()?)? / -along;
    let mean = beta2 * s.number("exp_avg2", 0.0)? + (1.0 - beta2) * rate;
    s.set_number("exp_avg2", mean)?;
    let mean = mean / bias2;
    Ok((s.step > 1 && mean > 0.0 && (mean - rate).abs() <= 1e-8 + rtol * rate.abs()).then_some(mean))
}
