//! Trains the digits network with one optimizer after the other, from the same weights and on the same batches:
//! `cargo run --release --example compare_optimizers -- --optimizers sgd,adam,lamb`.
//!
//! Prints a table, the best first, and draws the curves of all into one picture.
#[path = "../digits/net.rs"]
mod net;

use flambeau::data::{RandomShift, datasets::Digits};
use flambeau::prelude::*;
use flambeau::train::plot::{Axis, Line, Plot};
use net::Net;
use std::{process::ExitCode, time::Instant};

/// Where the picture goes.
const FOLDER: &str = "flambeau-runs/compare_optimizers";

/// What a run is about.
#[derive(Clone, Debug, PartialEq)]
struct Args {
    /// Names, each with a learning rate of its own where one follows a colon: `sgd:0.05`.
    optimizers: Vec<(String, Option<f64>)>,
    lr: f64,
    epochs: usize,
    seed: u64,
    /// Only so many training digits.
    digits: usize,
}

const HELP: &str = "Trains the digits network with several optimizers and ranks them.

  --optimizers A,B   by name, each with its own rate after a colon if wanted: sgd:0.05,adam,lamb (default sgd:0.05,adam,adamw)
  --lr X             learning rate of those without one (default 0.003)
  --epochs N         passes over the training digits (default 5)
  --seed N           what all random numbers follow from (default 0)
  --digits N         train on only so many digits (default: all)
  --help             this text
";

impl Args {
    /// Reads `--flag value` and `--flag=value`; `None` where help is wanted.
    fn parse(words: impl IntoIterator<Item = String>) -> std::result::Result<Option<Args>, String> {
        let mut args = Args { optimizers: Vec::new(), lr: 3e-3, epochs: 5, seed: 0, digits: usize::MAX };
        let mut list = "sgd:0.05,adam,adamw".to_string();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--help" || word == "-h" {
                return Ok(None);
            }
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag.to_string(), Some(value.to_string())),
                None => (word, None),
            };
            let value = value.or_else(|| words.next()).ok_or_else(|| format!("{flag} needs a value"))?;
            let wrong = || format!("{flag} {value}: that is no number for it");
            match flag.as_str() {
                "--optimizers" => list = value,
                "--lr" => args.lr = rate(&value).ok_or_else(wrong)?,
                "--epochs" => args.epochs = value.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?,
                "--seed" => args.seed = value.parse().map_err(|_| wrong())?,
                "--digits" => args.digits = value.parse().ok().filter(|n| *n >= 2).ok_or_else(wrong)?,
                _ => return Err(format!("there is no {flag}; --help lists what there is")),
            }
        }
        for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let (name, lr) = match word.split_once(':') {
                Some((name, lr)) => (name, Some(rate(lr).ok_or_else(|| format!("{word}: {lr} is no learning rate"))?)),
                None => (word, None),
            };
            args.optimizers.push((name.to_string(), lr));
        }
        if args.optimizers.is_empty() {
            return Err("--optimizers names none".into());
        }
        Ok(Some(args))
    }
}

fn rate(text: &str) -> Option<f64> {
    text.parse().ok().filter(|lr: &f64| lr.is_finite() && *lr > 0.0)
}

/// How one optimizer did.
#[derive(Clone, Debug)]
struct Outcome {
    name: String,
    lr: f64,
    /// Mean training loss of each epoch.
    losses: Vec<f64>,
    /// Share of the test digits that are read correctly, 0 to 1.
    accuracy: f64,
    seconds: f64,
}

fn main() -> ExitCode {
    let outcome = match Args::parse(std::env::args().skip(1)) {
        Ok(Some(args)) => run(&args).map_err(|e| e.to_string()),
        Ok(None) => {
            print!("{HELP}");
            Ok(())
        }
        Err(why) => Err(why),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let outcomes = compare(args)?;
    print!("{}", table(&outcomes));
    std::fs::create_dir_all(FOLDER)?;
    let path = format!("{FOLDER}/curves.svg");
    std::fs::write(&path, picture(&outcomes))?;
    println!("curves in {path}");
    Ok(())
}

/// Every optimizer's outcome, the best first.
fn compare(args: &Args) -> Result<Vec<Outcome>> {
    // A name that there is not, or a rate that one does not take, is told before hours of training.
    for (name, lr) in &args.optimizers {
        optim::by_name(name, [Parameter::new(Tensor::zeros([2, 2])?)?], lr.unwrap_or(args.lr))?;
    }
    let mut outcomes = Vec::new();
    for (name, lr) in &args.optimizers {
        let lr = lr.unwrap_or(args.lr);
        let outcome = train(name, lr, args)?;
        eprintln!("{name}: {:.2} % of the test digits", 100.0 * outcome.accuracy);
        outcomes.push(outcome);
    }
    let last = |o: &Outcome| o.losses.last().copied().unwrap_or(f64::INFINITY);
    outcomes.sort_by(|a, b| b.accuracy.total_cmp(&a.accuracy).then(last(a).total_cmp(&last(b))));
    Ok(outcomes)
}

fn train(name: &str, lr: f64, args: &Args) -> Result<Outcome> {
    let start = Instant::now();
    manual_seed(args.seed);
    let model = Net::new()?;
    let mut optimizer = optim::by_name(name, model.parameters(), lr)?;
    let shift = RandomShift::new(1);
    let digits = Digits::train()?.take(args.digits);
    let loader = DataLoader::new(digits.map(move |(image, label)| Ok((shift.apply(&image)?, label))))
        .batch_size(64)
        .shuffle(true)
        .seed(args.seed);
    let mut losses = Vec::new();
    for _ in 0..args.epochs {
        model.train();
        let mut mean = Mean::new();
        for batch in &loader {
            let (images, labels) = batch?;
            // With a closure, so that optimizers take part that ask for the loss more than once.
            let loss = optimizer.step_with(&mut || {
                model.zero_grad();
                let loss = cross_entropy(&model.forward(&images)?, &labels)?;
                loss.backward()?;
                Ok(loss.detach())
            })?;
            mean.update(loss.item()?, labels.numel());
        }
        losses.push(mean.value());
    }
    model.eval();
    let _unrecorded = no_grad();
    let mut accuracy = Accuracy::new();
    for batch in &DataLoader::new(Digits::test()?).batch_size(256) {
        let (images, labels) = batch?;
        accuracy.update(&model.forward(&images)?, &labels)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Outcome { name: name.to_string(), lr, losses, accuracy: accuracy.value(), seconds })
}

fn table(outcomes: &[Outcome]) -> String {
    let mut text = "rank  optimizer              lr      loss  test accuracy  seconds\n".to_string();
    for (i, o) in outcomes.iter().enumerate() {
        let loss = o.losses.last().copied().unwrap_or(f64::NAN);
        let accuracy = 100.0 * o.accuracy;
        text += &format!("{:>4}  {:<16}{:>10}{loss:>10.4}{accuracy:>13.2} %{:>9.1}\n", i + 1, o.name, o.lr, o.seconds);
    }
    text
}

fn picture(outcomes: &[Outcome]) -> String {
    let line = |o: &Outcome| Line::new(&o.name, o.losses.iter().enumerate().map(|(i, loss)| (i as f64 + 1.0, *loss)));
    Plot {
        title: "optimizers on the digits".into(),
        x: Axis::new("epoch"),
        left: Axis { log: true, ..Axis::new("training loss") },
        lines: outcomes.iter().map(line).collect(),
        ..Plot::default()
    }
    .svg()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> std::result::Result<Option<Args>, String> {
        Args::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn each_optimizer_may_have_a_rate_of_its_own() {
        let args = parse("--optimizers sgd:0.5,adam --lr=0.01 --epochs 2").unwrap().unwrap();
        assert_eq!(args.optimizers, [("sgd".to_string(), Some(0.5)), ("adam".to_string(), None)]);
        assert_eq!((args.lr, args.epochs), (0.01, 2));
        assert!(parse("--optimizers sgd:fast").unwrap_err().contains("fast is no learning rate"));
        assert!(parse("--epochs 0").is_err() && parse("--lr nan").is_err() && parse("--optimizers ,").is_err());
        assert_eq!(parse("--rate 1").unwrap_err(), "there is no --rate; --help lists what there is");
        assert!(parse("--help").unwrap().is_none());
    }

    #[test]
    fn a_short_comparison_ranks_and_draws_all() {
        let args = parse("--optimizers sgd:0.05,adam,rmsprop --lr 0.002 --epochs 2 --digits 192").unwrap().unwrap();
        let outcomes = compare(&args).unwrap();
        assert_eq!(outcomes.len(), 3);
        assert!(outcomes.windows(2).all(|o| o[0].accuracy >= o[1].accuracy));
        assert!(outcomes.iter().all(|o| o.losses[1] < o.losses[0]), "{outcomes:?}");
        let (text, svg) = (table(&outcomes), picture(&outcomes));
        for name in ["sgd", "adam", "rmsprop"] {
            assert!(text.contains(name) && svg.contains(&format!(">{name}</text>")));
        }
        assert_eq!(svg.matches("<polyline").count(), 3);
    }

    #[test]
    fn an_unknown_name_is_told_before_training() {
        let args = parse("--optimizers adam,adanw").unwrap().unwrap();
        assert!(compare(&args).unwrap_err().to_string().contains("adanw"));
    }
}
