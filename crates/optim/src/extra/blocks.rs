//! Shampoo for large layers: in blocks, at the length of another optimizer's step.
use crate::{
    State,
    setting::choice,
    table::optimizers,
    words::{Decay, add, eye, norm, turned},
};
use linalg::Triangle;
use tensor_core::{Result, Tensor};

choice! {
    /// Whose length the steps of [`ScalableShampoo`] have.
    Graft {
        /// That of the gradient.
        #[default]
        Sgd = "sgd",
        /// Shampoo's own.
        Own = "none",
        /// Adagrad's.
        Adagrad = "adagrad",
        /// RMSprop's.
        RmsProp = "rmsprop",
        /// That of the gradient's sign.
        SqrtN = "sqrtn",
    }
}

choice! {
    /// Which dimensions [`ScalableShampoo`] turns.
    Sides {
        /// All.
        #[default]
        All = "all",
        /// All but the last.
        Input = "input",
        /// The last.
        Output = "output",
    }
}

optimizers! {
    /// Scalable Shampoo (Anil et al., 2020, <https://arxiv.org/abs/2002.09018>): Shampoo on blocks of at most `block_size`,
    /// with preconditioners that are renewed seldom, from step `start_preconditioning_step` on; its steps are as long as
    /// those of a simpler optimizer, which is all that steps before.
    ScalableShampoo, ScalableShampooOptions, each scalable_shampoo {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999),
        /// Weigh the new step in the momentum by `1 - beta1`.
        moving_average_for_momentum: bool = false,
        weight_decay: f64 = 0.0, decoupled_weight_decay: bool = false,
        /// Multiply by the rate after the momentum, not before.
        decoupled_learning_rate: bool = true,
        /// The root that is taken; 0 for twice the number of dimensions.
        inverse_exponent_override: usize = 0,
        start_preconditioning_step: usize = 25,
        preconditioning_compute_steps: usize = 1000,
        statistics_compute_steps: usize = 1,
        block_size: usize = 512,
        /// Parameters of fewer dimensions are left to the simpler optimizer.
        skip_preconditioning_rank_lt: usize = 1,
        /// So are those with longer dimensions.
        no_preconditioning_for_layers_with_dim_gt: usize = 8192,
        /// Merge neighbouring dimensions whose product is at most a block: what fits into one is left to the simpler
        /// optimizer then.
        shape_interpretation: bool = true,
        graft_type: Graft = Graft::Sgd, pre_conditioner_type: Sides = Sides::All, nesterov: bool = true,
        diagonal_eps: f64 = 1e-10, matrix_eps: f64 = 1e-6,
        /// Take roots by singular values instead of the coupled Newton iteration.
        use_svd: bool = false,
        maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
    }
}

/// Neighbouring dimensions with their product, up to `most`; the package makes a single one of what fits into it at once.
fn merged(shape: &[usize], most: usize) -> Vec<usize> {
    let mut all = Vec::new();
    let mut product = 1;
    for &size in shape {
        if product * size > most {
            all.push(product);
            product = size;
        } else {
            product *= size;
        }
    }
    all.push(product);
    all
}

/// The dimensions that are turned; none where the parameter is left alone.
fn turned_dims(o: &ScalableShampooOptions, shape: &[usize], merged: &[usize]) -> Vec<usize> {
    let skipped = shape.len() < o.skip_preconditioning_rank_lt
        || shape.iter().any(|&size| size > o.no_preconditioning_for_layers_with_dim_gt);
    match (merged.len(), o.pre_conditioner_type) {
        (0 | 1, _) => Vec::new(),
        _ if skipped => Vec::new(),
        (n, Sides::All) => (0..n).collect(),
        (n, Sides::Input) => (0..n - 1).collect(),
        (n, Sides::Output) => vec![n - 1],
    }
}

/// All blocks, the last dimension fastest.
fn cut(x: &Tensor, size: usize) -> Result<Vec<Tensor>> {
    let mut blocks = vec![x.clone()];
    for dim in 0..x.dim() {
        let parts = blocks.iter().map(|b| b.split(size.max(1), dim as isize)).collect::<Result<Vec<_>>>()?;
        blocks = parts.into_iter().flatten().collect();
    }
    Ok(blocks)
}

/// What [`cut`] was given.
fn join(mut blocks: Vec<Tensor>, shape: &[usize], size: usize) -> Result<Tensor> {
    for dim in (0..shape.len()).rev() {
        let row = shape[dim].div_ceil(size.max(1)).max(1);
        blocks = blocks
            .chunks(row)
            .map(|parts| Tensor::cat(&parts.iter().collect::<Vec<_>>(), dim as isize))
            .collect::<Result<_>>()?;
    }
    blocks[0].clone_contiguous()
}

/// The matrix to the power `-1 / p`, by a coupled Newton iteration (Guo and Higham, 2006), with a part `eps` of the
/// largest eigenvalue added to the diagonal.
fn inverse_root(matrix: &Tensor, p: usize, eps: f64) -> Result<Tensor> {
    let (size, power) = (matrix.shape()[0], p as f64);
    if size == 1 {
        return matrix.add(&matrix.maximum(1e-16)?.mul(eps)?)?.pow(-1.0 / power);
    }
    let unit = eye(size, matrix)?;
    let most = linalg::eigvalsh(matrix, Triangle::Lower)?.amax()?.item::<f64>()?.max(1e-16);
    let matrix = matrix.add(&unit.mul(most * eps)?)?;
    let z = (1.0 + power) / (2.0 * norm(&matrix)?);
    let mut root = unit.mul(z.powf(1.0 / power))?;
    let mut m = matrix.mul(z)?;
    let distance = |m: &Tensor| m.sub(&unit)?.abs()?.amax()?.item::<f64>();
    let mut error = distance(&m)?;
    for _ in 0..100 {
        let step = unit.mul(1.0 + 1.0 / power)?.sub(&m.div(power)?)?;
        let next = root.matmul(&step)?;
        m = linalg::matrix_power(&step, p as i64)?.matmul(&m)?;
        let new = distance(&m)?;
        // Where rounding makes it worse again, what was there is best.
        if new.is_nan() || new > 1.2 * error {
            return Ok(root);
        }
        (root, error) = (next, new);
        if error <= 1e-3 {
            break;
        }
    }
    Ok(root)
}

fn renewed(o: &ScalableShampooOptions, sum: &Tensor, p: usize) -> Result<Tensor> {
    if o.use_svd { super::power(sum, -1.0 / p as f64) } else { inverse_root(sum, p, o.matrix_eps) }
}

/// The gradient turned block by block; `None` for a parameter that is left alone.
fn turned_gradient(o: &ScalableShampooOptions, g: &Tensor, s: &mut State) -> Result<Option<Tensor>> {
    let shape = if o.shape_interpretation { merged(g.shape(), o.block_size) } else { g.shape().to_vec() };
    let dims = turned_dims(o, g.shape(), &shape);
    if dims.is_empty() {
        return Ok(None);
    }
    let root = if o.inverse_exponent_override > 0 { o.inverse_exponent_override } else { 2 * dims.len() };
    let looks = s.step.is_multiple_of(o.statistics_compute_steps.max(1) as u64);
    let renews = s.step.is_multiple_of(o.preconditioning_compute_steps.max(1) as u64);
    let mut blocks = cut(&g.reshape(&shape[..])?, o.block_size)?;
    for (b, block) in blocks.iter_mut().enumerate() {
        let seen = block.clone();
        for &i in &dims {
            let size = seen.shape()[i];
            let rows = |x: &Tensor| x.movedim(i as isize, 0)?.reshape([size, x.numel() / size.max(1)]);
            let sum = s.slot(&format!("statistics.{b}.{i}"), || eye(size, g)?.mul(o.matrix_eps))?;
            if looks {
                let seen = rows(&seen)?;
                let weight = if o.betas.1 == 1.0 { 1.0 } else { 1.0 - o.betas.1 };
                sum.mul_(o.betas.1)?.add_(&seen.matmul(&seen.t()?)?.mul(weight)?)?;
            }
            let sum = sum.clone();
            let inverse = s.slot(&format!("pre_conditioners.{b}.{i}"), || eye(size, g))?;
            if renews {
                *inverse = renewed(o, &sum, root)?;
            }
            let moved = block.movedim(i as isize, 0)?;
            *block = inverse.t()?.matmul(&rows(block)?)?.reshape(moved.shape())?.movedim(0, i as isize)?;
        }
    }
    join(blocks, &shape, o.block_size)?.reshape(g.shape()).map(Some)
}

/// The step of the simpler optimizer.
fn grafted(o: &ScalableShampooOptions, g: &Tensor, s: &mut State) -> Result<Tensor> {
    if o.graft_type == Graft::SqrtN {
        return g.sign();
    }
    if !matches!(o.graft_type, Graft::Adagrad | Graft::RmsProp) {
        return Ok(g.clone());
    }
    let [squares] = s.slots(["graft_statistics"], || g.zeros_like())?;
    match o.graft_type {
        Graft::Adagrad => squares.add_(&g.square()?).map(drop)?,
        _ => crate::words::average_square(squares, o.betas.1, g)?,
    }
    g.div(&squares.sqrt()?.add(o.diagonal_eps)?)
}

fn scalable_shampoo(o: &ScalableShampooOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let before = if o.decoupled_learning_rate { 1.0 } else { o.lr };
    let mut graft = grafted(o, &g, s)?.mul(before)?;
    let mut own = match turned_gradient(o, &g, s)? {
        Some(own) => own.mul(before)?,
        None => graft.clone(),
    };
    if o.graft_type != Graft::Own {
        own = own.mul(norm(&graft)? / (norm(&own)? + 1e-16))?;
    }
    if o.decoupled_weight_decay {
        Decay::loose(o.weight_decay, true).shrink(p, o.lr)?;
    } else {
        for g in [&mut graft, &mut own] {
            Decay::loose(o.weight_decay, false).apply(p, g, o.lr)?;
        }
    }
    let (beta, averaged) = (o.betas.0, o.moving_average_for_momentum);
    let weight = if averaged { 1.0 - beta } else { 1.0 };
    let [m, of_graft] = s.slots(["momentum", "graft_momentum"], || g.zeros_like())?;
    m.mul_(beta)?.add_(&own.mul(weight)?)?;
    of_graft.mul_(beta)?.add_(&graft.mul(weight)?)?;
    let (m, of_graft) = (m.clone(), of_graft.clone());
    let (mut update, step) = if s.step >= o.start_preconditioning_step as u64 { (m, own) } else { (of_graft, graft) };
    if o.nesterov {
        update = update.mul(beta)?.add(&step.mul(weight)?)?;
    }
    add(p, -if o.decoupled_learning_rate { o.lr } else { 1.0 }, &update)
}
