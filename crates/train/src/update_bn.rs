//! Statistics of batch normalisations for weights that no batch has passed through, as averaged ones.
use autograd::Buffer;
use nn::{BatchNorm1d, BatchNorm2d, BatchNorm3d, Forward, Module, Seen, Visitor};
use tensor_core::{DType, Error, Result, Tensor, no_grad};

/// Computes the running statistics of all batch normalisations in `model` anew: the plain average over all batches of
/// `loader`, whose first parts go through the model. For the averaged weights of SWA and EMA, as PyTorch's `update_bn`.
///
/// ```
/// use nn::{BatchNorm1d, Linear, Sequential};
/// # use data::{DataLoader, TensorDataset};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let data = TensorDataset::new((Tensor::randn([64, 4])?, Tensor::zeros([64])?))?;
/// let model = Sequential::new((Linear::new(4, 8)?, BatchNorm1d::new(8)?));
/// train::update_bn(&DataLoader::new(data).batch_size(16), &model)?;
/// # Ok(()) }
/// ```
pub fn update_bn<Y>(
    loader: impl IntoIterator<Item = Result<(Tensor, Y)>>,
    model: &(impl Module + Forward + ?Sized),
) -> Result<()> {
    update_bn_with(loader, model, |(x, _)| model.forward(x).map(drop))
}

/// The same for models and batches of any form: `forward` passes a batch through the model.
pub fn update_bn_with<B>(
    batches: impl IntoIterator<Item = Result<B>>,
    model: &(impl Module + ?Sized),
    forward: impl FnMut(&B) -> Result<()>,
) -> Result<()> {
    let norms = norms(model)?;
    if norms.is_empty() {
        return Ok(());
    }
    let before = modes(model);
    model.train();
    let result = pass(&norms, batches, forward);
    set_modes(model, &before);
    result
}

/// The statistics of a batch normalisation while they are computed.
struct Norm {
    mean: Buffer,
    var: Buffer,
    count: Buffer,
    momentum: Option<f64>,
}

fn norms(model: &(impl Module + ?Sized)) -> Result<Vec<Norm>> {
    let mut found = Vec::new();
    let mut frozen = None;
    model.visit(&mut Visitor::new(&mut |path, seen| {
        let Seen::Leave(module) = seen else { return };
        macro_rules! of {
            ($($Layer:ty),*) => { $(
                if let Some(norm) = module.downcast_ref::<$Layer>()
                    && let (Some(mean), Some(var), Some(count)) =
                        (&norm.running_mean, &norm.running_var, &norm.num_batches_tracked)
                {
                    if norm.momentum == Some(0.0) {
                        frozen.get_or_insert(path.to_string());
                    }
                    let (mean, var, count) = (mean.tied(), var.tied(), count.tied());
                    found.push(Norm { mean, var, count, momentum: norm.momentum });
                }
            )* };
        }
        of!(BatchNorm1d, BatchNorm2d, BatchNorm3d);
    }));
    match frozen {
        Some(path) => Err(Error::new("update_bn", format!("{path} has momentum 0, and forgets its batches"))
            .hint("give it a momentum above 0, or None")),
        None => Ok(found),
    }
}

fn modes(model: &(impl Module + ?Sized)) -> Vec<bool> {
    let mut modes = Vec::new();
    model.visit(&mut Visitor::new(&mut |_, seen| {
        if let Seen::Mode(mode) = seen {
            modes.push(mode.is_training());
        }
    }));
    modes
}

fn set_modes(model: &(impl Module + ?Sized), modes: &[bool]) {
    let mut modes = modes.iter();
    model.visit(&mut Visitor::new(&mut |_, seen| {
        if let Seen::Mode(mode) = seen
            && let Some(on) = modes.next()
        {
            mode.set_training(*on);
        }
    }));
}

fn pass<B>(
    norms: &[Norm],
    batches: impl IntoIterator<Item = Result<B>>,
    mut forward: impl FnMut(&B) -> Result<()>,
) -> Result<()> {
    let _unrecorded = no_grad();
    // Sums in double precision, of mean and variance, and the number of batches.
    let mut sums: Vec<Option<(Tensor, Tensor, f64)>> = norms.iter().map(|_| None).collect();
    for batch in batches {
        for norm in norms {
            norm.mean.update(|m| m.fill_(0.0).map(drop))?;
            norm.var.update(|v| v.fill_(0.0).map(drop))?;
            norm.count.update(|n| n.fill_(0).map(drop))?;
        }
        forward(&batch?)?;
        for (norm, sum) in norms.iter().zip(&mut sums) {
            let calls = norm.count.item::<i64>()?;
            if calls == 0 {
                continue; // not on the way of this batch
            }
            // From zeros, what the layer has now is the batch's share of its statistics.
            let share = norm.momentum.map_or(1.0, |m| 1.0 - (1.0 - m).powi(calls.min(1 << 20) as i32));
            let own = |b: &Buffer| b.detach().to_dtype(DType::F64)?.div(share);
            let (mean, var) = (own(&norm.mean)?, own(&norm.var)?);
            *sum = Some(match sum.take() {
                None => (mean, var, 1.0),
                Some((m, v, n)) => (m.add(&mean)?, v.add(&var)?, n + 1.0),
            });
        }
    }
    for (norm, sum) in norms.iter().zip(sums) {
        match sum {
            Some((mean, var, n)) => {
                norm.mean.replace(&mean.div(n)?)?;
                norm.var.replace(&var.div(n)?)?;
                norm.count.update(|count| count.fill_(n as i64).map(drop))?;
            }
            // As PyTorch leaves those that saw nothing: reset.
            None => {
                norm.mean.update(|m| m.fill_(0.0).map(drop))?;
                norm.var.update(|v| v.fill_(1.0).map(drop))?;
                norm.count.update(|n| n.fill_(0).map(drop))?;
            }
        }
    }
    Ok(())
}
