//! The fourth stage: the page of operators says what the table gives today.

use crate::Result;
use crate::cargo::output;
use crate::programs::OPERATORS;
use crate::stages::Outcome;

/// Compares the page with a fresh one.
pub fn run() -> Result<Outcome> {
    let (status, text) = output(&mut OPERATORS.command(&["--check".into()]))?;
    print!("{text}");
    Ok(Outcome::whole(status.success(), "docs/operators.md"))
}
