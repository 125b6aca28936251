//! The fourth stage: the pages of operators and optimizers say what the tables give today.

use crate::Result;
use crate::cargo::output;
use crate::programs::PAGES;
use crate::stages::Outcome;

/// Compares the pages with fresh ones.
pub fn run() -> Result<Outcome> {
    let (status, text) = output(&mut PAGES.command(&["--check".into()]))?;
    print!("{text}");
    Ok(Outcome::whole(status.success(), "docs/operators.md, docs/optimizers.md"))
}
