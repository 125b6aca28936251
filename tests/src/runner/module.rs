//! Kind "module": built from its constructor's arguments, loaded with a state, called, and looked at afterwards.
use super::{Case, op};
use crate::{
    args::Args,
    compare,
    fault::{Res, unsupported, wrong},
    modules,
};
use nn::{Module, StateDict};
use serde_json::Value as Json;
use tensor_core::{DType, Tensor};

/// Outputs, gradients and buffers are as recorded.
pub(super) fn replay(case: &Case<'_>) -> Res<()> {
    let ctor = Args::new(case.values(&case.json["ctor_args"])?, case.named_values(&case.json["ctor_kwargs"])?);
    let built = modules::build(case.text("module")?, &ctor)?;
    let args = Args::new(case.values(&case.json["args"])?, case.named_values(&case.json["kwargs"])?);
    if let Some(module) = &built.module {
        load(&**module, &state(case, &case.json["state"])?, case)?;
        module.set_training(case.json["training"].as_bool().unwrap_or(true));
    }
    let outputs = (built.forward)(&args)?;
    let left = args.leftovers();
    if !left.is_empty() {
        return unsupported(left.join(", "));
    }
    op::same_outputs(case, &outputs)?;
    let parameters = built.module.as_ref().map(|m| m.named_parameters()).unwrap_or_default();
    op::same_gradients(case, &outputs, &|of| match of.strip_prefix("params.") {
        Some(name) => parameters.iter().find(|(n, _)| n == name).map(|(_, p)| p.share()),
        None => args.at(of).cloned(),
    })?;
    let Some(module) = &built.module else { return Ok(()) };
    same_state(case, &module.state_dict(), &case.json["buffers_after"], "buffer")
}

/// The tensors that a case lists by name.
pub(super) fn state(case: &Case<'_>, json: &Json) -> Res<StateDict> {
    let mut dict = StateDict::new();
    for (name, key) in json.as_object().into_iter().flatten() {
        dict.insert(name.as_str(), case.tensor(key)?);
    }
    Ok(dict)
}

/// Gives a module the values, dtype and device of a recorded state.
pub(super) fn load(module: &dyn Module, state: &StateDict, case: &Case<'_>) -> Res<()> {
    let dtype = state.iter().map(|(_, t)| t.dtype()).find(|d| d.is_float()).unwrap_or(DType::F32);
    module.to_dtype(dtype)?;
    module.to_device(case.device)?;
    Ok(module.load_state_dict(state)?)
}

/// Every tensor of `expected` is in `got`, with its values.
pub(super) fn same_state(case: &Case<'_>, got: &StateDict, expected: &Json, what: &str) -> Res<()> {
    for (name, key) in expected.as_object().into_iter().flatten() {
        let Some(value) = got.get(name) else { return wrong(format!("there is no {what} {name}")) };
        let expected: Tensor = case.tensor(key)?;
        compare::same(&format!("{what} {name}"), value, &expected, case.tolerance())?;
    }
    Ok(())
}
