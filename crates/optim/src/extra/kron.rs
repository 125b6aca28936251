//! PSGD with a preconditioner that is a Kronecker product: one triangle for every dimension.
use crate::{
    State,
    setting::choice,
    table::optimizers,
    words::{add, debias, eye, rms, turned},
};
use linalg::Triangle;
use tensor_core::{Result, Tensor};

choice! {
    /// Which dimensions [`Kron`] keeps only a diagonal of.
    MemorySave {
        /// None but those that are too long.
        #[default]
        Never = "none",
        /// The longest.
        OneDiag = "one_diag",
        /// The longest, where there is one.
        SmartOneDiag = "smart_one_diag",
        /// All.
        AllDiag = "all_diag",
    }
}

optimizers! {
    /// PSGD-Kron (Li, 2015, <https://arxiv.org/abs/1512.04202>; the Kronecker form of psgd_torch, as in pytorch_optimizer):
    /// `p -= lr Q^T Q m̂`, with a triangle `Q` for every dimension of the parameter. Each `Q` is fitted by
    /// `Q -= 0.1 triu(A A^T - B B^T) Q / |A A^T + B B^T|`, `A = Q m̂`, `B = Q^-T v` with a random `v`, in every step at
    /// first and less and less often after 500 steps. No element of the step is longer than 1.1 on average.
    ///
    /// The random `v` come from the generator that [`tensor_core::manual_seed`] seeds.
    Kron, KronOptions, each kron {
        lr: f64 = 1e-3, momentum: f64 = 0.9, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        /// How often the preconditioner is fitted, as a share of the steps; `None` for a share that falls from 1 to 0.03.
        pre_conditioner_update_probability: Option<f64> = None,
        /// Longer dimensions have a diagonal.
        max_size_triangular: usize = 8192,
        /// Parameters of fewer dimensions have diagonals.
        min_ndim_triangular: usize = 2,
        /// Where else there are diagonals.
        memory_save_mode: MemorySave = MemorySave::Never,
        /// Fit to the momentum instead of the gradient.
        momentum_into_precondition_update: bool = true,
        /// How fast the preconditioner is fitted.
        precondition_lr: f64 = 0.1,
        /// The preconditioner of the start.
        precondition_init_scale: f64 = 1.0,
        /// How often, as a share of the fits, the factors are brought to one size.
        balance_prob: f64 = 0.01,
        maximize: bool = false,
    } + {
        fn fits(&self, name: &str, state: &[usize], p: &[usize]) -> bool {
            name.starts_with("Q.") || state == p || state.is_empty()
        }
        fn widens(&self) -> bool {
            true
        }
    }
}

/// Below this a denominator is raised: the smallest normal number of bf16, and of f32.
const TINY: f64 = f32::MIN_POSITIVE as f64;

fn factor_name(i: usize) -> String {
    format!("Q.{i}")
}

/// The factors of the start.
fn begin(o: &KronOptions, g: &Tensor) -> Result<Vec<Tensor>> {
    let shape = g.shape();
    let longest = (0..shape.len()).max_by_key(|i| shape[*i]);
    let alone = longest.is_some_and(|l| shape.len() > 1 && (0..shape.len()).all(|i| i == l || shape[i] < shape[l]));
    let scale = o.precondition_init_scale.powf(1.0 / shape.len().max(1) as f64);
    let factor = |(i, &size): (usize, &usize)| {
        let saved = match o.memory_save_mode {
            MemorySave::Never => false,
            MemorySave::OneDiag => longest == Some(i),
            MemorySave::SmartOneDiag => alone && longest == Some(i),
            MemorySave::AllDiag => true,
        };
        let diagonal = size == 1 || size > o.max_size_triangular || shape.len() < o.min_ndim_triangular || saved;
        if diagonal { g.new_full([size], scale) } else { eye(size, g)?.mul(scale) }
    };
    shape.iter().enumerate().map(factor).collect()
}

/// `x` with dimension `i` as rows.
fn rows(x: &Tensor, i: usize) -> Result<Tensor> {
    let size = x.shape()[i];
    x.movedim(i as isize, 0)?.reshape([size, x.numel() / size.max(1)])
}

/// `x` after `change` of its dimension `i`, given as rows.
fn along(x: &Tensor, i: usize, change: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let moved = x.movedim(i as isize, 0)?;
    change(&rows(x, i)?)?.reshape(moved.shape())?.movedim(0, i as isize)
}

/// `Q x` along every dimension; with `twice`, `Q^T Q x`.
fn apply(factors: &[Tensor], x: &Tensor, twice: bool) -> Result<Tensor> {
    let mut x = x.clone();
    for (i, q) in factors.iter().enumerate() {
        x = along(&x, i, |x| match (q.dim(), twice) {
            (1, false) => x.mul(&q.unsqueeze(-1)?),
            (1, true) => x.mul(&q.square()?.unsqueeze(-1)?),
            (_, false) => q.matmul(x),
            (_, true) => q.t()?.matmul(&q.matmul(x)?),
        })?;
    }
    Ok(x)
}

/// `Q^-T v` along every dimension.
fn unapply(factors: &[Tensor], v: &Tensor) -> Result<Tensor> {
    let mut v = v.clone();
    for (i, q) in factors.iter().enumerate() {
        v = along(&v, i, |v| {
            if q.dim() == 1 { v.div(&q.unsqueeze(-1)?) } else { linalg::solve_triangular(&q.t()?, v, Triangle::Lower) }
        })?;
    }
    Ok(v)
}

/// A bound of the largest singular value from below: one step of power iteration from the longest row or column.
fn norm_bound(a: &Tensor) -> Result<f64> {
    let most: f64 = a.abs()?.amax()?.item()?;
    if most == 0.0 {
        return Ok(0.0);
    }
    let a = a.div(most)?;
    let squares = a.square()?;
    let longest = |sums: Tensor| -> Result<(f64, i64)> {
        Ok((sums.amax()?.item()?, sums.argmax(None, tensor_core::DROP)?.item()?))
    };
    let (column, i) = longest(squares.sum_dim(0, tensor_core::DROP)?)?;
    let (row, j) = longest(squares.sum_dim(1, tensor_core::DROP)?)?;
    let unit = |x: Tensor| -> Result<Tensor> { x.div(crate::words::norm(&x)?.max(TINY)) };
    let bound = if column > row {
        crate::words::norm(&a.matmul(&unit(a.t()?.matmul(&a.select(1, i as isize)?)?)?)?)?
    } else {
        crate::words::norm(&a.t()?.matmul(&unit(a.matmul(&a.select(0, j as isize)?)?)?)?)?
    };
    Ok(most * bound)
}

/// Fits the factors to a pair of noise and gradient.
fn fit(factors: &mut [Tensor], v: &Tensor, g: &Tensor, rate: f64) -> Result<()> {
    let (a, b) = (apply(factors, g, false)?, unapply(factors, v)?);
    for (i, q) in factors.iter_mut().enumerate() {
        let (a, b) = (rows(&a, i)?, rows(&b, i)?);
        if q.dim() == 1 {
            let [a, b] = [a, b].map(|x| x.square()?.sum_dim(1, tensor_core::DROP));
            let (a, b) = (a?, b?);
            let size: f64 = a.add(&b)?.abs()?.amax()?.item()?;
            let change = a.sub(&b)?.mul(rate / (size + TINY))?.mul(&*q)?;
            q.sub_(&change)?;
        } else {
            let (a, b) = (a.matmul(&a.t()?)?, b.matmul(&b.t()?)?);
            let change = a.sub(&b)?.mul(rate)?.triu(0)?.div(norm_bound(&a.add(&b)?)? + TINY)?.matmul(&*q)?;
            q.sub_(&change)?;
        }
    }
    Ok(())
}

/// Brings the factors to one size: their product stays the same.
fn balance(factors: &mut [Tensor]) -> Result<()> {
    let sizes = factors.iter().map(|q| q.abs()?.amax()?.item::<f64>()).collect::<Result<Vec<_>>>()?;
    let mean = sizes.iter().product::<f64>().powf(1.0 / sizes.len().max(1) as f64);
    factors.iter_mut().zip(sizes).try_for_each(|(q, size)| q.mul_(mean / size).map(drop))
}

/// Whether the preconditioner is fitted in this step.
fn is_due(o: &KronOptions, s: &mut State) -> Result<bool> {
    let share = match o.pre_conditioner_update_probability {
        Some(share) => share,
        None => (-0.001 * ((s.step - 1) as f64 - 500.0)).exp().clamp(0.03, 1.0),
    };
    let waited = s.number("update_counter", 0.0)? + 1.0;
    let due = share > 0.0 && waited >= 1.0 / share;
    s.set_number("update_counter", if due { 0.0 } else { waited })?;
    Ok(due)
}

fn kron(o: &KronOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    kron_with(o, p, g, s, &mut |like| like.randn_like())
}

/// With a noise of one's own.
fn kron_with(
    o: &KronOptions,
    p: &mut Tensor,
    g: &Tensor,
    s: &mut State,
    noise: &mut dyn FnMut(&Tensor) -> Result<Tensor>,
) -> Result<()> {
    let mut g = turned!(o, g);
    if p.dim() >= 2 && !o.weight_decouple && o.weight_decay > 0.0 {
        g = g.add(&p.mul(o.weight_decay)?)?;
    }
    let bias = debias(o.momentum, s.step as f64);
    let [m] = s.slots(["momentum_buffer"], || g.zeros_like())?;
    crate::words::average(m, o.momentum, &g)?;
    let m = m.div(bias)?;
    // A number is a vector of one element.
    let flat = |x: &Tensor| if x.dim() == 0 { x.reshape([1]) } else { Ok(x.clone()) };
    let (m, g) = (flat(&m)?, flat(&g)?);
    let mut factors = match s.take(&factor_name(0)) {
        Some(first) => {
            let rest = (1..m.dim()).filter_map(|i| s.take(&factor_name(i)));
            std::iter::once(first).chain(rest).collect()
        }
        None => begin(o, &m)?,
    };
    if is_due(o, s)? {
        if p.dim() > 1 && Tensor::rand(())?.item::<f64>()? < o.balance_prob {
            balance(&mut factors)?;
        }
        let v = noise(&m)?;
        fit(&mut factors, &v, if o.momentum_into_precondition_update { &m } else { &g }, o.precondition_lr)?;
    }
    let mut update = apply(&factors, &m, true)?.reshape(p.shape())?;
    update = update.mul((1.1 / (rms(&update)? + 1e-6)).min(1.0))?;
    for (i, q) in factors.into_iter().enumerate() {
        s.put(&factor_name(i), q);
    }
    if p.dim() >= 2 && o.weight_decouple && o.weight_decay > 0.0 {
        update = update.add(&p.mul(o.weight_decay)?)?;
    }
    add(p, -o.lr, &update)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rule, Setting};
    use serde_json::Value;

    /// The package's own steps, with the noise that it drew.
    #[test]
    fn kron_goes_the_packages_way() {
        let json: Value = serde_json::from_str(include_str!("../../tests/fixtures/package.json")).unwrap();
        let numbers = |v: &Value| -> Vec<f64> { v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
        for case in json["Kron"].as_array().unwrap() {
            let shape: Vec<usize> = numbers(&case["shape"]).into_iter().map(|n| n as usize).collect();
            let tensor = |v: &Value| Tensor::from_slice(&numbers(v), &shape[..]).unwrap();
            let mut o = KronOptions { lr: 0.02, balance_prob: 0.0, ..Default::default() };
            for (name, value) in case["kw"].as_object().unwrap() {
                let value = match value {
                    Value::Bool(b) => Setting::Bool(*b),
                    Value::String(text) => Setting::Text(text.clone()),
                    number => Setting::Float(number.as_f64().unwrap()),
                };
                assert!(o.set(name, &value), "{name}");
            }
            let (mut p, mut s) = (tensor(&case["start"]), State::default());
            for i in 0..5 {
                s.step += 1;
                let mut noise = |like: &Tensor| tensor(&case["v"][i]).reshape(like.shape());
                kron_with(&o, &mut p, &tensor(&case["grads"][i]), &mut s, &mut noise).unwrap();
                for (got, expected) in p.to_vec::<f64>().unwrap().iter().zip(numbers(&case["path"][i])) {
                    // The package solves in 32 bits.
                    assert!((got - expected).abs() < 1e-5, "{shape:?}, step {i}: {got} is not {expected}");
                }
            }
        }
    }

    #[test]
    fn balanced_factors_have_one_size_and_the_same_product() {
        let mut factors = [Tensor::full([2], 4.0f64).unwrap(), Tensor::eye(3).unwrap()];
        balance(&mut factors).unwrap();
        for q in &factors {
            assert!((q.amax().unwrap().item::<f64>().unwrap() - 2.0).abs() < 1e-6);
        }
    }
}
