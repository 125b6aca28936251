//! Where the random numbers of data come from: streams named by seed, epoch and sample, so that no thread and no order
//! of work changes them.
use tensor_core::rng::{self, Generator, Key};

/// What a stream is for: two purposes never share numbers.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The order of an epoch.
    Order = 1,
    /// What `Dataset::get` draws.
    Sample = 2,
    /// What the collate function draws.
    Batch = 3,
}

/// The stream of a sample (or batch) in an epoch.
pub(crate) fn stream(seed: u64, epoch: u64, purpose: Purpose, index: usize) -> Generator {
    Generator::with_stream(mix(mix(seed).wrapping_add(epoch)).wrapping_add(purpose as u64), index as u64)
}

// The finaliser of splitmix64 (Steele, Lea, Flood 2014): neighbouring seeds and epochs get keys far apart.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Random words on the host, for choices rather than tensors.
pub(crate) struct Words {
    key: Key,
    spare: Option<u64>,
    block: u64,
}

impl Words {
    /// Words of which at most `most` will be drawn; the generator moves past all of them.
    pub(crate) fn of(generator: &mut Generator, most: usize) -> Words {
        // A block of the counter gives two words of 64 bits.
        let key = generator.take(most.div_ceil(2));
        Words { key, spare: None, block: key.offset }
    }

    /// The same from this thread's generator.
    pub(crate) fn of_thread(most: usize) -> Words {
        let mut generator = rng::generator();
        let words = Words::of(&mut generator, most);
        rng::set_generator(generator);
        words
    }

    /// All 64 bits random.
    pub(crate) fn word(&mut self) -> u64 {
        if let Some(word) = self.spare.take() {
            return word;
        }
        let [a, b, c, d] = rng::philox(self.key, self.block);
        self.block = self.block.wrapping_add(1);
        self.spare = Some(u64::from(c) | u64::from(d) << 32);
        u64::from(a) | u64::from(b) << 32
    }

    /// Even over `0..n`; the bias of one multiplication is below `n / 2^64`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.word()) * n as u128) >> 64) as usize
    }

    /// Even over `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// `0..n` in random order (Fisher and Yates).
pub(crate) fn permutation(n: usize, generator: &mut Generator) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut words = Words::of(generator, n);
    for i in (1..n).rev() {
        order.swap(i, words.below(i + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_holds_each_number_once_and_moves_them() {
        let mut order = permutation(1000, &mut Generator::new(3));
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
        assert!(permutation(0, &mut Generator::new(0)).is_empty());
    }

    #[test]
    fn every_place_of_a_permutation_is_as_likely() {
        let mut counts = [[0u32; 4]; 4];
        let mut generator = Generator::new(0);
        for _ in 0..4000 {
            for (place, &value) in permutation(4, &mut generator).iter().enumerate() {
                counts[place][value] += 1;
            }
        }
        // Binomial(4000, 1/4) has a standard deviation of 27: five of them.
        assert!(counts.iter().flatten().all(|&c| c.abs_diff(1000) < 137), "{counts:?}");
    }

    #[test]
    fn streams_differ_by_seed_epoch_purpose_and_index() {
        let mut keys = Vec::new();
        for seed in 0..3 {
            for epoch in 0..3 {
                for purpose in [Purpose::Order, Purpose::Sample, Purpose::Batch] {
                    for index in 0..3 {
                        let key = stream(seed, epoch, purpose, index).key();
                        keys.push((key.seed, key.stream));
                    }
                }
            }
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }
}
