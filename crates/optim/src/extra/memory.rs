//! Relatives of Adam with more than one memory of the gradient: fast and slow means, means of what was before.
use super::adam_like::{biases, go};
use crate::{
    State,
    table::optimizers,
    words::{add, average, average_square, cautious, debias, decay, largest, moments, root, surprise, towards, turned},
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// ADOPT (Taniguchi et al., 2024, <https://arxiv.org/abs/2411.02853>): the gradient is divided by the second moment of
    /// before it, and clipped to `t^(1/4)`, before it enters the momentum: converges with any `beta2`.
    ADOPT, ADOPTOptions, each adopt {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.9999), weight_decay: f64 = 0.0, weight_decouple: bool = false,
        fixed_decay: bool = false, cautious: bool = false, stable_adamw: bool = false, eps: f64 = 1e-6,
        maximize: bool = false,
    }

    /// AdEMAMix (Pagliardini et al., 2024, <https://arxiv.org/abs/2409.03137>): a fast and a slow mean of the gradient,
    /// `p -= lr (m̂ + alpha slow) / (sqrt(v̂) + eps)`. `t_alpha_beta3` is the length of the warm-up of the slow one.
    AdEMAMix, AdEMAMixOptions, each ademamix {
        lr: f64 = 1e-3, betas: (f64, f64, f64) = (0.9, 0.999, 0.9999), weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, alpha: f64 = 5.0, t_alpha_beta3: Option<f64> = None,
        cautious: bool = false, stable_adamw: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Simplified AdEMAMix (Morwani et al., 2025, <https://arxiv.org/abs/2502.02431>): one slow mean, and the gradient of
    /// now with weight `alpha`.
    SimplifiedAdEMAMix, SimplifiedAdEMAMixOptions, each simplified_ademamix {
        lr: f64 = 1e-4, betas: (f64, f64) = (0.99, 0.95), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, alpha: f64 = 0.0, beta1_warmup: Option<f64> = None, min_beta1: f64 = 0.9,
        eps: f64 = 1e-8, maximize: bool = false,
    }

    /// LaProp (Ziyin et al., 2020, <https://arxiv.org/abs/2002.04839>): normalises first and takes the momentum of that:
    /// `m = beta1 m + (1 - beta1) lr g / (sqrt(v̂) + eps); p -= m̂`.
    LaProp, LaPropOptions, each laprop {
        lr: f64 = 4e-4, betas: (f64, f64) = (0.9, 0.999), centered: bool = false,
        steps_before_using_centered: usize = 10, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, ams_bound: bool = false, cautious: bool = false, eps: f64 = 1e-15,
        maximize: bool = false,
    }

    /// AdaPNM (Xie et al., 2021, <https://arxiv.org/abs/2103.17182>): two momenta that take turns, one of which counts
    /// negatively, with the second moment of Adam: noise without a change of the mean.
    AdaPNM, AdaPNMOptions, each ada_pnm {
        lr: f64 = 1e-3, betas: (f64, f64, f64) = (0.9, 0.999, 1.0), weight_decay: f64 = 0.0,
        weight_decouple: bool = true, fixed_decay: bool = false, ams_bound: bool = true, eps: f64 = 1e-8,
        maximize: bool = false,
    }

    /// PNM (Xie et al., 2021, <https://arxiv.org/abs/2103.17182>): positive-negative momentum,
    /// `p -= lr ((1 + beta2) m - beta2 m') / sqrt((1 + beta2)^2 + beta2^2)`.
    PNM, PNMOptions, each pnm {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 1.0), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            // The second is no decay, and its default is 1.
            let one = PNMOptions { betas: (self.betas.0, 0.0), ..self.clone() };
            crate::setting::check("PNM", &one.settings())?;
            if (0.0..=1.0).contains(&self.betas.1) {
                return Ok(());
            }
            Err(crate::setting::outside("PNM", "betas.1", self.betas.1, "within 0 and 1"))
        }
    }

    /// AdaShift (Zhou et al., 2018, <https://arxiv.org/abs/1810.00143>): the second moment is that of `keep_num` steps
    /// ago, of the largest element of a layer, so that it is independent of the gradient it divides.
    AdaShift, AdaShiftOptions, each ada_shift {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), keep_num: usize = 10, cautious: bool = false,
        eps: f64 = 1e-10, maximize: bool = false,
    }

    /// AdaSmooth (Lu, 2022, <https://arxiv.org/abs/2204.00825>): the window of the second moment of an element is long
    /// where its steps went back and forth, and short where they went one way.
    AdaSmooth, AdaSmoothOptions, each ada_smooth {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.5, 0.99), weight_decay: f64 = 0.0, weight_decouple: bool = false,
        fixed_decay: bool = false, eps: f64 = 1e-6, maximize: bool = false,
    }

    /// AdaTAM (Malviya et al., 2024, <https://arxiv.org/abs/2403.08757>): TAM with the second moment of Adam.
    AdaTAM, AdaTAMOptions, each ada_tam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), decay_rate: f64 = 0.9, weight_decay: f64 = 0.0,
        weight_decouple: bool = true, fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// TAM (Malviya et al., 2024, <https://arxiv.org/abs/2403.08757>): gradients that point where the momentum does count
    /// more: `m = momentum m + ((1 + s) / 2 + eps) g`, with `s` the mean of their correlation.
    TAM, TAMOptions, each tam {
        lr: f64 = 1e-3, momentum: f64 = 0.9, decay_rate: f64 = 0.9, weight_decay: f64 = 0.0,
        weight_decouple: bool = true, fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Quasi-hyperbolic Adam (Ma and Yarats, 2018, <https://arxiv.org/abs/1810.06801>):
    /// `p -= lr (nu1 m̂ + (1 - nu1) g) / (sqrt(nu2 v̂ + (1 - nu2) g^2) + eps)`.
    QHAdam, QHAdamOptions, each qh_adam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), nus: (f64, f64) = (1.0, 1.0), weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }
}

fn adopt(o: &ADOPTOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let step = s.step;
    let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    if step == 1 {
        return v.add_(&g.square()?).map(drop);
    }
    let most = (step as f64).powf(0.25);
    let normed = g.div(&v.sqrt()?.maximum(o.eps)?)?.maximum(-most)?.minimum(most)?;
    average(m, o.betas.0, &normed)?;
    let mut update = if o.cautious { cautious(m, &normed)? } else { m.clone() };
    if o.stable_adamw {
        update = update.div(surprise(&g, v, 1e-16)?)?;
    }
    add(p, -o.lr, &update)?;
    average_square(v, o.betas.1, &g)
}

fn ademamix(o: &AdEMAMixOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let (beta1, beta2, beta3) = o.betas;
    let t = s.step as f64;
    let (alpha, beta3) = match o.t_alpha_beta3 {
        None => (o.alpha, beta3),
        Some(length) => {
            let (log1, log3) = (beta1.ln(), beta3.ln());
            let beta = (log1 * log3 / ((1.0 - t / length) * log3 + t / length * log1)).exp();
            ((t * o.alpha / length).min(o.alpha), beta.min(beta3))
        }
    };
    let (m, v) = moments(s, &g, &g, (beta1, beta2))?;
    let [slow] = s.slots(["exp_avg_slow"], || g.zeros_like())?;
    average(slow, beta3, &g)?;
    let d = v.sqrt()?.div(debias(beta2, t).sqrt())?.add(o.eps)?;
    let fast = if o.cautious { cautious(&m, &g)? } else { m };
    let mut update = fast.div(debias(beta1, t))?.add(&slow.mul(alpha)?)?.div(&d)?;
    if o.stable_adamw {
        update = update.div(surprise(&g, &v, 1e-16)?)?;
    }
    add(p, -o.lr, &update)
}

fn simplified_ademamix(o: &SimplifiedAdEMAMixOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let t = s.step as f64;
    let beta1 = match o.beta1_warmup {
        // Linear in the half-life.
        Some(length) if t < length => {
            let half_life = |beta: f64| 0.5f64.ln() / (beta + 1e-8).ln() - 1.0;
            let a = t / length;
            0.5f64.powf(1.0 / ((1.0 - a) * half_life(o.min_beta1) + a * half_life(o.betas.0) + 1.0))
        }
        _ => o.betas.0,
    };
    let (m, v) = moments(s, &g, &g, (beta1, o.betas.1))?;
    let weight = o.betas.1 * s.number("den_sum", 0.0)? + (1.0 - o.betas.1);
    s.set_number("den_sum", weight)?;
    let d = v.sqrt()?.add(weight.sqrt() * o.eps)?;
    go(p, o.lr / weight.sqrt(), &m.add(&g.mul(o.alpha)?)?, &d)
}

fn laprop(o: &LaPropOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let (_, bias2) = biases(o.betas, s.step);
    let (beta1, beta2) = o.betas;
    let [v] = s.slots(["exp_avg_sq"], || g.zeros_like())?;
    average_square(v, beta2, &g)?;
    let mut second = v.clone();
    // The rate may change: its own mean corrects the bias.
    let mean = beta1 * s.number("exp_avg_lr_1", 0.0)? + (1.0 - beta1) * o.lr;
    s.set_number("exp_avg_lr_1", mean)?;
    let bias1 = if o.lr == 0.0 { 1.0 } else { mean / o.lr };
    if o.centered {
        let late = s.step > o.steps_before_using_centered as u64;
        let [center] = s.slots(["exp_mean_avg_beta2"], || g.zeros_like())?;
        average(center, beta2, &g)?;
        if late {
            second = second.sub(&center.square()?)?;
        }
    }
    let d = root(&largest(o.ams_bound, s, "max_exp_avg_sq", second)?, o.eps)?.div(bias2)?;
    let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
    m.mul_(beta1)?.add_(&g.div(&d)?.mul((1.0 - beta1) * o.lr)?)?;
    let update = if o.cautious { cautious(m, &g)? } else { m.clone() };
    add(p, -1.0 / bias1, &update)?;
    decay!(o).shrink(p, o.lr)
}

/// The two momenta of PNM, the one whose turn it is one step on: `((1 + b) m - b m') / sqrt((1 + b)^2 + b^2)`.
fn positive_negative(s: &mut State, names: [&'static str; 2], g: &Tensor, beta: f64, b: f64) -> Result<Tensor> {
    let odd = s.step % 2 == 1;
    let [first, second] = s.slots(names, || g.zeros_like())?;
    let (turn, other) = if odd { (first, second) } else { (second, first) };
    average(turn, beta * beta, g)?;
    let length = ((1.0 + b).powi(2) + b * b).sqrt();
    turn.mul(1.0 + b)?.sub(&other.mul(b)?)?.div(length)
}

fn ada_pnm(o: &AdaPNMOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let m = positive_negative(s, ["exp_avg", "neg_exp_avg"], &g, o.betas.0, o.betas.2)?;
    let [v] = s.slots(["exp_avg_sq"], || g.zeros_like())?;
    average_square(v, o.betas.1, &g)?;
    let v = v.clone();
    let (bias1, bias2) = biases((o.betas.0, o.betas.1), s.step);
    let d = root(&largest(o.ams_bound, s, "max_exp_avg_sq", v)?, o.eps)?.div(bias2)?;
    go(p, o.lr / bias1, &m, &d)
}

fn pnm(o: &PNMOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let m = positive_negative(s, ["pos_momentum", "neg_momentum"], &g, o.betas.0, o.betas.1)?;
    add(p, -o.lr, &m)
}

fn ada_shift(o: &AdaShiftOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let kept = o.keep_num.max(1) as u64;
    let weights: f64 = (0..kept).map(|i| o.betas.0.powf(i as f64)).sum();
    let (oldest, newest) = (o.betas.0.powf(kept as f64 - 1.0) / weights, 1.0 / weights);
    let name = format!("grad_queue.{}", (s.step - 1) % kept);
    let offset = s.take(&name);
    s.put(&name, g.clone_contiguous()?);
    let step = s.step;
    let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    if let Some(offset) = &offset {
        add(m, -oldest, offset)?;
    }
    m.mul_(o.betas.0)?.add_(&g.mul(newest)?)?;
    let Some(offset) = offset else { return Ok(()) };
    let greatest = offset.square()?.amax()?;
    average(v, o.betas.1, &greatest.expand(v.shape())?)?;
    let bias = debias(o.betas.1, step.saturating_sub(kept).max(1) as f64);
    let update = if o.cautious { cautious(m, &g)? } else { m.clone() };
    go(p, o.lr, &update, &v.div(bias)?.sqrt()?.add(o.eps)?)
}

fn ada_smooth(o: &AdaSmoothOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    s.slots(["prev_param"], || p.clone_contiguous())?;
    decay!(o).apply(p, &mut g, o.lr)?;
    let [way, length, before, v] = s.slots(["s", "n", "prev_param", "exp_avg_sq"], || g.zeros_like())?;
    let step = p.sub(&*before)?;
    way.add_(&step)?;
    length.add_(&step.abs()?)?;
    let straight = way.abs()?.div(&length.add(o.eps)?)?;
    let weight = straight.mul(o.betas.1 - o.betas.0)?.add(1.0 - o.betas.1)?.square()?;
    let change = g.square()?.sub(&*v)?.mul(&weight)?;
    v.add_(&change)?;
    before.copy_(p)?;
    go(p, o.lr, &g, &v.add(o.eps)?.sqrt()?)
}

/// `((1 + s) / 2 + eps) g`, where `s` is the running mean of how momentum and gradient correlate.
fn aligned(s: &mut State, m: &Tensor, g: &Tensor, decay: f64, eps: f64) -> Result<Tensor> {
    let unit = |x: &Tensor| if x.dim() == 0 { x.sign() } else { x.normalize(2.0, 0, 1e-12) };
    let correlation = unit(m)?.mul(&unit(g)?)?;
    let [mean] = s.slots(["s"], || g.zeros_like())?;
    average(mean, decay, &correlation)?;
    mean.add(1.0)?.div(2.0)?.add(eps)?.mul(g)
}

fn ada_tam(o: &AdaTAMOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
    let before = m.clone();
    let d = aligned(s, &before, &g, o.decay_rate, o.eps)?;
    drop(before);
    let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    m.mul_(o.betas.0)?.add_(&d)?;
    average_square(v, o.betas.1, &g)?;
    go(p, o.lr, m, &v.sqrt()?.add(o.eps)?)
}

fn tam(o: &TAMOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let [m] = s.slots(["momentum_buffer"], || g.clone_contiguous())?;
    let before = m.clone();
    let d = aligned(s, &before, &g, o.decay_rate, o.eps)?;
    drop(before);
    decay!(o).apply(p, &mut g, o.lr)?;
    let [m] = s.slots(["momentum_buffer"], || g.zeros_like())?;
    m.mul_(o.momentum)?.add_(&d)?;
    add(p, -o.lr, m)
}

fn qh_adam(o: &QHAdamOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    qh_adam_step(p, &g, s, (o.lr, o.betas, o.nus, o.eps))
}

/// A step of QHAdam after the decay; settings are lr, betas, nus and eps.
pub(crate) fn qh_adam_step(
    p: &mut Tensor,
    g: &Tensor,
    s: &mut State,
    (lr, betas, nus, eps): (f64, (f64, f64), (f64, f64), f64),
) -> Result<()> {
    let mut weights = [0.0; 2];
    for (weight, (name, beta)) in weights.iter_mut().zip([("beta1_weight", betas.0), ("beta2_weight", betas.1)]) {
        *weight = 1.0 + beta * s.number(name, 0.0)?;
        s.set_number(name, *weight)?;
    }
    let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    let square = g.square()?;
    towards(m, 1.0 / weights[0], g)?;
    towards(v, 1.0 / weights[1], &square)?;
    let mean = m.mul(nus.0)?.add(&g.mul(1.0 - nus.0)?)?;
    let root = v.mul(nus.1)?.add(&square.mul(1.0 - nus.1)?)?.sqrt()?;
    go(p, lr, &mean, &root.add(eps)?)
}
