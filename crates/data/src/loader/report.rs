//! What a loader did with its time.
use crate::pad::Padding;
use std::{fmt, ops::AddAssign, time::Duration};

/// Sums over the batches that a loader handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) batches: usize,
    pub(super) samples: usize,
    pub(super) elapsed: Duration,
    pub(super) waiting: Duration,
    pub(super) padding: Padding,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Tally) {
        self.batches += more.batches;
        self.samples += more.samples;
        self.elapsed += more.elapsed;
        self.waiting += more.waiting;
        self.padding += more.padding;
    }
}

/// How fast a loader is, how long its caller waits for it, and how much of its batches is padding: what
/// [`crate::DataLoader::report`] gives, and prints as one line.
///
/// ```
/// # use data::{DataLoader, pad_collate};
/// # use tensor_core::Tensor;
/// # fn main() -> tensor_core::Result<()> {
/// let texts = vec![Tensor::ones([1])?, Tensor::ones([3])?];
/// let loader = DataLoader::new(texts).batch_size(2).collate(pad_collate(0));
/// for batch in &loader {
///     batch?;
/// }
/// let report = loader.report();
/// assert_eq!((report.batches, report.samples), (1, 2));
/// assert_eq!(report.padding_waste(), 2.0 / 6.0); // 4 of 6 places hold what was in the samples
/// println!("{report}"); // 2 samples in 1 batches, 152394.7/s; waited for data 38 % of the time; padding 33.3 %
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoaderReport {
    /// Batches handed out, without those that failed.
    pub batches: usize,
    /// Samples in them.
    pub samples: usize,
    /// Time in which batches were asked for, training between them included.
    pub elapsed: Duration,
    /// The part of it that the caller waited for a batch.
    pub waiting: Duration,
    /// Elements of the tensors that were padded, as they came from the samples.
    pub content: usize,
    /// Elements of the tensors that padding made of them.
    pub padded: usize,
}

impl LoaderReport {
    pub(super) fn of(tally: Tally) -> LoaderReport {
        let Tally { batches, samples, elapsed, waiting, padding } = tally;
        LoaderReport { batches, samples, elapsed, waiting, content: padding.content, padded: padding.padded }
    }

    /// Samples in a second of [`LoaderReport::elapsed`]; 0 where nothing was asked for.
    pub fn samples_per_second(&self) -> f64 {
        share(self.samples as f64, self.elapsed.as_secs_f64())
    }

    /// The share of the time that the caller waited, 0 to 1. Far above 0, more workers or cheaper samples make training
    /// faster.
    pub fn waiting_share(&self) -> f64 {
        share(self.waiting.as_secs_f64(), self.elapsed.as_secs_f64())
    }

    /// The share of padded batches that is padding, 0 to 1: of what [`crate::pad_sequence`] and [`crate::pad_collate`]
    /// made. Batches of like lengths ([`crate::BucketSampler`]) have less of it.
    pub fn padding_waste(&self) -> f64 {
        share(self.padded.saturating_sub(self.content) as f64, self.padded as f64)
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl fmt::Display for LoaderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} samples in {} batches, {:.1}/s; waited for data {:.0} % of the time",
            self.samples,
            self.batches,
            self.samples_per_second(),
            100.0 * self.waiting_share()
        )?;
        if self.padded > 0 {
            write!(f, "; padding {:.1} %", 100.0 * self.padding_waste())?;
        }
        Ok(())
    }
}
