//! Sums of all gradients so far: relatives of AdaGrad and of dual averaging.
use super::adam_like::go;
use crate::{
    State,
    table::optimizers,
    words::{add, decay, towards, turned},
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// Follow the regularised leader (McMahan et al., 2013, <https://research.google/pubs/pub41159>): sparse parameters
    /// by `lambda_1`, with a rate of its own for every element.
    FTRL, FTRLOptions, each ftrl {
        lr: f64 = 1e-3, lr_power: f64 = -0.5, beta: f64 = 0.0, lambda_1: f64 = 0.0, lambda_2: f64 = 0.0,
        maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            crate::setting::check("FTRL", &self.settings())?;
            crate::setting::none_negative("FTRL", [("-lr_power", -self.lr_power)])
        }
    }

    /// KATE (Choudhury et al., 2024, <https://arxiv.org/abs/2403.02648>): Adagrad without its root, invariant to the scale
    /// of the data.
    Kate, KateOptions, each kate {
        lr: f64 = 1e-3, delta: f64 = 0.0, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    }

    /// MADGRAD (Defazio and Jelassi, 2021, <https://arxiv.org/abs/2101.11075>): dual averaging with the cube root of the
    /// summed squares: `p = x0 - s / (cbrt(v) + eps)`, with momentum.
    MADGRAD, MADGRADOptions, each madgrad {
        lr: f64 = 1e-3, momentum: f64 = 0.9, weight_decay: f64 = 0.0, weight_decouple: bool = false, eps: f64 = 1e-6,
        maximize: bool = false,
    }
}

fn ftrl(o: &FTRLOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let [z, n] = s.slots(["z", "n"], || g.zeros_like())?;
    let before = n.pow(-o.lr_power)?;
    n.add_(&g.square()?)?;
    let sigma = n.pow(-o.lr_power)?.sub(&before)?.div(o.lr)?;
    z.add_(&g)?.sub_(&sigma.mul(&*p)?)?;
    let d = n.sqrt()?.add(o.beta)?.div(o.lr)?.add(o.lambda_2)?;
    let new = z.sign()?.mul(o.lambda_1)?.sub(&*z)?.div(&d)?;
    let kept = z.abs()?.gt(o.lambda_1)?;
    p.copy_(&kept.where_(&new, 0.0)?).map(drop)
}

fn kate(o: &KateOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let [m, b] = s.slots(["m", "b"], || g.zeros_like())?;
    let square = g.square()?;
    let sum = b.square()?.add(&square)?.add(o.eps)?;
    let mean = m.square()?.add(&square.mul(o.delta)?)?.add(&square.div(&sum)?)?.sqrt()?;
    m.copy_(&mean)?;
    b.copy_(&sum.sqrt()?)?;
    go(p, o.lr, &mean.mul(&g)?, &sum)
}

fn madgrad(o: &MADGRADOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if o.weight_decay > 0.0 && !o.weight_decouple {
        g = g.add(&p.mul(o.weight_decay)?)?;
    }
    let lr = if o.lr == 0.0 { 0.0 } else { o.lr + o.eps };
    let shrink = if o.weight_decouple { lr * o.weight_decay } else { 0.0 };
    madgrad_step(p, &g, s, (lr, o.momentum, o.eps), shrink)
}

/// A step of MADGRAD; settings are the rate with `eps` in it, momentum and eps.
pub(crate) fn madgrad_step(
    p: &mut Tensor,
    g: &Tensor,
    s: &mut State,
    (lr, momentum, eps): (f64, f64, f64),
    shrink: f64,
) -> Result<()> {
    let weight = lr * (s.step as f64).sqrt();
    if momentum > 0.0 {
        s.slots(["x0"], || p.clone_contiguous())?;
    }
    let start = s.get("x0").cloned();
    let [squares, sum] = s.slots(["grad_sum_sq", "s"], || g.zeros_like())?;
    let root = |squares: &Tensor| -> Result<Tensor> {
        let root = squares.pow(1.0 / 3.0)?.add(eps)?;
        if eps == 0.0 { root.masked_fill(&root.eq(0.0)?, f64::INFINITY) } else { Ok(root) }
    };
    let start = match start {
        Some(start) => start,
        None => p.add(&sum.div(&root(squares)?)?)?,
    };
    squares.add_(&g.square()?.mul(weight)?)?;
    add(sum, weight, g)?;
    let z = start.sub(&sum.div(&root(squares)?)?)?;
    let before = p.mul(shrink)?;
    towards(p, 1.0 - momentum, &z)?;
    p.sub_(&before).map(drop)
}
