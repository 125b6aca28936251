//! The data: how it enters the model, and which classes it shows.
use super::{Lint, Report, record};
use std::collections::BTreeMap;
use tensor_core::{Op, Result, Tensor};

#[derive(Default)]
pub(super) struct Data {
    backwards: usize,
    /// Batches of class ids, each: the class if it is one only, and the number of samples.
    batches: Vec<(Option<i64>, usize)>,
}

impl Data {
    /// Backward begins: looks at what the first backward passes find at the entrance of the model.
    pub(super) fn backward(&mut self, outputs: &[&Tensor], report: &mut Report) -> Result<()> {
        self.backwards += 1;
        if self.backwards > 2 {
            return Ok(());
        }
        for node in record::nodes(outputs) {
            // Normalisations take any scale; embeddings take ids.
            if !matches!(node.op(), Op::MatMul | Op::Conv(_)) || node.wants(0) {
                continue;
            }
            let Ok(x) = node.input(0) else { continue };
            if x.is_floating_point() && x.numel() >= 64 && is_pixels(&x)? {
                let largest = x.amax()?.item::<f64>()?;
                let details = format!("it holds whole numbers from 0 to {largest}");
                let culprit = format!("the input of {}, of shape {:?}", node.name(), x.shape());
                report.add(Lint::DataNotNormalised, culprit, details);
                return Ok(());
            }
        }
        Ok(())
    }

    /// A loss of class ids is about to be computed.
    pub(super) fn labels(&mut self, name: &str, target: &Tensor, recorded: bool, report: &mut Report) -> Result<()> {
        if !recorded || !matches!(name, "cross_entropy" | "nll_loss") || target.is_floating_point() {
            return Ok(());
        }
        let mut ids = target.to_vec::<i64>()?;
        ids.retain(|&id| id >= 0);
        let Some(&first) = ids.first() else { return Ok(()) };
        let one = ids.iter().all(|&id| id == first).then_some(first);
        self.batches.push((one, ids.len()));
        // One class after the other, each in batches of its own.
        let run: Option<Vec<i64>> = self.batches.iter().map(|(one, samples)| one.filter(|_| *samples >= 4)).collect();
        if let Some(run) = run
            && run.len() >= 5
            && run.is_sorted()
        {
            let mut classes: BTreeMap<i64, usize> = BTreeMap::new();
            for id in run {
                *classes.entry(id).or_default() += 1;
            }
            if classes.len() >= 2 && classes.values().any(|&batches| batches >= 2) {
                let details = format!("{} batches, each of one class, in the order of the classes", self.batches.len());
                report.add(Lint::DataNotShuffled, format!("the targets of {name}"), details);
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, report: &mut Report) {
        let samples: usize = self.batches.iter().map(|(_, n)| n).sum();
        let Some((Some(class), _)) = self.batches.first() else { return };
        let same = self.batches.iter().all(|(one, _)| one == &Some(*class));
        // One sample again and again, to see whether a model can learn it, has one class by right.
        if same && self.batches.len() >= 2 && self.batches.iter().all(|(_, n)| *n >= 4) && samples >= 16 {
            let details = format!("all {samples} class ids so far are {class}");
            report.add(Lint::LabelsOfOneClass, "the targets", details);
        }
    }
}

/// Whole numbers up to 255, of which many are large.
fn is_pixels(x: &Tensor) -> Result<bool> {
    let (least, largest) = (x.amin()?.item::<f64>()?, x.amax()?.item::<f64>()?);
    if least < 0.0 || !(100.0..=255.0).contains(&largest) {
        return Ok(false);
    }
    let whole = x.floor()?.eq(x)?.all()?.item::<bool>()?;
    Ok(whole && x.mean()?.item::<f64>()? > 10.0)
}
