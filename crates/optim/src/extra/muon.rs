//! The family of Muon: steps along the orthogonal matrix that is nearest to the momentum.
use super::{
    adam_like,
    orthogonal::{NsMethod, Orthogonal, Quintics, shape_rate},
};
use crate::{
    Rule, State,
    setting::{self, Setting, choice, outside},
    table::optimizers,
    words::{Decay, add, average, average_square, bf16, debias, moments, norm, turned},
};
use autograd::Parameter;
use tensor_core::{DType, Error, KEEP, Result, Tensor};

choice! {
    /// What [`NorMuon`] makes of its update's length after its rows are normalised.
    UpdateScale {
        /// The length that it had before.
        #[default]
        PreserveNorm = "preserve_norm",
        /// A root mean square of 0.2.
        MatchRms = "match_rms",
    }
}

/// What all of the family have in common as rules: groups with `use_muon` off are AdamW's, whose rate is `adamw_lr`; that
/// is the rate there, also for schedules.
macro_rules! two_rates {
    ($check:ident) => {
        fn lr(&self) -> f64 {
            if self.use_muon { self.lr } else { self.adamw_lr }
        }
        fn set_lr(&mut self, lr: f64) {
            *(if self.use_muon { &mut self.lr } else { &mut self.adamw_lr }) = lr;
        }
        fn check(&self) -> Result<()> {
            $check(self)
        }
    };
}

optimizers! {
    /// AdaGO (Zhang et al., 2025, <https://arxiv.org/abs/2509.02981>): Muon with the step of AdaGrad's norm:
    /// `v += min(|g|, gamma)^2; p -= max(eps, lr min(|g|, gamma) / v) O(m)`, with the orthogonal matrix `O(m)` of
    /// [`Muon`]. With `nesterov`, the second `|g|` is that of the gradient after it has looked ahead.
    AdaGO, AdaGOOptions, each ada_go {
        lr: f64 = 5e-2, momentum: f64 = 0.95, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        /// Most that the length of a gradient counts.
        gamma: f64 = 10.0,
        /// The least step.
        eps: f64 = 5e-4,
        /// The first value of the accumulator.
        v: f64 = 1e-6,
        nesterov: bool = false, ns_steps: usize = 5, ns_coeffs: Quintics = Quintics::default(),
        use_adjusted_lr: bool = false, use_muon: bool = true, adamw_lr: f64 = 3e-4,
        adamw_betas: (f64, f64) = (0.9, 0.95), adamw_wd: f64 = 0.0, adamw_eps: f64 = 1e-10, maximize: bool = false,
    } + { two_rates!(check_ada_go); }

    /// AdaMuon (Si et al., 2025, <https://arxiv.org/abs/2507.11005>): Muon with Adam's second moment, of the orthogonal
    /// matrix: `p -= lr sqrt(min(m, n)) u / |u|` with `u = O(m) / (sqrt(v̂) + eps)`, times what `use_adjusted_lr` says.
    /// See [`Muon`] for groups. As in the package, `u` is kept in bf16.
    AdaMuon, AdaMuonOptions, each ada_muon {
        lr: f64 = 2e-2, betas: (f64, f64) = (0.9, 0.95), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        ns_steps: usize = 5, ns_coeffs: Quintics = Quintics::default(), use_adjusted_lr: bool = true,
        use_muon: bool = true, adamw_lr: f64 = 3e-4, adamw_betas: (f64, f64) = (0.9, 0.999), adamw_wd: f64 = 0.0,
        eps: f64 = 1e-10, maximize: bool = false,
    } + { two_rates!(check_ada_muon); }

    /// Muon (Jordan et al., 2024, <https://kellerjordan.github.io/posts/muon/>) with groups for AdamW; [`crate::Muon`] is
    /// PyTorch's. `m = momentum m + (1 - momentum) g; p -= lr sqrt(max(1, m / n)) O(m)`, where `O` is about the nearest
    /// orthogonal matrix, found in bf16 by `ns_steps` Newton-Schulz steps. A vector is a column, a kernel a matrix
    /// `[out, all else]`; but embeddings, heads, biases and gains belong to a group with `use_muon: false`: AdamW.
    ///
    /// ```
    /// use optim::{Optimizer, extra::{Muon, MuonOptions}};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// # let model = [vec![3, 2], vec![3]].map(|s| autograd::Parameter::new(Tensor::ones(s)?));
    /// # let model = model.into_iter().collect::<Result<Vec<_>>>()?;
    /// let optimizer = Muon::grouped(model, |p| MuonOptions { use_muon: p.dim() > 1, ..Default::default() })?;
    /// assert_eq!(optimizer.lrs(), [0.02, 3e-4]);
    /// # Ok(()) }
    /// ```
    Muon, MuonOptions, each muon {
        lr: f64 = 2e-2, momentum: f64 = 0.95, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        nesterov: bool = true, ns_steps: usize = 5, ns_coeffs: Quintics = Quintics::default(),
        use_adjusted_lr: bool = false, use_muon: bool = true, adamw_lr: f64 = 3e-4,
        adamw_betas: (f64, f64) = (0.9, 0.95), adamw_wd: f64 = 0.0, adamw_eps: f64 = 1e-10, maximize: bool = false,
        ns_method: NsMethod = NsMethod::NewtonSchulz, ns_reset_steps: Vec<usize> = vec![2],
    } + { two_rates!(check_muon); }

    /// MuonClip (Kimi K2, 2025, <https://arxiv.org/abs/2507.20534>): [`Muon`] with `m = momentum m + g`, the rate of
    /// Moonlight, and queries and keys whose logits grew too large made smaller after a step:
    /// [`MuonClipOptions::clip`].
    MuonClip, MuonClipOptions, each muon_clip {
        lr: f64 = 2e-2, momentum: f64 = 0.95, weight_decay: f64 = 0.0,
        /// The largest logit of attention that is left alone.
        qk_clip_threshold: f64 = 100.0,
        /// The share of a cut that queries take; keys take the rest.
        qk_clip_alpha: f64 = 0.5,
        ns_steps: usize = 5, ns_coeffs: Quintics = Quintics::default(), ns_method: NsMethod = NsMethod::NewtonSchulz,
        ns_reset_steps: Vec<usize> = vec![2], use_muon: bool = true, adamw_lr: f64 = 3e-4,
        adamw_betas: (f64, f64) = (0.9, 0.95), adamw_wd: f64 = 0.0, adamw_eps: f64 = 1e-10, maximize: bool = false,
        use_adjusted_lr: bool = true,
    } + { two_rates!(check_muon_clip); }

    /// NorMuon (Li et al., 2025, <https://arxiv.org/abs/2510.05491>): Muon with rows of equal size: `p -= lr u |O| / |u|`
    /// with `u = O(m) / (sqrt(v) + eps)` and `v` the running mean of the squares of each row of `O`. See [`Muon`] for
    /// groups.
    NorMuon, NorMuonOptions, each nor_muon {
        lr: f64 = 2e-2, momentum: f64 = 0.95, beta2: f64 = 0.95, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        nesterov: bool = true, ns_steps: usize = 5, ns_coeffs: Quintics = Quintics::default(),
        update_scale: UpdateScale = UpdateScale::PreserveNorm, use_adjusted_lr: bool = false, use_muon: bool = true,
        adamw_lr: f64 = 3e-4, adamw_betas: (f64, f64) = (0.9, 0.95), adamw_wd: f64 = 0.0, adamw_eps: f64 = 1e-10,
        eps: f64 = 1e-10, maximize: bool = false,
    } + {
        two_rates!(check_nor_muon);
        fn fits(&self, _name: &str, state: &[usize], p: &[usize]) -> bool {
            crate::rule::fits_usually(state, p) || matches!(state, &[rows, 1] if p.first() == Some(&rows))
        }
    }
}

/// Newton-Schulz of settings that have no other method.
macro_rules! plain {
    ($o:ident) => {
        Orthogonal { steps: $o.ns_steps, quintics: &$o.ns_coeffs, method: NsMethod::NewtonSchulz, resets: &[] }
    };
}
/// Newton-Schulz of settings that say all of it.
macro_rules! whole {
    ($o:ident) => {
        Orthogonal { steps: $o.ns_steps, quintics: &$o.ns_coeffs, method: $o.ns_method, resets: &$o.ns_reset_steps }
    };
}

/// The step of AdamW, where the group is not Muon's: `return` it.
macro_rules! adamw {
    ($o:ident, $p:ident, $g:ident, $s:ident, $eps:expr, $decouple:expr) => {
        if !$o.use_muon {
            let decay = Decay::loose($o.adamw_wd, $decouple);
            return adamw($p, &mut turned!($o, $g), $s, ($o.adamw_lr, $o.adamw_betas, $eps), decay);
        }
    };
}

/// What settings of the whole family cannot be.
fn check(o: &dyn Rule, momentum: f64, orthogonal: &Orthogonal<'_>) -> Result<()> {
    setting::check(o.name(), &o.settings())?;
    if momentum >= 1.0 {
        return Err(outside(o.name(), "momentum", momentum, "at least 0 and below 1"));
    }
    for (name, value) in o.settings() {
        match (name, value) {
            ("adamw_lr" | "adamw_wd" | "adamw_eps", Setting::Float(x)) => setting::at_least_zero(o.name(), name, x)?,
            ("adamw_betas", Setting::List(betas)) => {
                let outer = |beta: &f64| !(0.0..1.0).contains(beta);
                if let Some(beta) = betas.iter().filter_map(Setting::number).find(outer) {
                    return Err(outside(o.name(), name, beta, "at least 0 and below 1"));
                }
            }
            _ => {}
        }
    }
    orthogonal.check(o.name())
}

fn check_muon(o: &MuonOptions) -> Result<()> {
    check(o, o.momentum, &whole!(o))
}
fn check_ada_muon(o: &AdaMuonOptions) -> Result<()> {
    check(o, 0.0, &plain!(o))
}
fn check_nor_muon(o: &NorMuonOptions) -> Result<()> {
    check(o, o.momentum, &plain!(o))
}
fn check_ada_go(o: &AdaGOOptions) -> Result<()> {
    check(o, o.momentum, &plain!(o))?;
    match [("gamma", o.gamma), ("eps", o.eps), ("v", o.v)].into_iter().find(|(_, x)| !(x.is_finite() && *x > 0.0)) {
        Some((name, x)) => Err(outside("AdaGO", name, x, "a number above 0")),
        None => Ok(()),
    }
}
fn check_muon_clip(o: &MuonClipOptions) -> Result<()> {
    check(o, o.momentum, &whole!(o))?;
    if !(o.qk_clip_threshold.is_finite() && o.qk_clip_threshold > 0.0) {
        return Err(outside("MuonClip", "qk_clip_threshold", o.qk_clip_threshold, "a number above 0"));
    }
    if !(0.0..=1.0).contains(&o.qk_clip_alpha) {
        return Err(outside("MuonClip", "qk_clip_alpha", o.qk_clip_alpha, "at least 0 and at most 1"));
    }
    Ok(())
}

fn adamw(
    p: &mut Tensor,
    g: &mut Tensor,
    s: &mut State,
    (lr, betas, eps): (f64, (f64, f64), f64),
    decay: Decay,
) -> Result<()> {
    decay.apply(p, g, lr)?;
    let (m, v) = moments(s, g, g, betas)?;
    let t = s.step as f64;
    let d = v.sqrt()?.div(debias(betas.1, t).sqrt())?.add(eps)?;
    adam_like::go(p, lr / debias(betas.0, t), &m, &d)
}

/// The running mean of gradients, or the gradient on the way to it (Nesterov).
fn momentum(s: &mut State, g: &Tensor, momentum: f64, nesterov: bool) -> Result<Tensor> {
    let [m] = s.slots(["momentum_buffer"], || g.zeros_like())?;
    average(m, momentum, g)?;
    if nesterov { g.lerp(m, momentum) } else { Ok(m.clone()) }
}

/// `p -= rate update`, of any shape and dtype.
fn go(p: &mut Tensor, rate: f64, update: &Tensor) -> Result<()> {
    let update = update.to_dtype(p.dtype())?.reshape(p.shape())?;
    add(p, -rate, &update)
}

fn muon(o: &MuonOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    adamw!(o, p, g, s, o.adamw_eps, o.weight_decouple);
    let mut g = turned!(o, g);
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    let update = whole!(o).nearest(&momentum(s, &g, o.momentum, o.nesterov)?)?;
    let rate = o.lr * shape_rate(p.shape(), o.use_adjusted_lr);
    go(p, rate, &update)
}

fn muon_clip(o: &MuonClipOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    adamw!(o, p, g, s, o.adamw_eps, true);
    let mut g = turned!(o, g);
    Decay::loose(o.weight_decay, true).apply(p, &mut g, o.lr)?;
    let [m] = s.slots(["momentum_buffer"], || g.zeros_like())?;
    m.mul_(o.momentum)?.add_(&g)?;
    let update = whole!(o).nearest(m)?;
    let rate = o.lr * shape_rate(p.shape(), o.use_adjusted_lr);
    go(p, rate, &update)
}

fn ada_muon(o: &AdaMuonOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    adamw!(o, p, g, s, o.eps, o.weight_decouple);
    let mut g = turned!(o, g);
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    let [m] = s.slots(["m"], || g.zeros_like())?;
    average(m, o.betas.0, &g)?;
    let update = plain!(o).nearest(m)?;
    let (rows, columns) = (update.shape()[0], update.shape()[1]);
    let update = update.to_dtype(p.dtype())?.reshape(p.shape())?;
    let bias = debias(o.betas.1, s.step as f64);
    let [v] = s.slots(["v"], || update.zeros_like())?;
    average_square(v, o.betas.1, &update)?;
    let round = |x: Tensor| x.to_dtype(DType::BF16)?.to_dtype(p.dtype());
    let d = v.div(bias)?.sqrt()?.add(o.eps)?;
    let update = round(update.div(&d)?)?;
    let inverse = bf16(1.0 / bf16(bf16(norm(&update)?) + o.eps));
    let update = round(update.mul(bf16(inverse * (rows.min(columns) as f64).sqrt()))?)?;
    let rate = o.lr * shape_rate(p.shape(), o.use_adjusted_lr);
    go(p, rate, &update)
}

fn nor_muon(o: &NorMuonOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    adamw!(o, p, g, s, o.adamw_eps, o.weight_decouple);
    let mut g = turned!(o, g);
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    let update = plain!(o).nearest(&momentum(s, &g, o.momentum, o.nesterov)?)?.to_dtype(p.dtype())?;
    let rows = update.square()?.mean_dim(-1, KEEP)?;
    let [v] = s.slots(["second_momentum_buffer"], || rows.zeros_like())?;
    average(v, o.beta2, &rows)?;
    let normal = update.div(&v.sqrt()?.add(o.eps)?)?;
    let length = norm(&normal)? + o.eps;
    let rate = match o.update_scale {
        UpdateScale::PreserveNorm => norm(&update)? / length * shape_rate(p.shape(), o.use_adjusted_lr),
        UpdateScale::MatchRms => 0.2 * (p.numel() as f64).sqrt() / length,
    };
    go(p, o.lr * rate, &normal)
}

fn ada_go(o: &AdaGOOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    adamw!(o, p, g, s, o.adamw_eps, o.weight_decouple);
    let mut g = turned!(o, g);
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    let ahead = momentum(s, &g, o.momentum, o.nesterov)?;
    let length = norm(&g)?;
    let v = s.number("v", o.v)? + length.min(o.gamma).powi(2);
    s.set_number("v", v)?;
    let update = plain!(o).nearest(&ahead)?;
    let length = if o.nesterov { norm(&ahead)? } else { length };
    let lr = o.lr * shape_rate(p.shape(), o.use_adjusted_lr);
    go(p, (lr * length.min(o.gamma) / v).max(o.eps), &update)
}

/// Which part of attention a weight makes, for [`MuonClipOptions::clip`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QkPart {
    /// Queries.
    Query,
    /// Keys.
    Key,
    /// The rotary part of queries, which takes the whole cut: rotary keys are shared by all heads.
    QueryRotary,
}

impl MuonClipOptions {
    /// Makes the rows of a projection smaller whose head's largest logit of the batch, before softmax, is above
    /// `qk_clip_threshold`: by `(threshold / logit)^alpha` for queries, `^(1 - alpha)` for keys. The rows of `weight` are
    /// those of the heads, one head after the other; call it after a step, for queries and keys alike.
    ///
    /// ```
    /// use optim::extra::{MuonClipOptions, QkPart};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let queries = autograd::Parameter::new(Tensor::ones([4, 2])?)?;
    /// MuonClipOptions::default().clip(QkPart::Query, &queries, &[50.0, 400.0])?;
    /// assert_eq!(queries.to_vec::<f32>()?, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5]);
    /// # Ok(()) }
    /// ```
    pub fn clip(&self, part: QkPart, weight: &Parameter, max_logits: &[f64]) -> Result<()> {
        check_muon_clip(self)?;
        let rows = weight.shape().first().copied().unwrap_or(0);
        if rows == 0 || max_logits.is_empty() || !rows.is_multiple_of(max_logits.len()) {
            let why = format!("{rows} rows are not those of {} heads", max_logits.len());
            return Err(Error::new("clip", why).operands([&**weight]).hint("give one largest logit for each head"));
        }
        let exponent = match part {
            QkPart::Query => self.qk_clip_alpha,
            QkPart::Key => 1.0 - self.qk_clip_alpha,
            QkPart::QueryRotary => 1.0,
        };
        let each = rows / max_logits.len();
        let factor = |logit: f64| (self.qk_clip_threshold / logit.max(self.qk_clip_threshold)).powf(exponent);
        let factors: Vec<f64> = max_logits.iter().flat_map(|&logit| vec![factor(logit); each]).collect();
        let mut shape = vec![1; weight.dim()];
        shape[0] = rows;
        let factors = Tensor::from_slice(&factors, shape)?.to_dtype(weight.dtype())?.to_device(&weight.device())?;
        weight.update(|p| p.mul_(&factors).map(drop))
    }
}
