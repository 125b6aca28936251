//! What cargo's own tools find: format, lints, links in the documentation.

use crate::Result;
use crate::cargo::{cargo, status};
use crate::stages::Outcome;
use std::process::Command;

/// `cargo fmt --check`.
pub fn fmt() -> Result<Outcome> {
    holds(cargo("fmt").args(["--all", "--check"]))
}

/// Clippy with every warning an error, tests and examples included.
pub fn clippy() -> Result<Outcome> {
    holds(cargo("clippy").args(["--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

/// The documentation builds, and its links lead somewhere.
pub fn doc() -> Result<Outcome> {
    holds(cargo("doc").args(["--quiet", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

fn holds(command: &mut Command) -> Result<Outcome> {
    Ok(Outcome::whole(status(command)?.success(), ""))
}
