//! The learning-rate range test: a short training with a rising rate shows where the loss falls fastest.
use crate::plot::{Axis, Line, Plot};
use autograd::Backward;
use nn::Module;
use optim::Optimizer;
use std::path::Path;
use tensor_core::{Error, Result, Tensor, rng};

/// Settings of [`lr_find`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrFindOptions {
    /// The first rate.
    pub start_lr: f64,
    /// The last rate.
    pub end_lr: f64,
    /// The number of steps.
    pub num_iter: usize,
    /// The share of the past in the smoothed loss, below 1.
    pub smoothing: f64,
    /// It ends early where the smoothed loss is so many times the best.
    pub diverge_threshold: f64,
}

impl Default for LrFindOptions {
    fn default() -> LrFindOptions {
        LrFindOptions { start_lr: 1e-7, end_lr: 10.0, num_iter: 100, smoothing: 0.9, diverge_threshold: 4.0 }
    }
}

/// What [`lr_find`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct LrCurve {
    /// The rates that were tried, rising.
    pub lrs: Vec<f64>,
    /// The smoothed loss at each.
    pub losses: Vec<f64>,
}

/// Trains for some steps, the learning rate rising from step to step, and notes the loss at each (Smith, 2017,
/// <https://arxiv.org/abs/1506.01186>). Model, optimizer and random numbers are afterwards what they were before; the loader
/// is read again from its start where it ends early.
///
/// ```
/// use nn::{Forward, Linear, Module, functional::mse_loss};
/// use optim::{Optimizer, SGD};
/// use train::{LrFindOptions, lr_find};
/// # use data::{DataLoader, TensorDataset};
/// # use tensor_core::{Result, Tensor, manual_seed};
/// # fn main() -> Result<()> {
/// # manual_seed(0);
/// let x = Tensor::randn([256, 4])?;
/// let y = x.sum_dim(1, tensor_core::KEEP)?;
/// let loader = DataLoader::new(TensorDataset::new((x, y))?).batch_size(16);
/// let model = Linear::new(4, 1)?;
/// let mut optimizer = SGD::new(model.parameters(), 1e-3)?;
/// let curve = lr_find(
///     &model,
///     &mut optimizer,
///     &loader,
///     |(x, y): &(Tensor, Tensor)| mse_loss(&model.forward(x)?, y),
///     LrFindOptions { start_lr: 1e-4, ..Default::default() },
/// )?;
/// let lr = curve.suggestion().unwrap_or(1e-3);
/// assert!((1e-3..1.0).contains(&lr), "{lr}");
/// assert_eq!(optimizer.lr(), 1e-3);
/// optimizer.set_lr(lr);
/// # Ok(()) }
/// ```
pub fn lr_find<B, L: ?Sized>(
    model: &(impl Module + ?Sized),
    optimizer: &mut dyn Optimizer,
    loader: &L,
    mut loss: impl FnMut(&B) -> Result<Tensor>,
    options: LrFindOptions,
) -> Result<LrCurve>
where
    for<'l> &'l L: IntoIterator<Item = Result<B>>,
{
    check(&options)?;
    let (weights, states, lrs, generator) =
        (model.state_dict(), optimizer.state_dict()?, optimizer.lrs(), rng::generator());
    let curve = rise(model, optimizer, loader, &mut loss, options);
    // Also after an error: nobody asked for a model that was trained with rising rates.
    model.load_state_dict(&weights)?;
    optimizer.load_state_dict(&states)?;
    optimizer.set_lrs(&lrs);
    model.zero_grad();
    rng::set_generator(generator);
    curve
}

fn rise<B, L: ?Sized>(
    model: &(impl Module + ?Sized),
    optimizer: &mut dyn Optimizer,
    loader: &L,
    loss: &mut dyn FnMut(&B) -> Result<Tensor>,
    options: LrFindOptions,
) -> Result<LrCurve>
where
    for<'l> &'l L: IntoIterator<Item = Result<B>>,
{
    let mut batches = loader.into_iter();
    let mut curve = LrCurve { lrs: Vec::new(), losses: Vec::new() };
    let (mut average, mut best) = (0.0, f64::INFINITY);
    for i in 0..options.num_iter {
        let batch = match batches.next() {
            Some(batch) => batch?,
            None => {
                batches = loader.into_iter();
                let first = batches.next().transpose()?;
                first.ok_or_else(|| Error::new("lr_find", "the loader gives no batches"))?
            }
        };
        let part = i as f64 / options.num_iter.saturating_sub(1).max(1) as f64;
        let lr = options.start_lr * (options.end_lr / options.start_lr).powf(part);
        optimizer.set_lr(lr);
        let value = optimizer.step_with(&mut || {
            model.zero_grad();
            let value = loss(&batch)?;
            value.backward()?;
            Ok(value.detach())
        })?;
        let value = value.item::<f64>()?;
        average = options.smoothing * average + (1.0 - options.smoothing) * value;
        // Without the zero that it began with.
        let smooth = average / (1.0 - options.smoothing.powi(i as i32 + 1));
        best = best.min(smooth);
        if !smooth.is_finite() || i > 0 && smooth - best > (options.diverge_threshold - 1.0) * best.abs() {
            break;
        }
        curve.lrs.push(lr);
        curve.losses.push(smooth);
    }
    Ok(curve)
}

fn check(options: &LrFindOptions) -> Result<()> {
    let LrFindOptions { start_lr, end_lr, num_iter, smoothing, diverge_threshold } = *options;
    let wrong = |why: String| Err(Error::new("lr_find", why));
    if !(start_lr > 0.0 && start_lr < end_lr && end_lr.is_finite()) {
        return wrong(format!("the rates go from {start_lr} to {end_lr}; both are above 0, and they rise"));
    }
    if num_iter < 2 {
        return wrong(format!("num_iter is {num_iter}, and at least 2"));
    }
    if !(0.0..1.0).contains(&smoothing) || diverge_threshold.is_nan() || diverge_threshold <= 1.0 {
        return wrong(format!(
            "smoothing is {smoothing} and below 1, diverge_threshold {diverge_threshold} and above 1"
        ));
    }
    Ok(())
}

impl LrCurve {
    /// The rate at which the loss falls fastest within its longest fall, as single batches make it waver before; `None`
    /// where it nowhere falls for three steps.
    pub fn suggestion(&self) -> Option<f64> {
        let (mut start, mut fall) = (0, 0..0);
        for i in 1..self.losses.len() {
            if self.losses[i] >= self.losses[i - 1] {
                start = i;
            }
            if i - start > fall.len() {
                fall = start..i;
            }
        }
        let slope = |i: usize| self.losses[i + 1] - self.losses[i - 1];
        let steepest = (fall.start + 1..fall.end).min_by(|&a, &b| slope(a).total_cmp(&slope(b)))?;
        Some(self.lrs[steepest])
    }

    /// A picture of the curve, with the suggestion marked.
    pub fn plot(&self) -> Plot {
        let points = self.lrs.iter().copied().zip(self.losses.iter().copied());
        Plot {
            title: "learning-rate range test".into(),
            x: Axis { log: true, ..Axis::new("learning rate") },
            left: Axis::new("loss"),
            lines: vec![Line::new("smoothed loss", points)],
            mark: self.suggestion().map(|lr| (lr, format!("{lr:.1e}"))),
            ..Plot::default()
        }
    }

    /// Writes the picture as an SVG file.
    pub fn save_svg(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        std::fs::write(path, self.plot().svg())
            .map_err(|e| Error::new("save_svg", format!("{}: {e}", path.display())).kind_of(tensor_core::ErrorKind::Io))
    }
}
