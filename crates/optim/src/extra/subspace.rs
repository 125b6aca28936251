//! Alice: Adam in a subspace that follows the gradients, with the rest of the gradient made up for.
use crate::{
    State,
    table::optimizers,
    words::{as_matrix, average, decay, eye, norm, turned},
};
use linalg::{QrMode, Triangle};
use tensor_core::{DROP, Result, Tensor};

optimizers! {
    /// Alice (Gong et al., 2025, <https://arxiv.org/abs/2502.07752>): moments in a subspace `U` of `rank` dimensions,
    /// `s = U^T g; p -= lr alpha (U m / (sqrt(v) + eps) + alpha_c c)`, where `c` is what of the gradient lies outside of
    /// `U`, each column by its length. Every `update_interval` steps `U` turns to the `leading_basis` largest
    /// eigenvectors of the running mean of `g g^T`; the rest of `U` is drawn at random from what is orthogonal to it.
    Alice, AliceOptions, each alice {
        lr: f64 = 0.02, betas: (f64, f64, f64) = (0.9, 0.9, 0.999), alpha: f64 = 0.3,
        /// Weight of what lies outside of the subspace.
        alpha_c: f64 = 0.4,
        update_interval: usize = 200, rank: usize = 256,
        /// How much longer than the last one the part outside of the subspace may be.
        gamma: f64 = 1.01,
        leading_basis: usize = 40, weight_decay: f64 = 0.0, weight_decouple: bool = true, fixed_decay: bool = false,
        eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
        fn widens(&self) -> bool {
            true
        }
    }
}

fn alice(o: &AliceOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let g = as_matrix(&g)?;
    let (rows, rank) = (g.shape()[0], o.rank.min(g.shape()[0]));
    let (beta1, beta2, beta3) = o.betas;
    if !s.has("U") || s.step.is_multiple_of(o.update_interval.max(1) as u64) {
        let u = subspace(o, &g, s, rank)?;
        s.put("U", u);
    }
    let u = s.slot("U", || eye(rows, &g)?.narrow(1, 0, rank))?.clone();
    let sigma = u.t()?.matmul(&g)?;
    let grown = sigma.matmul(&sigma.t()?)?;
    average(s.slot("Q", || grown.zeros_like())?, beta3, &grown)?;
    let [m, v] = s.slots(["m", "v"], || sigma.zeros_like())?;
    average(m, beta1, &sigma)?;
    average(v, beta2, &sigma.square()?)?;
    let inside = u.matmul(&m.div(&v.sqrt()?.add(o.eps)?)?)?;

    // What the subspace does not hold of each column, over the root of its running mean.
    let rest = g.square()?.sum_dim(0, DROP)?.sub(&sigma.square()?.sum_dim(0, DROP)?)?;
    let mean = s.slot("p", || rest.zeros_like())?;
    average(mean, beta1, &rest)?;
    *mean = mean.maximum(1e-8)?;
    let across = g.sub(&u.matmul(&sigma)?)?.div(&mean.sqrt()?)?.mul(((rows - rank) as f64).sqrt())?;
    let (length, before) = (norm(&across)?, s.number("phi", 0.0)?);
    let share = if before > 0.0 { o.gamma / (length / before).max(o.gamma) } else { 1.0 };
    s.set_number("phi", share * length)?;
    let update = inside.add(&across.mul(share * o.alpha_c)?)?.reshape(p.shape())?;
    p.sub_(&update.mul(o.lr * o.alpha)?).map(drop)
}

/// The leading eigenvectors of the running mean of `g g^T` after one step of subspace iteration, and random vectors
/// orthogonal to them.
fn subspace(o: &AliceOptions, g: &Tensor, s: &State, rank: usize) -> Result<Tensor> {
    let (rows, leading) = (g.shape()[0], o.leading_basis.min(rank));
    let mut mean = g.matmul(&g.t()?)?.mul(1.0 - o.betas.2)?;
    let start = match (s.get("U"), s.get("Q")) {
        (Some(u), Some(q)) => {
            mean = mean.add(&u.matmul(q)?.matmul(&u.t()?)?.mul(o.betas.2)?)?;
            linalg::qr(&mean.matmul(u)?, QrMode::Reduced)?.0
        }
        _ => eye(rows, g)?.narrow(1, 0, rank)?,
    };
    let (values, vectors) = linalg::eigh(&start.t()?.matmul(&mean)?.matmul(&start)?, Triangle::Lower)?;
    let order = values.argsort(-1, true)?;
    let vectors = start.matmul(&vectors)?.index_select(1, &order)?;
    let kept = vectors.narrow(1, 0, leading)?;
    if leading == rank {
        return kept.clone_contiguous();
    }
    let (all, _) = linalg::qr(&vectors, QrMode::Complete)?;
    let mut free = all.narrow(1, rank, rows - rank)?;
    if rows - rank < rank - leading {
        free = Tensor::cat(&[&free, &vectors.narrow(1, leading, rank - leading)?], 1)?;
    }
    let drawn = Tensor::randperm(free.shape()[1])?.narrow(0, 0, rank - leading)?;
    Tensor::cat(&[&kept, &free.index_select(1, &drawn)?], 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the gradient's eigenvectors are the axes, Alice is Adam without corrections, and nothing lies outside.
    #[test]
    fn alice_along_its_axes_is_adam() {
        let o = AliceOptions { lr: 0.1, betas: (0.8, 0.9, 0.999), ..Default::default() };
        let diagonal = |x: [f64; 3]| Tensor::from_slice(&[x[0], 0., 0., 0., x[1], 0., 0., 0., x[2]], [3, 3]).unwrap();
        let (mut p, g, mut s) = (diagonal([1.0; 3]), diagonal([3.0, -2.0, 0.5]), State::default());
        let mut expected = [1.0, 1.0, 1.0];
        for t in 1..4 {
            s.step = t as u64;
            alice(&o, &mut p, &g, &mut s).unwrap();
            let size = (1.0 - 0.8f64.powi(t)) / (1.0 - 0.9f64.powi(t)).sqrt();
            for (x, sign) in expected.iter_mut().zip([1.0, -1.0, 1.0]) {
                *x -= 0.1 * 0.3 * size * sign;
            }
            let got = p.to_vec::<f64>().unwrap();
            for (got, expected) in got.iter().zip(diagonal(expected).to_vec::<f64>().unwrap()) {
                assert!((got - expected).abs() < 1e-6, "step {t}: {got} is not {expected}");
            }
        }
    }

    /// A subspace smaller than the parameter: its columns stay orthonormal when part of them is drawn.
    #[test]
    fn drawn_directions_are_orthogonal() {
        let o = AliceOptions { rank: 3, leading_basis: 1, update_interval: 2, ..Default::default() };
        let (mut p, mut s) = (Tensor::zeros([6, 4]).unwrap(), State::default());
        for step in 1..5 {
            s.step = step;
            let g = Tensor::randn([6, 4]).unwrap();
            alice(&o, &mut p, &g, &mut s).unwrap();
            let u = s.get("U").unwrap();
            assert_eq!(u.shape(), [6, 3]);
            let gram = u.t().unwrap().matmul(u).unwrap();
            let far = gram.sub(&Tensor::eye(3).unwrap()).unwrap().abs().unwrap().amax().unwrap();
            assert!(far.item::<f64>().unwrap() < 1e-4, "step {step}");
        }
    }
}
