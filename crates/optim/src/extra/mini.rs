//! Adam-mini: one second moment for a whole block of parameters.
use super::adam_like::biases;
use crate::{
    Member, Shared,
    table::optimizers,
    words::{add_quotient, average, average_square, turned},
};
use tensor_core::{DROP, Error, Result, Tensor};

optimizers! {
    /// Adam-mini (Zhang et al., 2024, <https://arxiv.org/abs/2406.16793>): Adam with one second moment for each block of a
    /// transformer, `v = mean(g^2)` over the block, which saves half of Adam's memory. As in pytorch_optimizer, the names
    /// of the parameters ([`autograd::Parameter::name`]) say what the blocks are:
    ///
    /// | name has | block |
    /// |---|---|
    /// | `embed`, `embd`, `wte`, `lm_head.weight`, `output.weight` | every element: Adam |
    /// | `q_proj.weight`, `k_proj.weight`, `wq.weight`, `wk.weight` | a head: `num_embeds^2 / num_heads` elements |
    /// | `attn.attn.weight`, `attn.qkv.weight` | a head of queries, keys or values: `num_query_groups` groups |
    /// | any other | the parameter |
    ///
    /// What has `norm` or `ln_f` in its name does not decay.
    AdamMini, AdamMiniOptions, group adam_mini {
        lr: f64 = 1.0, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.1,
        /// Width of the transformer.
        num_embeds: usize = 2048,
        /// Heads of its attention.
        num_heads: usize = 32,
        /// Groups of heads that share keys and values; `None` for as many as heads.
        num_query_groups: Option<usize> = None,
        eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            crate::setting::check("AdamMini", &self.settings())?;
            let groups = self.num_query_groups.unwrap_or(self.num_heads);
            for (name, a, b) in [("num_embeds", self.num_embeds, self.num_heads), ("num_heads", self.num_heads, groups)] {
                if a == 0 || b == 0 || !a.is_multiple_of(b) {
                    return Err(Error::new("AdamMini", format!("{name} is {a}, and must be a multiple of {b}")));
                }
            }
            Ok(())
        }
        fn fits(&self, _name: &str, state: &[usize], p: &[usize]) -> bool {
            state.iter().product::<usize>() <= p.iter().product::<usize>()
        }
    }
}

/// The gradient with each of its blocks in a row; `None` where every element is one.
fn blocks(o: &AdamMiniOptions, name: &str, g: &Tensor) -> Result<Option<Tensor>> {
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if has(&["embed", "embd", "wte", "lm_head.weight", "output.weight"]) {
        return Ok(None);
    }
    let rows = if has(&["k_proj.weight", "q_proj.weight", "wq.weight", "wk.weight"]) {
        g.numel() / (o.num_embeds * o.num_embeds / o.num_heads.max(1)).max(1)
    } else if has(&["attn.attn.weight", "attn.qkv.weight"]) {
        let groups = o.num_query_groups.unwrap_or(o.num_heads);
        groups * (o.num_heads / groups.max(1) + 2)
    } else {
        1
    };
    if rows == 0 || !g.numel().is_multiple_of(rows) {
        let why = format!("its {} elements do not fall into the blocks of {} heads", g.numel(), o.num_heads);
        return Err(Error::new("AdamMini", why).operands([g]).hint("set num_embeds, num_heads and num_query_groups"));
    }
    g.reshape([rows, g.numel() / rows]).map(Some)
}

fn adam_mini(o: &AdamMiniOptions, members: &mut [Member<'_>], _: &mut Shared) -> Result<()> {
    for member in members {
        let name = member.parameter.name();
        member.update(|p, g, s| {
            let g = turned!(o, g);
            if !(name.contains("norm") || name.contains("ln_f")) {
                p.mul_(1.0 - o.weight_decay * o.lr)?;
            }
            let (bias1, bias2) = biases(o.betas, s.step);
            let [m] = s.slots(["m"], || g.zeros_like())?;
            average(m, o.betas.0, &g)?;
            let m = m.clone();
            let Some(rows) = blocks(o, &name, &g)? else {
                let [v] = s.slots(["v"], || g.zeros_like())?;
                average_square(v, o.betas.1, &g)?;
                return add_quotient(p, -o.lr / bias1, &m, &v.sqrt()?.div(bias2)?.add(o.eps)?);
            };
            let squares = rows.square()?.mean_dim(1, DROP)?;
            let v = s.slot("v_mean", || squares.zeros_like())?;
            average(v, o.betas.1, &squares)?;
            let d = v.sqrt()?.div(bias2)?.add(o.eps)?.unsqueeze(-1)?;
            let update = m.reshape(rows.shape())?.div(&d)?.reshape(p.shape())?;
            p.sub_(&update.mul(o.lr / bias1)?).map(drop)
        })?;
    }
    Ok(())
}
