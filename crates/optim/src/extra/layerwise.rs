//! Optimizers that look at a layer as a whole: its norms, its rows and columns, its projections.
use super::{
    adam_like::{Rate, adam_step, biases, go},
    belief::clip,
};
use crate::{
    Member, Shared, State,
    setting::choice,
    table::optimizers,
    words::{
        Decay, add, as_matrix, average, average_square, cautious, centralized, debias, decay, inner_dims, largest,
        moments, norm, rms, root, total, turned,
    },
};
use tensor_core::{DROP, DType, KEEP, Result, Tensor};

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
    /// Adafactor (Shazeer and Stern, 2018, <https://arxiv.org/abs/1804.04235>) with a first moment, which is kept in 16
    /// bits. [`crate::Adafactor`] is PyTorch's.
    AdaFactor, AdaFactorOptions, each ada_factor {
        lr: f64 = 1e-3, betas: (Option<f64>, f64) = (Some(0.9), 0.999), decay_rate: f64 = -0.8, weight_decay: f64 = 0.0,
        weight_decouple: bool = true, fixed_decay: bool = false, clip_threshold: f64 = 1.0, ams_bound: bool = false,
        scale_parameter: bool = true, relative_step: bool = true, warmup_init: bool = false, eps1: f64 = 1e-30,
        eps2: f64 = 1e-3, maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
    }

    /// CAME (Luo et al., ACL 2023, <https://arxiv.org/abs/2307.02047>): Adafactor whose steps shrink where they differ
    /// from their running mean.
    CAME, CAMEOptions, each came {
        lr: f64 = 2e-4, betas: (f64, f64, f64) = (0.9, 0.999, 0.9999), weight_decay: f64 = 0.0,
        weight_decouple: bool = true, fixed_decay: bool = false, clip_threshold: f64 = 1.0, ams_bound: bool = false,
        eps1: f64 = 1e-30, eps2: f64 = 1e-16, maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
    }

    /// SM3 (Anil et al., 2019, <https://arxiv.org/abs/1901.11150>): Adagrad that keeps one sum for each row and column:
    /// the largest of what it covers.
    SM3, SM3Options, each sm3 {
        lr: f64 = 0.1, momentum: f64 = 0.0, beta: f64 = 0.0, eps: f64 = 1e-30, maximize: bool = false,
    }

    /// Adalite (Vasudev, 2023, <https://github.com/VatsaDev/adalite>): LAMB, Adafactor and importance weighing of rows and
    /// columns in little memory.
    Adalite, AdaliteOptions, each adalite {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 1e-2, weight_decouple: bool = true,
        fixed_decay: bool = false, g_norm_min: f64 = 1e-10, ratio_min: f64 = 1e-4, tau: f64 = 1.0, eps1: f64 = 1e-6,
        eps2: f64 = 1e-10, maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
    }

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

    /// SPAM (Huang et al., 2025, <https://arxiv.org/abs/2501.06842>): Adam whose momentum is reset every `update_proj_gap`
    /// steps and warmed up again, and whose gradients are cut where their square is above `threshold` times the second
    /// moment.
    SPAM, SPAMOptions, each spam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, warmup_epoch: usize = 50,
        threshold: f64 = 5000.0, grad_accu_steps: usize = 20, update_proj_gap: usize = 500, eps: f64 = 1e-6,
        maximize: bool = false,
    }

    /// Stable SPAM (Huang et al., 2025, <https://arxiv.org/abs/2502.17055>): gradients cut at the running mean of their
    /// largest element, and normalised by running means of their norm.
    StableSPAM, StableSPAMOptions, each stable_spam {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), gamma1: f64 = 0.7, gamma2: f64 = 0.9, theta: f64 = 0.999,
        t_max: Option<f64> = None, eta_min: f64 = 0.5, weight_decay: f64 = 0.0, update_proj_gap: usize = 1000,
        eps: f64 = 1e-8, maximize: bool = false,
    }

    /// APOLLO (Zhu et al., 2024, <https://arxiv.org/abs/2412.05270>) for parameters without a projection: Adam. (Apollo of
    /// 2020 is [`ApolloDQN`](super::ApolloDQN).)
    APOLLO, APOLLOOptions, each apollo {
        lr: f64 = 1e-2, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, correct_bias: bool = true, eps: f64 = 1e-6, maximize: bool = false,
    }

    /// Fira (Chen et al., 2024, <https://arxiv.org/abs/2410.01623>) for parameters without a projection: Adam.
    Fira, FiraOptions, each fira {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, eps: f64 = 1e-6,
        maximize: bool = false,
    }

    /// GaLore (Zhao et al., 2024, <https://arxiv.org/abs/2403.03507>) for parameters without a projection: Adam.
    GaLore, GaLoreOptions, each galore {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, eps: f64 = 1e-6,
        maximize: bool = false,
    }

    /// SaRA (Hu et al., 2024, <https://arxiv.org/abs/2409.06633>): fine-tunes only those weights that are below
    /// `threshold` in size.
    SaRA, SaRAOptions, each sara {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), threshold: f64 = 1e-3, progressive_iter: i64 = -1,
        weight_decay: f64 = 0.01, ams_bound: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// EmoNavi (<https://github.com/muooon/EmoNavi>): Adam with a rate driven by how running means of the loss over
    /// different times differ. Step with a closure.
    EmoNavi, EmoNaviOptions, group emo_navi {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), use_shadow: bool = false, shadow_weight: f64 = 0.05,
        weight_decay: f64 = 0.01, weight_decouple: bool = true, fixed_decay: bool = false, eps: f64 = 1e-8,
        maximize: bool = false,
    }

    /// EmoLynx (<https://github.com/muooon/EmoNavi>): Lion with the rate of [`EmoNavi`].
    EmoLynx, EmoLynxOptions, group emo_lynx {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.99), use_shadow: bool = false, shadow_weight: f64 = 0.05,
        weight_decay: f64 = 0.01, weight_decouple: bool = true, fixed_decay: bool = false, eps: f64 = 1e-8,
        maximize: bool = false,
    }

    /// EmoFact (<https://github.com/muooon/EmoNavi>): the sign of the gradient over its row and column sizes, with the
    /// rate of [`EmoNavi`].
    EmoFact, EmoFactOptions, group emo_fact {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), use_shadow: bool = false, shadow_weight: f64 = 0.05,
        weight_decay: f64 = 0.01, weight_decouple: bool = true, fixed_decay: bool = false, eps: f64 = 1e-8,
        maximize: bool = false,
    }
}

/// `1 / sqrt(v)` from the means of `v` over rows and columns.
pub(crate) fn inverse_root(rows: &Tensor, columns: &Tensor) -> Result<Tensor> {
    let row = rows.div(&rows.mean_dim(-1, KEEP)?)?.rsqrt()?.unsqueeze(-1)?;
    row.mul(&columns.unsqueeze(-2)?.rsqrt()?)
}

/// The two means of a square over its last dimensions one step on, and their [`inverse_root`].
fn factored(s: &mut State, names: [&'static str; 2], square: &Tensor, beta: f64) -> Result<Tensor> {
    let (rows, columns) = (square.mean_dim(-1, DROP)?, square.mean_dim(-2, DROP)?);
    let [name_r, name_c] = names;
    let [r] = s.slots([name_r], || rows.zeros_like())?;
    average(r, beta, &rows)?;
    let r = r.clone();
    let [c] = s.slots([name_c], || columns.zeros_like())?;
    average(c, beta, &columns)?;
    inverse_root(&r, c)
}

/// The same with every element where there are no rows.
fn second_inverse(s: &mut State, square: &Tensor, beta: f64, ams_bound: bool, bias: f64) -> Result<Tensor> {
    let mut inverse = if square.dim() >= 2 {
        factored(s, ["exp_avg_sq_row", "exp_avg_sq_col"], square, beta)?
    } else {
        let [v] = s.slots(["exp_avg_sq"], || square.zeros_like())?;
        average(v, beta, square)?;
        v.rsqrt()?
    };
    if ams_bound {
        let [most] = s.slots(["exp_avg_sq_hat"], || square.zeros_like())?;
        most.maximum_(&inverse.reciprocal()?)?;
        inverse = most.div(bias)?.rsqrt()?;
    }
    Ok(inverse)
}

fn ada_factor(o: &AdaFactorOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let t = s.step as f64;
    let beta2 = o.betas.1.min(1.0 - t.powf(o.decay_rate));
    let mut lr = o.lr;
    if o.relative_step {
        lr = (if o.warmup_init { 1e-6 * t } else { 0.01 }).min(1.0 / t.sqrt());
    }
    if o.scale_parameter {
        lr *= rms(p)?.max(o.eps2);
    }
    decay!(o).apply(p, &mut g, lr)?;
    let inverse = second_inverse(s, &g.square()?.add(o.eps1)?, beta2, o.ams_bound, 1.0 - beta2)?;
    let update = inverse.mul(&g)?;
    let update = update.mul(lr / (rms(&update)? / o.clip_threshold).max(1.0))?;
    let Some(beta1) = o.betas.0 else { return p.sub_(&update).map(drop) };
    let [m] = s.slots(["exp_avg"], || g.zeros_like()?.to_dtype(DType::BF16))?;
    let wide = m.to_dtype(DType::F32)?;
    let update = update.to_dtype(DType::BF16)?.to_dtype(DType::F32)?;
    *m = wide.add(&update.sub(&wide)?.mul(1.0 - beta1)?)?.to_dtype(DType::BF16)?;
    let step = m.to_dtype(p.dtype())?;
    p.sub_(&step).map(drop)
}

fn came(o: &CAMEOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let (beta1, beta2, beta3) = o.betas;
    let inverse = second_inverse(s, &g.square()?.add(o.eps1)?, beta2, o.ams_bound, beta2)?;
    let update = inverse.mul(&g)?;
    let update = update.div((rms(&update)? / o.clip_threshold).max(1.0))?;
    let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
    average(m, beta1, &update)?;
    let m = m.clone();
    if g.dim() < 2 {
        return add(p, -o.lr, &m);
    }
    let rest = update.sub(&m)?.square()?.add(o.eps2)?;
    let confidence = factored(s, ["exp_avg_res_row", "exp_avg_res_col"], &rest, beta3)?;
    add(p, -o.lr, &confidence.mul(&m)?)
}

fn sm3(o: &SM3Options, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let rank = g.dim();
    let name = |i: usize| format!("accumulator_{i}");
    let shape = |i: usize| -> Vec<usize> { (0..rank).map(|k| if k == i { g.shape()[k] } else { 1 }).collect() };
    let mut least: Option<Tensor> = None;
    for i in 0..rank.max(1) {
        let sum = s.slot(&name(i), || g.new_zeros(shape(i)))?;
        least = Some(match least {
            Some(least) => least.minimum(&*sum)?,
            None => sum.clone(),
        });
    }
    let Some(mut sum) = least else { return Ok(()) };
    if o.beta > 0.0 {
        sum = sum.mul(o.beta)?;
    }
    let sum = sum.add(&g.square()?.mul(1.0 - o.beta)?)?;
    for i in 0..rank.max(1) {
        let others: Vec<isize> = (0..rank as isize).filter(|k| *k != i as isize).collect();
        let most = if others.is_empty() { sum.clone() } else { sum.amax_dim(&others[..], KEEP)? };
        let kept = s.slot(&name(i), || most.zeros_like())?;
        *kept = if o.beta > 0.0 { kept.maximum(&most)? } else { most };
    }
    let mut update = sum.add(o.eps)?.rsqrt()?.mul(&g)?;
    if o.momentum > 0.0 {
        let [m] = s.slots(["momentum_buffer"], || g.zeros_like())?;
        average(m, o.momentum, &update)?;
        update = m.clone();
    }
    add(p, -o.lr, &update)
}

fn adalite(o: &AdaliteOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let shape = p.shape().to_vec();
    if !o.weight_decouple {
        decay!(o).apply(p, &mut g, o.lr)?;
    }
    if g.dim() > 2 {
        g = as_matrix(&g)?;
    }
    if g.shape().iter().sum::<usize>() > 1 {
        g = g.mul((norm(p)? / norm(&g)?.max(o.g_norm_min)).max(o.ratio_min))?;
    }
    let (beta1, beta2) = o.betas;
    let matrix = g.dim() == 2;
    let state = |s: &State, name: &str, dims: &[isize]| -> Result<Tensor> {
        match s.get(name) {
            Some(known) => Ok(known.clone()),
            None => g.mean_dim(dims, KEEP)?.zeros_like(),
        }
    };
    let (mut m, mut v) = if matrix {
        let (rows, columns) = (state(s, "v_avg_0", &[1])?, state(s, "v_avg_1", &[0])?);
        let v = rows.mul(&columns)?.div(total(&rows)?.max(o.eps2))?;
        let m = state(s, "m_avg_c", &[1])?.matmul(&state(s, "m_avg_u", &[0, 1])?)?;
        (m.matmul(&state(s, "m_avg_r", &[0])?)?, v)
    } else {
        let kept = |name: &str| s.get(name).cloned().map_or_else(|| g.zeros_like(), Ok);
        (kept("m_avg")?, kept("v_avg")?)
    };
    let mix = |x: &Tensor, w: f64, y: &Tensor| x.add(&y.sub(x)?.mul(w)?);
    m = mix(&m, 1.0 - beta1, &g)?;
    v = mix(&v, 1.0 - beta2, &g.sub(&m)?.square()?)?;
    let v_hat = v.div(debias(beta2, s.step as f64))?;
    let means = if matrix { Some((v.mean_dim(1, KEEP)?, v.mean_dim(0, KEEP)?)) } else { None };
    if let Some((rows, columns)) = &means {
        let weight = rows.softmax(0)?.mul(&columns.softmax(1)?)?.neg()?.add(1.0)?;
        m = m.add(&g.sub(&m)?.mul(&weight)?)?;
    }
    let u = mix(&m, 1.0 - beta1, &g)?;
    if let Some((rows, columns)) = &means {
        let sum = total(&v)?.max(o.eps2);
        s.put("v_avg_0", v.sum_dim(1, KEEP)?);
        s.put("v_avg_1", v.sum_dim(0, KEEP)?.div(sum)?);
        let (by_row, by_column) = (rows.div(o.tau)?.softmax(0)?, columns.div(o.tau)?.softmax(1)?);
        let c = m.mul(&by_column)?.sum_dim(1, KEEP)?;
        let r = m.mul(&by_row)?.sum_dim(0, KEEP)?;
        let sizes = (total(&c.square()?)? * total(&r.square()?)?).max(o.eps2);
        s.put("m_avg_u", c.t()?.matmul(&m)?.matmul(&r.t()?)?.div(sizes)?);
        s.put("m_avg_c", c);
        s.put("m_avg_r", r);
    } else {
        s.put("m_avg", m);
        s.put("v_avg", v);
    }
    let u = u.div(&v_hat.add(o.eps1)?.sqrt()?)?.reshape(&shape[..])?;
    decay!(o).shrink(p, o.lr)?;
    add(p, -o.lr, &u)
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
    if gap > 0 && now.is_multiple_of(gap) {
        s.take("exp_avg");
        s.take("exp_avg_sq");
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
    go(p, o.lr * bias2 / bias1 * (1.0 - death), &m, &v.sqrt()?.add(o.eps)?)?;
    p.mul_(1.0 - o.weight_decay * o.lr).map(drop)
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
        Some(length) if now < length => {
            o.eta_min + (1.0 - o.eta_min) * (1.0 + (std::f64::consts::PI * (now + 1.0) / (length + 1.0)).cos()) / 2.0
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

fn apollo(o: &APOLLOOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let (bias1, bias2) = if o.correct_bias { biases(o.betas, s.step) } else { (1.0, 1.0) };
    let rate = o.lr * bias2 / bias1;
    if !o.weight_decouple {
        decay!(o).apply(p, &mut g, rate)?;
    }
    let (m, v) = moments(s, &g, &g, o.betas)?;
    go(p, rate, &m, &v.sqrt()?.add(o.eps)?)?;
    decay!(o).shrink(p, rate)
}

fn fira(o: &FiraOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    adam_step(p, &turned!(o, g), s, o.lr, o.betas, o.eps)?;
    p.mul_(1.0 - o.weight_decay * o.lr).map(drop)
}

fn galore(o: &GaLoreOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    adam_step(p, &turned!(o, g), s, o.lr, o.betas, o.eps)?;
    p.mul_(1.0 - o.weight_decay * o.lr).map(drop)
}

fn sara(o: &SaRAOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let small = |p: &Tensor| p.abs()?.lt(o.threshold);
    s.slots(["mask"], || small(p))?;
    if o.progressive_iter >= 0 && s.step == o.progressive_iter.unsigned_abs() + 1 {
        let [mask] = s.slots(["mask"], || small(p))?;
        *mask = mask.logical_and(&small(p)?)?;
    }
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let (bias1, bias2) = biases(o.betas, s.step);
    let d = largest(o.ams_bound, s, "max_exp_avg_sq", v)?.sqrt()?.div(bias2)?.add(o.eps)?;
    let [mask] = s.slots(["mask"], || small(p))?;
    let new = p.mul(1.0 - o.weight_decay * o.lr)?.sub(&m.div(&d)?.mul(o.lr / bias1)?)?;
    let new = mask.where_(&new, &*p)?;
    p.copy_(&new).map(drop)
}

/// What the loss says to Emo optimizers: the factor of the rate, the share of the shadow, and trust.
fn drive(shared: &mut Shared, use_shadow: bool) -> Result<(f64, f64, f64)> {
    let loss = shared.loss.unwrap_or(0.0);
    let mut means = [0.0; 3];
    for (mean, (name, weight)) in means.iter_mut().zip([("short", 0.3), ("medium", 0.05), ("long", 0.01)]) {
        *mean = weight * loss + (1.0 - weight) * shared.state.number(name, loss)?;
        shared.state.set_number(name, *mean)?;
    }
    let [short, medium, long] = means;
    let (base_long, base_medium) = (long.max(1e-5), medium.max(1e-5));
    let difference = long - short;
    let (by_long, by_medium) = (difference / base_long, difference / base_medium);
    let nearer = by_medium.abs() * base_medium < by_long.abs() * base_long;
    let scalar = if by_long.abs() >= 0.05 && nearer { by_medium.tanh() } else { by_long.tanh() };
    let size = scalar.abs();
    let ratio = if use_shadow && size > 0.625 { 1.0 - size } else { 0.0 };
    let trust = (1.0 - size).copysign(scalar);
    let drive = if 0.25 < size && size < 0.5 {
        8.0 * trust.abs() * (1.0 + 0.1 * trust)
    } else if size > 0.75 {
        1.0 - size
    } else {
        1.0
    };
    Ok((drive, ratio, trust))
}

/// The shadow of a parameter and the parameter go towards each other.
fn shade(p: &mut Tensor, s: &mut State, ratio: f64, trust: f64, weight: Option<f64>) -> Result<()> {
    let [shadow] = s.slots(["shadow"], || p.clone_contiguous())?;
    if ratio > 0.0 {
        p.mul_(1.0 - ratio)?.add_(&shadow.mul(trust.abs())?)?;
        return weight.map_or(Ok(()), |w| crate::words::towards(shadow, w, p));
    }
    crate::words::towards(shadow, 0.1 * trust.abs(), p)
}

fn emo_navi(o: &EmoNaviOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let (drive, ratio, trust) = drive(shared, o.use_shadow)?;
    for member in members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, o.lr)?;
            if o.use_shadow {
                shade(p, s, ratio, trust, Some(o.shadow_weight))?;
            }
            let (m, v) = moments(s, &g, &g, o.betas)?;
            go(p, o.lr * drive, &m, &v.sqrt()?.add(o.eps)?)
        })?;
    }
    Ok(())
}

fn emo_lynx(o: &EmoLynxOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let (drive, ratio, trust) = drive(shared, o.use_shadow)?;
    for member in members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, o.lr)?;
            if o.use_shadow {
                shade(p, s, ratio, trust, None)?;
            }
            let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
            let sign = g.mul(1.0 - o.betas.0)?.add(&m.mul(o.betas.0)?)?.sign()?;
            average(m, o.betas.1, &g)?;
            add(p, -o.lr * drive, &sign)
        })?;
    }
    Ok(())
}

fn emo_fact(o: &EmoFactOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let (drive, ratio, trust) = drive(shared, o.use_shadow)?;
    for member in members {
        member.update(|p, g, s| {
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, o.lr)?;
            if o.use_shadow {
                shade(p, s, ratio, trust, None)?;
            }
            let update = if g.dim() >= 2 {
                let square = g.square()?;
                let rows = square.mean_dim(&inner_dims(&g)[..], KEEP)?.add(o.eps)?.sqrt()?;
                let columns = square.mean_dim(0, KEEP)?.add(o.eps)?.sqrt()?;
                let [r] = s.slots(["exp_avg_r"], || rows.zeros_like())?;
                average(r, o.betas.0, &rows)?;
                let r = r.clone();
                let [c] = s.slots(["exp_avg_c"], || columns.zeros_like())?;
                average(c, o.betas.0, &columns)?;
                g.div(&r.mul(&*c)?.sqrt()?.add(o.eps)?)?
            } else {
                let (m, v) = moments(s, &g, &g, o.betas)?;
                m.div(&v.sqrt()?.add(o.eps)?)?
            };
            add(p, -o.lr * drive, &update.sign()?)
        })?;
    }
    Ok(())
}
