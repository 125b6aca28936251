//! Optimizers that look at a layer as a whole: its norms, its rows and columns, its projections.
use super::{
    adam_like::{Rate, biases},
    belief::clip,
};
use crate::{
    Member, Shared, State,
    setting::choice,
    table::optimizers,
    words::{
        Decay, add, as_matrix, average, average_square, cautious, centralized, debias, decay, inner_dims, largest,
        moments, norm, root, turned,
    },
};
use tensor_core::{KEEP, Result, Tensor};

choice! {
    /// How [`MARS`] uses its corrected gradient.
    MarsType {
        /// As AdamW.
        #[default]
        AdamW = "adamw",
        /// As Lion.
        Lion = "lion",
        /// As Muon, for matrices.
        Shampoo = "shampoo",
    }
}

optimizers! {
    /// AdamP (Heo et al., 2020, <https://arxiv.org/abs/2006.08217>): Adam, with the part of a step taken out that only
    /// lengthens the weights of layers that a normalisation follows.
    AdamP, AdamPOptions, each adam_p {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, delta: f64 = 0.1, wd_ratio: f64 = 0.1, nesterov: bool = false, use_gc: bool = false,
        eps: f64 = 1e-8, maximize: bool = false,
    }

    /// SGDP (Heo et al., 2020, <https://arxiv.org/abs/2006.08217>): momentum SGD with the projection of AdamP.
    SGDP, SGDPOptions, each sgdp {
        lr: f64 = 1e-3, momentum: f64 = 0.0, dampening: f64 = 0.0, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, delta: f64 = 0.1, wd_ratio: f64 = 0.1, nesterov: bool = false, eps: f64 = 1e-8,
        maximize: bool = false,
    }

    /// Fromage (Bernstein et al., 2020, <https://arxiv.org/abs/2002.03432>): steps in proportion to the norm of a layer,
    /// `p = (p - lr |p| / |g| g) / sqrt(1 + lr^2)`.
    Fromage, FromageOptions, each fromage {
        lr: f64 = 1e-2, p_bound: Option<f64> = None, maximize: bool = false,
    }

    /// LAMB (You et al., 2019, <https://arxiv.org/abs/1904.00962>): Adam's step scaled to the norm of the layer, for large
    /// batches: `p -= lr min(|p|, 10) / |u| u`. Here without the correction of the second moment, as in the package;
    /// torch-optimizer's leaves out both.
    Lamb, LambOptions, group lamb {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, rectify: bool = false, degenerated_to_sgd: bool = false, n_sma_threshold: f64 = 5.0,
        grad_averaging: bool = true, max_grad_norm: f64 = 1.0, adam: bool = false, pre_norm: bool = false,
        eps: f64 = 1e-6, maximize: bool = false,
    }

    /// LARS (You et al., 2017, <https://arxiv.org/abs/1708.03888>): the rate of a layer is in proportion to the norm of
    /// its weights over that of its gradient.
    LARS, LARSOptions, each lars {
        lr: f64 = 1e-3, weight_decay: f64 = 0.0, momentum: f64 = 0.9, dampening: f64 = 0.0,
        trust_coefficient: f64 = 1e-3, nesterov: bool = false, maximize: bool = false,
    }

    /// MARS (Yuan et al., 2024, <https://arxiv.org/abs/2411.10438>): the gradient corrected by its change,
    /// `c = g + gamma beta1 / (1 - beta1) (g - g')`, then AdamW, Lion or Muon. Vectors are left to AdamW.
    MARS, MARSOptions, each mars {
        lr: f64 = 3e-3, betas: (f64, f64) = (0.95, 0.99), gamma: f64 = 0.025, mars_type: MarsType = MarsType::AdamW,
        optimize_1d: bool = false, lr_1d: f64 = 3e-3, betas_1d: (f64, f64) = (0.9, 0.95), weight_decay: f64 = 0.0,
        weight_decay_1d: f64 = 0.1, weight_decouple: bool = true, fixed_decay: bool = false, ams_bound: bool = false,
        cautious: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn set_lr(&mut self, lr: f64) {
            // The rate of vectors keeps its share.
            if self.lr > 0.0 {
                self.lr_1d *= lr / self.lr;
            }
            self.lr = lr;
        }
    }

    /// Nero (Liu et al., 2021, <https://arxiv.org/abs/2102.07227>): every neuron's weights keep mean 0 and norm 1; its
    /// gradient is measured by its own running norm.
    Nero, NeroOptions, each nero {
        lr: f64 = 1e-2, beta: f64 = 0.999, constraints: bool = true, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// RACS (Gong et al., 2025, <https://arxiv.org/abs/2502.07752>): the gradient scaled by the root mean squares of its
    /// rows and columns, its norm held to growing by `gamma` a step.
    RACS, RACSOptions, each racs {
        lr: f64 = 1e-3, beta: f64 = 0.9, alpha: f64 = 0.05, gamma: f64 = 1.01, weight_decay: f64 = 0.0,
        weight_decouple: bool = true, fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
    }
}

/// Takes out of a step what only lengthens the rows of `p`, or all of it, if the gradient is nearly orthogonal to them;
/// and by how much decay counts then.
pub(crate) fn projected(
    p: &Tensor,
    g: &Tensor,
    step: Tensor,
    delta: f64,
    ratio: f64,
    eps: f64,
) -> Result<(Tensor, f64)> {
    if p.dim() < 2 || p.numel() == 0 {
        return Ok((step, 1.0));
    }
    for rows in [p.shape()[0], 1] {
        let view = |x: &Tensor| x.reshape([rows, x.numel() / rows]);
        let (flat, slope) = (view(p)?, view(g)?);
        let cosine = flat.cosine_similarity(&slope, 1, eps)?.abs()?.max()?.item::<f64>()?;
        if cosine < delta / (flat.shape()[1] as f64).sqrt() {
            let unit = flat.div(&flat.norm_dim(2.0, 1, KEEP)?.add(eps)?)?;
            let flat_step = view(&step)?;
            let radial = unit.mul(&flat_step)?.sum_dim(1, KEEP)?;
            return Ok((flat_step.sub(&unit.mul(&radial)?)?.reshape(p.shape())?, ratio));
        }
    }
    Ok((step, 1.0))
}

fn adam_p(o: &AdamPOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if o.use_gc {
        g = centralized(&g)?;
    }
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let (bias1, bias2) = biases(o.betas, s.step);
    let m = if o.nesterov { m.mul(o.betas.0)?.add(&g.mul(1.0 - o.betas.0)?)? } else { m };
    let step = m.div(&v.sqrt()?.add(o.eps)?)?.mul(bias2)?;
    let (step, ratio) = projected(p, &g, step, o.delta, o.wd_ratio, o.eps)?;
    Decay { rate: o.weight_decay * ratio, ..decay!(o) }.shrink(p, o.lr)?;
    add(p, -o.lr / bias1, &step)
}

fn sgdp(o: &SGDPOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let [b] = s.slots(["momentum"], || g.zeros_like())?;
    b.mul_(o.momentum)?.add_(&g.mul(1.0 - o.dampening)?)?;
    let step = if o.nesterov { g.add(&b.mul(o.momentum)?)? } else { b.clone() };
    let (step, ratio) = projected(p, &g, step, o.delta, o.wd_ratio, o.eps)?;
    Decay { rate: o.weight_decay * ratio / (1.0 - o.momentum), ..decay!(o) }.shrink(p, o.lr)?;
    add(p, -o.lr, &step)
}

fn fromage(o: &FromageOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let (p_norm, g_norm) = (norm(p)?, norm(&g)?);
    if let Some(bound) = o.p_bound
        && !s.has("max")
    {
        s.set_number("max", p_norm * bound)?;
    }
    let ratio = if p_norm > 0.0 && g_norm > 0.0 { p_norm / g_norm } else { 1.0 };
    add(p, -o.lr * ratio, &g)?;
    p.div_((1.0 + o.lr * o.lr).sqrt())?;
    if o.p_bound.is_some() {
        let (length, most) = (norm(p)?, s.number("max", f64::INFINITY)?);
        if length > most {
            p.mul_(most / length)?;
        }
    }
    Ok(())
}

fn lamb(o: &LambOptions, members: &mut [Member<'_>], _: &mut Shared) -> Result<()> {
    let clip = if o.pre_norm { clip(members, o.max_grad_norm, o.eps)? } else { 1.0 };
    for member in members {
        member.update(|p, g, s| {
            let g = turned!(o, g);
            let g = if o.pre_norm { g.mul(clip)? } else { g };
            lamb_step(o, p, &g, s)
        })?;
    }
    Ok(())
}

fn lamb_step(o: &LambOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    m.mul_(o.betas.0)?.add_(&g.mul(if o.grad_averaging { 1.0 - o.betas.0 } else { 1.0 })?)?;
    average_square(v, o.betas.1, g)?;
    let (m, v) = (m.clone(), v.clone());
    let rate = Rate::new(o.rectify, o.lr, o.betas, s.step, o.n_sma_threshold, o.degenerated_to_sgd);
    decay!(o).shrink(p, o.lr)?;
    if o.rectify && rate.size <= 0.0 {
        return Ok(());
    }
    let mut update = if rate.adaptive { m.div(&v.sqrt()?.add(o.eps)?)? } else { m };
    if !o.rectify && !o.weight_decouple && o.weight_decay > 0.0 {
        update = update.add(&p.mul(o.weight_decay)?)?;
    }
    // The package measures where a rectified step leads to, instead of the step.
    let measured = if o.rectify { p.sub(&update.mul(rate.size)?)? } else { update.clone() };
    let (weights, length) = (norm(p)?.min(10.0), norm(&measured)?);
    let trust = if o.adam || weights == 0.0 || length == 0.0 { 1.0 } else { weights / (length + o.eps) };
    add(p, -rate.size * trust, &update)
}

fn lars(o: &LARSOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if p.dim() > 1 {
        let (weights, length) = (norm(p)?, norm(&g)?);
        let below = length + o.weight_decay * weights;
        let trust = if weights > 0.0 && below > 0.0 { o.trust_coefficient * weights / below } else { 1.0 };
        g = g.add(&p.mul(o.weight_decay)?)?.mul(trust)?;
    }
    if o.momentum > 0.0 {
        let [b] = s.slots(["momentum_buffer"], || g.zeros_like())?;
        b.mul_(o.momentum)?.add_(&g.mul(1.0 - o.dampening)?)?;
        g = if o.nesterov { g.add(&b.mul(o.momentum)?)? } else { b.clone() };
    }
    add(p, -o.lr, &g)
}

fn mars(o: &MARSOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let mixed = o.optimize_1d || g.dim() >= 2;
    let (lr, betas, rate) =
        if mixed { (o.lr, o.betas, o.weight_decay) } else { (o.lr_1d, o.betas_1d, o.weight_decay_1d) };
    let mut c = g.clone();
    if mixed {
        let [last] = s.slots(["last_grad"], || g.zeros_like())?;
        c = g.add(&g.sub(&*last)?.mul(o.gamma * betas.0 / (1.0 - betas.0))?)?;
        c = c.div(norm(&c)?.max(1.0))?;
    }
    let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
    average(m, betas.0, &c)?;
    let mut update = if o.cautious { cautious(m, &g)? } else { m.clone() };
    let (bias1, bias2) = biases(betas, s.step);
    let matrix = mixed && g.dim() >= 2 && o.mars_type == MarsType::Shampoo;
    if mixed && o.mars_type == MarsType::Lion {
        update = update.sign()?;
    } else if matrix {
        let flat = as_matrix(&update)?;
        let factor = (flat.shape()[0] as f64 / g.shape()[1] as f64).max(1.0).sqrt();
        let weights = [(3.4445, -4.775, 2.0315); 5];
        let flat = crate::matrices::newton_schulz(&flat.div(1.0 - betas.0)?, &weights, o.eps)?;
        update = flat.mul(factor)?.to_dtype(p.dtype())?.reshape(g.shape())?;
    } else {
        let [v] = s.slots(["exp_avg_sq"], || g.zeros_like())?;
        average_square(v, betas.1, &c)?;
        let v = v.clone();
        let d = root(&largest(o.ams_bound, s, "max_exp_avg_sq", v)?, o.eps)?.mul(bias1 / bias2)?;
        update = update.div(&d)?;
    }
    let last = g.clone();
    Decay { rate, ..decay!(o) }.apply(p, &mut g, lr)?;
    add(p, -lr, &update)?;
    // The package remembers what the decay has added, too.
    s.put("last_grad", if o.weight_decouple { last.clone_contiguous()? } else { g.clone_contiguous()? });
    Ok(())
}

/// The norms of the rows of a matrix (all dimensions but the first), or the sizes of a vector's elements.
fn neuron_norm(x: &Tensor) -> Result<Tensor> {
    if x.dim() <= 1 { x.abs() } else { x.norm_dim(2.0, &inner_dims(x)[..], KEEP) }
}

fn nero(o: &NeroOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let constrain = |p: &mut Tensor| -> Result<()> {
        if o.constraints && p.dim() > 1 {
            let mean = p.mean_dim(&inner_dims(p)[..], KEEP)?;
            p.sub_(&mean)?;
            let length = neuron_norm(p)?.add(o.eps)?;
            p.div_(&length)?;
        }
        Ok(())
    };
    if !s.has("scale") {
        constrain(p)?;
        let scale: f64 = neuron_norm(p)?.mean()?.item()?;
        s.set_number("scale", if scale == 0.0 { 0.01 } else { scale })?;
    }
    let (scale, bias) = (s.number("scale", 1.0)?, debias(o.beta, s.step as f64));
    let length = neuron_norm(&g)?;
    let [v] = s.slots(["exp_avg_sq"], || length.zeros_like())?;
    average_square(v, o.beta, &length)?;
    let unit = g.div(&v.div(bias)?.sqrt()?.add(o.eps)?)?.nan_to_num(0.0, None, None)?;
    add(p, -o.lr * scale, &unit)?;
    constrain(p)
}

fn racs(o: &RACSOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let g = as_matrix(&g)?;
    let first = !s.has("s");
    let square = g.square()?;
    let (rows, columns) = (square.mean_dim(1, KEEP)?, square.mean_dim(0, KEEP)?);
    let [r] = s.slots(["s"], || rows.zeros_like())?;
    average(r, o.beta, &rows)?;
    let r = r.add(o.eps)?.sqrt()?;
    let [c] = s.slots(["q"], || columns.ones_like())?;
    average(c, o.beta, &columns)?;
    let scaled = g.div(&r.mul(&c.add(o.eps)?.sqrt()?)?)?;
    let length = norm(&scaled)?;
    let limit = if first { 1.0 } else { o.gamma / (length / (s.number("theta", 0.0)? + o.eps)).max(o.gamma) };
    s.set_number("theta", length * limit)?;
    add(p, -o.lr * o.alpha * limit, &scaled.reshape(p.shape())?)
}
