//! Without a schedule: schedule-free learning.
use crate::{
    Member, Shared, State,
    table::optimizers,
    words::{Decay, add, average_square, debias, largest, rectified, root, towards, turned},
};
use tensor_core::{Result, Tensor};

optimizers! {
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
