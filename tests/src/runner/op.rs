//! Kinds "op" and "op_error": one call, its outputs and gradients, or its refusal.
use super::Case;
use crate::{
    args::Args,
    compare,
    fault::{Fault, Res, unsupported, wrong},
    table,
};
use autograd::{BackwardOptions, backward_many};
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
        // What the compiler refuses is refused earlier still.
        Err(Fault::Failed(_) | Fault::Refused(_)) => Ok(()),
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

pub(super) fn same_gradients(case: &Case<'_>, outputs: &[Tensor], leaf: &dyn Fn(&str) -> Option<Tensor>) -> Res<()> {
    let backward = &case.json["backward"];
    if backward.is_null() {
        return Ok(());
    }
    let entries = |key: &str| backward[key].as_array().map_or(&[][..], Vec::as_slice);
    let mut roots = Vec::new();
    let mut cotangents = Vec::new();
    for entry in entries("cotangents") {
        let i = entry["output"].as_u64().unwrap_or(0) as usize;
        let Some(output) = outputs.get(i) else { return wrong(format!("there is no output {i}")) };
        // Where nothing was recorded, nothing flows back, and the zeros are compared below.
        if output.requires_grad() {
            roots.push(output);
            cotangents.push(case.tensor(&entry["tensor"])?);
        }
    }
    if !roots.is_empty() {
        let cotangents: Vec<Option<&Tensor>> = cotangents.iter().map(Some).collect();
        backward_many(&roots, &cotangents, BackwardOptions::default())?;
    }
    for entry in entries("grads") {
        let of = entry["of"].as_str().unwrap_or("nothing");
        let expected = case.tensor(&entry["tensor"])?;
        let Some(leaf) = leaf(of) else { return unsupported(format!("a gradient of {of}")) };
        let got = match leaf.grad() {
            Some(g) => g,
            None => leaf.detach().zeros_like()?,
        };
        compare::same(&format!("gradient of {of}"), &got, &expected, case.tolerance())?;
    }
    Ok(())
}
