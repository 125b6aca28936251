//! DASH: Shampoo whose roots come from Newton's iteration, block by block.
use crate::{
    State,
    setting::{self, choice},
    table::optimizers,
    words::{Decay, add, average, average_square, bf16, debias, eye, norm, turned},
};
use linalg::Triangle;
use tensor_core::{DROP, DType, KEEP, Result, Tensor};

choice! {
    /// How [`DASH`] takes roots.
    RootMethod {
        /// Newton's iteration in the form of Denman and Beavers.
        #[default]
        NewtonDb = "newton_db",
        /// By eigenvalues.
        Eigh = "eigh",
    }
}

choice! {
    /// What [`DASH`] divides a matrix by before Newton's iteration.
    MatrixScaling {
        /// Twice its largest eigenvalue, as power iteration from random vectors finds it.
        #[default]
        Power = "power",
        /// Its Frobenius norm.
        Frobenius = "frobenius",
    }
}

optimizers! {
    /// DASH (2026, <https://arxiv.org/abs/2602.02016>): Shampoo in blocks, `L^(-1/4) m R^(-1/4)` of matrices and `L^(-1/2) m`
    /// of vectors, each block as long as Adam's step.
    DASH, DASHOptions, each dash {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.95),
        /// Decay of the squares that give a block its length; `None` for `beta2`.
        grafting_beta: Option<f64> = None,
        weight_decay: f64 = 0.0,
        block_size: usize = 1024,
        precondition_frequency: usize = 10,
        start_preconditioning_step: usize = 1,
        inverse_root_method: RootMethod = RootMethod::NewtonDb,
        matrix_scaling: MatrixScaling = MatrixScaling::Power,
        newton_steps: usize = 10,
        /// Steps of the power iteration.
        power_iteration_steps: usize = 10,
        /// Random vectors that it starts from.
        power_iteration_vectors: usize = 16,
        momentum: f64 = 0.0, nesterov: bool = true, correct_bias: bool = true, eps: f64 = 1e-8, matrix_eps: f64 = 1e-10,
        maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            setting::check("DASH", &self.settings())?;
            let counts = [
                ("newton_steps", self.newton_steps),
                ("power_iteration_steps", self.power_iteration_steps),
                ("power_iteration_vectors", self.power_iteration_vectors),
            ];
            match counts.into_iter().find(|(_, count)| *count == 0) {
                Some((name, _)) => Err(setting::outside("DASH", name, 0.0, "at least 1")),
                None => Ok(()),
            }
        }
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
        fn widens(&self) -> bool {
            true
        }
    }
}

/// The square root of a matrix, or its inverse, whose eigenvalues `scale` bounds.
fn newton_db(matrix: &Tensor, scale: f64, steps: usize, inverse: bool) -> Result<Tensor> {
    let unit = eye(matrix.shape()[0], matrix)?;
    let correction = |x: Tensor| unit.mul(1.5)?.sub(&x.mul(0.5)?);
    let mut y = matrix.div(scale)?;
    let mut z = correction(y.clone())?;
    y = y.matmul(&z)?;
    for _ in 1..steps {
        let c = correction(z.matmul(&y)?)?;
        (y, z) = (y.matmul(&c)?, c.matmul(&z)?);
    }
    if inverse { z.div(scale.sqrt()) } else { y.mul(scale.sqrt()) }
}

/// The largest eigenvalue of a matrix without negative ones: the largest Rayleigh quotient of random vectors after some
/// steps of power iteration. In bf16, as the package has it.
fn largest_eigenvalue(matrix: &Tensor, steps: usize, vectors: usize) -> Result<f64> {
    let round = |x: &Tensor| x.to_dtype(DType::BF16)?.to_dtype(matrix.dtype());
    let unit = |x: &Tensor| {
        let length = round(&x.square()?.sum_dim(0, KEEP)?.sqrt()?)?.maximum(f64::from(f32::MIN_POSITIVE))?;
        round(&x.div(&length)?)
    };
    let start = Tensor::randn([matrix.shape()[0], vectors])?.to_dtype(matrix.dtype())?.to_device(&matrix.device())?;
    let mut v = unit(&round(&start)?)?;
    for _ in 0..steps {
        v = unit(&round(&matrix.matmul(&v)?)?)?;
    }
    let quotients = round(&v.mul(&round(&matrix.matmul(&v)?)?)?)?.sum_dim(0, DROP)?;
    Ok(bf16(quotients.amax()?.item()?))
}

fn inverse_root(o: &DASHOptions, matrix: &Tensor, root: i32) -> Result<Tensor> {
    let unit = eye(matrix.shape()[0], matrix)?;
    let matrix = matrix.add(&unit.mul(o.matrix_eps)?)?;
    if o.inverse_root_method == RootMethod::Eigh {
        let (values, vectors) = linalg::eigh(&matrix, Triangle::Lower)?;
        let least = values.amin()?.item::<f64>()?.min(0.0);
        let values = values.add(o.matrix_eps - least)?.pow(-1.0 / f64::from(root))?;
        return vectors.mul(&values.unsqueeze(-2)?)?.matmul(&vectors.t()?);
    }
    // The scale is taken in bf16, as there.
    let rounded = matrix.to_dtype(DType::BF16)?.to_dtype(matrix.dtype())?;
    let mut scale = match o.matrix_scaling {
        MatrixScaling::Frobenius => bf16(norm(&rounded)?),
        MatrixScaling::Power => {
            let rounded = rounded.add(&unit.mul(1e-6)?)?.to_dtype(DType::BF16)?.to_dtype(matrix.dtype())?;
            2.0 * largest_eigenvalue(&rounded, o.power_iteration_steps, o.power_iteration_vectors)?
        }
    };
    scale = scale.max(f64::from(f32::MIN_POSITIVE));
    if root == 4 {
        let half = newton_db(&matrix, scale, o.newton_steps, false)?;
        return newton_db(&half, scale.sqrt(), o.newton_steps, true);
    }
    newton_db(&matrix, scale, o.newton_steps, true)
}

/// The direction of one block.
fn direction(o: &DASHOptions, g: &Tensor, s: &mut State, block: usize, vector: bool) -> Result<Tensor> {
    let (step, (beta1, beta2)) = (s.step, o.betas);
    let graft_beta = o.grafting_beta.unwrap_or(beta2);
    let bias = |beta: f64| if o.correct_bias { debias(beta, step as f64) } else { 1.0 };
    let name = |what: &str| format!("blocks.{block}.{what}");
    let sides: Vec<usize> = if vector { vec![0] } else { vec![0, 1] };
    for &side in &sides {
        let outer = if side == 0 { g.matmul(&g.t()?)? } else { g.t()?.matmul(g)? };
        average(s.slot(&name(&format!("statistics.{side}")), || outer.zeros_like())?, beta2, &outer)?;
    }
    let squares = s.slot(&name("exp_avg_sq"), || g.zeros_like())?;
    average_square(squares, graft_beta, g)?;
    let d = squares.div(bias(graft_beta))?.sqrt()?.add(o.eps)?.maximum(f64::from(f32::MIN_POSITIVE))?;
    let mut m = g.clone();
    if beta1 > 0.0 {
        let mean = s.slot(&name("exp_avg"), || g.zeros_like())?;
        average(mean, beta1, g)?;
        m = mean.clone();
    }
    let graft = m.div(bias(beta1))?.div(&d)?;
    let mut update = graft.clone();
    if step >= o.start_preconditioning_step as u64 {
        let due = !s.has(&name("inverse_roots.0")) || step.is_multiple_of(o.precondition_frequency.max(1) as u64);
        update = m;
        for &side in &sides {
            let key = name(&format!("inverse_roots.{side}"));
            if due && let Some(sum) = s.get(&name(&format!("statistics.{side}"))).cloned() {
                s.put(&key, inverse_root(o, &sum, if vector { 2 } else { 4 })?);
            }
            if let Some(root) = s.get(&key) {
                update = if side == 0 { root.matmul(&update)? } else { update.matmul(root)? };
            }
        }
        update = update.mul(norm(&graft)? / (norm(&update)? + 1e-16))?;
    }
    if o.momentum > 0.0 {
        let b = s.slot(&name("momentum"), || update.zeros_like())?;
        b.mul_(o.momentum)?.add_(&update)?;
        update = if o.nesterov { update.add(&b.mul(o.momentum)?)? } else { b.clone() };
    }
    Ok(update)
}

fn dash(o: &DASHOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let long: Vec<usize> = g.shape().iter().copied().filter(|&size| size != 1).collect();
    let vector = long.len() < 2;
    let (rows, columns) = if vector { (g.numel(), 1) } else { (long[0], g.numel() / long[0].max(1)) };
    let (g, size) = (g.reshape([rows, columns])?, o.block_size.max(1));
    let mut bands = Vec::new();
    let mut block = 0;
    for band in g.split(size, 0)? {
        let mut row = Vec::new();
        for part in band.split(size, 1)? {
            row.push(direction(o, &part.clone_contiguous()?, s, block, vector)?);
            block += 1;
        }
        bands.push(Tensor::cat(&row.iter().collect::<Vec<_>>(), 1)?);
    }
    let update = Tensor::cat(&bands.iter().collect::<Vec<_>>(), 0)?.reshape(p.shape())?;
    Decay::loose(o.weight_decay, true).shrink(p, o.lr)?;
    add(p, -o.lr, &update)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From below, as near as bf16 and the gap between eigenvalues let it.
    #[test]
    fn power_iteration_finds_the_largest_eigenvalue() {
        let x = Tensor::randn([12, 6]).unwrap();
        let matrix = x.matmul(&x.t().unwrap()).unwrap();
        let matrix = matrix.to_dtype(DType::BF16).unwrap().to_dtype(DType::F32).unwrap();
        let largest = linalg::eigvalsh(&matrix, Triangle::Lower).unwrap().amax().unwrap().item::<f64>().unwrap();
        let found = largest_eigenvalue(&matrix, 30, 16).unwrap();
        assert!((found / largest - 1.0).abs() < 0.05, "{found} {largest}");
    }
}
