//! The states of an optimizer as named tensors: `state.0.exp_avg`, `param_groups.0.lr`, as PyTorch nests them, with the
//! parameters numbered over all groups.
use crate::{
    Rule, State,
    group::Members,
    setting::{self, Setting},
};
use autograd::Parameter;
use files::StateDict;
use tensor_core::{DType, Error, Result, Tensor};

/// Under this name a group keeps the number of its steps.
const STEPS: &str = "step";
/// Under this name a group keeps the numbers of its parameters.
const PARAMS: &str = "params";

pub(crate) fn write(name: &str, groups: &[(Vec<(&'static str, Setting)>, &Members)]) -> Result<StateDict> {
    let mut dict = StateDict::new();
    let count = |steps: u64| Tensor::from_slice(&[i64::try_from(steps).unwrap_or(i64::MAX)], ());
    for (i, (_, state)) in groups.iter().flat_map(|(_, members)| &members.params).enumerate() {
        if state.step > 0 {
            dict.insert(format!("state.{i}.{STEPS}"), count(state.step)?);
        }
        for (name, tensor) in state.iter() {
            dict.insert(format!("state.{i}.{name}"), tensor.clone());
        }
    }
    let mut number = 0;
    for (i, (settings, members)) in groups.iter().enumerate() {
        let numbers: Vec<i64> = (number..).take(members.params.len()).collect();
        number += numbers.len() as i64;
        dict.insert(format!("param_groups.{i}.{PARAMS}"), Tensor::from_slice(&numbers, [numbers.len()])?);
        for (name, value) in settings {
            dict.insert(format!("param_groups.{i}.{name}"), value.to_tensor()?);
        }
        let shared = &members.shared.state;
        if shared.step > 0 {
            dict.insert(format!("param_groups.{i}.{STEPS}"), count(shared.step)?);
        }
        for (name, tensor) in shared.iter() {
            dict.insert(format!("param_groups.{i}.{name}"), tensor.clone());
        }
    }
    dict.metadata.insert("optimizer".into(), name.into());
    Ok(dict)
}

fn wrong(why: String) -> Error {
    Error::new("load_state_dict", why)
        .hint("the optimizer must have the same parameters, in the same order and groups, as the saved one")
}

/// Takes all over or, where something does not fit, nothing.
pub(crate) fn read(dict: &StateDict, groups: &mut [(&mut dyn Rule, &mut Members)]) -> Result<()> {
    let params: Vec<(usize, Parameter)> = groups
        .iter()
        .enumerate()
        .flat_map(|(i, (_, members))| members.params.iter().map(move |(p, _)| (i, p.tied())))
        .collect();
    let mut states: Vec<State> = params.iter().map(|_| State::default()).collect();
    let mut shared: Vec<State> = groups.iter().map(|_| State::default()).collect();
    let before: Vec<_> = groups.iter().map(|(rule, _)| rule.settings()).collect();
    let done = fill(dict, groups, &params, &mut states, &mut shared);
    if done.is_err() {
        for ((rule, _), settings) in groups.iter_mut().zip(&before) {
            settings.iter().for_each(|(name, value)| {
                rule.set(name, value);
            });
        }
        return done;
    }
    let mut states = states.into_iter();
    for ((_, members), shared) in groups.iter_mut().zip(shared) {
        members.shared.state = shared;
        for ((_, old), new) in members.params.iter_mut().zip(&mut states) {
            *old = new;
        }
    }
    Ok(())
}

fn fill(
    dict: &StateDict,
    groups: &mut [(&mut dyn Rule, &mut Members)],
    params: &[(usize, Parameter)],
    states: &mut [State],
    shared: &mut [State],
) -> Result<()> {
    for (name, tensor) in dict.iter() {
        let mut parts = name.splitn(3, '.');
        let (Some(kind), Some(i), Some(what)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong(format!("{name:?} is no name of an optimizer's state")));
        };
        let i: usize = i.parse().map_err(|_| wrong(format!("{name:?} has no number")))?;
        let steps = || -> Result<u64> {
            let steps: i64 = if tensor.dtype().is_float() { tensor.item::<f64>()? as i64 } else { tensor.item()? };
            Ok(steps.max(0).unsigned_abs())
        };
        match kind {
            "state" => {
                let (Some(state), Some((group, p))) = (states.get_mut(i), params.get(i)) else {
                    return Err(wrong(format!(
                        "there is a state of parameter {i}, counted from 0, but the number of parameters is {}",
                        params.len()
                    )));
                };
                if what == STEPS {
                    state.step = steps()?;
                } else if !groups[*group].0.fits(what, tensor.shape(), p.shape()) {
                    return Err(wrong(format!("{name} does not fit {p:?}")).operands([tensor]));
                } else {
                    // A number on its own stays where it is read.
                    let number = tensor.shape().is_empty() && tensor.dtype() == DType::F64;
                    state.put(what, if number { tensor.clone() } else { tensor.to_device(&p.device())? });
                }
            }
            "param_groups" => {
                let (Some((rule, _)), Some(shared)) = (groups.get_mut(i), shared.get_mut(i)) else {
                    return Err(wrong(format!("there is a group {i}, but only {} groups", states.len())));
                };
                if rule.settings().iter().any(|(name, _)| *name == what) {
                    let value = Setting::from_tensor(tensor)?;
                    if !rule.set(what, &value) {
                        return Err(wrong(format!("{name} cannot be {value:?}")));
                    }
                } else if what == STEPS {
                    shared.step = steps()?;
                } else if what != "training" && what != PARAMS {
                    shared.put(what, tensor.clone());
                }
            }
            _ => return Err(wrong(format!("{name:?} is no name of an optimizer's state"))),
        }
    }
    groups.iter_mut().try_for_each(|(rule, _)| {
        setting::numbers(rule.name(), &rule.settings())?;
        // Schedules in a chain may bring a rate below 0; where they did, the training goes on with it.
        let lr = rule.lr();
        let below = lr.is_finite() && lr < 0.0;
        if below {
            rule.set_lr(0.0);
        }
        let checked = rule.check();
        if below {
            rule.set_lr(lr);
        }
        checked
    })
}
