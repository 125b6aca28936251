//! The words that updates are written in: running means, kinds of weight decay, bias corrections, trust ratios.
use crate::State;
use tensor_core::{KEEP, Result, Tensor};

/// The gradient to descend along: turned round for `maximize`, with the share of the parameter that weight decay adds.
pub(crate) fn descent(p: &Tensor, g: &Tensor, maximize: bool, weight_decay: f64) -> Result<Tensor> {
    let g = if maximize { g.neg()? } else { g.clone() };
    if weight_decay == 0.0 { Ok(g) } else { g.add(&p.mul(weight_decay)?) }
}

/// `mean = decay mean + (1 - decay) x`.
pub(crate) fn average(mean: &mut Tensor, decay: f64, x: &Tensor) -> Result<()> {
    mean.mul_(decay)?.add_(&x.mul(1.0 - decay)?).map(drop)
}

/// `mean = decay mean + (1 - decay) x^2`.
pub(crate) fn average_square(mean: &mut Tensor, decay: f64, x: &Tensor) -> Result<()> {
    average(mean, decay, &x.square()?)
}

/// `y += a x`.
pub(crate) fn add(y: &mut Tensor, a: f64, x: &Tensor) -> Result<()> {
    y.add_(&x.mul(a)?).map(drop)
}

/// `y += a x / d`.
pub(crate) fn add_quotient(y: &mut Tensor, a: f64, x: &Tensor, d: &Tensor) -> Result<()> {
    y.add_(&x.div(d)?.mul(a)?).map(drop)
}

/// `y += w (x - y)`.
pub(crate) fn towards(y: &mut Tensor, w: f64, x: &Tensor) -> Result<()> {
    let way = x.sub(&*y)?.mul(w)?;
    y.add_(&way).map(drop)
}

/// `1 - beta^t`.
pub(crate) fn debias(beta: f64, t: f64) -> f64 {
    1.0 - beta.powf(t)
}

/// `1 - (1 - beta) / (1 - beta^t)`: the decay that makes a running mean unbiased by itself.
pub(crate) fn debias_beta(beta: f64, t: f64) -> f64 {
    let power = beta.powf(t);
    (power - beta) / (power - 1.0)
}

/// Where weight decay goes: into the gradient; off the parameter, in units of the rate (`decouple`); or off the parameter
/// by itself (`fixed`).
#[derive(Clone, Copy)]
pub(crate) struct Decay {
    pub rate: f64,
    pub decouple: bool,
    pub fixed: bool,
}

impl Decay {
    /// Without a fixed rate.
    pub(crate) fn loose(rate: f64, decouple: bool) -> Decay {
        Decay { rate, decouple, fixed: false }
    }

    /// Decays `p` or adds to `g`.
    pub(crate) fn apply(self, p: &mut Tensor, g: &mut Tensor, lr: f64) -> Result<()> {
        if self.decouple {
            return self.shrink(p, lr);
        }
        if self.rate > 0.0 {
            *g = g.add(&p.mul(self.rate)?)?;
        }
        Ok(())
    }

    /// Decays `p` where decay is decoupled.
    pub(crate) fn shrink(self, p: &mut Tensor, lr: f64) -> Result<()> {
        if self.decouple && self.rate != 0.0 {
            p.mul_(1.0 - self.rate * if self.fixed { 1.0 } else { lr })?;
        }
        Ok(())
    }
}

/// The weight decay of settings that say all three things about it.
macro_rules! decay {
    ($o:ident) => {
        $crate::words::Decay { rate: $o.weight_decay, decouple: $o.weight_decouple, fixed: $o.fixed_decay }
    };
}
/// Turns the gradient round where `maximize` says so.
macro_rules! turned {
    ($o:ident, $g:ident) => {
        if $o.maximize { $g.neg()? } else { $g.clone() }
    };
}
pub(crate) use {decay, turned};

/// The running means of a gradient and of the square of another (mostly the same), under Adam's names, one step on.
pub(crate) fn moments(
    state: &mut State,
    first: &Tensor,
    second: &Tensor,
    betas: (f64, f64),
) -> Result<(Tensor, Tensor)> {
    let [m, v] = state.slots(["exp_avg", "exp_avg_sq"], || first.zeros_like())?;
    average(m, betas.0, first)?;
    average_square(v, betas.1, second)?;
    Ok((m.clone(), v.clone()))
}

/// The second moment, or the largest of it so far, which is kept as `name` (AMSGrad).
pub(crate) fn largest(on: bool, state: &mut State, name: &str, v: Tensor) -> Result<Tensor> {
    if !on {
        return Ok(v);
    }
    let most = state.slot(name, || v.zeros_like())?;
    most.maximum_(&v)?;
    Ok(most.clone())
}

/// `sqrt(v + 1e-15) + eps`.
pub(crate) fn root(v: &Tensor, eps: f64) -> Result<Tensor> {
    v.add(1e-15)?.sqrt()?.add(eps)
}

/// The rectified rate of RAdam without the correction of the first moment, and the length of the average that it rests
/// on. While that is below `threshold` the rate is `lr` where `to_sgd`, else negative: no step.
pub(crate) fn rectified(lr: f64, beta2: f64, t: f64, threshold: f64, to_sgd: bool) -> (f64, f64) {
    let longest = 2.0 / (1.0 - beta2) - 1.0;
    let power = beta2.powf(t);
    let length = longest - 2.0 * t * power / (1.0 - power);
    let factor = if length >= threshold {
        ((1.0 - power) * (length - 4.0) / (longest - 4.0) * (length - 2.0) / length * longest / (longest - 2.0)).sqrt()
    } else if to_sgd {
        1.0
    } else {
        -1.0
    };
    (lr * factor, length)
}

/// The Euclidean norm of all elements.
pub(crate) fn norm(x: &Tensor) -> Result<f64> {
    Ok(x.square()?.sum()?.item::<f64>()?.sqrt())
}

/// The root of the mean square.
pub(crate) fn rms(x: &Tensor) -> Result<f64> {
    Ok(norm(x)? / (x.numel() as f64).sqrt())
}

/// The sum of the products of all elements.
pub(crate) fn dot(x: &Tensor, y: &Tensor) -> Result<f64> {
    x.mul(y)?.sum()?.item()
}

/// The sum of all elements.
pub(crate) fn total(x: &Tensor) -> Result<f64> {
    x.sum()?.item()
}

/// All dimensions but the first.
pub(crate) fn inner_dims(x: &Tensor) -> Vec<isize> {
    (1..x.dim() as isize).collect()
}

/// Takes the mean over all dimensions but the first off a gradient that has more than one (Yong et al., 2020,
/// <https://arxiv.org/abs/2004.01461>).
pub(crate) fn centralized(g: &Tensor) -> Result<Tensor> {
    if g.dim() > 1 { g.sub(&g.mean_dim(&inner_dims(g)[..], KEEP)?) } else { Ok(g.clone()) }
}

/// Keeps the elements of an update that agree with the gradient in sign, and scales them up for those that go (Liang et
/// al., 2024, <https://arxiv.org/abs/2411.16085>).
pub(crate) fn cautious(update: &Tensor, g: &Tensor) -> Result<Tensor> {
    let mask = update.mul(g)?.gt(0.0)?.to_dtype(g.dtype())?;
    let scale = mask.numel() as f64 / (total(&mask)? + 1.0);
    update.mul(&mask.mul(scale)?)
}

/// A matrix of at least one row: a vector as a column, what has more dimensions with all but the first in one.
pub(crate) fn as_matrix(x: &Tensor) -> Result<Tensor> {
    let rows = if x.dim() < 2 { x.numel() } else { x.shape()[0] };
    x.reshape([rows, x.numel() / rows.max(1)])
}

/// The gradient lengthened to the running mean of its norm where that is larger (Dubey et al., 2022, AdaNorm,
/// <https://arxiv.org/abs/2210.06364>).
pub(crate) fn norm_kept(g: &Tensor, state: &mut State, r: f64) -> Result<Tensor> {
    let own = norm(g)?;
    let mean = r * state.number("exp_grad_norm", 0.0)? + (1.0 - r) * own;
    state.set_number("exp_grad_norm", mean)?;
    if own > 0.0 && mean > own { g.mul(mean / own) } else { Ok(g.clone()) }
}

/// `max(1, sqrt(mean(g^2 / max(v, eps))))`: how much longer than usual the gradient is (Wortsman et al., 2023).
pub(crate) fn surprise(g: &Tensor, v: &Tensor, eps: f64) -> Result<f64> {
    Ok(g.square()?.div(&v.maximum(eps)?)?.mean()?.item::<f64>()?.sqrt().max(1.0))
}

/// The unit matrix of this size, of the dtype and on the device of `like`.
#[cfg(feature = "linalg")]
pub(crate) fn eye(size: usize, like: &Tensor) -> Result<Tensor> {
    Tensor::eye(size)?.to_dtype(like.dtype())?.to_device(&like.device())
}

/// The nearest number of bf16, an even one from the middle of two.
pub(crate) fn bf16(x: f64) -> f64 {
    let bits = (x as f32).to_bits();
    f64::from(f32::from_bits(bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) & 0xffff_0000))
}
