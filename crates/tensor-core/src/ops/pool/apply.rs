//! Pooling as users call it.
use super::{Pool, PoolKind, pool_map};
use crate::{DType, Error, Result, Tensor, autocast, graph, ops::Op, shape::Dims};
use smallvec::SmallVec;
use std::sync::Arc;

/// Sizes of a window: one number for all dims, or one for each.
pub trait Window<const N: usize> {
    /// One size for each spatial dim.
    fn sizes(self) -> [usize; N];
}
impl<const N: usize> Window<N> for usize {
    fn sizes(self) -> [usize; N] {
        [self; N]
    }
}
impl<const N: usize> Window<N> for [usize; N] {
    fn sizes(self) -> [usize; N] {
        self
    }
}

/// Settings of max pooling over `N` spatial dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPoolOptions<const N: usize> {
    /// Step of the window; `None` for its size.
    pub stride: Option<[usize; N]>,
    /// How far windows reach over the edge, at most half of their size; nothing there is ever chosen.
    pub padding: [usize; N],
    /// Distance of the window's elements.
    pub dilation: [usize; N],
    /// Whether windows that only partly fit count.
    pub ceil_mode: bool,
}
impl<const N: usize> Default for MaxPoolOptions<N> {
    fn default() -> Self {
        MaxPoolOptions { stride: None, padding: [0; N], dilation: [1; N], ceil_mode: false }
    }
}
/// Settings of `max_pool1d`.
pub type MaxPool1dOptions = MaxPoolOptions<1>;
/// Settings of `max_pool2d`.
pub type MaxPool2dOptions = MaxPoolOptions<2>;
/// Settings of `max_pool3d`.
pub type MaxPool3dOptions = MaxPoolOptions<3>;

/// Settings of average pooling over `N` spatial dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPoolOptions<const N: usize> {
    /// Step of the window; `None` for its size.
    pub stride: Option<[usize; N]>,
    /// How far windows reach over the edge, at most half of their size.
    pub padding: [usize; N],
    /// Whether windows that only partly fit count.
    pub ceil_mode: bool,
    /// Whether what is beyond the edge counts as zeros, rather than not at all.
    pub count_include_pad: bool,
    /// Divide by this number instead of the number of elements.
    pub divisor_override: Option<usize>,
}
impl<const N: usize> Default for AvgPoolOptions<N> {
    fn default() -> Self {
        AvgPoolOptions {
            stride: None,
            padding: [0; N],
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
        }
    }
}
/// Settings of `avg_pool1d`.
pub type AvgPool1dOptions = AvgPoolOptions<1>;
/// Settings of `avg_pool2d`.
pub type AvgPool2dOptions = AvgPoolOptions<2>;
/// Settings of `avg_pool3d`.
pub type AvgPool3dOptions = AvgPoolOptions<3>;

/// The input with its batch dim.
pub(super) fn batched<const N: usize>(op: &'static str, x: &Tensor) -> Result<Tensor> {
    let space = ["L", "H, W", "D, H, W"][N - 1];
    let batched = match x.dim() {
        d if d == N + 2 => x.clone(),
        d if d == N + 1 => x.unsqueeze(0)?,
        d => {
            let error = Error::new(op, format!("the input must be [N, C, {space}] or [C, {space}], got {d} dims"));
            return Err(error.operands([x]).hint(if d == N {
                "the channel dim is missing: unsqueeze(0) for one image, unsqueeze(1) for a batch"
            } else if d < N {
                "pool before flattening"
            } else {
                "reshape the input to one batch dim"
            }));
        }
    };
    if batched.shape()[1..].contains(&0) {
        return Err(Error::new(op, "only the batch may be empty").operands([x]));
    }
    Ok(batched)
}

pub(super) fn unbatched<const N: usize>(given: &Tensor, y: Tensor) -> Result<Tensor> {
    if given.dim() == N + 1 { y.squeeze_dim(0) } else { Ok(y) }
}

/// The output's sizes.
fn output(op: &'static str, pool: &Pool, x: &Tensor, ceil: bool) -> Result<Dims> {
    let wrong = |message: String| Error::new(op, message).operands([x]);
    let Pool { kernel, stride, padding, dilation, .. } = pool;
    if [kernel, stride, dilation].iter().any(|sizes| sizes.contains(&0)) {
        let sizes = [kernel, stride, dilation].map(|s| s.to_vec());
        return Err(wrong(format!("kernel, stride and dilation must be at least 1, got {sizes:?}")));
    }
    if padding.iter().zip(kernel).any(|(p, k)| *p > k / 2) {
        return Err(wrong(format!(
            "padding {:?} is more than half of the kernel {:?}",
            padding.as_slice(),
            kernel.as_slice()
        )));
    }
    let mut shape = Dims::from_slice(&x.shape()[..2]);
    for i in 0..kernel.len() {
        let (input, step) = (x.shape()[i + 2], stride[i]);
        let reach = dilation[i].saturating_mul(kernel[i] - 1).saturating_add(1);
        let room = padding[i].saturating_mul(2).saturating_add(input).checked_sub(reach);
        let Some(size) = room.map(|room| room.saturating_add(if ceil { step - 1 } else { 0 }) / step + 1) else {
            return Err(wrong(format!("a window of {reach} does not fit into dim {} of size {input}", i + 2))
                .hint("the input has become too small for another pooling"));
        };
        // A window must start inside the input or its padding before it.
        let beyond = ceil && (size - 1) * step >= input + padding[i];
        shape.push(size - usize::from(beyond));
    }
    Ok(shape)
}

/// Largest values, and their positions in the flattened spatial dims.
pub(super) fn max<const N: usize>(
    op: &'static str,
    given: &Tensor,
    kernel: [usize; N],
    options: MaxPoolOptions<N>,
) -> Result<(Tensor, Tensor)> {
    if N == 3
        && let Some(y) = autocast::single([given], None, |[x], _| max::<N>(op, x, kernel, options))
    {
        return y;
    }
    let x = batched::<N>(op, given)?;
    if x.dtype() == DType::Bool {
        return Err(Error::new(op, "not defined for bool").operands([given]));
    }
    let pool = Pool {
        kind: PoolKind::Max,
        kernel: SmallVec::from_slice(&kernel),
        stride: SmallVec::from_slice(&options.stride.unwrap_or(kernel)),
        padding: SmallVec::from_slice(&options.padding),
        dilation: SmallVec::from_slice(&options.dilation),
        count_include_pad: false,
        divisor_override: None,
    };
    let shape = output(op, &pool, &x, options.ceil_mode)?;
    let device = x.device();
    let (mut values, layout) = Tensor::allocate(&shape, x.dtype(), &device)?;
    let (mut indices, _) = Tensor::allocate(&shape, DType::I64, &device)?;
    let reading = x.reading();
    device.backend().pool(&pool, reading.view(), &mut [values.view_mut(&layout), indices.view_mut(&layout)])?;
    let mut outputs = [Tensor::new(Arc::new(values), layout.clone()), Tensor::new(Arc::new(indices), layout)];
    graph::record_many(|| Op::Pool(pool), &[&x], &mut outputs);
    let [values, indices] = outputs;
    Ok((unbatched::<N>(given, values)?, unbatched::<N>(given, indices)?))
}

pub(super) fn average<const N: usize>(
    op: &'static str,
    given: &Tensor,
    kernel: [usize; N],
    options: AvgPoolOptions<N>,
) -> Result<Tensor> {
    if N == 3
        && let Some(y) = autocast::single([given], None, |[x], _| average::<N>(op, x, kernel, options))
    {
        return y;
    }
    let x = batched::<N>(op, given)?;
    if !x.is_floating_point() && x.dtype() != DType::I64 {
        return Err(Error::new(op, format!("not defined for {}", x.dtype()))
            .operands([given])
            .hint("convert to a float dtype first"));
    }
    if options.divisor_override == Some(0) {
        return Err(Error::new(op, "divisor_override must not be 0").operands([given]));
    }
    let pool = Pool {
        kind: PoolKind::Average,
        kernel: SmallVec::from_slice(&kernel),
        stride: SmallVec::from_slice(&options.stride.unwrap_or(kernel)),
        padding: SmallVec::from_slice(&options.padding),
        dilation: SmallVec::from_elem(1, N),
        count_include_pad: options.count_include_pad,
        divisor_override: options.divisor_override,
    };
    let shape = output(op, &pool, &x, options.ceil_mode)?;
    unbatched::<N>(given, pool_map(&pool, &x, &shape).map_err(|e| e.renamed(op))?)
}

macro_rules! pools {
    ($($n:literal $max:ident $indices:ident $avg:ident $shape:literal;)*) => { impl Tensor { $(
        #[doc = concat!("The largest element of each window of `[N, C, ", $shape, "]` (or without `N`); NaN wins.")]
        pub fn $max(&self, kernel: impl Window<$n>, options: MaxPoolOptions<$n>) -> Result<Tensor> {
            Ok(max::<$n>(stringify!($max), self, kernel.sizes(), options)?.0)
        }
        /// The same with, second, the position of each in the flattened spatial dims (the first of equal ones).
        pub fn $indices(&self, kernel: impl Window<$n>, options: MaxPoolOptions<$n>) -> Result<(Tensor, Tensor)> {
            max::<$n>(stringify!($max), self, kernel.sizes(), options)
        }
        #[doc = concat!("The average of each window of `[N, C, ", $shape, "]` (or without `N`).")]
        pub fn $avg(&self, kernel: impl Window<$n>, options: AvgPoolOptions<$n>) -> Result<Tensor> {
            average::<$n>(stringify!($avg), self, kernel.sizes(), options)
        }
    )* } };
}
pools! {
    1 max_pool1d max_pool1d_with_indices avg_pool1d "L";
    2 max_pool2d max_pool2d_with_indices avg_pool2d "H, W";
    3 max_pool3d max_pool3d_with_indices avg_pool3d "D, H, W";
}
