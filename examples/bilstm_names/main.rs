//! The guide's BiLSTM learns, from real names of very different lengths, which of two lists a name is from:
//! `cargo run --release --example bilstm_names`. A second command loads the model and reads names:
//! `cargo run --release --example bilstm_names -- classify ANNA PETER` (without names: those that are typed).
//!
//! The data is inside the program; names that stand on both lists are left out. A fifth of the others is held back, for
//! the figures at the end; an eighth of the rest decides from which score on a name counts as a man's.

mod args;
mod names;
mod net;
#[cfg(test)]
mod tests;
mod training;

use args::Args;
use flambeau::prelude::*;
use std::{io::BufRead, process::ExitCode, time::Instant};
use training::{Reader, Settings};

fn main() -> ExitCode {
    args::PROGRAM.main(run)
}

fn run(args: &Args) -> Result<()> {
    if let Some(threads) = args.threads {
        flambeau::set_num_threads(threads)?;
    }
    if args.classify { classify(args) } else { train(args) }
}

/// Trains once for each seed, and keeps the model that did best on the names that chose its threshold.
fn train(args: &Args) -> Result<()> {
    let standard = Settings::default();
    let (mut sums, mut best): ((f64, f64), Option<Reader>) = ((0.0, 0.0), None);
    for seed in 0..args.seeds.unwrap_or(3) {
        let settings = Settings {
            epochs: args.epochs.unwrap_or(standard.epochs),
            lr: args.lr.unwrap_or(standard.lr),
            batch_size: args.batch_size.unwrap_or(standard.batch_size),
            seed,
            ..standard
        };
        let start = Instant::now();
        let (reader, held_back) = training::train(&settings, |epoch| {
            println!(
                "seed {seed}  epoch {:>2}/{}  train loss {:.4}  validation {:5.2} % right, {:.4} balanced",
                epoch.number,
                settings.epochs,
                epoch.loss,
                100.0 * epoch.validation.right,
                epoch.validation.balanced
            );
        })?;
        println!(
            "seed {seed}  held back: {:.2} % right, {:.4} balanced, from a score of {:.2} on  ({:.1} s)\n",
            100.0 * held_back.right,
            held_back.balanced,
            reader.threshold,
            start.elapsed().as_secs_f64()
        );
        sums = (sums.0 + held_back.right, sums.1 + held_back.balanced);
        if best.as_ref().is_none_or(|best| reader.validation > best.validation) {
            best = Some(reader);
        }
    }
    let seeds = args.seeds.unwrap_or(3) as f64;
    println!("mean of {seeds} seeds: {:.2} % right, {:.4} balanced", 100.0 * sums.0 / seeds, sums.1 / seeds);
    if let Some(best) = best {
        best.save(&args.model())?;
        println!("the model is in {}; `-- classify` reads names with it", args.model().display());
    }
    Ok(())
}

/// Says of each name which list it is from.
fn classify(args: &Args) -> Result<()> {
    let reader = Reader::load(&args.model())?;
    let say = |name: &str| match reader.read(name) {
        Ok(score) => {
            let (list, sure) = if score >= reader.threshold { ("male", score) } else { ("female", 1.0 - score) };
            println!("{name}: {list} (score {sure:.2})");
        }
        Err(why) => println!("{name}: {why}"),
    };
    args.names.iter().for_each(|name| say(name));
    if args.names.is_empty() {
        println!("a name on each line; an empty line ends");
        for line in std::io::stdin().lock().lines() {
            match line?.trim() {
                "" => break,
                name => say(name),
            }
        }
    }
    Ok(())
}
