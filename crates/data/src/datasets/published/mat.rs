//! MATLAB's files of version 5: named arrays, each perhaps compressed.
use super::folder::Content;
use flate2::read::ZlibDecoder;
use std::{borrow::Cow, io::Read};
use tensor_core::Result;

/// An array of numbers, column by column.
#[derive(Debug)]
pub(super) struct Matrix {
    pub(super) name: String,
    pub(super) sizes: Vec<usize>,
    /// How its elements are stored.
    kind: u32,
    bytes: Vec<u8>,
}

const HEADER: usize = 128;

/// All arrays of numbers in a file; what else is in it is passed over.
pub(super) fn read(name: &'static str, content: &Content) -> Result<Vec<Matrix>> {
    match content.bytes.get(124..HEADER) {
        Some([_, _, b'I', b'M']) => {}
        Some([_, _, b'M', b'I']) => {
            return Err(content.damaged(name, "its numbers have the most significant byte first"));
        }
        _ => return Err(content.damaged(name, "it does not begin as a MATLAB 5 file")),
    }
    let mut arrays = Vec::new();
    let mut at = HEADER;
    while at < content.bytes.len() {
        let broken = |why: &str| content.damaged(name, format!("the element at byte {at} {why}"));
        let (element, next) = Element::at(&content.bytes, at).ok_or_else(|| broken("is cut off"))?;
        let array = match element.kind {
            15 => {
                // Grows with what is there.
                let mut plain = Vec::new();
                ZlibDecoder::new(element.data)
                    .read_to_end(&mut plain)
                    .map_err(|e| broken(&format!("cannot be unpacked: {e}")))?;
                let (inner, _) = Element::at(&plain, 0).ok_or_else(|| broken("is cut off inside"))?;
                (inner.kind == 14).then(|| matrix(inner.data)).flatten()
            }
            14 => matrix(element.data),
            _ => None,
        };
        arrays.extend(array);
        at = next;
    }
    Ok(arrays)
}

struct Element<'a> {
    kind: u32,
    data: &'a [u8],
}

impl Element<'_> {
    /// The element at a place, and where the next one is.
    fn at(bytes: &[u8], at: usize) -> Option<(Element<'_>, usize)> {
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?));
        let tag = word(at)?;
        // Up to four bytes are in the tag itself, their number in its upper half.
        if tag >> 16 != 0 {
            let data = bytes.get(at + 4..at.checked_add(8)?)?.get(..(tag >> 16) as usize)?;
            return Some((Element { kind: tag & 0xFFFF, data }, at + 8));
        }
        let size = word(at + 4)? as usize;
        let start = at + 8;
        let end = start.checked_add(size)?;
        let data = bytes.get(start..end)?;
        // Compressed elements are not filled up to eight bytes.
        let next = if tag == 15 { end } else { end.checked_next_multiple_of(8)? };
        Some((Element { kind: tag, data }, next))
    }
}

/// Flags, sizes, name and numbers. `None` for what is no array of numbers, or is not whole.
fn matrix(data: &[u8]) -> Option<Matrix> {
    let (flags, at) = Element::at(data, 0)?;
    let class = *flags.data.first()?;
    let (sizes, at) = Element::at(data, at)?;
    let (name, at) = Element::at(data, at)?;
    let (numbers, _) = Element::at(data, at)?;
    let sizes: Vec<usize> = sizes
        .data
        .chunks_exact(4)
        .map(|b| usize::try_from(i32::from_le_bytes([b[0], b[1], b[2], b[3]])).ok())
        .collect::<Option<_>>()?;
    let count = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size))?;
    let whole = unit(numbers.kind).is_some_and(|unit| Some(numbers.data.len()) == count.checked_mul(unit));
    // Classes 6 to 15 are numbers.
    ((6..=15).contains(&class) && whole).then(|| Matrix {
        name: String::from_utf8_lossy(name.data).into_owned(),
        sizes,
        kind: numbers.kind,
        bytes: numbers.data.to_vec(),
    })
}

fn unit(kind: u32) -> Option<usize> {
    match kind {
        1 | 2 => Some(1),
        3 | 4 => Some(2),
        5..=7 => Some(4),
        9 => Some(8),
        _ => None,
    }
}

impl Matrix {
    /// The elements, where they are bytes.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        (self.kind == 2).then_some(&self.bytes)
    }

    /// The elements as whole numbers; `None` where one is none.
    pub(super) fn integers(&self) -> Option<Vec<i64>> {
        self.bytes.chunks_exact(unit(self.kind)?).map(|b| self.integer(b)).collect()
    }

    fn integer(&self, b: &[u8]) -> Option<i64> {
        let b: Cow<'_, [u8]> = b.into();
        let mut wide = [0; 8];
        wide[..b.len()].copy_from_slice(&b);
        let bits = u64::from_le_bytes(wide);
        let float = match self.kind {
            1 => return Some(i64::from(bits as i8)),
            3 => return Some(i64::from(bits as i16)),
            5 => return Some(i64::from(bits as i32)),
            2 | 4 | 6 => return Some(bits as i64),
            7 => f64::from(f32::from_bits(bits as u32)),
            _ => f64::from_bits(bits),
        };
        (float.fract() == 0.0 && float.abs() < 1e15).then_some(float as i64)
    }
}
