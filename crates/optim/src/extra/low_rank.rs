//! Moments in a small space, into which gradients are projected.
use super::adam_like::{adam_step, biases, go};
use crate::{
    State,
    table::optimizers,
    words::{decay, largest, moments, turned},
};
use tensor_core::{Result, Tensor};

optimizers! {
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
