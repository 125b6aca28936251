//! Pooling as a user calls it.
use super::{super::Op, Pool, PoolKind, pool_map};
use crate::{DType, Error, Result, Tensor, graph, shape};
use smallvec::SmallVec;
use std::sync::Arc;

/// Options of max pooling over `D` spatial dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPoolOptions<const D: usize> {
    /// Step of the window; default the window's size.
    pub stride: Option<[usize; D]>,
    /// Minus infinity around the input, at most half a window; default 0.
    pub padding: [usize; D],
    /// Distance of window elements; default 1.
    pub dilation: [usize; D],
    /// Whether a window may start inside and end outside; default false.
    pub ceil_mode: bool,
}

impl<const D: usize> Default for MaxPoolOptions<D> {
    fn default() -> Self {
        MaxPoolOptions { stride: None, padding: [0; D], dilation: [1; D], ceil_mode: false }
    }
}

/// Options of average pooling over `D` spatial dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPoolOptions<const D: usize> {
    /// Step of the window; default the window's size.
    pub stride: Option<[usize; D]>,
    /// Zeros around the input, at most half a window; default 0.
    pub padding: [usize; D],
    /// Whether a window may start inside and end outside; default false.
    pub ceil_mode: bool,
    /// Whether padding counts in the average; default true.
    pub count_include_pad: bool,
    /// Divide by this instead of the count.
    pub divisor_override: Option<usize>,
}

impl<const D: usize> Default for AvgPoolOptions<D> {
    fn default() -> Self {
        AvgPoolOptions {
            stride: None,
            padding: [0; D],
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
        }
    }
}

macro_rules! pools {
    ($($D:literal $max:ident $indices:ident $avg:ident $shape:literal;)*) => { impl Tensor { $(
        #[doc = concat!("The largest value of each window of ", $shape, "; NaN wins.")]
        pub fn $max(&self, kernel: [usize; $D], options: MaxPoolOptions<$D>) -> Result<Tensor> {
            Ok(max_pool(stringify!($max), self, kernel, options)?.0)
        }
        /// The same with (second) the positions of the largest values in the flattened spatial dims, `i64`.
        pub fn $indices(&self, kernel: [usize; $D], options: MaxPoolOptions<$D>) -> Result<(Tensor, Tensor)> {
            max_pool(stringify!($max), self, kernel, options)
        }
        #[doc = concat!("The average of each window of ", $shape, ".")]
        pub fn $avg(&self, kernel: [usize; $D], options: AvgPoolOptions<$D>) -> Result<Tensor> {
            avg_pool(stringify!($avg), self, kernel, options)
        }
    )* } };
}
pools! {
    1 max_pool1d max_pool1d_with_indices avg_pool1d "`(N, C, L)` or `(C, L)`";
    2 max_pool2d max_pool2d_with_indices avg_pool2d "`(N, C, H, W)` or `(C, H, W)`";
    3 max_pool3d max_pool3d_with_indices avg_pool3d "`(N, C, D, H, W)` or `(C, D, H, W)`";
}

/// The settings of a window along one dim.
struct Window {
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
    ceil: bool,
}

impl Window {
    /// How many windows fit on `size` elements.
    fn count(&self, size: usize) -> std::result::Result<usize, String> {
        let Window { kernel, stride, padding, dilation, ceil } = *self;
        if kernel == 0 || stride == 0 || dilation == 0 {
            return Err("kernel, stride and dilation must be at least 1".into());
        }
        if padding > kernel / 2 {
            return Err(format!("padding {padding} is more than half of the kernel size {kernel}"));
        }
        let reach = dilation * (kernel - 1) + 1;
        let Some(room) = (size + 2 * padding).checked_sub(reach) else {
            return Err(format!(
                "the window reaches over {reach} elements, the padded input has {}",
                size + 2 * padding
            ));
        };
        let mut n = if ceil { room.div_ceil(stride) } else { room / stride } + 1;
        // A window must start inside the input or its left padding.
        if ceil && (n - 1) * stride >= size + padding {
            n -= 1;
        }
        Ok(n)
    }
}

/// The input as a batch, the output's shape, and whether a batch dim was added.
fn prepare<const D: usize>(
    op: &'static str,
    x: &Tensor,
    window: impl Fn(usize) -> Window,
) -> Result<(Tensor, shape::Dims, bool)> {
    let single = x.dim() == D + 1;
    if x.dim() != D + 2 && !single {
        return Err(Error::new(op, format!("takes {} dims (or {} without the batch), got {}", D + 2, D + 1, x.dim()))
            .operands([x])
            .hint("one sample becomes a batch by unsqueeze(0)"));
    }
    // An empty batch is a batch, but there must be something to look at in each sample.
    if x.shape()[x.dim() - D - 1..].contains(&0) {
        return Err(Error::new(op, "a sample has no elements").operands([x]));
    }
    let batch = if single { x.unsqueeze(0)? } else { x.clone() };
    let mut out = shape::Dims::from_slice(&batch.shape()[..2]);
    for d in 0..D {
        out.push(window(d).count(batch.shape()[d + 2]).map_err(|why| Error::new(op, why).operands([x]))?);
    }
    Ok((batch, out, single))
}

fn max_pool<const D: usize>(
    op: &'static str,
    x: &Tensor,
    kernel: [usize; D],
    o: MaxPoolOptions<D>,
) -> Result<(Tensor, Tensor)> {
    if x.dtype() == DType::Bool {
        return Err(Error::new(op, "not defined for bool").operands([x]));
    }
    let stride = o.stride.unwrap_or(kernel);
    let (batch, shape, single) = prepare::<D>(op, x, |d| Window {
        kernel: kernel[d],
        stride: stride[d],
        padding: o.padding[d],
        dilation: o.dilation[d],
        ceil: o.ceil_mode,
    })?;
    let pool = Pool {
        kind: PoolKind::Max,
        kernel: SmallVec::from_slice(&kernel),
        stride: SmallVec::from_slice(&stride),
        padding: SmallVec::from_slice(&o.padding),
        dilation: SmallVec::from_slice(&o.dilation),
        count_include_pad: false,
        divisor_override: None,
    };
    let device = x.device();
    let (mut values, layout) = Tensor::allocate(&shape, x.dtype(), &device)?;
    let (mut indices, _) = Tensor::allocate(&shape, DType::I64, &device)?;
    let reading = batch.reading();
    let mut views = [values.view_mut(&layout), indices.view_mut(&layout)];
    device.backend().pool(&pool, reading.view(), &mut views).map_err(|e| e.renamed(op).operands([x]))?;
    let mut outputs = [Tensor::new(Arc::new(values), layout.clone()), Tensor::new(Arc::new(indices), layout)];
    graph::record_many(|| Op::Pool(pool), &[&batch], &mut outputs);
    let [values, indices] = outputs;
    if single { Ok((values.squeeze_dim(0)?, indices.squeeze_dim(0)?)) } else { Ok((values, indices)) }
}

fn avg_pool<const D: usize>(op: &'static str, x: &Tensor, kernel: [usize; D], o: AvgPoolOptions<D>) -> Result<Tensor> {
    if x.dtype() == DType::Bool {
        return Err(Error::new(op, "not defined for bool").operands([x]));
    }
    if o.divisor_override == Some(0) {
        return Err(Error::new(op, "divisor_override must not be 0").operands([x]));
    }
    let stride = o.stride.unwrap_or(kernel);
    let (batch, shape, single) = prepare::<D>(op, x, |d| Window {
        kernel: kernel[d],
        stride: stride[d],
        padding: o.padding[d],
        dilation: 1,
        ceil: o.ceil_mode,
    })?;
    let pool = Pool {
        kind: PoolKind::Average,
        kernel: SmallVec::from_slice(&kernel),
        stride: SmallVec::from_slice(&stride),
        padding: SmallVec::from_slice(&o.padding),
        dilation: SmallVec::from_elem(1, D),
        count_include_pad: o.count_include_pad,
        divisor_override: o.divisor_override,
    };
    let y = pool_map(&pool, &batch, &shape).map_err(|e| e.renamed(op))?;
    if single { y.squeeze_dim(0) } else { Ok(y) }
}
