//! What the loader itself costs, on samples that cost nothing.
use criterion::{Criterion, criterion_group, criterion_main};
use data::{DataLoader, Dataset, RandomShift, datasets::Digits};
use tensor_core::Result;

struct Numbers;

impl Dataset for Numbers {
    type Item = (i64, i64);
    fn len(&self) -> usize {
        100_000
    }
    fn get(&self, index: usize) -> Result<(i64, i64)> {
        Ok((index as i64, index as i64 % 10))
    }
}

fn numbers(c: &mut Criterion) {
    for workers in [0, 1, 2] {
        let loader = DataLoader::new(Numbers).batch_size(1000).shuffle(true).workers(workers);
        c.bench_function(&format!("numbers_100k/{workers}_workers"), |b| b.iter(|| loader.iter().flatten().count()));
    }
}

fn digits(c: &mut Criterion) {
    let Ok(digits) = Digits::train() else { return };
    let shift = RandomShift::new(1);
    let train = digits.map(move |(image, label)| Ok((shift.apply(&image)?, label)));
    let loader = DataLoader::new(train).batch_size(64).shuffle(true);
    c.bench_function("digits_epoch/shifted", |b| b.iter(|| loader.iter().flatten().count()));
}

criterion_group!(benches, numbers, digits);
criterion_main!(benches);
