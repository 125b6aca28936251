//! Adam with something done to its gradient, its moments or its step, element by element.
use crate::{
    State,
    table::optimizers,
    words::{Decay, add, add_quotient, average, average_square, debias, decay, largest, moments, root, turned},
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// AdaBound (Luo et al., 2019, <https://arxiv.org/abs/1902.09843>): the rate of every element is kept between bounds
    /// that close in on `final_lr`: `p -= clamp(lr / (sqrt(v) + eps), low_t, high_t) m`.
    AdaBound, AdaBoundOptions, each ada_bound {
        lr: f64 = 1e-3, final_lr: f64 = 0.1, betas: (f64, f64) = (0.9, 0.999), gamma: f64 = 1e-3,
        weight_decay: f64 = 0.0, weight_decouple: bool = true, fixed_decay: bool = false, ams_bound: bool = false,
        eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Adadelta (Zeiler, 2012, <https://arxiv.org/abs/1212.5701>) with a choice of weight decays; [`crate::Adadelta`] is
    /// PyTorch's. Steps have the unit of the parameter: `u = rms(u) / rms(g) g; p -= lr u`, both means running.
    AdaDelta, AdaDeltaOptions, each ada_delta {
        lr: f64 = 1.0, rho: f64 = 0.9, weight_decay: f64 = 0.0, weight_decouple: bool = false, fixed_decay: bool = false,
        eps: f64 = 1e-6, maximize: bool = false,
    }

    /// Adamax (Kingma and Ba, 2014, <https://arxiv.org/abs/1412.6980>): `u = max(beta2 u, |g| + eps); p -= lr m̂ / u`.
    AdaMax, AdaMaxOptions, each ada_max {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = false,
        fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// AdaMod (Ding et al., 2019, <https://arxiv.org/abs/1910.12249>): no rate above its own running mean:
    /// `p -= min(rate, mean of rate) m`.
    AdaMod, AdaModOptions, each ada_mod {
        lr: f64 = 1e-3, betas: (f64, f64, f64) = (0.9, 0.99, 0.9999), weight_decay: f64 = 0.0,
        weight_decouple: bool = true, fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// AdamC (Defazio, 2025, <https://arxiv.org/abs/2506.02285>): AdamW whose decay goes with the rate.
    AdamC, AdamCOptions, each adam_c {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, ams_bound: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// AdamG (Pan et al., 2024, <https://arxiv.org/abs/2405.04376>): no rate to tune. `r` is a running mean of
    /// `p v^q`, the size of a good step: `m = beta1 m + (1 - beta1) r g; p -= min(lr, 1 / sqrt(t)) m̂ / (sqrt(v̂) + eps)`.
    AdamG, AdamGOptions, each adam_g {
        lr: f64 = 1.0, betas: (f64, f64, f64) = (0.95, 0.999, 0.95), p: f64 = 0.2, q: f64 = 0.24,
        weight_decay: f64 = 0.0, weight_decouple: bool = false, fixed_decay: bool = false, eps: f64 = 1e-8,
        maximize: bool = false,
    }

    /// AdamWSN (Nguyen et al., 2024, <https://arxiv.org/abs/2411.07120>), without groups that share second moments:
    /// Adam, decayed after the step.
    AdamWSN, AdamWSNOptions, each adam_after {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, subset_size: i64 = -1, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Ano (Kegreisz, 2025, <https://arxiv.org/abs/2508.18258>): direction from the momentum, size from the gradient:
    /// `p -= lr |g| sign(m) / (sqrt(v̂) + eps)`.
    Ano, AnoOptions, each ano {
        lr: f64 = 1e-4, betas: (f64, f64) = (0.92, 0.99), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, logarithmic_schedule: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Cautious AdamW, C-AdamW (Liang et al., 2024, <https://arxiv.org/abs/2411.16085>, as the authors' C-Optim has it):
    /// elements whose momentum and gradient differ in sign are left out, the others lengthened for it. Other optimizers
    /// have it as the setting `cautious`.
    CautiousAdamW, CautiousAdamWOptions, each cautious_adamw {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0,
        /// Correct the bias of the moments.
        correct_bias: bool = true,
        eps: f64 = 1e-6, maximize: bool = false,
    }

    /// DiffGrad (Dubey et al., 2019, <https://arxiv.org/abs/1909.11015>): smaller steps where the gradient changes
    /// little: `p -= rate sigmoid(|g_(t-1) - g_t|) m / (sqrt(v) + eps)`.
    DiffGrad, DiffGradOptions, each diff_grad {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, rectify: bool = false, n_sma_threshold: f64 = 5.0, degenerated_to_sgd: bool = true,
        ams_bound: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// DualAdam (<https://arxiv.org/abs/2406.06642>): multiplies by the root of the second moment at first, and goes over
    /// to dividing by it: `p -= lr m̂ (w d + (1 - w) / d)` with `w = max(0, 1 - t switch_rate)`.
    DualAdam, DualAdamOptions, each dual_adam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), switch_rate: f64 = 0.01, weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// EXAdam (Adly, 2024, <https://arxiv.org/abs/2412.20302>): moments that correct each other, and the gradient of now
    /// in the step.
    EXAdam, EXAdamOptions, each ex_adam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Grams (Cao et al., 2024, <https://arxiv.org/abs/2412.17107>): Adam's size, the gradient's direction:
    /// `p -= lr |m̂ / (sqrt(v̂) + eps)| sign(g)`.
    Grams, GramsOptions, each grams {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        eps: f64 = 1e-6, maximize: bool = false,
    }

    /// GrokFast (Lee et al., 2024, <https://arxiv.org/abs/2405.20233>) with AdamW: slow gradients are amplified,
    /// `g += grokfast_lamb mean(g)`.
    GrokFastAdamW, GrokFastAdamWOptions, each grok_fast {
        lr: f64 = 1e-4, betas: (f64, f64) = (0.9, 0.99), grokfast: bool = true, grokfast_alpha: f64 = 0.98,
        grokfast_lamb: f64 = 2.0, grokfast_after_step: usize = 0, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, normalize_lr: bool = true, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// PAdam (Chen and Gu, 2018, <https://arxiv.org/abs/1806.06763>): between Adam and momentum,
    /// `p -= rate m / (sqrt(v) + eps)^(2 partial)`.
    PAdam, PAdamOptions, each p_adam {
        lr: f64 = 0.1, betas: (f64, f64) = (0.9, 0.999), partial: f64 = 0.25, weight_decay: f64 = 0.0,
        weight_decouple: bool = false, fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// Yogi (Zaheer et al., NeurIPS 2018): the second moment grows and shrinks at the same pace,
    /// `v -= (1 - beta2) sign(v - g^2) g^2`.
    Yogi, YogiOptions, each yogi {
        lr: f64 = 1e-2, betas: (f64, f64) = (0.9, 0.999), initial_accumulator: f64 = 1e-6, weight_decay: f64 = 0.0,
        weight_decouple: bool = true, fixed_decay: bool = false, eps: f64 = 1e-3, maximize: bool = false,
    }
}

/// `p -= rate m / d`, the end of most of them.
pub(super) fn go(p: &mut Tensor, rate: f64, m: &Tensor, d: &Tensor) -> Result<()> {
    add_quotient(p, -rate, m, d)
}

/// Both bias corrections: `1 - beta1^t`, `sqrt(1 - beta2^t)`.
pub(super) fn biases(betas: (f64, f64), step: u64) -> (f64, f64) {
    let t = step as f64;
    (debias(betas.0, t), debias(betas.1, t).sqrt())
}

fn ada_bound(o: &AdaBoundOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let d = root(&largest(o.ams_bound, s, "max_exp_avg_sq", v)?, o.eps)?;
    // The bounds follow a schedule of the rate.
    let base = s.number("base_lr", o.lr)?;
    s.set_number("base_lr", if base == 0.0 { o.lr } else { base })?;
    let last = if base > 0.0 { o.final_lr * o.lr / base } else { 0.0 };
    let (bias1, bias2) = biases(o.betas, s.step);
    let t = o.gamma * s.step as f64;
    let rates = d.reciprocal()?.mul(o.lr * bias2 / bias1)?;
    let rates = rates.maximum(last * (1.0 - 1.0 / (t + 1.0)))?.minimum(last * (1.0 + 1.0 / t))?;
    p.sub_(&rates.mul(&m)?).map(drop)
}

fn ada_delta(o: &AdaDeltaOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let [v, u] = s.slots(["square_avg", "acc_delta"], || g.zeros_like())?;
    average_square(v, o.rho, &g)?;
    let update = u.add(o.eps)?.sqrt()?.div(&v.add(o.eps)?.sqrt()?)?.mul(&g)?;
    average_square(u, o.rho, &update)?;
    add(p, -o.lr, &update)
}

fn ada_max(o: &AdaMaxOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let bias = debias(o.betas.0, s.step as f64);
    let [m, u] = s.slots(["exp_avg", "exp_inf"], || g.zeros_like())?;
    average(m, o.betas.0, &g)?;
    u.mul_(o.betas.1)?.maximum_(&g.abs()?.add(o.eps)?)?;
    go(p, o.lr / bias, m, u)
}

fn ada_mod(o: &AdaModOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let betas = (o.betas.0, o.betas.1);
    let (m, v) = moments(s, &g, &g, betas)?;
    let (bias1, bias2) = biases(betas, s.step);
    let rates = v.sqrt()?.add(o.eps)?.reciprocal()?.mul(o.lr * bias2 / bias1)?;
    let [mean] = s.slots(["exp_avg_lr"], || g.zeros_like())?;
    average(mean, o.betas.2, &rates)?;
    p.sub_(&rates.minimum(&*mean)?.mul(&m)?).map(drop)
}

fn adam_c(o: &AdamCOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let (bias1, bias2) = biases(o.betas, s.step);
    let d = root(&largest(o.ams_bound, s, "max_exp_avg_sq", v)?, o.eps)?.div(bias2)?;
    go(p, o.lr / bias1, &m, &d)
}

fn adam_g(o: &AdamGOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let t = s.step as f64;
    let [m, v, r] = s.slots(["m", "v", "r"], || g.zeros_like())?;
    average_square(v, o.betas.1, &g)?;
    average(r, o.betas.2, &v.pow(o.q)?.mul(o.p)?)?;
    average(m, o.betas.0, &g.mul(&*r)?)?;
    let d = v.div(debias(o.betas.1, t))?.sqrt()?.add(o.eps)?;
    go(p, o.lr.min(1.0 / t.sqrt()) / debias(o.betas.0, t), m, &d)
}

/// A step of Adam in units of `sqrt(v) + eps`, whose correction is in the rate.
pub(super) fn adam_step(p: &mut Tensor, g: &Tensor, s: &mut State, lr: f64, betas: (f64, f64), eps: f64) -> Result<()> {
    let (m, v) = moments(s, g, g, betas)?;
    let (bias1, bias2) = biases(betas, s.step);
    go(p, lr * bias2 / bias1, &m, &v.sqrt()?.add(eps)?)
}

fn adam_after(o: &AdamWSNOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    adam_step(p, &turned!(o, g), s, o.lr, o.betas, o.eps)?;
    decay!(o).shrink(p, o.lr)
}

fn ano(o: &AnoOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let t = s.step as f64;
    let beta1 = if o.logarithmic_schedule { 1.0 - 1.0 / t.max(2.0).ln() } else { o.betas.0 };
    let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    average(m, beta1, &g)?;
    let square = g.square()?;
    let sign = square.sub(&*v)?.sign()?;
    average(v, o.betas.1, &sign.mul(&square)?)?;
    let d = v.div(debias(o.betas.1, t))?.sqrt()?.add(o.eps)?;
    go(p, o.lr, &g.abs()?.mul(&m.sign()?)?, &d)
}

fn cautious_adamw(o: &CautiousAdamWOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let (bias1, bias2) = if o.correct_bias { biases(o.betas, s.step) } else { (1.0, 1.0) };
    let mask = m.mul(&g)?.gt(0.0)?.to_dtype(g.dtype())?;
    let share = mask.mean()?.item::<f64>()?.max(1e-3);
    go(p, o.lr * bias2 / bias1 / share, &m.mul(&mask)?, &v.sqrt()?.add(o.eps)?)?;
    p.mul_(1.0 - o.lr * o.weight_decay).map(drop)
}

fn diff_grad(o: &DiffGradOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let d = root(&largest(o.ams_bound, s, "max_exp_avg_sq", v)?, o.eps)?;
    let rate = Rate::new(o.rectify, o.lr, o.betas, s.step, o.n_sma_threshold, o.degenerated_to_sgd);
    let (bias1, bias2) = biases(o.betas, s.step);
    let rate = if o.rectify { rate } else { Rate { size: o.lr * bias2 / bias1, ..rate } };
    let [previous] = s.slots(["previous_grad"], || g.zeros_like())?;
    let slow = previous.sub(&g)?.abs()?.sigmoid()?.mul(&m)?;
    previous.copy_(&g)?;
    if rate.adaptive { go(p, rate.size, &slow, &d) } else { rate.plain(p, &m) }
}

/// The rate of those that can be rectified as RAdam is, with the first moment's correction.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    pub size: f64,
    /// Whether the second moment counts.
    pub adaptive: bool,
}

impl Rate {
    pub(super) fn new(rectify: bool, lr: f64, betas: (f64, f64), step: u64, threshold: f64, to_sgd: bool) -> Rate {
        let t = step as f64;
        let (size, length) =
            if rectify { crate::words::rectified(lr, betas.1, t, threshold, to_sgd) } else { (lr, threshold) };
        Rate { size: size / debias(betas.0, t), adaptive: length >= threshold }
    }

    /// The step while the second moment does not count: along the momentum, or none.
    pub(super) fn plain(self, p: &mut Tensor, m: &Tensor) -> Result<()> {
        if self.size > 0.0 { add(p, -self.size, m) } else { Ok(()) }
    }
}

fn dual_adam(o: &DualAdamOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let t = s.step as f64;
    let m = m.div(debias(o.betas.0, t))?;
    let d = v.div(debias(o.betas.1, t))?.sqrt()?.add(o.eps)?;
    let inverse = (1.0 - t * o.switch_rate).max(0.0);
    if inverse >= o.switch_rate {
        let mixed = d.reciprocal()?.mul(1.0 - inverse)?.add(&d.mul(inverse)?)?;
        return add(p, -o.lr, &m.mul(&mixed)?);
    }
    go(p, o.lr, &m, &d)
}

fn ex_adam(o: &EXAdamOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let t = s.step as f64;
    let (bias1, bias2) = (debias(o.betas.0, t), debias(o.betas.1, t));
    let share = |x: &Tensor| x.div(&x.add(o.eps)?);
    let d1 = share(&v)?.mul(1.0 - bias2)?.add(1.0)?;
    let d2 = share(&m.square()?)?.mul(1.0 - bias1)?.add(1.0)?;
    let update = m.add(&g)?.div(bias1)?.mul(&d1)?;
    go(p, o.lr, &update, &d2.mul(&v.div(bias2)?)?.sqrt()?.add(o.eps)?)
}

fn grams(o: &GramsOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let (bias1, bias2) = biases(o.betas, s.step);
    let update = m.div(bias1)?.div(&v.sqrt()?.div(bias2)?.add(o.eps)?)?.abs()?.mul(&g.sign()?)?;
    Decay { rate: o.weight_decay, decouple: o.weight_decouple, fixed: false }.shrink(p, o.lr)?;
    add(p, -o.lr, &update)
}

fn grok_fast(o: &GrokFastAdamWOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let amplifies = o.grokfast && o.grokfast_lamb > 0.0;
    let lr = if o.grokfast && o.normalize_lr { o.lr / (1.0 + o.grokfast_lamb) } else { o.lr };
    if amplifies {
        s.slots(["grok_exp_avg"], || Ok(g.clone()))?;
    }
    decay!(o).apply(p, &mut g, lr)?;
    if amplifies && s.step > o.grokfast_after_step as u64 {
        let [slow] = s.slots(["grok_exp_avg"], || g.zeros_like())?;
        average(slow, o.grokfast_alpha, &g)?;
        g = g.add(&slow.mul(o.grokfast_lamb)?)?;
    }
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let (bias1, bias2) = biases(o.betas, s.step);
    go(p, lr / bias1, &m, &v.sqrt()?.div(bias2)?.maximum(o.eps)?)
}

fn p_adam(o: &PAdamOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let (bias1, bias2) = biases(o.betas, s.step);
    go(p, o.lr * bias2 / bias1, &m, &v.sqrt()?.add(o.eps)?.pow(2.0 * o.partial)?)
}

fn yogi(o: &YogiOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    yogi_step(p, &g, s, (o.lr, o.betas, o.eps), o.initial_accumulator)
}

pub(crate) fn yogi_step(
    p: &mut Tensor,
    g: &Tensor,
    s: &mut State,
    (lr, betas, eps): (f64, (f64, f64), f64),
    first: f64,
) -> Result<()> {
    let (bias1, bias2) = biases(betas, s.step);
    let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.full_like(first))?;
    average(m, betas.0, g)?;
    let square = g.square()?;
    let change = v.sub(&square)?.sign()?.mul(&square)?;
    add(v, -(1.0 - betas.1), &change)?;
    go(p, lr / bias1, m, &v.sqrt()?.div(bias2)?.add(eps)?)
}
