//! The first stage: `cargo test --workspace`, a line per test program, in full only where one fails.

use super::counts::Counts;
use crate::Result;
use crate::cargo::{cargo, show};
use crate::stages::Outcome;
use std::io::{BufRead, BufReader};
use std::time::Instant;

/// Runs the tests of all crates, those in the documentation included, and sums the counts.
pub fn run() -> Result<Outcome> {
    let mut command = cargo("test");
    // Plain cargo, so that only Rust is needed. A failure does not keep the other crates from being tested.
    command.args(["--workspace", "--no-fail-fast"]).env("CARGO_TERM_COLOR", "never");
    let cannot = |why| format!("cannot run {}: {why}", show(&command));

    // Cargo names the program on standard error, the program counts on standard output: one pipe keeps them in order.
    let (reader, writer) = std::io::pipe().map_err(cannot)?;
    let both = writer.try_clone().map_err(cannot)?;
    let mut child =
        command.stdout(writer).stderr(both).spawn().map_err(|why| format!("cannot run cargo test: {why}"))?;
    drop(command); // It holds the writing ends: the pipe ends when the last one is closed.

    let mut tally = Tally::default();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line.map_err(|why| format!("reading the tests' output: {why}"))?;
        tally.line(&String::from_utf8_lossy(&line));
    }
    tally.end_program();
    let status = child.wait().map_err(|why| format!("waiting for cargo test: {why}"))?;

    let Counts { passed, failed, ignored } = tally.total;
    // Of a crate that does not compile, no test has failed.
    let failed = if status.success() { failed } else { failed.max(1) };
    let mut note = format!("{} programs", tally.programs);
    if ignored > 0 {
        note += &format!(", {ignored} ignored");
    }
    Ok(Outcome { passed, failed, note })
}

/// Sums the counts while the lines come, and prints what a person wants to see of them.
#[derive(Debug, Default)]
struct Tally {
    total: Counts,
    programs: usize,
    program: Option<Program>,
}

/// The test program whose output is being read.
#[derive(Debug)]
struct Program {
    name: String,
    start: Instant,
    counts: Counts,
    output: Vec<String>,
    broken: bool,
}

impl Tally {
    fn line(&mut self, line: &str) {
        if is_summary(line) {
            self.end_program();
        }
        if let Some(name) = program_name(line) {
            self.end_program();
            let start = Instant::now();
            self.program = Some(Program { name, start, counts: Counts::default(), output: Vec::new(), broken: false });
        } else if let Some(program) = &mut self.program {
            if let Some(counts) = Counts::of(line) {
                program.counts.add(counts);
            }
            program.broken |= is_failure(line);
            program.output.push(line.to_string());
            if line.contains("has been running for over") {
                println!("   {line}");
            }
        } else {
            println!("   {line}"); // Cargo's own: what it compiles, and what does not.
        }
    }

    fn end_program(&mut self) {
        let Some(mut program) = self.program.take() else {
            return;
        };
        // A program that was killed has not come to counting its failure.
        program.counts.failed = program.counts.failed.max(usize::from(program.broken));
        let Counts { passed, failed, ignored } = program.counts;
        if failed > 0 {
            let told = program.output.iter().filter(|line| !is_success(line));
            told.for_each(|line| println!("{line}"));
        }
        if passed + failed + ignored > 0 {
            let verdict = if failed > 0 { "FAILED" } else { "ok" };
            println!(
                "   {:<44} {passed:>5} passed {:>7.1} s  {verdict}",
                program.name,
                program.start.elapsed().as_secs_f64()
            );
            self.programs += 1;
        }
        self.total.add(program.counts);
    }
}

/// A line that would only hide the failures.
fn is_success(line: &str) -> bool {
    line.is_empty() || (line.starts_with("test ") && (line.ends_with("... ok") || line.ends_with("... ignored")))
}

/// Cargo's verdict on the program that has just ended.
fn is_failure(line: &str) -> bool {
    line.starts_with("error: test failed") || line.starts_with("error: doctest failed")
}

/// Cargo's last words, `error: 2 targets failed:`, which belong to no program.
fn is_summary(line: &str) -> bool {
    line.starts_with("error: ") && (line.ends_with(" target failed:") || line.ends_with(" targets failed:"))
}

/// What a person calls the program that cargo is about to run; `None` where this is no line about that.
fn program_name(line: &str) -> Option<String> {
    if let Some(name) = line.strip_prefix("   Doc-tests ") {
        return Some(format!("{name}, documentation"));
    }
    let (source, file) = line.strip_prefix("     Running ")?.split_once(" (")?;
    // The file is `target/debug/deps/NAME-HASH`: for unit tests only it names the crate.
    let name = file.rsplit(['/', '\\']).next()?.rsplit_once('-')?.0;
    Some(source.strip_prefix("unittests ").map_or_else(|| source.to_string(), |source| format!("{name}, {source}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_named_by_crate_or_file() {
        let line = "     Running unittests src/lib.rs (target/debug/deps/tensor_core-0a1b2c)";
        assert_eq!(program_name(line).unwrap(), "tensor_core, src/lib.rs");
        assert_eq!(
            program_name("     Running tests/life.rs (target/debug/deps/life-0a1b2c)").unwrap(),
            "tests/life.rs"
        );
        assert_eq!(program_name("   Doc-tests nn").unwrap(), "nn, documentation");
        assert_eq!(program_name("   Compiling nn v0.1.0"), None);
    }

    #[test]
    fn the_counts_of_all_programs_are_summed() {
        let output = "   Compiling a v0.1.0
     Running unittests src/lib.rs (target/debug/deps/a-0)
running 2 tests
test one ... ok
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests a
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests empty
test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.line(line));
        tally.end_program();
        assert_eq!(tally.total, Counts { passed: 9, failed: 0, ignored: 1 });
        assert_eq!(tally.programs, 2);
    }

    #[test]
    fn a_killed_program_has_failed_once_and_its_neighbour_has_not() {
        let output = "     Running unittests src/lib.rs (target/debug/deps/a-0)
running 2 tests
error: test failed, to rerun pass `-p a --lib`
   Doc-tests a
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
error: 1 target failed:
    `-p a --lib`";
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.line(line));
        tally.end_program();
        assert_eq!(tally.total, Counts { passed: 3, failed: 1, ignored: 0 });
    }
}
