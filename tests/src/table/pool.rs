//! Pooling: the largest or the average of each window.
use super::{
    Row, both, one, row,
    window::{adaptive, opt_sizes, sizes},
};
use crate::{
    args::Args,
    fault::{Outcome, Res, refused},
    sample::{Input, ints, n, t},
};
use tensor_core::{
    Result, Tensor,
    ops::{AvgPoolOptions, MaxPoolOptions},
};

type Max<const N: usize> = fn(&Tensor, [usize; N], MaxPoolOptions<N>) -> Result<(Tensor, Tensor)>;
type Average<const N: usize> = fn(&Tensor, [usize; N], AvgPoolOptions<N>) -> Result<Tensor>;

/// The largest, with the positions where they are asked for.
fn largest(a: &Args, place: usize, result: Result<(Tensor, Tensor)>) -> Outcome {
    match a.bool_or(place, "return_indices", false)? {
        true => both(result),
        false => one(result.map(|(y, _)| y)),
    }
}

fn max<const N: usize>(name: &'static str, f: Max<N>) -> Row {
    let row = row(name, move |a| {
        let options = MaxPoolOptions {
            stride: opt_sizes(a, 2, "stride")?,
            padding: sizes(a, 3, "padding", 0)?,
            dilation: sizes(a, 4, "dilation", 1)?,
            ceil_mode: a.bool_or(5, "ceil_mode", false)?,
        };
        largest(a, 6, f(a.tensor(0, "input")?, sizes(a, 1, "kernel_size", 1)?, options))
    });
    row.sample([image(N, 4), n(2)])
        .named([image(N, 4), n(3)], [("stride", n(2)), ("padding", n(1)), ("ceil_mode", n(true))])
        .named([image(N, 4), ints(vec![2; N])], [("stride", n(1)), ("dilation", n(2)), ("return_indices", n(true))])
}

fn average<const N: usize>(name: &'static str, f: Average<N>) -> Row {
    let row = row(name, move |a| {
        let divisor = a.opt_int(6, "divisor_override")?.map(|_| a.count(6, "divisor_override"));
        let options = AvgPoolOptions {
            stride: opt_sizes(a, 2, "stride")?,
            padding: sizes(a, 3, "padding", 0)?,
            ceil_mode: a.bool_or(4, "ceil_mode", false)?,
            count_include_pad: a.bool_or(5, "count_include_pad", true)?,
            divisor_override: divisor.transpose()?,
        };
        one(f(a.tensor(0, "input")?, sizes(a, 1, "kernel_size", 1)?, options))
    });
    row.sample([image(N, 4), n(2)])
        .named([image(N, 4), n(3)], [("stride", n(2)), ("padding", n(1)), ("ceil_mode", n(true))])
        .named([image(N, 4), n(2)], [("stride", n(1)), ("padding", n(1)), ("count_include_pad", n(false))])
}

/// A row of adaptive pooling: `f` gets the sizes of the output.
fn fitted<const N: usize>(name: &'static str, f: fn(&Args, &Tensor, [usize; N]) -> Outcome) -> Row {
    row(name, move |a| {
        let x = a.tensor(0, "input")?;
        let output: Res<[usize; N]> = adaptive(a, 1, x.shape());
        f(a, x, output?)
    })
    .sample([image(N, 4), n(2)])
    .sample([image(N, 4), n(3)])
}

/// A row of what undoes max pooling: the size of the output is that of the input before the pooling.
fn undone<const N: usize>(name: &'static str, f: fn(&Tensor, &Tensor, [usize; N]) -> Result<Tensor>) -> Row {
    row(name, move |a| {
        let (x, indices) = (a.tensor(0, "input")?, a.tensor(1, "indices")?);
        let kernel: [usize; N] = sizes(a, 2, "kernel_size", 1)?;
        let (stride, padding) = (opt_sizes(a, 3, "stride")?.unwrap_or(kernel), sizes::<N>(a, 4, "padding", 0)?);
        let output = match a.opt_ints(5, "output_size")? {
            Some(size) => {
                let size: Vec<usize> = size.into_iter().map(|s| s as usize).collect();
                let spatial = size[size.len().saturating_sub(N)..].try_into();
                spatial.or_else(|_| refused(format!("{} output sizes for {N} dims", size.len())))?
            }
            // As in PyTorch, with no dilation.
            None => std::array::from_fn(|i| {
                let old = x.shape().get(x.dim().wrapping_sub(N - i)).copied().unwrap_or(0);
                (old.saturating_sub(1).saturating_mul(stride[i]).saturating_add(kernel[i]))
                    .saturating_sub(padding[i].saturating_mul(2))
            }),
        };
        one(f(x, indices, output))
    })
    // One place per channel: of two values for one place the last would stay, and the other's difference be 0.
    .sample([image(N, 1), Input::Ints([1, 2].into_iter().chain(vec![1; N]).collect(), 0, 2), n(2)])
}

/// One sample of two channels.
fn image(dims: usize, size: usize) -> Input {
    t([1, 2].into_iter().chain(vec![size; dims]).collect::<Vec<_>>())
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        undone::<1>("nn.functional.max_unpool1d", Tensor::max_unpool1d),
        undone::<2>("nn.functional.max_unpool2d", Tensor::max_unpool2d),
        undone::<3>("nn.functional.max_unpool3d", Tensor::max_unpool3d),
        max::<1>("nn.functional.max_pool1d", |x, k, o| x.max_pool1d_with_indices(k, o)),
        max::<2>("nn.functional.max_pool2d", |x, k, o| x.max_pool2d_with_indices(k, o)),
        max::<3>("nn.functional.max_pool3d", |x, k, o| x.max_pool3d_with_indices(k, o)),
        average::<1>("nn.functional.avg_pool1d", |x, k, o| x.avg_pool1d(k, o)),
        average::<2>("nn.functional.avg_pool2d", |x, k, o| x.avg_pool2d(k, o)),
        average::<3>("nn.functional.avg_pool3d", |x, k, o| x.avg_pool3d(k, o)),
        fitted::<1>("nn.functional.adaptive_avg_pool1d", |_, x, size| one(x.adaptive_avg_pool1d(size))),
        fitted::<2>("nn.functional.adaptive_avg_pool2d", |_, x, size| one(x.adaptive_avg_pool2d(size))),
        fitted::<3>("nn.functional.adaptive_avg_pool3d", |_, x, size| one(x.adaptive_avg_pool3d(size))),
        fitted::<1>("nn.functional.adaptive_max_pool1d", |a, x, size| {
            largest(a, 2, x.adaptive_max_pool1d_with_indices(size))
        }),
        fitted::<2>("nn.functional.adaptive_max_pool2d", |a, x, size| {
            largest(a, 2, x.adaptive_max_pool2d_with_indices(size))
        }),
        fitted::<3>("nn.functional.adaptive_max_pool3d", |a, x, size| {
            largest(a, 2, x.adaptive_max_pool3d_with_indices(size))
        }),
    ]
}
