//! The third stage: every derivative against finite differences.

use super::counts::number;
use crate::Result;
use crate::cargo::output;
use crate::programs::GRADCHECK;
use crate::stages::Outcome;

/// Runs it; its last line with `N passed, N failed` gives the counts.
pub fn run() -> Result<Outcome> {
    let (status, text) = output(&mut GRADCHECK.command(&[]))?;
    print!("{text}");
    let counts = text.lines().rev().find_map(|line| Some((number(line, "passed")?, number(line, "failed")?)));
    let (passed, failed) = counts.ok_or("gradcheck ended without a line `N passed, N failed`")?;
    // Whatever it counted, its exit code is its verdict.
    Ok(Outcome { passed, failed: if status.success() { failed } else { failed.max(1) }, note: String::new() })
}
