//! Sizes: the ways a user writes them, and the arithmetic of dims and broadcasting.
use crate::{Error, Result};
use smallvec::SmallVec;

/// Sizes of a tensor, outermost first. Up to six dims need no allocation.
pub type Dims = SmallVec<[usize; 6]>;

/// Whether a reduction leaves its dims behind with size 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepDim(pub bool);
/// Reduced dims stay, with size 1.
pub const KEEP: KeepDim = KeepDim(true);
/// Reduced dims disappear.
pub const DROP: KeepDim = KeepDim(false);

/// Sizes as a user writes them: `[2, 3]`, `&[n, 4]`, a `Vec`, another tensor's `shape()`, `3`, or `()` for a 0-d
/// tensor.
/// Where an operator can infer one size, it is written `-1`.
pub trait ShapeArg {
    /// The sizes, `-1` for the inferred one.
    fn sizes(&self) -> SmallVec<[i64; 6]>;
}

/// One or several dims: `1`, `-1`, `[0, 2]`; an empty list means all of them.
pub trait DimArg {
    /// The dims, negative ones counting from the end.
    fn dims(&self) -> SmallVec<[isize; 6]>;
}

macro_rules! shape_args {
    ($($t:ty),*) => { $(
        impl ShapeArg for [$t] { fn sizes(&self) -> SmallVec<[i64; 6]> { self.iter().map(|&v| v as i64).collect() } }
        impl<const N: usize> ShapeArg for [$t; N] { fn sizes(&self) -> SmallVec<[i64; 6]> { self.as_slice().sizes() } }
        impl ShapeArg for Vec<$t> { fn sizes(&self) -> SmallVec<[i64; 6]> { self.as_slice().sizes() } }
        impl DimArg for [$t] { fn dims(&self) -> SmallVec<[isize; 6]> { self.iter().map(|&v| v as isize).collect() } }
        impl<const N: usize> DimArg for [$t; N] { fn dims(&self) -> SmallVec<[isize; 6]> { self.as_slice().dims() } }
        impl DimArg for Vec<$t> { fn dims(&self) -> SmallVec<[isize; 6]> { self.as_slice().dims() } }
        impl DimArg for $t { fn dims(&self) -> SmallVec<[isize; 6]> { SmallVec::from_slice(&[*self as isize]) } }
    )* };
}
shape_args!(usize, isize, i64, i32);

impl<T: ShapeArg + ?Sized> ShapeArg for &T {
    fn sizes(&self) -> SmallVec<[i64; 6]> {
        (**self).sizes()
    }
}
impl ShapeArg for Dims {
    fn sizes(&self) -> SmallVec<[i64; 6]> {
        self.as_slice().sizes()
    }
}
/// The only size of a 1-d tensor: `zeros(3)`.
impl ShapeArg for usize {
    fn sizes(&self) -> SmallVec<[i64; 6]> {
        [*self].sizes()
    }
}
impl ShapeArg for () {
    fn sizes(&self) -> SmallVec<[i64; 6]> {
        SmallVec::new()
    }
}
impl<T: DimArg + ?Sized> DimArg for &T {
    fn dims(&self) -> SmallVec<[isize; 6]> {
        (**self).dims()
    }
}
impl DimArg for SmallVec<[isize; 6]> {
    fn dims(&self) -> SmallVec<[isize; 6]> {
        self.clone()
    }
}
impl DimArg for () {
    fn dims(&self) -> SmallVec<[isize; 6]> {
        SmallVec::new()
    }
}

/// The sizes a creation function was given: none may be negative, and their product must be a possible element count.
pub fn exact(op: &'static str, shape: impl ShapeArg) -> Result<Dims> {
    let sizes = shape.sizes();
    if let Some(bad) = sizes.iter().find(|&&s| s < 0) {
        return Err(Error::new(op, format!("negative size {bad} in shape {:?}", sizes.as_slice()))
            .hint("sizes are at least 0; only reshape and view infer a -1"));
    }
    let dims: Dims = sizes.iter().map(|&s| s as usize).collect();
    checked_numel(op, &dims)?;
    Ok(dims)
}

/// The number of elements, or an error where no machine could hold them.
pub fn checked_numel(op: &'static str, shape: &[usize]) -> Result<usize> {
    // Zero-size dims make the product zero, but the others must still multiply: strides are made of them.
    let limit = isize::MAX as usize / 16;
    shape
        .iter()
        .try_fold(1usize, |n, &s| n.checked_mul(s.max(1)).filter(|&n| n <= limit))
        .map(|_| shape.iter().product())
        .ok_or_else(|| Error::new(op, format!("shape {shape:?} has too many elements")))
}

/// The number of elements of a shape that is known to be possible.
pub fn numel(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// A dim counted from the front: `-1` is the last. A 0-d tensor has the dims `0` and `-1`, as in PyTorch.
pub fn dim(op: &'static str, dim: isize, rank: usize) -> Result<usize> {
    let span = rank.max(1) as isize;
    if dim < -span || dim >= span {
        return Err(Error::new(op, format!("dim {dim} is out of range")).hint(format!(
            "a tensor of {rank} dims has dims {} to {}",
            -span,
            span - 1
        )));
    }
    Ok(if dim < 0 { dim + span } else { dim } as usize)
}

/// Where a new dim goes in a tensor of `rank` dims, counted from the front: one place more than there are dims.
pub fn new_dim(op: &'static str, dim: isize, rank: usize) -> Result<usize> {
    let places = rank as isize + 1;
    self::dim(op, dim, rank + 1)
        .map_err(|e| e.hint(format!("in a tensor of {rank} dims a new one goes to {} to {}", -places, places - 1)))
}

/// Several dims, counted from the front, each at most once. An empty list means all.
pub fn dims(op: &'static str, arg: impl DimArg, rank: usize) -> Result<SmallVec<[usize; 6]>> {
    let given = arg.dims();
    if given.is_empty() {
        return Ok((0..rank).collect());
    }
    let mut out = SmallVec::new();
    for &d in &given {
        let d = dim(op, d, rank)?;
        if out.contains(&d) {
            return Err(Error::new(op, format!("dim {d} appears twice in {:?}", given.as_slice()))
                .hint("name each dim once; negative ones count from the end"));
        }
        out.push(d);
    }
    // The one "dim" of a 0-d tensor has nothing behind it.
    if rank == 0 {
        out.clear();
    }
    Ok(out)
}

/// The shape two operands broadcast to: sizes are equal, or one of them is 1, counted from the back.
pub fn broadcast(op: &'static str, a: &[usize], b: &[usize]) -> Result<Dims> {
    if a == b {
        return Ok(Dims::from_slice(a));
    }
    let rank = a.len().max(b.len());
    let mut out: Dims = SmallVec::from_elem(1, rank);
    for i in 0..rank {
        let x = if i + a.len() >= rank { a[i + a.len() - rank] } else { 1 };
        let y = if i + b.len() >= rank { b[i + b.len() - rank] } else { 1 };
        out[i] = match (x, y) {
            (x, y) if x == y => x,
            (1, y) => y,
            (x, 1) => x,
            (x, y) => {
                return Err(Error::new(
                    op,
                    format!("shapes {a:?} and {b:?} do not broadcast: sizes {x} and {y} at dim {i} differ"),
                )
                .hint("sizes must be equal or 1, counted from the last dim"));
            }
        };
    }
    Ok(out)
}

/// The sizes after `reshape`: one `-1` is inferred from the others.
pub fn infer(op: &'static str, shape: impl ShapeArg, numel: usize) -> Result<Dims> {
    let sizes = shape.sizes();
    let wrong = |why: String| Error::new(op, why);
    if sizes.iter().filter(|&&s| s == -1).count() > 1 {
        return Err(wrong(format!("more than one -1 in shape {:?}", sizes.as_slice()))
            .hint("one size can be inferred from the others, two cannot"));
    }
    if let Some(bad) = sizes.iter().find(|&&s| s < -1) {
        return Err(wrong(format!("negative size {bad} in shape {:?}", sizes.as_slice()))
            .hint("only -1 has a meaning: the size that the others leave"));
    }
    let known: Dims = sizes.iter().filter(|&&s| s >= 0).map(|&s| s as usize).collect();
    let known = checked_numel(op, &known)?;
    let mut out = Dims::new();
    for &s in &sizes {
        out.push(match s {
            -1 if known == 0 => {
                return Err(wrong(format!(
                    "-1 in shape {:?} could be any size: the others multiply to 0",
                    sizes.as_slice()
                )));
            }
            -1 => numel / known,
            s => s as usize,
        });
    }
    if checked_numel(op, &out)? != numel {
        let shape = sizes.as_slice();
        return Err(if sizes.contains(&-1) {
            wrong(format!("{numel} elements do not divide into shape {shape:?}"))
                .hint(format!("the sizes beside the -1 multiply to {known}"))
        } else {
            wrong(format!("shape {shape:?} takes {known} elements, the tensor has {numel}"))
                .hint("a size of -1 is inferred from the others")
        });
    }
    Ok(out)
}

/// The shape left after reducing `dims`.
pub fn reduced(shape: &[usize], dims: &[usize], keep: KeepDim) -> Dims {
    let mut out = Dims::new();
    for (i, &s) in shape.iter().enumerate() {
        if !dims.contains(&i) {
            out.push(s);
        } else if keep.0 {
            out.push(1);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcast_follows_the_last_dims() {
        assert_eq!(broadcast("t", &[2, 1, 4], &[3, 1]).unwrap().as_slice(), &[2, 3, 4]);
        assert_eq!(broadcast("t", &[], &[0, 2]).unwrap().as_slice(), &[0, 2]);
        assert_eq!(broadcast("t", &[0], &[1]).unwrap().as_slice(), &[0]);
        assert!(broadcast("t", &[2], &[3]).is_err());
    }

    #[test]
    fn reshape_infers_one_size() {
        assert_eq!(infer("t", [2, -1], 6).unwrap().as_slice(), &[2, 3]);
        assert_eq!(infer("t", (), 1).unwrap().len(), 0);
        assert!(infer("t", [-1, 0], 0).is_err());
        assert!(infer("t", [4, -1], 6).is_err());
    }

    #[test]
    fn dims_are_counted_from_both_ends() {
        assert_eq!(dim("t", -1, 3).unwrap(), 2);
        assert_eq!(dim("t", 0, 0).unwrap(), 0);
        assert!(dim("t", 3, 3).is_err());
        assert!(dims("t", [0, -2], 2).is_err());
    }
}
