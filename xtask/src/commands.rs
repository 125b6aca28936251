//! The table of commands: it is the help, the check of what the user typed, and the dispatch.

use crate::args::{Args, Flag};
use crate::nearest::nearest;
use crate::{Result, check, digits, miri, programs, test};
use std::process::ExitCode;

struct Command {
    name: &'static str,
    /// The word that may stand without a flag.
    place: Option<&'static str>,
    /// One line for the list.
    about: &'static str,
    flags: &'static [Flag],
    run: fn(&Args) -> Result<ExitCode>,
}

const fn flag(name: &'static str, value: Option<&'static str>, about: &'static str) -> Flag {
    Flag { name, value, about }
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        place: None,
        about: "everything that must hold: tests and documentation of every crate, conformance, gradients",
        flags: &[],
        run: test::run,
    },
    Command {
        name: "check",
        place: None,
        about: "everything that must be tidy: format, lints, layering, unsafe code, documentation, file sizes",
        flags: &[flag("--each", None, "also run the tests of every crate on its own")],
        run: check::run,
    },
    Command {
        name: "conformance",
        place: Some("DIR"),
        about: "replay cases recorded from PyTorch (default: tests/conformance)",
        flags: &[
            flag("--filter", Some("REGEX"), "only the cases whose id matches"),
            flag("--device", Some("cpu|cuda"), "where to compute (default: cpu)"),
            flag("--json", Some("FILE"), "also write one JSON line a case"),
            flag("--show-failures", Some("N"), "explain the first N failures"),
        ],
        run: |args| programs::run(programs::CONFORMANCE, args),
    },
    Command {
        name: "gradcheck",
        place: None,
        about: "compare every derivative, first and second order, with finite differences",
        flags: &[],
        run: |args| programs::run(programs::GRADCHECK, args),
    },
    Command {
        name: "bench",
        place: None,
        about: "time the benchmark rows, in release",
        flags: &[
            flag("--json", None, "one JSON line a row on standard output, nothing else"),
            flag("--only", Some("REGEX"), "only the rows whose name matches"),
            flag("--quick", None, "fewer repetitions"),
            flag("--threads", Some("N"), "how many threads compute (default: all cores)"),
            flag("--list", None, "name the rows, those not there yet included, and stop"),
        ],
        run: |args| programs::run(programs::BENCH, args),
    },
    Command {
        name: "docs",
        place: None,
        about: "write docs/operators.md and docs/optimizers.md from the tables and the recorded cases",
        flags: &[flag("--check", None, "only say whether the pages are current")],
        run: |args| programs::run(programs::PAGES, args),
    },
    Command {
        name: "digits-seeds",
        place: None,
        about: "train the digits example with seeds 0 to 4, in release, and judge the accuracies",
        flags: &[],
        run: digits::run,
    },
    Command {
        name: "miri",
        place: None,
        about: "run the layout, storage and copy tests of tensor-core under Miri",
        flags: &[],
        run: miri::run,
    },
];

/// Runs the command that `words` name.
pub fn run(words: &[String]) -> Result<ExitCode> {
    let Some((name, rest)) = words.split_first() else {
        print_list();
        return Ok(ExitCode::SUCCESS);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        match rest.first() {
            Some(name) => print_help(find(name)?),
            None => print_list(),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let command = find(name)?;
    if rest.iter().any(|w| w == "--help" || w == "-h") {
        print_help(command);
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::parse(name, rest, command.flags, usize::from(command.place.is_some()))?;
    (command.run)(&args)
}

fn find(name: &str) -> Result<&'static Command> {
    COMMANDS.iter().find(|c| c.name == name).ok_or_else(|| match nearest(name, COMMANDS.iter().map(|c| c.name)) {
        Some(near) => {
            format!("there is no command `{name}`; did you mean `cargo xtask {near}`?")
        }
        None => format!("there is no command `{name}`; `cargo xtask help` lists them"),
    })
}

fn print_list() {
    println!("cargo xtask COMMAND\n");
    for command in COMMANDS {
        println!("  {:<18} {}", name_and_place(command), command.about);
        for flag in command.flags {
            println!("  {:<18}   {:<18} {}", "", usage_of(flag), flag.about);
        }
    }
    println!("  {:<18} this list, or one command's part of it", "help [COMMAND]");
}

fn print_help(command: &Command) {
    let flags: String = command.flags.iter().map(|f| format!(" [{}]", usage_of(f))).collect();
    println!("cargo xtask {}{flags}\n\n{}", name_and_place(command), command.about);
    for flag in command.flags {
        println!("  {:<18} {}", usage_of(flag), flag.about);
    }
}

fn name_and_place(command: &Command) -> String {
    match command.place {
        Some(place) => format!("{} [{place}]", command.name),
        None => command.name.to_string(),
    }
}

fn usage_of(flag: &Flag) -> String {
    match flag.value {
        Some(value) => format!("{} {value}", flag.name),
        None => flag.name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_is_answered_with_the_nearest() {
        let words = ["gradchek".to_string()];
        assert_eq!(run(&words).unwrap_err(), "there is no command `gradchek`; did you mean `cargo xtask gradcheck`?");
    }
}
