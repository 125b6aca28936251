//! The commands of a developer, without a shell script in sight: `cargo xtask help` lists them.
//!
//! It depends on none of the crates beside it, so it still runs when one of them does not compile.

mod args;
mod cargo;
mod check;
mod commands;
mod digits;
mod miri;
mod nearest;
mod programs;
mod stages;
mod test;

use std::process::ExitCode;

/// What went wrong, as the sentence that the user reads.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    commands::run(&words).unwrap_or_else(|why| {
        eprintln!("error: {why}");
        ExitCode::FAILURE
    })
}
