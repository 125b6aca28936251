//! The promises of the loader: order, bits, errors, threads, memory, resuming.
use super::*;
use crate::{BatchSampler, SequentialSampler, pad_collate, random::Words};
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tensor_core::{Error, Tensor, is_grad_enabled, manual_seed};

/// Samples that say their index and draw a random number.
struct Noisy(usize);

impl Dataset for Noisy {
    type Item = (i64, f64);
    fn len(&self) -> usize {
        self.0
    }
    fn get(&self, index: usize) -> Result<(i64, f64)> {
        assert!(!is_grad_enabled());
        Ok((index as i64, Words::of_thread(1).unit()))
    }
}

fn noisy(samples: usize, workers: usize) -> DataLoader<Noisy, (Tensor, Tensor)> {
    DataLoader::new(Noisy(samples)).batch_size(10).shuffle(true).workers(workers).seed(5)
}

fn epoch(loader: &DataLoader<Noisy, (Tensor, Tensor)>) -> Vec<(Vec<i64>, Vec<f64>)> {
    loader.iter().map(|batch| batch.unwrap()).map(|(i, x)| (i.to_vec().unwrap(), x.to_vec().unwrap())).collect()
}

#[test]
fn order_and_bits_do_not_depend_on_the_workers() {
    let alone = noisy(95, 0);
    let (first, second) = (epoch(&alone), epoch(&alone));
    assert_eq!(first.len(), 10);
    assert_eq!(first[9].0.len(), 5);
    assert_ne!(first, second);
    let mut seen: Vec<i64> = first.iter().flat_map(|b| b.0.clone()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..95).collect::<Vec<_>>());
    for workers in [1, 2, 4, 10] {
        for prefetch in [1, 7] {
            let loader = noisy(95, workers).prefetch(prefetch);
            assert_eq!(epoch(&loader), first, "{workers} workers");
            assert_eq!(epoch(&loader), second, "{workers} workers");
        }
    }
}

#[test]
fn a_thousand_samples_over_three_epochs_repeat_no_random_number() {
    let loader = noisy(1000, 4);
    let mut drawn: Vec<u64> = (0..3).flat_map(|_| epoch(&loader)).flat_map(|b| b.1).map(f64::to_bits).collect();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), 3000);
}

#[test]
fn the_callers_generator_and_grad_mode_stay_as_they_were() {
    manual_seed(9);
    let before = tensor_core::rng::generator();
    epoch(&noisy(20, 0));
    assert_eq!(tensor_core::rng::generator(), before);
    assert!(is_grad_enabled());
}

#[test]
fn without_a_seed_manual_seed_decides() {
    let order = |seed| {
        manual_seed(seed);
        let loader = DataLoader::new(Noisy(30)).batch_size(30).shuffle(true);
        epoch(&loader)[0].clone()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}

#[test]
fn batches_are_as_many_as_pytorch_makes() {
    let count = |size, drop| {
        let loader = DataLoader::new(Noisy(847)).batch_size(size).drop_last(drop);
        assert_eq!(loader.iter().size_hint(), (loader.len(), Some(loader.len())));
        assert_eq!(epoch(&loader).len(), loader.len());
        loader.len()
    };
    assert_eq!((count(64, false), count(64, true), count(847, true), count(1000, true)), (14, 13, 1, 0));
    assert_eq!(DataLoader::new(Noisy(0)).iter().count(), 0);
    let own = DataLoader::new(Noisy(7)).batch_sampler(BatchSampler::new(SequentialSampler::new(7), 3, true).unwrap());
    assert_eq!(epoch(&own).iter().map(|b| b.0.len()).collect::<Vec<_>>(), [3, 3]);
}

#[test]
fn wrong_settings_are_an_error_of_the_first_batch() {
    let first = |loader: DataLoader<Noisy, _>| {
        let mut batches = loader.iter();
        let message = batches.next().unwrap().unwrap_err().to_string();
        assert!(batches.next().is_none());
        message
    };
    assert_eq!(first(DataLoader::new(Noisy(3)).batch_size(0)), "DataLoader: batch_size is 0; it is at least 1");
    assert!(first(DataLoader::new(Noisy(3)).prefetch(0)).contains("prefetch is 0"));
    let both = DataLoader::new(Noisy(3)).sampler(SequentialSampler::new(3)).shuffle(true);
    assert_eq!(first(both), "DataLoader: sampler excludes shuffle; sampler sets the order by itself");
}

/// Sample 13 fails, sample 27 panics.
struct Damaged;

impl Dataset for Damaged {
    type Item = i64;
    fn len(&self) -> usize {
        40
    }
    fn get(&self, index: usize) -> Result<i64> {
        match index {
            13 => Err(Error::new("decode", "truncated file")),
            27 => panic!("no such picture"),
            _ => Ok(index as i64),
        }
    }
}

#[test]
fn a_failing_or_panicking_sample_is_named_and_the_rest_can_be_had() {
    for workers in [0, 1, 3] {
        let loader = DataLoader::new(Damaged).batch_size(10).workers(workers);
        for _ in 0..2 {
            let batches: Vec<_> = loader.iter().collect();
            assert_eq!(batches.len(), 4);
            assert_eq!(batches[1].as_ref().unwrap_err().to_string(), "in sample 13: decode: truncated file");
            let panic = batches[2].as_ref().unwrap_err().to_string();
            assert_eq!(panic, "in sample 27: DataLoader: the code that makes it panicked: no such picture");
            assert_eq!(batches[3].as_ref().unwrap().to_vec::<i64>().unwrap(), (30..40).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_panicking_collate_function_is_an_error() {
    let loader = DataLoader::with_collate(Noisy(4), |_| -> Result<()> { panic!("too long") }).workers(2);
    let error = loader.iter().next().unwrap().unwrap_err().to_string();
    assert_eq!(error, "in batch 0: DataLoader: the code that makes it panicked: too long");
}

#[test]
fn ragged_samples_are_named_by_their_index_in_the_dataset() {
    let ragged = vec![2usize, 2, 2, 5].map(|n| Ok((Tensor::zeros([n])?, n)));
    let loader = DataLoader::new(ragged).batch_size(2);
    let error = loader.iter().nth(1).unwrap().unwrap_err().to_string();
    assert!(error.contains("samples 2 and 3 have different shapes in field .0: f32[2] and f32[5]"), "{error}");
    let padded = loader.collate(pad_collate(1.0));
    let (x, n) = padded.iter().last().unwrap().unwrap();
    assert_eq!(x.to_vec::<f32>().unwrap(), [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(n.to_vec::<i64>().unwrap(), [2, 5]);
}

/// Counts the samples that were made.
struct Counted(Arc<AtomicUsize>);

impl Dataset for Counted {
    type Item = i64;
    fn len(&self) -> usize {
        100_000
    }
    fn get(&self, index: usize) -> Result<i64> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(index as i64)
    }
}

#[test]
fn workers_are_never_further_ahead_than_prefetch_and_stop_with_the_iterator() {
    let made = Arc::new(AtomicUsize::new(0));
    let loader = DataLoader::new(Counted(made.clone())).batch_size(10).workers(3).prefetch(2);
    let mut batches = loader.iter();
    for taken in 1..=20 {
        batches.next().unwrap().unwrap();
        assert!(made.load(Ordering::SeqCst) <= (taken + 6) * 10);
    }
    drop(batches);
    // The threads have been joined: each held the counter's dataset.
    let after = made.load(Ordering::SeqCst);
    assert_eq!(Arc::strong_count(&loader.source), 1);
    assert!(after <= 260, "{after}");
    assert_eq!(loader.iter().next().unwrap().unwrap().to_vec::<i64>().unwrap()[9], 9);
}

#[test]
fn a_loader_continues_inside_of_an_epoch() {
    let whole = noisy(95, 2);
    epoch(&whole);
    let second = epoch(&whole);

    let interrupted = noisy(95, 0);
    epoch(&interrupted);
    let mut batches = interrupted.iter();
    for expected in &second[..4] {
        assert_eq!(batches.next().unwrap().unwrap().0.to_vec::<i64>().unwrap(), expected.0);
    }
    let state = interrupted.state();
    assert_eq!(state, LoaderState { seed: 5, epoch: 1, batch: 4 });

    let resumed = DataLoader::new(Noisy(95)).batch_size(10).shuffle(true).workers(3);
    resumed.load_state(state);
    assert_eq!(resumed.state(), state);
    assert_eq!(epoch(&resumed), second[4..]);
    assert_eq!(resumed.state(), LoaderState { seed: 5, epoch: 2, batch: 0 });
    resumed.set_epoch(1);
    assert_eq!(epoch(&resumed), second);
    resumed.resume_at(1, 99);
    assert!(epoch(&resumed).is_empty());
}

#[test]
fn batches_arrive_on_the_device() {
    let cpu = Device::cpu();
    let loader = DataLoader::new(Noisy(4)).batch_size(4).device(&cpu).workers(1);
    assert_eq!(loader.iter().next().unwrap().unwrap().0.device(), cpu);
}

/// Sample 3 is not made before the gate opens.
struct Slow(std::sync::mpsc::Receiver<()>);

struct Gated(Mutex<Slow>);

impl Dataset for Gated {
    type Item = i64;
    fn len(&self) -> usize {
        6
    }
    fn get(&self, index: usize) -> Result<i64> {
        if index == 3 {
            let _ = self.0.lock().unwrap().0.recv();
        }
        Ok(index as i64)
    }
}

#[test]
fn a_slow_worker_is_reported_in_time_and_its_batch_still_comes() {
    let (open, gate) = std::sync::mpsc::channel();
    let loader = DataLoader::new(Gated(Mutex::new(Slow(gate)))).batch_size(2).workers(2);
    let loader = loader.timeout(Duration::from_millis(20));
    let mut batches = loader.iter();
    assert_eq!(batches.next().unwrap().unwrap().to_vec::<i64>().unwrap(), [0, 1]);
    for _ in 0..2 {
        let error = batches.next().unwrap().unwrap_err().to_string();
        assert!(error.starts_with("DataLoader: batch 1 was not made within 20ms"), "{error}");
        assert_eq!(loader.state().batch, 1);
    }
    open.send(()).unwrap();
    let rest: Vec<i64> = batches
        .filter_map(|batch| batch.ok()) // It may be late once more.
        .flat_map(|batch| batch.to_vec::<i64>().unwrap())
        .collect();
    assert_eq!(rest, [2, 3, 4, 5]);

    // Dropping the iterator does not wait for a worker that may never end.
    let mut batches = loader.iter();
    assert!(batches.next().unwrap().is_ok());
    assert!(batches.next().unwrap().is_err());
    drop(batches);
    drop(open);
}

#[test]
fn the_report_counts_samples_time_and_padding() {
    let texts = [3usize, 1, 4, 2].map(|n| Tensor::ones([n]).unwrap()).to_vec();
    for workers in [0, 2] {
        let loader = DataLoader::new(texts.clone()).batch_size(2).workers(workers).collate(pad_collate(0));
        assert_eq!(loader.report(), LoaderReport::default());
        assert_eq!(loader.iter().count(), 2);
        let report = loader.report();
        assert_eq!((report.batches, report.samples, report.content, report.padded), (2, 4, 10, 14));
        assert!((report.padding_waste() - 4.0 / 14.0).abs() < 1e-12);
        assert!(report.waiting <= report.elapsed && report.samples_per_second() > 0.0);
        let line = report.to_string();
        assert!(line.starts_with("4 samples in 2 batches, ") && line.ends_with("; padding 28.6 %"), "{line}");
        loader.reset_report();
        assert_eq!(loader.report().samples, 0);
    }
}

#[test]
fn a_function_of_the_users_learns_which_samples_it_has() {
    let ragged = vec![2usize, 2, 2, 5].map(|n| Tensor::zeros([n]));
    let loader = DataLoader::new(ragged).batch_size(2).collate(crate::default_collate);
    let error = loader.iter().nth(1).unwrap().unwrap_err().to_string();
    assert!(error.contains("samples 2 and 3 have different shapes: f32[2] and f32[5]"), "{error}");
}

#[derive(crate::Collate)]
#[collate(batch = Pairs)]
struct Pair {
    text: Tensor,
    label: usize,
}

#[test]
fn a_derived_batch_names_the_field_that_does_not_fit() {
    let pairs = vec![(2usize, 0usize), (2, 1), (3, 2)].map(|(n, label)| Ok(Pair { text: Tensor::ones([n])?, label }));
    let loader = DataLoader::new(pairs).batch_size(2).device(&Device::cpu());
    let Pairs { text, label } = loader.iter().next().unwrap().unwrap();
    assert_eq!((text.shape(), label.to_vec::<i64>().unwrap()), (&[2, 2][..], vec![0, 1]));
    let loader = loader.batch_size(3);
    let error = loader.iter().next().unwrap().unwrap_err().to_string();
    assert!(error.contains("samples 0 and 2 have different shapes in field .text: f32[2] and f32[3]"), "{error}");
    let padded = loader.collate(pad_collate(0));
    assert_eq!(padded.iter().next().unwrap().unwrap().text.shape(), [3, 3]);
}
