//! Indexing as between Python's brackets: integers, slices, `...`, new axes, and integer or bool tensors.
use super::{indices, pick::wrapped};
use crate::{DType, Error, Result, Tensor, shape};

/// One entry between the brackets of `x[..]`.
#[derive(Clone, Debug)]
pub enum Index {
    /// One element of a dim, which disappears; negative ones count from the end.
    Int(isize),
    /// `start:stop:step`.
    Slice {
        /// First element, or the start.
        start: Option<isize>,
        /// One past the last element, or the end.
        stop: Option<isize>,
        /// Distance of elements, at least 1.
        step: usize,
    },
    /// `...`: as many whole dims as are left.
    Ellipsis,
    /// `None`: a new dim of size 1.
    NewAxis,
    /// Integers (broadcast with the other tensors), or a mask that covers as many dims as it has.
    Tensor(Tensor),
}

impl From<isize> for Index {
    fn from(i: isize) -> Index {
        Index::Int(i)
    }
}
impl From<i32> for Index {
    fn from(i: i32) -> Index {
        Index::Int(i as isize)
    }
}
impl From<std::ops::Range<isize>> for Index {
    fn from(r: std::ops::Range<isize>) -> Index {
        Index::Slice { start: Some(r.start), stop: Some(r.end), step: 1 }
    }
}
impl From<std::ops::RangeFull> for Index {
    fn from(_: std::ops::RangeFull) -> Index {
        Index::Slice { start: None, stop: None, step: 1 }
    }
}
impl From<&Tensor> for Index {
    fn from(t: &Tensor) -> Index {
        Index::Tensor(t.clone())
    }
}

impl Tensor {
    /// `x[a, b, ..]` as in Python.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result, ops::Index};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::arange(0, 12, 1)?.reshape([3, 4])?;
    /// assert_eq!(x.i(&[Index::Int(-1), (1..3).into()])?.to_vec::<i64>()?, [9, 10]);
    /// # Ok(()) }
    /// ```
    pub fn i(&self, index: &[Index]) -> Result<Tensor> {
        let used: usize = index
            .iter()
            .map(|i| match i {
                Index::Ellipsis | Index::NewAxis => 0,
                Index::Tensor(t) if t.dtype() == DType::Bool => t.dim(),
                _ => 1,
            })
            .sum();
        let wrong = |why: String| Error::new("index", why).operands([self]);
        if used > self.dim() {
            return Err(wrong(format!("{used} indices for a tensor of {} dims", self.dim())));
        }
        if index.iter().filter(|i| matches!(i, Index::Ellipsis)).count() > 1 {
            return Err(wrong("more than one ellipsis".into()));
        }
        let mut x = self.clone();
        let mut d = 0;
        let mut tensors: Vec<Option<Tensor>> = Vec::new();
        for i in index {
            match i {
                Index::Int(i) => x = x.select(d as isize, *i).map_err(|e| e.renamed("index"))?,
                Index::Slice { start, stop, step } => {
                    x = x.slice(d as isize, start.unwrap_or(0), stop.unwrap_or(isize::MAX), *step)?;
                    d += 1;
                }
                Index::Ellipsis => d += self.dim() - used,
                Index::NewAxis => {
                    x = x.unsqueeze(d as isize)?;
                    d += 1;
                }
                Index::Tensor(t) => {
                    tensors.resize(d, None);
                    let own = as_integers(&x, d, t)?;
                    d += own.len();
                    tensors.extend(own.into_iter().map(Some));
                }
            }
        }
        if tensors.iter().any(Option::is_some) { x.index(&tensors) } else { Ok(x) }
    }

    /// Elements where all index tensors, broadcast together, point; `None` takes the whole dim. The broadcast dims
    /// stand where the index tensors stood if those are neighbours, else in front.
    pub fn index(&self, index: &[Option<Tensor>]) -> Result<Tensor> {
        let plan = Plan::new("index", self, index)?;
        let rows = plan.rows_first(self)?;
        let picked = rows.index_select(0, &plan.flat).map_err(|e| e.renamed("index").operands([self]))?;
        plan.back(&picked)
    }

    /// The tensor with `values`, broadcast, where the index tensors point; with `accumulate` they are added, and
    /// repeated positions add up.
    pub fn index_put(&self, index: &[Option<Tensor>], values: &Tensor, accumulate: bool) -> Result<Tensor> {
        let plan = Plan::new("index_put", self, index)?;
        if values.dtype() != self.dtype() {
            return Err(Error::new("index_put", "the values need the tensor's dtype").operands([self, values]));
        }
        let rows = plan.rows_first(self)?;
        let values = plan.forth(values).map_err(|e| e.renamed("index_put").operands([self, values]))?;
        let placed =
            if accumulate { rows.index_add(0, &plan.flat, &values)? } else { rows.index_copy(0, &plan.flat, &values)? };
        let mut shape: shape::Dims = plan.order.iter().map(|&d| self.shape()[d as usize]).collect();
        shape.truncate(self.dim());
        let mut inverse = vec![0isize; self.dim()];
        for (i, &d) in plan.order.iter().enumerate() {
            inverse[d as usize] = i as isize;
        }
        placed.reshape(&shape)?.permute(&inverse)
    }
}

/// An index tensor as integer tensors: a mask becomes one for each of its dims.
fn as_integers(x: &Tensor, d: usize, t: &Tensor) -> Result<Vec<Tensor>> {
    if t.dtype() != DType::Bool {
        return Ok(vec![indices("index", t, x)?]);
    }
    if t.dim() == 0 {
        return Err(Error::new("index", "a mask needs at least one dim").operands([x, t]));
    }
    if x.shape().get(d..d + t.dim()) != Some(t.shape()) {
        return Err(Error::new("index", format!("the mask has shape {:?}, the dims it stands for differ", t.shape()))
            .operands([x, t]));
    }
    t.nonzero()?.unbind(1)
}

/// How an advanced index becomes one `index_select`: indexed dims go to the front and are flattened.
struct Plan {
    /// Dims of the tensor, the indexed ones first.
    order: Vec<isize>,
    /// Sizes of the dims that are not indexed.
    rest: shape::Dims,
    /// What the index tensors broadcast to.
    broadcast: shape::Dims,
    /// How many whole dims stand before the broadcast dims in the result.
    before: usize,
    /// Positions in the flattened indexed dims, 1-d.
    flat: Tensor,
}

impl Plan {
    fn new(op: &'static str, x: &Tensor, index: &[Option<Tensor>]) -> Result<Plan> {
        let mut entries: Vec<(usize, Tensor)> = Vec::new();
        let mut d = 0;
        for entry in index {
            match entry {
                None => d += 1,
                Some(t) => {
                    for own in as_integers(x, d, t).map_err(|e| e.renamed(op))? {
                        entries.push((d, own));
                        d += 1;
                    }
                }
            }
        }
        if d > x.dim() {
            return Err(Error::new(op, format!("{d} indices for a tensor of {} dims", x.dim())).operands([x]));
        }
        let Some((first, _)) = entries.first() else {
            return Err(Error::new(op, "needs at least one index tensor").operands([x]));
        };
        let neighbours = entries.iter().enumerate().all(|(i, (d, _))| *d == first + i);
        let before = if neighbours { *first } else { 0 };
        let mut broadcast = shape::Dims::new();
        for (_, t) in &entries {
            broadcast = shape::broadcast(op, &broadcast, t.shape())?;
        }
        let mut flat: Option<Tensor> = None;
        for (d, t) in &entries {
            let size = x.shape()[*d] as i64;
            check_range(op, x, *d, t)?;
            let t = wrapped(t, size)?;
            flat = Some(match flat {
                None => t,
                Some(f) => f.mul(size)?.add(&t)?,
            });
        }
        let flat = flat.unwrap_or(Tensor::arange(0, 0, 1)?).expand(&broadcast)?.reshape([-1])?;
        let indexed: Vec<usize> = entries.iter().map(|(d, _)| *d).collect();
        let whole = (0..x.dim()).filter(|d| !indexed.contains(d));
        let rest = whole.clone().map(|d| x.shape()[d]).collect();
        let order = indexed.iter().copied().chain(whole).map(|d| d as isize).collect();
        Ok(Plan { order, rest, broadcast, before, flat })
    }

    /// The tensor as rows of its whole dims.
    fn rows_first(&self, x: &Tensor) -> Result<Tensor> {
        let n: usize = self.order[..x.dim() - self.rest.len()].iter().map(|&d| x.shape()[d as usize]).product();
        let mut shape = shape::Dims::from_slice(&[n]);
        shape.extend_from_slice(&self.rest);
        x.permute(&self.order)?.reshape(&shape)
    }

    /// Picked rows in the shape of the result.
    fn back(&self, rows: &Tensor) -> Result<Tensor> {
        let mut shape = self.broadcast.clone();
        shape.extend_from_slice(&self.rest);
        let y = rows.reshape(&shape)?;
        let b = self.broadcast.len() as isize;
        let order: Vec<isize> =
            (b..b + self.before as isize).chain(0..b).chain(b + self.before as isize..shape.len() as isize).collect();
        y.permute(&order)
    }

    /// Values that broadcast to the shape of the result, as rows.
    fn forth(&self, values: &Tensor) -> Result<Tensor> {
        let mut shape = shape::Dims::from_slice(&self.rest[..self.before]);
        shape.extend_from_slice(&self.broadcast);
        shape.extend_from_slice(&self.rest[self.before..]);
        let (before, b) = (self.before as isize, self.broadcast.len() as isize);
        let order: Vec<isize> = (before..before + b).chain(0..before).chain(before + b..shape.len() as isize).collect();
        let mut rows = shape::Dims::from_slice(&[shape::numel(&self.broadcast)]);
        rows.extend_from_slice(&self.rest);
        values.expand(&shape)?.permute(&order)?.reshape(&rows)
    }
}

/// An index outside of its dim is an error here, before the flattening would hide it.
fn check_range(op: &'static str, x: &Tensor, d: usize, index: &Tensor) -> Result<()> {
    if index.numel() == 0 {
        return Ok(());
    }
    let size = x.shape()[d] as i64;
    let (low, high) = (index.amin()?.item::<i64>()?, index.amax()?.item::<i64>()?);
    let bad = if low < -size { low } else { high };
    if bad < -size || bad >= size {
        return Err(
            Error::new(op, format!("index {bad} is out of range for dim {d} of size {size}")).operands([x, index])
        );
    }
    Ok(())
}
