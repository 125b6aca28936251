//! Optimizers that turn a layer's gradient by matrices: Shampoo, SOAP, SPlus, Conda.
use super::{
    adam_like::biases,
    projection::{self, Projection, ProjectionType, is_matrix},
};
use crate::{
    State,
    rule::fits_usually,
    setting::{self, choice},
    table::optimizers,
    words::{add, average, average_square, decay, turned},
};
use linalg::{QrMode, Triangle};
use tensor_core::{DROP, Result, Tensor};

choice! {
    /// In which order [`SOAP`] finds the dimensions of a kernel.
    DataFormat {
        /// `[out, in, height, width]`.
        #[default]
        ChannelsFirst = "channels_first",
        /// `[out, height, width, in]`.
        ChannelsLast = "channels_last",
    }
}

optimizers! {
    /// Conda (Wang et al., 2025, <https://arxiv.org/abs/2509.24218>): Adam whose second moment is taken in the basis of the
    /// momentum's singular vectors: `p -= lr scale U (U^T m̂) / (sqrt(v̂) + eps)`, with the moment `v` of `U^T g`, renewed
    /// every `update_proj_gap` steps.
    Conda, CondaOptions, each conda {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, update_proj_gap: usize = 2000,
        scale: f64 = 1.0, projection_type: ProjectionType = ProjectionType::Std, eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            setting::check("Conda", &self.settings())?;
            self.projection().check("Conda")
        }
        fn fits(&self, _name: &str, state: &[usize], p: &[usize]) -> bool {
            fits_usually(state, p) || projection::fits(state, p)
        }
    }

    /// Shampoo (Gupta et al., 2018, <https://arxiv.org/abs/1802.09568>): for every dimension the sum of outer products
    /// `L += G G^T`, and `p -= lr L^(-1/2k) G R^(-1/2k)` with `k` dimensions.
    Shampoo, ShampooOptions, each shampoo {
        lr: f64 = 1e-3, momentum: f64 = 0.0, weight_decay: f64 = 0.0, weight_decouple: bool = false,
        fixed_decay: bool = false, preconditioning_compute_steps: usize = 1, matrix_eps: f64 = 1e-6,
        maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
        fn widens(&self) -> bool {
            true
        }
    }

    /// SOAP (Vyas et al., 2024, <https://arxiv.org/abs/2409.11321>): Adam in the eigenbasis of Shampoo, which a step of
    /// power iteration renews every `precondition_frequency` steps. The first step only looks.
    SOAP, SOAPOptions, each soap {
        lr: f64 = 3e-3, betas: (f64, f64) = (0.95, 0.95), shampoo_beta: Option<f64> = None, weight_decay: f64 = 0.01,
        precondition_frequency: usize = 10, max_precondition_dim: usize = 10000,
        /// Take neighbouring dimensions as one while their product is at most `max_precondition_dim`.
        merge_dims: bool = false,
        precondition_1d: bool = false, correct_bias: bool = true, normalize_gradient: bool = false,
        /// Where a parameter of four dimensions has its channels, for `merge_dims`.
        data_format: DataFormat = DataFormat::ChannelsFirst,
        eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
        fn widens(&self) -> bool {
            true
        }
    }

    /// SPlus (Frans et al., 2025, <https://arxiv.org/abs/2506.07254>): the sign of the momentum in the eigenbasis of
    /// Shampoo; in use are running means of the parameters: see [`crate::Optimizer::eval`].
    SPlus, SPlusOptions, each splus {
        lr: f64 = 0.1, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.01, weight_decouple: bool = true,
        fixed_decay: bool = false, ema_rate: f64 = 0.999, inverse_steps: usize = 100, nonstandard_constant: f64 = 1e-3,
        max_dim: usize = 10000, eps: f64 = 1e-30, maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
        fn widens(&self) -> bool {
            true
        }
        fn turn(&self, train: bool, p: &mut Tensor, state: &mut State) -> Result<()> {
            if train {
                return state.take("param_buffer").map_or(Ok(()), |kept| p.copy_(&kept).map(drop));
            }
            if let Some(mean) = state.get("ema").cloned() {
                state.put("param_buffer", p.clone_contiguous()?);
                let mean = mean.div(crate::words::debias(self.ema_rate, state.step as f64))?;
                p.copy_(&mean.to_dtype(p.dtype())?)?;
            }
            Ok(())
        }
    }
}

/// `matrix^power` of a symmetric matrix, by its singular values.
pub(crate) fn power(matrix: &Tensor, power: f64) -> Result<Tensor> {
    let (u, s, vh) = linalg::svd(matrix, false)?;
    u.mul(&s.pow(power)?.unsqueeze(-2)?)?.matmul(&vh)
}

/// The gradient multiplied by a power of the summed outer products along every dimension; `exponent` by the number of
/// dimensions. `raw` says that sums take the gradient as it came, not as the dimensions before have left it.
pub(crate) fn shampooed(
    g: &Tensor,
    s: &mut State,
    names: [&str; 2],
    eps: f64,
    renew: bool,
    raw: bool,
    exponent: impl Fn(usize) -> f64,
) -> Result<Tensor> {
    let order = g.dim();
    let shape = g.shape().to_vec();
    let mut turned = g.clone();
    for (i, &size) in shape.iter().enumerate() {
        let axis = i as isize;
        turned = turned.transpose(0, axis)?.clone_contiguous()?;
        let transposed = turned.shape().to_vec();
        let flat = turned.reshape([size, turned.numel() / size.max(1)])?;
        let seen = if raw { g.movedim(axis, 0)?.reshape([size, g.numel() / size.max(1)])? } else { flat.clone() };
        let sum = s.slot(&format!("{}_{i}", names[0]), || Tensor::eye(size)?.to_dtype(g.dtype())?.mul(eps))?;
        sum.add_(&seen.matmul(&seen.t()?)?)?;
        let sum = sum.clone();
        let inverse = s.slot(&format!("{}_{i}", names[1]), || sum.zeros_like())?;
        if renew {
            *inverse = power(&sum, exponent(order))?;
        }
        turned = if i + 1 == order {
            flat.t()?.matmul(&*inverse)?.reshape(&shape[..])?
        } else {
            inverse.matmul(&flat)?.reshape(&transposed[..])?
        };
    }
    Ok(turned)
}

fn shampoo(o: &ShampooOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if o.momentum > 0.0 {
        let [b] = s.slots(["momentum_buffer"], || g.clone_contiguous())?;
        g = g.mul(1.0 - o.momentum)?.add(&b.mul(o.momentum)?)?;
    }
    decay!(o).apply(p, &mut g, o.lr)?;
    let renew = s.step.is_multiple_of(o.preconditioning_compute_steps.max(1) as u64);
    let names = ["pre_cond", "inv_pre_cond"];
    let g = shampooed(&g, s, names, o.matrix_eps, renew, true, |order| -1.0 / (2.0 * order as f64))?;
    if o.momentum > 0.0 {
        s.put("momentum_buffer", g.clone());
    }
    add(p, -o.lr, &g)
}

impl CondaOptions {
    fn projection(&self) -> Projection {
        let (update_proj_gap, scale, kind) = (self.update_proj_gap, self.scale, self.projection_type);
        Projection { rank: None, update_proj_gap, scale, kind }
    }
}

fn conda(o: &CondaOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
    average(m, o.betas.0, &g)?;
    let m = m.clone();
    let bases = if is_matrix(&g) { Some(o.projection().singular(s, &m)?) } else { None };
    let project = |x: &Tensor| bases.as_ref().map_or(Ok(x.clone()), |bases| bases.project(x));
    let (low, low_m) = (project(&g)?, project(&m)?);
    let [v] = s.slots(["exp_avg_sq"], || low.zeros_like())?;
    average_square(v, o.betas.1, &low)?;
    let mut update = low_m.div(&v.sqrt()?.add(o.eps)?)?;
    if let Some(bases) = &bases {
        update = bases.back(&update)?;
    }
    let (bias1, bias2) = biases(o.betas, s.step);
    add(p, -o.lr * bias2 / bias1, &update)?;
    p.mul_(1.0 - o.weight_decay * o.lr).map(drop)
}

/// Sums of outer products along dimension `i`, of SOAP.
fn gram_name(i: usize) -> String {
    format!("GG.{i}")
}
/// The basis of dimension `i`, of SOAP.
fn basis_name(i: usize) -> String {
    format!("Q.{i}")
}

/// The dimensions that SOAP turns of a gradient of this shape, which may be that of a `vector`.
fn turned_dims(o: &SOAPOptions, shape: &[usize], vector: bool) -> Vec<usize> {
    let all = if vector && !o.precondition_1d { 0 } else { shape.len() };
    (0..all).filter(|i| shape[*i] <= o.max_precondition_dim).collect()
}

/// A shape with neighbouring dimensions as one where they are small together.
fn merged(shape: &[usize], most: usize) -> Vec<usize> {
    let (mut merged, mut product) = (Vec::new(), 1);
    for &size in shape {
        if product * size > most {
            merged.push(product);
            product = 1;
        }
        product *= size;
    }
    merged.push(product);
    merged
}

/// Into the bases of all turned dimensions, or back out of them.
fn project(x: &Tensor, s: &State, dims: &[usize], back: bool) -> Result<Tensor> {
    let mut x = x.clone();
    for &i in dims {
        let Some(q) = s.get(&basis_name(i)) else { continue };
        let q = if back { q.clone() } else { q.t()? };
        let moved = x.movedim(i as isize, 0)?;
        let shape = moved.shape().to_vec();
        let rows = shape[0];
        let flat = q.matmul(&moved.reshape([rows, moved.numel() / rows.max(1)])?)?;
        x = flat.reshape(&shape[..])?.movedim(0, i as isize)?;
    }
    x.clone_contiguous()
}

fn soap(o: &SOAPOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let vector = g.dim() == 1;
    let last = o.merge_dims && o.data_format == DataFormat::ChannelsLast && g.dim() == 4;
    if last {
        g = g.permute([0isize, 3, 1, 2])?;
    }
    let whole = g.shape().to_vec();
    if o.merge_dims && !vector {
        g = g.reshape(&merged(&whole, o.max_precondition_dim)[..])?;
    }
    let dims = turned_dims(o, g.shape(), vector);
    let first = s.step == 1;
    // The first step only looks.
    let step = s.step - 1;
    if !first {
        let low = project(&g, s, &dims, false)?;
        let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
        average(m, o.betas.0, &g)?;
        average_square(v, o.betas.1, &low)?;
        let (m, d) = (m.clone(), v.sqrt()?.add(o.eps)?);
        let mut update = project(&project(&m, s, &dims, false)?.div(&d)?, s, &dims, true)?;
        if o.normalize_gradient {
            update = update.div(crate::words::rms(&update)? + o.eps)?;
        }
        let (bias1, bias2) = if o.correct_bias { biases(o.betas, step) } else { (1.0, 1.0) };
        update = update.reshape(&whole[..])?;
        if last {
            update = update.permute([0isize, 2, 3, 1])?;
        }
        add(p, -o.lr * bias2 / bias1, &update)?;
        p.mul_(1.0 - o.weight_decay * o.lr)?;
    } else {
        s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    }
    let beta = o.shampoo_beta.unwrap_or(o.betas.1);
    for &i in &dims {
        let moved = g.movedim(i as isize, 0)?;
        let flat = moved.reshape([moved.shape()[0], g.numel() / moved.shape()[0].max(1)])?;
        let outer = flat.matmul(&flat.t()?)?;
        let sum = s.slot(&gram_name(i), || outer.zeros_like())?;
        average(sum, beta, &outer)?;
        let sum = sum.clone();
        if first {
            let (_, q) = linalg::eigh(&sum, Triangle::Lower)?;
            s.put(&basis_name(i), q.flip([1isize])?);
        }
    }
    if step > 0 && step.is_multiple_of(o.precondition_frequency.max(1) as u64) {
        renew(s, &dims)?;
    }
    Ok(())
}

/// One step of power iteration on every basis, sorted by eigenvalues; the second moment is sorted with it.
fn renew(s: &mut State, dims: &[usize]) -> Result<()> {
    for &i in dims {
        let (Some(sum), Some(q)) = (s.get(&gram_name(i)).cloned(), s.get(&basis_name(i)).cloned()) else { continue };
        let product = sum.matmul(&q)?;
        let order = q.mul(&product)?.sum_dim(0, DROP)?.argsort(-1, true)?;
        if let Some(v) = s.get("exp_avg_sq").cloned() {
            s.put("exp_avg_sq", v.index_select(i as isize, &order)?);
        }
        let (q, _) = linalg::qr(&product.index_select(1, &order)?, QrMode::Reduced)?;
        s.put(&basis_name(i), q);
    }
    Ok(())
}

fn splus(o: &SPlusOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    let matrix = g.dim() == 2;
    let scale = match *g.shape() {
        [rows, columns] if rows <= o.max_dim && columns <= o.max_dim => 2.0 / (rows + columns) as f64,
        _ => o.nonstandard_constant,
    };
    let lr = o.lr * scale;
    if !o.weight_decouple {
        decay!(o).apply(p, &mut g, lr)?;
    }
    let [m] = s.slots(["momentum"], || g.zeros_like())?;
    average(m, o.betas.0, &g)?;
    let mut m = m.clone();
    let mut update = m.sign()?;
    if matrix {
        let sides: Vec<usize> = (0..2).filter(|i| g.shape()[*i] < o.max_dim).collect();
        let name = |i: usize| format!("q_sides.{i}");
        let eye = |i: usize| Tensor::eye(g.shape()[i])?.to_dtype(g.dtype());
        for &i in &sides {
            let q = s.slot(&name(i), || eye(i))?;
            m = if i == 0 { q.t()?.matmul(&m)? } else { m.matmul(&*q)? };
        }
        update = m.sign()?;
        for &i in &sides {
            let q = s.slot(&name(i), || eye(i))?;
            update = if i == 0 { q.matmul(&update)? } else { update.matmul(&q.t()?)? };
            let outer = if i == 0 { g.matmul(&g.t()?)? } else { g.t()?.matmul(&g)? };
            let sum = s.slot(&format!("sides.{i}"), || outer.zeros_like())?;
            average(sum, o.betas.1, &outer)?;
            let sum = sum.clone();
            if s.step == 1 || s.step.is_multiple_of(o.inverse_steps.max(1) as u64) {
                let (_, q) = linalg::eigh(&sum.add(&eye(i)?.mul(o.eps)?)?, Triangle::Lower)?;
                s.put(&name(i), q);
            }
        }
    }
    add(p, -lr, &update)?;
    let [mean] = s.slots(["ema"], || p.zeros_like())?;
    average(mean, o.ema_rate, p)?;
    decay!(o).shrink(p, lr)
}
