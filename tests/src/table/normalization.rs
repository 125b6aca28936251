//! Values shifted and scaled by statistics of their neighbours.
use super::{Row, one, row};
use crate::{
    fault::unsupported,
    sample::{fixed, ints, n, null, range, t},
};
use tensor_core::ops::{InstanceNormOptions, LocalResponseNormOptions};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("nn.functional.layer_norm", |a| {
            one(a.tensor(0, "input")?.layer_norm(
                a.ints(1, "normalized_shape")?,
                a.opt_tensor(2, "weight")?,
                a.opt_tensor(3, "bias")?,
                a.float_or(4, "eps", 1e-5)?,
            ))
        })
        .sample([t([2, 3, 4]), ints([4])])
        .sample([t([2, 3, 4]), ints([3, 4]), t([3, 4]), t([3, 4]), n(0.1)])
        .sample([t([0, 3]), ints([3]), t([3]), null()]),
        row("nn.functional.rms_norm", |a| {
            let eps = a.opt_scalar(3, "eps")?.map(|e| e.to_f64());
            one(a.tensor(0, "input")?.rms_norm(a.ints(1, "normalized_shape")?, a.opt_tensor(2, "weight")?, eps))
        })
        .sample([t([2, 3, 4]), ints([4])])
        .sample([t([2, 3, 4]), ints([3, 4]), t([3, 4]), n(0.1)]),
        row("nn.functional.group_norm", |a| {
            one(a.tensor(0, "input")?.group_norm(
                a.count(1, "num_groups")?,
                a.opt_tensor(2, "weight")?,
                a.opt_tensor(3, "bias")?,
                a.float_or(4, "eps", 1e-5)?,
            ))
        })
        .sample([t([2, 4, 3]), n(2)])
        .sample([t([2, 6]), n(3), t([6]), t([6]), n(0.1)])
        .sample([t([0, 4, 2]), n(2)]),
        row("nn.functional.instance_norm", |a| {
            let (mean, variance) = (a.opt_tensor(1, "running_mean")?, a.opt_tensor(2, "running_var")?);
            let own = a.bool_or(5, "use_input_stats", true)?;
            // How the running statistics move: they are the layer's.
            a.float_or(6, "momentum", 0.1)?;
            let running = match (own, mean, variance) {
                (true, ..) => None,
                (false, Some(mean), Some(variance)) => Some((mean, variance)),
                _ => return unsupported("no statistics at all"),
            };
            let options = InstanceNormOptions {
                running,
                weight: a.opt_tensor(3, "weight")?,
                bias: a.opt_tensor(4, "bias")?,
                eps: a.float_or(7, "eps", 1e-5)?,
            };
            one(a.tensor(0, "input")?.instance_norm(options))
        })
        .sample([t([2, 3, 4])])
        .named([t([2, 3, 2, 2])], [("weight", t([3])), ("bias", t([3])), ("eps", n(0.1))])
        .named(
            [t([2, 3, 4])],
            [
                ("running_mean", fixed([3], -1.0, 1.0)),
                ("running_var", fixed([3], 0.5, 2.0)),
                ("use_input_stats", n(false)),
            ],
        ),
        row("nn.functional.local_response_norm", |a| {
            let options = LocalResponseNormOptions {
                alpha: a.float_or(2, "alpha", 1e-4)?,
                beta: a.float_or(3, "beta", 0.75)?,
                k: a.float_or(4, "k", 1.0)?,
            };
            one(a.tensor(0, "input")?.local_response_norm(a.count(1, "size")?, options))
        })
        .named([t([2, 4, 3]), n(3)], [("alpha", n(0.5)), ("k", n(1.5))])
        .sample([t([1, 3, 2, 2]), n(2), n(0.3), n(0.5)]),
        row("nn.functional.normalize", |a| {
            let x = a.tensor(0, "input")?;
            one(x.normalize(a.float_or(1, "p", 2.0)?, a.dim_or(2, "dim", 1)?, a.float_or(3, "eps", 1e-12)?))
        })
        .sample([t([2, 3, 4])])
        .sample([range([2, 3], 0.5, 2.0), n(3.0), n(-1), n(0.1)]),
    ]
}
