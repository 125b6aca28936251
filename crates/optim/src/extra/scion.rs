//! SCION: steps to the edge of a ball, in a norm that fits the layer.
use crate::{
    State,
    matrices::newton_schulz,
    setting::choice,
    table::optimizers,
    words::{Decay, add, average, bf16, turned},
};
use tensor_core::{DType, KEEP, Result, Tensor};

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

/// The step of length `scale` in the norm that goes down fastest.
fn lmo(kind: LmoNorm, g: &Tensor, scale: f64) -> Result<Tensor> {
    const EPS: f64 = 1e-8;
    let kind = match (kind, g.dim()) {
        (LmoNorm::Auto, 0 | 1) => LmoNorm::Bias,
        (LmoNorm::Auto, _) => LmoNorm::Spectral,
        (kind, _) => kind,
    };
    let update = match (kind, g.shape()) {
        (LmoNorm::Spectral, &[rows, columns, ref kernel @ ..]) => {
            let flat = g.reshape([rows, g.numel() / rows.max(1)])?;
            let flat = newton_schulz(&flat, &[(3.4445, -4.775, 2.0315); 5], 1e-7)?;
            let fitting = (rows as f64 / columns as f64).sqrt() / kernel.iter().product::<usize>() as f64;
            // The package stays in bf16 until the step: factors and products are rounded to it.
            let flat = flat.mul(bf16(fitting))?.to_dtype(DType::BF16)?.to_dtype(DType::F32)?.mul(scale)?;
            return flat.to_dtype(DType::BF16)?.to_dtype(g.dtype())?.reshape(g.shape());
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
    };
    update?.mul(scale)
}

fn scion(o: &SCIONOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let mut g = turned!(o, g);
    if !o.constraint {
        Decay { rate: o.weight_decay, decouple: o.weight_decouple, fixed: false }.apply(p, &mut g, o.lr)?;
    }
    let [d] = s.slots(["d"], || g.zeros_like())?;
    average(d, 1.0 - o.momentum, &g)?;
    let update = lmo(o.norm_type, d, o.scale)?;
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
    let update = lmo(o.norm_type, &g, o.scale)?;
    if o.constraint {
        p.mul_(1.0 - o.lr)?;
    }
    add(p, -o.lr, &update)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The package's own result, to the last bit of bf16.
    #[test]
    fn newton_schulz_rounds_as_the_package_does() {
        let g = Tensor::from_slice(
            &[
                0.03725719079375267,
                0.010365630500018597,
                -0.10275314003229141,
                -0.019244369119405746,
                0.04983650892972946,
                0.054549794644117355,
                0.19875521957874298,
                -0.14881092309951782,
                -0.10234390944242477,
                0.017701586708426476,
                -0.14132358133792877,
                -0.06047376990318298,
            ]
            .map(|x: f64| x as f32),
            [4, 3],
        )
        .unwrap();
        let expected = [
            0.15625,
            0.44921875,
            -0.6953125,
            0.10693359375,
            0.1708984375,
            0.2392578125,
            0.69921875,
            -0.173828125,
            -0.11865234375,
            -0.43359375,
            -0.83984375,
            -0.06201171875,
        ];
        let got = newton_schulz(&g, &[(3.4445, -4.775, 2.0315); 5], 1e-7).unwrap().to_vec::<f64>().unwrap();
        assert_eq!(got, expected);
    }
}
