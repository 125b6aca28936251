//! Optimizers that look at a parameter as a matrix: Adafactor, Muon.
use crate::{
    State,
    setting::{choice, none_negative, outside},
    table::optimizers,
    words::{average, descent, rms},
};
use tensor_core::{DType, Error, KEEP, Result, Tensor};

optimizers! {
    /// Adafactor (Shazeer and Stern, 2018, <https://arxiv.org/abs/1804.04235>): of a matrix, only the means of the
    /// squared gradients over rows and columns are kept, `v = r c / mean(r)`. The step is relative to the size of the
    /// parameter, `max(eps.1, rms(p)) min(lr, 1 / sqrt(t))`, and its root mean square is cut to `d`.
    Adafactor, AdafactorOptions, each adafactor {
        lr: f64 = 1e-2,
        /// Exponent with which the running means forget: `beta2 = 1 - t^beta2_decay`.
        beta2_decay: f64 = -0.8,
        /// Smallest root of the second moment (`None` for the resolution of the parameter's dtype), and smallest size
        /// of a parameter.
        eps: (Option<f64>, f64) = (None, 1e-3),
        /// Largest root mean square of a step, before the rate.
        d: f64 = 1.0,
        weight_decay: f64 = 0.0,
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check_adafactor(self) } }

    /// Muon (Jordan et al., 2024, <https://kellerjordan.github.io/posts/muon/>), for matrices: the momentum is made
    /// orthogonal by `ns_steps` Newton-Schulz steps (in bf16, as in PyTorch) before it is applied.
    ///
    /// ```
    /// use optim::{Muon, Optimizer};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let w = autograd::Parameter::new(Tensor::ones([3, 2])?)?;
    /// let mut optimizer = Muon::new([w.tied()], 0.02)?;
    /// w.set_grad(Some(Tensor::ones([3, 2])?));
    /// optimizer.step()?;
    /// # Ok(()) }
    /// ```
    Muon, MuonOptions, each muon {
        lr: f64 = 1e-3,
        weight_decay: f64 = 0.1,
        momentum: f64 = 0.95,
        nesterov: bool = true,
        /// The polynomial of the Newton-Schulz steps.
        ns_coefficients: (f64, f64, f64) = (3.4445, -4.7750, 2.0315),
        eps: f64 = 1e-7,
        ns_steps: usize = 5,
        /// How the rate depends on the shape.
        adjust_lr_fn: MuonRate = MuonRate::Original,
    } + { fn check(&self) -> Result<()> { check_muon(self) } }
}

choice! {
    /// How the rate of [`Muon`] depends on the shape `[A, B]`.
    MuonRate {
        /// `sqrt(max(1, A / B))`.
        #[default]
        Original = "original",
        /// `0.2 sqrt(max(A, B))`: steps as large as those of AdamW, whose rate can be kept.
        MatchRmsAdamw = "match_rms_adamw",
        /// `sqrt(A / B)`.
        SpectralUnclamped = "spectral_unclamped",
    }
}

fn check_adafactor(o: &AdafactorOptions) -> Result<()> {
    let (first, second) = (o.eps.0.unwrap_or(0.0), o.eps.1);
    let settings = [("lr", o.lr), ("eps.0", first), ("eps.1", second), ("weight_decay", o.weight_decay)];
    none_negative("Adafactor", settings)?;
    if o.beta2_decay.is_nan() || o.beta2_decay > 0.0 {
        return Err(outside("Adafactor", "beta2_decay", o.beta2_decay, "at most 0"));
    }
    if o.d.is_nan() || o.d < 1.0 {
        return Err(outside("Adafactor", "d", o.d, "at least 1"));
    }
    Ok(())
}

fn adafactor(o: &AdafactorOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let g = descent(p, g, o.maximize, 0.0)?;
    if g.numel() == 0 {
        return Ok(());
    }
    let resolution = match p.dtype() {
        DType::F64 => f64::EPSILON,
        DType::F16 => 2f64.powi(-10),
        DType::BF16 => 2f64.powi(-7),
        _ => f64::from(f32::EPSILON),
    };
    let eps1 = o.eps.0.unwrap_or(resolution);
    let t = state.step as f64;
    let beta2 = 1.0 - t.powf(o.beta2_decay);
    let rate = rms(p)?.max(o.eps.1) * o.lr.min(1.0 / t.sqrt());
    p.mul_(1.0 - o.lr * o.weight_decay)?;
    let squares = g.square()?;
    let v = if g.shape().len() > 1 {
        let (rows, columns) = (squares.mean_dim(-1, KEEP)?, squares.mean_dim(-2, KEEP)?);
        let [r] = state.slots(["row_var"], || rows.zeros_like())?;
        average(r, beta2, &rows)?;
        let r = r.clone();
        let [c] = state.slots(["col_var"], || columns.zeros_like())?;
        average(c, beta2, &columns)?;
        r.mul(&*c)?.div(&r.mean_dim(-2, KEEP)?.maximum(eps1)?)?
    } else {
        let [v] = state.slots(["variance"], || g.zeros_like())?;
        average(v, beta2, &squares)?;
        v.clone()
    };
    let update = g.div(&v.maximum(eps1 * eps1)?.sqrt()?)?;
    let excess = (rms(&update)? / o.d).max(1.0);
    p.sub_(&update.mul(rate / excess)?).map(drop)
}

fn check_muon(o: &MuonOptions) -> Result<()> {
    let settings = [("lr", o.lr), ("weight_decay", o.weight_decay), ("momentum", o.momentum), ("eps", o.eps)];
    none_negative("Muon", settings)?;
    if o.ns_steps >= 100 {
        return Err(outside("Muon", "ns_steps", o.ns_steps as f64, "below 100"));
    }
    Ok(())
}

/// The nearest orthogonal matrix, about: `X = a X + (b A + c A^2) X` with `A = X X^T`, one step for each of the weights
/// `(a, b, c)`, rounded to bf16 every time.
pub(crate) fn newton_schulz(x: &Tensor, weights: &[(f64, f64, f64)], eps: f64) -> Result<Tensor> {
    let round = |x: &Tensor| x.to_dtype(DType::BF16)?.to_dtype(DType::F32);
    let tall = x.shape()[0] > x.shape()[1];
    let mut x = round(x)?;
    if tall {
        x = x.t()?;
    }
    let norm = round(&x.square()?.sum()?.sqrt()?)?.maximum(eps)?;
    x = round(&x.div(&norm)?)?;
    for (a, b, c) in weights {
        let gram = round(&x.matmul(&x.t()?)?)?;
        let polynomial = round(&gram.mul(*b)?.add(&gram.matmul(&gram)?.mul(*c)?)?)?;
        x = round(&x.mul(*a)?.add(&polynomial.matmul(&x)?)?)?;
    }
    if tall { x.t() } else { Ok(x) }
}

fn muon(o: &MuonOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let &[rows, columns] = g.shape() else {
        return Err(Error::new("Muon", format!("a parameter has {} dimensions, not 2", g.shape().len()))
            .operands([g])
            .hint("give biases, embeddings and other parameters to an optimizer of their own, such as AdamW"));
    };
    let [b] = state.slots(["momentum_buffer"], || g.zeros_like())?;
    average(b, o.momentum, g)?;
    let update = if o.nesterov { g.lerp(b, o.momentum)? } else { b.clone() };
    let update = newton_schulz(&update, &vec![o.ns_coefficients; o.ns_steps], o.eps)?.to_dtype(p.dtype())?;
    let (rows, columns) = (rows as f64, columns as f64);
    let ratio = match o.adjust_lr_fn {
        MuonRate::Original => (rows / columns).max(1.0).sqrt(),
        MuonRate::MatchRmsAdamw => 0.2 * rows.max(columns).sqrt(),
        MuonRate::SpectralUnclamped => (rows / columns).sqrt(),
    };
    p.mul_(1.0 - o.lr * o.weight_decay)?.sub_(&update.mul(o.lr * ratio)?).map(drop)
}
