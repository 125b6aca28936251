//! What a device must be able to do: about twenty methods that fill a given output. Shapes and dtypes are decided
//! and checked before they are called; a backend only computes.
use crate::{
    DType, Layout, Result, Scalar,
    ops::{BinaryOp, CompareOp, Conv, Fused, Pool, RandomOp, ReduceOp, ScanOp, ScatterOp, UnaryOp, Update},
    rng::Key,
};
use std::{any::Any, fmt::Debug};

/// Memory owned by a backend; only that backend looks inside.
pub trait Storage: Any + Debug + Send + Sync {
    /// For the backend's downcast.
    fn as_any(&self) -> &dyn Any;
    /// For the backend's downcast.
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// The length in bytes.
    fn bytes(&self) -> usize;
}

/// Elements to read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The buffer.
    pub storage: &'a (dyn Storage + 'static),
    /// What its bytes mean.
    pub dtype: DType,
    /// Which of its elements, in what order. Always inside the buffer.
    pub layout: &'a Layout,
}

/// Elements to write. Never overlapping: each index has its own element.
#[derive(Debug)]
pub struct ViewMut<'a> {
    /// The buffer.
    pub storage: &'a mut (dyn Storage + 'static),
    /// What its bytes mean.
    pub dtype: DType,
    /// Which of its elements, in what order. Always inside the buffer.
    pub layout: &'a Layout,
}

/// An input of an elementwise method.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// A view of the output's shape (dims that were broadcast have stride 0).
    View(View<'a>),
    /// The same number everywhere, of the dtype that the other operand has.
    Scalar(Scalar),
    /// What the output holds before the call: the operation writes over its input.
    Output,
}

/// A device's way to compute. All views of one call are of this backend's own storage.
///
/// Unless a method says otherwise, its inputs have the dtype of the output and are broadcast to its shape, and any
/// strides may come. Float results are computed in `f32` for `f16` and `bf16`, and rounded once.
pub trait Backend: Debug + Send + Sync + 'static {
    /// `cpu`, `cuda:0`.
    fn name(&self) -> &str;
    /// A buffer of at least `bytes` bytes with any content.
    fn allocate(&self, bytes: usize) -> Result<Box<dyn Storage>>;
    /// Copies host bytes to the start of `out`.
    fn upload(&self, bytes: &[u8], out: &mut dyn Storage) -> Result<()>;
    /// Copies the bytes from `offset` on into host memory.
    fn download(&self, x: &dyn Storage, offset: usize, bytes: &mut [u8]) -> Result<()>;
    /// `out = x`, both of one dtype and shape.
    fn copy(&self, x: View<'_>, out: ViewMut<'_>) -> Result<()>;
    /// `out = x`, converted as PyTorch's `.to(dtype)`: floats are cut to integers, anything but 0 is `true`.
    fn cast(&self, x: View<'_>, out: ViewMut<'_>) -> Result<()>;
    /// Every element becomes `value`.
    fn fill(&self, value: Scalar, out: ViewMut<'_>) -> Result<()>;
    /// `out[i] = start + i * step`, for a 1-d output; computed in `f64` or `i64`, rounded once.
    fn ramp(&self, start: Scalar, step: Scalar, out: ViewMut<'_>) -> Result<()>;
    /// `out = op(x)`.
    fn unary(&self, op: UnaryOp, x: Operand<'_>, out: ViewMut<'_>) -> Result<()>;
    /// `out = op(a, b)`. At most one operand is a scalar, at most one the output.
    fn binary(&self, op: BinaryOp, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()>;
    /// `out = op(a, b)`: the operands share any one dtype, the output is `bool`. At most one operand is a scalar.
    fn compare(&self, op: CompareOp, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()>;
    /// `out = cond ? a : b`, with `cond` of dtype `bool`. Both `a` and `b` may be scalars.
    fn select(&self, cond: View<'_>, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()>;
    /// Reduces the dims of `x` in which `out`, of the same rank, has size 1 and that `dims` names.
    /// `Any` and `All` take `bool` and give `bool`. The order of summation depends on shapes only.
    fn reduce(&self, op: ReduceOp, x: View<'_>, dims: &[usize], out: ViewMut<'_>) -> Result<()>;
    /// The largest (`Max`) or smallest (`Min`) value along `dim`, which has at least one element, and where it stands
    /// first (`i64`). NaN wins. Both outputs have size 1 in `dim`.
    fn arg_reduce(
        &self,
        op: ReduceOp,
        x: View<'_>,
        dim: usize,
        values: ViewMut<'_>,
        indices: ViewMut<'_>,
    ) -> Result<()>;
    /// Running values along `dim`: `out[i]` is the reduction of `x[0..=i]`, all of one shape and dtype. For `Max` and
    /// `Min`, `places` (`i64`, of the same shape) says where each stands; of equal elements the last.
    fn scan(&self, op: ScanOp, x: View<'_>, dim: usize, out: ViewMut<'_>, places: Option<ViewMut<'_>>) -> Result<()>;
    /// The elements in order along `dim`, and where they stood (`i64`); the outputs may be shorter in `dim`, and hold
    /// the first. Equal elements keep their order; NaN is above all.
    fn sort(&self, x: View<'_>, dim: usize, descending: bool, values: ViewMut<'_>, indices: ViewMut<'_>) -> Result<()>;
    /// `out[.., i, ..] = x[.., index[.., i, ..], ..]` along `dim`: `index` (`i64`) has the output's shape, which is at
    /// most that of `x` in the other dims. An index outside of `x` is an error that names it.
    fn gather(&self, x: View<'_>, dim: usize, index: View<'_>, out: ViewMut<'_>) -> Result<()>;
    /// `out[.., index[.., i, ..], ..] = (or +=, *=, max, min) source[.., i, ..]`: `source`, a view or scalar, has (at least) the
    /// shape of `index`; what is not named keeps its value. Several writes to one element happen in index order.
    fn scatter(&self, op: ScatterOp, dim: usize, index: View<'_>, source: Operand<'_>, out: ViewMut<'_>) -> Result<()>;
    /// `out[.., i, ..] = x[.., index[i], ..]`, with a 1-d `index` (`i64`).
    fn index_select(&self, x: View<'_>, dim: usize, index: View<'_>, out: ViewMut<'_>) -> Result<()>;
    /// `out[.., index[i], ..] += source[.., i, ..]`, with a 1-d `index` (`i64`); repeated indices add up, in order.
    fn index_add(&self, dim: usize, index: View<'_>, source: View<'_>, out: ViewMut<'_>) -> Result<()>;
    /// `out[b, i, j] = sum over k of x[b, i, k] * y[b, k, j]`: three-dimensional views, batches broadcast by stride 0.
    fn matmul(&self, x: View<'_>, y: View<'_>, out: ViewMut<'_>) -> Result<()>;
    /// One of the three bilinear maps of a convolution; see [`Conv`].
    fn conv(&self, op: &Conv, a: View<'_>, b: View<'_>, out: ViewMut<'_>) -> Result<()>;
    /// Pooling and its adjoint; see [`Pool`].
    fn pool(&self, op: &Pool, x: View<'_>, outputs: &mut [ViewMut<'_>]) -> Result<()>;
    /// Fills with random numbers: element `i` depends on `key` and `i` only.
    fn random(&self, op: RandomOp, key: Key, out: ViewMut<'_>) -> Result<()>;
    /// Waits for everything asked so far.
    fn synchronize(&self) -> Result<()> {
        Ok(())
    }
    /// A faster way for an operation that core writes out as a composition; `None` where there is no such way for these
    /// dtypes and layouts. What the outputs hold before is part of the input where [`Fused`] says so.
    fn fused(&self, _op: &Fused, _inputs: &[View<'_>], _outputs: &mut [ViewMut<'_>]) -> Option<Result<()>> {
        None
    }
    /// A whole optimizer step in one pass over `states`; `None` where there is no such way.
    fn update(&self, _op: &Update, _grad: View<'_>, _states: &mut [ViewMut<'_>]) -> Option<Result<()>> {
        None
    }
}
