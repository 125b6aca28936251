//! The training: everything that decides the final weights is here, so that a test can run it too.
use crate::net::Net;
use crate::plot::Point;
use flambeau::data::{RandomShift, datasets::Digits};
use flambeau::prelude::*;
use std::path::PathBuf;
use std::time::Instant;

/// Digits held aside from training, to see how it goes without looking at the test digits.
const HELD_OUT: usize = 137;

/// What the weights follow from. A checkpoint carries it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    pub epochs: usize,
    /// At the start; it falls to zero along a cosine.
    pub lr: f64,
    pub batch_size: usize,
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { epochs: 30, lr: 3e-3, batch_size: 64, seed: 0 }
    }
}

/// How to carry it out: none of this changes a bit of the weights.
#[derive(Clone, Debug)]
pub struct Plan {
    pub device: Device,
    pub workers: usize,
    /// Where checkpoints go, one for each epoch.
    pub folder: PathBuf,
    /// End after this epoch, as if the power had failed.
    pub stop_after: Option<usize>,
    /// Only so many training digits.
    pub digits: Option<usize>,
}

/// An epoch that is done.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    /// Counted from 1.
    pub number: usize,
    pub point: Point,
    pub lr: f64,
    pub seconds: f64,
}

/// The outcome.
#[derive(Debug)]
pub struct Trained {
    pub model: Net,
    pub curve: Vec<Point>,
}

impl Settings {
    /// Those of the training that a checkpoint was made in.
    pub fn of(checkpoint: &Checkpoint) -> Result<Settings> {
        fn read<T: std::str::FromStr>(checkpoint: &Checkpoint, name: &str) -> Result<T> {
            let text = checkpoint.metadata.get(name).and_then(|text| text.parse().ok());
            text.ok_or_else(|| Error::new("digits", format!("the checkpoint does not say its {name}")))
        }
        Ok(Settings {
            epochs: read(checkpoint, "epochs")?,
            lr: read(checkpoint, "lr")?,
            batch_size: read(checkpoint, "batch-size")?,
            seed: read(checkpoint, "seed")?,
        })
    }

    fn note(&self, checkpoint: Checkpoint) -> Checkpoint {
        checkpoint
            .with_metadata("epochs", self.epochs.to_string())
            .with_metadata("lr", self.lr.to_string())
            .with_metadata("batch-size", self.batch_size.to_string())
            .with_metadata("seed", self.seed.to_string())
    }
}

/// Trains from the start, or on from a checkpoint; `tell` hears of each epoch.
pub fn train(
    settings: &Settings,
    plan: &Plan,
    from: Option<&Checkpoint>,
    mut tell: impl FnMut(&Epoch),
) -> Result<Trained> {
    manual_seed(settings.seed);
    let model = Net::new()?;
    model.to_device(&plan.device)?;
    let mut optimizer = Adam::new(model.parameters(), settings.lr)?;
    let cosine = CosineAnnealingLR { t_max: settings.epochs as u64, eta_min: 0.0 };
    let mut scheduler = cosine.schedule(&mut optimizer)?;

    let digits = Digits::train()?;
    let digits = digits.take(plan.digits.unwrap_or(usize::MAX));
    let sizes = [digits.len().saturating_sub(HELD_OUT), HELD_OUT.min(digits.len())];
    let mut parts = digits.random_split(sizes, settings.seed)?.into_iter();
    let (Some(train), Some(held_out)) = (parts.next(), parts.next()) else {
        return Err(Error::new("digits", "the digits could not be split"));
    };
    let shift = RandomShift::new(1);
    let loader = DataLoader::new(train.map(move |(image, label)| Ok((shift.apply(&image)?, label))))
        .batch_size(settings.batch_size)
        .shuffle(true)
        .seed(settings.seed)
        .workers(plan.workers)
        .device(&plan.device);

    let mut curve = Vec::new();
    let mut done = 0;
    if let Some(checkpoint) = from {
        checkpoint.restore(&model, &mut optimizer)?;
        scheduler.load_state_dict(checkpoint.section("scheduler")?)?;
        loader.set_epoch(checkpoint.epoch);
        done = checkpoint.epoch as usize;
        curve = read_curve(checkpoint);
    }
    while done < settings.epochs.min(plan.stop_after.unwrap_or(usize::MAX)) {
        let (start, lr) = (Instant::now(), optimizer.lr());
        let mut progress = Progress::new(format!("epoch {}/{}", done + 1, settings.epochs), loader.len());
        model.train();
        for batch in &loader {
            let (images, labels) = batch?;
            optimizer.zero_grad();
            let scores = model.forward(&images)?;
            let loss = cross_entropy(&scores, &labels)?;
            loss.backward()?;
            optimizer.step()?;
            let right = Accuracy::new().update(&scores, &labels)?;
            progress.update(labels.numel(), loss.item()?, Some(right));
        }
        scheduler.step(&mut optimizer);
        progress.finish();
        done += 1;
        let accuracy = evaluate(&model, &held_out, &plan.device)?.0;
        curve.push(Point { loss: progress.loss(), accuracy });
        let checkpoint = Checkpoint::new(&model, &optimizer)?
            .with_epoch(done as u64)
            .with_section("scheduler", scheduler.state_dict()?)
            .with_loader(loader.state())
            .with_metadata("curve", write_curve(&curve));
        settings.note(checkpoint).save(plan.folder.join(format!("epoch-{done}.safetensors")))?;
        let seconds = start.elapsed().as_secs_f64();
        tell(&Epoch { number: done, point: Point { loss: progress.loss(), accuracy }, lr, seconds });
    }
    Ok(Trained { model, curve })
}

/// The share of digits that the model reads correctly, and what it reads in each.
pub fn evaluate<D>(model: &Net, digits: &D, device: &Device) -> Result<(f64, Vec<i64>)>
where
    D: Dataset<Item = (Tensor, i64)> + Clone + 'static,
{
    let _guard = no_grad();
    model.eval();
    let (mut accuracy, mut read) = (Accuracy::new(), Vec::new());
    for batch in &DataLoader::new(digits.clone()).batch_size(256).device(device) {
        let (images, labels) = batch?;
        let scores = model.forward(&images)?;
        accuracy.update(&scores, &labels)?;
        read.extend(scores.argmax(Some(1), DROP)?.to_vec::<i64>()?);
    }
    Ok((accuracy.value(), read))
}

/// A number that differs when any bit of any weight does (FNV-1a).
pub fn hash(model: &Net) -> Result<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for (_, tensor) in model.state_dict().iter() {
        for byte in tensor.to_bytes()? {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(hash)
}

fn write_curve(curve: &[Point]) -> String {
    curve.iter().map(|p| format!("{} {}", p.loss, p.accuracy)).collect::<Vec<_>>().join(",")
}

// The curve is for looking at: what cannot be read is left out.
fn read_curve(checkpoint: &Checkpoint) -> Vec<Point> {
    let text = checkpoint.metadata.get("curve").map_or("", String::as_str);
    let point = |pair: &str| {
        let (loss, accuracy) = pair.split_once(' ')?;
        Some(Point { loss: loss.parse().ok()?, accuracy: accuracy.parse().ok()? })
    };
    text.split(',').filter_map(point).collect()
}
