//! Sizes of what slides over an image: one number or one for height and one for width, and what stands around.
use tensor_core::{Error, Result};

/// A number for height and one for width: `3`, `(3, 5)` or `[3, 5]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair(pub [usize; 2]);

impl From<usize> for Pair {
    fn from(both: usize) -> Pair {
        Pair([both, both])
    }
}
impl From<(usize, usize)> for Pair {
    fn from((height, width): (usize, usize)) -> Pair {
        Pair([height, width])
    }
}
impl From<[usize; 2]> for Pair {
    fn from(pair: [usize; 2]) -> Pair {
        Pair(pair)
    }
}

/// How many zeros stand around an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// These numbers for height and width, on both sides.
    Sizes([usize; 2]),
    /// As many as keep the size (with stride 1); an odd one goes to the end.
    Same,
    /// None.
    Valid,
}

impl From<Pair> for Padding {
    fn from(Pair(sizes): Pair) -> Padding {
        Padding::Sizes(sizes)
    }
}
impl From<usize> for Padding {
    fn from(both: usize) -> Padding {
        Padding::Sizes([both, both])
    }
}
impl From<[usize; 2]> for Padding {
    fn from(sizes: [usize; 2]) -> Padding {
        Padding::Sizes(sizes)
    }
}
impl From<(usize, usize)> for Padding {
    fn from((height, width): (usize, usize)) -> Padding {
        Padding::Sizes([height, width])
    }
}

impl std::str::FromStr for Padding {
    type Err = Error;
    /// Reads PyTorch's names: `same`, `valid`.
    fn from_str(name: &str) -> Result<Padding> {
        match name {
            "same" => Ok(Padding::Same),
            "valid" => Ok(Padding::Valid),
            _ => Err(Error::new("padding", format!("unknown padding {name:?}")).hint("`same`, `valid` or numbers")),
        }
    }
}
