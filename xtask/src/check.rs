//! `cargo xtask check`: everything that must be tidy, the quick looks first.

mod alone;
mod layering;
mod module_docs;
mod rust_text;
mod sizes;
mod sources;
mod tools;
mod unsafe_code;

use crate::Result;
use crate::args::Args;
use crate::stages::{Outcome, Stages};
use std::process::ExitCode;

/// Runs all checks, also after one has failed.
pub fn run(args: &Args) -> Result<ExitCode> {
    let sources = sources::all()?;
    let mut stages = Stages::default();
    stages.run("layering", layering::run);
    stages.run("unsafe code", || Ok(judge(unsafe_code::findings(&sources), sources.len())));
    stages.run("module documentation", || Ok(judge(module_docs::findings(&sources), sources.len())));
    stages.run("file sizes", || Ok(judge(sizes::findings(&sources), sources.len())));
    stages.run("cargo fmt --check", tools::fmt);
    stages.run("cargo clippy", tools::clippy);
    stages.run("cargo doc", tools::doc);
    for name in layering::crates()? {
        stages.run(&format!("cargo check -p {name}"), || alone::builds(&name));
        if args.has("--each") {
            stages.run(&format!("cargo test -p {name}"), || alone::passes(&name));
        }
    }
    Ok(stages.finish())
}

/// Prints the findings; the check holds where there is none.
fn judge(findings: Vec<String>, files: usize) -> Outcome {
    findings.iter().for_each(|finding| println!("   {finding}"));
    Outcome::whole(findings.is_empty(), format!("{files} files"))
}
