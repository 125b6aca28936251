//! Images at other sizes, and pixels that trade places with channels.
use super::{Row, one, row};
use crate::{
    args::Args,
    fault::{Outcome, Res, refused, unsupported},
    sample::{ints, n, null, range, s, t},
    value::Value,
};
use tensor_core::ops::{GridMode, GridPadding, GridSampleOptions, InterpolateMode, InterpolateOptions};

/// The size and the scale factor, each one number or a list.
fn target(a: &Args) -> Res<(Vec<usize>, Vec<f64>)> {
    let size = a.opt_ints(1, "size")?.unwrap_or_default();
    let size =
        size.into_iter().map(|s| usize::try_from(s).or_else(|_| refused(format!("size {s}")))).collect::<Res<_>>()?;
    let factors: Vec<&Value> = match a.get(2, "scale_factor") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items)) => items.iter().collect(),
        Some(one) => vec![one],
    };
    let number = |v: &Value| v.scalar().map_or_else(|| unsupported(v.kind()), |s| Ok(s.to_f64()));
    Ok((size, factors.into_iter().map(number).collect::<Res<_>>()?))
}

fn interpolate(a: &Args) -> Outcome {
    let mode = match a.str_or(3, "mode", "nearest")? {
        "nearest" => InterpolateMode::Nearest,
        "nearest-exact" => InterpolateMode::NearestExact,
        "linear" => InterpolateMode::Linear,
        "bilinear" => InterpolateMode::Bilinear,
        "trilinear" => InterpolateMode::Trilinear,
        "bicubic" => InterpolateMode::Bicubic,
        "area" => InterpolateMode::Area,
        other => return refused(format!("the mode {other}")),
    };
    let flag = |place: usize, name: &str| match a.opt_scalar(place, name)? {
        Some(on) => Ok(on.to_f64() != 0.0),
        None => Res::Ok(false),
    };
    let (size, scale_factor) = target(a)?;
    a.only(6, "antialias", 0.0)?;
    let options = InterpolateOptions {
        size,
        scale_factor,
        mode,
        align_corners: flag(4, "align_corners")?,
        recompute_scale_factor: flag(5, "recompute_scale_factor")?,
    };
    one(a.tensor(0, "input")?.interpolate(&options))
}

/// The two deprecated names.
fn upsample(a: &Args, mode: InterpolateMode, align_corners: bool) -> Outcome {
    let (size, scale_factor) = target(a)?;
    let options = InterpolateOptions { size, scale_factor, mode, align_corners, ..Default::default() };
    one(a.tensor(0, "input")?.interpolate(&options))
}

fn resized(name: &'static str, mode: &str, small: &[usize], size: &[i64]) -> Row {
    row(name, interpolate)
        .sample([t(small), ints(size), null(), s(mode)])
        .sample([t(small), null(), n(1.7), s(mode)])
        .sample([t(small), null(), n(0.6), s(mode)])
}

fn grid_sample(a: &Args) -> Outcome {
    let options = GridSampleOptions {
        mode: match a.str_or(2, "mode", "bilinear")? {
            "bilinear" => GridMode::Bilinear,
            "nearest" => GridMode::Nearest,
            "bicubic" => GridMode::Bicubic,
            other => return refused(format!("the mode {other}")),
        },
        padding_mode: match a.str_or(3, "padding_mode", "zeros")? {
            "zeros" => GridPadding::Zeros,
            "border" => GridPadding::Border,
            "reflection" => GridPadding::Reflection,
            other => return refused(format!("the padding {other}")),
        },
        align_corners: a.bool_or(4, "align_corners", false)?,
    };
    one(a.tensor(0, "input")?.grid_sample(a.tensor(1, "grid")?, options))
}

pub(super) fn rows() -> Vec<Row> {
    let (signal, image, volume) = ([2, 1, 4], [1, 2, 3, 4], [1, 1, 2, 3, 3]);
    vec![
        row("nn.functional.grid_sample", grid_sample)
            .sample([t([1, 2, 4, 3]), range([1, 3, 2, 2], -1.2, 1.1)])
            .named([t([2, 1, 3, 4]), range([2, 2, 2, 2], -1.4, 1.3)], [("padding_mode", s("border"))])
            .named([t([1, 1, 4, 4]), range([1, 3, 2, 2], -1.7, 1.6)], [("padding_mode", s("reflection"))])
            .named([t([1, 1, 4, 4]), range([1, 3, 2, 2], -1.2, 1.1)], [("mode", s("bicubic"))])
            .named([t([1, 1, 3, 3, 2]), range([1, 2, 2, 1, 3], -1.2, 1.1)], [("align_corners", n(true))]),
        resized("nn.functional.interpolate.nearest", "nearest", &signal, &[6]),
        resized("nn.functional.interpolate.nearest-exact", "nearest-exact", &image, &[5, 3]),
        resized("nn.functional.interpolate.linear", "linear", &signal, &[6]),
        resized("nn.functional.interpolate.bilinear", "bilinear", &image, &[5, 3]).sample([
            t(image),
            ints([5, 3]),
            null(),
            s("bilinear"),
            n(true),
        ]),
        resized("nn.functional.interpolate.trilinear", "trilinear", &volume, &[3, 2, 4]),
        resized("nn.functional.interpolate.bicubic", "bicubic", &image, &[5, 3]),
        resized("nn.functional.interpolate.area", "area", &image, &[2, 5]),
        row("nn.functional.upsample_nearest", |a| upsample(a, InterpolateMode::Nearest, false))
            .sample([t(image), ints([4, 5])]),
        row("nn.functional.upsample_bilinear", |a| upsample(a, InterpolateMode::Bilinear, true))
            .sample([t(image), ints([4, 5])]),
        row("nn.functional.pixel_shuffle", |a| one(a.tensor(0, "input")?.pixel_shuffle(a.count(1, "upscale_factor")?)))
            .sample([t([2, 4, 2, 3]), n(2)])
            .sample([t([9, 1, 2]), n(3)]),
        row("nn.functional.pixel_unshuffle", |a| {
            one(a.tensor(0, "input")?.pixel_unshuffle(a.count(1, "downscale_factor")?))
        })
        .sample([t([2, 1, 4, 6]), n(2)])
        .sample([t([1, 3, 6]), n(3)]),
        row("nn.functional.channel_shuffle", |a| one(a.tensor(0, "input")?.channel_shuffle(a.count(1, "groups")?)))
            .sample([t([2, 6, 2]), n(3)]),
    ]
}
