//! SCION: steps to the edge of a ball, in a norm that fits the layer.
use crate::{
    State,
    matrices::newton_schulz,
    setting::choice,
    table::optimizers,
    words::{Decay, add, average, turned},
};
use tensor_core::{KEEP, Result, Tensor};

choice! {
    /// In which norm [`SCION`] takes its steps.
    LmoNorm {
        /// By the number of dimensions: root mean square, spectral, spectral of the unfolded kernel.
        #[default]
        Auto = "auto",
        /// The gradient as it is.
        Raw = "none",
        /// Spectral: Newton-Schulz.
        Spectral = "spectral",
        /// The sign, over the number of columns.
        Sign = "sign",
        /// The root mean square.
        Bias = "bias",
        /// Column by column.
        Col = "col",
        /// Row by row.
        Row = "row",
    }
}

optimizers! {
    /// SCION (Pethick et al., 2025, <https://arxiv.org/abs/2502.07529>): steps to the edge of a ball in a norm that fits
    /// the layer: `d = (1 - momentum) d + momentum g; p -= lr scale lmo(d)`.
    SCION, SCIONOptions, each scion {
        lr: f64 = 1e-3, momentum: f64 = 0.1, constraint: bool = false, norm_type: LmoNorm = LmoNorm::Auto,
        scale: f64 = 1.0, weight_decay: f64 = 0.0, weight_decouple: bool = true, maximize: bool = false,
    }

    /// SCION without a momentum of its own (Pethick et al., 2025, <https://arxiv.org/abs/2502.07529>): in the package it
    /// lives in gradients that are not cleared; here every step takes the gradient that it is given.
    SCIONLight, SCIONLightOptions, each scion_light {
        lr: f64 = 1e-3, momentum: f64 = 0.1, constraint: bool = false, norm_type: LmoNorm = LmoNorm::Auto,
        scale: f64 = 1.0, weight_decay: f64 = 0.0, weight_decouple: bool = true, maximize: bool = false,
    }
}

/// The step of length 1 in the norm that goes down fastest.
fn lmo(kind: LmoNorm, g: &Tensor) -> Result<Tensor> {
    const EPS: f64 = 1e-8;
    let kind = match (kind, g.dim()) {
        (LmoNorm::Auto, 0 | 1) => LmoNorm::Bias,
        (LmoNorm::Auto, _) => LmoNorm::Spectral,
        (kind, _) => kind,
    };
    match (kind, g.shape()) {
        (LmoNorm::Spectral, &[rows, columns, ref kernel @ ..]) => {
            let flat = g.reshape([rows, g.numel() / rows.max(1)])?;
            let flat = newton_schulz(&flat, &[(3.4445, -4.775, 2.0315); 5], 1e-7)?.to_dtype(g.dtype())?;
            let scale = (rows as f64 / columns as f64).sqrt() / kernel.iter().product::<usize>() as f64;
            flat.reshape(g.shape())?.mul(scale)
        }
        (LmoNorm::Sign, &[_, columns, ..]) => g.sign()?.div(columns as f64),
        (LmoNorm::Col, &[rows, _]) => {
            g.div(&g.square()?.sum_dim(0, KEEP)?.sqrt()?.div((rows as f64).sqrt())?.add(EPS)?)
        }
        (LmoNorm::Row, &[_, columns]) => {
            g.div(&g.square()?.sum_dim(-1, KEEP)?.sqrt()?.mul((columns as f64).sqrt())?.add(EPS)?)
        }
        (LmoNorm::Raw, _) | (_, []) => Ok(g.clone()),
        _ => g.div(&g.square()?.mean_dim(0, KEEP)?.sqrt()?.add(EPS)?),
    }
}

fn scion(o: &SCIONOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if !o.constraint {
        Decay { rate: o.weight_decay, decouple: o.weight_decouple, fixed: false }.apply(p, &mut g, o.lr)?;
    }
    let [d] = s.slots(["d"], || g.zeros_like())?;
    average(d, 1.0 - o.momentum, &g)?;
    let update = lmo(o.norm_type, d)?.mul(o.scale)?;
    if o.constraint {
        p.mul_(1.0 - o.lr)?;
    }
    add(p, -o.lr, &update)
}

fn scion_light(o: &SCIONLightOptions, p: &mut Tensor, g: &Tensor, _: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if !o.constraint {
        Decay { rate: o.weight_decay, decouple: o.weight_decouple, fixed: false }.apply(p, &mut g, o.lr)?;
    }
    let update = lmo(o.norm_type, &g)?.mul(o.scale)?;
    if o.constraint {
        p.mul_(1.0 - o.lr)?;
    }
    add(p, -o.lr, &update)
}
