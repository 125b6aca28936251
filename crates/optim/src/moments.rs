//! Relatives of Adam, and averaged SGD: Adamax, NAdam, RAdam, ASGD.
use crate::{
    State,
    setting::{betas_below_one, none_negative},
    table::optimizers,
    words::{average, descent},
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// Adamax (Kingma and Ba, 2014, <https://arxiv.org/abs/1412.6980>): Adam with the largest size instead of the mean
    /// square, `u = max(beta2 u, |g| + eps); p -= lr / (1 - beta1^t) m / u`.
    Adamax, AdamaxOptions, each adamax {
        lr: f64 = 2e-3,
        betas: (f64, f64) = (0.9, 0.999),
        eps: f64 = 1e-8,
        weight_decay: f64 = 0.0,
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check_adamax(self) } }

    /// NAdam (Dozat, 2016, <https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ>): Adam with Nesterov's look ahead;
    /// `mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)` replaces `beta1` in the step.
    NAdam, NAdamOptions, each nadam {
        lr: f64 = 2e-3,
        betas: (f64, f64) = (0.9, 0.999),
        eps: f64 = 1e-8,
        weight_decay: f64 = 0.0,
        /// How fast the momentum warms up.
        momentum_decay: f64 = 4e-3,
        decoupled_weight_decay: bool = false,
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check_nadam(self) } }

    /// RAdam (Liu et al., 2019, <https://arxiv.org/abs/1908.03265>): Adam that warms up by itself. While the second
    /// moment rests on too few gradients (`rho_t <= 5`) the step is plain momentum.
    RAdam, RAdamOptions, each radam {
        lr: f64 = 1e-3,
        betas: (f64, f64) = (0.9, 0.999),
        eps: f64 = 1e-8,
        weight_decay: f64 = 0.0,
        decoupled_weight_decay: bool = false,
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check_radam(self) } }

    /// Averaged SGD (Polyak and Juditsky, 1992, <https://doi.org/10.1137/0330046>): a falling rate
    /// `eta = lr / (1 + lambd lr t)^alpha`, and the mean of the parameters after step `t0`, which is kept in the state
    /// as `ax`.
    ASGD, ASGDOptions, each asgd {
        lr: f64 = 1e-2,
        /// Decay of the parameters.
        lambd: f64 = 1e-4,
        /// Exponent of the falling rate.
        alpha: f64 = 0.75,
        /// The step after which averaging starts.
        t0: f64 = 1e6,
        weight_decay: f64 = 0.0,
        maximize: bool = false,
    } + { fn check(&self) -> Result<()> { check_asgd(self) } }
}

fn check_adamax(o: &AdamaxOptions) -> Result<()> {
    none_negative("Adamax", [("lr", o.lr), ("eps", o.eps), ("weight_decay", o.weight_decay)])?;
    betas_below_one("Adamax", o.betas)
}

fn adamax(o: &AdamaxOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let g = descent(p, g, o.maximize, o.weight_decay)?;
    let bias = 1.0 - o.betas.0.powf(state.step as f64);
    let [m, u] = state.slots(["exp_avg", "exp_inf"], || g.zeros_like())?;
    average(m, o.betas.0, &g)?;
    u.mul_(o.betas.1)?.maximum_(&g.abs()?.add(o.eps)?)?;
    p.sub_(&m.div(&*u)?.mul(o.lr / bias)?).map(drop)
}

fn check_nadam(o: &NAdamOptions) -> Result<()> {
    let NAdamOptions { lr, eps, weight_decay, momentum_decay, .. } = *o;
    let settings = [("lr", lr), ("eps", eps), ("weight_decay", weight_decay), ("momentum_decay", momentum_decay)];
    none_negative("NAdam", settings)?;
    betas_below_one("NAdam", o.betas)
}

/// The descent direction under either kind of weight decay; the decoupled one changes `p` now.
fn decayed(p: &mut Tensor, g: &Tensor, maximize: bool, weight_decay: f64, taken: Option<f64>) -> Result<Tensor> {
    if let Some(lr) = taken {
        p.mul_(1.0 - lr * weight_decay)?;
        return descent(p, g, maximize, 0.0);
    }
    descent(p, g, maximize, weight_decay)
}

fn nadam(o: &NAdamOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let (beta1, beta2) = o.betas;
    let g = decayed(p, g, o.maximize, o.weight_decay, o.decoupled_weight_decay.then_some(o.lr))?;
    let t = state.step as f64;
    let mu_at = |t: f64| beta1 * (1.0 - 0.5 * 0.96f64.powf(t * o.momentum_decay));
    let (mu, mu_next) = (mu_at(t), mu_at(t + 1.0));
    // In 32 bits whatever the parameter's dtype, as in PyTorch; so are the rate and the weight of ASGD.
    let [product] = state.slots(["mu_product"], || Tensor::from_slice(&[1.0f32], ()))?;
    product.mul_(mu)?;
    let product = product.item::<f64>()?;
    let [m, v] = state.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    average(m, beta1, &g)?;
    average(v, beta2, &g.square()?)?;
    let root = v.div(1.0 - beta2.powf(t))?.sqrt()?.add(o.eps)?;
    p.sub_(&g.div(&root)?.mul(o.lr * (1.0 - mu) / (1.0 - product))?)?;
    p.sub_(&m.div(&root)?.mul(o.lr * mu_next / (1.0 - product * mu_next))?).map(drop)
}

fn check_radam(o: &RAdamOptions) -> Result<()> {
    none_negative("RAdam", [("lr", o.lr), ("eps", o.eps), ("weight_decay", o.weight_decay)])?;
    betas_below_one("RAdam", o.betas)
}

fn radam(o: &RAdamOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let (beta1, beta2) = o.betas;
    let g = decayed(p, g, o.maximize, o.weight_decay, o.decoupled_weight_decay.then_some(o.lr))?;
    let t = state.step as f64;
    let [m, v] = state.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
    average(m, beta1, &g)?;
    average(v, beta2, &g.square()?)?;
    let (bias1, bias2) = (1.0 - beta1.powf(t), 1.0 - beta2.powf(t));
    let longest = 2.0 / (1.0 - beta2) - 1.0;
    let rho = longest - 2.0 * t * beta2.powf(t) / bias2;
    let lr = o.lr / bias1;
    if rho <= 5.0 {
        return p.sub_(&m.mul(lr)?).map(drop);
    }
    let rect = ((rho - 4.0) * (rho - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * rho)).sqrt();
    p.sub_(&m.div(&v.sqrt()?.add(o.eps)?)?.mul(lr * rect * bias2.sqrt())?).map(drop)
}

fn check_asgd(o: &ASGDOptions) -> Result<()> {
    let ASGDOptions { lr, lambd, alpha, weight_decay, .. } = *o;
    let settings = [("lr", lr), ("lambd", lambd), ("alpha", alpha), ("weight_decay", weight_decay)];
    none_negative("ASGD", settings)
}

fn asgd(o: &ASGDOptions, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
    let g = descent(p, g, o.maximize, o.weight_decay)?;
    // Rate and weight of this step were fixed by the one before it, under the learning rate of then.
    let t = state.step as f64;
    let [eta] = state.slots(["eta"], || Tensor::from_slice(&[o.lr as f32], ()))?;
    let rate = eta.item::<f64>()?;
    *eta = Tensor::from_slice(&[(o.lr / (1.0 + o.lambd * o.lr * t).powf(o.alpha)) as f32], ())?;
    p.mul_(1.0 - o.lambd * rate)?.sub_(&g.mul(rate)?)?;
    let weight = f64::from((1.0 / (t - 1.0 - o.t0).max(1.0)) as f32);
    let [ax] = state.slots(["ax"], || g.zeros_like())?;
    if weight == 1.0 {
        return ax.copy_(p).map(drop);
    }
    ax.add_(&p.sub(&*ax)?.mul(weight)?).map(drop)
}
