//! Each byte looked up in a table: gamma, posterize, solarize, invert, autocontrast, equalize.
use super::Picture;

impl Picture {
    /// Every byte through one table.
    pub(crate) fn lookup(&self, table: impl Fn(u8) -> u8) -> Picture {
        let mut bytes = [0u8; 256];
        (0..=255u8).zip(&mut bytes).for_each(|(i, byte)| *byte = table(i));
        self.with(self.pixels.iter().map(|&v| bytes[usize::from(v)]).collect())
    }

    /// Every channel through a table made from its histogram.
    fn by_histogram(&self, table: impl Fn(&[u64; 256]) -> [u8; 256]) -> Picture {
        let mut counts = vec![[0u64; 256]; self.channels];
        for pixel in self.pixels.chunks_exact(self.channels) {
            counts.iter_mut().zip(pixel).for_each(|(counts, &v)| counts[usize::from(v)] += 1);
        }
        let tables: Vec<[u8; 256]> = counts.iter().map(table).collect();
        let mut pixels = self.pixels.clone();
        for pixel in pixels.chunks_exact_mut(self.channels) {
            pixel.iter_mut().zip(&tables).for_each(|(v, table)| *v = table[usize::from(*v)]);
        }
        self.with(pixels)
    }

    /// `255 gain (v / 255)^gamma`, cut to a byte.
    pub(crate) fn gamma(&self, gamma: f64, gain: f64) -> Picture {
        self.lookup(|v| ((256.0 - 1e-3) * gain * (f64::from(v) / 255.0).powf(gamma)) as u8)
    }

    /// Only the upper `bits`.
    pub(crate) fn posterize(&self, bits: u32) -> Picture {
        let mask = 0xFFu32.checked_shl(8 - bits.min(8)).unwrap_or(0) as u8;
        self.lookup(|v| v & mask)
    }

    /// Inverts from `threshold` on.
    pub(crate) fn solarize(&self, threshold: f64) -> Picture {
        self.lookup(|v| if f64::from(v) < threshold { v } else { 255 - v })
    }

    /// The negative.
    pub(crate) fn invert(&self) -> Picture {
        self.lookup(|v| 255 - v)
    }

    /// Stretches each channel to the whole range.
    pub(crate) fn autocontrast(&self) -> Picture {
        self.by_histogram(|counts| {
            let low = counts.iter().position(|&n| n > 0).unwrap_or(0);
            let high = counts.iter().rposition(|&n| n > 0).unwrap_or(0);
            let scale = 255.0 / (high as f64 - low as f64);
            let offset = -(low as f64) * scale;
            let stretched = |i: usize| (i as f64 * scale + offset) as u8;
            std::array::from_fn(|i| if high <= low { i as u8 } else { stretched(i) })
        })
    }

    /// Spreads each channel so that all values are about as frequent.
    pub(crate) fn equalize(&self) -> Picture {
        self.by_histogram(|counts| {
            let same = std::array::from_fn(|i| i as u8);
            let used = counts.iter().filter(|&&n| n > 0).count();
            let last = counts.iter().rfind(|&&n| n > 0).copied().unwrap_or(0);
            let step = (counts.iter().sum::<u64>() - last) / 255;
            if used <= 1 || step == 0 {
                return same;
            }
            let mut n = step / 2;
            counts.map(|count| {
                let value = (n / step).min(255) as u8;
                n += count;
                value
            })
        })
    }
}
