//! Trains the digits example with five seeds and judges their accuracies: one lucky seed proves nothing.

use crate::Result;
use crate::args::Args;
use crate::cargo::{cargo, output};
use std::process::ExitCode;

const SEEDS: std::ops::Range<u64> = 0..5;
/// Percent of the test digits, mean over the seeds.
const LEAST_MEAN: f64 = 97.5;
/// Percent of the test digits, for the worst seed.
const LEAST: f64 = 96.5;

/// Prints the final accuracy of each seed, their mean and their minimum.
pub fn run(_: &Args) -> Result<ExitCode> {
    let mut accuracies = Vec::new();
    for seed in SEEDS {
        let mut command = cargo("run");
        command.args(["--quiet", "--release", "--example", "digits", "--", "--seed", &seed.to_string()]);
        let (status, text) = output(&mut command)?;
        if !status.success() {
            return Err(format!("the digits example failed with seed {seed}: {status}"));
        }
        let accuracy =
            final_accuracy(&text).ok_or_else(|| format!("seed {seed}: no line `test accuracy X %` in the output"))?;
        println!("seed {seed}: {accuracy:.2} %");
        accuracies.push(accuracy);
    }
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    let least = accuracies.iter().copied().fold(f64::INFINITY, f64::min);
    println!("mean {mean:.2} % (at least {LEAST_MEAN} %), minimum {least:.2} % (at least {LEAST} %)");
    Ok(if mean >= LEAST_MEAN && least >= LEAST { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The number in the last `test accuracy X %`.
fn final_accuracy(text: &str) -> Option<f64> {
    let (_, after) = text.rsplit_once("test accuracy")?;
    let number = after.trim_start_matches([':', ' ']).split(['%', ' ']).next()?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_accuracy_counts() {
        let text = "epoch 1: loss 0.3, test accuracy 90.00 %\nwrote digits.svg\ntest accuracy 98.06 %\n";
        assert_eq!(final_accuracy(text), Some(98.06));
        assert_eq!(final_accuracy("test accuracy: 97.5%"), Some(97.5));
        assert_eq!(final_accuracy("loss 0.2"), None);
    }
}
