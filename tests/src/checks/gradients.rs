//! Derivatives against finite differences, to second order, and which recorded operations they cover.
use super::caught;
use crate::{
    args::Args,
    fault::{Fault, Res},
    sample::{Make, Sample},
    table::{self, Check, Row},
};
use autograd::{GradOptions, GradcheckOptions, grad, gradcheck, gradgradcheck};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Mutex,
};
use tensor_core::{DType, Device, Error, Result, Tensor, graph::Node, manual_seed};

/// How the derivatives of one row went.
#[derive(Debug)]
pub struct Gradients {
    /// The row.
    pub row: &'static Row,
    /// Comparisons that held.
    pub passed: usize,
    /// What is wrong with the others.
    pub failures: Vec<String>,
    /// The kinds of operations that were recorded.
    pub recorded: BTreeSet<String>,
}

/// First and second order of one row.
pub fn gradients(row: &'static Row) -> Gradients {
    let mut result = Gradients { row, passed: 0, failures: Vec::new(), recorded: BTreeSet::new() };
    for (check, order) in [(Check::Gradient, "first"), (Check::SecondOrder, "second")] {
        if row.skipped(check).is_some() {
            continue;
        }
        for (i, sample) in row.samples.iter().enumerate() {
            let recorded = Mutex::new(BTreeSet::new());
            let outcome = caught(|| one_sample(row, sample, check, &recorded));
            match outcome {
                Ok(Ok(())) => result.passed += 1,
                Ok(Err(fault)) => result.failures.push(format!("{} sample {i}, {order} order: {fault}", row.name)),
                Err(panic) => result.failures.push(format!("{} sample {i}, {order} order: panic: {panic}", row.name)),
            }
            result.recorded.extend(recorded.into_inner().unwrap_or_default());
        }
    }
    result
}

fn one_sample(row: &Row, sample: &Sample, check: Check, recorded: &Mutex<BTreeSet<String>>) -> Res<()> {
    let args = sample.make(&Make { dtype: DType::F64, device: Device::cpu(), requires_grad: true })?;
    let leaves: Vec<&Tensor> = args.all_tensors().into_iter().filter(|t| t.requires_grad()).collect();
    if leaves.is_empty() {
        return Ok(());
    }
    let f = |values: &[Tensor]| -> Result<Vec<Tensor>> {
        manual_seed(7);
        let outputs = with_leaves(&args, values).and_then(|args| table::call(row, &args)).map_err(into_error)?;
        if let Ok(mut kinds) = recorded.lock() {
            collect(&outputs, &mut kinds);
        }
        Ok(outputs)
    };
    let options = GradcheckOptions::default();
    match check {
        Check::Gradient => gradcheck(f, &leaves, options)?,
        _ => {
            gradgradcheck(f, &leaves, options)?;
            // What only derivatives record, second order has just checked.
            let points = copies(&leaves);
            let outputs: Vec<Tensor> = f(&points)?.into_iter().filter(|y| y.requires_grad()).collect();
            let (ys, xs): (Vec<&Tensor>, Vec<&Tensor>) = (outputs.iter().collect(), points.iter().collect());
            let ones = ys.iter().map(|y| Ok(y.ones_like()?.requires_grad_(true))).collect::<Result<Vec<_>>>()?;
            let ones: Vec<&Tensor> = ones.iter().collect();
            let options =
                GradOptions { grad_outputs: &ones, create_graph: true, allow_unused: true, ..Default::default() };
            if let (false, Ok(mut kinds)) = (ys.is_empty(), recorded.lock()) {
                collect(&grad(&ys, &xs, options)?, &mut kinds);
            }
        }
    }
    Ok(())
}

fn copies(leaves: &[&Tensor]) -> Vec<Tensor> {
    leaves.iter().map(|t| t.detach().requires_grad_(true)).collect()
}

/// The same call with other values for the tensors that require grad.
fn with_leaves(args: &Args, values: &[Tensor]) -> Res<Args> {
    let mut values = values.iter();
    args.map_tensors(&mut |t| match t.requires_grad() {
        true => values.next().cloned().ok_or_else(|| Fault::Wrong("too few values".into())),
        false => Ok(t.clone()),
    })
}

fn into_error(fault: Fault) -> Error {
    match fault {
        Fault::Failed(e) => e,
        other => Error::new("row", other.to_string()),
    }
}

/// The kinds of all operations behind these tensors.
fn collect(outputs: &[Tensor], kinds: &mut BTreeSet<String>) {
    let mut seen = HashSet::new();
    let mut open: Vec<&Node> = outputs.iter().filter_map(|t| t.edge()).map(|e| &*e.node).collect();
    while let Some(node) = open.pop() {
        if seen.insert(node.id()) {
            kinds.insert(super::coverage::kind(node.op()));
            open.extend(node.edges().iter().flatten().map(|e| &*e.node));
        }
    }
}
