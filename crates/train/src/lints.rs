//! Training lints: mistakes that no error shows, seen from what a training does. `docs/training-lints.md` lists them.
mod catalogue;
mod data;
mod gradients;
mod losses;
mod modes;
mod record;

pub use catalogue::{Finding, Lint};

use data::Data;
use gradients::Gradients;
use losses::Losses;
use modes::Modes;
use nn::Module;
use std::{cell::RefCell, collections::HashSet, fmt, rc::Rc};
use tensor_core::{
    AnomalyGuard, Error, Result, detect_nan,
    watch::{Event, WatchGuard, Watcher, watch},
};

/// Watches a training for classic mistakes, while it lives. What it finds is said at once, each thing once: through `log`
/// where the program listens to it, else on standard error. Dropping it (or [`Lints::finish`]) adds what can only be
/// told at the end.
///
/// It sees this thread's backward passes, steps, losses, layers and predictions; a search for NaNs makes operations slower
/// meanwhile, so switch it on while a program is new.
///
/// ```
/// use nn::{Forward, Linear, Module, functional::mse_loss};
/// use optim::{Adam, Optimizer};
/// use train::{Lint, Lints};
/// # use autograd::Backward;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let model = Linear::new(3, 1)?;
/// let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
/// let lints = Lints::watch(&model); // the one line
/// for _ in 0..3 {
///     let (x, y) = (Tensor::randn([8, 3])?, Tensor::randn([8, 1])?);
///     mse_loss(&model.forward(&x)?, &y)?.backward()?;
///     optimizer.step()?; // and nobody calls zero_grad
/// }
/// let found = lints.finish();
/// assert_eq!(found[0].lint, Lint::ZeroGradForgotten);
/// assert!(found[0].to_string().contains("weight"));
/// # Ok(()) }
/// ```
pub struct Lints {
    state: Rc<Shared>,
    _watch: WatchGuard,
    _search: AnomalyGuard,
}

struct Shared(RefCell<State>);

/// What has been seen so far.
struct State {
    report: Report,
    gradients: Gradients,
    losses: Losses,
    modes: Modes,
    data: Data,
    finished: bool,
}

/// What has been found.
#[derive(Default)]
struct Report {
    found: Vec<Finding>,
    known: HashSet<(Lint, String)>,
}

impl Report {
    /// Says it, unless it has been said.
    fn add(&mut self, lint: Lint, culprit: impl Into<String>, details: impl Into<String>) {
        let culprit = culprit.into();
        if !self.known.insert((lint, culprit.clone())) {
            return;
        }
        let finding = Finding { lint, culprit, details: details.into() };
        if log::log_enabled!(log::Level::Warn) {
            log::warn!("{finding}");
        } else {
            // Asked for by the user, and nobody else would show it.
            eprintln!("{finding}");
        }
        self.found.push(finding);
    }

    fn has(&self, lint: Lint) -> bool {
        self.found.iter().any(|finding| finding.lint == lint)
    }
}

impl Lints {
    /// Watches the training of `model` on this thread.
    pub fn watch(model: &(impl Module + ?Sized)) -> Lints {
        let state = State {
            report: Report::default(),
            gradients: Gradients::new(model.named_parameters()),
            losses: Losses::default(),
            modes: Modes::default(),
            data: Data::default(),
            finished: false,
        };
        let state = Rc::new(Shared(RefCell::new(state)));
        Lints { _watch: watch(state.clone()), _search: detect_nan(), state }
    }

    /// What has been found so far.
    pub fn findings(&self) -> Vec<Finding> {
        self.state.0.borrow().report.found.clone()
    }

    /// Ends the watching: all that was found, with what can only be told at the end.
    pub fn finish(self) -> Vec<Finding> {
        self.state.0.borrow_mut().finish();
        self.findings()
    }

    /// The same as an error, for programs that shall not go on: it lists all findings.
    pub fn check(self) -> Result<()> {
        let found = self.finish();
        if found.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = found.iter().map(Finding::to_string).collect();
        Err(Error::new("Lints", list.join("\n")))
    }
}

impl Drop for Lints {
    fn drop(&mut self) {
        // A program that fails has other worries than what it did not come to do.
        if !std::thread::panicking() {
            self.state.0.borrow_mut().finish();
        }
    }
}

impl fmt::Debug for Lints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lints({} found)", self.findings().len())
    }
}

impl Watcher for Shared {
    fn see(&self, event: &Event<'_>) {
        // Somebody asks for the findings while an event is told: not from here.
        let Ok(mut state) = self.0.try_borrow_mut() else { return };
        // Looking must not change what the training does: an error here is nobody's business.
        let _ = state.see(event);
    }
}

impl State {
    fn see(&mut self, event: &Event<'_>) -> Result<()> {
        let recorded = tensor_core::is_grad_enabled();
        let _unrecorded = tensor_core::no_grad();
        let State { report, gradients, losses, modes, data, .. } = self;
        match event {
            Event::Backward { outputs } => {
                modes.backward(report);
                gradients.backward()?;
                losses.backward(outputs, gradients, report)?;
                data.backward(outputs, report)?;
            }
            Event::Step { optimizer, parameters, lrs } => {
                losses.stepped(optimizer, lrs, report);
                modes.step(parameters, report);
                gradients.step(optimizer, parameters, lrs, losses, report)?;
            }
            Event::Loss { name, input, target } => {
                losses.computed(name, input, target, recorded, report)?;
                data.labels(name, target, recorded, report)?;
                modes.judged(input, Some(target), recorded, report)?;
            }
            Event::Layer { place, effect, training, input } => {
                modes.layer(place, *effect, *training, input, recorded)?;
            }
            Event::ZeroGrad => gradients.zeroed(),
            Event::Choice { scores } => modes.judged(scores, None, recorded, report)?,
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        let State { report, gradients, losses, modes, data, .. } = self;
        gradients.finish(report);
        losses.finish(report);
        modes.finish(report);
        data.finish(report);
    }
}

/// `a, b, c and 4 more`.
fn listed(names: &[String]) -> String {
    match names {
        [a, b, c, rest @ ..] if rest.len() > 1 => format!("{a}, {b}, {c} and {} more", rest.len()),
        _ => names.join(", "),
    }
}
