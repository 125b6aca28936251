//! The training, and the trained reader of names.
use crate::{names::encode, net::BiLstm};
use flambeau::data::{datasets::FirstNames, pad_collate};
use flambeau::prelude::*;
use std::path::Path;

/// What the weights follow from.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub epochs: usize,
    /// At the start; it falls to zero along a cosine.
    pub lr: f64,
    pub batch_size: usize,
    pub seed: u64,
    /// Only so many of the names.
    pub names: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { epochs: 20, lr: 3e-3, batch_size: 64, seed: 0, names: usize::MAX }
    }
}

/// How well names were told apart: the share that was right, and the mean of that share over the two lists, which
/// does not reward whoever calls every name a woman's.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Score {
    pub right: f64,
    pub balanced: f64,
}

/// An epoch that is done.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    pub number: usize,
    pub loss: f64,
    pub validation: Score,
}

/// A trained model, and from which score on a name is a man's.
#[derive(Debug)]
pub struct Reader {
    model: BiLstm,
    pub threshold: f64,
    /// What the threshold was chosen for: both scores on the validation names, the share that is right twice.
    pub validation: f64,
}

/// The names of the lists, as numbers.
type Sample = (Tensor, f32);

/// What the rarer list counts for each of its names: between 1 and the four that would make up for their number, so
/// that both kinds of score can be good.
const WEIGHT: f64 = 2.0;

/// Trains from the start. Returns the model and its score on the names that were held back; `tell` hears of each epoch.
pub fn train(settings: &Settings, mut tell: impl FnMut(&Epoch)) -> Result<(Reader, Score)> {
    manual_seed(settings.seed);
    let lists = FirstNames::on_one_list()?;
    // Both lists are in their order of frequency: a fraction of the names is drawn from all of them.
    let (all, share) = (lists.len(), settings.names.min(lists.len()));
    let drawn = lists.random_split([share, all - share], settings.seed)?.swap_remove(0);
    let samples: Vec<Sample> = (0..drawn.len())
        .map(|i| drawn.get(i).and_then(|(name, label)| Ok((encode(&name)?, label as f32))))
        .collect::<Result<_>>()?;
    // What is drawn is in random order already.
    let (held_back, rest) = samples.split_at(share / 5);
    let (validation, training) = rest.split_at(rest.len() / 8);

    let model = BiLstm::new()?;
    let mut optimizer = AdamW::new(model.parameters(), settings.lr)?;
    let cosine = CosineAnnealingLR { t_max: settings.epochs as u64, eta_min: 0.0 };
    let mut scheduler = cosine.schedule(&mut optimizer)?;
    let criterion = BCEWithLogitsLoss { pos_weight: Some(Tensor::full([1], WEIGHT)?), ..Default::default() };
    let loader = DataLoader::new(training.to_vec())
        .batch_size(settings.batch_size)
        .shuffle(true)
        .seed(settings.seed)
        .collate(pad_collate(0.0));
    for number in 1..=settings.epochs {
        let mut progress = Progress::new(format!("epoch {number}/{}", settings.epochs), loader.len());
        model.train();
        for batch in &loader {
            let (names, labels) = batch?;
            optimizer.zero_grad();
            let logits = model.forward(&names)?;
            let loss = criterion.forward(&logits, &labels)?;
            loss.backward()?;
            optimizer.step()?;
            let right = logits.gt(0.0)?.eq(&labels.gt(0.5)?)?.sum()?.item::<i64>()?;
            progress.update(labels.numel(), loss.item()?, Some(right as usize));
        }
        scheduler.step(&mut optimizer);
        progress.finish();
        let validation = score(&scores(&model, validation)?, 0.5);
        tell(&Epoch { number, loss: progress.loss(), validation });
    }

    let chosen = scores(&model, validation)?;
    let sum = |threshold: f64| {
        let Score { right, balanced } = score(&chosen, threshold);
        2.0 * right + balanced
    };
    // A few hundred names cannot tell neighbouring thresholds apart: the search stays near the middle.
    let steps = (30..=60).map(|percent| f64::from(percent) / 100.0);
    let threshold = steps.fold(0.5, |best, threshold| if sum(threshold) > sum(best) { threshold } else { best });
    let reader = Reader { model, threshold, validation: sum(threshold) };
    let outcome = score(&scores(&reader.model, held_back)?, threshold);
    Ok((reader, outcome))
}

/// The probability of being a man's, and whether it is one, for each name.
fn scores(model: &BiLstm, names: &[Sample]) -> Result<Vec<(f64, bool)>> {
    let _guard = no_grad();
    model.eval();
    let mut found = Vec::with_capacity(names.len());
    for batch in &DataLoader::new(names.to_vec()).batch_size(256).collate(pad_collate(0.0)) {
        let (names, labels) = batch?;
        let scores = model.forward(&names)?.sigmoid()?.to_vec::<f64>()?;
        found.extend(scores.into_iter().zip(labels.to_vec::<f32>()?.into_iter().map(|label| label > 0.5)));
    }
    Ok(found)
}

/// How often the score, from `threshold` on, is right.
fn score(scores: &[(f64, bool)], threshold: f64) -> Score {
    let share = |of: &dyn Fn(bool) -> bool| {
        let (mut right, mut all) = (0usize, 0usize);
        for &(score, man) in scores.iter().filter(|(_, man)| of(*man)) {
            right += usize::from((score >= threshold) == man);
            all += 1;
        }
        right as f64 / all.max(1) as f64
    };
    Score { right: share(&|_| true), balanced: (share(&|man| man) + share(&|man| !man)) / 2.0 }
}

impl Reader {
    /// The probability that a name is a man's.
    pub fn read(&self, name: &str) -> Result<f64> {
        let _guard = no_grad();
        self.model.eval();
        self.model.forward(&encode(name)?.unsqueeze(0)?)?.sigmoid()?.item()
    }

    /// Writes weights and threshold.
    pub fn save(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = self.model.state_dict();
        file.metadata.insert("threshold".into(), self.threshold.to_string());
        file.save(path)
    }

    /// Reads what [`Reader::save`] wrote.
    pub fn load(path: &Path) -> Result<Reader> {
        if !path.exists() {
            return Err(Error::new("classify", format!("there is no model {}", path.display()))
                .hint("train one first, by the same command without `classify`"));
        }
        let file = StateDict::load(path)?;
        let threshold = file.metadata.get("threshold").and_then(|text| text.parse().ok());
        let threshold = threshold.ok_or_else(|| Error::new("classify", "the file does not say its threshold"))?;
        let model = BiLstm::new()?;
        model.load_state_dict(&file)?;
        Ok(Reader { model, threshold, validation: 0.0 })
    }
}
