//! Scatter with reductions: what lands on one place becomes one number.
use super::{
    IndexOp, ScatterOp, along, int_index,
    pick::fits,
    place::{placed, same_dtype},
};
use crate::{
    Category, DType, Error, Result, Scalar, Tensor, graph,
    ops::{Op, Rounding, binary::same_device},
    shape,
};

/// What becomes of several numbers that land on one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScatterReduce {
    /// Their sum.
    Sum,
    /// Their product.
    Prod,
    /// Their mean; of integers rounded down.
    Mean,
    /// The largest; NaN wins, and equal elements share the gradient.
    Amax,
    /// The smallest; NaN wins, and equal elements share the gradient.
    Amin,
}

impl ScatterReduce {
    /// What leaves another number as it is.
    fn neutral(self, dtype: DType) -> Scalar {
        let (lowest, highest) = match dtype {
            DType::I64 => (i64::MIN, i64::MAX),
            DType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            DType::U8 => (0, 255),
            _ => (0, 1),
        };
        let float = dtype.category() == Category::Float;
        match self {
            ScatterReduce::Sum | ScatterReduce::Mean => Scalar::Int(0),
            ScatterReduce::Prod => Scalar::Int(1),
            ScatterReduce::Amax if float => Scalar::Float(f64::NEG_INFINITY),
            ScatterReduce::Amin if float => Scalar::Float(f64::INFINITY),
            ScatterReduce::Amax => Scalar::Int(lowest),
            ScatterReduce::Amin => Scalar::Int(highest),
        }
    }
}

/// `x` with `source` combined into the places that `index` names.
fn combine(name: &'static str, op: ScatterOp, x: &Tensor, d: usize, index: &Tensor, source: &Tensor) -> Result<Tensor> {
    let mut out = x.detach().clone_contiguous()?;
    if index.numel() > 0 {
        let (at, from) = (index.reading(), source.reading());
        out.write(|device, out| device.backend().scatter(op, d, at.view(), from.operand(), out))
            .map_err(|e| e.renamed(name).operands([x, index, source]))?;
    }
    Ok(graph::record(|| Op::Index(IndexOp::Scatter { dim: d, op }), &[x, index, source], out))
}

impl Tensor {
    /// A copy in which all elements of `source` that `index` sends to one place along `dim` are reduced to one number,
    /// together with what stood there (`include_self`) or without it.
    ///
    /// ```
    /// # use tensor_core::{Tensor, tensor, ops::ScatterReduce, Result};
    /// # fn main() -> Result<()> {
    /// let (index, source) = (tensor([0, 0, 2])?, tensor([3.0, 5.0, 2.0])?);
    /// let largest = Tensor::ones([3])?.scatter_reduce(0, &index, &source, ScatterReduce::Amax, true)?;
    /// assert_eq!(largest.to_vec::<f32>()?, [5.0, 1.0, 2.0]);
    /// # Ok(()) }
    /// ```
    pub fn scatter_reduce(
        &self,
        dim: isize,
        index: &Tensor,
        source: &Tensor,
        reduce: ScatterReduce,
        include_self: bool,
    ) -> Result<Tensor> {
        const OP: &str = "scatter_reduce";
        let d = shape::dim(OP, dim, self.dim()).map_err(|e| e.operands([self, index, source]))?;
        same_device(OP, &[self, index, source])?;
        let index = int_index(OP, index)?;
        fits(OP, self, d, &index, true)?;
        same_dtype(OP, self, source)?;
        fits(OP, source, d, &index, false)?;
        reduced(OP, self, d, &index, source, reduce, include_self)
    }

    /// The same with a 1-d index: `out[.., index[i], ..]` is reduced with `source[.., i, ..]`.
    pub fn index_reduce(
        &self,
        dim: isize,
        index: &Tensor,
        source: &Tensor,
        reduce: ScatterReduce,
        include_self: bool,
    ) -> Result<Tensor> {
        const OP: &str = "index_reduce";
        let (d, index) = placed(OP, self, dim, index, source)?;
        let full = along(&index, d, source.shape())?;
        reduced(OP, self, d, &full, source, reduce, include_self)
    }
}

fn reduced(
    name: &'static str,
    x: &Tensor,
    d: usize,
    index: &Tensor,
    source: &Tensor,
    reduce: ScatterReduce,
    include_self: bool,
) -> Result<Tensor> {
    let dim = d as isize;
    let cleared;
    let start = if include_self {
        x
    } else {
        cleared = x.scatter(dim, index, reduce.neutral(x.dtype())).map_err(|e| e.renamed(name))?;
        &cleared
    };
    match reduce {
        ScatterReduce::Sum => combine(name, ScatterOp::Add, start, d, index, source),
        ScatterReduce::Prod => combine(name, ScatterOp::Mul, start, d, index, source),
        ScatterReduce::Amax => combine(name, ScatterOp::Max, start, d, index, source),
        ScatterReduce::Amin => combine(name, ScatterOp::Min, start, d, index, source),
        ScatterReduce::Mean => {
            let sum = combine(name, ScatterOp::Add, start, d, index, source)?;
            let ones = if include_self { x.ones_like()? } else { x.zeros_like()? };
            let count = ones.scatter_add(dim, index, 1)?.maximum(1)?;
            if x.dtype().category() == Category::Float {
                sum.div(&count)
            } else {
                sum.div_rounded(&count, Rounding::Floor)
            }
        }
    }
    .map_err(|e: Error| e.renamed(name))
}
