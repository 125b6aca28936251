//! Tensors made from nothing, or in the likeness of another.
use super::{Row, one, row};
use crate::{
    args::Args,
    fault::{Outcome, Res, unsupported},
    sample::{Input, ints, n, t},
    value::Value,
};
use tensor_core::{DType, Device, Result, Tensor};

const CONSTANT: &str = "its result is constant";

fn made(name: &'static str, call: impl Fn(&Args) -> Outcome + Send + Sync + 'static) -> Row {
    row(name, move |a| {
        a.usual_options()?;
        call(a)
    })
    .no_grad(CONSTANT)
}

/// What `dtype=` asks for, else the default of the dtype that the values have.
fn dtype(a: &Args, default: DType) -> Res<DType> {
    Ok(match a.named("dtype") {
        Some(Value::DType(d)) => *d,
        None | Some(Value::Null) => default,
        Some(other) => return unsupported(format!("dtype is {}", other.kind())),
    })
}

/// A tensor in the likeness of another: converted where `dtype=` asks for it.
fn like(a: &Args, made: Result<Tensor>) -> Outcome {
    let made = made?;
    let dtype = dtype(a, made.dtype())?;
    one(made.to_dtype(dtype))
}

fn f32() -> Input {
    Input::Plain(Value::DType(DType::F32))
}

pub(super) fn rows() -> Vec<Row> {
    let cpu = Device::cpu;
    vec![
        made("zeros", move |a| one(Tensor::zeros_on(a.shape(0, "size")?, dtype(a, DType::F32)?, &cpu())))
            .sample([ints([2, 3])]),
        made("ones", move |a| one(Tensor::ones_on(a.shape(0, "size")?, dtype(a, DType::F32)?, &cpu())))
            .sample([ints([2, 3])]),
        made("full", move |a| {
            let value = a.scalar(1, "fill_value")?;
            one(Tensor::full_on(a.shape(0, "size")?, value, dtype(a, value.dtype())?, &cpu()))
        })
        .sample([ints([2, 3]), n(2.5)])
        .sample([ints([2]), n(true)]),
        made("eye", move |a| {
            let rows = a.count(0, "n")?;
            one(Tensor::eye_on(rows, a.count_or(1, "m", rows)?, dtype(a, DType::F32)?, &cpu()))
        })
        .sample([n(3)])
        .sample([n(2), n(4)]),
        made("arange", move |a| {
            let (start, end) = if a.len() == 1 && a.named("end").is_none() {
                (0.into(), a.scalar(0, "end")?)
            } else {
                (a.scalar(0, "start")?, a.scalar(1, "end")?)
            };
            let step = a.scalar_or(2, "step", 1)?;
            let made = Tensor::arange(start, end, step)?;
            let to = dtype(a, made.dtype())?;
            one(Tensor::arange_on(start, end, step, to, &cpu()))
        })
        .sample([n(5)])
        .sample([n(0.5), n(3.0), n(0.5)])
        .sample([n(5), n(0), n(-2)]),
        made("linspace", move |a| {
            let (start, end) = (a.scalar(0, "start")?, a.scalar(1, "end")?);
            one(Tensor::linspace_on(start, end, a.count(2, "steps")?, dtype(a, DType::F32)?, &cpu()))
        })
        .sample([n(0), n(1), n(5)]),
        made("logspace", move |a| {
            let (start, end, base) = (a.scalar(0, "start")?, a.scalar(1, "end")?, a.float_or(3, "base", 10.0)?);
            one(Tensor::logspace_on(start, end, a.count(2, "steps")?, base, dtype(a, DType::F32)?, &cpu()))
        })
        .sample([n(0), n(1), n(5)]),
        made("tril_indices", |a| {
            let made = Tensor::tril_indices(a.count(0, "row")?, a.count(1, "col")?, a.dim_or(2, "offset", 0)?);
            like(a, made)
        })
        .sample([n(3), n(4)]),
        made("triu_indices", |a| {
            let made = Tensor::triu_indices(a.count(0, "row")?, a.count(1, "col")?, a.dim_or(2, "offset", 0)?);
            like(a, made)
        })
        .sample([n(3), n(4), n(1)]),
        made("zeros_like", |a| like(a, a.tensor(0, "input")?.zeros_like())).sample([t([2, 3])]),
        made("ones_like", |a| like(a, a.tensor(0, "input")?.ones_like())).sample([t([2, 3])]),
        made("full_like", |a| {
            let (x, value) = (a.tensor(0, "input")?, a.scalar(1, "fill_value")?);
            let dtype = dtype(a, x.dtype())?;
            one(Tensor::full_on(x.shape(), value, dtype, &x.device()))
        })
        .sample([t([2, 3]), n(2.5)]),
        made("new_zeros", |a| like(a, a.tensor(0, "input")?.new_zeros(a.shape(1, "size")?)))
            .sample([t([2]), ints([2, 3])]),
        made("new_ones", |a| like(a, a.tensor(0, "input")?.new_ones(a.shape(1, "size")?)))
            .named([t([2]), ints([2, 3])], [("dtype", f32())]),
        made("new_full", |a| {
            let (x, value) = (a.tensor(0, "input")?, a.scalar(2, "fill_value")?);
            let dtype = dtype(a, x.dtype())?;
            one(Tensor::full_on(a.ints(1, "size")?, value, dtype, &x.device()))
        })
        .sample([t([2]), ints([2, 3]), n(2.5)]),
        row("fill", |a| {
            // The in-place method on a result of its own; the gradient stops at what was overwritten.
            let mut x = a.tensor(0, "input")?.clone_contiguous()?;
            x.fill_(a.scalar(1, "value")?)?;
            Ok(vec![x])
        })
        .sample([t([2, 3]), n(2.5)])
        .no_grad(CONSTANT),
        row("zero_", |a| {
            let mut x = a.tensor(0, "input")?.clone_contiguous()?;
            x.zero_()?;
            Ok(vec![x])
        })
        .sample([t([2, 3])])
        .no_grad(CONSTANT),
    ]
}
