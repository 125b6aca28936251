//! Scaling of losses, so that small gradients are not rounded to 0 in half precision.
use crate::Optimizer;
use files::StateDict;
use tensor_core::{DType, Error, ErrorKind, Result, Tensor, no_grad};

/// Settings of [`GradScaler`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradScalerOptions {
    /// The factor of losses at the start.
    pub init_scale: f64,
    /// What the scale is multiplied with after `growth_interval` steps in a row without infinite gradients; above 1.
    pub growth_factor: f64,
    /// What it is multiplied with after a step with some; below 1.
    pub backoff_factor: f64,
    /// See `growth_factor`.
    pub growth_interval: u64,
    /// Off makes everything pass unchanged, so that a program can be written once for all precisions.
    pub enabled: bool,
}

impl Default for GradScalerOptions {
    fn default() -> GradScalerOptions {
        GradScalerOptions {
            init_scale: 65536.0,
            growth_factor: 2.0,
            backoff_factor: 0.5,
            growth_interval: 2000,
            enabled: true,
        }
    }
}

/// Multiplies losses by a large number and divides gradients by it again, as PyTorch's `torch.amp.GradScaler`: steps with
/// infinite gradients are left out and make the number smaller, long runs without make it larger. For training in `f16`;
/// `bf16` has the range of `f32` and needs none.
///
/// ```
/// use autograd::{Backward, Parameter};
/// use optim::{GradScaler, Optimizer, SGD};
/// # use tensor_core::{DType, Result, Tensor, autocast};
/// # fn main() -> Result<()> {
/// let w = Parameter::new(Tensor::ones([3, 2])?)?;
/// let mut optimizer = SGD::new([w.tied()], 0.1)?;
/// let mut scaler = GradScaler::new(Default::default())?;
/// for _ in 0..2 {
///     optimizer.zero_grad();
///     let loss = {
///         let _guard = autocast(DType::F16)?;
///         Tensor::full([4, 3], 0.1)?.mm(&w)?.square()?.to_dtype(DType::F32)?.mean()?
///     };
///     scaler.scale(&loss)?.backward()?;
///     scaler.unscale_(&mut optimizer)?; // only where gradients are looked at, as to clip them
///     scaler.step(&mut optimizer)?;
///     scaler.update(None)?;
/// }
/// assert_eq!(scaler.get_scale(), 65536.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct GradScaler {
    options: GradScalerOptions,
    /// In `f32`, as PyTorch keeps it.
    scale: f32,
    /// Steps in a row without infinite gradients.
    growth_tracker: u64,
    /// What happened since the last update, by the numbers of an optimizer's parameters.
    stages: Vec<(Vec<u64>, Stage, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Unscaled,
    Stepped,
}

const NAME: &str = "GradScaler";

fn wrong(why: impl Into<String>, hint: &'static str) -> Error {
    Error::new(NAME, why).hint(hint)
}

/// What an optimizer is known by, whoever holds it.
fn key(optimizer: &dyn Optimizer) -> Vec<u64> {
    optimizer.parameters().iter().filter_map(|p| p.edge().map(|e| e.node.id())).collect()
}

impl GradScaler {
    /// With these settings.
    pub fn new(options: GradScalerOptions) -> Result<GradScaler> {
        check(&options)?;
        Ok(GradScaler { options, scale: options.init_scale as f32, growth_tracker: 0, stages: Vec::new() })
    }

    /// The loss to call `backward` on: times the scale.
    pub fn scale(&self, loss: &Tensor) -> Result<Tensor> {
        if !self.options.enabled {
            return Ok(loss.clone());
        }
        loss.mul(&Tensor::from_slice(&[self.scale], ())?.to_device(&loss.device())?)
    }

    /// Divides the gradients of an optimizer by the scale, where something has to look at them before the step; else
    /// [`GradScaler::step`] does it.
    pub fn unscale_(&mut self, optimizer: &mut dyn Optimizer) -> Result<()> {
        if !self.options.enabled {
            return Ok(());
        }
        let key = key(optimizer);
        match self.stages.iter().find(|(known, ..)| *known == key) {
            Some((_, Stage::Unscaled, _)) => Err(wrong(
                "unscale_() has been called on this optimizer since the last update()",
                "call it once a step",
            )),
            Some((_, Stage::Stepped, _)) => {
                Err(wrong("unscale_() is called after step()", "call it between backward() and step()"))
            }
            None => {
                let infinite = self.divide(optimizer)?;
                self.stages.push((key, Stage::Unscaled, infinite));
                Ok(())
            }
        }
    }

    /// Divides, and says whether any gradient is infinite or NaN.
    fn divide(&self, optimizer: &dyn Optimizer) -> Result<bool> {
        let _unrecorded = no_grad();
        let factor = (1.0 / f64::from(self.scale)) as f32;
        let (mut infinite, mut any) = (false, false);
        for p in optimizer.parameters() {
            let Some(grad) = p.grad() else { continue };
            if grad.dtype() == DType::F16 {
                return Err(wrong(
                    format!("the gradient of {p:?} is f16, in which it is not to be unscaled"),
                    "keep parameters in f32: autocast converts them where they are used",
                ));
            }
            any = true;
            let mut grad = grad.detach();
            // Taken out of the leaf, so that it can be changed where it is.
            p.set_grad(None);
            infinite |= !grad.isfinite()?.all()?.item::<bool>()?;
            grad.mul_(factor)?;
            p.set_grad(Some(grad));
        }
        if !any {
            return Err(wrong(
                "no parameter of the optimizer has a gradient",
                "call scaler.scale(&loss)?.backward() first",
            ));
        }
        Ok(infinite)
    }

    /// Steps, unless a gradient is infinite or NaN; says whether it has.
    pub fn step(&mut self, optimizer: &mut dyn Optimizer) -> Result<bool> {
        if !self.options.enabled {
            optimizer.step()?;
            return Ok(true);
        }
        let known = key(optimizer);
        let stage = self.stages.iter().find(|(key, ..)| *key == known).map(|(_, stage, _)| *stage);
        if stage == Some(Stage::Stepped) {
            return Err(wrong(
                "step() has been called on this optimizer since the last update()",
                "call update() after it",
            ));
        }
        if stage.is_none() {
            self.unscale_(optimizer)?;
        }
        let Some((_, stage, infinite)) = self.stages.iter_mut().find(|(key, ..)| *key == known) else {
            return Err(wrong("the optimizer was not unscaled", "").kind_of(ErrorKind::Internal));
        };
        *stage = Stage::Stepped;
        if *infinite {
            return Ok(false);
        }
        optimizer.step()?;
        Ok(true)
    }

    /// Once per iteration, after the steps of all optimizers: makes the scale smaller or larger, or sets it.
    pub fn update(&mut self, new_scale: Option<f64>) -> Result<()> {
        if !self.options.enabled {
            return Ok(());
        }
        if let Some(scale) = new_scale {
            positive("new_scale", scale)?;
            self.scale = scale as f32;
        } else {
            if self.stages.is_empty() {
                return Err(wrong("update() has nothing to go by", "call scaler.step(&mut optimizer) before it"));
            }
            if self.stages.iter().any(|(_, _, infinite)| *infinite) {
                // A product in double precision, then rounded: PyTorch's.
                self.scale = (f64::from(self.scale) * self.options.backoff_factor) as f32;
                self.growth_tracker = 0;
            } else {
                self.growth_tracker += 1;
                if self.growth_tracker == self.options.growth_interval {
                    let grown = (f64::from(self.scale) * self.options.growth_factor) as f32;
                    self.scale = if grown.is_finite() { grown } else { self.scale };
                    self.growth_tracker = 0;
                }
            }
        }
        self.stages.clear();
        Ok(())
    }

    /// The scale of now; 1 where it is switched off.
    pub fn get_scale(&self) -> f64 {
        if self.options.enabled { f64::from(self.scale) } else { 1.0 }
    }
    /// The factor of growth.
    pub fn get_growth_factor(&self) -> f64 {
        self.options.growth_factor
    }
    /// Sets the factor of growth, which is above 1.
    pub fn set_growth_factor(&mut self, factor: f64) -> Result<()> {
        let options = GradScalerOptions { growth_factor: factor, ..self.options };
        check(&options).map(|()| self.options = options)
    }
    /// The factor after infinite gradients.
    pub fn get_backoff_factor(&self) -> f64 {
        self.options.backoff_factor
    }
    /// Sets the factor after infinite gradients, which is below 1.
    pub fn set_backoff_factor(&mut self, factor: f64) -> Result<()> {
        let options = GradScalerOptions { backoff_factor: factor, ..self.options };
        check(&options).map(|()| self.options = options)
    }
    /// The number of good steps in a row that make the scale grow.
    pub fn get_growth_interval(&self) -> u64 {
        self.options.growth_interval
    }
    /// Sets the number of good steps in a row that make the scale grow.
    pub fn set_growth_interval(&mut self, interval: u64) -> Result<()> {
        let options = GradScalerOptions { growth_interval: interval, ..self.options };
        check(&options).map(|()| self.options = options)
    }
    /// Whether it does anything.
    pub fn is_enabled(&self) -> bool {
        self.options.enabled
    }

    /// All that a resumed training needs, by PyTorch's names; nothing where it is switched off.
    pub fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        if self.options.enabled {
            let float = |x: f64| Tensor::from_slice(&[x], ());
            let whole = |n: u64| Tensor::from_slice(&[i64::try_from(n).unwrap_or(i64::MAX)], ());
            dict.insert("scale", float(f64::from(self.scale))?);
            dict.insert("growth_factor", float(self.options.growth_factor)?);
            dict.insert("backoff_factor", float(self.options.backoff_factor)?);
            dict.insert("growth_interval", whole(self.options.growth_interval)?);
            dict.insert("_growth_tracker", whole(self.growth_tracker)?);
        }
        Ok(dict)
    }

    /// Takes over what [`GradScaler::state_dict`] gave.
    pub fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        if !self.options.enabled {
            return Ok(());
        }
        let entry = |name: &str| {
            dict.get(name).ok_or_else(|| {
                wrong(format!("the state has no {name:?}"), "one saved by a scaler that was switched off is empty")
            })
        };
        let whole = |name: &str| -> Result<u64> {
            let n = entry(name)?.item::<i64>()?;
            u64::try_from(n).map_err(|_| wrong(format!("{name} is {n}"), "it is not negative"))
        };
        let options = GradScalerOptions {
            init_scale: entry("scale")?.item()?,
            growth_factor: entry("growth_factor")?.item()?,
            backoff_factor: entry("backoff_factor")?.item()?,
            growth_interval: whole("growth_interval")?,
            enabled: true,
        };
        check(&options)?;
        let growth_tracker = whole("_growth_tracker")?;
        self.scale = options.init_scale as f32;
        self.options = GradScalerOptions { init_scale: self.options.init_scale, ..options };
        self.growth_tracker = growth_tracker;
        Ok(())
    }
}

fn positive(name: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(wrong(format!("{name} is {value}"), "it is a number above 0"))
}

fn check(options: &GradScalerOptions) -> Result<()> {
    positive("init_scale", options.init_scale)?;
    positive("backoff_factor", options.backoff_factor)?;
    if options.growth_factor.is_nan() || options.growth_factor <= 1.0 {
        return Err(wrong(format!("growth_factor is {}", options.growth_factor), "it is above 1"));
    }
    if options.backoff_factor >= 1.0 {
        return Err(wrong(format!("backoff_factor is {}", options.backoff_factor), "it is below 1"));
    }
    if options.growth_interval == 0 {
        return Err(wrong("growth_interval is 0", "it is at least 1"));
    }
    Ok(())
}
