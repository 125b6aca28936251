//! Without a learning rate to tune, or without a schedule: D-Adaptation, Prodigy, schedule-free learning.
//!
//! The distance to the solution is estimated for each group of parameters by itself.
use super::adam_like::go;
use crate::{
    Member, Shared, State,
    table::optimizers,
    words::{
        Decay, add, average, average_square, debias, decay, dot, largest, rectified, root, total, towards, turned,
    },
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// Adagrad by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>). Leave `lr` at 1.
    DAdaptAdaGrad, DAdaptAdaGradOptions, group d_adapt_adagrad {
        lr: f64 = 1.0, momentum: f64 = 0.0, d0: f64 = 1e-6, growth_rate: f64 = f64::INFINITY, weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, eps: f64 = 0.0, maximize: bool = false,
    }

    /// Adam by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>): the rate is
    /// `d = max(d, sum(lr d <g, s>) / |s|_1)`, an estimate of the distance to the solution from below. Leave `lr` at 1.
    DAdaptAdam, DAdaptAdamOptions, group d_adapt_adam {
        lr: f64 = 1.0, betas: (f64, f64) = (0.9, 0.999), d0: f64 = 1e-6, growth_rate: f64 = f64::INFINITY,
        weight_decay: f64 = 0.0, weight_decouple: bool = false, fixed_decay: bool = false, bias_correction: bool = false,
        eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Adan by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>). Leave `lr` at 1.
    DAdaptAdan, DAdaptAdanOptions, group d_adapt_adan {
        lr: f64 = 1.0, betas: (f64, f64, f64) = (0.98, 0.92, 0.99), weight_decay: f64 = 0.0,
        weight_decouple: bool = false, d0: f64 = 1e-6, growth_rate: f64 = f64::INFINITY, eps: f64 = 1e-8,
        maximize: bool = false,
    }

    /// Lion by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>). Leave `lr` at 1.
    DAdaptLion, DAdaptLionOptions, group d_adapt_lion {
        lr: f64 = 1.0, betas: (f64, f64) = (0.9, 0.999), d0: f64 = 1e-6, weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, maximize: bool = false,
    }

    /// SGD by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>). Leave `lr` at 1.
    DAdaptSGD, DAdaptSGDOptions, group d_adapt_sgd {
        lr: f64 = 1.0, momentum: f64 = 0.9, d0: f64 = 1e-6, growth_rate: f64 = f64::INFINITY, weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, maximize: bool = false,
    }

    /// Prodigy (Mishchenko and Defazio, 2023, <https://arxiv.org/abs/2306.06101>): Adam with the rate
    /// `d = max(d, sum(d lr <g, x0 - x>) / |s|_1)`, which finds the distance to the solution faster than D-Adaptation.
    /// Leave `lr` at 1, or let a schedule bring it down from there.
    ///
    /// ```
    /// use optim::{Optimizer, extra::Prodigy};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
    /// let mut optimizer = Prodigy::new([w.tied()], 1.0)?;
    /// w.set_grad(Some(Tensor::ones([2])?));
    /// optimizer.step()?;
    /// # Ok(()) }
    /// ```
    Prodigy, ProdigyOptions, group prodigy {
        lr: f64 = 1.0, betas: (f64, f64) = (0.9, 0.999), beta3: Option<f64> = None, d0: f64 = 1e-6, d_coef: f64 = 1.0,
        growth_rate: f64 = f64::INFINITY, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, bias_correction: bool = false, safeguard_warmup: bool = false,
        eps: Option<f64> = Some(1e-8), maximize: bool = false,
    }

    /// Schedule-free AdamW (Defazio et al., 2024, <https://arxiv.org/abs/2405.15682>): instead of a falling rate, the
    /// parameters in use are a running mean of the iterates. Call [`crate::Optimizer::eval`] before validation and
    /// [`crate::Optimizer::train`] before going on.
    ///
    /// ```
    /// use optim::{Optimizer, extra::ScheduleFreeAdamW};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
    /// let mut optimizer = ScheduleFreeAdamW::new([w.tied()], 1e-2)?;
    /// w.set_grad(Some(Tensor::ones([2])?));
    /// optimizer.step()?;
    /// optimizer.eval()?; // validate, or save the model
    /// optimizer.train()?;
    /// # Ok(()) }
    /// ```
    ScheduleFreeAdamW, ScheduleFreeAdamWOptions, group schedule_free_adamw {
        lr: f64 = 2.5e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, r: f64 = 0.0,
        weight_lr_power: f64 = 2.0, warmup_steps: usize = 0, decoupling_c: f64 = 0.0, ams_bound: bool = false,
        eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn turn(&self, train: bool, p: &mut Tensor, state: &mut State) -> Result<()> {
            turn(self.betas.0, train, p, state)
        }
    }

    /// Schedule-free RAdam (Defazio et al., 2024, <https://arxiv.org/abs/2405.15682>): with RAdam's own warm-up.
    ScheduleFreeRAdam, ScheduleFreeRAdamOptions, group schedule_free_radam {
        lr: f64 = 2.5e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, r: f64 = 0.0,
        weight_lr_power: f64 = 2.0, silent_sgd_phase: bool = true, eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn turn(&self, train: bool, p: &mut Tensor, state: &mut State) -> Result<()> {
            turn(self.betas.0, train, p, state)
        }
    }

    /// Schedule-free SGD (Defazio et al., 2024, <https://arxiv.org/abs/2405.15682>).
    ScheduleFreeSGD, ScheduleFreeSGDOptions, group schedule_free_sgd {
        lr: f64 = 1.0, momentum: f64 = 0.9, weight_decay: f64 = 0.0, r: f64 = 0.0, weight_lr_power: f64 = 2.0,
        warmup_steps: usize = 0, eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn turn(&self, train: bool, p: &mut Tensor, state: &mut State) -> Result<()> {
            turn(self.momentum, train, p, state)
        }
    }
}

fn d_adapt_adagrad(o: &DAdaptAdaGradOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let state = &mut shared.state;
    let d = state.number("d", o.d0)?;
    let rate = d * o.lr;
    let (mut squares, mut weighted, mut length) = (0.0, 0.0, 0.0);
    for member in &mut *members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            s.slots(["x0"], || p.clone_contiguous())?;
            s.slots(["alpha_k"], || g.full_like(1e-6))?;
            decay!(o).apply(p, &mut g, o.lr)?;
            let [sum, alpha] = s.slots(["sk", "alpha_k"], || g.zeros_like())?;
            let measured = |x: &Tensor, alpha: &Tensor| total(&x.square()?.div(&alpha.sqrt()?.add(o.eps)?)?);
            weighted -= measured(sum, alpha)?;
            length -= total(&sum.abs()?)?;
            alpha.add_(&g.square()?)?;
            squares += measured(&g, alpha)?;
            add(sum, rate, &g)?;
            weighted += measured(sum, alpha)?;
            length += total(&sum.abs()?)?;
            Ok(())
        })?;
    }
    let weighted = state.number("sk_sq_weighted", 0.0)? + weighted;
    let squares = state.number("gsq_weighted", 0.0)? + rate * rate * squares;
    let length = state.number("sk_l1", 0.0)? + length;
    for (name, value) in [("sk_sq_weighted", weighted), ("gsq_weighted", squares), ("sk_l1", length)] {
        state.set_number(name, value)?;
    }
    if length == 0.0 {
        return Ok(());
    }
    if o.lr > 0.0 {
        state.set_number("d", d.max(((weighted - squares) / length).min(d * o.growth_rate)))?;
    }
    for member in members {
        member.update(|p, _, s| {
            let [sum, alpha, start] = s.slots(["sk", "alpha_k", "x0"], || p.zeros_like())?;
            let z = start.sub(&sum.div(&alpha.sqrt()?.add(o.eps)?)?)?;
            towards(p, 1.0 - o.momentum, &z)
        })?;
    }
    Ok(())
}

fn d_adapt_adam(o: &DAdaptAdamOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let state = &mut shared.state;
    let (t, d) = (state.step as f64, state.number("d", o.d0)?);
    let root2 = o.betas.1.sqrt();
    let bias = if o.bias_correction { debias(o.betas.1, t).sqrt() / debias(o.betas.0, t) } else { 1.0 };
    let rate = d * o.lr * bias;
    let (mut product, mut length) = (0.0, 0.0);
    for member in &mut *members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            if !o.weight_decouple {
                decay!(o).apply(p, &mut g, rate)?;
            }
            let [m, v, sum] = s.slots(["exp_avg", "exp_avg_sq", "s"], || g.zeros_like())?;
            product += rate * dot(&g, &sum.div(&v.sqrt()?.add(o.eps)?)?)?;
            m.mul_(o.betas.0)?.add_(&g.mul(rate * (1.0 - o.betas.0))?)?;
            average_square(v, o.betas.1, &g)?;
            sum.mul_(root2)?.add_(&g.mul(rate * (1.0 - root2))?)?;
            length += total(&sum.abs()?)?;
            Ok(())
        })?;
    }
    if length == 0.0 {
        return Ok(());
    }
    let weighted = root2 * state.number("numerator_weighted", 0.0)? + (1.0 - root2) * product;
    state.set_number("numerator_weighted", weighted)?;
    if o.lr > 0.0 {
        state.set_number("d", d.max((weighted / ((1.0 - root2) * length)).min(d * o.growth_rate)))?;
    }
    for member in members {
        member.update(|p, _, s| {
            decay!(o).shrink(p, rate)?;
            let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || p.zeros_like())?;
            go(p, 1.0, m, &v.sqrt()?.add(o.eps)?)
        })?;
    }
    Ok(())
}

fn d_adapt_adan(o: &DAdaptAdanOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let state = &mut shared.state;
    let (beta1, beta2, beta3) = o.betas;
    let d = state.number("d", o.d0)?;
    let rate = d * o.lr;
    let (mut squares, mut weighted, mut length) = (0.0, 0.0, 0.0);
    for member in &mut *members {
        member.update(|_, g, s| {
            let g = turned!(o, g);
            s.slots(["previous_grad"], || g.neg())?;
            let names = ["exp_avg", "exp_avg_sq", "exp_avg_diff", "s", "previous_grad"];
            let [m, v, diff, sum, previous] = s.slots(names, || g.zeros_like())?;
            let change = previous.add(&g)?;
            m.mul_(beta1)?.add_(&g.mul(rate * (1.0 - beta1))?)?;
            diff.mul_(beta2)?.add_(&change.mul(rate * (1.0 - beta2))?)?;
            average(v, beta3, &change.mul(beta2)?.add(&g)?.square()?.square()?)?;
            let denominator = v.sqrt()?.add(o.eps)?;
            squares += total(&g.square()?.div(&denominator)?)?;
            sum.mul_(beta3)?.add_(&g.mul(rate * (1.0 - beta3))?)?;
            weighted += total(&sum.square()?.div(&denominator)?)?;
            length += total(&sum.abs()?)?;
            previous.copy_(&g.neg()?).map(drop)
        })?;
    }
    if length == 0.0 {
        return Ok(());
    }
    let mean = beta3 * state.number("gsq_weighted", 0.0)? + rate * rate * (1.0 - beta3) * squares;
    state.set_number("gsq_weighted", mean)?;
    if o.lr > 0.0 {
        state.set_number("d", d.max(((weighted / (1.0 - beta3) - mean) / length).min(d * o.growth_rate)))?;
    }
    for member in members {
        member.update(|p, _, s| {
            let [m, v, diff] = s.slots(["exp_avg", "exp_avg_sq", "exp_avg_diff"], || p.zeros_like())?;
            let denominator = v.sqrt()?.add(o.eps)?;
            if o.weight_decouple {
                p.mul_(1.0 - rate * o.weight_decay)?;
            }
            go(p, 1.0, m, &denominator)?;
            go(p, beta2, diff, &denominator)?;
            if !o.weight_decouple {
                p.div_(1.0 + rate * o.weight_decay)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn d_adapt_lion(o: &DAdaptLionOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let state = &mut shared.state;
    let d = state.number("d", o.d0)?;
    let (rate, root2) = (d * o.lr, o.betas.1.sqrt());
    let (mut product, mut length) = (0.0, 0.0);
    for member in members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, rate)?;
            let [m, sum] = s.slots(["exp_avg", "s"], || g.zeros_like())?;
            let update = m.mul(o.betas.0)?.add(&g.mul(1.0 - o.betas.0)?)?.sign()?;
            add(p, -rate, &update)?;
            m.mul_(o.betas.1)?.add_(&g.mul((1.0 - o.betas.1) * rate)?)?;
            product += rate * dot(&update, sum)?;
            sum.mul_(root2)?.add_(&update.mul((1.0 - root2) * rate)?)?;
            length += total(&sum.abs()?)?;
            Ok(())
        })?;
    }
    let weighted = root2 * state.number("numerator_weighted", 0.0)? + (1.0 - root2) * product;
    state.set_number("numerator_weighted", weighted)?;
    if length > 0.0 && o.lr > 0.0 {
        state.set_number("d", d.max(weighted / ((1.0 - root2) * length)))?;
    }
    Ok(())
}

fn d_adapt_sgd(o: &DAdaptSGDOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let state = &mut shared.state;
    let mut first = 0.0;
    if !state.has("g0_norm") {
        for member in &*members {
            first += total(&member.grad.detach().square()?)?;
        }
        state.set_number("g0_norm", first.sqrt())?;
    }
    let first = state.number("g0_norm", 0.0)?;
    if first == 0.0 {
        return Ok(());
    }
    let d = state.number("d", o.d0)?;
    let rate = d * o.lr / first;
    let (mut weighted, mut squares) = (state.number("numerator_weighted", 0.0)?, 0.0);
    for member in &mut *members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            s.slots(["x0"], || p.clone_contiguous())?;
            decay!(o).apply(p, &mut g, rate)?;
            let [sum] = s.slots(["s"], || g.zeros_like())?;
            weighted += rate * dot(&g, sum)?;
            add(sum, rate, &g)?;
            squares += total(&sum.square()?)?;
            Ok(())
        })?;
    }
    state.set_number("numerator_weighted", weighted)?;
    if o.lr > 0.0 {
        state.set_number("d", d.max((2.0 * weighted / squares.sqrt()).min(d * o.growth_rate)))?;
    }
    for member in members {
        member.update(|p, _, s| {
            let [start, sum] = s.slots(["x0", "s"], || p.zeros_like())?;
            let z = start.sub(&*sum)?;
            towards(p, 1.0 - o.momentum, &z)
        })?;
    }
    Ok(())
}

fn prodigy(o: &ProdigyOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let state = &mut shared.state;
    let t = state.step as f64;
    let (beta1, beta2) = o.betas;
    let beta3 = o.beta3.unwrap_or(beta2.sqrt());
    let d = state.number("d", o.d0)?;
    let bias = if o.bias_correction { debias(beta1, t) / debias(beta2, t).sqrt() } else { 1.0 };
    let rate = d * o.lr / bias;
    let mut numerator = beta3 * state.number("d_numerator", 0.0)?;
    let mut denominator = 0.0;
    for member in &mut *members {
        member.update(|p, g, s| {
            let g = turned!(o, g);
            s.slots(["p0"], || p.clone_contiguous())?;
            let [start, m, v, sum] = s.slots(["p0", "exp_avg", "exp_avg_sq", "s"], || g.zeros_like())?;
            numerator += d / o.d0 * rate * dot(&g, &start.sub(&*p)?)?;
            m.mul_(beta1)?.add_(&g.mul(d * (1.0 - beta1))?)?;
            v.mul_(beta2)?.add_(&g.square()?.mul(d * d * (1.0 - beta2))?)?;
            let weight = d / o.d0 * if o.safeguard_warmup { d } else { rate };
            sum.mul_(beta3)?.add_(&g.mul(weight)?)?;
            denominator += total(&sum.abs()?)?;
            Ok(())
        })?;
    }
    state.set_number("d_numerator", numerator)?;
    if denominator == 0.0 {
        return Ok(());
    }
    let estimate = o.d_coef * numerator / denominator;
    let now = if d == o.d0 { d.max(estimate) } else { d };
    let most = state.number("d_max", o.d0)?.max(estimate);
    let now = most.min(now * o.growth_rate);
    state.set_number("d_max", most)?;
    state.set_number("d", now)?;
    for member in members {
        member.update(|p, g, s| {
            let mut g = g.clone();
            decay!(o).apply(p, &mut g, rate)?;
            let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || p.zeros_like())?;
            match o.eps {
                Some(eps) => go(p, rate, m, &v.sqrt()?.add(now * eps)?),
                None => add(p, -rate, &m.atan2(&v.sqrt()?)?),
            }
        })?;
    }
    Ok(())
}

/// Between the point where gradients are taken and the mean in use: both lie on a line through `z`.
fn turn(beta: f64, train: bool, p: &mut Tensor, state: &mut State) -> Result<()> {
    match state.get("z").cloned() {
        Some(z) if beta > 0.0 => towards(p, if train { 1.0 - beta } else { 1.0 - 1.0 / beta }, &z),
        _ => Ok(()),
    }
}

/// The weight of this step's iterate in the mean, and its share of all weights so far.
fn share(shared: &mut Shared, lr: f64, r: f64, power: f64) -> Result<f64> {
    let state = &mut shared.state;
    let most = lr.max(state.number("lr_max", -1.0)?);
    let weight = (state.step as f64).powf(r) * most.powf(power);
    let sum = state.number("weight_sum", 0.0)? + weight;
    state.set_number("lr_max", most)?;
    state.set_number("weight_sum", sum)?;
    Ok(if sum == 0.0 { 0.0 } else { weight / sum })
}

/// `p` goes towards `z` and a part of a step, `z` a whole step.
fn schedule_free(p: &mut Tensor, z: &mut Tensor, g: &Tensor, lr: f64, share: f64, beta: f64) -> Result<()> {
    towards(p, share, z)?;
    add(p, lr * (beta * (1.0 - share) - 1.0), g)?;
    add(z, -lr, g)
}

fn warmed(lr: f64, step: u64, warmup: usize) -> f64 {
    if step < warmup as u64 { lr * step as f64 / warmup as f64 } else { lr }
}

fn schedule_free_sgd(o: &ScheduleFreeSGDOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let lr = warmed(o.lr, shared.state.step, o.warmup_steps);
    let share = share(shared, lr, o.r, o.weight_lr_power)?;
    for member in members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            s.slots(["z"], || p.clone_contiguous())?;
            Decay { rate: o.weight_decay, decouple: false, fixed: false }.apply(p, &mut g, lr)?;
            let [z] = s.slots(["z"], || p.zeros_like())?;
            schedule_free(p, z, &g, lr, share, o.momentum)
        })?;
    }
    Ok(())
}

fn schedule_free_adamw(o: &ScheduleFreeAdamWOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let lr = warmed(o.lr, shared.state.step, o.warmup_steps);
    let mut share = share(shared, lr, o.r, o.weight_lr_power)?;
    if o.decoupling_c > 0.0 {
        share = (share * (1.0 - o.betas.0) * o.decoupling_c).min(1.0);
    }
    let bias2 = debias(o.betas.1, shared.state.step as f64);
    for member in members {
        member.update(|p, g, s| {
            let g = turned!(o, g);
            s.slots(["z"], || p.clone_contiguous())?;
            let [v] = s.slots(["exp_avg_sq"], || g.zeros_like())?;
            average_square(v, o.betas.1, &g)?;
            let v = v.div(bias2)?;
            let mut g = g.div(&root(&largest(o.ams_bound, s, "max_exp_avg_sq", v)?, o.eps)?)?;
            Decay { rate: o.weight_decay, decouple: false, fixed: false }.apply(p, &mut g, lr)?;
            let [z] = s.slots(["z"], || p.zeros_like())?;
            schedule_free(p, z, &g, lr, share, o.betas.0)
        })?;
    }
    Ok(())
}

fn schedule_free_radam(o: &ScheduleFreeRAdamOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let t = shared.state.step as f64;
    let bias2 = debias(o.betas.1, t).sqrt();
    let (lr, length) = rectified(o.lr, o.betas.1, t, 4.0, false);
    let adaptive = length > 4.0;
    let lr = if lr < 0.0 {
        if o.silent_sgd_phase { 0.0 } else { 1.0 }
    } else if adaptive {
        lr / bias2
    } else {
        lr
    };
    let share = share(shared, lr, o.r, o.weight_lr_power)?;
    for member in members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            s.slots(["z"], || p.clone_contiguous())?;
            let [v] = s.slots(["exp_avg_sq"], || g.zeros_like())?;
            average_square(v, o.betas.1, &g)?;
            if adaptive {
                g = g.div(&v.sqrt()?.div(bias2)?.add(o.eps)?)?;
            }
            Decay { rate: o.weight_decay, decouple: false, fixed: false }.apply(p, &mut g, lr)?;
            let [z] = s.slots(["z"], || p.zeros_like())?;
            schedule_free(p, z, &g, lr, share, o.betas.0)
        })?;
    }
    Ok(())
}
