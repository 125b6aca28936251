//! Miri, the interpreter that sees undefined behaviour, on the code where a wrong index would be one.

use crate::Result;
use crate::cargo::{exit_code, root};
use std::process::{Command, ExitCode, Stdio};

/// The tests to interpret, by the words in their paths. Kernels stay out: Miri does not know their SIMD instructions.
const TESTS: &[&str] = &["layout::", "storage::", "copy::", "alloc::"];

const INSTALL: &str = "rustup toolchain install nightly --component miri --component rust-src";

/// Runs the tests under Miri; where it is not installed, says how to install it and succeeds, for nothing was found wrong.
pub fn run(_: &crate::args::Args) -> Result<ExitCode> {
    let installed = nightly().args(["miri", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|s| s.success()) {
        println!("skipped: Miri is not installed; `{INSTALL}` installs it.");
        return Ok(ExitCode::SUCCESS);
    }
    let mut command = nightly();
    command.args(["miri", "test", "--package", "tensor-core", "--lib", "--"]).args(TESTS).current_dir(root());
    // Properties read the clock and the environment, and each of their cases is interpreted some thousand times slower.
    // The queues between rayon's threads break the older of Miri's two rules of borrowing, and its threads never end.
    let flags = "-Zmiri-disable-isolation -Zmiri-tree-borrows -Zmiri-ignore-leaks";
    command.env("MIRIFLAGS", flags).env("PROPTEST_CASES", "4");
    Ok(exit_code(command.status().map_err(|why| format!("cannot run cargo +nightly miri: {why}"))?))
}

/// `cargo +nightly`. Only rustup's cargo, the first of the path, understands it: not the one that `$CARGO` names.
fn nightly() -> Command {
    let mut command = Command::new("cargo");
    command.arg("+nightly").env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
    command
}
