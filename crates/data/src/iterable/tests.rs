//! Streams and their loader: nothing repeated, the same batches for any number of workers, errors, resuming.
use super::*;
use crate::{IterableLoader, LoaderState};
use std::sync::atomic::{AtomicUsize, Ordering};
use tensor_core::Tensor;

fn numbers(count: i64) -> impl IterableDataset<Raw = i64, Item = i64> {
    StreamDataset::new(move || Ok((0..count).map(Ok)))
}

fn all<D: IterableDataset>(dataset: &D) -> Vec<D::Item> {
    dataset.samples().unwrap().map(|item| item.unwrap()).collect()
}

#[test]
fn combinators_of_streams_pick_what_they_say() {
    assert_eq!(all(&numbers(5).map(|x| Ok(x * x))), [0, 1, 4, 9, 16]);
    assert_eq!(all(&numbers(9).filter(|x| x % 3 == 0).map(|x| Ok(-x))), [0, -3, -6]);
    assert_eq!(all(&numbers(9).skip(2).take(3)), [2, 3, 4]);
    assert_eq!(all(&numbers(2).chain(numbers(3).map(|x| Ok(10 * x)))), [0, 1, 0, 10, 20]);
    assert_eq!(all(&numbers(2).repeat(3)), [0, 1, 0, 1, 0, 1]);
    let parts: Vec<Vec<i64>> = (0..3).map(|rank| all(&numbers(10).shard(rank, 3).unwrap())).collect();
    assert_eq!(parts, [vec![0, 3, 6, 9], vec![1, 4, 7], vec![2, 5, 8]]);
    assert!(numbers(1).shard(2, 2).is_err());
    let mut shuffled = all(&numbers(100).shuffle(10));
    assert_ne!(shuffled, (0..100).collect::<Vec<_>>());
    // What is taken from a buffer of ten is at most nine places early.
    assert!(shuffled.iter().enumerate().all(|(place, &x)| x <= place as i64 + 9));
    shuffled.sort_unstable();
    assert_eq!(shuffled, (0..100).collect::<Vec<_>>());
}

/// Numbers in shuffled order, each with a random number of its own.
fn noisy(workers: usize) -> IterableLoader<impl IterableDataset<Item = (i64, f64)> + 'static, (Tensor, Tensor)> {
    let samples = numbers(95).shuffle(20).map(|x| Ok((x, Words::of_thread(1).unit())));
    IterableLoader::new(samples).batch_size(10).workers(workers).seed(5)
}

type Batch = (Vec<i64>, Vec<u64>);

fn batch((x, noise): (Tensor, Tensor)) -> Batch {
    let noise = noise.to_vec::<f64>().unwrap();
    (x.to_vec().unwrap(), noise.into_iter().map(f64::to_bits).collect())
}

fn epoch<D: IterableDataset<Item = (i64, f64)> + 'static>(loader: &IterableLoader<D, (Tensor, Tensor)>) -> Vec<Batch> {
    loader.iter().map(|b| batch(b.unwrap())).collect()
}

#[test]
fn workers_repeat_nothing_and_change_no_bit() {
    let alone = noisy(0);
    let (first, second) = (epoch(&alone), epoch(&alone));
    assert_eq!(first.iter().map(|b| b.0.len()).collect::<Vec<_>>(), [10, 10, 10, 10, 10, 10, 10, 10, 10, 5]);
    let mut seen: Vec<i64> = first.iter().flat_map(|b| b.0.clone()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..95).collect::<Vec<_>>());
    assert_ne!(first, second);
    for workers in [1, 2, 4, 10] {
        let loader = noisy(workers);
        assert_eq!(epoch(&loader), first, "{workers} workers");
        assert_eq!(epoch(&loader), second, "{workers} workers");
    }
    assert_eq!(epoch(&noisy(3).drop_last(true)), first[..9]);
}

#[test]
fn a_stream_continues_inside_of_an_epoch() {
    let whole = noisy(2);
    epoch(&whole);
    let second = epoch(&whole);
    let interrupted = noisy(0);
    epoch(&interrupted);
    let mut batches = interrupted.iter();
    for expected in &second[..4] {
        assert_eq!(batch(batches.next().unwrap().unwrap()), *expected);
    }
    let state = interrupted.state();
    assert_eq!(state, LoaderState { seed: 5, epoch: 1, batch: 4 });
    let resumed = noisy(3);
    resumed.load_state(state);
    assert_eq!(epoch(&resumed), second[4..]);
    assert_eq!(resumed.state(), LoaderState { seed: 5, epoch: 2, batch: 0 });
}

#[test]
fn errors_and_panics_of_a_stream_are_named_and_the_rest_can_be_had() {
    let damaged = || {
        let read = |x| if x == 3 { Err(Error::new("disk", "bad sector")) } else { Ok(x) };
        let make = |x| if x == 14 { panic!("no such word") } else { Ok(x) };
        StreamDataset::new(move || Ok((0..20i64).map(read))).map(make)
    };
    for workers in [0, 1, 3] {
        let loader = IterableLoader::new(damaged()).batch_size(5).workers(workers);
        for _ in 0..2 {
            let batches: Vec<_> = loader.iter().collect();
            assert_eq!(batches.len(), 5);
            assert_eq!(batches[0].as_ref().unwrap_err().to_string(), "in sample 3: disk: bad sector");
            assert_eq!(batches[1].as_ref().unwrap().to_vec::<i64>().unwrap(), [4, 5, 6, 7, 8]);
            let error = batches[3].as_ref().unwrap_err().to_string();
            assert_eq!(error, "in sample 14: DataLoader: the code that makes it panicked: no such word");
        }
    }
    let broken = StreamDataset::new(|| Ok((0..9i64).map(|x| if x == 4 { panic!("lost") } else { Ok(x) })));
    let batches: Vec<_> = IterableLoader::new(broken).batch_size(3).workers(2).iter().collect();
    assert_eq!(batches.len(), 2, "nothing is read after a panic of the stream");
    assert!(batches[1].is_err());
    let closed = StreamDataset::new(|| Err::<std::iter::Empty<Result<i64>>, _>(Error::new("open", "no such file")));
    let batches: Vec<_> = IterableLoader::new(closed).workers(2).iter().collect();
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].as_ref().unwrap_err().to_string(), "open: no such file");
}

#[test]
fn an_endless_stream_is_read_no_further_than_prefetch() {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = read.clone();
    let endless = StreamDataset::new(move || {
        let counter = counter.clone();
        Ok((0i64..)
            .inspect(move |_| {
                counter.fetch_add(1, Ordering::SeqCst);
            })
            .map(Ok))
    });
    let loader = IterableLoader::new(endless).batch_size(10).workers(3).prefetch(2);
    let mut batches = loader.iter();
    for taken in 1..=20 {
        batches.next().unwrap().unwrap();
        assert!(read.load(Ordering::SeqCst) <= (taken + 6) * 10);
    }
    drop(batches);
    let error = IterableLoader::new(numbers(3)).batch_size(0).iter().next().unwrap().unwrap_err().to_string();
    assert!(error.contains("batch_size is 0"), "{error}");
}
