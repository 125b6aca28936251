//! A bar that shows how an epoch goes.
use crate::Mean;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Instant;

/// A progress bar over the batches of an epoch: loss, accuracy, samples per second. It writes to standard error, and
/// only where that is a terminal.
///
/// ```
/// use train::Progress;
/// let mut progress = Progress::new("epoch 1/5", 3);
/// for _ in 0..3 {
///     progress.update(64, 0.25, Some(60));
/// }
/// progress.finish();
/// assert_eq!(progress.loss(), 0.25);
/// assert_eq!(progress.accuracy(), Some(60.0 / 64.0));
/// ```
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    start: Instant,
    loss: Mean,
    right: Option<usize>,
}

impl Progress {
    /// A bar for `batches` batches, with a word in front (`epoch 1/5`).
    pub fn new(label: impl Into<String>, batches: usize) -> Progress {
        let bar = ProgressBar::new(batches as u64);
        // A template that does not parse would only cost the looks.
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:24} {pos:>4}/{len}  {msg}") {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.set_prefix(label.into());
        Progress { bar, start: Instant::now(), loss: Mean::new(), right: None }
    }

    /// Counts a batch of `samples` samples, with its mean loss and, for classes, how many were right.
    pub fn update(&mut self, samples: usize, loss: f64, right: Option<usize>) {
        self.loss.update(loss, samples);
        if let Some(right) = right {
            *self.right.get_or_insert(0) += right;
        }
        // Text costs more than a small network's step: none where nobody sees it.
        if !self.bar.is_hidden() {
            self.bar.set_message(self.summary());
        }
        self.bar.inc(1);
    }

    /// Takes the bar away; the figures stay.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Writes a line above the bar, which stays whole.
    pub fn println(&self, line: impl AsRef<str>) {
        if self.bar.is_hidden() {
            eprintln!("{}", line.as_ref());
        } else {
            self.bar.println(line);
        }
    }

    /// The mean loss of the samples so far.
    pub fn loss(&self) -> f64 {
        self.loss.value()
    }

    /// The share of samples that were right, if that was counted.
    pub fn accuracy(&self) -> Option<f64> {
        self.right.map(|right| right as f64 / self.loss.samples() as f64)
    }

    /// Samples per second since the start.
    pub fn speed(&self) -> f64 {
        self.loss.samples() as f64 / self.start.elapsed().as_secs_f64().max(1e-9)
    }

    /// `loss 0.2500  accuracy 93.8 %  12345 samples/s`
    pub fn summary(&self) -> String {
        let accuracy = self.accuracy().map(|a| format!("  accuracy {:.1} %", 100.0 * a)).unwrap_or_default();
        format!("loss {:.4}{accuracy}  {:.0} samples/s", self.loss(), self.speed())
    }
}
