//! Pooling to a given size. Where it divides the input's, it is plain pooling; else windows differ, and each dim is
//! reduced on its own, because averages and maxima over a box are those of its sides one after the other.
use super::super::composed::rounded_once;
use super::apply::{AvgPoolOptions, MaxPoolOptions, Window, average, batched, max, unbatched};
use crate::{Error, KEEP, Result, Tensor, autocast};

/// Window `i` of `out` over `input` elements: its start and its end.
fn span(i: usize, input: usize, out: usize) -> (usize, usize) {
    (i * input / out, ((i + 1) * input).div_ceil(out))
}

/// The window that pools `x` to `out`, if one fits everywhere.
fn even<const N: usize>(x: &Tensor, out: [usize; N]) -> Option<[usize; N]> {
    let input = &x.shape()[2..];
    let divides = input.iter().zip(out).all(|(&i, o)| o > 0 && i.is_multiple_of(o));
    divides.then(|| std::array::from_fn(|d| input[d] / out[d]))
}

/// Both forms below make a part for each window, which must not fail half way for want of memory.
fn possible<const N: usize>(op: &'static str, x: &Tensor, out: [usize; N]) -> Result<()> {
    let shape: Vec<usize> = x.shape()[..2].iter().copied().chain(out).collect();
    crate::shape::checked_numel(op, &shape).map_err(|e| e.operands([x]))?;
    Tensor::allocate(&shape, x.dtype(), &x.device()).map(drop).map_err(|e| e.renamed(op).operands([x]))
}

fn adaptive_avg<const N: usize>(op: &'static str, given: &Tensor, out: [usize; N]) -> Result<Tensor> {
    if N == 3
        && let Some(y) = autocast::single([given], None, |[x], _| adaptive_avg::<N>(op, x, out))
    {
        return y;
    }
    let mut x = batched::<N>(op, given)?;
    if !x.is_floating_point() {
        return Err(Error::new(op, format!("not defined for {}", x.dtype())).operands([given]));
    }
    if let Some(kernel) = even(&x, out) {
        x = average::<N>(op, &x, kernel, AvgPoolOptions::default())?;
        return unbatched::<N>(given, x);
    }
    possible(op, &x, out)?;
    x = rounded_once([&x], |[x]| uneven_averages(x, out))?;
    unbatched::<N>(given, x)
}

fn uneven_averages<const N: usize>(x: &Tensor, out: [usize; N]) -> Result<Tensor> {
    let mut x = x.clone();
    for (d, &size) in out.iter().enumerate() {
        let (dim, input) = (d as isize + 2, x.shape()[d + 2]);
        let parts = (0..size)
            .map(|i| {
                let (start, end) = span(i, input, size);
                x.narrow(dim, start, end - start)?.mean_dim(dim, KEEP)
            })
            .collect::<Result<Vec<_>>>()?;
        x = if parts.is_empty() { x.narrow(dim, 0, 0)? } else { Tensor::cat(&parts.iter().collect::<Vec<_>>(), dim)? };
    }
    Ok(x)
}

fn adaptive_max<const N: usize>(op: &'static str, given: &Tensor, out: [usize; N]) -> Result<(Tensor, Tensor)> {
    if N == 3
        && let Some(y) = autocast::single([given], None, |[x], _| adaptive_max::<N>(op, x, out))
    {
        return y;
    }
    let mut x = batched::<N>(op, given)?;
    if let Some(kernel) = even(&x, out) {
        let (values, indices) = max::<N>(op, &x, kernel, MaxPoolOptions::default())?;
        return Ok((unbatched::<N>(given, values)?, unbatched::<N>(given, indices)?));
    }
    possible(op, &x, out)?;
    // From the last dim to the first, so that of equal values the first in row-major order is found.
    let input: Vec<usize> = x.shape()[2..].to_vec();
    let mut positions: Option<Tensor> = None;
    for d in (0..N).rev() {
        let dim = d as isize + 2;
        let below: usize = input[d + 1..].iter().product();
        let (mut values, mut indices) = (Vec::new(), Vec::new());
        for i in 0..out[d] {
            let (start, end) = span(i, input[d], out[d]);
            let (value, index) = x.narrow(dim, start, end - start)?.max_dim(dim, KEEP)?;
            let index = index.add(start)?;
            let mut position = index.mul(below)?;
            if let Some(inner) = &positions {
                position = position.add(&inner.gather(dim, &index)?)?;
            }
            values.push(value);
            indices.push(position);
        }
        let join = |parts: &[Tensor], empty: &Tensor| match parts {
            [] => empty.narrow(dim, 0, 0),
            _ => Tensor::cat(&parts.iter().collect::<Vec<_>>(), dim),
        };
        let no_index = Tensor::zeros_on(x.shape(), crate::DType::I64, &x.device())?;
        positions = Some(join(&indices, &no_index)?);
        x = join(&values, &x)?;
    }
    let indices = positions.ok_or_else(|| Error::new(op, "there are no spatial dims"))?;
    Ok((unbatched::<N>(given, x)?, unbatched::<N>(given, indices)?))
}

macro_rules! adaptive {
    ($($n:literal $avg:ident $max:ident $indices:ident;)*) => { impl Tensor { $(
        /// Averages of as many windows as `output` says, which cover the input evenly.
        pub fn $avg(&self, output: impl Window<$n>) -> Result<Tensor> {
            adaptive_avg::<$n>(stringify!($avg), self, output.sizes())
        }
        /// The largest elements of as many windows as `output` says, which cover the input evenly.
        pub fn $max(&self, output: impl Window<$n>) -> Result<Tensor> {
            Ok(adaptive_max::<$n>(stringify!($max), self, output.sizes())?.0)
        }
        /// The same with, second, the position of each in the flattened spatial dims.
        pub fn $indices(&self, output: impl Window<$n>) -> Result<(Tensor, Tensor)> {
            adaptive_max::<$n>(stringify!($max), self, output.sizes())
        }
    )* } };
}
adaptive! {
    1 adaptive_avg_pool1d adaptive_max_pool1d adaptive_max_pool1d_with_indices;
    2 adaptive_avg_pool2d adaptive_max_pool2d adaptive_max_pool2d_with_indices;
    3 adaptive_avg_pool3d adaptive_max_pool3d adaptive_max_pool3d_with_indices;
}
