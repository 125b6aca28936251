//! Relatives of Adam that measure the second moment against something: the belief in the gradient, its norm, its past.
use super::adam_like::{Rate, biases, go};
use crate::{
    Member, Shared, State,
    table::optimizers,
    words::{
        add, average, average_square, centralized, debias, debias_beta, decay, largest, moments, norm, norm_kept, root,
        surprise, total, towards, turned,
    },
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// AdaBelief (Zhuang et al., 2020, <https://arxiv.org/abs/2010.07468>): the second moment is that of the surprise,
    /// `v = beta2 v + (1 - beta2) (g - m)^2 + eps`. In torch-optimizer the decay goes through the gradient and `eps` is
    /// larger.
    AdaBelief, AdaBeliefOptions, each ada_belief {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, rectify: bool = false, n_sma_threshold: f64 = 5.0, degenerated_to_sgd: bool = true,
        ams_bound: bool = false, eps: f64 = 1e-16, maximize: bool = false,
    }

    /// AdaNorm (Dubey et al., 2022, <https://arxiv.org/abs/2210.06364>): short gradients are lengthened to the running
    /// mean of their norms before they enter `m`.
    AdaNorm, AdaNormOptions, each ada_norm {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.99), r: f64 = 0.95, weight_decay: f64 = 0.0,
        weight_decouple: bool = true, fixed_decay: bool = false, ams_bound: bool = false, eps: f64 = 1e-8,
        maximize: bool = false,
    }

    /// Aida (Zhang, 2023, <https://arxiv.org/abs/2203.13273>): the second moment is that of the distance between momentum
    /// and gradient after `k` mutual projections.
    Aida, AidaOptions, each aida {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), k: usize = 2, xi: f64 = 1e-20, weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, rectify: bool = false, n_sma_threshold: f64 = 5.0,
        degenerated_to_sgd: bool = true, ams_bound: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// RAdam (Liu et al., 2019, <https://arxiv.org/abs/1908.03265>), as pytorch-optimizer has it: no step at all while the
    /// second moment rests on too few gradients, unless `degenerated_to_sgd`.
    RAdam, RAdamOptions, each r_adam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, n_sma_threshold: f64 = 5.0, degenerated_to_sgd: bool = false, eps: f64 = 1e-8,
        maximize: bool = false,
    }

    /// Ranger (Wright, 2019): RAdam, gradients with their mean taken off (<https://arxiv.org/abs/2004.01461>), and
    /// Lookahead every `k` steps: `slow += alpha (p - slow); p = slow`.
    Ranger, RangerOptions, each ranger {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.95, 0.999), alpha: f64 = 0.5, k: usize = 6, n_sma_threshold: f64 = 5.0,
        degenerated_to_sgd: bool = false, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, use_gc: bool = true, gc_conv_only: bool = false, eps: f64 = 1e-5,
        maximize: bool = false,
    }

    /// StableAdamW (Wortsman et al., 2023, <https://arxiv.org/abs/2304.13013>): AdamW whose rate is divided by the root
    /// mean square of `g / sqrt(v)` where that is above 1, as Adafactor's is. 16-bit parameters keep what rounding took
    /// (`kahan_sum`).
    StableAdamW, StableAdamWOptions, each stable_adamw {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.99), kahan_sum: bool = true, weight_decay: f64 = 1e-2,
        weight_decouple: bool = true, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// FAdam (Hwang, 2024, <https://arxiv.org/abs/2405.12807>): Adam as natural gradient: the momentum is taken of
    /// `g / fim^p`, and decay is measured by the same metric.
    FAdam, FAdamOptions, each f_adam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.1, clip: f64 = 1.0, p: f64 = 0.5,
        eps: f64 = 1e-8, maximize: bool = false, eps_2: f64 = 1e-2,
    }

    /// MSVAG (Balles and Hennig, 2018, <https://arxiv.org/abs/1705.07774>): momentum times
    /// `m^2 / (m^2 + rho s)`, with `s` the estimated variance of the gradient: the step shrinks where it is uncertain.
    MSVAG, MSVAGOptions, each msvag {
        lr: f64 = 1e-2, beta: f64 = 0.9, maximize: bool = false,
    }

    /// NovoGrad (Ginsburg et al., 2019, <https://arxiv.org/abs/1905.11286>): the second moment is one number a layer;
    /// `m = beta1 m + g / sqrt(v) + weight_decay p; p -= lr m`.
    NovoGrad, NovoGradOptions, each novo_grad {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.95, 0.98), weight_decay: f64 = 0.0, weight_decouple: bool = false,
        fixed_decay: bool = false, grad_averaging: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// AdamS (Xie et al., 2020, stable weight decay, <https://arxiv.org/abs/2011.11152>): decay divided by the root of
    /// the mean second moment over all parameters.
    AdamS, AdamSOptions, group adam_s {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 1e-4, weight_decouple: bool = true,
        fixed_decay: bool = false, ams_bound: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Adai (Xie et al., 2020, <https://arxiv.org/abs/2006.15815>): the rate is the same for all, the inertia is adaptive:
    /// `beta1 = 1 - beta0 (v̂ / mean(v̂))^(1 / (3 - 2 dampening))`.
    Adai, AdaiOptions, group adai {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.1, 0.99), weight_decay: f64 = 0.0, weight_decouple: bool = false,
        fixed_decay: bool = false, stable_weight_decay: bool = false, dampening: f64 = 1.0, use_gc: bool = false,
        eps: f64 = 1e-3, maximize: bool = false,
    } + {
        // `beta1` is as near to 1 as `1 - eps`, which is 1 in bf16, and then divides by 0.
        fn widens(&self) -> bool {
            true
        }
    }

    /// AvaGrad (Savarese et al., 2019, <https://arxiv.org/abs/1912.01823>): the second moment of before this gradient, and
    /// a rate in units of the harmonic mean of the denominators.
    AvaGrad, AvaGradOptions, group ava_grad {
        lr: f64 = 0.1, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, eps: f64 = 0.1, maximize: bool = false,
    }

    /// Adaptive gradient clipping by local history (AdaGC, Wang et al., 2025, <https://arxiv.org/abs/2502.11034>): each
    /// gradient's norm is held to `lambda_rel` times its running mean, after a warm-up of `warmup_steps`.
    AdaGC, AdaGCOptions, group ada_gc {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), beta: f64 = 0.98, lambda_abs: f64 = 1.0,
        lambda_rel: f64 = 1.05, warmup_steps: usize = 100, weight_decay: f64 = 0.1, weight_decouple: bool = true,
        fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Adan (Xie et al., 2022, <https://arxiv.org/abs/2208.06677>): Nesterov momentum from differences of gradients:
    /// `p -= lr (m̂ + beta2 d̂) / (sqrt(v̂) + eps)` with `d` the mean difference.
    Adan, AdanOptions, group adan {
        lr: f64 = 1e-3, betas: (f64, f64, f64) = (0.98, 0.92, 0.99), weight_decay: f64 = 0.0,
        weight_decouple: bool = false, max_grad_norm: f64 = 0.0, use_gc: bool = false, eps: f64 = 1e-8,
        maximize: bool = false,
    }
}

fn ada_belief(o: &AdaBeliefOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let [m, v] = s.slots(["exp_avg", "exp_avg_var"], || g.zeros_like())?;
    average(m, o.betas.0, &g)?;
    average_square(v, o.betas.1, &g.sub(&*m)?)?;
    v.add_(o.eps)?;
    let (m, v) = (m.clone(), v.clone());
    let d = largest(o.ams_bound, s, "max_exp_avg_var", v)?.sqrt()?;
    let rate = Rate::new(o.rectify, o.lr, o.betas, s.step, o.n_sma_threshold, o.degenerated_to_sgd);
    if !o.rectify {
        let (_, bias2) = biases(o.betas, s.step);
        return go(p, rate.size, &m, &d.div(bias2)?.add(o.eps)?);
    }
    if rate.adaptive { go(p, rate.size, &m, &d.add(o.eps)?) } else { rate.plain(p, &m) }
}

fn ada_norm(o: &AdaNormOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let kept = norm_kept(&g, s, o.r)?;
    let [m, v] = s.slots(["exp_avg", "exp_avg_var"], || g.zeros_like())?;
    average(m, o.betas.0, &kept)?;
    average_square(v, o.betas.1, &g)?;
    let (m, v) = (m.clone(), v.clone());
    let (bias1, bias2) = biases(o.betas, s.step);
    let d = root(&largest(o.ams_bound, s, "max_exp_avg_var", v)?, o.eps)?.div(bias2)?;
    go(p, o.lr / bias1, &m, &d)
}

fn aida(o: &AidaOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let [m, v] = s.slots(["exp_avg", "exp_avg_var"], || g.zeros_like())?;
    average(m, o.betas.0, &g)?;
    let (mut to_g, mut to_m) = (g.clone(), m.clone());
    for _ in 0..o.k {
        let product = to_g.mul(&to_m)?.sum()?;
        let share = |x: &Tensor| product.div(&x.square()?.sum()?.add(o.xi)?);
        (to_g, to_m) = (to_g.mul(&share(&to_g)?)?, to_m.mul(&share(&to_m)?)?);
    }
    average_square(v, o.betas.1, &to_m.sub(&to_g)?)?;
    v.add_(o.eps)?;
    let (m, v) = (m.clone(), v.clone());
    let d = root(&largest(o.ams_bound, s, "max_exp_avg_var", v)?, o.eps)?;
    let rate = Rate::new(o.rectify, o.lr, o.betas, s.step, o.n_sma_threshold, o.degenerated_to_sgd);
    let (_, bias2) = biases(o.betas, s.step);
    match (o.rectify, rate.adaptive) {
        (false, _) => go(p, rate.size, &m, &d.div(bias2)?),
        (true, true) => go(p, rate.size, &m, &d),
        (true, false) => rate.plain(p, &m),
    }
}

fn r_adam(o: &RAdamOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let rate = Rate::new(true, o.lr, o.betas, s.step, o.n_sma_threshold, o.degenerated_to_sgd);
    if rate.size > 0.0 || rate.adaptive {
        decay!(o).shrink(p, o.lr)?;
    }
    let (m, v) = moments(s, &g, &g, o.betas)?;
    if rate.adaptive { go(p, rate.size, &m, &v.sqrt()?.add(o.eps)?) } else { rate.plain(p, &m) }
}

/// Every `k` steps, the slow weights go towards the fast ones, and these start again from there.
pub(crate) fn look_ahead(p: &mut Tensor, s: &mut State, k: usize, alpha: f64) -> Result<()> {
    if k > 0 && s.step.is_multiple_of(k as u64) {
        let [slow] = s.slots(["slow_buffer"], || Ok(p.clone()))?;
        average(slow, 1.0 - alpha, p)?;
        p.copy_(slow)?;
    }
    Ok(())
}

fn ranger(o: &RangerOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    s.slots(["slow_buffer"], || p.clone_contiguous())?;
    if o.use_gc && (g.dim() > 3 || !o.gc_conv_only) {
        g = centralized(&g)?;
    }
    decay!(o).apply(p, &mut g, o.lr)?;
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let rate = Rate::new(true, o.lr, o.betas, s.step, o.n_sma_threshold, o.degenerated_to_sgd);
    if rate.adaptive {
        go(p, rate.size, &m, &v.sqrt()?.add(o.eps)?)?;
    } else {
        // As the package does, in whichever direction the sign of the rate says.
        add(p, -rate.size, &m)?;
    }
    look_ahead(p, s, o.k, o.alpha)
}

fn stable_adamw(o: &StableAdamWOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if !o.weight_decouple && o.weight_decay > 0.0 {
        g = g.add(&p.mul(o.weight_decay)?)?;
    }
    let t = s.step as f64;
    let betas = (debias_beta(o.betas.0, t), debias_beta(o.betas.1, t));
    let (m, v) = moments(s, &g, &g, betas)?;
    let lr = o.lr / surprise(&g, &v, o.eps * o.eps)?;
    if o.weight_decouple {
        p.mul_(1.0 - o.weight_decay * lr)?;
    }
    let step = m.div(&v.sqrt()?.add(o.eps)?)?.mul(-lr)?;
    if o.kahan_sum && matches!(p.dtype(), tensor_core::DType::F16 | tensor_core::DType::BF16) {
        let [lost] = s.slots(["kahan_comp"], || p.zeros_like())?;
        lost.add_(&step)?;
        let before = p.clone_contiguous()?;
        p.add_(&*lost)?;
        return lost.add_(&before.sub(&*p)?).map(drop);
    }
    p.add_(&step).map(drop)
}

fn f_adam(o: &FAdamOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let beta2 = debias_beta(o.betas.1, s.step as f64);
    let [m, fim] = s.slots(["momentum", "fim"], || g.zeros_like())?;
    average_square(fim, beta2, &g)?;
    let size = crate::words::rms(&g)?;
    let eps = if size > 0.0 && o.eps_2 * size < o.eps { o.eps_2 * size } else { o.eps };
    let metric = fim.pow(o.p)?.add(eps.powf(2.0 * o.p))?;
    let held = |x: &Tensor| -> Result<Tensor> {
        let x = x.div(&metric)?;
        x.div((crate::words::rms(&x)? / o.clip).max(1.0))
    };
    average(m, o.betas.0, &held(&g)?)?;
    let update = held(p)?.mul(o.weight_decay)?.add(&*m)?;
    add(p, -o.lr, &update)
}

fn msvag(o: &MSVAGOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let power = o.beta.powf(s.step as f64);
    let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    // In PyTorch's order of operations: at first `v` and `m^2` differ by their rounding errors only.
    towards(m, 1.0 - o.beta, &g)?;
    v.mul_(o.beta)?.add_(&g.mul(1.0 - o.beta)?.mul(&g)?)?;
    let (m, v) = (m.div(1.0 - power)?, v.div(1.0 - power)?);
    let rho = (1.0 - power * power) * (1.0 - o.beta).powi(2) / ((1.0 - o.beta * o.beta) * (1.0 - power).powi(2));
    let rho = rho.min(0.9999);
    let square = m.square()?;
    let variance = v.sub(&square)?.div(1.0 - rho)?;
    let factor = square.div(&variance.mul(rho)?.add(&square)?)?;
    let factor = factor.nan_to_num(0.0, None, None)?.maximum(0.0)?.minimum(1.0)?;
    add(p, -o.lr, &m.mul(&factor)?)
}

fn novo_grad(o: &NovoGradOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let first = !s.has("grads_ema");
    let square = total(&g.square()?)?;
    let v = if first { square } else { o.betas.1 * s.number("grads_ema", 0.0)? + (1.0 - o.betas.1) * square };
    s.set_number("grads_ema", v)?;
    let mut g = g.div(v.sqrt() + o.eps)?;
    decay!(o).apply(p, &mut g, o.lr)?;
    if o.grad_averaging && !first {
        g = g.mul(1.0 - o.betas.0)?;
    }
    let [m] = s.slots(["moments"], || g.zeros_like())?;
    m.mul_(o.betas.0)?.add_(&g)?;
    add(p, -o.lr, m)
}

fn adam_s(o: &AdamSOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let (bias1, bias2) = biases(o.betas, shared.state.step);
    let (mut sum, mut size) = (0.0, 0);
    for member in &mut *members {
        sum += member.update(|p, g, s| {
            let mut g = turned!(o, g);
            if !o.weight_decouple {
                decay!(o).apply(p, &mut g, o.lr)?;
            }
            let (_, v) = moments(s, &g, &g, o.betas)?;
            total(&largest(o.ams_bound, s, "max_exp_avg_sq", v)?)
        })?;
        size += member.parameter.numel();
    }
    let mean = (sum / (bias2 * bias2) / size.max(1) as f64).sqrt() + o.eps;
    for member in members {
        member.update(|p, _, s| {
            if o.weight_decouple {
                let rate = if o.fixed_decay { 1.0 } else { o.lr };
                p.mul_(1.0 - o.weight_decay * rate / mean)?;
            }
            let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || p.zeros_like())?;
            let (m, mut v) = (m.clone(), v.clone());
            if o.ams_bound {
                v = s.get("max_exp_avg_sq").cloned().unwrap_or(v);
            }
            go(p, o.lr / bias1, &m, &v.div(bias2 * bias2)?.sqrt()?.add(o.eps)?)
        })?;
    }
    Ok(())
}

fn adai(o: &AdaiOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let bias2 = debias(o.betas.1, shared.state.step as f64);
    let (mut sum, mut size) = (0.0, 0);
    let mut gradients = Vec::with_capacity(members.len());
    for member in &mut *members {
        let g = member.update(|p, g, s| {
            let mut g = turned!(o, g);
            if o.use_gc {
                g = centralized(&g)?;
            }
            if !o.stable_weight_decay {
                decay!(o).apply(p, &mut g, o.lr)?;
            }
            let [v] = s.slots(["exp_avg_sq"], || g.zeros_like())?;
            average_square(v, o.betas.1, &g)?;
            sum += total(v)? / bias2;
            Ok(g)
        })?;
        gradients.push(g);
        size += member.parameter.numel();
    }
    let mean = (sum / size.max(1) as f64).max(o.eps);
    for (member, mut g) in members.iter_mut().zip(gradients) {
        member.update(|p, _, s| {
            if o.stable_weight_decay {
                decay!(o).apply(p, &mut g, o.lr)?;
            }
            s.slots(["beta1_prod"], || g.ones_like())?;
            let [m, v, product] = s.slots(["exp_avg", "exp_avg_sq", "beta1_prod"], || g.zeros_like())?;
            let relative = v.div(bias2 * mean)?.pow(1.0 / (3.0 - 2.0 * o.dampening))?;
            let beta1 = relative.mul(-o.betas.0)?.add(1.0)?.maximum(0.0)?.minimum(1.0 - o.eps)?;
            let enter = beta1.neg()?.add(1.0)?.pow(o.dampening)?;
            product.mul_(&beta1)?;
            m.mul_(&beta1)?.add_(&enter.mul(&g)?)?;
            let m = m.div(&product.neg()?.add(1.0)?)?.mul(o.betas.0.powf(1.0 - o.dampening))?;
            add(p, -o.lr, &m)
        })?;
    }
    Ok(())
}

fn ava_grad(o: &AvaGradOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let step = shared.state.step;
    let (bias1, bias2) = biases(o.betas, step);
    let before = debias(o.betas.1, step as f64 - 1.0).sqrt();
    let rate = shared.state.number("gamma", 0.0)? * o.lr / bias1;
    let (mut sum, mut size) = (0.0, 0);
    for member in &mut *members {
        sum += member.update(|p, g, s| {
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, o.lr)?;
            let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
            average(m, o.betas.0, &g)?;
            let root = v.sqrt()?;
            if step > 1 {
                go(p, rate, m, &root.div(before)?.add(o.eps)?)?;
            }
            average_square(v, o.betas.1, &g)?;
            total(&root.div(bias2)?.add(o.eps)?.pow(-2.0)?)
        })?;
        size += member.parameter.numel();
    }
    shared.state.set_number("gamma", if size == 0 { 0.0 } else { 1.0 / (sum / size as f64).sqrt() })
}

fn ada_gc(o: &AdaGCOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let (bias1, bias2) = biases(o.betas, shared.state.step);
    let mut squares = 0.0;
    for member in &*members {
        squares += total(&member.grad.square()?)?;
    }
    let warmup = (o.lambda_abs / (squares.sqrt() + o.eps)).min(1.0);
    let warming = shared.state.step < o.warmup_steps as u64;
    for member in members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, o.lr)?;
            if !s.has("gamma") || warming {
                g = g.mul(warmup)?;
                let length = norm(&g)?;
                let gamma = s.number("gamma", length)?;
                s.set_number("gamma", gamma.min(length))?;
            } else {
                let gamma = s.number("gamma", 0.0)?;
                g = g.mul((o.lambda_rel * gamma.max(o.eps) / norm(&g)?.max(o.eps)).min(1.0))?;
                s.set_number("gamma", o.beta * gamma + (1.0 - o.beta) * norm(&g)?)?;
            }
            let (m, v) = moments(s, &g, &g, o.betas)?;
            go(p, o.lr / bias1, &m, &v.sqrt()?.div(bias2)?.add(o.eps)?)
        })?;
    }
    Ok(())
}

/// By what all gradients are multiplied so that their common norm is at most `most`; 0 for no bound.
pub(super) fn clip(members: &[Member<'_>], most: f64, eps: f64) -> Result<f64> {
    if most == 0.0 {
        return Ok(1.0);
    }
    let mut squares = 0.0;
    for member in members {
        squares += total(&member.grad.square()?)?;
    }
    Ok((most / (squares.sqrt() + eps)).min(1.0))
}

fn adan(o: &AdanOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let (beta1, beta2, beta3) = o.betas;
    let t = shared.state.step as f64;
    let clip = clip(members, o.max_grad_norm, o.eps)?;
    let (rate, diff_rate) = (o.lr / debias(beta1, t), o.lr * beta2 / debias(beta2, t));
    for member in members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g).mul(clip)?;
            if o.use_gc {
                g = centralized(&g)?;
            }
            s.slots(["previous_grad"], || g.neg())?;
            let names = ["exp_avg", "exp_avg_sq", "exp_avg_diff", "previous_grad"];
            let [m, v, diff, previous] = s.slots(names, || g.zeros_like())?;
            let change = previous.add(&g)?;
            average(m, beta1, &g)?;
            average(diff, beta2, &change)?;
            average_square(v, beta3, &change.mul(beta2)?.add(&g)?)?;
            previous.copy_(&g.neg()?)?;
            let d = v.sqrt()?.div(debias(beta3, t).sqrt())?.add(o.eps)?;
            if o.weight_decouple {
                p.mul_(1.0 - o.lr * o.weight_decay)?;
            }
            go(p, rate, m, &d)?;
            go(p, diff_rate, diff, &d)?;
            if !o.weight_decouple {
                p.div_(1.0 + o.lr * o.weight_decay)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}
