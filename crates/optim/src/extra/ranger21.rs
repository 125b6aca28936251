//! Ranger21: eight ideas around AdamW in one optimizer.
use crate::{
    Member, Shared,
    table::optimizers,
    words::{Decay, add_quotient, average, average_square, centralized, debias, total, turned},
};
use tensor_core::{Error, KEEP, Result, Tensor};

optimizers! {
    /// Ranger21 (Wright and Demeure, 2021, <https://arxiv.org/abs/2106.13731>): AdamW with adaptive gradient clipping,
    /// centralised and normalised gradients, positive-negative momentum, softplus in place of `eps`, decay in units of the
    /// whole model's second moment, norms drawn to 1, a rate that warms up and cools down by itself, and Lookahead. As in
    /// pytorch_optimizer, which normalises gradients again before they enter the momentum.
    ///
    /// Set `num_iterations`, the steps of the whole training: the rate goes by it.
    Ranger21, Ranger21Options, group update {
        /// Steps of the whole training.
        num_iterations: usize = 10_000,
        lr: f64 = 1e-3,
        /// How much the older momentum counts against the newer one.
        beta0: f64 = 0.9,
        betas: (f64, f64) = (0.9, 0.999),
        /// Smooth the denominator by softplus.
        use_softplus: bool = true,
        beta_softplus: f64 = 50.0,
        /// Leave the rate alone, for a schedule of one's own.
        disable_lr_scheduler: bool = false,
        /// Steps of rising rate; `None` for `2 / (1 - beta2)`, or 22 % of a short training.
        num_warm_up_iterations: Option<usize> = None,
        /// Steps of falling rate at the end; `None` for 28 % of the training.
        num_warm_down_iterations: Option<usize> = None,
        /// Where the rate ends.
        warm_down_min_lr: f64 = 3e-5,
        /// How long a unit's gradient may be, in units of its weights.
        agc_clipping_value: f64 = 1e-2,
        agc_eps: f64 = 1e-3,
        centralize_gradients: bool = true, normalize_gradients: bool = true,
        /// How often Lookahead looks.
        lookahead_merge_time: usize = 5,
        lookahead_blending_alpha: f64 = 0.5,
        weight_decay: f64 = 1e-4, weight_decouple: bool = true, fixed_decay: bool = false,
        /// How strongly norms are drawn to 1.
        norm_loss_factor: f64 = 1e-4,
        eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn pooled(&self) -> bool {
            true
        }
        fn gather(&self, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
            gather(self, members, shared)
        }
        fn check(&self) -> Result<()> {
            crate::setting::check("Ranger21", &self.settings())?;
            if self.num_iterations == 0 {
                return Err(Error::new("Ranger21", "num_iterations is 0, and must be the steps of the whole training"));
            }
            Ok(())
        }
    }
}

impl Ranger21Options {
    /// The rate of step `t`, counted from 1.
    fn rate(&self, t: f64) -> f64 {
        if self.disable_lr_scheduler {
            return self.lr;
        }
        let all = self.num_iterations as f64;
        let warm_up = self.num_warm_up_iterations.map_or_else(
            || {
                let usual = (2.0 / (1.0 - self.betas.1)).ceil();
                if usual / all > 0.45 { (0.22 * all).floor() } else { usual }
            },
            |steps| steps as f64,
        );
        let down = self.num_warm_down_iterations.map_or_else(|| all - (0.72 * all).floor(), |steps| steps as f64);
        if t >= all - down {
            let part = (t + 1.0 - (all - down)).max(1.0) / (down + 1.0);
            return (self.lr - (self.lr - self.warm_down_min_lr) * part.min(1.0)).max(self.warm_down_min_lr);
        }
        if t <= warm_up { self.lr * (t / warm_up).min(1.0) } else { self.lr }
    }

    fn prepared(&self, g: &Tensor) -> Result<Tensor> {
        let mut g = g.clone();
        if self.centralize_gradients {
            g = centralized(&g)?;
        }
        if self.normalize_gradients && g.numel() > 2 {
            g = g.div(&g.std(1.0)?.add(1e-8)?)?;
        }
        Ok(g)
    }
}

/// The norm of every unit: of a vector as a whole, of a matrix or a kernel of one dimension along dimension 1, of larger
/// kernels along all dimensions but the first.
fn unit_norm(x: &Tensor) -> Result<Tensor> {
    match x.dim() {
        0 | 1 => x.norm(),
        2 | 3 => x.norm_dim(2.0, 1, KEEP),
        n => x.norm_dim(2.0, &(1..n as isize).collect::<Vec<_>>()[..], KEEP),
    }
}

/// Clips, centralises and normalises; adds up how many parameters there are, and their second moments.
fn gather(o: &Ranger21Options, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let t = shared.state.step as f64;
    let sums = shared.sums([0.0, 1.0]);
    for member in members {
        let clipped = member.update(|p, g, s| {
            let g = turned!(o, g);
            let (most, length) = (unit_norm(p)?.maximum(o.agc_eps)?.mul(o.agc_clipping_value)?, unit_norm(&g)?);
            let length = length.maximum(1e-6)?;
            let g = length.gt(&most)?.where_(&g.mul(&most.div(&length)?)?, &g)?;
            let g = o.prepared(&g)?;
            let [v] = s.slots(["variance_ma"], || g.zeros_like())?;
            average_square(v, o.betas.1, &g)?;
            sums[0] += g.numel() as f64;
            sums[1] += total(v)? / debias(o.betas.1, t);
            Ok(g)
        })?;
        member.grad = clipped;
    }
    Ok(())
}

fn update(o: &Ranger21Options, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let t = shared.state.step as f64;
    let usual = match shared.sums[..] {
        [count, sum] if count > 0.0 => (sum / count).sqrt(),
        _ => return Ok(()),
    };
    let lr = o.rate(t);
    let (bias1, bias2) = (debias(o.betas.0, t), debias(o.betas.1, t).sqrt());
    let noise = ((1.0 + o.beta0).powi(2) + o.beta0 * o.beta0).sqrt();
    // The two momenta take turns.
    let names = if shared.state.step % 2 == 1 { ["grad_ma", "neg_grad_ma"] } else { ["neg_grad_ma", "grad_ma"] };
    let looks = shared.state.step.is_multiple_of(o.lookahead_merge_time.max(1) as u64);
    for member in members {
        member.update(|p, g, s| {
            s.slots(["lookahead_params"], || p.clone_contiguous())?;
            let decay = Decay { rate: o.weight_decay / usual, decouple: o.weight_decouple, fixed: o.fixed_decay };
            decay.shrink(p, lr)?;
            let pull = unit_norm(p)?.add(o.eps)?.reciprocal()?.neg()?.add(1.0)?.mul(2.0 * o.norm_loss_factor * lr)?;
            p.mul_(&pull.neg()?.add(1.0)?)?;

            let [v, most] = s.slots(["variance_ma", "max_variance_ma"], || g.zeros_like())?;
            most.maximum_(&*v)?;
            let mut d = most.sqrt()?.div(bias2)?.add(o.eps)?;
            if o.use_softplus {
                d = d.softplus(o.beta_softplus, 20.0)?;
            }
            let [new, old] = s.slots(names, || g.zeros_like())?;
            average(new, o.betas.0 * o.betas.0, &o.prepared(g)?)?;
            let m = new.mul(1.0 + o.beta0)?.sub(&old.mul(o.beta0)?)?.div(noise)?;
            add_quotient(p, -lr / bias1, &m, &d)?;
            if looks {
                let [slow] = s.slots(["lookahead_params"], || p.zeros_like())?;
                let way = slow.sub(&*p)?.mul(1.0 - o.lookahead_blending_alpha)?;
                p.add_(&way)?;
                slow.copy_(p)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}
