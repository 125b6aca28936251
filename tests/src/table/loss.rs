//! Losses.
use super::{Row, one, row};
use crate::{
    args::Args,
    fault::{Res, unsupported},
    sample::{Input, fixed, idx, n, range, s, t},
};
use nn::loss::{
    BCELoss, BCEWithLogitsLoss, CosineEmbeddingLoss, CrossEntropyLoss, GaussianNLLLoss, HingeEmbeddingLoss, HuberLoss,
    KLDivLoss, L1Loss, Loss, MSELoss, MarginRankingLoss, MultiLabelSoftMarginLoss, MultiMarginLoss, NLLLoss,
    PoissonNLLLoss, Reduction, SmoothL1Loss, SoftMarginLoss, TripletMarginLoss,
};
use tensor_core::Tensor;

/// A row of `loss(input, target)`, whose settings `make` reads.
fn loss<L: Loss>(name: &'static str, make: impl Fn(&Args) -> Res<L> + Send + Sync + 'static) -> Row {
    row(name, move |a| {
        old_names(a)?;
        one(make(a)?.forward(a.tensor(0, "input")?, a.tensor(1, "target")?))
    })
}

/// PyTorch's older names for `reduction`, where they say nothing.
fn old_names(a: &Args) -> Res<()> {
    for name in ["size_average", "reduce"] {
        if let Some(value) = a.named(name)
            && !matches!(value, crate::value::Value::Null)
        {
            return unsupported(name);
        }
    }
    Ok(())
}

/// What becomes of the losses of single elements.
pub(crate) fn reduction(a: &Args) -> Res<Reduction> {
    Ok(a.str_or(usize::MAX, "reduction", "mean")?.parse()?)
}

fn weight(a: &Args, place: usize) -> Res<Option<Tensor>> {
    Ok(a.opt_tensor(place, "weight")?.cloned())
}

fn no_reduction(row: Row, places: impl Into<Vec<Input>>) -> Row {
    row.named(places, [("reduction", s("none"))])
}

pub(super) fn rows() -> Vec<Row> {
    let pair = |row: Row| no_reduction(row.sample([t([3, 4]), range([3, 4], -1.7, 1.9)]), [t([5]), range([5], -1.7, 1.9)]);
    let signs = |shape: Vec<usize>| Input::Signs(shape);
    vec![
        pair(loss("nn.functional.mse_loss", |a| Ok(MSELoss { reduction: reduction(a)? }))),
        pair(loss("nn.functional.l1_loss", |a| Ok(L1Loss { reduction: reduction(a)? }))),
        pair(loss("nn.functional.smooth_l1_loss", |a| {
            Ok(SmoothL1Loss { beta: a.float_or(5, "beta", 1.0)?, reduction: reduction(a)? })
        })),
        pair(loss("nn.functional.huber_loss", |a| {
            a.only(4, "weight", f64::NAN)?;
            Ok(HuberLoss { delta: a.float_or(3, "delta", 1.0)?, reduction: reduction(a)? })
        })),
        loss("nn.functional.nll_loss", |a| {
            let ignore_index = a.int_or(4, "ignore_index", -100)?;
            Ok(NLLLoss { weight: weight(a, 2)?, ignore_index, reduction: reduction(a)? })
        })
        .sample([range([4, 3], -3.0, -0.1), idx([4], 3)])
        .named([range([2, 3, 4], -3.0, -0.1), idx([2, 4], 3)], [("weight", fixed([3], 0.5, 2.0)), ("ignore_index", n(1))])
        .named([range([4, 3], -3.0, -0.1), idx([4], 3)], [("reduction", s("none"))]),
        loss("nn.functional.cross_entropy", |a| {
            Ok(CrossEntropyLoss {
                weight: weight(a, 2)?,
                ignore_index: a.int_or(4, "ignore_index", -100)?,
                reduction: reduction(a)?,
                label_smoothing: a.float_or(7, "label_smoothing", 0.0)?,
            })
        })
        .sample([t([4, 3]), idx([4], 3)])
        .named([t([2, 3, 4]), idx([2, 4], 3)], [("weight", fixed([3], 0.5, 2.0)), ("label_smoothing", n(0.1))])
        .named([t([4, 3]), range([4, 3], 0.1, 0.9)], [("reduction", s("sum"))]),
        loss("nn.functional.binary_cross_entropy", |a| Ok(BCELoss { weight: weight(a, 2)?, reduction: reduction(a)? }))
            .sample([range([3, 4], 0.1, 0.9), range([3, 4], 0.1, 0.9)])
            .named([range([4], 0.1, 0.9), range([4], 0.1, 0.9)], [("weight", fixed([4], 0.5, 2.0)), ("reduction", s("none"))]),
        loss("nn.functional.binary_cross_entropy_with_logits", |a| {
            let pos_weight = a.opt_tensor(6, "pos_weight")?.cloned();
            Ok(BCEWithLogitsLoss { weight: weight(a, 2)?, pos_weight, reduction: reduction(a)? })
        })
        .sample([t([3, 4]), range([3, 4], 0.1, 0.9)])
        .named([t([3, 4]), range([3, 4], 0.1, 0.9)], [("pos_weight", fixed([4], 0.5, 2.0)), ("reduction", s("none"))]),
        loss("nn.functional.kl_div", |a| {
            Ok(KLDivLoss { reduction: reduction(a)?, log_target: a.bool_or(5, "log_target", false)? })
        })
        .sample([range([3, 4], -3.0, -0.1), range([3, 4], 0.1, 0.9)])
        .named([range([3, 4], -3.0, -0.1), range([3, 4], -3.0, -0.1)], [("reduction", s("batchmean")), ("log_target", n(true))]),
        loss("nn.functional.poisson_nll_loss", |a| {
            Ok(PoissonNLLLoss {
                log_input: a.bool_or(2, "log_input", true)?,
                full: a.bool_or(3, "full", false)?,
                eps: a.float_or(5, "eps", 1e-8)?,
                reduction: reduction(a)?,
            })
        })
        .sample([t([3, 4]), range([3, 4], 0.2, 3.0)])
        .named([range([3, 4], 0.2, 3.0), range([3, 4], 1.2, 3.0)], [("log_input", n(false)), ("full", n(true))]),
        row("nn.functional.gaussian_nll_loss", |a| {
            let loss = GaussianNLLLoss {
                full: a.bool_or(3, "full", false)?,
                eps: a.float_or(4, "eps", 1e-6)?,
                reduction: reduction(a)?,
            };
            one(loss.forward(a.tensor(0, "input")?, a.tensor(1, "target")?, a.tensor(2, "var")?))
        })
        .sample([t([3, 4]), t([3, 4]), range([3, 4], 0.3, 2.0)])
        .named([t([3, 4]), t([3, 4]), range([3, 1], 0.3, 2.0)], [("full", n(true)), ("reduction", s("none"))]),
        loss("nn.functional.soft_margin_loss", |a| Ok(SoftMarginLoss { reduction: reduction(a)? }))
            .sample([t([3, 4]), signs(vec![3, 4])]),
        loss("nn.functional.hinge_embedding_loss", |a| {
            Ok(HingeEmbeddingLoss { margin: a.float_or(2, "margin", 1.0)?, reduction: reduction(a)? })
        })
        .sample([t([3, 4]), signs(vec![3, 4])]),
        row("nn.functional.margin_ranking_loss", |a| {
            let loss = MarginRankingLoss { margin: a.float_or(3, "margin", 0.0)?, reduction: reduction(a)? };
            one(loss.forward(a.tensor(0, "input1")?, a.tensor(1, "input2")?, a.tensor(2, "target")?))
        })
        .sample([t([5]), range([5], -1.7, 1.9), signs(vec![5])]),
        row("nn.functional.cosine_embedding_loss", |a| {
            let loss = CosineEmbeddingLoss { margin: a.float_or(3, "margin", 0.0)?, reduction: reduction(a)? };
            one(loss.forward(a.tensor(0, "input1")?, a.tensor(1, "input2")?, a.tensor(2, "target")?))
        })
        .sample([t([4, 3]), range([4, 3], -1.7, 1.9), signs(vec![4])]),
        row("nn.functional.triplet_margin_loss", |a| {
            let loss = TripletMarginLoss {
                margin: a.float_or(3, "margin", 1.0)?,
                p: a.float_or(4, "p", 2.0)?,
                eps: a.float_or(5, "eps", 1e-6)?,
                swap: a.bool_or(6, "swap", false)?,
                reduction: reduction(a)?,
            };
            one(loss.forward(a.tensor(0, "anchor")?, a.tensor(1, "positive")?, a.tensor(2, "negative")?))
        })
        .sample([t([4, 3]), range([4, 3], -1.7, 1.9), range([4, 3], -1.5, 2.1)]),
        loss("nn.functional.multi_margin_loss", |a| {
            Ok(MultiMarginLoss {
                p: a.int_or(2, "p", 1)?,
                margin: a.float_or(3, "margin", 1.0)?,
                weight: weight(a, 4)?,
                reduction: reduction(a)?,
            })
        })
        .sample([t([4, 3]), idx([4], 3)])
        .named([t([4, 3]), idx([4], 3)], [("p", n(2)), ("weight", fixed([3], 0.5, 2.0))]),
        loss("nn.functional.multilabel_soft_margin_loss", |a| {
            Ok(MultiLabelSoftMarginLoss { weight: weight(a, 2)?, reduction: reduction(a)? })
        })
        .sample([t([3, 4]), fixed([3, 4], 0.1, 0.9)]),
    ]
}
