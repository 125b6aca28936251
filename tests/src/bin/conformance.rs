//! `conformance [DIR] [--filter REGEX] [--device cpu|cuda] [--json FILE] [--show-failures N]`: replays cases recorded from
//! PyTorch and counts how they went, kind by kind.
use flambeau_tests::runner::{self, Report, Status};
use regex::Regex;
use std::{
    io::{BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};
use tensor_core::Device;

const USAGE: &str = "conformance [DIR] [--filter REGEX] [--device cpu|cuda] [--json FILE] [--show-failures N]";

struct Options {
    folder: PathBuf,
    filter: Option<Regex>,
    device: Device,
    json: Option<PathBuf>,
    show: usize,
}

fn main() -> ExitCode {
    match options(std::env::args().skip(1)).and_then(|o| run(&o)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("conformance: {why}");
            ExitCode::from(2)
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut folder = None;
    let mut o = Options { folder: PathBuf::new(), filter: None, device: Device::cpu(), json: None, show: 0 };
    while let Some(word) = words.next() {
        let (flag, inline) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag.to_string(), Some(value.to_string())),
            _ => (word.clone(), None),
        };
        let mut value = || inline.clone().or_else(|| words.next()).ok_or(format!("{flag} needs a value; {USAGE}"));
        match flag.as_str() {
            "--filter" => o.filter = Some(Regex::new(&value()?).map_err(|e| e.to_string())?),
            "--device" => o.device = device(&value()?)?,
            "--json" => o.json = Some(value()?.into()),
            "--show-failures" => {
                let n = value()?;
                o.show = n.parse().map_err(|_| format!("--show-failures takes a number, not {n:?}"))?;
            }
            "--help" | "-h" => return Err(USAGE.to_string()),
            other if other.starts_with('-') => return Err(format!("unknown flag {other}; {USAGE}")),
            _ if folder.is_some() => return Err(format!("one folder at a time, not also {word}; {USAGE}")),
            _ => folder = Some(PathBuf::from(word)),
        }
    }
    o.folder = folder.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("conformance"));
    Ok(o)
}

/// A device by name; `naive` is the second backend of the tests.
fn device(name: &str) -> Result<Device, String> {
    if name == "naive" {
        return Ok(flambeau_tests::naive::device());
    }
    name.parse().map_err(|e| format!("--device {name}: {e}"))
}

fn run(o: &Options) -> Result<usize, String> {
    let mut json = match &o.json {
        Some(path) => {
            let file = std::fs::File::create(path).map_err(|e| format!("{}: {e}", path.display()))?;
            Some(BufWriter::new(file))
        }
        None => None,
    };
    let mut report = Report::default();
    let mut shown = 0;
    let mut broken = None;
    let wanted = |id: &str| o.filter.as_ref().is_none_or(|f| f.is_match(id));
    runner::run(&o.folder, &o.device, &wanted, &mut |id, kind, status, why| {
        report.add(kind, status);
        if let Some(out) = &mut json {
            let line = serde_json::json!({"id": id, "status": status.name(), "why": why});
            broken = writeln!(out, "{line}").err().or(broken.take());
        }
        if status == Status::Failed && shown < o.show {
            shown += 1;
            println!("{id}: {why}");
        }
    })?;
    if let Some(out) = &mut json {
        broken = out.flush().err().or(broken);
    }
    if let Some(e) = broken {
        return Err(format!("cannot write the report: {e}"));
    }
    println!("{report}");
    Ok(report.failed())
}
