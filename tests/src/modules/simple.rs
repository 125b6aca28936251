//! Layers of matrices and tables, and what only moves elements.
use super::{Built, called, layer};
use crate::{
    args::Args,
    fault::{Res, unsupported},
    table::{one, window::sizes},
    value::Value,
};
use nn::*;
use tensor_core::ops::BagMode;

pub(super) fn build(name: &str, a: &Args) -> Res<Option<Built>> {
    Ok(Some(match name {
        "Linear" => {
            let options = LinearOptions { bias: a.bool_or(2, "bias", true)? };
            layer(Linear::with_options(a.count(0, "in_features")?, a.count(1, "out_features")?, options)?)
        }
        "Bilinear" => {
            let options = BilinearOptions { bias: a.bool_or(3, "bias", true)? };
            let (in1, in2) = (a.count(0, "in1_features")?, a.count(1, "in2_features")?);
            let module = Bilinear::with_options(in1, in2, a.count(2, "out_features")?, options)?;
            called(module, |module, a| one(module.forward(a.tensor(0, "input1")?, a.tensor(1, "input2")?)))
        }
        "Embedding" => {
            let options = EmbeddingOptions {
                padding_idx: a.opt_dim(2, "padding_idx")?,
                max_norm: a.opt_scalar(3, "max_norm")?.map(|most| most.to_f64()),
                norm_type: a.float_or(4, "norm_type", 2.0)?,
                scale_grad_by_freq: a.bool_or(5, "scale_grad_by_freq", false)?,
            };
            a.only_false(6, "sparse")?;
            let (rows, width) = (a.count(0, "num_embeddings")?, a.count(1, "embedding_dim")?);
            layer(Embedding::with_options(rows, width, options)?)
        }
        "EmbeddingBag" => {
            let options = EmbeddingBagOptions {
                max_norm: a.opt_scalar(2, "max_norm")?.map(|most| most.to_f64()),
                norm_type: a.float_or(3, "norm_type", 2.0)?,
                mode: match a.str_or(5, "mode", "mean")? {
                    "sum" => BagMode::Sum,
                    "mean" => BagMode::Mean,
                    "max" => BagMode::Max,
                    other => return unsupported(format!("mode {other}")),
                },
                include_last_offset: a.bool_or(8, "include_last_offset", false)?,
                padding_idx: a.opt_dim(9, "padding_idx")?,
            };
            a.only_false(4, "scale_grad_by_freq")?;
            a.only_false(6, "sparse")?;
            let (rows, width) = (a.count(0, "num_embeddings")?, a.count(1, "embedding_dim")?);
            called(EmbeddingBag::with_options(rows, width, options)?, |m, a| {
                let weights = a.opt_tensor(2, "per_sample_weights")?;
                one(m.forward(a.tensor(0, "input")?, a.opt_tensor(1, "offsets")?, weights))
            })
        }
        "Identity" => layer(Identity),
        "Flatten" => layer(Flatten::new(a.dim_or(0, "start_dim", 1)?, a.dim_or(1, "end_dim", -1)?)),
        "Unflatten" => layer(Unflatten::new(a.dim(0, "dim")?, a.ints(1, "unflattened_size")?)),
        "PixelShuffle" => layer(PixelShuffle::new(a.count(0, "upscale_factor")?)),
        "PixelUnshuffle" => layer(PixelUnshuffle::new(a.count(0, "downscale_factor")?)),
        "ChannelShuffle" => layer(ChannelShuffle::new(a.count(0, "groups")?)),
        "Upsample" => layer(Upsample::new(upsample(a)?)),
        "UpsamplingNearest2d" | "UpsamplingBilinear2d" => {
            let (mode, align_corners) = match name {
                "UpsamplingNearest2d" => (InterpolateMode::Nearest, false),
                _ => (InterpolateMode::Bilinear, true),
            };
            let (size, scale_factor) = target(a)?;
            let options = InterpolateOptions { size, scale_factor, mode, align_corners, ..Default::default() };
            layer(Upsample::new(options))
        }
        "Unfold" => layer(Unfold::with_options(Sizes(sizes(a, 0, "kernel_size", 1)?), fold(a, 1)?)),
        "Fold" => {
            let (output, kernel) = (sizes(a, 0, "output_size", 1)?, sizes(a, 1, "kernel_size", 1)?);
            layer(Fold::with_options(Sizes(output), Sizes(kernel), fold(a, 2)?))
        }
        "CosineSimilarity" => {
            let module = CosineSimilarity::new(a.dim_or(0, "dim", 1)?, a.float_or(1, "eps", 1e-8)?);
            called(module, |module, a| one(module.forward(a.tensor(0, "x1")?, a.tensor(1, "x2")?)))
        }
        "PairwiseDistance" => {
            let (p, eps) = (a.float_or(0, "p", 2.0)?, a.float_or(1, "eps", 1e-6)?);
            let module = PairwiseDistance::new(p, eps, a.bool_or(2, "keepdim", false)?);
            called(module, |module, a| one(module.forward(a.tensor(0, "x1")?, a.tensor(1, "x2")?)))
        }
        _ => return Ok(None),
    }))
}

fn fold(a: &Args, first: usize) -> Res<FoldOptions> {
    Ok(FoldOptions {
        dilation: Sizes(sizes(a, first, "dilation", 1)?),
        padding: Sizes(sizes(a, first + 1, "padding", 0)?),
        stride: Sizes(sizes(a, first + 2, "stride", 1)?),
    })
}

/// The size and the scale factor, each one number or a list.
fn target(a: &Args) -> Res<(Vec<usize>, Vec<f64>)> {
    let whole = |size: i64| usize::try_from(size).or_else(|_| unsupported(format!("size {size}")));
    let size = a.opt_ints(0, "size")?.unwrap_or_default().into_iter().map(whole).collect::<Res<_>>()?;
    let factors: Vec<&Value> = match a.get(1, "scale_factor") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items)) => items.iter().collect(),
        Some(one) => vec![one],
    };
    Ok((size, factors.into_iter().filter_map(Value::scalar).map(|s| s.to_f64()).collect()))
}

fn upsample(a: &Args) -> Res<InterpolateOptions> {
    let mode = match a.str_or(2, "mode", "nearest")? {
        "nearest" => InterpolateMode::Nearest,
        "nearest-exact" => InterpolateMode::NearestExact,
        "linear" => InterpolateMode::Linear,
        "bilinear" => InterpolateMode::Bilinear,
        "trilinear" => InterpolateMode::Trilinear,
        "bicubic" => InterpolateMode::Bicubic,
        other => return unsupported(format!("the mode {other}")),
    };
    let flag = |place: usize, name: &str| Res::Ok(a.opt_scalar(place, name)?.is_some_and(|on| on.to_f64() != 0.0));
    let (size, scale_factor) = target(a)?;
    Ok(InterpolateOptions {
        size,
        scale_factor,
        mode,
        align_corners: flag(3, "align_corners")?,
        recompute_scale_factor: flag(4, "recompute_scale_factor")?,
    })
}
