//! Without a learning rate to tune: D-Adaptation and Prodigy, which estimate the distance to the solution.
//!
//! The estimate is one for all groups of parameters, as in the package: the rate and the betas of the first group hold
//! for it, while weight decay and `eps` stay each group's own.
use super::adam_like::go;
use crate::{
    Member, Shared, State,
    table::optimizers,
    words::{add, average, average_square, debias, decay, dot, total, towards, turned},
};
use tensor_core::{Result, Tensor};

/// The two halves of a pooled step, and what is between them.
macro_rules! pooled {
    ($name:ident) => {
        fn pooled(&self) -> bool {
            true
        }
        fn gather(&self, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
            $name::gather(self, members, shared)
        }
        fn settle(&self, shared: &mut Shared) -> Result<()> {
            $name::settle(self, shared)
        }
    };
}

optimizers! {
    /// Adagrad by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>). Leave `lr` at 1.
    DAdaptAdaGrad, DAdaptAdaGradOptions, group adagrad::update {
        lr: f64 = 1.0, momentum: f64 = 0.0, d0: f64 = 1e-6, growth_rate: f64 = f64::INFINITY, weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, eps: f64 = 0.0, maximize: bool = false,
    } + { pooled!(adagrad); }

    /// Adam by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>): the rate is
    /// `d = max(d, sum(lr d <g, s>) / |s|_1)`, an estimate of the distance to the solution from below. Leave `lr` at 1.
    DAdaptAdam, DAdaptAdamOptions, group adam::update {
        lr: f64 = 1.0, betas: (f64, f64) = (0.9, 0.999), d0: f64 = 1e-6, growth_rate: f64 = f64::INFINITY,
        weight_decay: f64 = 0.0, weight_decouple: bool = false, fixed_decay: bool = false, bias_correction: bool = false,
        eps: f64 = 1e-8, maximize: bool = false,
    } + { pooled!(adam); }

    /// Adan by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>). Leave `lr` at 1.
    DAdaptAdan, DAdaptAdanOptions, group adan::update {
        lr: f64 = 1.0, betas: (f64, f64, f64) = (0.98, 0.92, 0.99), weight_decay: f64 = 0.0,
        weight_decouple: bool = false, d0: f64 = 1e-6, growth_rate: f64 = f64::INFINITY, eps: f64 = 1e-8,
        maximize: bool = false,
    } + {
        pooled!(adan);
        // Its second moment is of fourth powers, for which f16 is too narrow.
        fn widens(&self) -> bool {
            true
        }
    }

    /// Lion by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>). Leave `lr` at 1.
    DAdaptLion, DAdaptLionOptions, group lion::update {
        lr: f64 = 1.0, betas: (f64, f64) = (0.9, 0.999), d0: f64 = 1e-6, weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, maximize: bool = false,
    } + { pooled!(lion); }

    /// SGD by D-Adaptation (Defazio and Mishchenko, 2023, <https://arxiv.org/abs/2301.07733>). Leave `lr` at 1.
    DAdaptSGD, DAdaptSGDOptions, group sgd::update {
        lr: f64 = 1.0, momentum: f64 = 0.9, d0: f64 = 1e-6, growth_rate: f64 = f64::INFINITY, weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, maximize: bool = false,
    } + { pooled!(sgd); }

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
    Prodigy, ProdigyOptions, group prodigy::update {
        lr: f64 = 1.0, betas: (f64, f64) = (0.9, 0.999), beta3: Option<f64> = None, d0: f64 = 1e-6, d_coef: f64 = 1.0,
        growth_rate: f64 = f64::INFINITY, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, bias_correction: bool = false, safeguard_warmup: bool = false,
        eps: Option<f64> = Some(1e-8), maximize: bool = false,
    } + { pooled!(prodigy); }
}

/// The last of the numbers that a step adds up.
fn last<const N: usize>(sums: &[f64]) -> [f64; N] {
    sums.last_chunk().copied().unwrap_or([0.0; N])
}

mod adagrad {
    use super::*;

    pub(super) fn gather(o: &DAdaptAdaGradOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        let rate = shared.state.number("d", o.d0)? * o.lr;
        let sums = shared.sums([rate, 0.0, 0.0, 0.0]);
        let rate = sums[0];
        for member in members {
            member.update(|p, g, s| {
                let mut g = turned!(o, g);
                s.slots(["x0"], || p.clone_contiguous())?;
                s.slots(["alpha_k"], || g.full_like(1e-6))?;
                decay!(o).apply(p, &mut g, o.lr)?;
                let [sum, alpha] = s.slots(["sk", "alpha_k"], || g.zeros_like())?;
                let measured = |x: &Tensor, alpha: &Tensor| total(&x.square()?.div(&alpha.sqrt()?.add(o.eps)?)?);
                sums[2] -= measured(sum, alpha)?;
                sums[3] -= total(&sum.abs()?)?;
                alpha.add_(&g.square()?)?;
                sums[1] += measured(&g, alpha)?;
                add(sum, rate, &g)?;
                sums[2] += measured(sum, alpha)?;
                sums[3] += total(&sum.abs()?)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    pub(super) fn settle(o: &DAdaptAdaGradOptions, shared: &mut Shared) -> Result<()> {
        let [rate, squares, weighted, length] = last(&shared.sums);
        let state = &mut shared.state;
        let weighted = state.number("sk_sq_weighted", 0.0)? + weighted;
        let squares = state.number("gsq_weighted", 0.0)? + rate * rate * squares;
        let length = state.number("sk_l1", 0.0)? + length;
        for (name, value) in [("sk_sq_weighted", weighted), ("gsq_weighted", squares), ("sk_l1", length)] {
            state.set_number(name, value)?;
        }
        if length != 0.0 && o.lr > 0.0 {
            let d = state.number("d", o.d0)?;
            state.set_number("d", d.max(((weighted - squares) / length).min(d * o.growth_rate)))?;
        }
        Ok(())
    }

    pub(super) fn update(o: &DAdaptAdaGradOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        if shared.state.number("sk_l1", 0.0)? == 0.0 {
            return Ok(());
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
}

mod adam {
    use super::*;

    pub(super) fn gather(o: &DAdaptAdamOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        let t = shared.state.step as f64;
        let bias = if o.bias_correction { debias(o.betas.1, t).sqrt() / debias(o.betas.0, t) } else { 1.0 };
        let rate = shared.state.number("d", o.d0)? * o.lr * bias;
        let sums = shared.sums([o.betas.0, o.betas.1, rate, 0.0, 0.0]);
        let (beta1, beta2, rate) = (sums[0], sums[1], sums[2]);
        let root2 = beta2.sqrt();
        for member in members {
            member.update(|p, g, s| {
                let mut g = turned!(o, g);
                if !o.weight_decouple {
                    decay!(o).apply(p, &mut g, rate)?;
                }
                let [m, v, sum] = s.slots(["exp_avg", "exp_avg_sq", "s"], || g.zeros_like())?;
                sums[3] += rate * dot(&g, &sum.div(&v.sqrt()?.add(o.eps)?)?)?;
                m.mul_(beta1)?.add_(&g.mul(rate * (1.0 - beta1))?)?;
                average_square(v, beta2, &g)?;
                sum.mul_(root2)?.add_(&g.mul(rate * (1.0 - root2))?)?;
                sums[4] += total(&sum.abs()?)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    pub(super) fn settle(o: &DAdaptAdamOptions, shared: &mut Shared) -> Result<()> {
        let [product, length] = last(&shared.sums);
        if length == 0.0 {
            return Ok(());
        }
        let (state, root2) = (&mut shared.state, o.betas.1.sqrt());
        let weighted = root2 * state.number("numerator_weighted", 0.0)? + (1.0 - root2) * product;
        state.set_number("numerator_weighted", weighted)?;
        if o.lr > 0.0 {
            let d = state.number("d", o.d0)?;
            state.set_number("d", d.max((weighted / ((1.0 - root2) * length)).min(d * o.growth_rate)))?;
        }
        Ok(())
    }

    pub(super) fn update(o: &DAdaptAdamOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        let [rate, _, length] = last(&shared.sums);
        if length == 0.0 {
            return Ok(());
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
}

mod adan {
    use super::*;

    pub(super) fn gather(o: &DAdaptAdanOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        let rate = shared.state.number("d", o.d0)? * o.lr;
        let sums = shared.sums([o.betas.0, o.betas.1, o.betas.2, rate, 0.0, 0.0, 0.0]);
        let (beta1, beta2, beta3, rate) = (sums[0], sums[1], sums[2], sums[3]);
        for member in members {
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
                sums[4] += total(&g.square()?.div(&denominator)?)?;
                sum.mul_(beta3)?.add_(&g.mul(rate * (1.0 - beta3))?)?;
                sums[5] += total(&sum.square()?.div(&denominator)?)?;
                sums[6] += total(&sum.abs()?)?;
                previous.copy_(&g.neg()?).map(drop)
            })?;
        }
        Ok(())
    }

    pub(super) fn settle(o: &DAdaptAdanOptions, shared: &mut Shared) -> Result<()> {
        let [rate, squares, weighted, length] = last(&shared.sums);
        if length == 0.0 {
            return Ok(());
        }
        let (state, beta3) = (&mut shared.state, o.betas.2);
        let mean = beta3 * state.number("gsq_weighted", 0.0)? + rate * rate * (1.0 - beta3) * squares;
        state.set_number("gsq_weighted", mean)?;
        if o.lr > 0.0 {
            let d = state.number("d", o.d0)?;
            state.set_number("d", d.max(((weighted / (1.0 - beta3) - mean) / length).min(d * o.growth_rate)))?;
        }
        Ok(())
    }

    pub(super) fn update(o: &DAdaptAdanOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        let [beta2, _, rate, _, _, length] = last(&shared.sums);
        if length == 0.0 {
            return Ok(());
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
}

mod lion {
    use super::*;

    pub(super) fn gather(o: &DAdaptLionOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        let rate = shared.state.number("d", o.d0)? * o.lr;
        let sums = shared.sums([o.betas.0, o.betas.1, rate, 0.0, 0.0]);
        let (beta1, beta2, rate) = (sums[0], sums[1], sums[2]);
        let root2 = beta2.sqrt();
        for member in members {
            member.update(|p, g, s| {
                let mut g = turned!(o, g);
                decay!(o).apply(p, &mut g, rate)?;
                let [m, sum] = s.slots(["exp_avg", "s"], || g.zeros_like())?;
                let update = m.mul(beta1)?.add(&g.mul(1.0 - beta1)?)?.sign()?;
                add(p, -rate, &update)?;
                m.mul_(beta2)?.add_(&g.mul((1.0 - beta2) * rate)?)?;
                sums[3] += rate * dot(&update, sum)?;
                sum.mul_(root2)?.add_(&update.mul((1.0 - root2) * rate)?)?;
                sums[4] += total(&sum.abs()?)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    pub(super) fn settle(o: &DAdaptLionOptions, shared: &mut Shared) -> Result<()> {
        let [product, length] = last(&shared.sums);
        let (state, root2) = (&mut shared.state, o.betas.1.sqrt());
        let weighted = root2 * state.number("numerator_weighted", 0.0)? + (1.0 - root2) * product;
        state.set_number("numerator_weighted", weighted)?;
        if length > 0.0 && o.lr > 0.0 {
            let d = state.number("d", o.d0)?;
            state.set_number("d", d.max(weighted / ((1.0 - root2) * length)))?;
        }
        Ok(())
    }

    /// All is done in the first half: the step does not depend on the new estimate.
    pub(super) fn update(_: &DAdaptLionOptions, _: &mut [Member<'_>], _: &mut Shared) -> Result<()> {
        Ok(())
    }
}

mod sgd {
    use super::*;

    /// Steps are measured by the norm of the first gradients of all groups. In the first step it is not known yet: that
    /// one only adds it up, and does the rest in its second half; the estimate cannot change in it.
    pub(super) fn gather(o: &DAdaptSGDOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        if !shared.state.has("g0_norm") {
            let sums = shared.sums([0.0]);
            return members.iter().try_for_each(|m| total(&m.grad.detach().square()?).map(|square| sums[0] += square));
        }
        let rate = shared.state.number("d", o.d0)? * o.lr / shared.state.number("g0_norm", 1.0)?;
        let sums = shared.sums([rate, 0.0, 0.0]);
        for member in members {
            member.update(|p, g, s| {
                let (product, square) = walk(o, p, g, s, sums[0])?;
                sums[1] += sums[0] * product;
                sums[2] += square;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// `s += rate g`; the product of `g` and `s` of before, and the square of `s` of after.
    fn walk(o: &DAdaptSGDOptions, p: &mut Tensor, g: &Tensor, s: &mut State, rate: f64) -> Result<(f64, f64)> {
        let mut g = turned!(o, g);
        s.slots(["x0"], || p.clone_contiguous())?;
        decay!(o).apply(p, &mut g, rate)?;
        let [sum] = s.slots(["s"], || g.zeros_like())?;
        let product = dot(&g, sum)?;
        add(sum, rate, &g)?;
        Ok((product, total(&sum.square()?)?))
    }

    pub(super) fn settle(o: &DAdaptSGDOptions, shared: &mut Shared) -> Result<()> {
        let state = &mut shared.state;
        let d = state.number("d", o.d0)?;
        if let [square] = shared.sums[..] {
            if square > 0.0 {
                state.set_number("g0_norm", square.sqrt())?;
                shared.sums.push(d * o.lr / square.sqrt());
            }
            return Ok(());
        }
        let [_, product, squares] = last(&shared.sums);
        let weighted = state.number("numerator_weighted", 0.0)? + product;
        state.set_number("numerator_weighted", weighted)?;
        if o.lr > 0.0 && squares > 0.0 {
            state.set_number("d", d.max((2.0 * weighted / squares.sqrt()).min(d * o.growth_rate)))?;
        }
        Ok(())
    }

    pub(super) fn update(o: &DAdaptSGDOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        let first = match shared.sums[..] {
            [_, rate] => Some(rate),
            [_, _, _] => None,
            // All gradients were 0: there is nothing to measure by.
            _ => return Ok(()),
        };
        for member in members {
            member.update(|p, g, s| {
                if let Some(rate) = first {
                    walk(o, p, g, s, rate)?;
                }
                let [start, sum] = s.slots(["x0", "s"], || p.zeros_like())?;
                let z = start.sub(&*sum)?;
                towards(p, 1.0 - o.momentum, &z)
            })?;
        }
        Ok(())
    }
}

mod prodigy {
    use super::*;

    pub(super) fn gather(o: &ProdigyOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        let (t, (beta1, beta2)) = (shared.state.step as f64, o.betas);
        let bias = if o.bias_correction { debias(beta1, t) / debias(beta2, t).sqrt() } else { 1.0 };
        let d = shared.state.number("d", o.d0)?;
        let beta3 = o.beta3.unwrap_or(beta2.sqrt());
        let sums = shared.sums([beta1, beta2, beta3, o.d0, d, d * o.lr / bias, 0.0, 0.0]);
        let (beta1, beta2, beta3, d0, d, rate) = (sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]);
        for member in members {
            member.update(|p, g, s| {
                let g = turned!(o, g);
                s.slots(["p0"], || p.clone_contiguous())?;
                let [start, m, v, sum] = s.slots(["p0", "exp_avg", "exp_avg_sq", "s"], || g.zeros_like())?;
                sums[6] += d / d0 * rate * dot(&g, &start.sub(&*p)?)?;
                m.mul_(beta1)?.add_(&g.mul(d * (1.0 - beta1))?)?;
                v.mul_(beta2)?.add_(&g.square()?.mul(d * d * (1.0 - beta2))?)?;
                let weight = d / d0 * if o.safeguard_warmup { d } else { rate };
                sum.mul_(beta3)?.add_(&g.mul(weight)?)?;
                sums[7] += total(&sum.abs()?)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    pub(super) fn settle(o: &ProdigyOptions, shared: &mut Shared) -> Result<()> {
        let [beta3, d0, d, _, product, length] = last(&shared.sums);
        let state = &mut shared.state;
        let numerator = beta3 * state.number("d_numerator", 0.0)? + product;
        state.set_number("d_numerator", numerator)?;
        if length == 0.0 {
            return Ok(());
        }
        let estimate = o.d_coef * numerator / length;
        let now = if d == d0 { d.max(estimate) } else { d };
        let most = state.number("d_max", d0)?.max(estimate);
        state.set_number("d_max", most)?;
        state.set_number("d", most.min(now * o.growth_rate))
    }

    pub(super) fn update(o: &ProdigyOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        let [rate, _, length] = last(&shared.sums);
        if length == 0.0 {
            return Ok(());
        }
        let now = shared.state.number("d", o.d0)?;
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
}
