//! The command line: every flag in one table, which is also the help.
use examples::args::{Flag, Program, number};
use std::path::PathBuf;

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

/// The program and its flags.
pub const PROGRAM: Program<Args> = Program {
    about: "Trains a network to read handwritten digits, and shows what it has learned.",
    flags: FLAGS,
    word: None,
};

const FLAGS: &[Flag<Args>] = &[
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Args>, String> {
        PROGRAM.parse(line.split_whitespace().map(String::from))
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
