//! What must hold for every row of the table, each as a function that gives the list of what does not.
mod agreement;
mod coverage;
mod gradients;
mod layouts;
mod precision;
mod random_arguments;
mod robust;

pub use agreement::naive_agrees;
pub use coverage::{kinds, unreached};
pub use gradients::{Gradients, gradients};
pub use layouts::layouts_do_not_matter;
pub use precision::{halves_are_rounded_once, singles_are_near};
pub use random_arguments::random_arguments;
pub use robust::nothing_panics;

use crate::{
    args::Args,
    compare::{self, Tolerance},
    fault::{Outcome, Res},
    runner::caught,
    sample::{Make, Sample},
    table::{self, Check, Row},
};
use tensor_core::{DType, Device, Tensor, manual_seed};

/// Floats of `dtype` on the CPU, without gradients.
fn plain(dtype: DType) -> Make {
    Make { dtype, device: Device::cpu(), requires_grad: false }
}

/// Runs `check` on every sample of every row that does not skip it, and gives what went wrong.
fn each_sample(which: Check, check: impl Fn(&Row, &Sample) -> Res<()>) -> Vec<String> {
    let mut failures = Vec::new();
    for row in table::rows().iter().filter(|row| row.skipped(which).is_none()) {
        for (i, sample) in row.samples.iter().enumerate() {
            match caught(|| check(row, sample)) {
                Ok(Ok(())) => {}
                Ok(Err(fault)) => failures.push(format!("{} sample {i}: {fault}", row.name)),
                Err(panic) => failures.push(format!("{} sample {i}: panic: {panic}", row.name)),
            }
        }
    }
    failures
}

/// A call that draws the same random numbers each time.
fn call(row: &Row, args: &Args) -> Outcome {
    manual_seed(7);
    table::call(row, args)
}

/// What a call gives, or the message of the panic that it should not have been.
pub(crate) fn outcome(row: &Row, args: &Args) -> Result<Outcome, String> {
    caught(|| call(row, args))
}

/// Each of `got` against each of `expected`.
fn all_same(got: &[Tensor], expected: &[Tensor], tolerance: Tolerance) -> Res<()> {
    if got.len() != expected.len() {
        return crate::fault::wrong(format!("{} outputs, expected {}", got.len(), expected.len()));
    }
    got.iter()
        .zip(expected)
        .enumerate()
        .try_for_each(|(i, (g, e))| compare::same(&format!("output {i}"), g, e, tolerance))
}
