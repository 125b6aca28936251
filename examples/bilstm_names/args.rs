//! The command line.
use examples::args::{Flag, Program, number};
use std::path::PathBuf;

/// What the user asked for; `None` where nothing was said.
#[derive(Clone, Debug, Default)]
pub struct Args {
    pub epochs: Option<usize>,
    pub lr: Option<f64>,
    pub batch_size: Option<usize>,
    pub seeds: Option<u64>,
    pub threads: Option<usize>,
    pub model: Option<PathBuf>,
    /// The word `classify` was said.
    pub classify: bool,
    /// The words behind it.
    pub names: Vec<String>,
}

impl Args {
    /// Where the model is, or goes.
    pub fn model(&self) -> PathBuf {
        self.model.clone().unwrap_or_else(|| "flambeau-runs/bilstm_names.safetensors".into())
    }
}

/// The program and its flags.
pub const PROGRAM: Program<Args> = Program {
    about: "Trains a network to tell which of two lists a first name is from.\n`classify [NAME..]` reads names with the saved model: those behind it, or those that are typed.",
    flags: FLAGS,
    word: Some(|args, word| match (args.classify, word) {
        (false, "classify") => {
            args.classify = true;
            Ok(())
        }
        (true, name) => {
            args.names.push(name.to_string());
            Ok(())
        }
        (false, other) => Err(format!("there is no command {other}; `classify {other}` reads it as a name")),
    }),
};

const FLAGS: &[Flag<Args>] = &[
    Flag {
        name: "--epochs",
        value: "N",
        about: "passes over the training names (default 20)",
        set: |args, text| number(text, 1, 1_000).map(|n| args.epochs = Some(n)),
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
        about: "names per step (default 64)",
        set: |args, text| number(text, 1, 4_096).map(|n| args.batch_size = Some(n)),
    },
    Flag {
        name: "--seeds",
        value: "N",
        about: "how often to train, each time from other random numbers (default 3)",
        set: |args, text| number(text, 1, 100).map(|n| args.seeds = Some(n)),
    },
    Flag {
        name: "--threads",
        value: "N",
        about: "threads that compute (default: all cores)",
        set: |args, text| number(text, 1, 1_024).map(|n| args.threads = Some(n)),
    },
    Flag {
        name: "--model",
        value: "FILE",
        about: "where the model goes, or is (default flambeau-runs/bilstm_names.safetensors)",
        set: |args, text| {
            args.model = Some(text.into());
            Ok(())
        },
    },
];
