//! Second order: the diagonal of the Hessian, estimated by Hutchinson's method through the gradients' own record.
use crate::{
    Member, Shared,
    table::optimizers,
    words::{add_quotient, average, average_square, debias, decay, turned},
};
use autograd::{GradOptions, grad};
use tensor_core::{Error, Result, Tensor, no_grad};

optimizers! {
    /// AdaHessian (Yao et al., 2020, <https://arxiv.org/abs/2006.00719>): Adam with the square of the Hessian's diagonal in
    /// place of the gradient's. The gradients must have been recorded: call `backward_with` with `create_graph`.
    ///
    /// ```
    /// use autograd::{Backward, BackwardOptions};
    /// use optim::{Optimizer, extra::AdaHessian};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
    /// let mut optimizer = AdaHessian::new([w.tied()], 0.1)?;
    /// let loss = w.pow(4.0)?.sum()?;
    /// loss.backward_with(None, BackwardOptions { create_graph: true, ..Default::default() })?;
    /// optimizer.step()?;
    /// assert!(w.to_vec::<f64>()?[0] < 1.0);
    /// # Ok(()) }
    /// ```
    AdaHessian, AdaHessianOptions, group ada_hessian {
        lr: f64 = 0.1, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, hessian_power: f64 = 1.0, update_period: usize = 1, num_samples: usize = 1,
        gaussian: bool = false, eps: f64 = 1e-16, maximize: bool = false,
    }

    /// SophiaH (Liu et al., 2023, <https://arxiv.org/abs/2305.14342>): `p -= lr clip(m / max(h, eps), p)`, with `h` a running
    /// mean of the Hessian's diagonal, renewed every `update_period` steps. The gradients must have been recorded then:
    /// call `backward_with` with `create_graph`.
    SophiaH, SophiaHOptions, group sophia_h {
        lr: f64 = 6e-2, betas: (f64, f64) = (0.96, 0.99), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, p: f64 = 1e-2, update_period: usize = 10, num_samples: usize = 1,
        gaussian: bool = true, eps: f64 = 1e-12, maximize: bool = false,
    }
}

/// For each member the mean of `z * (H z)` over random `z` of independent elements of size 1: the diagonal of the Hessian,
/// on average (Hutchinson, 1990).
fn diagonal(name: &'static str, members: &[Member<'_>], samples: usize, gaussian: bool) -> Result<Vec<Tensor>> {
    if let Some(m) = members.iter().find(|m| !m.grad.requires_grad()) {
        return Err(Error::new(name, format!("the gradient of {:?} was not recorded", m.parameter))
            .hint("call backward_with(None, BackwardOptions { create_graph: true, .. })"));
    }
    let gradients: Vec<&Tensor> = members.iter().map(|m| &m.grad).collect();
    let parameters: Vec<&Tensor> = members.iter().map(|m| &**m.parameter).collect();
    let mut means: Vec<Tensor> = Vec::new();
    let samples = samples.max(1);
    for sample in 0..samples {
        let draw = |g: &&Tensor| -> Result<Tensor> {
            let _unrecorded = no_grad();
            if gaussian { g.randn_like() } else { g.rand_like()?.lt(0.5)?.to_dtype(g.dtype())?.mul(2.0)?.sub(1.0) }
        };
        let z = gradients.iter().map(draw).collect::<Result<Vec<_>>>()?;
        let entering: Vec<&Tensor> = z.iter().collect();
        let options = GradOptions {
            grad_outputs: &entering,
            retain_graph: Some(sample + 1 < samples),
            allow_unused: true,
            ..Default::default()
        };
        let products = grad(&gradients, &parameters, options)?;
        let _unrecorded = no_grad();
        for (i, (product, z)) in products.iter().zip(&z).enumerate() {
            let part = product.detach().mul(z)?.div(samples as f64)?;
            match means.get_mut(i) {
                Some(mean) => *mean = mean.add(&part)?,
                None => means.push(part),
            }
        }
    }
    Ok(means)
}

/// The diagonal in the steps in which it is renewed.
fn renewed(
    name: &'static str,
    members: &[Member<'_>],
    shared: &Shared,
    period: usize,
    samples: usize,
    gaussian: bool,
) -> Result<Vec<Option<Tensor>>> {
    if (shared.state.step - 1).is_multiple_of(period.max(1) as u64) {
        return Ok(diagonal(name, members, samples, gaussian)?.into_iter().map(Some).collect());
    }
    Ok(members.iter().map(|_| None).collect())
}

fn ada_hessian(o: &AdaHessianOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let t = shared.state.step as f64;
    let diagonals = renewed("AdaHessian", members, shared, o.update_period, o.num_samples, o.gaussian)?;
    for (member, diagonal) in members.iter_mut().zip(diagonals) {
        member.update(|p, g, s| {
            let g = g.detach();
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, o.lr)?;
            let [m, v] = s.slots(["exp_avg", "exp_hessian_diag_sq"], || g.zeros_like())?;
            average(m, o.betas.0, &g)?;
            if let Some(diagonal) = &diagonal {
                average_square(v, o.betas.1, diagonal)?;
            }
            let d = v.div(debias(o.betas.1, t))?.pow(o.hessian_power / 2.0)?.add(o.eps)?;
            add_quotient(p, -o.lr / debias(o.betas.0, t), m, &d)
        })?;
    }
    Ok(())
}

fn sophia_h(o: &SophiaHOptions, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
    let diagonals = renewed("SophiaH", members, shared, o.update_period, o.num_samples, o.gaussian)?;
    for (member, diagonal) in members.iter_mut().zip(diagonals) {
        member.update(|p, g, s| {
            let g = g.detach();
            let mut g = turned!(o, g);
            decay!(o).apply(p, &mut g, o.lr)?;
            let [m, h] = s.slots(["momentum", "hessian_moment"], || g.zeros_like())?;
            average(m, o.betas.0, &g)?;
            if let Some(diagonal) = &diagonal {
                average(h, o.betas.1, diagonal)?;
            }
            let update = m.div(&h.maximum(o.eps)?)?.maximum(-o.p)?.minimum(o.p)?;
            p.sub_(&update.mul(o.lr)?).map(drop)
        })?;
    }
    Ok(())
}
