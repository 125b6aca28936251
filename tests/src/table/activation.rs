//! Activation functions, as `torch.nn.functional` calls them.
use super::{Check, Row, one, row, unary};
use crate::{
    fault::refused,
    sample::{n, range, t},
};
use tensor_core::{Result, Tensor, ops::Gelu};

/// A function with one number.
fn with(name: &'static str, word: &'static str, usual: f64, f: fn(&Tensor, f64) -> Result<Tensor>) -> Row {
    row(name, move |a| {
        a.named("inplace");
        one(f(a.tensor(0, "input")?, a.float_or(1, word, usual)?))
    })
    .on(-2.0, 2.0)
}

fn plain(name: &'static str, f: fn(&Tensor) -> Result<Tensor>) -> Row {
    row(name, move |a| {
        a.named("inplace");
        one(f(a.tensor(0, "input")?))
    })
    .on(-2.0, 2.0)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        plain("nn.functional.silu", Tensor::silu),
        row("nn.functional.gelu", |a| {
            let form = match a.str_or(1, "approximate", "none")? {
                "none" => Gelu::Exact,
                "tanh" => Gelu::Tanh,
                other => return refused(format!("gelu {other}")),
            };
            one(a.tensor(0, "input")?.gelu(form))
        })
        .on(-2.0, 2.0)
        .named([t([3, 4])], [("approximate", crate::sample::s("tanh"))]),
        with("nn.functional.elu", "alpha", 1.0, Tensor::elu),
        with("nn.functional.celu", "alpha", 1.0, Tensor::celu),
        plain("nn.functional.selu", Tensor::selu),
        with("nn.functional.leaky_relu", "negative_slope", 0.01, Tensor::leaky_relu),
        row("nn.functional.prelu", |a| one(a.tensor(0, "input")?.prelu(a.tensor(1, "weight")?)))
            .sample([t([2, 3, 2]), range([3], 0.1, 0.5)])
            .sample([t([4]), range([1], 0.1, 0.5)]),
        row("nn.functional.hardtanh", |a| {
            a.named("inplace");
            one(a.tensor(0, "input")?.hardtanh(a.float_or(1, "min_val", -1.0)?, a.float_or(2, "max_val", 1.0)?))
        })
        .on(-2.0, 2.0),
        plain("nn.functional.relu6", Tensor::relu6).sample([range([3, 4], 4.0, 8.0)]),
        plain("nn.functional.hardsigmoid", Tensor::hardsigmoid).sample([range([3, 4], -5.0, 5.0)]),
        plain("nn.functional.hardswish", Tensor::hardswish).sample([range([3, 4], -5.0, 5.0)]),
        row("nn.functional.softplus", |a| {
            one(a.tensor(0, "input")?.softplus(a.float_or(1, "beta", 1.0)?, a.float_or(2, "threshold", 20.0)?))
        })
        .on(-2.0, 2.0)
        .sample([t([3, 4]), n(3.0), n(0.2)]),
        plain("nn.functional.softsign", Tensor::softsign),
        plain("nn.functional.mish", Tensor::mish),
        plain("nn.functional.logsigmoid", Tensor::logsigmoid),
        plain("nn.functional.tanhshrink", Tensor::tanhshrink),
        with("nn.functional.softshrink", "lambd", 0.5, Tensor::softshrink),
        with("nn.functional.hardshrink", "lambd", 0.5, Tensor::hardshrink),
        row("nn.functional.glu", |a| one(a.tensor(0, "input")?.glu(a.dim_or(1, "dim", -1)?)))
            .sample([t([3, 4])])
            .sample([t([2, 4, 3]), n(1)]),
        row("nn.functional.batch_norm", |a| {
            let x = a.tensor(0, "input")?;
            let (mean, var) = (a.opt_tensor(1, "running_mean")?, a.opt_tensor(2, "running_var")?);
            let (weight, bias) = (a.opt_tensor(3, "weight")?, a.opt_tensor(4, "bias")?);
            let training = a.bool_or(5, "training", false)?;
            // It steers the running statistics, which are no output.
            a.float_or(6, "momentum", 0.1)?;
            let eps = a.float_or(7, "eps", 1e-5)?;
            one(match (training, mean, var) {
                (false, Some(mean), Some(var)) => x.batch_norm_eval(mean, var, weight, bias, eps),
                _ => x.batch_norm_train(weight, bias, eps).map(|(y, ..)| y),
            })
        })
        .named([t([4, 3, 2]), t([3]), range([3], 0.5, 2.0), t([3]), t([3])], [("training", n(true)), ("eps", n(0.1))])
        .named([t([4, 3]), t([3]), range([3], 0.5, 2.0), t([3]), t([3])], [("training", n(false))])
        .skip(Check::Strides, "the running statistics are inputs that the training form ignores"),
        unary("sinc", Tensor::sinc).on(-2.0, 2.0),
        unary("deg2rad", Tensor::deg2rad).on(-2.0, 2.0),
        unary("rad2deg", Tensor::rad2deg).on(-2.0, 2.0),
        unary("frac", Tensor::frac).on(0.1, 0.9),
        row("logit", |a| one(a.tensor(0, "input")?.logit(a.opt_scalar(1, "eps")?.map(|s| s.to_f64()))))
            .on(0.2, 0.8)
            .sample([range([3, 4], 0.3, 0.7), n(0.2)]),
        decimals("round.decimals_0"),
        decimals("round.decimals_3"),
        decimals("round.decimals_neg_3"),
    ]
}

fn decimals(name: &'static str) -> Row {
    row(name, |a| one(a.tensor(0, "input")?.round_decimals(a.int_or(usize::MAX, "decimals", 0)? as i32)))
        .named([t([3, 4])], [("decimals", n(1))])
        .no_grad("its derivative is zero almost everywhere")
}
