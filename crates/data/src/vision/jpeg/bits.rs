//! Huffman codes of JPEG: bits of entropy-coded data, and the tables that read symbols from them.
use super::Res;

/// Bits looked at in one step; longer codes are rare and take a second one.
const FAST: u32 = 9;

/// The bits between two markers, most significant first.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next byte to take.
    at: usize,
    /// The upper `count` bits are the next ones.
    buffer: u64,
    count: u32,
    /// How many of them are zeros that stand for data that is not there.
    missing: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8], at: usize) -> Bits<'a> {
        Bits { data, at, buffer: 0, count: 0, missing: 0 }
    }

    /// At least 48 bits are there afterwards: enough for a code of 16 and a value of 16.
    #[inline(always)]
    fn refill(&mut self) {
        if self.count >= 48 {
            return;
        }
        if let Some(next) = self.data.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_be_bytes(*next);
            // No byte is 0xFF: no byte of the complement is zero.
            let inverse = !word;
            if inverse.wrapping_sub(0x0101_0101_0101_0101) & !inverse & 0x8080_8080_8080_8080 == 0 {
                let bytes = (64 - self.count) / 8;
                self.buffer |= (word >> self.count) & (!0 << ((64 - self.count - bytes * 8) % 64));
                self.at += bytes as usize;
                self.count += bytes * 8;
                return;
            }
        }
        self.refill_slowly();
    }

    #[cold]
    fn refill_slowly(&mut self) {
        while self.count <= 56 {
            let byte = match self.data.get(self.at..).unwrap_or_default() {
                // A stuffed byte.
                [0xFF, 0, ..] => {
                    self.at += 2;
                    0xFF
                }
                // A marker, or the end: zeros, which are not to be used up.
                [0xFF, ..] | [] => {
                    self.missing += 8;
                    0
                }
                [byte, ..] => {
                    self.at += 1;
                    *byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
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

    /// A value of `bits` with its sign: the first bit says which half of the range it is in.
    #[inline(always)]
    fn signed(&mut self, bits: u32) -> i32 {
        let value = self.take(bits) as i32;
        if bits > 0 && value < 1 << (bits - 1) { value - (1 << bits) + 1 } else { value }
    }

    /// Whether bits were used that are not in the file.
    pub(super) fn check(&self) -> Res<()> {
        if self.missing > self.count { Err("it is truncated, or a code in it is damaged") } else { Ok(()) }
    }

    /// Past the restart marker that must come here.
    pub(super) fn restart(&mut self) -> Res<()> {
        self.check()?;
        let marker = self.marker();
        match self.data.get(marker..marker + 2) {
            Some([0xFF, 0xD0..=0xD7]) => {
                *self = Bits::new(self.data, marker + 2);
                Ok(())
            }
            _ => Err("a restart marker is missing"),
        }
    }

    /// Where the next marker begins: what was read ahead of is data, so it is not before the bytes that were taken.
    pub(super) fn marker(&self) -> usize {
        let mut at = self.at;
        while let Some(&[a, b]) = self.data.get(at..at + 2) {
            if a == 0xFF && b != 0 && b != 0xFF {
                break;
            }
            at += 1;
        }
        at
    }
}

/// A table of codes.
#[derive(Clone)]
pub(super) struct Huffman {
    /// For the next `FAST` bits: the code's symbol and length, of a length of 0 where it is longer.
    fast: Vec<(u8, u8)>,
    /// For the next `FAST` bits, where a code and the value behind it are both in them: value, zeros before it, bits.
    whole: Vec<(i16, u8, u8)>,
    /// For each length: the first code after those of it, in 16 bits, and what to add to a code for its symbol's place.
    ends: [u32; 18],
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Huffman {
    /// `counts[i]` codes of length `i + 1`, for these symbols.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Res<Huffman> {
        let (mut fast, mut ends, mut offsets) = (vec![(0, 0); 1 << FAST], [0u32; 18], [0i32; 17]);
        let (mut code, mut place) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = usize::from(counts[length as usize - 1]);
            offsets[length as usize] = place as i32 - code as i32;
            for &symbol in symbols.get(place..place + count).ok_or("a table of codes has too few symbols")? {
                if code >= 1 << length {
                    return Err("a table of codes has too many codes");
                }
                if length <= FAST {
                    let first = (code << (FAST - length)) as usize;
                    fast[first..first + (1 << (FAST - length))].fill((symbol, length as u8));
                }
                code += 1;
            }
            place += count;
            ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        ends[17] = u32::MAX;
        let mut whole = vec![(0, 0, 0); 1 << FAST];
        for (bits, entry) in whole.iter_mut().enumerate() {
            let (symbol, length) = fast[bits];
            let (zeros, size) = (symbol >> 4, u32::from(symbol & 15));
            let used = u32::from(length) + size;
            if length > 0 && size > 0 && used <= FAST {
                let value = (bits as i32 >> (FAST - used)) & ((1 << size) - 1);
                let value = if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value };
                *entry = (value as i16, zeros, used as u8);
            }
        }
        Ok(Huffman { fast, whole, ends, offsets, symbols: symbols.to_vec() })
    }

    /// The next symbol, of bits that a refill has made sure of.
    #[inline(always)]
    fn take(&self, bits: &mut Bits<'_>) -> Res<u8> {
        let (symbol, length) = self.fast[(bits.buffer >> (64 - FAST)) as usize];
        if length > 0 {
            bits.skip(u32::from(length));
            return Ok(symbol);
        }
        self.take_long(bits)
    }

    #[cold]
    fn take_long(&self, bits: &mut Bits<'_>) -> Res<u8> {
        let next = (bits.buffer >> 48) as u32;
        let length = (FAST as usize + 1..=16).find(|&l| next < self.ends[l]).ok_or("a code is in no table")?;
        let place = (next >> (16 - length)) as i32 + self.offsets[length];
        bits.skip(length as u32);
        usize::try_from(place).ok().and_then(|p| self.symbols.get(p)).copied().ok_or("a code is in no table")
    }

    /// The next symbol.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Res<u8> {
        bits.refill();
        self.take(bits)
    }

    /// A symbol that is a size, and the value of that size: the difference of a mean.
    #[inline(always)]
    pub(super) fn difference(&self, bits: &mut Bits<'_>) -> Res<i32> {
        bits.refill();
        let size = u32::from(self.take(bits)?);
        if size > 15 {
            return Err("a mean has too many bits");
        }
        Ok(bits.signed(size))
    }

    /// A symbol of zeros and a size, and the value of that size: (symbol's upper half, size, value).
    #[inline(always)]
    pub(super) fn run(&self, bits: &mut Bits<'_>) -> Res<(u8, u8, i32)> {
        bits.refill();
        let (value, zeros, used) = self.whole[(bits.buffer >> (64 - FAST)) as usize];
        if used > 0 {
            bits.skip(u32::from(used));
            return Ok((zeros, 1, i32::from(value)));
        }
        let symbol = self.take(bits)?;
        Ok((symbol >> 4, symbol & 15, bits.signed(u32::from(symbol & 15))))
    }
}
