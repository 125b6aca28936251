//! Huffman codes of JPEG: the bits between two markers, and the tables that read symbols and values from them.
use super::Res;

/// Bits looked up in one step; longer codes are rare and are searched.
const FAST: u32 = 10;
/// Zeros behind the bytes of a stretch, so that eight bytes can be read at once up to its end.
const PADDING: usize = 8;

/// The bytes of entropy-coded data up to the next marker, as they were before zeros were stuffed behind each 0xFF.
#[derive(Default)]
pub(super) struct Stretch(Vec<u8>);

impl Stretch {
    /// Takes the bytes from `at` on; gives the place of the marker behind them.
    pub(super) fn take(&mut self, data: &[u8], mut at: usize) -> usize {
        self.0.clear();
        loop {
            let rest = data.get(at..).unwrap_or_default();
            let plain = before_marker(rest);
            self.0.extend_from_slice(&rest[..plain]);
            at += plain;
            if !matches!(rest[plain..], [0xFF, 0, ..]) {
                break;
            }
            self.0.push(0xFF);
            at += 2;
        }
        self.0.extend_from_slice(&[0; PADDING]);
        // Filling bytes come before a marker; other bytes do not, but belong to no code.
        let is_marker = |pair: &[u8]| pair[0] == 0xFF && pair[1] != 0 && pair[1] != 0xFF;
        at + data[at..].windows(2).position(is_marker).unwrap_or(data.len() - at)
    }

    pub(super) fn bits(&self) -> Bits<'_> {
        Bits { bytes: &self.0, at: 0, buffer: 0, count: 0 }
    }
}

/// How many bytes come before the first 0xFF.
fn before_marker(data: &[u8]) -> usize {
    // Sixteen at once, as they are rare.
    let plain = |bytes: &&[u8; 16]| !bytes.iter().fold(false, |any, &b| any | (b == 0xFF));
    let plain = 16 * data.as_chunks().0.iter().take_while(plain).count();
    plain + data[plain..].iter().position(|&b| b == 0xFF).unwrap_or(data.len() - plain)
}

/// Bits to come, most significant first. A copy is made and put back where they must stay in registers.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    /// With padding.
    bytes: &'a [u8],
    /// The next byte to take; past the end, there are zeros.
    at: usize,
    /// The upper `count` bits are the next ones; what is below them is zero, or what follows.
    buffer: u64,
    count: u32,
}

impl Bits<'_> {
    /// At least 56 bits are there afterwards: enough for a code of 16 bits, a value of 16, and `2 * FAST` more.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let next = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        self.buffer |= next.map_or(0, |next| u64::from_be_bytes(*next)) >> self.count;
        self.at += (63 - self.count as usize) / 8;
        self.count |= 56;
    }

    #[inline(always)]
    fn skip(&mut self, bits: u32) {
        self.buffer <<= bits;
        self.count -= bits;
    }

    /// The next `bits` (0 to 16), of those a refill has made sure of.
    #[inline(always)]
    fn take(&mut self, bits: u32) -> u32 {
        let value = ((self.buffer >> 1) >> (63 - bits)) as u32;
        self.skip(bits);
        value
    }

    /// The next `bits`, 0 to 16.
    #[inline(always)]
    pub(super) fn bits(&mut self, bits: u32) -> u32 {
        self.refill();
        self.take(bits)
    }

    /// Whether bits were used that are not in the file.
    pub(super) fn check(&self) -> Res<()> {
        let used = 8 * self.at - self.count as usize;
        if used > 8 * (self.bytes.len() - PADDING) {
            Err("it is truncated, or a code in it is damaged")
        } else {
            Ok(())
        }
    }
}

/// A value of `size` bits with its sign: the first bit says which half of the range it is in.
#[inline(always)]
fn signed(value: u32, size: u32) -> i32 {
    let value = value as i32;
    if value < (1 << size) >> 1 { value - (1 << size) + 1 } else { value }
}

/// A table of codes.
#[derive(Clone)]
pub(super) struct Huffman {
    /// For the next `FAST` bits.
    fast: Box<[Entry; 1 << FAST]>,
    /// For each length: the first code after those of it, in 16 bits, and what to add to a code for its symbol's place.
    ends: [u32; 18],
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

/// From the lowest bits up: 4 bits of how many bits are used up, 4 of the code's length (0 where it is longer than `FAST`),
/// 8 of its symbol, and 16 of the value behind it, if that is among the bits too; it is 0 otherwise.
#[derive(Clone, Copy, Default)]
struct Entry(u32);

impl Entry {
    #[inline(always)]
    fn used(self) -> u32 {
        self.0 & 15
    }
    #[inline(always)]
    fn length(self) -> u32 {
        self.0 >> 4 & 15
    }
    #[inline(always)]
    fn symbol(self) -> u8 {
        (self.0 >> 8) as u8
    }
    #[inline(always)]
    fn zeros(self) -> usize {
        (self.0 >> 12) as usize & 15
    }
    #[inline(always)]
    fn value(self) -> i32 {
        self.0 as i32 >> 16
    }
}

impl Huffman {
    /// `counts[i]` codes of length `i + 1`, for these symbols.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Res<Huffman> {
        let (mut fast, mut ends, mut offsets) = (Box::new([Entry(0); 1 << FAST]), [0u32; 18], [0i32; 17]);
        let (mut code, mut place) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = usize::from(counts[length as usize - 1]);
            offsets[length as usize] = place as i32 - code as i32;
            for &symbol in symbols.get(place..place + count).ok_or("a table of codes has too few symbols")? {
                if code >= 1 << length {
                    return Err("a table of codes has too many codes");
                }
                if length <= FAST {
                    let first = code << (FAST - length);
                    for bits in first..first + (1 << (FAST - length)) {
                        fast[bits as usize] = Huffman::entry(bits, length, symbol);
                    }
                }
                code += 1;
            }
            place += count;
            ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        ends[17] = u32::MAX;
        Ok(Huffman { fast, ends, offsets, symbols: symbols.to_vec() })
    }

    /// For `FAST` bits that begin with a code of this length.
    fn entry(bits: u32, length: u32, symbol: u8) -> Entry {
        let (size, parts) = (u32::from(symbol & 15), u32::from(symbol) << 8 | length << 4);
        match length + size {
            used if size > 0 && used <= FAST => {
                let value = signed(bits >> (FAST - used) & ((1 << size) - 1), size);
                Entry((value as u32) << 16 | parts | used)
            }
            _ => Entry(parts | length),
        }
    }

    #[inline(always)]
    fn next(&self, bits: &Bits<'_>) -> Entry {
        self.fast[(bits.buffer >> (64 - FAST)) as usize]
    }

    /// The symbol and the length of a long code that begins these 16 bits.
    #[cold]
    fn long(&self, next: u32) -> Res<(u8, u32)> {
        let length = (FAST as usize + 1..=16).find(|&l| next < self.ends[l]).ok_or("a code is in no table")?;
        let place = (next >> (16 - length)) as i32 + self.offsets[length];
        let symbol = usize::try_from(place).ok().and_then(|p| self.symbols.get(p)).ok_or("a code is in no table")?;
        Ok((*symbol, length as u32))
    }

    /// The symbol that this entry begins.
    #[inline(always)]
    fn finish(&self, entry: Entry, bits: &mut Bits<'_>) -> Res<u8> {
        let (symbol, length) = match entry.length() {
            0 => self.long((bits.buffer >> 48) as u32)?,
            length => (entry.symbol(), length),
        };
        bits.skip(length);
        Ok(symbol)
    }

    /// The next symbol.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Res<u8> {
        bits.refill();
        self.finish(self.next(bits), bits)
    }

    /// A symbol that is a size, and the value of that size: the difference of a mean.
    #[inline(always)]
    pub(super) fn difference(&self, bits: &mut Bits<'_>) -> Res<i32> {
        let size = u32::from(self.symbol(bits)?);
        if size > 15 {
            return Err("a mean has too many bits");
        }
        Ok(signed(bits.take(size), size))
    }

    /// A symbol of zeros and a size, and the value of that size, after a refill: (zeros, size, value).
    #[inline(always)]
    pub(super) fn run(&self, bits: &mut Bits<'_>) -> Res<(usize, u32, i32)> {
        let entry = self.next(bits);
        if entry.value() != 0 {
            bits.skip(entry.used());
            return Ok((entry.zeros(), 1, entry.value()));
        }
        let symbol = self.finish(entry, bits)?;
        let size = u32::from(symbol & 15);
        Ok((usize::from(symbol >> 4), size, signed(bits.take(size), size)))
    }

    /// Zeros and a value, if they are in the next `FAST` bits; those must be there.
    #[inline(always)]
    pub(super) fn short_run(&self, bits: &mut Bits<'_>) -> Option<(usize, i32)> {
        let entry = self.next(bits);
        if entry.value() == 0 {
            return None;
        }
        bits.skip(entry.used());
        Some((entry.zeros(), entry.value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stretch_ends_at_its_marker() {
        let mut stretch = Stretch::default();
        // Stuffed zeros, one of them behind the sixteen bytes that are looked at together; filling; a marker.
        let data = [&[7; 17][..], &[0xFF, 0, 1, 0xFF, 0, 0xFF, 0xFF, 0xFF, 0xD9, 5]].concat();
        assert_eq!(stretch.take(&data, 1), 24);
        assert_eq!(stretch.0, [&[7; 16][..], &[0xFF, 1, 0xFF], &[0; PADDING]].concat());
        // Without a marker: to the end.
        assert_eq!((stretch.take(&data, 26), stretch.0.len()), (data.len(), 1 + PADDING));
        assert_eq!((stretch.take(&data, data.len()), stretch.0.len()), (data.len(), PADDING));
    }

    /// One code of each length from 1 to 15, and two of 16 but for that of ones alone.
    fn ladder() -> ([u8; 16], Vec<u8>) {
        ([1; 16], vec![0x01, 0xF0, 0x00, 0x32, 0x05, 0x1A, 0x0B, 0x4F, 0x02, 0x71, 0x93, 0x04, 0x66, 0x28, 0xE1, 0x0A])
    }

    proptest! {
        #[test]
        fn codes_are_read_as_bit_by_bit(runs in prop::collection::vec((0usize..16, any::<u16>()), 1..60)) {
            let (counts, symbols) = ladder();
            let table = Huffman::new(&counts, &symbols).unwrap();
            // Code `i` is `i` ones and a zero; as many bits follow as its symbol says.
            let mut written = Vec::new();
            for &(i, bits) in &runs {
                written.extend((0..i).map(|_| 1).chain([0]));
                written.extend((0..u32::from(symbols[i] & 15)).rev().map(|b| (bits >> b & 1) as u8));
            }
            let bytes = written.chunks(8).map(|bits| (0..8).fold(0, |n, i| n << 1 | bits.get(i).unwrap_or(&0)));
            let mut stretch = Stretch::default();
            let stuffed: Vec<u8> = bytes.flat_map(|b| if b == 0xFF { vec![b, 0] } else { vec![b] }).collect();
            stretch.take(&stuffed, 0);
            let mut bits = stretch.bits();
            for &(i, value) in &runs {
                let size = u32::from(symbols[i] & 15);
                let value = i32::from(value) & ((1 << size) - 1);
                // Where the first bit is 0, the values count down from below zero.
                let value = if size > 0 && value >> (size - 1) == 0 { value + 1 - (1 << size) } else { value };
                bits.refill();
                let (zeros, read, found) = table.run(&mut bits).unwrap();
                prop_assert_eq!((zeros, read > 0, found), (usize::from(symbols[i] >> 4), size > 0, value));
            }
            prop_assert!(bits.check().is_ok());
            for _ in 0..9 {
                bits.bits(16);
            }
            prop_assert!(bits.check().is_err());
        }
    }

    #[test]
    fn tables_that_cannot_be_are_refused() {
        assert!(Huffman::new(&[3; 16], &[0; 48]).is_err());
        assert!(Huffman::new(&[1; 16], &[0; 3]).is_err());
        // Ones alone are no code of the ladder.
        let (counts, symbols) = ladder();
        let mut stretch = Stretch::default();
        stretch.take(&[0xFF, 0, 0xFF, 0, 0xFF, 0], 0);
        assert!(Huffman::new(&counts, &symbols).unwrap().symbol(&mut stretch.bits()).is_err());
    }
}
