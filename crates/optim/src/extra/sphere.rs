//! Spectral sphere: steps that leave a matrix's largest singular value alone, to first order.
use crate::{
    State,
    table::optimizers,
    words::{Decay, average, norm, turned},
};
use tensor_core::{DType, Error, Result, Tensor};

optimizers! {
    /// Spectral sphere (as in pytorch_optimizer, after spectral muP, <https://arxiv.org/abs/2410.21265>), for matrices: the
    /// momentum made orthogonal, `p -= lr msign(m + lambda u v^T)`, with the largest singular vectors `u` and `v` of `p` and
    /// the `lambda` that makes the step orthogonal to `u v^T`. As there, in bf16.
    SpectralSphere, SpectralSphereOptions, each spectral_sphere {
        lr: f64 = 3e-4, momentum: f64 = 0.9, weight_decay: f64 = 1e-2, weight_decouple: bool = true,
        nesterov: bool = true,
        /// Steps of power iteration for `u` and `v`.
        power_iteration_steps: usize = 10,
        /// Newton-Schulz steps for the orthogonal matrix.
        msign_steps: usize = 5,
        /// How near to orthogonal is near enough.
        solver_tolerance_f: f64 = 1e-8,
        /// Most bisections for `lambda`.
        solver_max_iterations: usize = 100,
        maximize: bool = false,
    }
}

/// The nearest bf16 numbers, in f32.
fn round(x: &Tensor) -> Result<Tensor> {
    x.to_dtype(DType::BF16)?.to_dtype(DType::F32)
}

/// Each column at length 1, rounded.
fn unit(x: &Tensor) -> Result<Tensor> {
    let length = round(&x.square()?.sum()?.sqrt()?)?.maximum(1e-12)?;
    round(&x.div(&length)?)
}

/// About the nearest orthogonal matrix, by the polynomials of Polar Express (Amsel et al., 2025,
/// <https://arxiv.org/abs/2505.16932>).
fn msign(x: &Tensor, steps: usize) -> Result<Tensor> {
    const WEIGHTS: [(f64, f64, f64); 8] = [
        (8.2051, -22.9019, 16.4607),
        (4.0664, -2.8612, 0.5184),
        (3.9096, -2.8234, 0.5250),
        (3.2856, -2.4153, 0.4853),
        (2.2779, -1.6198, 0.3985),
        (1.8726, -1.2307, 0.3585),
        (1.8564, -1.2132, 0.3568),
        (1.8750, -1.2500, 0.3750),
    ];
    let tall = x.shape()[0] > x.shape()[1];
    let x = if tall { x.t()? } else { x.clone() };
    let mut x = round(&x.div(norm(&x)?.max(1e-7))?)?;
    for i in 0..steps {
        let (a, b, c) = WEIGHTS[i.min(WEIGHTS.len() - 1)];
        let gram = round(&x.matmul(&x.t()?)?)?;
        let polynomial = round(&gram.mul(b)?.add(&gram.matmul(&gram)?.mul(c)?)?)?;
        x = round(&x.mul(a)?.add(&polynomial.matmul(&x)?)?)?;
    }
    if tall { x.t() } else { Ok(x) }
}

/// The largest singular vectors of `w` as a matrix `u v^T`.
fn largest_pair(w: &Tensor, steps: usize) -> Result<Tensor> {
    let w = round(w)?;
    let mut v = w.narrow(0, 0, 1)?.t()?.ones_like()?;
    for _ in 0..steps {
        v = unit(&round(&w.t()?.matmul(&round(&w.matmul(&v)?)?)?)?)?;
    }
    let u = unit(&round(&w.matmul(&v)?)?)?;
    round(&u.matmul(&v.t()?)?)
}

/// Where a rising function is 0: out from 0 in steps that double, then by halves; the best point seen, or 0.
fn zero_of(f: impl Fn(f64) -> Result<f64>, tolerance: f64, bisections: usize) -> Result<f64> {
    let (mut at, mut value) = (0.0, f(0.0)?);
    if value.abs() < tolerance {
        return Ok(0.0);
    }
    let mut step = if value < 0.0 { 1e-3 } else { -1e-3 };
    let mut bracket = None;
    for _ in 0..10 {
        let (next, new) = (at + step, f(at + step)?);
        if (value <= 0.0) != (new <= 0.0) {
            bracket = Some(if value <= 0.0 { [(at, value), (next, new)] } else { [(next, new), (at, value)] });
            break;
        }
        step *= 2.0;
        (at, value) = (next, new);
    }
    let Some([mut left, mut right]) = bracket else { return Ok(0.0) };
    let mut best = if left.1.abs() < right.1.abs() { left } else { right };
    for _ in 0..bisections {
        if best.1.abs() <= tolerance {
            break;
        }
        let middle = 0.5 * (left.0 + right.0);
        let point = (middle, f(middle)?);
        if point.1.abs() < best.1.abs() {
            best = point;
        }
        if point.1 < 0.0 { left = point } else { right = point }
    }
    Ok(best.0)
}

fn spectral_sphere(o: &SpectralSphereOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    if p.dim() != 2 || p.numel() == 0 {
        return Err(Error::new("SpectralSphere", format!("a parameter has {} dimensions, not 2", p.dim()))
            .operands([g])
            .hint("give biases, embeddings and other parameters to an optimizer of their own, such as AdamW"));
    }
    let mut g = turned!(o, g);
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    let [m] = s.slots(["momentum_buffer"], || g.zeros_like())?;
    average(m, o.momentum, &g)?;
    let m = if o.nesterov { g.lerp(m, o.momentum)? } else { m.clone() };
    let m = m.to_dtype(DType::F32)?;
    let m = m.div(norm(&m)?.max(1e-8))?;
    let pair = largest_pair(&p.to_dtype(DType::F32)?, o.power_iteration_steps)?;
    let turned = |lambda: f64| msign(&m.add(&round(&pair.mul(lambda)?)?)?, o.msign_steps);
    let along = |lambda: f64| round(&round(&pair.mul(&turned(lambda)?)?)?.sum()?)?.item::<f64>();
    let lambda = zero_of(along, o.solver_tolerance_f, o.solver_max_iterations)?;
    p.sub_(&turned(lambda)?.to_dtype(p.dtype())?.mul(o.lr)?).map(drop)
}
