//! Indexing by tensors in several dims at once, and by masks. Indices are read on the host, where they are checked one
//! by one and folded into one index over the flattened indexed dims; the rest is recorded as movements around one pick
//! or one placement.
use super::{along, int_index, pick::from_end};
use crate::{DType, Error, Result, Tensor, shape, shape::Dims};

/// Indexed dims brought together: `x` as `[pre.., product of indexed dims, post..]`.
struct Folded {
    /// The order of the dims of `x` that does it.
    order: Vec<usize>,
    /// Dims in front of the indexed ones.
    pre: usize,
    /// Indexed dims.
    count: usize,
    /// What the indices broadcast to.
    shape: Dims,
    /// Positions in the product of the indexed dims.
    flat: Tensor,
}

/// One index of one dim: masks count as the positions of their true elements.
fn columns(op: &'static str, x: &Tensor, indices: &[Option<&Tensor>]) -> Result<Vec<Option<Tensor>>> {
    let mut out = Vec::new();
    for index in indices {
        match index {
            None => out.push(None),
            Some(mask) if matches!(mask.dtype(), DType::Bool | DType::U8) => {
                let from = out.len();
                let dims = x.shape().get(from..from + mask.dim()).unwrap_or(&[]);
                if dims != mask.shape() || mask.dim() == 0 {
                    let message =
                        format!("the mask does not have the shape of the dims it stands for, from dim {from} on");
                    return Err(Error::new(op, message).operands([x, mask]).hint(
                        "a mask has one truth value for each element, or for each row: mask.squeeze() drops sizes of 1",
                    ));
                }
                out.extend(mask.nonzero()?.unbind(1)?.into_iter().map(Some));
            }
            Some(index) => out.push(Some(int_index(op, index)?)),
        }
    }
    if out.len() > x.dim() {
        let message = format!("{} indices for a tensor of {} dims", out.len(), x.dim());
        return Err(Error::new(op, message).operands([x]));
    }
    Ok(out)
}

/// `None` where nothing is indexed.
fn fold(op: &'static str, x: &Tensor, indices: &[Option<&Tensor>]) -> Result<Option<Folded>> {
    let columns = columns(op, x, indices)?;
    let dims: Vec<usize> = columns.iter().enumerate().filter(|(_, c)| c.is_some()).map(|(d, _)| d).collect();
    let (Some(&first), Some(&last)) = (dims.first(), dims.last()) else { return Ok(None) };
    let mut shape = Dims::new();
    for index in columns.iter().flatten() {
        shape = shape::broadcast(op, &shape, index.shape())
            .map_err(|e| e.operands(columns.iter().flatten()).hint("the shapes of indices must broadcast"))?;
    }
    let mut flat = vec![0i64; shape::numel(&shape)];
    for (&d, index) in dims.iter().zip(columns.iter().flatten()) {
        let size = x.shape()[d];
        for (at, i) in flat.iter_mut().zip(index.expand(&shape)?.to_vec::<i64>()?) {
            *at = *at * size as i64 + from_end(op, i, d, size).map_err(|e| e.operands([x, index]))?;
        }
    }
    // Neighbours stay where they are; else the result begins with them.
    let pre = if last - first + 1 == dims.len() { first } else { 0 };
    let others = (0..x.dim()).filter(|d| !dims.contains(d));
    let mut order: Vec<usize> = others.collect();
    order.splice(pre..pre, dims.iter().copied());
    let flat = Tensor::from_slice(&flat, [flat.len()])?.to_device(&x.device())?;
    Ok(Some(Folded { order, pre, count: dims.len(), shape, flat }))
}

impl Folded {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.permute(&self.order[..])?;
        let mut shape = Dims::from_slice(&x.shape()[..self.pre]);
        shape.push(x.shape()[self.pre..self.pre + self.count].iter().product());
        shape.extend_from_slice(&x.shape()[self.pre + self.count..]);
        x.reshape(&shape)
    }
    fn undo(&self, x: &Tensor, like: &Tensor) -> Result<Tensor> {
        let permuted: Dims = self.order.iter().map(|&d| like.shape()[d]).collect();
        let mut back = vec![0usize; self.order.len()];
        self.order.iter().enumerate().for_each(|(at, &d)| back[d] = at);
        x.reshape(&permuted)?.permute(&back[..])
    }
    /// The shape of what is indexed.
    fn result(&self, x: &Tensor) -> Dims {
        let sizes: Dims = self.order.iter().map(|&d| x.shape()[d]).collect();
        let mut shape = Dims::from_slice(&sizes[..self.pre]);
        shape.extend_from_slice(&self.shape);
        shape.extend_from_slice(&sizes[self.pre + self.count..]);
        shape
    }
}

impl Tensor {
    /// Indexing by tensors, `None` for a dim taken whole: `x.index(&[None, Some(&i)])` is `x[:, i]`. Integer indices
    /// broadcast against each other and count from the end where negative; masks stand for as many dims as they have.
    pub fn index(&self, indices: &[Option<&Tensor>]) -> Result<Tensor> {
        let Some(folded) = fold("index", self, indices)? else { return Ok(self.clone()) };
        let picked = folded.apply(self)?.index_select(folded.pre as isize, &folded.flat)?;
        picked.reshape(folded.result(self))
    }

    /// A copy with `values`, broadcast, at the places that [`Tensor::index`] would pick. Where one place is named twice,
    /// the values add up with `accumulate`, else the last stays.
    pub fn index_put(&self, indices: &[Option<&Tensor>], values: &Tensor, accumulate: bool) -> Result<Tensor> {
        const OP: &str = "index_put";
        if values.dtype() != self.dtype() {
            return Err(Error::new(OP, format!("the values are {}, the tensor {}", values.dtype(), self.dtype()))
                .operands([self, values])
                .hint("convert the values with to_dtype"));
        }
        let Some(folded) = fold(OP, self, indices)? else {
            let all = values.expand(self.shape()).map_err(|e| e.renamed(OP))?;
            return if accumulate { self.add(&all) } else { all.clone_contiguous() };
        };
        let shape = folded.result(self);
        let values = values.expand(&shape).map_err(|_| {
            Error::new(OP, format!("the values do not broadcast to shape {:?} of what is indexed", shape.as_slice()))
                .operands([self, values])
        })?;
        let x = folded.apply(self)?;
        let mut flat = Dims::from_slice(x.shape());
        flat[folded.pre] = folded.flat.numel();
        let values = values.reshape(&flat)?;
        let dim = folded.pre as isize;
        let placed = if accumulate {
            x.index_add(dim, &folded.flat, &values)?
        } else {
            x.scatter(dim, &along(&folded.flat, folded.pre, &flat)?, &values)?
        };
        folded.undo(&placed, self)?.contiguous()
    }

    /// The elements at which the mask, broadcast together with the tensor, is true, as a vector.
    pub fn masked_select(&self, mask: &Tensor) -> Result<Tensor> {
        const OP: &str = "masked_select";
        if mask.dtype() != DType::Bool {
            return Err(Error::new(OP, format!("a mask is bool, got {}", mask.dtype()))
                .operands([self, mask])
                .hint("compare it, as with ne(0)"));
        }
        let shape = shape::broadcast(OP, self.shape(), mask.shape()).map_err(|e| e.operands([self, mask]))?;
        let n = shape::numel(&shape);
        let places = mask.expand(&shape)?.reshape([n])?.nonzero()?.reshape([-1])?;
        self.expand(&shape)?.reshape([n])?.index_select(0, &places)
    }

    /// The indices of all elements that are not 0, in row-major order: `[how many, dims]`, `i64`.
    pub fn nonzero(&self) -> Result<Tensor> {
        let truth = self.detach().to_dtype(DType::Bool)?.to_bytes()?;
        let rank = self.dim();
        let mut found: Vec<i64> = Vec::new();
        let mut rows = 0;
        for at in truth.iter().enumerate().filter(|(_, t)| **t != 0).map(|(at, _)| at) {
            let begin = found.len();
            let mut left = at;
            for &size in self.shape().iter().rev() {
                found.push((left % size) as i64);
                left /= size;
            }
            found[begin..].reverse();
            rows += 1;
        }
        Tensor::from_slice(&found, [rows, rank])?.to_device(&self.device())
    }
}
