//! The command line: every flag in one table, which is also the help.
use std::path::PathBuf;
use std::str::FromStr;

/// What the user asked for; `None` where nothing was said.
#[derive(Clone, Debug, Default)]
pub struct Args {
    pub epochs: Option<usize>,
    pub lr: Option<f64>,
    pub batch_size: Option<usize>,
    pub seed: Option<u64>,
    pub device: Option<String>,
    pub workers: Option<usize>,
    pub threads: Option<usize>,
    pub resume: Option<PathBuf>,
}

struct Flag {
    name: &'static str,
    value: &'static str,
    about: &'static str,
    set: fn(&mut Args, &str) -> Result<(), String>,
}

const FLAGS: &[Flag] = &[
    Flag {
        name: "--epochs",
        value: "N",
        about: "passes over the training digits (default 30)",
        set: |args, text| number(text, 1, 10_000).map(|n| args.epochs = Some(n)),
    },
    Flag {
        name: "--lr",
        value: "X",
        about: "learning rate at the start (default 0.003)",
        set: |args, text| number(text, 1e-8, 10.0).map(|x| args.lr = Some(x)),
    },
    Flag {
        name: "--batch-size",
        value: "N",
        about: "digits per step (default 64)",
        set: |args, text| number(text, 2, 1_024).map(|n| args.batch_size = Some(n)),
    },
    Flag {
        name: "--seed",
        value: "N",
        about: "what all random numbers follow from (default 0)",
        set: |args, text| number(text, 0, u64::MAX).map(|n| args.seed = Some(n)),
    },
    Flag {
        name: "--device",
        value: "NAME",
        about: "where to compute: cpu (default), cuda:0...",
        set: |args, text| {
            args.device = Some(text.to_string());
            Ok(())
        },
    },
    Flag {
        name: "--workers",
        value: "N",
        about: "threads that make batches (default 2; 0: none beside the main one)",
        set: |args, text| number(text, 0, 256).map(|n| args.workers = Some(n)),
    },
    Flag {
        name: "--threads",
        value: "N",
        about: "threads that compute (default: all cores)",
        set: |args, text| number(text, 1, 1_024).map(|n| args.threads = Some(n)),
    },
    Flag {
        name: "--resume",
        value: "FILE",
        about: "go on from a checkpoint, with the settings of its training",
        set: |args, text| {
            args.resume = Some(text.into());
            Ok(())
        },
    },
];

/// The text of `--help`.
pub fn help() -> String {
    let mut text = "Trains a network to read handwritten digits, and shows what it has learned.\n\n".to_string();
    for flag in FLAGS {
        text += &format!("  {:<18} {}\n", format!("{} {}", flag.name, flag.value), flag.about);
    }
    text + "  --help             this text\n"
}

impl Args {
    /// Reads `--flag value` and `--flag=value`; `None` where help is wanted.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Option<Args>, String> {
        let mut args = Args::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--help" || word == "-h" {
                return Ok(None);
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (word.as_str(), None),
            };
            let Some(flag) = FLAGS.iter().find(|f| f.name == name) else { return Err(unknown(name)) };
            let value = value.or_else(|| words.next()).ok_or(format!("{name} needs a value: {name} {}", flag.value))?;
            (flag.set)(&mut args, &value).map_err(|why| format!("{name} {value}: {why}"))?;
        }
        Ok(Some(args))
    }
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(text: &str, least: T, most: T) -> Result<T, String> {
    let range = format!("expected a number from {least} to {most}");
    text.parse().ok().filter(|n| (least..=most).contains(n)).ok_or(range)
}

fn unknown(name: &str) -> String {
    let near = FLAGS.iter().map(|f| (distance(name, f.name), f.name)).min();
    match near {
        Some((d, near)) if d <= 3 => format!("there is no {name}; did you mean {near}?"),
        _ => format!("there is no {name}; --help lists what there is"),
    }
}

/// Letters to insert, delete or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Args>, String> {
        Args::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn flags_are_read_in_both_forms() {
        let args = parse("--epochs 3 --lr=0.01 --workers 0 --resume a.safetensors").unwrap().unwrap();
        assert_eq!((args.epochs, args.lr, args.workers, args.seed), (Some(3), Some(0.01), Some(0), None));
        assert_eq!(args.resume.unwrap().to_str(), Some("a.safetensors"));
        assert!(parse("--epochs 3 --help").unwrap().is_none());
    }

    #[test]
    fn wrong_flags_are_answered_with_what_would_be_right() {
        let error = |line| parse(line).unwrap_err();
        assert_eq!(error("--epoch 3"), "there is no --epoch; did you mean --epochs?");
        assert_eq!(error("--verbose"), "there is no --verbose; --help lists what there is");
        assert_eq!(error("--epochs 0"), "--epochs 0: expected a number from 1 to 10000");
        assert_eq!(error("--lr nan"), "--lr nan: expected a number from 0.00000001 to 10");
        assert_eq!(error("--batch-size many"), "--batch-size many: expected a number from 2 to 1024");
        assert_eq!(error("--seed"), "--seed needs a value: --seed N");
        assert!(error("digits.pt").starts_with("there is no digits.pt"));
    }
}
