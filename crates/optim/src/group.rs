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
        let done = if self.master && half {
            let _unrecorded = tensor_core::no_grad();
            let mut wide = match self.state.take(MASTER) {
                Some(wide) => wide,
                None => self.parameter.detach().to_dtype(DType::F32)?,
            };
            let done = change(&mut wide, &self.grad.detach().to_dtype(DType::F32)?, self.state);
            if done.is_ok() {
                self.parameter.update(|p| p.copy_(&wide.to_dtype(p.dtype())?).map(drop))?;
            }
            self.state.put(MASTER, wide);
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
        let with_grad = self
            .params
            .iter_mut()
            .filter_map(|(parameter, state)| parameter.grad().map(|grad| Member { parameter, grad, state, master }));
        let mut members: Vec<Member<'_>> = with_grad.collect();
        if members.is_empty() {
            return Ok(false);
        }
        members.iter_mut().for_each(|m| m.state.step += 1);
        self.shared.state.step += 1;
        self.shared.loss = loss;
        rule.update_group(&mut members, &mut self.shared).map_err(|e| e.renamed(rule.name()))?;
        Ok(true)
    }
}
