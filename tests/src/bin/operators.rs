//! `operators [--check]`: writes `docs/operators.md`, the page of every operator, from the table and the recorded cases;
//! with `--check` it only says whether the page is current.
use flambeau_tests::page;
use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref()) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("operators: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(flag: Option<&str>) -> Result<String, String> {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let file = tests.join("../docs/operators.md");
    let text = page::operators(&tests.join("conformance"))?;
    let rows = text.lines().filter(|line| line.starts_with("| `")).count();
    match flag {
        None => {
            std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
            Ok(format!("docs/operators.md: {rows} operators"))
        }
        Some("--check") => {
            let there = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            match there == text {
                true => Ok(format!("docs/operators.md is current: {rows} operators")),
                false => Err("docs/operators.md is not what the table gives; `cargo xtask docs` writes it anew".into()),
            }
        }
        Some(other) => Err(format!("unknown argument {other}; operators [--check]")),
    }
}
