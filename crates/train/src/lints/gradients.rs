//! Gradients: whether they arrive, are fresh, are used, and are of a size that can be worked with.
use super::{Lint, Report, listed, losses::Losses};
use autograd::Parameter;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use tensor_core::{DType, Result, Tensor};

pub(super) struct Gradients {
    /// The watched model's, with what they were at the start.
    model: Vec<(String, Parameter, Sum)>,
    /// Of all optimizers, by the number of their leaf.
    tracks: HashMap<u64, Track>,
    steps: usize,
    backwards: usize,
    /// Backward passes since the last step.
    fresh: usize,
    /// The set of reached parameters changed from step to step: parts of the model take turns.
    varied: bool,
    last_reached: HashMap<String, Vec<u64>>,
    zeroed: usize,
    /// Backward went on to leaves that are no parameters of the model.
    pub(super) beyond: bool,
    norms: Vec<f64>,
    /// Per weight: for how many steps in a row its gradient has been lost.
    lost: BTreeMap<u64, usize>,
    idle: usize,
}

/// The sum of a parameter's elements, if it is a number.
type Sum = Option<f64>;

struct Track {
    name: String,
    /// Live, so that it holds no values back.
    handle: Tensor,
    /// Steps in which it was stepped, and in which it had a gradient.
    steps: usize,
    reached: usize,
    /// A step has used the gradient that is still there.
    used: bool,
    /// And a backward has begun on top of it.
    piled: bool,
}

fn id(t: &Tensor) -> Option<u64> {
    t.edge().map(|edge| edge.node.id())
}

fn norm(x: &Tensor) -> Result<f64> {
    Ok(x.detach().to_dtype(DType::F64)?.square()?.sum()?.item::<f64>()?.sqrt())
}

fn sum(p: &Parameter) -> Sum {
    let sum = p.detach().to_dtype(DType::F64).and_then(|p| p.sum()).and_then(|s| s.item::<f64>());
    sum.ok().filter(|s| s.is_finite())
}

fn is_zero(x: &Tensor) -> Result<bool> {
    Ok(!x.detach().ne(0.0)?.any()?.item::<bool>()?)
}

impl Gradients {
    pub(super) fn new(parameters: Vec<(String, Parameter)>) -> Gradients {
        let _unrecorded = tensor_core::no_grad();
        let model = parameters.into_iter().map(|(name, p)| {
            let at_first = sum(&p);
            (name, p, at_first)
        });
        Gradients {
            model: model.collect(),
            tracks: HashMap::new(),
            steps: 0,
            backwards: 0,
            fresh: 0,
            varied: false,
            last_reached: HashMap::new(),
            zeroed: 0,
            beyond: false,
            norms: Vec::new(),
            lost: BTreeMap::new(),
            idle: 0,
        }
    }

    /// A parameter of the watched model, for messages.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.model.iter().map(|(name, p, _)| (name.as_str(), p))
    }

    fn name(&self, name: &str, p: &Tensor) -> String {
        let own = self.model.iter().find(|(_, own, _)| id(own) == id(p));
        match own {
            Some((name, ..)) => name.clone(),
            None if name.is_empty() => format!("a parameter of shape {:?}", p.shape()),
            None => name.to_string(),
        }
    }

    /// Backward begins: used gradients that are still there are added to.
    pub(super) fn backward(&mut self) -> Result<()> {
        self.backwards += 1;
        self.fresh += 1;
        for track in self.tracks.values_mut().filter(|track| track.used) {
            match track.handle.grad() {
                Some(g) if !is_zero(&g)? => track.piled = true,
                _ => (track.used, track.piled) = (false, false),
            }
        }
        Ok(())
    }

    /// An optimizer forgets its gradients.
    pub(super) fn zeroed(&mut self) {
        self.zeroed += 1;
    }

    pub(super) fn step(
        &mut self,
        optimizer: &str,
        parameters: &[(Arc<str>, Tensor)],
        lrs: &[f64],
        losses: &Losses,
        report: &mut Report,
    ) -> Result<()> {
        let fresh = std::mem::take(&mut self.fresh);
        let own = |p: &Tensor| self.model.iter().any(|(_, own, _)| id(own) == id(p));
        let touches = parameters.iter().any(|(_, p)| own(p));
        let found: Vec<(&Arc<str>, &Tensor, Tensor)> =
            parameters.iter().filter_map(|(name, p)| Some((name, p, p.grad()?.detach()))).collect();
        if found.is_empty() {
            self.none(optimizer, touches, fresh, report);
            return Ok(());
        }
        self.steps += 1;
        self.turn(optimizer, &found);
        self.stale(optimizer, parameters, report);
        if self.sizes(&found, losses, report)? {
            self.vanishing(&found, report)?;
        }
        self.idle = if lrs.iter().all(|&lr| lr == 0.0) { self.idle + 1 } else { 0 };
        if self.idle == 10 {
            let details = format!("{} steps in a row with a learning rate of 0", self.idle);
            report.add(Lint::LearningRateZero, optimizer, details);
        }
        Ok(())
    }

    /// A step without any gradient.
    fn none(&self, optimizer: &str, touches: bool, fresh: usize, report: &mut Report) {
        let ready: Vec<String> =
            self.model.iter().filter(|(_, p, _)| p.grad().is_some()).map(|(name, ..)| name.clone()).collect();
        if !touches && !ready.is_empty() {
            let details = format!("have gradients, and {optimizer} steps other parameters, which have none");
            report.add(Lint::OptimizerOfAnotherModel, listed(&ready), details);
            return;
        }
        let details = match fresh {
            0 => "backward() has not run since the last step".to_string(),
            _ => "backward() has run, but its gradients were forgotten before the step, or went elsewhere".to_string(),
        };
        report.add(Lint::StepWithoutGradients, optimizer, details);
    }

    /// Who is reached, and whether that changes.
    fn turn(&mut self, optimizer: &str, found: &[(&Arc<str>, &Tensor, Tensor)]) {
        let reached: Vec<u64> = found.iter().filter_map(|(_, p, _)| id(p)).collect();
        let before = self.last_reached.insert(optimizer.to_string(), reached.clone());
        self.varied |= before.is_some_and(|before| before != reached);
    }

    /// Counts each parameter's steps, and looks for gradients that an earlier step has used.
    fn stale(&mut self, optimizer: &str, parameters: &[(Arc<str>, Tensor)], report: &mut Report) {
        let mut piled = Vec::new();
        for (name, p) in parameters {
            let Some(leaf) = id(p) else { continue };
            let name = self.name(name, p);
            let track = self.tracks.entry(leaf).or_insert_with(|| Track {
                name,
                handle: p.share(),
                steps: 0,
                reached: 0,
                used: false,
                piled: false,
            });
            track.steps += usize::from(p.requires_grad());
            if p.grad().is_some() {
                track.reached += 1;
                if track.piled {
                    piled.push(track.name.clone());
                }
                (track.used, track.piled) = (true, false);
            } else {
                (track.used, track.piled) = (false, false);
            }
        }
        if !piled.is_empty() && !report.has(Lint::ZeroGradForgotten) {
            let details =
                format!("in step {} of {optimizer}, gradients of the step before were still there", self.steps);
            report.add(Lint::ZeroGradForgotten, listed(&piled), details);
        }
    }

    /// Looks for gradients beyond all measure; whether they are worth a closer look.
    fn sizes(&mut self, found: &[(&Arc<str>, &Tensor, Tensor)], losses: &Losses, report: &mut Report) -> Result<bool> {
        let (mut all, mut weights) = (0.0, 0.0);
        let mut largest = (0.0, String::new());
        for (name, p, g) in found {
            let (g, p_norm) = (norm(g)?, norm(p)?);
            if !g.is_finite() {
                if losses.is_sound() {
                    let details = format!("its gradient is {}, though the loss is a number", word(g));
                    report.add(Lint::GradientsExplode, self.name(name, p), details);
                }
                return Ok(false);
            }
            all += g * g;
            weights += p_norm * p_norm;
            if g > largest.0 {
                largest = (g, self.name(name, p));
            }
        }
        let (all, weights) = (f64::sqrt(all), f64::sqrt(weights));
        self.norms.push(all);
        // Large targets have large gradients, which an optimizer like Adam does not mind.
        let most = match losses.largest_target() {
            Some(target) if target < 1e3 => 1e6,
            _ => 1e9,
        };
        let start = &self.norms[..self.norms.len().min(5)];
        let usual = start.iter().copied().fold(0.0, f64::max);
        let sudden = self.norms.len() > 5 && all > 1e6 * usual.max(1e-3) && all > weights;
        if (all > most * weights.max(1e-3) || sudden) && !losses.is_growing() {
            let details = format!(
                "the norm of its gradient is {:.1e}, that of all gradients {all:.1e}, of all weights {weights:.1e}",
                largest.0
            );
            report.add(Lint::GradientsExplode, largest.1, details);
            return Ok(false);
        }
        Ok(true)
    }

    /// Looks for weights whose gradient got lost on its way, while others get theirs.
    fn vanishing(&mut self, found: &[(&Arc<str>, &Tensor, Tensor)], report: &mut Report) -> Result<()> {
        let mut shares = Vec::new();
        for (name, p, g) in found {
            // Some biases have a gradient of 0 by right: those that a normalisation or a softmax takes away again.
            if p.dim() >= 2 {
                shares.push((name, *p, norm(g)? / norm(p)?.max(1e-12)));
            }
        }
        let most = shares.iter().map(|(.., share)| *share).fold(0.0, f64::max);
        for (name, p, share) in shares {
            let Some(leaf) = id(p) else { continue };
            // Exactly 0 is what a loss of weight 0, or a branch that starts closed, gives: on purpose.
            let lost = most > 1e-4 && share > 0.0 && share < 1e-7 * most;
            let times = self.lost.entry(leaf).or_default();
            *times = if lost { *times + 1 } else { 0 };
            if *times == 5 && !report.has(Lint::GradientsVanish) {
                let details = format!("its gradient is {share:.1e} of its size, the largest of others {most:.1e}");
                report.add(Lint::GradientsVanish, self.name(name, p), details);
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, report: &mut Report) {
        // Parts that take turns may need many steps until each had its own.
        let enough = if self.varied { 50 } else { 2 };
        let unreached: Vec<&Track> = self.tracks.values().filter(|t| t.reached == 0 && t.steps >= enough).collect();
        if let Some(first) = unreached.first() {
            let details = format!("no gradient in {} steps", first.steps);
            let mut names: Vec<String> = unreached.iter().map(|t| t.name.clone()).collect();
            names.sort();
            report.add(Lint::UnreachedParameter, listed(&names), details);
        }
        let forgotten = self.steps == 0 && self.backwards >= 2 && self.zeroed >= 2 && !self.beyond;
        if forgotten && report.found.is_empty() && self.is_unchanged() {
            let reached: Vec<String> =
                self.model.iter().filter(|(_, p, _)| p.grad().is_some()).map(|(name, ..)| name.clone()).collect();
            if !reached.is_empty() {
                let details = format!("have gradients of {} backward passes and never changed", self.backwards);
                report.add(Lint::StepForgotten, listed(&reached), details);
            }
        }
    }

    fn is_unchanged(&self) -> bool {
        self.model.iter().all(|(_, p, at_first)| sum(p) == *at_first)
    }
}

fn word(x: f64) -> &'static str {
    if x.is_nan() { "NaN" } else { "infinite" }
}
