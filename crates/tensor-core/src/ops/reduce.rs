//! Fewer elements: sums, products, extremes.
use super::{Keeps, Op};
use crate::{Category, DROP, DType, DimArg, Error, KeepDim, Result, Tensor, graph, shape};
use smallvec::SmallVec;
use std::sync::Arc;

mod extremes;
mod moments;
mod norm;

/// Reductions over dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceOp {
    /// Sum; of nothing, 0.
    Sum,
    /// Sum divided by the count; of nothing, NaN.
    Mean,
    /// Product; of nothing, 1.
    Prod,
    /// The largest; NaN wins. Equal values share the gradient.
    Max,
    /// The smallest; NaN wins. Equal values share the gradient.
    Min,
    /// Whether any is true.
    Any,
    /// Whether all are true.
    All,
}

impl ReduceOp {
    /// Every operator, once.
    pub const ALL: &[ReduceOp] =
        &[ReduceOp::Sum, ReduceOp::Mean, ReduceOp::Prod, ReduceOp::Max, ReduceOp::Min, ReduceOp::Any, ReduceOp::All];
    /// PyTorch's name.
    pub fn name(self) -> &'static str {
        match self {
            ReduceOp::Sum => "sum",
            ReduceOp::Mean => "mean",
            ReduceOp::Prod => "prod",
            ReduceOp::Max => "amax",
            ReduceOp::Min => "amin",
            ReduceOp::Any => "any",
            ReduceOp::All => "all",
        }
    }
    pub(super) fn keeps(self) -> Keeps {
        match self {
            ReduceOp::Sum | ReduceOp::Mean | ReduceOp::Any | ReduceOp::All => Keeps::NOTHING,
            ReduceOp::Prod => Keeps::INPUT,
            ReduceOp::Max | ReduceOp::Min => Keeps { inputs: 1, outputs: 1 },
        }
    }
}

type DimList = SmallVec<[usize; 6]>;

impl ReduceOp {
    /// The dtype that the reduction is computed and given in.
    fn result_dtype(self, x: DType) -> Result<DType> {
        match (self, x.category()) {
            // As in PyTorch: integers add up in i64.
            (ReduceOp::Sum | ReduceOp::Prod, Category::Bool | Category::Int) => Ok(DType::I64),
            (ReduceOp::Mean, Category::Bool | Category::Int) => Err(Error::new("mean", format!("not defined for {x}"))
                .hint("convert to a float dtype first: to_dtype(DType::F32)")),
            (ReduceOp::Any | ReduceOp::All, _) => Ok(DType::Bool),
            _ => Ok(x),
        }
    }
}

/// Reduces `dims` of `x`; none named means all.
fn reduce(op: ReduceOp, x: &Tensor, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
    let dims = shape::dims(op.name(), dims, x.dim()).map_err(|e| e.operands([x]))?;
    reduce_dims(op, op.name(), x, dims, keep)
}

/// PyTorch reduces tensors of at most 64 dims, and so do we: what one of them computes, the other does too.
fn few_dims(op: &'static str, x: &Tensor) -> Result<()> {
    if x.dim() > 64 {
        return Err(Error::new(op, format!("a tensor of {} dims has too many to reduce; 64 is the most", x.dim())));
    }
    Ok(())
}

/// The same for dims that were checked; errors name `name`.
fn reduce_dims(op: ReduceOp, name: &'static str, x: &Tensor, dims: DimList, keep: KeepDim) -> Result<Tensor> {
    few_dims(name, x)?;
    let dtype = op.result_dtype(x.dtype()).map_err(|e| e.operands([x]))?;
    if matches!(op, ReduceOp::Max | ReduceOp::Min)
        && let Some(d) = dims.iter().find(|&&d| x.shape()[d] == 0)
    {
        return Err(
            Error::new(name, format!("dim {d} is empty, and nothing has no largest or smallest element")).operands([x])
        );
    }
    let cast;
    let x = if x.dtype() == dtype {
        x
    } else {
        cast = x.to_dtype(dtype)?;
        &cast
    };
    let kept = shape::reduced(x.shape(), &dims, crate::KEEP);
    let reading = x.reading();
    let device = x.device();
    let (mut out, layout) = Tensor::allocate(&kept, dtype, &device)?;
    device.backend().reduce(op, reading.view(), &dims, out.view_mut(&layout))?;
    let layout = if keep.0 { layout } else { crate::Layout::contiguous(&shape::reduced(x.shape(), &dims, DROP)) };
    Ok(graph::record(|| Op::Reduce { op, dims }, &[x], Tensor::new(Arc::new(out), layout)))
}

impl Tensor {
    /// The sum of all elements; integers add up in `i64`.
    pub fn sum(&self) -> Result<Tensor> {
        self.sum_dim((), DROP)
    }
    /// The sum along `dims`.
    ///
    /// ```
    /// # use tensor_core::{tensor, DROP, KEEP, Result};
    /// # fn main() -> Result<()> {
    /// let x = tensor([[1, 2], [3, 4]])?;
    /// assert_eq!(x.sum_dim(1, DROP)?.to_vec::<i64>()?, [3, 7]);
    /// assert_eq!(x.sum_dim([0, 1], KEEP)?.shape(), [1, 1]);
    /// # Ok(()) }
    /// ```
    pub fn sum_dim(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        reduce(ReduceOp::Sum, self, dims, keep)
    }

    /// The average of all elements, which must be floats.
    pub fn mean(&self) -> Result<Tensor> {
        self.mean_dim((), DROP)
    }
    /// The average along `dims`.
    pub fn mean_dim(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        reduce(ReduceOp::Mean, self, dims, keep)
    }

    /// The product of all elements; integers multiply in `i64`.
    pub fn prod(&self) -> Result<Tensor> {
        self.prod_dim((), DROP)
    }
    /// The product along `dims`.
    pub fn prod_dim(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        match crate::autocast::single([self], None, |[x], _| Ok(x.clone())) {
            Some(wide) => reduce(ReduceOp::Prod, &wide?, dims, keep),
            None => reduce(ReduceOp::Prod, self, dims, keep),
        }
    }

    /// Whether any element is true, or not 0 (`bool`; of `u8`, `u8`).
    pub fn any(&self) -> Result<Tensor> {
        self.any_dim((), DROP)
    }
    /// Whether any element along `dims` is true.
    pub fn any_dim(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        byte_stays(self, reduce(ReduceOp::Any, &self.detach(), dims, keep)?)
    }

    /// Whether all elements are true, or not 0 (`bool`; of `u8`, `u8`).
    pub fn all(&self) -> Result<Tensor> {
        self.all_dim((), DROP)
    }
    /// Whether all elements along `dims` are true.
    pub fn all_dim(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        byte_stays(self, reduce(ReduceOp::All, &self.detach(), dims, keep)?)
    }

    /// The sum of all elements but NaN.
    pub fn nansum(&self) -> Result<Tensor> {
        self.nansum_dim((), DROP)
    }
    /// The sum along `dims` of all elements but NaN.
    pub fn nansum_dim(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        let numbers = if self.is_floating_point() { self.isnan()?.where_(0, self)? } else { self.clone() };
        numbers.sum_dim(dims, keep).map_err(|e| e.renamed("nansum").operands([self]))
    }

    /// The average of all elements but NaN.
    pub fn nanmean(&self) -> Result<Tensor> {
        self.nanmean_dim((), DROP)
    }
    /// The average along `dims` of all elements but NaN.
    pub fn nanmean_dim(&self, dims: impl DimArg, keep: KeepDim) -> Result<Tensor> {
        if !self.is_floating_point() {
            return Err(Error::new("nanmean", format!("not defined for {}", self.dtype())).operands([self]));
        }
        let dims = shape::dims("nanmean", dims, self.dim()).map_err(|e| e.operands([self]))?;
        let number = self.isnan()?.logical_not()?;
        let count = reduce_dims(ReduceOp::Sum, "nanmean", &number, dims.clone(), keep)?;
        let zeroed = number.where_(self, 0)?;
        reduce_dims(ReduceOp::Sum, "nanmean", &zeroed, dims, keep)?.div(&count)
    }

    /// How many elements are not 0.
    pub fn count_nonzero(&self) -> Result<Tensor> {
        self.count_nonzero_dim(())
    }
    /// How many elements along `dims` are not 0.
    pub fn count_nonzero_dim(&self, dims: impl DimArg) -> Result<Tensor> {
        self.ne(0)?.sum_dim(dims, DROP).map_err(|e| e.renamed("count_nonzero").operands([self]))
    }
}

/// The one dtype for which PyTorch's `any` and `all` do not give `bool`.
fn byte_stays(x: &Tensor, y: Tensor) -> Result<Tensor> {
    if x.dtype() == DType::U8 { y.to_dtype(DType::U8) } else { Ok(y) }
}
