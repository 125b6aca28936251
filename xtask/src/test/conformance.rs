//! The second stage: the recorded cases, held to a floor, so that what once passed keeps passing.
//!
//! `tests/conformance/FLOOR.json` says how many cases of each kind must pass: `{"op": 1800}`. Cases of what the project does
//! not have yet are unsupported, and raise the floor when it has them.

use super::counts::number_after;
use crate::Result;
use crate::cargo::{output, root};
use crate::programs::CONFORMANCE;
use crate::stages::Outcome;
use serde_json::Value;

/// What the runner says about one kind: `op passed 1800 failed 3 unsupported 1924 of 3727`.
#[derive(Debug, PartialEq)]
struct Kind {
    name: String,
    passed: usize,
    failed: usize,
}

/// Replays all cases. Fails for each case below the floor of its kind, and for each panic.
pub fn run() -> Result<Outcome> {
    let folder = root().join("tests/conformance");
    let floor_file = folder.join("FLOOR.json");
    let floor = std::fs::read_to_string(&floor_file).map_err(|why| format!("{}: {why}", floor_file.display()))?;
    let floor = read_floor(&floor).map_err(|why| format!("{}: {why}", floor_file.display()))?;
    // Not in `target`, which a user may have put elsewhere.
    let report_file = std::env::temp_dir().join(format!("flambeau-conformance-{}.jsonl", std::process::id()));

    let args = [folder.display().to_string(), "--json".into(), report_file.display().to_string()];
    let (status, text) = output(&mut CONFORMANCE.command(&args))?;
    print!("{text}");
    let report = std::fs::read_to_string(&report_file);
    let _ = std::fs::remove_file(&report_file);
    let report = report.map_err(|_| format!("the runner wrote no report: {status}"))?;

    let kinds: Vec<Kind> = text.lines().filter_map(kind_of).collect();
    let panics = panics(&report);
    for id in &panics {
        println!("panicked: {id}");
    }
    let mut outcome = judge(&kinds, &floor);
    outcome.failed += panics.len();
    Ok(outcome)
}

fn read_floor(text: &str) -> Result<Vec<(String, usize)>> {
    let value: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
    let kinds = value.as_object().ok_or("not an object of kinds and numbers")?;
    let number = |(kind, least): (&String, &Value)| match least.as_u64() {
        Some(least) => Ok((kind.clone(), least as usize)),
        None => Err(format!("the floor of {kind} is no number: {least}")),
    };
    kinds.iter().map(number).collect()
}

fn kind_of(line: &str) -> Option<Kind> {
    let name = line.split_whitespace().next()?.trim_end_matches(':').to_string();
    let (passed, failed) = (number_after(line, "passed")?, number_after(line, "failed")?);
    number_after(line, "unsupported")?;
    (name != "total").then_some(Kind { name, passed, failed }) // The sum over all kinds is no kind.
}

/// Prints where a kind is under its floor, and where the floor could be raised.
fn judge(kinds: &[Kind], floor: &[(String, usize)]) -> Outcome {
    let mut outcome = Outcome::default();
    for (name, least) in floor {
        let passed = kinds.iter().find(|k| &k.name == name).map_or(0, |k| k.passed);
        if passed < *least {
            println!("{name}: {passed} cases pass, and {least} did once");
            outcome.failed += least - passed;
        } else if passed > *least {
            println!("{name}: {passed} cases pass now; raise the floor from {least}, so that they keep passing");
        }
    }
    outcome.passed = kinds.iter().map(|k| k.passed).sum();
    let open: usize = kinds.iter().map(|k| k.failed).sum();
    if open > 0 {
        outcome.note = format!("{open} cases are known to fail");
    }
    outcome
}

/// The ids of the cases that panicked.
fn panics(report: &str) -> Vec<String> {
    let cases = report.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let panicked = cases.filter(|case| case["why"].as_str().is_some_and(|why| why.starts_with("panic")));
    panicked.map(|case| case["id"].as_str().unwrap_or("?").to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(text: &str) -> Vec<(String, usize)> {
        read_floor(text).unwrap()
    }

    #[test]
    fn a_line_per_kind_is_read_and_the_total_is_not() {
        let line = "op passed 1800 failed 3 unsupported 1924 of 3727";
        assert_eq!(kind_of(line), Some(Kind { name: "op".into(), passed: 1800, failed: 3 }));
        assert_eq!(kind_of("total passed 1800 failed 3 unsupported 1924 of 3727"), None);
        assert_eq!(kind_of("op/add/3 failed: shapes differ"), None);
    }

    #[test]
    fn falling_below_the_floor_fails_by_as_many_cases() {
        let kinds = [Kind { name: "op".into(), passed: 90, failed: 7 }];
        assert_eq!(judge(&kinds, &floor(r#"{"op": 90}"#)).failed, 0);
        assert_eq!(judge(&kinds, &floor(r#"{"op": 92, "optim": 5}"#)).failed, 7);
        assert_eq!(judge(&kinds, &floor(r#"{"op": 80}"#)).passed, 90);
    }

    #[test]
    fn panics_are_found_by_their_reason() {
        let report = r#"{"id": "op/add/0", "status": "passed"}
{"id": "op/add/1", "status": "failed", "why": "panicked: index out of bounds"}
{"id": "op/add/2", "status": "failed", "why": "shape [2], expected [3]"}"#;
        assert_eq!(panics(report), ["op/add/1"]);
    }

    #[test]
    fn a_floor_that_is_no_number_is_refused() {
        assert!(read_floor(r#"{"op": "many"}"#).is_err());
        assert!(read_floor("[]").is_err());
    }
}
