//! Losses.
use super::{Row, one, row};
use crate::{
    args::Args,
    fault::{Outcome, Res, unsupported},
    sample::{Input, fixed, idx, n, range, s, t},
};
use nn::loss::{
    BCELoss, BCEWithLogitsLoss, CosineEmbeddingLoss, CrossEntropyLoss, GaussianNLLLoss, HingeEmbeddingLoss, HuberLoss,
    KLDivLoss, L1Loss, Loss, MSELoss, MarginRankingLoss, MultiLabelMarginLoss, MultiLabelSoftMarginLoss,
    MultiMarginLoss, NLLLoss, PoissonNLLLoss, Reduction, SmoothL1Loss, SoftMarginLoss, TripletMarginLoss,
    TripletMarginWithDistanceLoss,
};
use tensor_core::Tensor;

/// A row of `loss(input, target)`, whose settings `make` reads from the third argument on.
fn loss<L: Loss + 'static>(name: &'static str, make: fn(&Args, usize) -> Res<L>) -> Row {
    row(name, move |a| {
        old_names(a)?;
        one(make(a, 2)?.forward(a.tensor(0, "input")?, a.tensor(1, "target")?))
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

// The settings of each loss: `at` is the place of the first one, 2 after input and target, 0 in a constructor.

fn mse(a: &Args, _at: usize) -> Res<MSELoss> {
    Ok(MSELoss { reduction: reduction(a)? })
}
fn l1(a: &Args, _at: usize) -> Res<L1Loss> {
    Ok(L1Loss { reduction: reduction(a)? })
}
fn smooth_l1(a: &Args, at: usize) -> Res<SmoothL1Loss> {
    Ok(SmoothL1Loss { beta: a.float_or(at + 3, "beta", 1.0)?, reduction: reduction(a)? })
}
fn huber(a: &Args, at: usize) -> Res<HuberLoss> {
    Ok(HuberLoss { delta: a.float_or(at + 1, "delta", 1.0)?, reduction: reduction(a)? })
}
fn nll(a: &Args, at: usize) -> Res<NLLLoss> {
    let ignore_index = a.int_or(at + 2, "ignore_index", -100)?;
    Ok(NLLLoss { weight: weight(a, at)?, ignore_index, reduction: reduction(a)? })
}
fn cross_entropy(a: &Args, at: usize) -> Res<CrossEntropyLoss> {
    Ok(CrossEntropyLoss {
        weight: weight(a, at)?,
        ignore_index: a.int_or(at + 2, "ignore_index", -100)?,
        reduction: reduction(a)?,
        label_smoothing: a.float_or(at + 5, "label_smoothing", 0.0)?,
    })
}
fn bce(a: &Args, at: usize) -> Res<BCELoss> {
    Ok(BCELoss { weight: weight(a, at)?, reduction: reduction(a)? })
}
fn bce_with_logits(a: &Args, at: usize) -> Res<BCEWithLogitsLoss> {
    let pos_weight = a.opt_tensor(at + 4, "pos_weight")?.cloned();
    Ok(BCEWithLogitsLoss { weight: weight(a, at)?, pos_weight, reduction: reduction(a)? })
}
fn kl_div(a: &Args, at: usize) -> Res<KLDivLoss> {
    Ok(KLDivLoss { reduction: reduction(a)?, log_target: a.bool_or(at + 3, "log_target", false)? })
}
fn poisson_nll(a: &Args, at: usize) -> Res<PoissonNLLLoss> {
    Ok(PoissonNLLLoss {
        log_input: a.bool_or(at, "log_input", true)?,
        full: a.bool_or(at + 1, "full", false)?,
        eps: a.float_or(at + 3, "eps", 1e-8)?,
        reduction: reduction(a)?,
    })
}
fn gaussian_nll(a: &Args, at: usize) -> Res<GaussianNLLLoss> {
    Ok(GaussianNLLLoss {
        full: a.bool_or(at, "full", false)?,
        eps: a.float_or(usize::MAX, "eps", 1e-6)?,
        reduction: reduction(a)?,
    })
}
fn soft_margin(a: &Args, _at: usize) -> Res<SoftMarginLoss> {
    Ok(SoftMarginLoss { reduction: reduction(a)? })
}
fn hinge_embedding(a: &Args, at: usize) -> Res<HingeEmbeddingLoss> {
    Ok(HingeEmbeddingLoss { margin: a.float_or(at, "margin", 1.0)?, reduction: reduction(a)? })
}
fn margin_ranking(a: &Args, at: usize) -> Res<MarginRankingLoss> {
    Ok(MarginRankingLoss { margin: a.float_or(at, "margin", 0.0)?, reduction: reduction(a)? })
}
fn cosine_embedding(a: &Args, at: usize) -> Res<CosineEmbeddingLoss> {
    Ok(CosineEmbeddingLoss { margin: a.float_or(at, "margin", 0.0)?, reduction: reduction(a)? })
}
fn triplet_margin(a: &Args, at: usize) -> Res<TripletMarginLoss> {
    Ok(TripletMarginLoss {
        margin: a.float_or(at, "margin", 1.0)?,
        p: a.float_or(at + 1, "p", 2.0)?,
        eps: a.float_or(at + 2, "eps", 1e-6)?,
        swap: a.bool_or(at + 3, "swap", false)?,
        reduction: reduction(a)?,
    })
}
fn multi_margin(a: &Args, at: usize) -> Res<MultiMarginLoss> {
    Ok(MultiMarginLoss {
        p: a.int_or(at, "p", 1)?,
        margin: a.float_or(at + 1, "margin", 1.0)?,
        weight: weight(a, at + 2)?,
        reduction: reduction(a)?,
    })
}
fn multilabel_soft_margin(a: &Args, at: usize) -> Res<MultiLabelSoftMarginLoss> {
    Ok(MultiLabelSoftMarginLoss { weight: weight(a, at)?, reduction: reduction(a)? })
}

type Forward = Box<dyn Fn(&Args) -> Outcome>;

fn of_two<L: Loss + 'static>(loss: L) -> Forward {
    Box::new(move |a| one(loss.forward(a.tensor(0, "input")?, a.tensor(1, "target")?)))
}

/// The loss that PyTorch calls `name` as a module, from the arguments of its constructor; `None` where there is none.
pub(crate) fn build(name: &str, a: &Args) -> Res<Option<Forward>> {
    old_names(a)?;
    Ok(Some(match name {
        "MSELoss" => of_two(mse(a, 0)?),
        "L1Loss" => of_two(l1(a, 0)?),
        "SmoothL1Loss" => of_two(smooth_l1(a, 0)?),
        "HuberLoss" => of_two(huber(a, 0)?),
        "NLLLoss" => of_two(nll(a, 0)?),
        "CrossEntropyLoss" => of_two(cross_entropy(a, 0)?),
        "BCELoss" => of_two(bce(a, 0)?),
        "BCEWithLogitsLoss" => of_two(bce_with_logits(a, 0)?),
        "KLDivLoss" => of_two(kl_div(a, 0)?),
        "PoissonNLLLoss" => of_two(poisson_nll(a, 0)?),
        "SoftMarginLoss" => of_two(soft_margin(a, 0)?),
        "HingeEmbeddingLoss" => of_two(hinge_embedding(a, 0)?),
        "MultiMarginLoss" => of_two(multi_margin(a, 0)?),
        "MultiLabelMarginLoss" => of_two(MultiLabelMarginLoss { reduction: reduction(a)? }),
        "MultiLabelSoftMarginLoss" => of_two(multilabel_soft_margin(a, 0)?),
        "GaussianNLLLoss" => {
            let loss = gaussian_nll(a, 0)?;
            Box::new(move |a| one(loss.forward(a.tensor(0, "input")?, a.tensor(1, "target")?, a.tensor(2, "var")?)))
        }
        "MarginRankingLoss" => {
            let loss = margin_ranking(a, 0)?;
            Box::new(move |a| one(loss.forward(a.tensor(0, "input1")?, a.tensor(1, "input2")?, a.tensor(2, "target")?)))
        }
        "CosineEmbeddingLoss" => {
            let loss = cosine_embedding(a, 0)?;
            Box::new(move |a| one(loss.forward(a.tensor(0, "input1")?, a.tensor(1, "input2")?, a.tensor(2, "target")?)))
        }
        "TripletMarginLoss" => {
            let loss = triplet_margin(a, 0)?;
            Box::new(move |a| {
                one(loss.forward(a.tensor(0, "anchor")?, a.tensor(1, "positive")?, a.tensor(2, "negative")?))
            })
        }
        _ => return Ok(None),
    }))
}

pub(super) fn rows() -> Vec<Row> {
    let pair = |row: Row| {
        row.sample([t([3, 4]), range([3, 4], -1.7, 1.9)])
            .named([t([5]), range([5], -1.7, 1.9)], [("reduction", s("none"))])
    };
    let signs = |shape: &[usize]| Input::Signs(shape.to_vec());
    let log = |shape: &[usize]| range(shape, -3.0, -0.1);
    let part = |shape: &[usize]| range(shape, 0.1, 0.9);
    let none = ("reduction", s("none"));
    vec![
        pair(loss("nn.functional.mse_loss", mse)),
        pair(loss("nn.functional.l1_loss", l1)),
        pair(loss("nn.functional.smooth_l1_loss", smooth_l1)),
        pair(loss("nn.functional.huber_loss", |a, at| {
            a.only(usize::MAX, "weight", f64::NAN)?;
            huber(a, at)
        })),
        loss("nn.functional.nll_loss", nll)
            .sample([log(&[4, 3]), idx([4], 3)])
            .named([log(&[2, 3, 4]), idx([2, 4], 3)], [("weight", fixed([3], 0.5, 2.0)), ("ignore_index", n(1))])
            .named([log(&[4, 3]), idx([4], 3)], [none.clone()]),
        loss("nn.functional.cross_entropy", cross_entropy)
            .sample([t([4, 3]), idx([4], 3)])
            .named([t([2, 3, 4]), idx([2, 4], 3)], [("weight", fixed([3], 0.5, 2.0)), ("label_smoothing", n(0.1))])
            .named([t([4, 3]), part(&[4, 3])], [("reduction", s("sum"))]),
        loss("nn.functional.binary_cross_entropy", bce)
            .sample([part(&[3, 4]), part(&[3, 4])])
            .named([part(&[4]), part(&[4])], [("weight", fixed([4], 0.5, 2.0)), none.clone()]),
        loss("nn.functional.binary_cross_entropy_with_logits", bce_with_logits)
            .sample([t([3, 4]), part(&[3, 4])])
            .named([t([3, 4]), part(&[3, 4])], [("pos_weight", fixed([4], 0.5, 2.0)), none.clone()]),
        loss("nn.functional.kl_div", kl_div)
            .sample([log(&[3, 4]), part(&[3, 4])])
            .named([log(&[3, 4]), log(&[3, 4])], [("reduction", s("batchmean")), ("log_target", n(true))]),
        loss("nn.functional.poisson_nll_loss", poisson_nll)
            .sample([t([3, 4]), range([3, 4], 0.2, 3.0)])
            .named([range([3, 4], 0.2, 3.0), range([3, 4], 1.2, 3.0)], [("log_input", n(false)), ("full", n(true))]),
        row("nn.functional.gaussian_nll_loss", |a| {
            let loss = gaussian_nll(a, 3)?;
            one(loss.forward(a.tensor(0, "input")?, a.tensor(1, "target")?, a.tensor(2, "var")?))
        })
        .sample([t([3, 4]), t([3, 4]), range([3, 4], 0.3, 2.0)])
        .named([t([3, 4]), t([3, 4]), range([3, 1], 0.3, 2.0)], [("full", n(true)), none]),
        loss("nn.functional.soft_margin_loss", soft_margin).sample([t([3, 4]), signs(&[3, 4])]),
        loss("nn.functional.hinge_embedding_loss", hinge_embedding).sample([t([3, 4]), signs(&[3, 4])]),
        row("nn.functional.margin_ranking_loss", |a| {
            let loss = margin_ranking(a, 3)?;
            one(loss.forward(a.tensor(0, "input1")?, a.tensor(1, "input2")?, a.tensor(2, "target")?))
        })
        .sample([t([5]), range([5], -1.7, 1.9), signs(&[5])]),
        row("nn.functional.cosine_embedding_loss", |a| {
            let loss = cosine_embedding(a, 3)?;
            one(loss.forward(a.tensor(0, "input1")?, a.tensor(1, "input2")?, a.tensor(2, "target")?))
        })
        .sample([t([4, 3]), range([4, 3], -1.7, 1.9), signs(&[4])]),
        row("nn.functional.triplet_margin_loss", |a| {
            let loss = triplet_margin(a, 3)?;
            one(loss.forward(a.tensor(0, "anchor")?, a.tensor(1, "positive")?, a.tensor(2, "negative")?))
        })
        .sample([t([4, 3]), range([4, 3], -1.7, 1.9), range([4, 3], -1.5, 2.1)]),
        loss("nn.functional.multi_margin_loss", multi_margin)
            .sample([t([4, 3]), idx([4], 3)])
            .named([t([4, 3]), idx([4], 3)], [("p", n(2)), ("weight", fixed([3], 0.5, 2.0))]),
        loss("nn.functional.multilabel_margin_loss", |a, _| Ok(MultiLabelMarginLoss { reduction: reduction(a)? }))
            .sample([t([3, 4]), Input::Ints(vec![3, 4], -1, 4)]),
        row("nn.functional.triplet_margin_with_distance_loss", |a| {
            let mut loss = TripletMarginWithDistanceLoss::default();
            loss.margin = a.float_or(4, "margin", 1.0)?;
            loss.swap = a.bool_or(5, "swap", false)?;
            loss.reduction = reduction(a)?;
            one(loss.forward(a.tensor(0, "anchor")?, a.tensor(1, "positive")?, a.tensor(2, "negative")?))
        })
        .sample([t([4, 3]), range([4, 3], -1.7, 1.9), range([4, 3], -1.5, 2.1)]),
        loss("nn.functional.multilabel_soft_margin_loss", multilabel_soft_margin)
            .sample([t([3, 4]), fixed([3, 4], 0.1, 0.9)]),
    ]
}
