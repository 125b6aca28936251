//! What Python writes between brackets.
use super::pick::from_end;
use crate::{DType, Error, Result, Tensor};
use std::ops::{Range, RangeFrom, RangeFull, RangeTo};

/// One of the indices between the brackets: `x[1, 2:, None, mask]` is
/// `x.i(&[1.into(), (2..).into(), Index::NewAxis, (&mask).into()])`.
#[derive(Clone, Debug)]
pub enum Index {
    /// One element, from the end where negative; the dim disappears.
    Int(isize),
    /// `start:stop:step`; bounds count from the end where negative, and are drawn in where outside.
    Slice {
        /// First element; `None` for the first of all.
        start: Option<isize>,
        /// One past the last; `None` for all that follow.
        stop: Option<isize>,
        /// Distance of elements; `None` for 1.
        step: Option<isize>,
    },
    /// As many whole dims as are left.
    Ellipsis,
    /// A new dim of size 1.
    NewAxis,
    /// Integers, or a mask.
    Tensor(Tensor),
}

impl From<&Tensor> for Index {
    fn from(t: &Tensor) -> Index {
        Index::Tensor(t.clone())
    }
}
impl From<RangeFull> for Index {
    fn from(_: RangeFull) -> Index {
        Index::Slice { start: None, stop: None, step: None }
    }
}
macro_rules! index_from {
    ($($t:ty),*) => { $(
        impl From<$t> for Index {
            fn from(i: $t) -> Index { Index::Int(i as isize) }
        }
        impl From<Range<$t>> for Index {
            fn from(r: Range<$t>) -> Index {
                Index::Slice { start: Some(r.start as isize), stop: Some(r.end as isize), step: None }
            }
        }
        impl From<RangeFrom<$t>> for Index {
            fn from(r: RangeFrom<$t>) -> Index {
                Index::Slice { start: Some(r.start as isize), stop: None, step: None }
            }
        }
        impl From<RangeTo<$t>> for Index {
            fn from(r: RangeTo<$t>) -> Index {
                Index::Slice { start: None, stop: Some(r.end as isize), step: None }
            }
        }
    )* };
}
index_from!(isize, i32, i64, usize);

fn is_mask(t: &Tensor) -> bool {
    matches!(t.dtype(), DType::Bool | DType::U8)
}

impl Tensor {
    /// Python's brackets; integers and slices give views, tensors pick as [`Tensor::index`] does.
    ///
    /// ```
    /// # use tensor_core::{Index, Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::zeros([4, 5, 6])?;
    /// assert_eq!(x.i(&[1.into(), Index::Ellipsis, (2..).into()])?.shape(), [5, 4]);
    /// # Ok(()) }
    /// ```
    pub fn i(&self, indices: &[Index]) -> Result<Tensor> {
        const OP: &str = "index";
        let used: usize = indices
            .iter()
            .map(|index| match index {
                Index::Int(_) | Index::Slice { .. } => 1,
                Index::Tensor(t) if is_mask(t) => t.dim(),
                Index::Tensor(_) => 1,
                Index::Ellipsis | Index::NewAxis => 0,
            })
            .sum();
        let wrong = |message: String| Error::new(OP, message).operands([self]);
        if used > self.dim() {
            return Err(wrong(format!("{used} indices for a tensor of {} dims", self.dim()))
                .hint("there is at most one index for each dim"));
        }
        if indices.iter().filter(|i| matches!(i, Index::Ellipsis)).count() > 1 {
            return Err(wrong("more than one ellipsis".into()));
        }
        let mut x = self.clone();
        let mut tensors: Vec<Option<Tensor>> = Vec::new();
        // The dim of `x` that the next index stands for, and which one that is of `self`.
        let mut dim = 0;
        let mut own = 0;
        for index in indices {
            let (d, at) = (dim as isize, own);
            own += match index {
                Index::Int(_) | Index::Slice { .. } => 1,
                Index::Tensor(t) if is_mask(t) => t.dim(),
                Index::Tensor(_) => 1,
                Index::Ellipsis => self.dim() - used,
                Index::NewAxis => 0,
            };
            match index {
                Index::Int(i) => {
                    from_end(OP, *i as i64, at, self.shape()[at]).map_err(|e| e.operands([self]))?;
                    x = x.select(d, *i).map_err(|e| e.renamed(OP))?;
                    continue;
                }
                Index::Slice { start, stop, step } => {
                    let step = step.unwrap_or(1);
                    if step < 1 {
                        return Err(wrong(format!("a step must be positive, got {step}")).hint("flip reverses a dim"));
                    }
                    x = x.slice(d, start.unwrap_or(0), stop.unwrap_or(isize::MAX), step as usize)?;
                    dim += 1;
                }
                Index::Ellipsis => dim += self.dim() - used,
                Index::NewAxis => {
                    x = x.unsqueeze(d)?;
                    dim += 1;
                }
                // A single truth value is a new dim of size 1 or 0.
                Index::Tensor(t) if is_mask(t) && t.dim() == 0 => {
                    x = x.unsqueeze(d)?;
                    let rows: &[i64] = if t.to_dtype(DType::Bool)?.item::<bool>()? { &[0] } else { &[] };
                    let held: usize = tensors.iter().map(covers).sum();
                    tensors.extend(std::iter::repeat_n(None, dim - held));
                    tensors.push(Some(Tensor::from_slice(rows, [rows.len()])?.to_device(&t.device())?));
                    dim += 1;
                }
                Index::Tensor(t) => {
                    let dims = if is_mask(t) { t.dim() } else { 1 };
                    let held: usize = tensors.iter().map(covers).sum();
                    tensors.extend(std::iter::repeat_n(None, dim - held));
                    tensors.push(Some(t.clone()));
                    dim += dims;
                }
            }
        }
        if tensors.is_empty() {
            return Ok(x);
        }
        let tensors: Vec<Option<&Tensor>> = tensors.iter().map(Option::as_ref).collect();
        x.index(&tensors)
    }
}

/// How many dims an index stands for.
fn covers(index: &Option<Tensor>) -> usize {
    match index {
        Some(t) if is_mask(t) => t.dim(),
        _ => 1,
    }
}
