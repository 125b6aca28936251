//! Convolutions, transposed convolutions and padding.
use super::{Built, called, layer};
use crate::{
    args::Args,
    fault::{Res, unsupported},
    table::{
        one,
        window::{opt_sizes, sizes},
    },
    value::Value,
};
use nn::*;
use tensor_core::{Result, Tensor, ops::PadMode};

pub(super) fn build(name: &str, a: &Args) -> Res<Option<Built>> {
    macro_rules! constant {
        ($Pad:ident) => {
            layer($Pad::new(pads(a)?, a.scalar(1, "value")?))
        };
    }
    Ok(Some(match name {
        "Conv1d" => conv(a, Conv1d::new)?,
        "Conv2d" => conv(a, Conv2d::new)?,
        "Conv3d" => conv(a, Conv3d::new)?,
        "ConvTranspose1d" => transposed(a, ConvTranspose1d::new, ConvTranspose1d::forward_to_size)?,
        "ConvTranspose2d" => transposed(a, ConvTranspose2d::new, ConvTranspose2d::forward_to_size)?,
        "ConvTranspose3d" => transposed(a, ConvTranspose3d::new, ConvTranspose3d::forward_to_size)?,
        "ReflectionPad1d" => layer(ReflectionPad1d::new(pads(a)?)),
        "ReflectionPad2d" => layer(ReflectionPad2d::new(pads(a)?)),
        "ReflectionPad3d" => layer(ReflectionPad3d::new(pads(a)?)),
        "ReplicationPad1d" => layer(ReplicationPad1d::new(pads(a)?)),
        "ReplicationPad2d" => layer(ReplicationPad2d::new(pads(a)?)),
        "ReplicationPad3d" => layer(ReplicationPad3d::new(pads(a)?)),
        "CircularPad1d" => layer(CircularPad1d::new(pads(a)?)),
        "CircularPad2d" => layer(CircularPad2d::new(pads(a)?)),
        "CircularPad3d" => layer(CircularPad3d::new(pads(a)?)),
        "ConstantPad1d" => constant!(ConstantPad1d),
        "ConstantPad2d" => constant!(ConstantPad2d),
        "ConstantPad3d" => constant!(ConstantPad3d),
        "ZeroPad1d" => layer(ZeroPad1d::new(pads(a)?)),
        "ZeroPad2d" => layer(ZeroPad2d::new(pads(a)?)),
        "ZeroPad3d" => layer(ZeroPad3d::new(pads(a)?)),
        _ => return Ok(None),
    }))
}

fn conv<M: Forward + Module, const N: usize>(
    a: &Args,
    new: fn(usize, usize, Sizes<N>, ConvOptions<N>) -> Result<M>,
) -> Res<Built> {
    let padding = match a.get(4, "padding") {
        Some(Value::Str(name)) => name.parse::<Padding<N>>()?,
        _ => Padding::Sizes(sizes(a, 4, "padding", 0)?),
    };
    let padding_mode = match a.str_or(8, "padding_mode", "zeros")? {
        "zeros" => PadMode::default(),
        "reflect" => PadMode::Reflect,
        "replicate" => PadMode::Replicate,
        "circular" => PadMode::Circular,
        other => return unsupported(format!("padding_mode {other}")),
    };
    let options = ConvOptions {
        stride: Sizes(sizes(a, 3, "stride", 1)?),
        padding,
        padding_mode,
        dilation: Sizes(sizes(a, 5, "dilation", 1)?),
        groups: a.count_or(6, "groups", 1)?,
        bias: a.bool_or(7, "bias", true)?,
    };
    let (input, output) = (a.count(0, "in_channels")?, a.count(1, "out_channels")?);
    Ok(layer(new(input, output, Sizes(sizes(a, 2, "kernel_size", 1)?), options)?))
}

fn transposed<M: Forward + Module, const N: usize>(
    a: &Args,
    new: fn(usize, usize, Sizes<N>, ConvTransposeOptions<N>) -> Result<M>,
    to_size: fn(&M, &Tensor, Sizes<N>) -> Result<Tensor>,
) -> Res<Built> {
    if a.str_or(9, "padding_mode", "zeros")? != "zeros" {
        return unsupported("a padding_mode of transposed convolutions");
    }
    let options = ConvTransposeOptions {
        stride: Sizes(sizes(a, 3, "stride", 1)?),
        padding: Sizes(sizes(a, 4, "padding", 0)?),
        output_padding: Sizes(sizes(a, 5, "output_padding", 0)?),
        groups: a.count_or(6, "groups", 1)?,
        bias: a.bool_or(7, "bias", true)?,
        dilation: Sizes(sizes(a, 8, "dilation", 1)?),
    };
    let (input, output) = (a.count(0, "in_channels")?, a.count(1, "out_channels")?);
    let module = new(input, output, Sizes(sizes(a, 2, "kernel_size", 1)?), options)?;
    Ok(called(module, move |module, a| {
        let x = a.tensor(0, "input")?;
        one(match opt_sizes(a, 1, "output_size")? {
            Some(size) => to_size(module, x, Sizes(size)),
            None => module.forward(x),
        })
    }))
}

fn pads<const ENDS: usize>(a: &Args) -> Res<Pads<ENDS>> {
    let given = a.ints(0, "padding")?;
    match given[..] {
        [all] => Ok(Pads([all; ENDS])),
        _ => match <[i64; ENDS]>::try_from(given) {
            Ok(ends) => Ok(Pads(ends)),
            Err(given) => unsupported(format!("padding = {given:?}")),
        },
    }
}
