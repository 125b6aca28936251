//! `bench [--json] [--only REGEX] [--quick] [--threads N] [--list]`: times the benchmark rows, for a person as a table, for
//! a program (`compare.py`) as one JSON line a row.
use flambeau_tests::bench::{Effort, GROUPS, NOT_YET, Row, Timing, measure, peak_rss_mb};
use regex::Regex;
use serde_json::json;
use std::{
    io::{self, Write},
    process::ExitCode,
};

const USAGE: &str = "bench [--json] [--only REGEX] [--quick] [--threads N] [--list]";

struct Options {
    json: bool,
    list: bool,
    only: Option<Regex>,
    effort: Effort,
    threads: Option<usize>,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|r| r.is_match(name))
    }
}

fn main() -> ExitCode {
    match options(std::env::args().skip(1)).and_then(|o| run(&o)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::from(2)
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut o = Options { json: false, list: false, only: None, effort: Effort::FULL, threads: None };
    while let Some(word) = words.next() {
        let (flag, inline) = match word.split_once('=') {
            Some((flag, value)) => (flag.to_string(), Some(value.to_string())),
            None => (word.clone(), None),
        };
        let mut value = || inline.clone().or_else(|| words.next()).ok_or(format!("{flag} needs a value; {USAGE}"));
        match flag.as_str() {
            "--json" => o.json = true,
            "--list" => o.list = true,
            "--quick" => o.effort = Effort::QUICK,
            "--only" => o.only = Some(Regex::new(&value()?).map_err(|e| e.to_string())?),
            "--threads" => {
                let n = value()?;
                o.threads = Some(n.parse().map_err(|_| format!("--threads takes a number, not {n:?}"))?);
            }
            "--help" | "-h" => return Err(USAGE.to_string()),
            other => return Err(format!("unknown argument {other}; {USAGE}")),
        }
    }
    Ok(o)
}

/// Runs what is wanted; how many rows failed.
fn run(o: &Options) -> Result<usize, String> {
    let missing: Vec<_> = NOT_YET.iter().filter(|(name, _)| o.wants(name)).collect();
    let mut out = io::stdout().lock();
    let written = |e: io::Error| format!("cannot write: {e}");
    if o.list {
        for row in GROUPS.iter().flat_map(|g| g.rows).filter(|row| o.wants(row.name)) {
            writeln!(out, "{}", row.name).map_err(written)?;
        }
        for (name, what) in missing {
            writeln!(out, "{name} (not yet there: {what})").map_err(written)?;
        }
        return Ok(0);
    }
    if let Some(threads) = o.threads {
        tensor_core::set_num_threads(threads).map_err(|e| e.to_string())?;
    }
    let threads = tensor_core::num_threads();
    if cfg!(debug_assertions) {
        eprintln!("bench: this build is not optimised; run `cargo xtask bench`");
    }
    if o.json {
        let info =
            json!({"info": {"library": "flambeau", "threads": threads, "start_rss_mb": rounded(peak_rss_mb(), 1)}});
        writeln!(out, "{info}").map_err(written)?;
    } else {
        let few = if threads == 1 { "1 thread".to_string() } else { format!("{threads} threads") };
        writeln!(out, "f32, {few}; the median of single calls, the fastest of them, and the peak memory so far")
            .map_err(written)?;
    }
    let mut failed = 0;
    for group in GROUPS {
        let rows: Vec<&Row> = group.rows.iter().filter(|row| o.wants(row.name)).collect();
        if !rows.is_empty() && !o.json {
            writeln!(out, "\n{}", group.title).map_err(written)?;
        }
        for row in rows {
            let timed = (row.setup)().and_then(|mut call| measure(&mut call, o.effort));
            failed += usize::from(timed.is_err());
            let line = match (&timed, o.json) {
                (Ok(timing), true) => json_line(row.name, timing),
                (Ok(timing), false) => table_line(row.name, timing),
                (Err(why), true) => json!({"row": row.name, "ms": null, "why": why.to_string()}).to_string(),
                (Err(why), false) => format!("  {:<22} failed: {why}", row.name),
            };
            writeln!(out, "{line}").and_then(|()| out.flush()).map_err(written)?;
        }
    }
    match (missing.is_empty(), o.json) {
        (true, _) => {}
        (false, true) => {
            let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
            eprintln!("bench: not yet there: {}", names.join(", "));
        }
        (false, false) => {
            writeln!(out, "\nnot yet there").map_err(written)?;
            for (name, what) in missing {
                writeln!(out, "  {name:<22} needs {what}").map_err(written)?;
            }
        }
    }
    Ok(failed)
}

fn json_line(name: &str, t: &Timing) -> String {
    json!({
        "row": name,
        "ms": rounded(Some(t.median), 5),
        "min": rounded(Some(t.min), 5),
        "reps": t.calls,
        "rss_mb": rounded(peak_rss_mb(), 1),
    })
    .to_string()
}

fn table_line(name: &str, t: &Timing) -> String {
    let memory = peak_rss_mb().map_or(String::new(), |mb| format!("{mb:.0} MB"));
    format!("  {name:<22} {:>10} {:>10} {:>8} calls {memory:>9}", shown(t.median), shown(t.min), t.calls)
}

/// Milliseconds as a person writes them: three figures, in microseconds below one.
fn shown(ms: f64) -> String {
    let (number, unit) = if ms < 1.0 { (ms * 1e3, "µs") } else { (ms, "ms") };
    let decimals = if number >= 100.0 { 0 } else { 1 + usize::from(number < 10.0) };
    format!("{number:.decimals$} {unit}")
}

fn rounded(number: Option<f64>, decimals: i32) -> Option<f64> {
    let unit = 10f64.powi(decimals);
    number.map(|n| (n * unit).round() / unit)
}
