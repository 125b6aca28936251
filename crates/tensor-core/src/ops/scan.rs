//! Running sums, products and extremes: element `i` of the result is the reduction of elements `0..=i`.
use super::{Keeps, Op};
use crate::{Category, DType, Error, Result, Tensor, graph, shape};
use std::sync::Arc;

/// What runs along a dim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScanOp {
    /// Running sum.
    Sum,
    /// Running product.
    Prod,
    /// Running largest; of equal elements the last, and NaN wins.
    Max,
    /// Running smallest; of equal elements the last, and NaN wins.
    Min,
    /// Logarithm of the running sum of exponentials.
    LogSumExp,
}

impl ScanOp {
    /// PyTorch's name.
    pub fn name(self) -> &'static str {
        match self {
            ScanOp::Sum => "cumsum",
            ScanOp::Prod => "cumprod",
            ScanOp::Max => "cummax",
            ScanOp::Min => "cummin",
            ScanOp::LogSumExp => "logcumsumexp",
        }
    }
    pub(super) fn keeps(self) -> Keeps {
        match self {
            ScanOp::Sum => Keeps::NOTHING,
            _ => Keeps { inputs: 1, outputs: 1 },
        }
    }
}

/// A running sum or product, recorded.
fn scan(op: ScanOp, x: &Tensor, dim: isize) -> Result<Tensor> {
    let name = op.name();
    let d = shape::dim(name, dim, x.dim()).map_err(|e| e.operands([x]))?;
    let dtype = match (op, x.dtype().category()) {
        (ScanOp::LogSumExp, Category::Bool | Category::Int) => {
            return Err(Error::new(name, format!("not defined for {}", x.dtype())).operands([x]).hint("takes floats"));
        }
        (_, Category::Bool | Category::Int) => DType::I64,
        (_, Category::Float) => x.dtype(),
    };
    let x = &x.to_dtype(dtype)?;
    let device = x.device();
    let (mut buffer, layout) = Tensor::allocate(x.shape(), dtype, &device)?;
    let reading = x.reading();
    device.backend().scan(op, reading.view(), d, buffer.view_mut(&layout), None)?;
    Ok(graph::record(|| Op::Scan { op, dim: d }, &[x], Tensor::new(Arc::new(buffer), layout)))
}

/// Running extremes and where they stand. The gradient goes through the places, by `gather`.
fn running(op: ScanOp, x: &Tensor, dim: isize) -> Result<(Tensor, Tensor)> {
    let d = shape::dim(op.name(), dim, x.dim()).map_err(|e| e.operands([x]))?;
    let device = x.device();
    let (mut values, layout) = Tensor::allocate(x.shape(), x.dtype(), &device)?;
    let (mut places, _) = Tensor::allocate(x.shape(), DType::I64, &device)?;
    let reading = x.reading();
    let out = values.view_mut(&layout);
    device.backend().scan(op, reading.view(), d, out, Some(places.view_mut(&layout)))?;
    let places = Tensor::new(Arc::new(places), layout.clone());
    let values = if x.requires_grad() { x.gather(dim, &places)? } else { Tensor::new(Arc::new(values), layout) };
    Ok((values, places))
}

impl Tensor {
    /// The running sum along `dim`: `y[i] = x[0] + .. + x[i]`. Integers and bool give `i64`.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// assert_eq!(tensor([1, 2, 3])?.cumsum(0)?.to_vec::<i64>()?, [1, 3, 6]);
    /// # Ok(()) }
    /// ```
    pub fn cumsum(&self, dim: isize) -> Result<Tensor> {
        scan(ScanOp::Sum, self, dim)
    }
    /// The running product along `dim`. Integers and bool give `i64`.
    pub fn cumprod(&self, dim: isize) -> Result<Tensor> {
        scan(ScanOp::Prod, self, dim)
    }
    /// `log(exp(x[0]) + .. + exp(x[i]))` along `dim`, without overflow.
    pub fn logcumsumexp(&self, dim: isize) -> Result<Tensor> {
        scan(ScanOp::LogSumExp, self, dim)
    }
    /// The running largest element along `dim`, and where it stands; of equal ones the last. NaN wins.
    pub fn cummax(&self, dim: isize) -> Result<(Tensor, Tensor)> {
        running(ScanOp::Max, self, dim)
    }
    /// The running smallest element along `dim`, and where it stands; of equal ones the last. NaN wins.
    pub fn cummin(&self, dim: isize) -> Result<(Tensor, Tensor)> {
        running(ScanOp::Min, self, dim)
    }
}
