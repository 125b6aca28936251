//! Second moments of a matrix as one number for each row and each column.
use crate::{
    State,
    table::optimizers,
    words::{add, as_matrix, average, debias, decay, norm, rms, total, turned},
};
use tensor_core::{DROP, DType, KEEP, Result, Tensor};

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

/// `1 / sqrt(v)` from the means of `v` over rows and columns.
pub(crate) fn inverse_root(rows: &Tensor, columns: &Tensor) -> Result<Tensor> {
    let row = rows.div(&rows.mean_dim(-1, KEEP)?)?.rsqrt()?.unsqueeze(-1)?;
    row.mul(&columns.unsqueeze(-2)?.rsqrt()?)
}
