//! Trains a small convolutional network to read handwritten digits, in seconds: `cargo run --release --example digits`.
//!
//! The data is inside the program. Each epoch leaves a checkpoint, from which `--resume` goes on with the same bits;
//! neither `--workers` nor `--threads` changes a bit of the result.

mod args;
mod net;
mod plot;
mod show;
#[cfg(test)]
mod tests;
mod training;

use args::Args;
use flambeau::data::datasets::Digits;
use flambeau::prelude::*;
use std::{path::PathBuf, process::ExitCode, time::Instant};
use training::{Plan, Settings};

/// Where checkpoints and the learning curve go.
const FOLDER: &str = "flambeau-runs/digits";

fn main() -> ExitCode {
    args::PROGRAM.main(run)
}

fn run(args: &Args) -> Result<()> {
    if let Some(threads) = args.threads {
        flambeau::set_num_threads(threads)?;
    }
    let from = args.resume.as_ref().map(Checkpoint::load).transpose()?;
    let settings = settings(args, from.as_ref())?;
    let plan = Plan {
        device: args.device.as_deref().unwrap_or("cpu").parse()?,
        workers: args.workers.unwrap_or(2),
        folder: PathBuf::from(FOLDER),
        stop_after: None,
        digits: None,
    };
    std::fs::create_dir_all(&plan.folder)?;
    let start = Instant::now();
    let trained = training::train(&settings, &plan, from.as_ref(), |epoch| {
        println!(
            "epoch {:>2}/{}  train loss {:.4}  held-out accuracy {:6.2} %  lr {:.6}  {:.2} s",
            epoch.number,
            settings.epochs,
            epoch.point.loss,
            100.0 * epoch.point.accuracy,
            epoch.lr,
            epoch.seconds
        );
    })?;
    println!("trained {} weights in {:.1} s", trained.model.num_parameters(), start.elapsed().as_secs_f64());
    let curve = plan.folder.join("curve.svg");
    std::fs::write(&curve, plot::svg(&trained.curve))?;
    println!("checkpoints and learning curve in {FOLDER}\n");

    let test = Digits::test()?;
    let (accuracy, read) = training::evaluate(&trained.model, &test, &plan.device)?;
    draw(&test, &read)?;
    println!("weights {:016x}", training::hash(&trained.model)?);
    println!("test accuracy {:.2} %", 100.0 * accuracy);
    Ok(())
}

/// What the flags say; with `--resume`, what the checkpoint says, which no flag may contradict.
fn settings(args: &Args, from: Option<&Checkpoint>) -> Result<Settings> {
    let standard = from.map_or(Ok(Settings::default()), Settings::of)?;
    let settings = Settings {
        epochs: args.epochs.unwrap_or(standard.epochs),
        lr: args.lr.unwrap_or(standard.lr),
        batch_size: args.batch_size.unwrap_or(standard.batch_size),
        seed: args.seed.unwrap_or(standard.seed),
    };
    let Some(from) = from else { return Ok(settings) };
    let same = Settings { epochs: standard.epochs, ..settings } == standard;
    if !same {
        let Settings { lr, batch_size, seed, .. } = standard;
        return Err(Error::new(
            "--resume",
            format!("the checkpoint was made with --lr {lr} --batch-size {batch_size} --seed {seed}"),
        )
        .hint("leave these flags out; only --epochs may differ"));
    }
    if settings.epochs as u64 <= from.epoch {
        return Err(Error::new("--resume", format!("the checkpoint is at the end of epoch {}", from.epoch))
            .hint(format!("ask for more with --epochs {}", from.epoch + 10)));
    }
    Ok(settings)
}

/// Some test digits with what the network reads, then those it misread.
fn draw(test: &Digits, read: &[i64]) -> Result<()> {
    let digits = (0..test.len()).map(|i| test.get(i)).collect::<Result<Vec<_>>>()?;
    let wrong: Vec<usize> = (0..digits.len()).filter(|&i| read[i] != digits[i].1).collect();
    let some: Vec<usize> = (0..digits.len()).step_by(61).collect();
    for (title, indices) in [("some test digits", some), ("misread", wrong.into_iter().take(6).collect())] {
        if indices.is_empty() {
            continue;
        }
        let images: Vec<Tensor> = indices.iter().map(|&i| digits[i].0.clone()).collect();
        let text = |&i: &usize| match (read[i], digits[i].1) {
            (read, is) if read == is => format!("read {read}"),
            (read, is) => format!("read {read}, is {is}"),
        };
        let texts: Vec<String> = indices.iter().map(text).collect();
        println!("{title}:\n{}", show::pictures(&images, &texts)?);
    }
    Ok(())
}
