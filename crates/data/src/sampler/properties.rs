//! What holds of every sampler, over many sizes: each index once, the same for the same seed, another order in another
//! epoch, ranks that share the samples out.
use super::*;
use crate::random::{Purpose, stream};
use std::collections::BTreeMap;

/// Sizes with every remainder that matters, and larger ones.
const SIZES: [usize; 12] = [0, 1, 2, 3, 4, 5, 7, 8, 16, 63, 64, 847];

fn epoch(seed: u64, epoch: u64) -> Generator {
    stream(seed, epoch, Purpose::Order, 0)
}

fn is_each_once(mut indices: Vec<usize>, len: usize) -> bool {
    indices.sort_unstable();
    indices.into_iter().eq(0..len)
}

fn lengths(len: usize) -> impl Iterator<Item = usize> + Clone {
    (0..len).map(|i| 50 + i * 7919 % 250)
}

#[test]
fn each_index_comes_exactly_once_in_every_epoch() {
    for len in SIZES {
        let mut samplers: Vec<Box<dyn Sampler>> = vec![
            Box::new(SequentialSampler::new(len)),
            Box::new(RandomSampler::new(len)),
            Box::new(SubsetRandomSampler::new((0..len).collect())),
            Box::new(SortByLength::new(lengths(len))),
            Box::new(SortByLength::new(lengths(len)).descending()),
            Box::new(DistributedSampler::new(len, 0, 1).unwrap()),
        ];
        if len > 0 {
            let weights: Vec<f64> = (1..=len).map(|i| i as f64).collect();
            samplers.push(Box::new(WeightedRandomSampler::without_replacement(&weights, len).unwrap()));
        }
        for (i, sampler) in samplers.iter().enumerate() {
            assert_eq!((sampler.len(), sampler.is_empty()), (len, len == 0));
            for number in 0..3 {
                let once = sampler.at_epoch(number, &mut epoch(7, number)).unwrap();
                assert!(is_each_once(once.clone(), len), "sampler {i} of {len}");
                assert_eq!(once, sampler.at_epoch(number, &mut epoch(7, number)).unwrap());
            }
        }
        for batch_size in [1, 3, 64] {
            let batchings: [Box<dyn Batching>; 2] = [
                Box::new(BatchSampler::new(RandomSampler::new(len), batch_size, false).unwrap()),
                Box::new(BucketSampler::new(lengths(len), batch_size).unwrap().pool(2)),
            ];
            for batching in &batchings {
                let batches = batching.batches(&mut epoch(7, 0)).unwrap();
                assert_eq!(batches.len(), batching.len());
                assert!(batches.iter().filter(|b| b.len() != batch_size).count() <= 1);
                assert!(is_each_once(batches.concat(), len));
                assert_eq!(batches, batching.batches(&mut epoch(7, 0)).unwrap());
            }
            let whole = BucketSampler::new(lengths(len), batch_size).unwrap().drop_last(true);
            let batches = whole.batches(&mut epoch(7, 0)).unwrap();
            assert_eq!((batches.len(), whole.len()), (len / batch_size, len / batch_size));
            assert!(batches.iter().all(|b| b.len() == batch_size));
        }
    }
}

#[test]
fn seeds_and_epochs_have_orders_of_their_own() {
    let samplers: [Box<dyn Sampler>; 4] = [
        Box::new(RandomSampler::new(847)),
        Box::new(RandomSampler::with_replacement(847, 847)),
        Box::new(WeightedRandomSampler::new(&[1.0; 847], 847).unwrap()),
        Box::new(SubsetRandomSampler::new((0..847).collect())),
    ];
    for sampler in &samplers {
        let order = |seed, number| sampler.at_epoch(number, &mut epoch(seed, number)).unwrap();
        assert_ne!(order(1, 0), order(1, 1));
        assert_ne!(order(1, 0), order(2, 0));
    }
    let part = |seed, number| {
        let sampler = DistributedSampler::new(847, 1, 4).unwrap().seed(seed);
        sampler.at_epoch(number, &mut epoch(99, 99)).unwrap()
    };
    assert_ne!(part(1, 0), part(1, 1));
    assert_ne!(part(1, 0), part(2, 0));
}

#[test]
fn ranks_share_the_samples_out_as_pytorch_does() {
    for len in SIZES {
        for world in [1, 2, 3, 4, 7, 100] {
            for drop_last in [false, true] {
                for shuffle in [false, true] {
                    let part = |rank, number| {
                        let sampler = DistributedSampler::new(len, rank, world).unwrap();
                        let sampler = sampler.shuffle(shuffle).drop_last(drop_last).seed(3);
                        // The loaders of the ranks have other seeds.
                        let part = sampler.at_epoch(number, &mut epoch(rank as u64, number)).unwrap();
                        assert_eq!(part.len(), sampler.len());
                        part
                    };
                    for number in 0..2 {
                        let parts: Vec<Vec<usize>> = (0..world).map(|rank| part(rank, number)).collect();
                        let each = if drop_last { len / world } else { len.div_ceil(world) };
                        assert!(parts.iter().all(|p| p.len() == each));
                        let mut counts = BTreeMap::new();
                        parts.concat().into_iter().for_each(|i| *counts.entry(i).or_insert(0usize) += 1);
                        let (least, most) = ((each * world).checked_div(len), (each * world).div_ceil(len.max(1)));
                        assert!(counts.values().all(|&c| Some(c) >= least && c <= most.max(1)));
                        assert_eq!(counts.len(), len.min(each * world));
                    }
                }
            }
        }
    }
    // torch.utils.data.DistributedSampler(range(10), 4, rank, shuffle=False)
    let torch = [[0, 4, 8], [1, 5, 9], [2, 6, 0], [3, 7, 1]];
    for (rank, expected) in torch.iter().enumerate() {
        let sampler = DistributedSampler::new(10, rank, 4).unwrap().shuffle(false);
        assert_eq!(sampler.indices(&mut epoch(0, 0)).unwrap(), expected);
    }
    assert!(DistributedSampler::new(10, 4, 4).is_err());
    assert!(DistributedSampler::new(10, 0, 0).is_err());
}

#[test]
fn more_draws_than_samples_come_round_by_round() {
    let drawn = RandomSampler::new(5).num_samples(13).indices(&mut epoch(0, 0)).unwrap();
    assert_eq!(drawn.len(), 13);
    assert!(is_each_once(drawn[..5].to_vec(), 5) && is_each_once(drawn[5..10].to_vec(), 5));
    let few = RandomSampler::new(100).num_samples(10).indices(&mut epoch(0, 0)).unwrap();
    assert_eq!(few.iter().collect::<std::collections::BTreeSet<_>>().len(), 10);
    assert!(RandomSampler::new(0).num_samples(1).indices(&mut epoch(0, 0)).is_err());
}

#[test]
fn weights_without_replacement_decide_who_comes_first() {
    let sampler = WeightedRandomSampler::without_replacement(&[1.0, 0.0, 3.0], 2).unwrap();
    let mut generator = Generator::new(0);
    let mut first = [0u32; 3];
    for _ in 0..4000 {
        let drawn = sampler.indices(&mut generator).unwrap();
        assert!(drawn == [0, 2] || drawn == [2, 0]);
        first[drawn[0]] += 1;
    }
    // Binomial(4000, 3/4) has a standard deviation of 27: five of them.
    assert!(first[2].abs_diff(3000) < 137, "{first:?}");
    let error = WeightedRandomSampler::without_replacement(&[1.0, 0.0], 2).unwrap_err().to_string();
    assert!(error.contains("2 of 1 samples with a positive weight"), "{error}");
}

#[test]
fn sorting_is_stable() {
    let order = SortByLength::new([3, 1, 3, 2, 1]).indices(&mut epoch(0, 0)).unwrap();
    assert_eq!(order, [1, 4, 3, 0, 2]);
}
