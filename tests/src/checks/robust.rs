//! Wrong inputs give errors, right ones results, and neither ever a panic.
use super::{call, plain};
use crate::{
    args::Args,
    fault::Res,
    runner::caught,
    table::{self, Row},
    value::Value,
};
use tensor_core::{DType, Tensor};

/// Every row on inputs that it may not expect.
pub fn nothing_panics() -> Vec<String> {
    let mut failures = Vec::new();
    for row in table::rows() {
        for (i, sample) in row.samples.iter().enumerate() {
            let Ok(args) = sample.make(&plain(DType::F32)) else { continue };
            for place in 0..args.len() {
                let strange = match strangers(&args, place) {
                    Ok(strange) => strange,
                    Err(fault) => {
                        failures.push(format!("{} sample {i}: {fault}", row.name));
                        continue;
                    }
                };
                for value in strange {
                    failures.extend(panics(row, i, place, &args.replaced(place, value)));
                }
            }
        }
    }
    failures
}

fn panics(row: &Row, sample: usize, place: usize, args: &Args) -> Option<String> {
    let shown: Vec<String> = args.values().map(show).collect();
    // An error is an answer, and so is a result.
    let panic = caught(|| drop(call(row, args))).err()?;
    Some(format!("{} sample {sample}, argument {place} of ({}): {panic}", row.name, shown.join(", ")))
}

pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Tensor(t) => format!("{}{:?}", t.dtype(), t.shape()),
        other => format!("{other:?}"),
    }
}

/// What to put in the place of an argument.
fn strangers(args: &Args, place: usize) -> Res<Vec<Value>> {
    let Some(value) = args.values().nth(place) else { return Ok(Vec::new()) };
    Ok(match value {
        Value::Tensor(t) => {
            let mut strange = Vec::new();
            let shapes: [&[usize]; 8] = [&[], &[0], &[1], &[7], &[2, 0, 3], &[0, 0], &[1, 1, 1, 1, 1], &[2, 3, 4, 5]];
            for shape in shapes {
                let zeros =
                    Tensor::from_bytes(&vec![0; shape.iter().product::<usize>() * t.dtype().size()], shape, t.dtype())?;
                strange.push(Value::Tensor(zeros));
            }
            for dtype in DType::ALL {
                strange.push(Value::Tensor(t.to_dtype(dtype)?));
            }
            strange
        }
        Value::Int(_) => [-7, -3, -1, 0, 1, 3, 7, i64::MIN, i64::MAX].map(Value::Int).to_vec(),
        Value::Float(_) => [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Value::Float).to_vec(),
        Value::List(items) => {
            let mut strange = vec![Value::List(Vec::new())];
            strange.push(Value::List(items.iter().skip(1).cloned().collect()));
            strange.push(Value::List(items.iter().chain(items).cloned().collect()));
            if items.iter().all(|v| matches!(v, Value::Int(_))) {
                for i in [-2, -1, 0, 1, 7, i64::MIN, i64::MAX] {
                    strange.push(Value::List(vec![Value::Int(i); items.len().max(1)]));
                }
            }
            strange
        }
        _ => Vec::new(),
    })
}
