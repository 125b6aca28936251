//! Adam whose moments live in a small space, into which gradients are projected.
use super::{
    adam_like::{adam_step, biases, go},
    projection::{self, ProjectionType, is_matrix, projection},
};
use crate::{
    State,
    rule::fits_usually,
    setting::{self, choice},
    table::optimizers,
    words::{decay, moments, norm, turned},
};
use tensor_core::{KEEP, Result, Tensor};

choice! {
    /// In what parts [`APOLLO`] scales a gradient.
    ScaleType {
        /// As a whole.
        #[default]
        Tensor = "tensor",
        /// Each row or column.
        Channel = "channel",
    }
}

/// What Fira and GaLore have in common as rules.
macro_rules! by_singular_vectors {
    ($name:literal) => {
        fn check(&self) -> Result<()> {
            setting::check($name, &self.settings())?;
            projection!(self).check_singular($name)
        }
        fn fits(&self, _name: &str, state: &[usize], p: &[usize]) -> bool {
            fits_usually(state, p) || projection::fits(state, p)
        }
    };
}

optimizers! {
    /// APOLLO (Zhu et al., 2024, <https://arxiv.org/abs/2412.05270>): Adam in a small space drawn at random says only how
    /// much a projected gradient is scaled: with `r = P g` and Adam's step `a` of it,
    /// `p -= lr scale^1.5 P^T r |a| / |r|`, whose length grows by at most 1 % a step. Matrices are projected where there
    /// is a `rank`; all else, and all without one, is Adam's. (Apollo of 2020 is [`ApolloDQN`](super::ApolloDQN).)
    APOLLO, APOLLOOptions, each apollo {
        lr: f64 = 1e-2, betas: (f64, f64) = (0.9, 0.999), scale_type: ScaleType = ScaleType::Tensor,
        /// Size of the small side of a matrix; `None` for no projection.
        rank: Option<usize> = None,
        update_proj_gap: usize = 50, scale: f64 = 1.0, projection_type: ProjectionType = ProjectionType::Std,
        weight_decay: f64 = 0.0, weight_decouple: bool = true, fixed_decay: bool = false, correct_bias: bool = true,
        eps: f64 = 1e-6, maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            setting::check("APOLLO", &self.settings())?;
            setting::at_least_zero("APOLLO", "scale", self.scale)?;
            projection!(self).check("APOLLO")
        }
        fn fits(&self, _name: &str, state: &[usize], p: &[usize]) -> bool {
            fits_usually(state, p) || projection::fits(state, p)
        }
    }

    /// Fira (Chen et al., 2024, <https://arxiv.org/abs/2410.01623>): GaLore, and what of the gradient lies outside of the
    /// small space, scaled as Adam scales the inside: with `r = P g` and Adam's step `a` of it,
    /// `p -= lr (scale P^T a + (g - scale P^T r) |a| / |r|)`, row by row of the side that stays; the length of the second
    /// part grows by at most 1 % a step. Matrices are projected where there is a `rank`. Needs the feature `linalg` for it.
    Fira, FiraOptions, each fira {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999),
        /// Size of the small side of a matrix; `None` for no projection.
        rank: Option<usize> = None,
        update_proj_gap: usize = 50, scale: f64 = 1.0, projection_type: ProjectionType = ProjectionType::Std,
        weight_decay: f64 = 0.0, eps: f64 = 1e-6, maximize: bool = false,
    } + { by_singular_vectors!("Fira"); }

    /// GaLore (Zhao et al., 2024, <https://arxiv.org/abs/2403.03507>): Adam on the gradient in the space of its own
    /// largest singular vectors, `r = P g; p -= lr scale P^T m̂ / (sqrt(v̂) + eps)` with the moments of `r`; `P` is renewed
    /// every `update_proj_gap` steps. Matrices are projected where there is a `rank`; all else, and all without one, is
    /// Adam's. Needs the feature `linalg` for a rank.
    ///
    /// ```
    /// use optim::{Optimizer, extra::{GaLore, GaLoreOptions}};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let w = autograd::Parameter::new(Tensor::ones([6, 4])?)?;
    /// # #[cfg(feature = "linalg")] {
    /// let mut optimizer = GaLore::new([w.tied()], GaLoreOptions { rank: Some(2), ..Default::default() })?;
    /// w.set_grad(Some(Tensor::ones([6, 4])?));
    /// optimizer.step()?;
    /// // The moments have the rank's size on one side.
    /// assert_eq!(optimizer.state_dict()?.get("state.0.exp_avg").map(|m| m.shape().to_vec()), Some(vec![6, 2]));
    /// # }
    /// # Ok(()) }
    /// ```
    GaLore, GaLoreOptions, each galore {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999),
        /// Size of the small side of a matrix; `None` for no projection.
        rank: Option<usize> = None,
        update_proj_gap: usize = 50, scale: f64 = 1.0, projection_type: ProjectionType = ProjectionType::Std,
        weight_decay: f64 = 0.0, eps: f64 = 1e-6, maximize: bool = false,
    } + { by_singular_vectors!("GaLore"); }
}

/// Adam's step before its rate and corrections, `m / (sqrt(v) + eps)`.
fn step(s: &mut State, g: &Tensor, betas: (f64, f64), eps: f64) -> Result<Tensor> {
    let (m, v) = moments(s, g, g, betas)?;
    m.div(&v.sqrt()?.add(eps)?)
}

/// `|x| / |y|`, over all elements or along one dimension.
fn lengths(x: &Tensor, y: &Tensor, dim: Option<isize>) -> Result<Tensor> {
    let length = |x: &Tensor| match dim {
        Some(dim) => x.square()?.sum_dim(dim, KEEP)?.sqrt(),
        None => x.square()?.sum()?.sqrt(),
    };
    length(x)?.div(&length(y)?.add(1e-8)?)
}

/// A part of a step that is at most 1 % longer than the last one.
fn limited(x: &Tensor, s: &mut State) -> Result<Tensor> {
    const GROWTH: f64 = 1.01;
    let (length, before) = (norm(x)?, s.number("scaling_grad", f64::INFINITY)?);
    let excess = (length / (before + 1e-8)).max(GROWTH) / GROWTH;
    s.set_number("scaling_grad", length / excess)?;
    x.div(excess)
}

fn apollo(o: &APOLLOOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let (bias1, bias2) = if o.correct_bias { biases(o.betas, s.step) } else { (1.0, 1.0) };
    let rate = o.lr * bias2 / bias1;
    if !o.weight_decouple {
        decay!(o).apply(p, &mut g, rate)?;
    }
    if o.rank.is_some() && is_matrix(&g) {
        let bases = projection!(o).drawn(s, &g)?;
        let r = bases.project(&g)?;
        let a = step(s, &r, o.betas, o.eps)?;
        let along = match o.scale_type {
            ScaleType::Channel => Some(if a.shape()[0] < a.shape()[1] { 0 } else { 1 }),
            ScaleType::Tensor => None,
        };
        let scaled = limited(&r.mul(&lengths(&a, &r, along)?)?, s)?;
        p.sub_(&bases.back(&scaled)?.mul(rate * o.scale.sqrt())?)?;
    } else {
        let (m, v) = moments(s, &g, &g, o.betas)?;
        go(p, rate, &m, &v.sqrt()?.add(o.eps)?)?;
    }
    decay!(o).shrink(p, rate)
}

fn fira(o: &FiraOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    if o.rank.is_some() && is_matrix(&g) {
        let bases = projection!(o).singular(s, &g)?;
        let r = bases.project(&g)?;
        let a = step(s, &r, o.betas, o.eps)?;
        let outside = g.sub(&bases.back(&r)?)?.mul(&lengths(&a, &r, bases.small_dim())?)?;
        let (bias1, bias2) = biases(o.betas, s.step);
        let update = bases.back(&a)?.add(&limited(&outside, s)?)?;
        p.sub_(&update.mul(o.lr * bias2 / bias1)?)?;
    } else {
        adam_step(p, &g, s, o.lr, o.betas, o.eps)?;
    }
    p.mul_(1.0 - o.weight_decay * o.lr).map(drop)
}

fn galore(o: &GaLoreOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    if o.rank.is_some() && is_matrix(&g) {
        let bases = projection!(o).singular(s, &g)?;
        let a = step(s, &bases.project(&g)?, o.betas, o.eps)?;
        let (bias1, bias2) = biases(o.betas, s.step);
        p.sub_(&bases.back(&a)?.mul(o.lr * bias2 / bias1)?)?;
    } else {
        adam_step(p, &g, s, o.lr, o.betas, o.eps)?;
    }
    p.mul_(1.0 - o.weight_decay * o.lr).map(drop)
}
