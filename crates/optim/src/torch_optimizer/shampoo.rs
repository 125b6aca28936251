//! Shampoo as torch-optimizer has it.
use super::coupled;
use crate::{State, extra, table::optimizers, words::add};
use tensor_core::{Result, Tensor};

optimizers! {
    /// Shampoo (Gupta et al., 2018, <https://arxiv.org/abs/1802.09568>): with the power `-1 / k` for `k` dimensions, and
    /// outer products of what the dimensions before have left.
    Shampoo, ShampooOptions, each shampoo {
        lr: f64 = 0.1, momentum: f64 = 0.0, weight_decay: f64 = 0.0, epsilon: f64 = 1e-4, update_freq: usize = 1,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
        fn widens(&self) -> bool {
            true
        }
    }
}

fn shampoo(o: &ShampooOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = g.clone();
    if o.momentum > 0.0 {
        let [b] = s.slots(["momentum_buffer"], || g.clone_contiguous())?;
        g = g.mul(1.0 - o.momentum)?.add(&b.mul(o.momentum)?)?;
    }
    let g = coupled(p, &g, o.weight_decay)?;
    let renew = (s.step - 1).is_multiple_of(o.update_freq.max(1) as u64);
    let names = ["precond", "inv_precond"];
    let g = extra::shampooed(&g, s, names, o.epsilon, renew, false, |order| -1.0 / order as f64)?;
    if o.momentum > 0.0 {
        s.put("momentum_buffer", g.clone());
    }
    add(p, -o.lr, &g)
}
