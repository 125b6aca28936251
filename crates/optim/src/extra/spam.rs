//! SPAM: Adam that forgets its momentum now and then, and cuts spikes of the gradient.
use super::adam_like::{biases, go};
use crate::{
    State, setting,
    table::optimizers,
    words::{debias, moments, norm, turned},
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// SPAM (Huang et al., 2025, <https://arxiv.org/abs/2501.06842>): Adam whose momentum is reset every `update_proj_gap`
    /// steps and warmed up again, and whose gradients are cut where their square is above `threshold` times the second
    /// moment. With a `density` below 1, only that share of a matrix is trained, drawn anew at every reset.
    SPAM, SPAMOptions, each spam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999),
        /// Share of a matrix that is trained.
        density: f64 = 1.0,
        weight_decay: f64 = 0.0, warmup_epoch: usize = 50,
        threshold: f64 = 5000.0, grad_accu_steps: usize = 20, update_proj_gap: usize = 500, eps: f64 = 1e-6,
        maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            setting::check("SPAM", &self.settings())?;
            setting::none_negative("SPAM", [("density", self.density), ("threshold", self.threshold)])
        }
    }

    /// Stable SPAM (Huang et al., 2025, <https://arxiv.org/abs/2502.17055>): gradients cut at the running mean of their
    /// largest element, and normalised by running means of their norm.
    StableSPAM, StableSPAMOptions, each stable_spam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), gamma1: f64 = 0.7, gamma2: f64 = 0.9, theta: f64 = 0.999,
        t_max: Option<f64> = None, eta_min: f64 = 0.5, weight_decay: f64 = 0.0, update_proj_gap: usize = 1000,
        eps: f64 = 1e-8, maximize: bool = false,
    }
}

fn spam(o: &SPAMOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let (bias1, bias2) = biases(o.betas, s.step);
    let (now, gap) = (s.step, o.update_proj_gap as u64);
    // The steps since the last reset; at first the warm-up is over already.
    let since = s.number("current_step", o.warmup_epoch as f64 + 1.0)?;
    let death = if since >= o.warmup_epoch as f64 {
        0.0
    } else {
        0.99 * (1.0 + (std::f64::consts::PI * (since + 1.0) / (o.warmup_epoch as f64 + 1.0)).cos()) / 2.0
    };
    let resets = gap > 0 && now.is_multiple_of(gap);
    if resets {
        s.take("exp_avg");
        s.take("exp_avg_sq");
    }
    let mask = if o.density < 1.0 && g.dim() == 2 { Some(spam_mask(o.density, &g, s, resets)?) } else { None };
    if let Some(mask) = &mask {
        g = mask.where_(&g, 0.0)?;
    }
    let resets_next = gap > 0 && (now + 1).is_multiple_of(gap);
    s.set_number("current_step", if resets_next { 0.0 } else { since + 1.0 })?;
    let accumulate = o.grad_accu_steps as u64;
    let cuts = o.threshold != 0.0 && now >= accumulate && (gap == 0 || now % gap >= accumulate);
    if cuts {
        let [v] = s.slots(["exp_avg_sq"], || g.zeros_like())?;
        let most = v.mul(o.threshold)?;
        g = g.square()?.gt(&most)?.where_(&g.sign()?.mul(&most.sqrt()?)?, &g)?;
    }
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let before = mask.as_ref().map(|_| p.clone_contiguous()).transpose()?;
    go(p, o.lr * bias2 / bias1 * (1.0 - death), &m, &v.sqrt()?.add(o.eps)?)?;
    p.mul_(1.0 - o.weight_decay * o.lr)?;
    if let (Some(mask), Some(before)) = (mask, before) {
        let new = mask.where_(&*p, &before)?;
        p.copy_(&new)?;
    }
    Ok(())
}

/// The elements of a matrix that SPAM trains: first a share that is exact, from the first reset on each with this
/// probability.
fn spam_mask(density: f64, g: &Tensor, s: &mut State, resets: bool) -> Result<Tensor> {
    let first = || {
        let chosen = (density * g.numel() as f64) as i64;
        Tensor::randperm(g.numel())?.lt(chosen)?.reshape(g.shape())?.to_device(&g.device())
    };
    let mask = s.slot("mask", first)?;
    if resets {
        *mask = Tensor::rand(g.shape())?.lt(density)?.to_device(&g.device())?;
    }
    Ok(mask.clone())
}

fn stable_spam(o: &StableSPAMOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if g.numel() == 0 {
        return Ok(());
    }
    let now = s.step as f64;
    let gap = o.update_proj_gap.max(1) as u64;
    if s.step.is_multiple_of(gap) {
        s.take("exp_avg");
        s.take("exp_avg_sq");
    }
    // Steps since the last reset, from 1.
    let t = if s.step < gap { now } else { (s.step % gap) as f64 + 1.0 };
    let scale = match o.t_max {
        // Half a cosine that begins with its second step, as in the package.
        Some(length) if now < length => {
            let fall = |t: f64| 1.0 + (std::f64::consts::PI * t / (length + 1.0)).cos();
            o.eta_min + (1.0 - o.eta_min) * fall(now + 1.0) / fall(1.0)
        }
        Some(_) => o.eta_min,
        None => 1.0,
    };
    let (beta1, gamma1) = (o.betas.0 * scale, if o.gamma1 == -1.0 { o.betas.0 } else { o.gamma1 } * scale);
    p.mul_(1.0 - o.weight_decay * o.lr)?;
    let greatest: f64 = g.abs()?.max()?.item()?;
    let mean = o.theta * s.number("m_max_t", 0.0)? + (1.0 - o.theta) * greatest;
    s.set_number("m_max_t", mean)?;
    let most = mean / debias(o.theta, now);
    if greatest > most {
        g = g.abs()?.gt(most)?.where_(&g.mul(most / greatest)?, &g)?;
    }
    let length = norm(&g)?;
    if length == 0.0 {
        return Ok(());
    }
    let first = gamma1 * s.number("m_norm_t", 0.0)? + (1.0 - gamma1) * length;
    let second = o.gamma2 * s.number("v_norm_t", 0.0)? + (1.0 - o.gamma2) * length * length;
    s.set_number("m_norm_t", first)?;
    s.set_number("v_norm_t", second)?;
    let first = first / debias(gamma1, now);
    let second = second / debias(o.gamma2, now);
    let g = g.mul(first / (second.sqrt() + o.eps) / length)?;
    let (m, v) = moments(s, &g, &g, (beta1, o.betas.1))?;
    let d = v.sqrt()?.div(debias(o.betas.1, t).sqrt())?.add(o.eps)?;
    go(p, o.lr / debias(beta1, t), &m, &d)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share that is trained is exact at first, then as likely as it says; the rest stays, also from decay.
    #[test]
    fn a_density_trains_its_share_of_a_matrix() {
        let o = SPAMOptions { density: 0.3, update_proj_gap: 4, weight_decay: 0.5, ..Default::default() };
        let (mut p, mut s) = (Tensor::ones([100, 90]).unwrap(), State::default());
        let mut masks = Vec::new();
        for step in 1..=6 {
            s.step = step;
            let before = p.to_vec::<f32>().unwrap();
            spam(&o, &mut p, &Tensor::ones([100, 90]).unwrap(), &mut s).unwrap();
            let after = p.to_vec::<f32>().unwrap();
            masks.push(before.iter().zip(&after).map(|(a, b)| a != b).collect::<Vec<bool>>());
        }
        let count = |mask: &[bool]| mask.iter().filter(|on| **on).count() as f64;
        assert_eq!(count(&masks[0]), 2700.0);
        // Binomial of 9000 at 0.3: 5 deviations of 43.5.
        assert!((count(&masks[3]) - 2700.0).abs() < 218.0);
        assert!(masks[0] == masks[2] && masks[2] != masks[3] && masks[3] == masks[5]);
        // A vector is trained whole.
        let (mut p, mut s) = (Tensor::ones([50]).unwrap(), State::default());
        s.step = 1;
        spam(&o, &mut p, &Tensor::ones([50]).unwrap(), &mut s).unwrap();
        assert!(p.to_vec::<f32>().unwrap().iter().all(|x| *x < 1.0));
    }
}
