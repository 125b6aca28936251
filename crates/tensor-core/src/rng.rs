//! Random numbers by counter: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
//! A number depends on the seed, the stream and its position, so any thread may compute any of them.
use crate::context;

/// Which numbers: those of `seed` and `stream` from `offset` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Chosen by the user.
    pub seed: u64,
    /// One per independent consumer: a loader's sample, a worker.
    pub stream: u64,
    /// How many numbers of the stream are used up.
    pub offset: u64,
}

/// The state of a sequence of random numbers: a [`Key`] that moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generator(Key);

impl Generator {
    /// The start of `seed`'s first stream.
    pub fn new(seed: u64) -> Generator {
        Generator::with_stream(seed, 0)
    }
    /// The start of one of `seed`'s independent streams.
    pub fn with_stream(seed: u64, stream: u64) -> Generator {
        Generator(Key { seed, stream, offset: 0 })
    }
    /// Continues where a saved [`Generator::key`] stood.
    pub fn from_key(key: Key) -> Generator {
        Generator(key)
    }
    /// Where the sequence stands; saving and restoring it resumes with the same bits.
    pub fn key(&self) -> Key {
        self.0
    }
    /// Takes `count` numbers.
    pub fn take(&mut self, count: usize) -> Key {
        let key = self.0;
        self.0.offset = self.0.offset.wrapping_add(count as u64);
        key
    }
}

/// Restarts this thread's random numbers at `seed`.
pub fn manual_seed(seed: u64) {
    context::set_generator(Generator::new(seed));
}

/// This thread's generator as it stands, to be saved.
pub fn generator() -> Generator {
    context::generator()
}

/// Puts a saved generator back.
pub fn set_generator(generator: Generator) {
    context::set_generator(generator);
}

/// Runs `f` with random numbers from `generator`, which moves on; this thread's own sequence stays where it is.
pub fn with_generator<T>(generator: &mut Generator, f: impl FnOnce() -> T) -> T {
    struct Restore<'a>(Generator, &'a mut Generator);
    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            *self.1 = context::generator();
            context::set_generator(self.0);
        }
    }
    let restore = Restore(context::generator(), generator);
    context::set_generator(*restore.1);
    f()
}

/// Ten rounds of Philox: four random words of one counter value.
#[inline(always)]
pub fn philox(key: Key, block: u64) -> [u32; 4] {
    let mut c = [block as u32, (block >> 32) as u32, key.stream as u32, (key.stream >> 32) as u32];
    let (mut k0, mut k1) = (key.seed as u32, (key.seed >> 32) as u32);
    for _ in 0..10 {
        let p0 = u64::from(c[0]) * 0xD251_1F53;
        let p1 = u64::from(c[2]) * 0xCD9E_8D57;
        c = [(p1 >> 32) as u32 ^ c[1] ^ k0, p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ k1, p0 as u32];
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_test_vectors() {
        // From the Random123 distribution's known-answer file, philox4x32 with 10 rounds.
        let zero = philox(Key { seed: 0, stream: 0, offset: 0 }, 0);
        assert_eq!(zero, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = philox(Key { seed: u64::MAX, stream: u64::MAX, offset: 0 }, u64::MAX);
        assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }
}
