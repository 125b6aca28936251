//! Pooling.
use super::{Built, called, layer};
use crate::{
    args::Args,
    fault::{Res, unsupported},
    table::{
        both, one,
        window::{opt_sizes, sizes},
    },
    value::Value,
};
use nn::*;
use tensor_core::{Result, Tensor};

type WithIndices<M> = fn(&M, &Tensor) -> Result<(Tensor, Tensor)>;

pub(super) fn build(name: &str, a: &Args) -> Res<Option<Built>> {
    macro_rules! max {
        ($Pool:ident) => {{
            let module = $Pool::with_options(kernel(a, 0)?, max_options(a)?);
            with_indices(module, $Pool::forward_with_indices, a.bool_or(4, "return_indices", false)?)
        }};
    }
    macro_rules! average {
        ($Pool:ident) => {
            layer($Pool::with_options(kernel(a, 0)?, average_options(a)?))
        };
    }
    macro_rules! power {
        ($Pool:ident) => {{
            let stride = opt_sizes(a, 2, "stride")?.map(Sizes);
            let options = LPPoolOptions { stride, ceil_mode: a.bool_or(3, "ceil_mode", false)? };
            layer($Pool::with_options(a.float(0, "norm_type")?, kernel(a, 1)?, options))
        }};
    }
    macro_rules! largest {
        ($Pool:ident) => {
            with_indices($Pool::new(out(a)?), $Pool::forward_with_indices, a.bool_or(1, "return_indices", false)?)
        };
    }
    macro_rules! fractional {
        ($Pool:ident) => {{
            let mut module = $Pool::new(kernel(a, 0)?, fraction(a)?);
            module.random_samples = a.opt_tensor(4, "_random_samples")?.cloned().map(Buffer::new).transpose()?;
            with_indices(module, $Pool::forward_with_indices, a.bool_or(3, "return_indices", false)?)
        }};
    }
    macro_rules! unpool {
        ($Pool:ident) => {{
            let stride = opt_sizes(a, 1, "stride")?.map(Sizes);
            let options = MaxUnpoolOptions { stride, padding: Sizes(sizes(a, 2, "padding", 0)?) };
            called($Pool::with_options(kernel(a, 0)?, options), |m, a| {
                let (x, indices) = (a.tensor(0, "input")?, a.tensor(1, "indices")?);
                one(match a.opt_ints(2, "output_size")? {
                    // PyTorch takes the sizes of all dims, too.
                    Some(sizes) => {
                        let spatial = sizes.iter().rev().take(m.kernel_size.0.len()).rev();
                        let spatial: Vec<usize> = spatial.map(|&size| size.max(0) as usize).collect();
                        match spatial.try_into() {
                            Ok(sizes) => m.forward_to_size(x, indices, Sizes(sizes)),
                            Err(_) => return unsupported("output_size"),
                        }
                    }
                    None => m.forward(x, indices),
                })
            })
        }};
    }
    Ok(Some(match name {
        "MaxUnpool1d" => unpool!(MaxUnpool1d),
        "MaxUnpool2d" => unpool!(MaxUnpool2d),
        "MaxUnpool3d" => unpool!(MaxUnpool3d),
        "MaxPool1d" => max!(MaxPool1d),
        "MaxPool2d" => max!(MaxPool2d),
        "MaxPool3d" => max!(MaxPool3d),
        "AvgPool1d" => average!(AvgPool1d),
        "AvgPool2d" => average!(AvgPool2d),
        "AvgPool3d" => average!(AvgPool3d),
        "LPPool1d" => power!(LPPool1d),
        "LPPool2d" => power!(LPPool2d),
        "LPPool3d" => power!(LPPool3d),
        "AdaptiveAvgPool1d" => layer(AdaptiveAvgPool1d::new(out(a)?)),
        "AdaptiveAvgPool2d" => layer(AdaptiveAvgPool2d::new(out(a)?)),
        "AdaptiveAvgPool3d" => layer(AdaptiveAvgPool3d::new(out(a)?)),
        "AdaptiveMaxPool1d" => largest!(AdaptiveMaxPool1d),
        "AdaptiveMaxPool2d" => largest!(AdaptiveMaxPool2d),
        "AdaptiveMaxPool3d" => largest!(AdaptiveMaxPool3d),
        "FractionalMaxPool2d" => fractional!(FractionalMaxPool2d),
        "FractionalMaxPool3d" => fractional!(FractionalMaxPool3d),
        _ => return Ok(None),
    }))
}

fn with_indices<M: Forward + Module>(module: M, forward: WithIndices<M>, wanted: bool) -> Built {
    if !wanted {
        return layer(module);
    }
    called(module, move |module, a| both(forward(module, a.tensor(0, "input")?)))
}

fn kernel<const N: usize>(a: &Args, place: usize) -> Res<Sizes<N>> {
    Ok(Sizes(sizes(a, place, "kernel_size", 1)?))
}

fn max_options<const N: usize>(a: &Args) -> Res<MaxPoolOptions<N>> {
    Ok(MaxPoolOptions {
        stride: opt_sizes(a, 1, "stride")?.map(Sizes),
        padding: Sizes(sizes(a, 2, "padding", 0)?),
        dilation: Sizes(sizes(a, 3, "dilation", 1)?),
        ceil_mode: a.bool_or(5, "ceil_mode", false)?,
    })
}

fn average_options<const N: usize>(a: &Args) -> Res<AvgPoolOptions<N>> {
    let divisor_override = a.opt_int(5, "divisor_override")?.map(|_| a.count(5, "divisor_override"));
    Ok(AvgPoolOptions {
        stride: opt_sizes(a, 1, "stride")?.map(Sizes),
        padding: Sizes(sizes(a, 2, "padding", 0)?),
        ceil_mode: a.bool_or(3, "ceil_mode", false)?,
        count_include_pad: a.bool_or(4, "count_include_pad", true)?,
        divisor_override: divisor_override.transpose()?,
    })
}

fn out<const N: usize>(a: &Args) -> Res<OutSizes<N>> {
    let Some(Value::List(items)) = a.get(0, "output_size") else {
        return Ok(OutSizes([Some(a.count(0, "output_size")?); N]));
    };
    let size = |item: &Value| match item {
        Value::Null => Ok(None),
        Value::Int(size) => usize::try_from(*size).map(Some).or_else(|_| unsupported(format!("output_size {size}"))),
        other => unsupported(format!("an output size is {}", other.kind())),
    };
    let sizes = items.iter().map(size).collect::<Res<Vec<_>>>()?;
    match <[Option<usize>; N]>::try_from(sizes) {
        Ok(sizes) => Ok(OutSizes(sizes)),
        Err(sizes) => unsupported(format!("output_size = {sizes:?}")),
    }
}

fn fraction<const N: usize>(a: &Args) -> Res<FractionalSize<N>> {
    if let Some(size) = opt_sizes(a, 1, "output_size")? {
        return Ok(FractionalSize::Size(Sizes(size)));
    }
    let Some(Value::List(items)) = a.get(2, "output_ratio") else {
        return Ok(FractionalSize::Ratio([a.float(2, "output_ratio")?; N]));
    };
    let ratios: Vec<f64> = items.iter().filter_map(Value::scalar).map(|s| s.to_f64()).collect();
    match <[f64; N]>::try_from(ratios) {
        Ok(ratios) => Ok(FractionalSize::Ratio(ratios)),
        Err(ratios) => unsupported(format!("output_ratio = {ratios:?}")),
    }
}
