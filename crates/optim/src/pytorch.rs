//! PyTorch's own layout of an optimizer's state: `{"state": {0: {"step": .., "exp_avg": ..}}, "param_groups": [..]}`.
use crate::{Optimizer, setting::Setting};
use files::{
    StateDict,
    pt::{Dict, Value},
};
use tensor_core::{DType, Error, Result, Tensor};

/// What `optimizer.state_dict()` is in PyTorch: [`files::pt::save`] writes it, and `torch.optim` loads it.
///
/// ```
/// use optim::{Adam, Optimizer, from_pytorch, to_pytorch};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
/// let mut optimizer = Adam::new([w.tied()], 1e-3)?;
/// w.set_grad(Some(Tensor::ones([2])?));
/// optimizer.step()?;
/// let value = to_pytorch(&optimizer)?;
/// assert_eq!(value.at("state")?.at(0)?.at("step")?.as_tensor().map(|t| t.item::<f64>()).transpose()?, Some(1.0));
///
/// let mut resumed = Adam::new([w], 1e-2)?;
/// from_pytorch(&mut resumed, &value)?;
/// assert_eq!(resumed.lr(), 1e-3);
/// # Ok(()) }
/// ```
pub fn to_pytorch(optimizer: &dyn Optimizer) -> Result<Value> {
    let mut states: Vec<(i64, Dict)> = Vec::new();
    let mut groups: Vec<Dict> = Vec::new();
    for (name, tensor) in optimizer.state_dict()?.iter() {
        let mut parts = name.splitn(3, '.');
        let (Some(kind), Some(i), Some(what)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let Ok(i) = i.parse::<usize>() else { continue };
        if kind == "state" {
            let number = i64::try_from(i).unwrap_or(i64::MAX);
            // Steps are floats there.
            let tensor = if what == "step" { tensor.to_dtype(DType::F32)? } else { tensor.clone() };
            let state = match states.iter().position(|(known, _)| *known == number) {
                Some(at) => &mut states[at].1,
                None => {
                    states.push((number, Dict::new()));
                    let last = states.len() - 1;
                    &mut states[last].1
                }
            };
            state.insert(what, tensor);
        } else if kind == "param_groups" {
            while groups.len() <= i {
                groups.push(Dict::new());
            }
            let value = if what == "params" { Value::from(tensor.to_vec::<i64>()?) } else { plain(tensor)? };
            groups[i].insert(what, value);
        }
    }
    states.sort_by_key(|(number, _)| *number);
    let state: Dict = states.into_iter().collect();
    Ok(Value::Dict([("state", Value::Dict(state)), ("param_groups", Value::from(groups))].into_iter().collect()))
}

fn plain(tensor: &Tensor) -> Result<Value> {
    Ok(match Setting::from_tensor(tensor)? {
        Setting::None => Value::None,
        Setting::Bool(b) => b.into(),
        Setting::Int(n) => n.into(),
        Setting::Float(x) => x.into(),
        Setting::Text(text) => text.into(),
        Setting::List(items) => Value::Tuple(items.iter().map(|x| x.number().into()).collect()),
    })
}

/// Takes over what PyTorch's optimizer of the same kind gave as `state_dict()`: its parameters must come in the same
/// order. Settings that are about the way of computing only (`foreach`, `fused`) are left alone.
pub fn from_pytorch(optimizer: &mut dyn Optimizer, value: &Value) -> Result<()> {
    let known = optimizer.state_dict()?;
    let mut dict = StateDict::new();
    let groups = value.at("param_groups")?.as_list().unwrap_or(&[]);
    let mut numbers = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        for (key, value) in group.entries() {
            let Some(name) = key.as_str() else { continue };
            let path = format!("param_groups.{i}.{name}");
            if name == "params" {
                numbers.extend(value.as_list().unwrap_or(&[]).iter().filter_map(Value::as_i64));
            } else if known.get(&path).is_some() {
                dict.insert(path, setting(name, value)?.to_tensor()?);
            } else if let Value::Tensor(tensor) = value {
                dict.insert(path, tensor.clone());
            } else if let Value::Float(x) = value {
                dict.insert(path, Tensor::from_slice(&[*x], ())?);
            }
        }
    }
    for (number, state) in value.at("state")?.entries() {
        let place = number.as_i64().and_then(|number| numbers.iter().position(|known| *known == number));
        let Some(place) = place else {
            return Err(wrong(format!("there is a state of parameter {number}, which is in no group")));
        };
        for (key, value) in state.entries() {
            let (Some(name), tensor) = (key.as_str(), value.as_tensor()) else { continue };
            let tensor = match (tensor, value.as_f64()) {
                (Some(tensor), _) => tensor.clone(),
                (None, Some(x)) => Tensor::from_slice(&[x], ())?,
                (None, None) => continue,
            };
            dict.insert(format!("state.{place}.{name}"), tensor);
        }
    }
    optimizer.load_state_dict(&dict)
}

fn setting(name: &str, value: &Value) -> Result<Setting> {
    Ok(match value {
        Value::None => Setting::None,
        Value::Bool(b) => Setting::Bool(*b),
        Value::Text(text) => Setting::Text(text.clone()),
        Value::Tensor(tensor) => Setting::Float(tensor.item()?),
        Value::List(items) | Value::Tuple(items) => {
            Setting::List(items.iter().map(|item| setting(name, item)).collect::<Result<_>>()?)
        }
        other => match (other.as_i64(), other.as_f64()) {
            (Some(n), _) => Setting::Int(n),
            (None, Some(x)) => Setting::Float(x),
            (None, None) => return Err(wrong(format!("{name} cannot be a {}", other.kind()))),
        },
    })
}

fn wrong(why: String) -> Error {
    Error::new("from_pytorch", why).hint("give it what optimizer.state_dict() is in PyTorch")
}
