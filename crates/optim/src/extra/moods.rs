//! Optimizers that drive their rate by how the loss moves, which they call emotions.
use super::adam_like::go;
use crate::{
    Member, Shared, State,
    table::optimizers,
    words::{add, average, decay, inner_dims, moments, turned},
};
use tensor_core::{KEEP, Result, Tensor};

optimizers! {
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
