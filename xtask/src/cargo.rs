//! Calls of cargo, and where the workspace is.

use crate::Result;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    // Cargo says where the package is when it runs it; the compiled-in path is for those who start the binary by hand.
    let here =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map(PathBuf::from).unwrap_or(here)
}

/// `cargo SUBCOMMAND` on this workspace. The current folder stays the user's, so that paths among the arguments mean what they say.
pub fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand).arg("--manifest-path").arg(root().join("Cargo.toml"));
    command
}

/// Runs it with our own input and output.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().map_err(|why| format!("cannot run {}: {why}", show(command)))
}

/// Runs it and gives what it wrote to standard output; its standard error is ours.
pub fn output(command: &mut Command) -> Result<(ExitStatus, String)> {
    let done = command.stderr(std::process::Stdio::inherit()).output();
    let done = done.map_err(|why| format!("cannot run {}: {why}", show(command)))?;
    Ok((done.status, String::from_utf8_lossy(&done.stdout).into_owned()))
}

/// Our exit code where a program's is ours: a program ended by a signal has none, and counts as failed.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}

/// The command as the user would type it.
pub fn show(command: &Command) -> String {
    let mut words = vec!["cargo".to_string()];
    let mut args = command.get_args();
    while let Some(arg) = args.next() {
        if arg == "--manifest-path" {
            args.next();
        } else {
            words.push(arg.to_string_lossy().into_owned());
        }
    }
    words.join(" ")
}
