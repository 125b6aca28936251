//! Training and evaluation: whether layers that behave differently in the two are set as the program goes about them.
use super::{Lint, Report, listed};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
};
use tensor_core::{DType, Result, Tensor, graph::Node, watch::Effect};

/// See [`Modes::judged`] for how an evaluation is told from other things that are done without gradients.
#[derive(Default)]
pub(super) struct Modes {
    steps: usize,
    /// Layers at work since the last judgement, recorded or not.
    forward: Forward,
    /// Outputs judged since the last backward, made by layers in training.
    judged: Vec<Judged>,
    /// The target of the last loss that was recorded.
    trained_on: Option<Print>,
    /// The first layer's input of the last forward that was judged.
    last_input: Option<Print>,
    /// The same input went in again: dropout is used to measure uncertainty.
    samples: bool,
    /// Per place: effect, and whether it was training; at work, with gradients, since the last step.
    since_step: BTreeMap<String, (Effect, bool, bool)>,
    eval_steps: usize,
}

#[derive(Default)]
struct Forward {
    recorded: bool,
    training: BTreeSet<String>,
    evaluating: bool,
    again: bool,
    input: Option<Print>,
}

struct Judged {
    /// Whether the outputs had a history.
    node: Option<Weak<Node>>,
    places: Vec<String>,
}

/// What tells one tensor from another without holding it.
type Print = (Vec<usize>, u64, u64);

fn print(x: &Tensor) -> Result<Print> {
    let x = x.detach().to_dtype(DType::F64)?;
    let weights = Tensor::arange(0, x.numel() as i64, 1)?.to_dtype(DType::F64)?.sin()?.to_device(&x.device())?;
    let flat = x.reshape([x.numel()])?;
    let sums = (flat.sum()?.item::<f64>()?, flat.mul(&weights)?.sum()?.item::<f64>()?);
    Ok((x.shape().to_vec(), sums.0.to_bits(), sums.1.to_bits()))
}

impl Modes {
    /// A layer is at work.
    pub(super) fn layer(
        &mut self,
        place: &str,
        effect: Effect,
        training: bool,
        input: &Tensor,
        recorded: bool,
    ) -> Result<()> {
        let place = if place.is_empty() { "the model" } else { place };
        if recorded {
            self.since_step.insert(place.to_string(), (effect, training, input.requires_grad()));
        }
        if self.forward.recorded != recorded {
            self.forward = Forward { recorded, ..Forward::default() };
        }
        if self.forward.input.is_none() {
            self.forward.input = Some(print(input)?);
        }
        if training {
            self.forward.again |= !self.forward.training.insert(place.to_string());
        } else {
            self.forward.evaluating = true;
        }
        Ok(())
    }

    /// Outputs are compared with a target, or the likeliest class is looked for. That is an evaluation if nobody trains on
    /// them: they were computed without a record, or their record is gone at the next backward. Not if a part of the model
    /// is set to evaluation (the other part is in training on purpose), if several forwards went into one judgement or
    /// the same input into several (an average over dropouts), or if the target is that of the last training step (the
    /// loss after a step).
    pub(super) fn judged(
        &mut self,
        output: &Tensor,
        target: Option<&Tensor>,
        recorded: bool,
        report: &mut Report,
    ) -> Result<()> {
        let target = target.map(print).transpose()?;
        let forward = std::mem::take(&mut self.forward);
        let history = output.edge().filter(|e| !e.node.is_leaf());
        let again = target.is_some() && target == self.trained_on;
        if recorded && history.is_some() && target.is_some() {
            self.trained_on.clone_from(&target);
        }
        // A loss with a record that follows a forward without one is of something else, as of a generator's picture.
        let other = recorded && !forward.recorded;
        if forward.training.is_empty() || forward.evaluating || forward.again || again || other {
            return Ok(());
        }
        if self.last_input.is_some() && self.last_input == forward.input {
            self.samples = true;
        }
        self.last_input = forward.input;
        let places = forward.training.into_iter().collect();
        // Accuracy looks at outputs of a forward that was recorded, without recording.
        let node = if forward.recorded { history.map(|e| Arc::downgrade(&e.node)) } else { None };
        let without_record = node.is_none();
        self.judged.push(Judged { node, places });
        let certain = target.is_some() || self.unused().count() >= 2;
        if self.steps > 0 && without_record && certain {
            self.found(report);
        }
        Ok(())
    }

    /// Those on which nobody can train any more.
    fn unused(&self) -> impl Iterator<Item = &Judged> {
        self.judged.iter().filter(|judged| judged.node.as_ref().is_none_or(|node| node.strong_count() == 0))
    }

    fn found(&mut self, report: &mut Report) {
        if self.samples || report.has(Lint::EvaluationInTrainMode) {
            return;
        }
        let Some(judged) = self.judged.first() else { return };
        report.add(
            Lint::EvaluationInTrainMode,
            listed(&judged.places),
            "set to training while outputs were judged that nobody trains on",
        );
    }

    pub(super) fn backward(&mut self, report: &mut Report) {
        self.forward = Forward::default();
        if self.steps > 0 && self.unused().count() >= 2 {
            self.found(report);
        }
        self.judged.clear();
    }

    pub(super) fn step(&mut self, parameters: &[(Arc<str>, Tensor)], report: &mut Report) {
        self.steps += 1;
        let stepped: BTreeSet<&str> =
            parameters.iter().filter(|(_, p)| p.grad().is_some()).map(|(name, _)| &**name).collect();
        let mut evaluating = Vec::new();
        for (place, (effect, training, wanted)) in std::mem::take(&mut self.since_step) {
            // Layers of a frozen part are set to evaluation on purpose.
            let counts = match effect {
                Effect::Drops => wanted,
                Effect::BatchStatistics => stepped.contains(format!("{place}.weight").as_str()),
            };
            if training {
                self.eval_steps = 0;
                return;
            }
            if counts {
                evaluating.push(place);
            }
        }
        if evaluating.is_empty() {
            return;
        }
        self.eval_steps += 1;
        if self.eval_steps == 2 {
            let details = "set to evaluation while an optimizer made steps";
            report.add(Lint::TrainingInEvalMode, listed(&evaluating), details);
        }
    }

    pub(super) fn finish(&mut self, report: &mut Report) {
        // One loss with a record that nobody went back through may be that of a loop left when it was good enough.
        let recorded = self.judged.iter().filter(|judged| judged.node.is_some()).count();
        if self.steps > 0 && (recorded >= 2 || self.judged.len() > recorded) {
            self.found(report);
        }
    }
}
