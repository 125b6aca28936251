//! To another dtype.
use super::{Row, one, row};
use crate::sample::{idx, t};
use tensor_core::{DType, Tensor};

fn to(name: &'static str, dtype: DType) -> Row {
    let row = row(name, move |a| {
        a.usual_options()?;
        one(a.tensor(0, "input")?.to_dtype(dtype))
    })
    .sample([t([3, 4])])
    .sample([idx([3, 4], 5)]);
    match dtype {
        DType::F64 | DType::F32 => row,
        _ => row.no_grad("finite differences do not see steps so small"),
    }
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("item", |a| {
            let x = a.tensor(0, "input")?;
            Ok(vec![Tensor::full_on((), x.item::<f64>()?, x.dtype(), &x.device())?])
        })
        .sample([t([1])])
        .no_grad("its result is a number"),
        to("double", DType::F64),
        // Its derivative is that of `double`, in which finite differences can be seen.
        to("float", DType::F32).no_grad("finite differences do not see steps so small"),
        to("half", DType::F16),
        to("bfloat16", DType::BF16),
        to("long", DType::I64),
        to("int", DType::I32),
        to("byte", DType::U8),
        to("bool", DType::Bool),
    ]
}
