//! Groups of parameters that share their settings, and one step over a group.
use crate::{Rule, State};
use autograd::Parameter;
use tensor_core::{DType, Result, Tensor};

/// Parameters that share their settings.
#[derive(Debug)]
pub struct Group<R> {
    /// The settings.
    pub options: R,
    pub(crate) members: Members,
}

impl<R> Group<R> {
    /// The parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.members.params.iter().map(|(p, _)| p)
    }
    /// What the optimizer remembers of each parameter, in the same order.
    pub fn states(&self) -> impl Iterator<Item = &State> {
        self.members.params.iter().map(|(_, state)| state)
    }
}

/// The parameters of a group with their states, and what belongs to the group as a whole.
#[derive(Debug, Default)]
pub(crate) struct Members {
    pub(crate) params: Vec<(Parameter, State)>,
    pub(crate) shared: Shared,
}

/// What belongs to a group as a whole while it takes a step.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Steps of the group, and what it remembers beside the states of its parameters.
    pub state: State,
    /// The loss of this step, where a closure computed it.
    pub loss: Option<f64>,
    /// Numbers of this step alone, which a pooled rule adds up over all groups: see [`Rule::gather`].
    pub sums: Vec<f64>,
}

impl Shared {
    /// The numbers of this step, which begin as `first` says for the first group.
    pub fn sums<const N: usize>(&mut self, first: [f64; N]) -> &mut [f64] {
        if self.sums.is_empty() {
            self.sums = first.to_vec();
        }
        &mut self.sums
    }
}

/// A parameter that takes part in a step.
#[derive(Debug)]
pub struct Member<'a> {
    /// The parameter.
    pub parameter: &'a Parameter,
    /// Its gradient.
    pub grad: Tensor,
    /// What the optimizer remembers of it.
    pub state: &'a mut State,
    /// Halves are changed in 32 bits.
    widens: bool,
    /// The 32 bits are kept.
    master: bool,
}

/// Under which name the 32-bit values of a parameter of half precision are kept.
const MASTER: &str = "master_param";

impl Member<'_> {
    /// Changes the values in place, unrecorded: `change` is given the parameter, its gradient and its state. With master
    /// weights, a parameter of half precision is changed in 32 bits and rounded after.
    pub fn update<T>(&mut self, change: impl FnOnce(&mut Tensor, &Tensor, &mut State) -> Result<T>) -> Result<T> {
        let name = self.parameter.name();
        let half = matches!(self.parameter.dtype(), DType::F16 | DType::BF16);
        let done = if half && (self.master || self.widens) {
            let _unrecorded = tensor_core::no_grad();
            let mut wide = match self.state.take(MASTER) {
                Some(wide) => wide,
                None => self.parameter.detach().to_dtype(DType::F32)?,
            };
            let done = change(&mut wide, &self.grad.detach().to_dtype(DType::F32)?, self.state);
            if done.is_ok() {
                self.parameter.update(|p| p.copy_(&wide.to_dtype(p.dtype())?).map(drop))?;
            }
            if self.master {
                self.state.put(MASTER, wide);
            }
            done
        } else {
            self.parameter.update(|p| change(p, &self.grad, self.state))
        };
        done.map_err(|e| e.within(&name))
    }
}

impl Members {
    /// The parameters that have a gradient take a step; whether there was one.
    pub(crate) fn step(&mut self, rule: &dyn Rule, loss: Option<f64>, master: bool) -> Result<bool> {
        let mut members = stepping(rule, &mut self.params, master);
        if members.is_empty() {
            return Ok(false);
        }
        self.shared.state.step += 1;
        self.shared.loss = loss;
        rule.update_group(&mut members, &mut self.shared).map_err(|e| e.renamed(rule.name()))?;
        Ok(true)
    }
}

/// The parameters that have a gradient, one step on.
fn stepping<'a>(rule: &dyn Rule, params: &'a mut [(Parameter, State)], master: bool) -> Vec<Member<'a>> {
    let widens = rule.widens();
    let with_grad = params.iter_mut().filter_map(|(parameter, state)| {
        let grad = parameter.grad()?;
        state.step += 1;
        Some(Member { parameter, grad, state, widens, master })
    });
    with_grad.collect()
}

/// A step of a pooled rule over all groups; whether there was a gradient.
pub(crate) fn step_pooled(groups: &mut [(&dyn Rule, &mut Members)], loss: Option<f64>, master: bool) -> Result<bool> {
    let Some((first, mut shared)) = groups.first_mut().map(|(rule, m)| (*rule, std::mem::take(&mut m.shared))) else {
        return Ok(false);
    };
    let mut parts: Vec<(&dyn Rule, Vec<Member<'_>>)> =
        groups.iter_mut().map(|(rule, members)| (*rule, stepping(*rule, &mut members.params, master))).collect();
    let found = parts.iter().any(|(_, members)| !members.is_empty());
    let mut halves = || -> Result<()> {
        shared.state.step += 1;
        shared.loss = loss;
        shared.sums.clear();
        parts.iter_mut().try_for_each(|(rule, members)| rule.gather(members, &mut shared))?;
        first.settle(&mut shared)?;
        parts.iter_mut().try_for_each(|(rule, members)| rule.update_group(members, &mut shared))
    };
    let done = if found { halves() } else { Ok(()) };
    if let Some((_, members)) = groups.first_mut() {
        members.shared = shared;
    }
    done.map_err(|e| e.renamed(first.name()))?;
    Ok(found)
}
