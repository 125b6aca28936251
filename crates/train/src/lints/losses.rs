//! Losses: what they are given, what they are, and what keeps them.
use super::{Lint, Report, gradients::Gradients, record};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Arc, Weak},
};
use tensor_core::{Result, Tensor, graph::Node, has_nan};

#[derive(Default)]
pub(super) struct Losses {
    backwards: usize,
    steps: usize,
    optimizers: BTreeSet<String>,
    /// Values of what backward began at, by the operation that made it.
    values: BTreeMap<&'static str, Vec<f64>>,
    /// Since the last step, one was NaN or infinite.
    unsound: bool,
    growing: bool,
    /// What backward began at in steps that are done.
    past: Vec<(usize, Weak<Node>)>,
    largest_target: Option<f64>,
}

/// Losses below this are near enough to 0 to grow a hundredfold by chance.
const SMALL: f64 = 0.1;

impl Losses {
    /// The last loss was a finite number.
    pub(super) fn is_sound(&self) -> bool {
        !self.unsound
    }
    /// The loss has grown beyond what it was.
    pub(super) fn is_growing(&self) -> bool {
        self.growing
    }
    /// The largest target so far, if a loss has told.
    pub(super) fn largest_target(&self) -> Option<f64> {
        self.largest_target
    }

    /// A loss is about to be computed: its input and target are what it takes.
    pub(super) fn computed(
        &mut self,
        name: &'static str,
        input: &Tensor,
        target: &Tensor,
        recorded: bool,
        report: &mut Report,
    ) -> Result<()> {
        if recorded && target.is_floating_point() && target.numel() > 0 {
            let largest = target.detach().abs()?.amax()?.item::<f64>()?;
            self.largest_target = Some(self.largest_target.unwrap_or(0.0).max(largest));
        } else if recorded && self.largest_target.is_none() {
            self.largest_target = Some(0.0);
        }
        let made_by = record::source(input.edge());
        let made_by = made_by.as_deref();
        match name {
            "cross_entropy" => {
                if let Some(node) = made_by.filter(|node| record::is_softmax(node)) {
                    doubled(name, node, report);
                }
            }
            "binary_cross_entropy_with_logits" => {
                if let Some(node) = made_by.filter(|node| record::is_sigmoid(node) || record::is_softmax(node)) {
                    let details = format!("its input is an output of {}; it applies sigmoid itself", node.op().name());
                    report.add(Lint::SigmoidBeforeLogitsLoss, name, details);
                }
            }
            "nll_loss" if input.numel() > 0 => {
                let largest = input.detach().amax()?.item::<f64>()?;
                let log_p = made_by.is_some_and(record::is_softmax) && largest <= 1e-3;
                if largest > 1e-3 && !log_p {
                    let source = match made_by.filter(|node| !node.is_leaf()) {
                        Some(node) => format!(", made by {}", node.op().name()),
                        None => String::new(),
                    };
                    let details = format!("its input goes up to {largest:.4}{source}");
                    report.add(Lint::NllWithoutLogProbabilities, name, details);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Backward begins.
    pub(super) fn backward(
        &mut self,
        outputs: &[&Tensor],
        gradients: &mut Gradients,
        report: &mut Report,
    ) -> Result<()> {
        self.backwards += 1;
        // Walks over the record are for the first backward passes, where mistakes show, and now and then.
        if self.backwards <= 3 || self.backwards.is_multiple_of(100) {
            let nodes = record::nodes(outputs);
            for node in &nodes {
                let before = node.edges().first().and_then(|e| e.as_ref());
                if node.op().name() == "log_softmax"
                    && let Some(softmax) = record::source(before).filter(|n| record::is_softmax(n))
                {
                    doubled("log_softmax", &softmax, report);
                }
            }
            let own: HashSet<u64> = gradients.parameters().filter_map(|(_, p)| p.edge().map(|e| e.node.id())).collect();
            gradients.beyond |= nodes.iter().any(|n| n.is_leaf() && n.requires_grad() && !own.contains(&n.id()));
        }
        for output in outputs {
            match output.edge().filter(|e| e.node.requires_grad()) {
                None => self.unrecorded(output, gradients, report),
                Some(edge) => {
                    if output.numel() == 1 {
                        self.value(output, edge.node.name(), gradients, report)?;
                    }
                    self.past.push((self.steps, Arc::downgrade(&edge.node)));
                }
            }
        }
        self.kept(report);
        Ok(())
    }

    fn unrecorded(&self, output: &Tensor, gradients: &Gradients, report: &mut Report) {
        let frozen = gradients.parameters().all(|(_, p)| !p.requires_grad()) && gradients.parameters().next().is_some();
        let details = if frozen {
            "all parameters of the model are frozen"
        } else if !tensor_core::is_grad_enabled() {
            "recording is off"
        } else {
            "it was computed under no_grad(), from a detach()ed result, or from nothing that is trained"
        };
        report.add(Lint::LossWithoutGraph, format!("the loss of shape {:?}", output.shape()), details);
    }

    fn value(&mut self, output: &Tensor, name: &'static str, gradients: &Gradients, report: &mut Report) -> Result<()> {
        let value = output.detach().item::<f64>()?;
        self.unsound = !value.is_finite();
        let values = self.values.entry(name).or_default();
        // A rising loss is an answer to why it became infinite.
        let first = values.first().copied().unwrap_or(value).abs().max(SMALL);
        let rose = values.last().is_some_and(|last| last.abs() > 10.0 * first);
        if self.unsound {
            if rose {
                self.growing = true;
            }
            let (culprit, details) = birth(output, gradients)?;
            let word = if value.is_nan() { "NaN" } else { "infinite" };
            report.add(Lint::NanLoss, culprit, format!("the loss is {word}: {details}"));
            return Ok(());
        }
        values.push(value);
        self.growing = value.abs() > 10.0 * first;
        Ok(())
    }

    /// Looks for losses of past steps that somebody still holds.
    fn kept(&mut self, report: &mut Report) {
        self.past.retain(|(_, node)| node.strong_count() > 0);
        let steps: BTreeSet<usize> = self.past.iter().map(|(step, _)| *step).filter(|&s| s < self.steps).collect();
        if steps.len() >= 4 {
            let name = self.past.first().and_then(|(_, node)| node.upgrade()).map_or("loss", |node| node.name());
            let details = format!("results of {} past steps, through which backward has gone, are alive", steps.len());
            report.add(Lint::GraphKeptAlive, name, details);
        }
    }

    /// A step is about to be made.
    pub(super) fn stepped(&mut self, optimizer: &str, lrs: &[f64], report: &mut Report) {
        self.steps += 1;
        self.optimizers.insert(optimizer.to_string());
        for (name, values) in &self.values {
            let &[first, .., a, b, c] = values.as_slice() else { continue };
            // Losses of players against each other rise and fall: they have an optimizer each, or a loss each.
            let least = a.abs().min(b.abs()).min(c.abs());
            let overflown = self.unsound && self.growing;
            if self.values.len() == 1 && (least > 100.0 * first.abs().max(SMALL) || overflown) {
                let lr = lrs.iter().copied().fold(0.0, f64::max);
                let last = if self.unsound { "infinite".to_string() } else { format!("{c:.3e}") };
                let details = format!("the loss was {first:.3e} at the start and is {last} now, with lr {lr}");
                report.add(Lint::LearningRateDiverges, format!("{optimizer}, stepping by {name}"), details);
            }
        }
    }

    pub(super) fn finish(&mut self, report: &mut Report) {
        self.past.retain(|(_, node)| node.strong_count() > 0);
        self.kept(report);
    }
}

fn doubled(name: &'static str, softmax: &Node, report: &mut Report) {
    if !report.has(Lint::SoftmaxBeforeCrossEntropy) {
        let details = format!("its input is an output of {}; it applies softmax itself", softmax.op().name());
        report.add(Lint::SoftmaxBeforeCrossEntropy, name, details);
    }
}

/// What made a loss NaN or infinite: an operation, a parameter, or the data.
fn birth(loss: &Tensor, gradients: &Gradients) -> Result<(String, String)> {
    for (name, p) in gradients.parameters() {
        if !is_finite(&p.detach())? {
            let details = "the parameter holds NaN or infinite numbers, which an earlier step wrote".to_string();
            return Ok((name.to_string(), details));
        }
    }
    let mut nodes = record::nodes(&[loss]);
    nodes.sort_by_key(|node| node.id());
    for node in &nodes {
        if node.made_nan() {
            let place = node.called_at().map_or_else(String::new, |place| format!("; it was called at {place}"));
            return Ok((node.name().to_string(), format!("{} made a NaN of numbers{place}", node.name())));
        }
        for (i, edge) in node.edges().iter().enumerate() {
            // What is not recorded comes from outside.
            if edge.is_none()
                && let Ok(data) = node.input(i)
                && data.is_floating_point()
                && (has_nan(&data) || !is_finite(&data)?)
            {
                let details = format!("the data that goes into {} holds NaN or infinite numbers", node.name());
                return Ok((format!("input {i} of {}, of shape {:?}", node.name(), data.shape()), details));
            }
        }
    }
    let name = loss.edge().map_or("loss", |edge| edge.node.name());
    Ok((name.to_string(), "numbers on the way to it grew beyond what its dtype can hold".to_string()))
}

fn is_finite(x: &Tensor) -> Result<bool> {
    x.isfinite()?.all()?.item::<bool>()
}
