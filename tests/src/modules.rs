//! Modules by PyTorch's names, built from PyTorch's constructor arguments.
use crate::{
    args::Args,
    fault::{Fault, Outcome, Res, unsupported},
    table::one,
    value::Value,
};
use nn::{
    AvgPool2d, AvgPool2dOptions, BatchNorm1d, BatchNorm2d, BatchNormOptions, Conv2d, Conv2dOptions, Dropout, Flatten,
    Forward, Identity, Linear, LinearOptions, LogSoftmax, MaxPool2d, MaxPool2dOptions, Module, Padding, Pair, ReLU,
    Sigmoid, Softmax, Tanh,
};
use std::{fmt, rc::Rc};
use tensor_core::ops::PadMode;

/// A module and its call.
pub struct Built {
    /// Its parts; losses have none.
    pub module: Option<Rc<dyn Module>>,
    /// What it does with the arguments of a case.
    pub forward: Box<dyn Fn(&Args) -> Outcome>,
}

impl fmt::Debug for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Built({:?})", self.module.as_ref().map(|m| m.type_name()))
    }
}

/// The module called `name`.
pub fn build(name: &str, a: &Args) -> Res<Built> {
    let built = match name {
        "Linear" => {
            let bias = a.bool_or(2, "bias", true)?;
            layer(Linear::with_options(
                a.count(0, "in_features")?,
                a.count(1, "out_features")?,
                LinearOptions { bias },
            )?)
        }
        "Conv2d" => conv2d(a)?,
        "MaxPool2d" => {
            a.only_false(4, "return_indices")?;
            let options = MaxPool2dOptions {
                stride: opt_pair(a, 1, "stride")?,
                padding: pair_or(a, 2, "padding", 0)?,
                dilation: pair_or(a, 3, "dilation", 1)?,
                ceil_mode: a.bool_or(5, "ceil_mode", false)?,
            };
            layer(MaxPool2d::with_options(pair(a, 0, "kernel_size")?, options))
        }
        "AvgPool2d" => {
            let divisor_override = a.opt_int(5, "divisor_override")?.map(|_| a.count(5, "divisor_override"));
            let options = AvgPool2dOptions {
                stride: opt_pair(a, 1, "stride")?,
                padding: pair_or(a, 2, "padding", 0)?,
                ceil_mode: a.bool_or(3, "ceil_mode", false)?,
                count_include_pad: a.bool_or(4, "count_include_pad", true)?,
                divisor_override: divisor_override.transpose()?,
            };
            layer(AvgPool2d::with_options(pair(a, 0, "kernel_size")?, options))
        }
        "BatchNorm1d" => {
            let mut norm = BatchNorm1d::with_options(a.count(0, "num_features")?, batch_norm(a)?)?;
            if !a.bool_or(usize::MAX, "bias", true)? {
                norm.bias = None;
            }
            layer(norm)
        }
        "BatchNorm2d" => {
            let mut norm = BatchNorm2d::with_options(a.count(0, "num_features")?, batch_norm(a)?)?;
            if !a.bool_or(usize::MAX, "bias", true)? {
                norm.bias = None;
            }
            layer(norm)
        }
        "Dropout" => layer(Dropout::new(a.float_or(0, "p", 0.5)?)),
        "Flatten" => layer(Flatten::new(a.dim_or(0, "start_dim", 1)?, a.dim_or(1, "end_dim", -1)?)),
        "Identity" => layer(Identity),
        "ReLU" => layer(ReLU),
        "Sigmoid" => layer(Sigmoid),
        "Tanh" => layer(Tanh),
        "Softmax" => layer(Softmax::new(a.dim(0, "dim")?)),
        "LogSoftmax" => layer(LogSoftmax::new(a.dim(0, "dim")?)),
        _ => match crate::table::loss::build(name, a)? {
            Some(forward) => Built { module: None, forward },
            None => return unsupported(format!("module {name}")),
        },
    };
    let left = a.leftovers();
    if left.is_empty() { Ok(built) } else { unsupported(left.join(", ")) }
}

/// A module with one input and one output.
fn layer<M: Forward + Module>(module: M) -> Built {
    let module = Rc::new(module);
    let called = module.clone();
    Built { module: Some(module), forward: Box::new(move |a| one(called.forward(a.tensor(0, "input")?))) }
}

fn conv2d(a: &Args) -> Res<Built> {
    let padding = match a.get(4, "padding") {
        Some(Value::Str(name)) => name.parse::<Padding>()?,
        _ => pair_or(a, 4, "padding", 0)?.into(),
    };
    let padding_mode = match a.str_or(8, "padding_mode", "zeros")? {
        "zeros" => PadMode::default(),
        "reflect" => PadMode::Reflect,
        "replicate" => PadMode::Replicate,
        "circular" => PadMode::Circular,
        other => return unsupported(format!("padding_mode {other}")),
    };
    let options = Conv2dOptions {
        stride: pair_or(a, 3, "stride", 1)?,
        padding,
        padding_mode,
        dilation: pair_or(a, 5, "dilation", 1)?,
        groups: a.count_or(6, "groups", 1)?,
        bias: a.bool_or(7, "bias", true)?,
    };
    let (channels, out) = (a.count(0, "in_channels")?, a.count(1, "out_channels")?);
    Ok(layer(Conv2d::new(channels, out, pair(a, 2, "kernel_size")?, options)?))
}

fn batch_norm(a: &Args) -> Res<BatchNormOptions> {
    let momentum = match a.get(2, "momentum") {
        Some(Value::Null) => None,
        _ => Some(a.float_or(2, "momentum", 0.1)?),
    };
    Ok(BatchNormOptions {
        eps: a.float_or(1, "eps", 1e-5)?,
        momentum,
        affine: a.bool_or(3, "affine", true)?,
        track_running_stats: a.bool_or(4, "track_running_stats", true)?,
    })
}

fn pair(a: &Args, place: usize, name: &str) -> Res<Pair> {
    let sizes: Vec<usize> = a
        .ints(place, name)?
        .into_iter()
        .map(|i| usize::try_from(i).map_err(|_| Fault::Refused(format!("{name} = {i}"))))
        .collect::<Res<_>>()?;
    match sizes[..] {
        [both] => Ok(both.into()),
        [height, width] => Ok((height, width).into()),
        _ => unsupported(format!("{name} = {sizes:?}")),
    }
}

fn opt_pair(a: &Args, place: usize, name: &str) -> Res<Option<Pair>> {
    Ok(match a.get(place, name) {
        None | Some(Value::Null) => None,
        Some(_) => Some(pair(a, place, name)?),
    })
}

fn pair_or(a: &Args, place: usize, name: &str, default: usize) -> Res<Pair> {
    Ok(opt_pair(a, place, name)?.unwrap_or_else(|| default.into()))
}
