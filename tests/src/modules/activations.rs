//! Activations and dropout.
use super::{Built, layer};
use crate::{
    args::Args,
    fault::{Res, unsupported},
};
use nn::*;
use tensor_core::ops::Gelu;

pub(super) fn build(name: &str, a: &Args) -> Res<Option<Built>> {
    // Another way to compute the same.
    a.named("inplace");
    let p = || a.float_or(0, "p", 0.5);
    Ok(Some(match name {
        "ReLU" => layer(ReLU),
        "ReLU6" => layer(ReLU6),
        "SELU" => layer(SELU),
        "SiLU" => layer(SiLU),
        "Sigmoid" => layer(Sigmoid),
        "Tanh" => layer(Tanh),
        "Hardsigmoid" => layer(Hardsigmoid),
        "Hardswish" => layer(Hardswish),
        "LogSigmoid" => layer(LogSigmoid),
        "Mish" => layer(Mish),
        "Softsign" => layer(Softsign),
        "Tanhshrink" => layer(Tanhshrink),
        "Softmax" => layer(Softmax::new(a.dim(0, "dim")?)),
        "LogSoftmax" => layer(LogSoftmax::new(a.dim(0, "dim")?)),
        "Softmin" => layer(Softmin::new(a.dim(0, "dim")?)),
        "Softmax2d" => layer(Softmax2d),
        "GLU" => layer(GLU::new(a.dim_or(0, "dim", -1)?)),
        "ELU" => layer(ELU::new(a.float_or(0, "alpha", 1.0)?)),
        "CELU" => layer(CELU::new(a.float_or(0, "alpha", 1.0)?)),
        "LeakyReLU" => layer(LeakyReLU::new(a.float_or(0, "negative_slope", 0.01)?)),
        "Hardtanh" => layer(Hardtanh::new(a.float_or(0, "min_val", -1.0)?, a.float_or(1, "max_val", 1.0)?)),
        "Hardshrink" => layer(Hardshrink::new(a.float_or(0, "lambd", 0.5)?)),
        "Softshrink" => layer(Softshrink::new(a.float_or(0, "lambd", 0.5)?)),
        "Softplus" => layer(Softplus::new(a.float_or(0, "beta", 1.0)?, a.float_or(1, "threshold", 20.0)?)),
        "Threshold" => layer(Threshold::new(a.float(0, "threshold")?, a.float(1, "value")?)),
        "GELU" => layer(GELU::new(match a.str_or(0, "approximate", "none")? {
            "none" => Gelu::Exact,
            "tanh" => Gelu::Tanh,
            other => return unsupported(format!("approximate {other}")),
        })),
        "PReLU" => layer(PReLU::starting_at(a.count_or(0, "num_parameters", 1)?, a.float_or(1, "init", 0.25)?)?),
        "RReLU" => layer(RReLU::new(a.float_or(0, "lower", 1.0 / 8.0)?, a.float_or(1, "upper", 1.0 / 3.0)?)),
        "Dropout" => layer(Dropout::new(p()?)),
        "Dropout1d" => layer(Dropout1d::new(p()?)),
        "Dropout2d" => layer(Dropout2d::new(p()?)),
        "Dropout3d" => layer(Dropout3d::new(p()?)),
        "AlphaDropout" => layer(AlphaDropout::new(p()?)),
        "FeatureAlphaDropout" => layer(FeatureAlphaDropout::new(p()?)),
        _ => return Ok(None),
    }))
}
