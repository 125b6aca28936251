//! From images to rows, and back.
use crate::{Forward, Module, Place, scope_with};
use tensor_core::{Result, Tensor};

/// Several neighbouring dims become one: by default all but the batch.
///
/// # Shapes
/// input `[N, *]`, output `[N, product of *]`.
///
/// ```
/// use nn::{Flatten, Forward};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// assert_eq!(Flatten::default().forward(&Tensor::zeros([5, 3, 4, 4])?)?.shape(), [5, 48]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Flatten {
    /// The first of the dims.
    pub start_dim: isize,
    /// The last of the dims.
    pub end_dim: isize,
    place: Place,
}

impl Flatten {
    /// The dims from `start_dim` to `end_dim`, both included.
    pub fn new(start_dim: isize, end_dim: isize) -> Flatten {
        Flatten { start_dim, end_dim, place: Place::new() }
    }
}

impl Default for Flatten {
    fn default() -> Flatten {
        Flatten::new(1, -1)
    }
}

impl Forward for Flatten {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.flatten(self.start_dim, self.end_dim))
    }
}

/// One dim becomes several.
///
/// # Shapes
/// input with a dim whose size is the product of `unflattened_size`, output with these dims in its place. One size may
/// be -1.
///
/// ```
/// use nn::{Forward, Unflatten};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// assert_eq!(Unflatten::new(1, [2, 5, -1]).forward(&Tensor::zeros([3, 50])?)?.shape(), [3, 2, 5, 5]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct Unflatten {
    /// The dim.
    pub dim: isize,
    /// The sizes that it becomes.
    #[module(plain)]
    pub unflattened_size: Vec<i64>,
    place: Place,
}

impl Unflatten {
    /// `dim` becomes dims of these sizes.
    pub fn new(dim: isize, unflattened_size: impl Into<Vec<i64>>) -> Unflatten {
        Unflatten { dim, unflattened_size: unflattened_size.into(), place: Place::new() }
    }
}

impl Forward for Unflatten {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.unflatten(self.dim, &self.unflattened_size[..]))
    }
}
