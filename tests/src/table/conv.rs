//! Convolutions and transposed convolutions.
use super::{
    Row, one, row,
    window::{opt_sizes, sizes},
};
use crate::{
    args::Args,
    fault::{Outcome, refused},
    sample::{Input, ints, n, null, s, t},
    value::Value,
};
use tensor_core::{
    Result, Tensor,
    ops::{ConvOptions, ConvTransposeOptions},
};

type Conv<const N: usize> = fn(&Tensor, &Tensor, Option<&Tensor>, ConvOptions<N>) -> Result<Tensor>;
type Transpose<const N: usize> = fn(&Tensor, &Tensor, Option<&Tensor>, ConvTransposeOptions<N>) -> Result<Tensor>;

/// A row of a convolution, and of its form that keeps the size.
fn conv<const N: usize>(name: &'static str, conv: Conv<N>, same: Conv<N>) -> Row {
    row(name, move |a| call(a, conv, same))
}

fn call<const N: usize>(a: &Args, conv: Conv<N>, same: Conv<N>) -> Outcome {
    let (x, weight, bias) = (a.tensor(0, "input")?, a.tensor(1, "weight")?, a.opt_tensor(2, "bias")?);
    let (padding, f) = match a.get(4, "padding") {
        Some(Value::Str(name)) => match name.as_str() {
            "same" => ([0; N], same),
            "valid" => ([0; N], conv),
            other => return refused(format!("padding {other}")),
        },
        _ => (sizes(a, 4, "padding", 0)?, conv),
    };
    let options = ConvOptions {
        stride: sizes(a, 3, "stride", 1)?,
        padding,
        dilation: sizes(a, 5, "dilation", 1)?,
        groups: a.count_or(6, "groups", 1)?,
    };
    one(f(x, weight, bias, options))
}

fn transpose<const N: usize>(name: &'static str, f: Transpose<N>) -> Row {
    row(name, move |a| {
        let options = ConvTransposeOptions {
            stride: sizes(a, 3, "stride", 1)?,
            padding: sizes(a, 4, "padding", 0)?,
            output_padding: opt_sizes(a, 5, "output_padding")?.unwrap_or([0; N]),
            groups: a.count_or(6, "groups", 1)?,
            dilation: sizes(a, 7, "dilation", 1)?,
        };
        one(f(a.tensor(0, "input")?, a.tensor(1, "weight")?, a.opt_tensor(2, "bias")?, options))
    })
}

/// Input, weight and bias for `[2, 2, 5, ..]` and three channels out.
fn images(dims: usize, kernel: usize) -> [Input; 3] {
    let shape = |first: [usize; 2], size: usize| first.into_iter().chain(vec![size; dims]).collect::<Vec<_>>();
    [t(shape([2, 2], 5 - dims.min(2))), t(shape([3, 2], kernel)), t([3])]
}

/// The same in two groups: one channel in and two out each.
fn groups(dims: usize, transposed: bool) -> [Input; 3] {
    let shape = |first: [usize; 2], size: usize| first.into_iter().chain(vec![size; dims]).collect::<Vec<_>>();
    let weight = if transposed { [2, 2] } else { [4, 1] };
    [t(shape([1, 2], 3)), t(shape(weight, 2)), t([4])]
}

fn convolutions() -> Vec<Row> {
    let rows = [
        (1, conv("nn.functional.conv1d", |x, w, b, o| x.conv1d(w, b, o), |x, w, b, o| x.conv1d_same(w, b, o))),
        (2, conv("nn.functional.conv2d", |x, w, b, o| x.conv2d(w, b, o), |x, w, b, o| x.conv2d_same(w, b, o))),
        (3, conv("nn.functional.conv3d", |x, w, b, o| x.conv3d(w, b, o), |x, w, b, o| x.conv3d_same(w, b, o))),
    ];
    let samples = |(dims, row): (usize, Row)| {
        let [x, w, _] = images(dims, 2);
        row.sample(images(dims, 2))
            .named(images(dims, 2), [("stride", n(2)), ("padding", n(1))])
            .named(images(dims, 2), [("padding", s("same")), ("dilation", ints(vec![2; dims]))])
            .named(groups(dims, false), [("groups", n(2))])
            .sample([x, w, null(), n(1), n(1)])
    };
    rows.into_iter().map(samples).collect()
}

fn transposed() -> Vec<Row> {
    let rows = [
        (1, transpose("nn.functional.conv_transpose1d", |x, w, b, o| x.conv_transpose1d(w, b, o))),
        (2, transpose("nn.functional.conv_transpose2d", |x, w, b, o| x.conv_transpose2d(w, b, o))),
        (3, transpose("nn.functional.conv_transpose3d", |x, w, b, o| x.conv_transpose3d(w, b, o))),
    ];
    let samples = |(dims, row): (usize, Row)| {
        let shape = |first: [usize; 2], size: usize| first.into_iter().chain(vec![size; dims]).collect::<Vec<_>>();
        let [x, w] = [t(shape([2, 3], 3)), t(shape([3, 2], 2))];
        row.sample([x.clone(), w.clone(), t([2])])
            .named([x, w], [("stride", n(2)), ("padding", n(1)), ("output_padding", n(1))])
            .named(groups(dims, true), [("groups", n(2)), ("dilation", n(2))])
    };
    rows.into_iter().map(samples).collect()
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = convolutions();
    rows.extend(transposed());
    rows
}
