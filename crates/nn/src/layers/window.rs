//! Sizes of what slides over signals, images and volumes: one number, or one for each spatial dim; and what stands
//! around.
use tensor_core::{Error, Result};

/// A number for each of `N` spatial dims: `3`, `[3, 5]` or `(3, 5)`.
///
/// ```
/// use nn::Pair;
/// assert_eq!(Pair::from(3), Pair::from((3, 3)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes<const N: usize>(pub [usize; N]);

/// The length of a window over signals.
pub type Single = Sizes<1>;
/// Height and width of a window over images.
pub type Pair = Sizes<2>;
/// Depth, height and width of a window over volumes.
pub type Triple = Sizes<3>;

impl<const N: usize> From<usize> for Sizes<N> {
    fn from(all: usize) -> Sizes<N> {
        Sizes([all; N])
    }
}
impl<const N: usize> From<[usize; N]> for Sizes<N> {
    fn from(sizes: [usize; N]) -> Sizes<N> {
        Sizes(sizes)
    }
}
impl From<(usize, usize)> for Sizes<2> {
    fn from((height, width): (usize, usize)) -> Sizes<2> {
        Sizes([height, width])
    }
}
impl From<(usize, usize, usize)> for Sizes<3> {
    fn from((depth, height, width): (usize, usize, usize)) -> Sizes<3> {
        Sizes([depth, height, width])
    }
}

/// How many zeros stand around the input of a convolution over `N` spatial dims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding<const N: usize = 2> {
    /// These numbers for the spatial dims, on both sides.
    Sizes([usize; N]),
    /// As many as keep the size (with stride 1); an odd one goes to the end.
    Same,
    /// None.
    Valid,
}

impl<const N: usize, S: Into<Sizes<N>>> From<S> for Padding<N> {
    fn from(sizes: S) -> Padding<N> {
        Padding::Sizes(sizes.into().0)
    }
}

impl<const N: usize> std::str::FromStr for Padding<N> {
    type Err = Error;
    /// Reads PyTorch's names: `same`, `valid`.
    fn from_str(name: &str) -> Result<Padding<N>> {
        match name {
            "same" => Ok(Padding::Same),
            "valid" => Ok(Padding::Valid),
            _ => Err(Error::new("padding", format!("unknown padding {name:?}")).hint("`same`, `valid` or numbers")),
        }
    }
}
