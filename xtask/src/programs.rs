//! The programs of the `tests` package: they know the crates, so that xtask need not.

use crate::Result;
use crate::args::Args;
use crate::cargo::{cargo, exit_code, status};
use std::process::{Command, ExitCode};

/// A program of the `tests` package.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    name: &'static str,
    /// Only what is timed: for the others the dev profile, which optimises the kernels, is quicker from edit to answer.
    release: bool,
}

/// Replays recorded cases.
pub const CONFORMANCE: Program = Program { name: "conformance", release: false };
/// Compares derivatives with finite differences.
pub const GRADCHECK: Program = Program { name: "gradcheck", release: false };
/// Writes the pages of operators and optimizers.
pub const PAGES: Program = Program { name: "pages", release: false };
/// Times the benchmark rows.
pub const BENCH: Program = Program { name: "bench", release: true };

impl Program {
    /// The call of cargo that builds and runs it with these arguments. What cargo says goes to standard error.
    pub fn command(self, args: &[String]) -> Command {
        let mut command = cargo("run");
        command.args(["--quiet", "--package", "flambeau-tests", "--bin", self.name]);
        if self.release {
            command.arg("--release");
        }
        command.arg("--").args(args);
        command
    }
}

/// Runs it in our place: arguments, output and exit code are its own.
pub fn run(program: Program, args: &Args) -> Result<ExitCode> {
    Ok(exit_code(status(&mut program.command(&args.words))?))
}
