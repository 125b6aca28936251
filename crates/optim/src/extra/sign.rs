//! Steps of one size in every coordinate: the sign of a momentum.
use crate::{
    State,
    table::optimizers,
    words::{Decay, add, average, cautious, centralized, decay, turned},
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// Lion (Chen et al., 2023, <https://arxiv.org/abs/2302.06675>): the sign of a mix of momentum and gradient,
    /// `p -= lr sign(beta1 m + (1 - beta1) g)`, then `m = beta2 m + (1 - beta2) g`. Half the state of Adam; take a tenth
    /// of its rate.
    Lion, LionOptions, each lion {
        lr: f64 = 1e-4, betas: (f64, f64) = (0.9, 0.99), weight_decay: f64 = 0.0, weight_decouple: bool = true,
        fixed_decay: bool = false, use_gc: bool = false, cautious: bool = false, maximize: bool = false,
    }

    /// SignSGD, with momentum Signum (Bernstein et al., 2018, <https://arxiv.org/abs/1802.04434>): `p -= lr sign(m)`.
    SignSGD, SignSGDOptions, each sign_sgd {
        lr: f64 = 1e-3, momentum: f64 = 0.9, weight_decay: f64 = 0.0, weight_decouple: bool = true,
        maximize: bool = false,
    }

    /// Tiger (Su, 2023, <https://kexue.fm/archives/9512>): the sign of the momentum: Lion with equal betas.
    Tiger, TigerOptions, each tiger {
        lr: f64 = 1e-3, beta: f64 = 0.965, weight_decay: f64 = 1e-2, weight_decouple: bool = true,
        fixed_decay: bool = false, maximize: bool = false,
    }
}

fn lion(o: &LionOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if o.use_gc {
        g = centralized(&g)?;
    }
    decay!(o).apply(p, &mut g, o.lr)?;
    let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
    let mut update = m.mul(o.betas.0)?.add(&g.mul(1.0 - o.betas.0)?)?.sign()?;
    average(m, o.betas.1, &g)?;
    if o.cautious {
        update = cautious(&update, &g)?;
    }
    add(p, -o.lr, &update)
}

fn sign_sgd(o: &SignSGDOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    Decay::loose(o.weight_decay, o.weight_decouple).apply(p, &mut g, o.lr)?;
    if o.momentum > 0.0 {
        let [b] = s.slots(["momentum_buffer"], || g.zeros_like())?;
        average(b, o.momentum, &g)?;
        g = b.clone();
    }
    add(p, -o.lr, &g.sign()?)
}

fn tiger(o: &TigerOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    decay!(o).apply(p, &mut g, o.lr)?;
    let [m] = s.slots(["exp_avg"], || g.zeros_like())?;
    average(m, o.beta, &g)?;
    let sign = m.sign()?;
    add(p, -o.lr, &sign)
}
