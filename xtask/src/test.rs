//! `cargo xtask test`: everything that must hold, with a line per stage at the end.

mod cargo_test;
mod conformance;
mod counts;
mod gradcheck;
mod page;

use crate::Result;
use crate::args::Args;
use crate::stages::Stages;
use std::process::ExitCode;

/// Runs all stages, also after one has failed: one run shows everything that is wrong.
pub fn run(_: &Args) -> Result<ExitCode> {
    let mut stages = Stages::default();
    stages.run("cargo test --workspace", cargo_test::run);
    stages.run("conformance tests/conformance", conformance::run);
    stages.run("gradcheck", gradcheck::run);
    stages.run("docs: operators, optimizers", page::run);
    Ok(stages.finish())
}
