//! What a loader costs beside the dataset, with two workers.
use super::{Call, Row};
use flambeau::prelude::*;

pub(super) const ROWS: &[Row] =
    &[Row { name: "loader_overhead", setup: overhead }, Row { name: "collate_text", setup: collate_text }];

/// Samples that cost nothing to make.
struct Numbers;

impl Dataset for Numbers {
    type Item = (i64, i64);
    fn len(&self) -> usize {
        1_000_000
    }
    fn get(&self, index: usize) -> Result<(i64, i64)> {
        Ok((index as i64, index as i64 % 10))
    }
}

fn overhead() -> Result<Call> {
    let loader = DataLoader::new(Numbers).batch_size(1000).shuffle(true).workers(2);
    Ok(Box::new(move || {
        let mut count = 0;
        for batch in &loader {
            count += batch?.0.size(0)?;
        }
        all(count, 1_000_000)
    }))
}

/// Texts of 50 to 299 words, the short ones first, padded to the longest of their batch.
fn collate_text() -> Result<Call> {
    let lengths = Tensor::randint(50, 300, [1024])?.to_vec::<i64>()?;
    let mut texts = Vec::with_capacity(lengths.len());
    for length in lengths {
        texts.push(Tensor::randint(0, 10_000, [length as usize])?.to_vec::<i64>()?);
    }
    texts.sort_by_key(Vec::len);
    let labels = Tensor::randint(0, 2, [1024])?.to_vec::<i64>()?;
    let samples: Vec<(Vec<i64>, i64)> = texts.into_iter().zip(labels).collect();
    let loader = DataLoader::with_collate(samples, padded).batch_size(64).workers(2);
    Ok(Box::new(move || {
        let mut count = 0;
        for batch in &loader {
            count += batch?.0.size(0)?;
        }
        all(count, 1024)
    }))
}

fn padded(samples: Vec<(Vec<i64>, i64)>) -> Result<(Tensor, Tensor)> {
    let longest = samples.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
    let mut x = vec![0; samples.len() * longest];
    for ((text, _), row) in samples.iter().zip(x.chunks_exact_mut(longest)) {
        row[..text.len()].copy_from_slice(text);
    }
    let labels: Vec<i64> = samples.iter().map(|&(_, label)| label).collect();
    Ok((Tensor::from_slice(&x, [samples.len(), longest])?, Tensor::from_slice(&labels, [labels.len()])?))
}

fn all(count: usize, expected: usize) -> Result<()> {
    if count == expected {
        return Ok(());
    }
    Err(Error::new("loader", format!("handed out {count} samples of {expected}")))
}
