//! Losses, those with parts and those of the table.
use super::{Built, called};
use crate::{
    args::Args,
    fault::{Res, unsupported},
    table::{both, loss, one},
    value::Value,
};
use nn::loss::{
    AdaptiveLogSoftmaxOptions, AdaptiveLogSoftmaxWithLoss, CTCLoss, LinearCrossEntropyLoss, LinearCrossEntropyOptions,
    lengths,
};

/// What is given by name only.
const NAMED: usize = usize::MAX;

pub(super) fn build(name: &str, a: &Args) -> Res<Option<Built>> {
    Ok(Some(match name {
        "CTCLoss" => {
            let reduction = a.str_or(1, "reduction", "mean")?.parse()?;
            let blank = a.count_or(0, "blank", 0)?;
            let loss = CTCLoss { blank, reduction, zero_infinity: a.bool_or(2, "zero_infinity", false)? };
            let forward = move |a: &Args| {
                let (inputs, targets) = (sizes(a, 2, "input_lengths")?, sizes(a, 3, "target_lengths")?);
                one(loss.forward(a.tensor(0, "log_probs")?, a.tensor(1, "targets")?, &inputs, &targets))
            };
            Built { module: None, forward: Box::new(forward) }
        }
        "LinearCrossEntropyLoss" => {
            // How PyTorch may cut it into pieces.
            a.named("options");
            let whole = |n: i64| usize::try_from(n).or_else(|_| unsupported(format!("out_features {n}")));
            let out = a.opt_ints(NAMED, "out_features")?.unwrap_or_default();
            let options = LinearCrossEntropyOptions {
                out_features: out.into_iter().map(whole).collect::<Res<_>>()?,
                bias: a.bool_or(NAMED, "bias", false)?,
                reduction: loss::reduction(a)?,
                weight: a.opt_tensor(NAMED, "weight")?.cloned(),
                ignore_index: a.opt_int(NAMED, "ignore_index")?,
                label_smoothing: a.float_or(NAMED, "label_smoothing", 0.0)?,
            };
            let (features, classes) = (a.count(0, "in_features")?, a.count(1, "num_classes")?);
            let module = LinearCrossEntropyLoss::with_options(features, classes, options)?;
            called(module, |module, a| one(module.forward(a.tensor(0, "input")?, a.tensor(1, "target")?)))
        }
        "AdaptiveLogSoftmaxWithLoss" => {
            let whole = |n: i64| usize::try_from(n).or_else(|_| unsupported(format!("a cutoff is {n}")));
            let cutoffs: Vec<usize> = a.ints(2, "cutoffs")?.into_iter().map(whole).collect::<Res<_>>()?;
            let (div_value, head_bias) = (a.float_or(3, "div_value", 4.0)?, a.bool_or(4, "head_bias", false)?);
            let options = AdaptiveLogSoftmaxOptions { div_value, head_bias };
            let (features, classes) = (a.count(0, "in_features")?, a.count(1, "n_classes")?);
            let module = AdaptiveLogSoftmaxWithLoss::with_options(features, classes, &cutoffs, options)?;
            called(module, |module, a| both(module.forward(a.tensor(0, "input_")?, a.tensor(1, "target_")?)))
        }
        _ => return Ok(loss::build(name, a)?.map(|forward| Built { module: None, forward })),
    }))
}

/// Lengths as a tensor, a list or, for one sample, a number.
fn sizes(a: &Args, place: usize, name: &str) -> Res<Vec<usize>> {
    if let Some(Value::Tensor(t)) = a.get(place, name) {
        return Ok(lengths(t)?);
    }
    let whole = |n: i64| usize::try_from(n).or_else(|_| unsupported(format!("{name} {n}")));
    a.ints(place, name)?.into_iter().map(whole).collect()
}
