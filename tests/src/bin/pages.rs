//! `pages [--check]`: writes `docs/operators.md` and `docs/optimizers.md` from the tables and the recorded cases; with
//! `--check` it only says whether they are current.
use flambeau_tests::page;
use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref()) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("pages: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(flag: Option<&str>) -> Result<String, String> {
    let check = match flag {
        None => false,
        Some("--check") => true,
        Some(other) => return Err(format!("unknown argument {other}; pages [--check]")),
    };
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = tests.join("conformance");
    let mut said = Vec::new();
    for (name, text) in [("operators", page::operators(&cases)?), ("optimizers", page::optimizers(&cases)?)] {
        let file = tests.join(format!("../docs/{name}.md"));
        let wrong = |e: std::io::Error| format!("{}: {e}", file.display());
        let rows = text.lines().filter(|line| line.starts_with("| `") || line.starts_with("- **`")).count();
        if !check {
            std::fs::write(&file, text).map_err(wrong)?;
        } else if std::fs::read_to_string(&file).map_err(wrong)? != text {
            return Err(format!("docs/{name}.md is not what its table gives; `cargo xtask docs` writes it anew"));
        }
        said.push(format!("docs/{name}.md: {rows} {name}"));
    }
    Ok(said.join("; "))
}
