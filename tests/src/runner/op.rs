//! Kinds "op" and "op_error": one call, its outputs and gradients, or its refusal.
use super::Case;
use crate::{
    args::Args,
    compare,
    fault::{Fault, Res, unsupported, wrong},
    table,
};
use tensor_core::Tensor;

fn call(case: &Case<'_>) -> Res<(Args, Vec<Tensor>)> {
    let name = case.text("op")?;
    let Some(row) = table::find(name) else { return unsupported(format!("operator {name}")) };
    let args = Args::new(case.values(&case.json["args"])?, case.named_values(&case.json["kwargs"])?);
    let outputs = table::call(row, &args)?;
    Ok((args, outputs))
}

/// The outputs and gradients are as recorded.
pub(super) fn replay(case: &Case<'_>) -> Res<()> {
    let (args, outputs) = call(case)?;
    same_outputs(case, &outputs)?;
    same_gradients(case, &outputs, &|path| args.at(path).cloned())
}

/// The call returns an error.
pub(super) fn replay_error(case: &Case<'_>) -> Res<()> {
    match call(case) {
        Err(Fault::Failed(_)) => Ok(()),
        Err(other) => Err(other),
        Ok(_) => wrong("it gave a result, and PyTorch refuses"),
    }
}

pub(super) fn same_outputs(case: &Case<'_>, outputs: &[Tensor]) -> Res<()> {
    let expected = case.list("outputs");
    if outputs.len() != expected.len() {
        return wrong(format!("{} outputs, expected {}", outputs.len(), expected.len()));
    }
    for (i, (got, key)) in outputs.iter().zip(expected).enumerate() {
        compare::same(&format!("output {i}"), got, &case.tensor(key)?, case.tolerance())?;
    }
    Ok(())
}

pub(super) fn same_gradients(case: &Case<'_>, _outputs: &[Tensor], _leaf: &dyn Fn(&str) -> Option<Tensor>) -> Res<()> {
    if case.json["backward"].is_null() { Ok(()) } else { unsupported("gradients") }
}
