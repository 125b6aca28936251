//! Kind "scheduler": the learning rates of an SGD with momentum that a schedule drives.
use super::{Case, optimizers};
use crate::{
    args::Args,
    compare,
    fault::{Fault, Res, unsupported, wrong},
};
use autograd::Parameter;
use optim::{
    Optimizer,
    lr_scheduler::{
        Anneal, ConstantLR, CosineAnnealingLR, CosineAnnealingWarmRestarts, CycleMode, CyclicLR, ExponentialLR, Goal,
        LambdaLR, LinearLR, MultiStepLR, MultiplicativeLR, OneCycleLR, PolynomialLR, ReduceLROnPlateau, Schedule,
        Scheduler, StepLR,
    },
};
use serde_json::Value as Json;
use tensor_core::Tensor;

/// The rate before every step is as recorded.
pub(super) fn replay(case: &Case<'_>) -> Res<()> {
    let settings = Args::new(
        Vec::new(),
        vec![
            ("lr".to_string(), crate::value::Value::Float(case.json["lr"].as_f64().unwrap_or(0.0))),
            ("momentum".to_string(), crate::value::Value::Float(0.9)),
        ],
    );
    let parameter = Parameter::new(Tensor::zeros([1])?)?;
    let mut optimizer = optimizers::build("SGD", vec![parameter], &settings)?;
    let settings = Args::new(Vec::new(), case.named_values(&case.json["kwargs"])?);
    let factors: Vec<f64> = case.list("factors").iter().filter_map(Json::as_f64).collect();
    let factors = (!factors.is_empty()).then_some(factors);
    let mut schedule = Schedules::new(case.text("scheduler")?, &settings, factors, &mut *optimizer)?;
    for (i, expected) in case.list("lrs").iter().enumerate() {
        let Some(expected) = expected.as_f64() else { return wrong(format!("lr {i} is no number")) };
        compare::same_number(&format!("lr {i}"), optimizer.lr(), expected, case.tolerance())?;
        optimizer.step()?;
        schedule.step(&mut *optimizer, case.json["metrics"][i].as_f64())?;
    }
    Ok(())
}

/// A schedule on its way.
pub(super) enum Schedules {
    /// A function of the number of steps.
    Steps(Box<dyn FnMut(&mut dyn Optimizer)>),
    /// One that looks at a metric.
    Plateau(ReduceLROnPlateau),
}

impl Schedules {
    /// The schedule called `name`, started on `optimizer`.
    pub(super) fn new(
        name: &str,
        a: &Args,
        factors: Option<Vec<f64>>,
        optimizer: &mut dyn Optimizer,
    ) -> Res<Schedules> {
        let number = |name: &str, default: f64| a.float_or(usize::MAX, name, default);
        let count = |name: &str, default: usize| Ok::<u64, Fault>(a.count_or(usize::MAX, name, default)? as u64);
        // CyclicLR's default; named in all of its modes, though only one of them has it.
        let gamma = if name == "CyclicLR" { number("gamma", 1.0)? } else { 1.0 };
        let built = match name {
            "StepLR" => {
                StepLR { step_size: count("step_size", 1)?, gamma: number("gamma", 0.1)? }.started(optimizer)?
            }
            "MultiStepLR" => {
                let milestones = a.ints(usize::MAX, "milestones")?.into_iter().map(|m| m as u64).collect();
                MultiStepLR { milestones, gamma: number("gamma", 0.1)? }.started(optimizer)?
            }
            "ExponentialLR" => ExponentialLR { gamma: number("gamma", 0.1)? }.started(optimizer)?,
            "ConstantLR" => {
                let factor = number("factor", 1.0 / 3.0)?;
                ConstantLR { factor, total_iters: count("total_iters", 5)? }.started(optimizer)?
            }
            "LinearLR" => {
                let (start_factor, end_factor) = (number("start_factor", 1.0 / 3.0)?, number("end_factor", 1.0)?);
                LinearLR { start_factor, end_factor, total_iters: count("total_iters", 5)? }.started(optimizer)?
            }
            "PolynomialLR" => PolynomialLR { total_iters: count("total_iters", 5)?, power: number("power", 1.0)? }
                .started(optimizer)?,
            "CosineAnnealingLR" => {
                CosineAnnealingLR { t_max: count("T_max", 1)?, eta_min: number("eta_min", 0.0)? }.started(optimizer)?
            }
            "CosineAnnealingWarmRestarts" => {
                let (t_0, t_mult) = (count("T_0", 1)?, count("T_mult", 1)?);
                CosineAnnealingWarmRestarts { t_0, t_mult, eta_min: number("eta_min", 0.0)? }.started(optimizer)?
            }
            "OneCycleLR" => OneCycleLR {
                max_lr: number("max_lr", 0.1)?,
                total_steps: match count("total_steps", 0)? {
                    0 => count("epochs", 1)? * count("steps_per_epoch", 1)?,
                    steps => steps,
                },
                pct_start: number("pct_start", 0.3)?,
                anneal_strategy: match a.str_or(usize::MAX, "anneal_strategy", "cos")? {
                    "cos" => Anneal::Cos,
                    "linear" => Anneal::Linear,
                    other => return unsupported(format!("anneal_strategy {other}")),
                },
                div_factor: number("div_factor", 25.0)?,
                final_div_factor: number("final_div_factor", 1e4)?,
                three_phase: a.bool_or(usize::MAX, "three_phase", false)?,
                momentum: cycled(a, 0.85, 0.95)?,
            }
            .started(optimizer)?,
            "CyclicLR" => CyclicLR {
                base_lr: number("base_lr", 1e-3)?,
                max_lr: number("max_lr", 0.1)?,
                step_size_up: count("step_size_up", 2000)?,
                mode: match a.str_or(usize::MAX, "mode", "triangular")? {
                    "triangular" => CycleMode::Triangular,
                    "triangular2" => CycleMode::Triangular2,
                    "exp_range" => CycleMode::ExpRange(gamma),
                    other => return unsupported(format!("mode {other}")),
                },
                step_size_down: match count("step_size_down", 0)? {
                    0 => None,
                    down => Some(down),
                },
                momentum: cycled(a, 0.8, 0.9)?,
            }
            .started(optimizer)?,
            "LambdaLR" => match factors {
                Some(factors) => {
                    LambdaLR(move |step: u64| factors.get(step as usize).copied().unwrap_or(0.0)).started(optimizer)?
                }
                None => return unsupported("LambdaLR without factors"),
            },
            "MultiplicativeLR" => match factors {
                Some(factors) => MultiplicativeLR(move |step: u64| factors.get(step as usize).copied().unwrap_or(0.0))
                    .started(optimizer)?,
                None => return unsupported("MultiplicativeLR without factors"),
            },
            "ReduceLROnPlateau" => Schedules::Plateau(ReduceLROnPlateau {
                mode: match a.str_or(usize::MAX, "mode", "min")? {
                    "max" => Goal::Max,
                    _ => Goal::Min,
                },
                relative: a.str_or(usize::MAX, "threshold_mode", "rel")? == "rel",
                min_lr: number("min_lr", 0.0)?,
                eps: number("eps", 1e-8)?,
                factor: number("factor", 0.1)?,
                patience: count("patience", 10)?,
                threshold: number("threshold", 1e-4)?,
                cooldown: count("cooldown", 0)?,
                ..Default::default()
            }),
            other => return unsupported(format!("scheduler {other}")),
        };
        let left = a.leftovers();
        if left.is_empty() { Ok(built) } else { unsupported(left.join(", ")) }
    }

    /// One step on.
    pub(super) fn step(&mut self, optimizer: &mut dyn Optimizer, metric: Option<f64>) -> Res<()> {
        match (self, metric) {
            (Schedules::Steps(step), _) => step(optimizer),
            (Schedules::Plateau(plateau), Some(metric)) => plateau.step(metric, optimizer)?,
            (Schedules::Plateau(_), None) => return unsupported("ReduceLROnPlateau without a metric"),
        }
        Ok(())
    }
}

/// The momenta between which a cycle runs.
fn cycled(a: &Args, low: f64, high: f64) -> Res<Option<(f64, f64)>> {
    let (low, high) = (a.float_or(usize::MAX, "base_momentum", low)?, a.float_or(usize::MAX, "max_momentum", high)?);
    Ok(a.bool_or(usize::MAX, "cycle_momentum", true)?.then_some((low, high)))
}

/// Starting a schedule whose type is forgotten.
trait Start: Schedule + Sized + 'static {
    fn started(self, optimizer: &mut dyn Optimizer) -> Res<Schedules> {
        let mut scheduler: Scheduler<Self> = self.schedule(optimizer)?;
        Ok(Schedules::Steps(Box::new(move |optimizer| scheduler.step(optimizer))))
    }
}
impl<S: Schedule + 'static> Start for S {}
