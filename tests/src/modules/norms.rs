//! Normalisation.
use super::{Built, layer};
use crate::{args::Args, fault::Res, value::Value};
use nn::*;

/// Places beyond those of any constructor: what is given by name only.
const NAMED: usize = usize::MAX;

pub(super) fn build(name: &str, a: &Args) -> Res<Option<Built>> {
    let features = || a.count(0, "num_features");
    Ok(Some(match name {
        "BatchNorm1d" => layer(BatchNorm1d::with_options(features()?, batch(a)?)?),
        "BatchNorm2d" => layer(BatchNorm2d::with_options(features()?, batch(a)?)?),
        "BatchNorm3d" => layer(BatchNorm3d::with_options(features()?, batch(a)?)?),
        "InstanceNorm1d" => layer(InstanceNorm1d::with_options(features()?, instance(a)?)?),
        "InstanceNorm2d" => layer(InstanceNorm2d::with_options(features()?, instance(a)?)?),
        "InstanceNorm3d" => layer(InstanceNorm3d::with_options(features()?, instance(a)?)?),
        "LayerNorm" => {
            let options = LayerNormOptions {
                eps: a.float_or(1, "eps", 1e-5)?,
                elementwise_affine: a.bool_or(2, "elementwise_affine", true)?,
                bias: a.bool_or(3, "bias", true)?,
            };
            layer(LayerNorm::with_options(a.ints(0, "normalized_shape")?, options)?)
        }
        "RMSNorm" => {
            let options = RMSNormOptions {
                eps: a.opt_scalar(1, "eps")?.map(|eps| eps.to_f64()),
                elementwise_affine: a.bool_or(2, "elementwise_affine", true)?,
            };
            layer(RMSNorm::with_options(a.ints(0, "normalized_shape")?, options)?)
        }
        "GroupNorm" => {
            let options = GroupNormOptions {
                eps: a.float_or(2, "eps", 1e-5)?,
                affine: a.bool_or(3, "affine", true)?,
                bias: a.bool_or(NAMED, "bias", true)?,
            };
            layer(GroupNorm::with_options(a.count(0, "num_groups")?, a.count(1, "num_channels")?, options)?)
        }
        "LocalResponseNorm" => {
            let options = LocalResponseNormOptions {
                alpha: a.float_or(1, "alpha", 1e-4)?,
                beta: a.float_or(2, "beta", 0.75)?,
                k: a.float_or(3, "k", 1.0)?,
            };
            layer(LocalResponseNorm::with_options(a.count(0, "size")?, options))
        }
        _ => return Ok(None),
    }))
}

fn momentum(a: &Args) -> Res<Option<f64>> {
    Ok(match a.get(2, "momentum") {
        Some(Value::Null) => None,
        _ => Some(a.float_or(2, "momentum", 0.1)?),
    })
}

fn batch(a: &Args) -> Res<BatchNormOptions> {
    Ok(BatchNormOptions {
        eps: a.float_or(1, "eps", 1e-5)?,
        momentum: momentum(a)?,
        affine: a.bool_or(3, "affine", true)?,
        bias: a.bool_or(NAMED, "bias", true)?,
        track_running_stats: a.bool_or(4, "track_running_stats", true)?,
    })
}

fn instance(a: &Args) -> Res<InstanceNormOptions> {
    Ok(InstanceNormOptions {
        eps: a.float_or(1, "eps", 1e-5)?,
        momentum: momentum(a)?,
        affine: a.bool_or(3, "affine", false)?,
        bias: a.bool_or(NAMED, "bias", true)?,
        track_running_stats: a.bool_or(4, "track_running_stats", false)?,
    })
}
