//! The header of an `.npy` file: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
use super::refused;
use crate::kind;
use tensor_core::{DType, Error, Result};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Longer headers are refused, as NumPy does.
const MAX_HEADER: usize = 10_000;
/// As many dimensions as NumPy has.
pub(super) const MAX_DIMS: usize = 64;
/// NumPy leaves room for the first length to grow to as many digits.
const GROWTH: usize = 21;
/// The elements start at a multiple of this.
const ALIGNED: usize = 64;

/// What the elements are and how they lie.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub kind: Kind,
    pub fortran: bool,
    pub shape: Vec<usize>,
}

/// NumPy's name of a dtype: `<f4`.
#[derive(Debug, PartialEq)]
pub(super) struct Kind {
    pub big_endian: bool,
    letter: char,
    size: usize,
}

impl Kind {
    /// What the elements are.
    pub fn elements(&self) -> Result<kind::Kind> {
        Ok(match (self.letter, self.size) {
            ('f', 8) => kind::Kind::Same(DType::F64),
            ('f', 4) => kind::Kind::Same(DType::F32),
            ('f', 2) => kind::Kind::Same(DType::F16),
            ('i', 8) => kind::Kind::Same(DType::I64),
            ('i', 4) => kind::Kind::Same(DType::I32),
            ('i', 2) => kind::Kind::I16,
            ('i', 1) => kind::Kind::I8,
            ('u', 8) => kind::Kind::U64,
            ('u', 4) => kind::Kind::U32,
            ('u', 2) => kind::Kind::U16,
            ('u', 1) => kind::Kind::Same(DType::U8),
            ('b', 1) => kind::Kind::Same(DType::Bool),
            (letter, size) => return Err(unknown(&format!("{letter}{size}"))),
        })
    }

    pub fn parse(descr: &str) -> Result<Kind> {
        let mut rest = descr.chars();
        let order = rest.next();
        let letter = rest.next();
        let big_endian = match order {
            Some('<' | '|') => false,
            Some('>') => true,
            Some('=') => cfg!(target_endian = "big"),
            _ => return Err(unknown(descr)),
        };
        match (letter, rest.as_str().parse()) {
            (Some(letter @ ('f' | 'i' | 'u' | 'b')), Ok(size @ (1 | 2 | 4 | 8))) => {
                Ok(Kind { big_endian, letter, size })
            }
            (Some('O'), _) => Err(refused("an array of Python objects is refused: reading one would run its code")
                .hint("save numbers: a.astype(np.float32)")),
            _ => Err(unknown(descr)),
        }
    }
}

/// No tensor has this dtype.
fn unknown(descr: &str) -> Error {
    refused(format!("dtype {descr:?} is none that a tensor has"))
        .hint("f2 f4 f8, i1 i2 i4 i8, u1 u2 u4 u8 and b1 are read: a.astype(np.float32)")
}

impl Header {
    /// The header of a file, and the bytes after it.
    pub fn read(bytes: &[u8]) -> Result<(Header, &[u8])> {
        let cut = || refused(format!("{} bytes end within the header", bytes.len())).hint("the file is cut off");
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            if bytes.len() < MAGIC.len() {
                return Err(cut());
            }
            let error = refused("this is no .npy file: it does not start with \\x93NUMPY");
            return Err(if bytes.starts_with(b"PK") {
                error.hint("it is a zip archive: an .npz is read by npz::load")
            } else {
                error
            });
        };
        let ([major, _minor], rest) = rest.split_first_chunk().ok_or_else(cut)?;
        let (length, rest) = match major {
            1 => rest.split_first_chunk().map(|(n, rest)| (usize::from(u16::from_le_bytes(*n)), rest)),
            2 | 3 => rest.split_first_chunk().map(|(n, rest)| (u32::from_le_bytes(*n) as usize, rest)),
            _ => return Err(refused(format!("version {major} of the format is not known here"))),
        }
        .ok_or_else(cut)?;
        if length > MAX_HEADER {
            return Err(refused(format!(
                "a header of {length} bytes is longer than the {MAX_HEADER} that NumPy reads"
            )));
        }
        let (text, elements) = rest.split_at_checked(length).ok_or_else(cut)?;
        let text = std::str::from_utf8(text).map_err(|e| refused("the header is no text").source_of(e))?;
        Ok((Header::parse(text)?, elements))
    }

    fn parse(text: &str) -> Result<Header> {
        let mut words = Words(text);
        let (mut kind, mut fortran, mut shape) = (None, None, None);
        words.expect('{')?;
        while !words.take('}') {
            let key = words.string()?;
            words.expect(':')?;
            match key {
                "descr" => kind = Some(Kind::parse(words.string()?)?),
                "fortran_order" => fortran = Some(words.truth()?),
                "shape" => shape = Some(words.lengths()?),
                _ => return Err(refused(format!("the header has the unknown key {key:?}"))),
            }
            if !words.take(',') {
                words.expect('}')?;
                break;
            }
        }
        match (kind, fortran, shape, words.end()) {
            (Some(kind), Some(fortran), Some(shape), true) => Ok(Header { kind, fortran, shape }),
            _ => Err(refused(format!("the header {:?} lacks descr, fortran_order or shape", text.trim()))),
        }
    }
}

/// What is left of the header's text. Spaces between words mean nothing.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn take(&mut self, c: char) -> bool {
        let rest = self.0.trim_start().strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, c: char) -> Result<()> {
        if self.take(c) { Ok(()) } else { Err(self.unexpected(&format!("{c:?}"))) }
    }

    fn string(&mut self) -> Result<&'a str> {
        for quote in ['\'', '"'] {
            if self.take(quote) {
                let Some((word, rest)) = self.0.split_once(quote) else { break };
                self.0 = rest;
                return Ok(word);
            }
        }
        if self.0.trim_start().starts_with('[') {
            return Err(refused("records are none that a tensor has").hint("save each field on its own: a['field']"));
        }
        Err(self.unexpected("a word in quotes"))
    }

    fn truth(&mut self) -> Result<bool> {
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.0.trim_start().strip_prefix(word) {
                self.0 = rest;
                return Ok(value);
            }
        }
        Err(self.unexpected("True or False"))
    }

    /// A tuple of lengths. Python 2 wrote an `L` after some.
    fn lengths(&mut self) -> Result<Vec<usize>> {
        let mut lengths = Vec::new();
        self.expect('(')?;
        while !self.take(')') {
            let text = self.0.trim_start();
            let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            let Ok(length) = text[..digits].parse() else {
                return Err(self.unexpected("a length of the shape"));
            };
            lengths.push(length);
            self.0 = &text[digits..];
            self.take('L');
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(lengths)
    }

    fn end(&self) -> bool {
        self.0.trim().is_empty()
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let found: String = self.0.trim().chars().take(20).collect();
        refused(format!("the header is damaged: {wanted} was expected, {found:?} found"))
    }
}

/// The bytes before the elements, as NumPy writes them.
pub(super) fn write(dtype: DType, shape: &[usize]) -> Result<Vec<u8>> {
    let descr = match dtype {
        DType::F64 => "<f8",
        DType::F32 => "<f4",
        DType::F16 => "<f2",
        DType::I64 => "<i8",
        DType::I32 => "<i4",
        DType::U8 => "|u1",
        DType::Bool => "|b1",
        DType::BF16 => {
            return Err(refused("NumPy has no bf16").hint("write t.to_dtype(DType::F32), which holds every bf16"));
        }
    };
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let tuple = if let [one] = &lengths[..] { format!("({one},)") } else { format!("({})", lengths.join(", ")) };
    let mut dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple}, }}");
    if let Some(first) = lengths.first() {
        dict.extend(std::iter::repeat_n(' ', GROWTH.saturating_sub(first.len())));
    }
    // Magic, version and length take ten bytes, the line's end one. As NumPy does: a whole line of spaces when it fits.
    let before = MAGIC.len() + 4 + dict.len() + 1;
    dict.extend(std::iter::repeat_n(' ', ALIGNED - before % ALIGNED));
    dict.push('\n');
    let length =
        u16::try_from(dict.len()).map_err(|_| refused(format!("a shape of {} lengths is too long", shape.len())))?;

    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(length.to_le_bytes());
    bytes.extend(dict.bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_may_write_the_dict_in_many_ways() {
        let plain = Header::parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n").unwrap();
        assert_eq!(
            ((plain.kind.letter, plain.kind.size), plain.fortran, &plain.shape[..]),
            (('f', 4), false, &[3, 4][..])
        );
        for other in [
            "{'shape':(3,4),'fortran_order':False,'descr':'<f4'}",
            "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (3L, 4L)}",
            " { 'fortran_order' : False , 'descr' : '<f4' , 'shape' : ( 3 , 4 , ) , } ",
        ] {
            assert_eq!(Header::parse(other).unwrap(), plain, "{other}");
        }
        for wrong in ["", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}"] {
            assert!(Header::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Header::parse("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': ()}").is_err());
    }
}
