//! The idx format of MNIST: a magic number, sizes, and numbers with the most significant byte first.
use super::folder::Content;
use tensor_core::Result;

/// An array of an idx file.
#[derive(Debug)]
pub(super) struct Idx {
    pub(super) sizes: Vec<usize>,
    /// Bytes of one element: 1, 2 or 4.
    unit: usize,
    signed: bool,
    bytes: Vec<u8>,
}

impl Idx {
    /// Reads a file that says it has `rank` sizes.
    pub(super) fn read(name: &'static str, content: Content, rank: usize) -> Result<Idx> {
        let bytes = &content.bytes;
        let start = 4 + 4 * rank;
        let (signed, unit) = match bytes.get(..4) {
            Some([0, 0, kind, n]) if usize::from(*n) == rank => match kind {
                0x08 => (false, 1),
                0x09 => (true, 1),
                0x0B => (true, 2),
                0x0C => (true, 4),
                _ => return Err(content.damaged(name, format!("byte 2 says elements of kind {kind:#04x}"))),
            },
            _ => return Err(content.damaged(name, format!("it does not begin as an idx file with {rank} sizes"))),
        };
        let Some(header) = bytes.get(4..start) else {
            return Err(content.damaged(name, format!("it ends within its sizes, at byte {}", bytes.len())));
        };
        let sizes: Vec<usize> =
            header.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize).collect();
        let wanted = sizes.iter().try_fold(unit, |product: usize, &size| product.checked_mul(size));
        let there = bytes.len() - start;
        if wanted != Some(there) {
            let why = format!("sizes {sizes:?} of {unit} bytes each, but {there} bytes are there from byte {start} on");
            return Err(content.damaged(name, why));
        }
        let mut bytes = content.bytes;
        bytes.drain(..start);
        Ok(Idx { sizes, unit, signed, bytes })
    }

    /// The elements, where they are plain bytes.
    pub(super) fn into_bytes(self) -> Option<Vec<u8>> {
        (self.unit == 1 && !self.signed).then_some(self.bytes)
    }

    /// The elements, whatever their kind.
    pub(super) fn to_integers(&self) -> Vec<i64> {
        let value = |bytes: &[u8]| {
            let first = bytes.first().copied().unwrap_or(0);
            // Sign and the bytes behind it.
            let start = if self.signed { i64::from(first as i8) } else { i64::from(first) };
            bytes.iter().skip(1).fold(start, |sum, &byte| sum << 8 | i64::from(byte))
        };
        self.bytes.chunks_exact(self.unit).map(value).collect()
    }
}
