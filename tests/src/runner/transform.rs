//! Kind "transform": a picture through a pipeline of torchvision's functional transforms.
use super::Case;
use crate::{
    compare,
    fault::{Res, unsupported, wrong},
};
use flambeau::vision::{
    Fill, Interpolation, Padding, PaddingMode, Size,
    functional::{self as f, AffineOptions, RotateOptions},
};
use serde_json::Value as Json;
use tensor_core::Tensor;

/// Every output is as recorded.
pub(super) fn replay(case: &Case<'_>) -> Res<()> {
    let image = case.tensor(&case.json["image"])?;
    let mut images = vec![match image.dim() {
        2 => image.unsqueeze(0)?,
        _ => image.permute([2, 0, 1])?,
    }];
    for step in case.list("pipeline") {
        let Some((name, args)) = step.as_array().and_then(|s| s.split_first()) else {
            return wrong(format!("{step} is no step"));
        };
        let name = name.as_str().unwrap_or_default();
        let mut next = Vec::new();
        for x in &images {
            next.extend(apply(name, args, x)?);
        }
        images = next;
    }
    let expected = case.list("outputs");
    if images.len() != expected.len() {
        return wrong(format!("{} outputs, expected {}", images.len(), expected.len()));
    }
    for (i, (got, key)) in images.iter().zip(expected).enumerate() {
        compare::same(&format!("output {i}"), got, &case.tensor(key)?, case.tolerance())?;
    }
    Ok(())
}

fn apply(name: &str, args: &[Json], x: &Tensor) -> Res<Vec<Tensor>> {
    let one = |i: usize| number(args.get(i).unwrap_or(&Json::Null));
    let list = |i: usize| numbers(args.get(i).unwrap_or(&Json::Null));
    let size = || Ok::<_, crate::fault::Fault>(size(&list(0)?));
    let most = |n: usize| if args.len() > n { unsupported(format!("{name} with {args:?}")) } else { Ok(()) };
    most(match name {
        "ToTensor" | "HorizontalFlip" | "VerticalFlip" | "Invert" | "AutoContrast" | "Equalize" => 0,
        "GaussianBlur" | "Normalize" | "AdjustGamma" => 2,
        "Pad" => 3,
        "Crop" | "Affine" => 4,
        "Perspective" => 2,
        _ => 1,
    })?;
    let y = match name {
        "ToTensor" => f::to_tensor(x)?,
        "Resize" => f::resize(x, size()?, Interpolation::Bilinear)?,
        "ResizeNearest" => f::resize(x, size()?, Interpolation::Nearest)?,
        "ResizeBicubic" => f::resize(x, size()?, Interpolation::Bicubic)?,
        "ResizeLanczos" => f::resize(x, size()?, Interpolation::Lanczos)?,
        "ResizeBox" => f::resize(x, size()?, Interpolation::Box)?,
        "ResizeHamming" => f::resize(x, size()?, Interpolation::Hamming)?,
        "CenterCrop" => f::center_crop(x, size()?)?,
        "Crop" => f::crop(x, one(0)? as isize, one(1)? as isize, one(2)? as usize, one(3)? as usize)?,
        "FiveCrop" => return Ok(f::five_crop(x, size()?)?.into()),
        "TenCrop" => return Ok(f::ten_crop(x, size()?, false)?.into()),
        "Pad" => {
            let fill = if args.len() > 1 { Fill::from(list(1)?) } else { Fill::default() };
            f::pad(x, padding(&list(0)?)?, fill, mode(args.get(2))?)?
        }
        "HorizontalFlip" => f::hflip(x)?,
        "VerticalFlip" => f::vflip(x)?,
        "Grayscale" => f::rgb_to_grayscale(x, one(0)? as usize)?,
        "Normalize" => f::normalize(x, &list(0)?, &list(1)?)?,
        "Rotate" => f::rotate(x, one(0)?, &RotateOptions::default())?,
        "RotateExpand" => f::rotate(x, one(0)?, &RotateOptions { expand: true, ..Default::default() })?,
        "RotateBilinear" => {
            f::rotate(x, one(0)?, &RotateOptions { interpolation: Interpolation::Bilinear, ..Default::default() })?
        }
        "RotateBicubic" => {
            f::rotate(x, one(0)?, &RotateOptions { interpolation: Interpolation::Bicubic, ..Default::default() })?
        }
        "Affine" => {
            let (translate, shear) = (two(&list(1)?)?, two(&list(3)?)?);
            let (angle, scale) = (one(0)?, one(2)?);
            f::affine(x, &AffineOptions { angle, translate, scale, shear, ..Default::default() })?
        }
        "Perspective" => {
            let (start, end) = (corners(&args[0])?, corners(&args[1])?);
            f::perspective(x, start, end, Interpolation::Bilinear, Fill::default())?
        }
        "AdjustBrightness" => f::adjust_brightness(x, one(0)?)?,
        "AdjustContrast" => f::adjust_contrast(x, one(0)?)?,
        "AdjustSaturation" => f::adjust_saturation(x, one(0)?)?,
        "AdjustHue" => f::adjust_hue(x, one(0)?)?,
        "AdjustSharpness" => f::adjust_sharpness(x, one(0)?)?,
        "AdjustGamma" => f::adjust_gamma(x, one(0)?, if args.len() > 1 { one(1)? } else { 1.0 })?,
        "Invert" => f::invert(x)?,
        "Posterize" => f::posterize(x, one(0)? as u32)?,
        "Solarize" => f::solarize(x, one(0)?)?,
        "AutoContrast" => f::autocontrast(x)?,
        "Equalize" => f::equalize(x)?,
        "GaussianBlur" => {
            let kernel = two(&list(0)?)?.map(|k| k as usize);
            f::gaussian_blur(x, kernel, two(&list(1)?)?)?
        }
        other => return unsupported(format!("the transform {other}")),
    };
    Ok(vec![y])
}

fn number(json: &Json) -> Res<f64> {
    json.as_f64().map_or_else(|| wrong(format!("{json} is no number")), Ok)
}

/// A number as a list of one.
fn numbers(json: &Json) -> Res<Vec<f64>> {
    match json.as_array() {
        Some(list) => list.iter().map(number).collect(),
        None => Ok(vec![number(json)?]),
    }
}

fn size(numbers: &[f64]) -> Size {
    match *numbers {
        [height, width] => Size::Exact([height as usize, width as usize]),
        _ => Size::Shorter(numbers.first().map_or(0, |&n| n as usize)),
    }
}

/// One number is both.
fn two(numbers: &[f64]) -> Res<[f64; 2]> {
    match *numbers {
        [both] => Ok([both; 2]),
        [a, b] => Ok([a, b]),
        _ => wrong(format!("{numbers:?} are not two numbers")),
    }
}

fn padding(numbers: &[f64]) -> Res<Padding> {
    match *numbers {
        [all] => Ok(Padding::from(all as isize)),
        [x, y] => Ok(Padding::from([x as isize, y as isize])),
        [l, t, r, b] => Ok(Padding::from([l, t, r, b].map(|n| n as isize))),
        _ => wrong(format!("{numbers:?} is no padding")),
    }
}

fn mode(json: Option<&Json>) -> Res<PaddingMode> {
    Ok(match json.and_then(Json::as_str).unwrap_or("constant") {
        "constant" => PaddingMode::Constant,
        "edge" => PaddingMode::Edge,
        "reflect" => PaddingMode::Reflect,
        "symmetric" => PaddingMode::Symmetric,
        other => return unsupported(format!("padding_mode {other}")),
    })
}

fn corners(json: &Json) -> Res<[[f64; 2]; 4]> {
    let list = json.as_array().map_or(&[][..], Vec::as_slice);
    match list {
        [a, b, c, d] => {
            let corner = |json: &Json| two(&numbers(json)?);
            Ok([corner(a)?, corner(b)?, corner(c)?, corner(d)?])
        }
        _ => wrong(format!("{json} are not four corners")),
    }
}
