//! Inputs to try a row on, written as data: shapes and ranges, from which each test makes tensors of its dtype and device.
use crate::{args::Args, fault::Res, value::Value};
use tensor_core::{DType, Device, Scalar, Tensor};

/// One argument of a sample.
#[derive(Clone, Debug)]
pub enum Input {
    /// Floats in a range: distinct, evenly spread, in a scrambled order.
    Floats(Vec<usize>, f64, f64),
    /// Integers from the first bound to below the second.
    Ints(Vec<usize>, i64, i64),
    /// Bools, about half of them true.
    Mask(Vec<usize>),
    /// Floats that want no gradient (targets, running statistics).
    Const(Vec<usize>, f64, f64),
    /// Floats that are 1 or -1 and want no gradient.
    Signs(Vec<usize>),
    /// Floats that rise along the last dim, and want no gradient.
    Sorted(Vec<usize>),
    /// A list.
    List(Vec<Input>),
    /// Anything that is not a tensor.
    Plain(Value),
}

/// Floats between -2 and 2.
pub fn t(shape: impl Into<Vec<usize>>) -> Input {
    Input::Floats(shape.into(), -2.0, 2.0)
}
/// Floats between `low` and `high`.
pub fn range(shape: impl Into<Vec<usize>>, low: f64, high: f64) -> Input {
    Input::Floats(shape.into(), low, high)
}
/// Floats between `low` and `high` that want no gradient.
pub fn fixed(shape: impl Into<Vec<usize>>, low: f64, high: f64) -> Input {
    Input::Const(shape.into(), low, high)
}
/// Floats from -2 to 2 that rise along the last dim.
pub fn sorted(shape: impl Into<Vec<usize>>) -> Input {
    Input::Sorted(shape.into())
}
/// Integers from 0 to below `high`.
pub fn idx(shape: impl Into<Vec<usize>>, high: i64) -> Input {
    Input::Ints(shape.into(), 0, high)
}
/// Bools.
pub fn mask(shape: impl Into<Vec<usize>>) -> Input {
    Input::Mask(shape.into())
}
/// A list of inputs: `cat`'s tensors.
pub fn list(items: impl Into<Vec<Input>>) -> Input {
    Input::List(items.into())
}
/// A number, with `2` an integer and `2.0` a float.
pub fn n(x: impl Into<Scalar>) -> Input {
    Input::Plain(match x.into() {
        Scalar::Bool(b) => Value::Bool(b),
        Scalar::Int(i) => Value::Int(i),
        Scalar::Float(x) => Value::Float(x),
    })
}
/// A list of integers.
pub fn ints(items: impl Into<Vec<i64>>) -> Input {
    Input::Plain(Value::List(items.into().into_iter().map(Value::Int).collect()))
}
/// A string.
pub fn s(text: &str) -> Input {
    Input::Plain(Value::Str(text.to_string()))
}
/// `None`.
pub fn null() -> Input {
    Input::Plain(Value::Null)
}

/// The arguments of one call.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Without names.
    pub places: Vec<Input>,
    /// With names.
    pub names: Vec<(&'static str, Input)>,
}

/// What to make of a sample: the dtype of its floats, where they are, whether they want gradients.
#[derive(Clone, Debug)]
pub struct Make {
    /// Of the floats; integers are `i64`.
    pub dtype: DType,
    /// Where.
    pub device: Device,
    /// For floats that are not constants.
    pub requires_grad: bool,
}

impl Sample {
    /// Arguments without names.
    pub fn of(places: impl Into<Vec<Input>>) -> Sample {
        Sample { places: places.into(), names: Vec::new() }
    }

    /// The values of this sample, the same ones each time.
    pub fn make(&self, how: &Make) -> Res<Args> {
        let mut salt = 0;
        let places = self.places.iter().map(|i| make(i, how, &mut salt)).collect::<Res<_>>()?;
        let names =
            self.names.iter().map(|(n, i)| Ok((n.to_string(), make(i, how, &mut salt)?))).collect::<Res<_>>()?;
        Ok(Args::new(places, names))
    }
}

fn make(input: &Input, how: &Make, salt: &mut u64) -> Res<Value> {
    *salt += 1;
    let put = |t: Tensor, grad: bool| -> Res<Value> {
        let t = t.to_device(&how.device)?;
        Ok(Value::Tensor(if grad { t.requires_grad_(true) } else { t }))
    };
    match input {
        Input::Floats(shape, low, high) => {
            put(floats(shape, *low, *high, *salt)?.to_dtype(how.dtype)?, how.requires_grad)
        }
        Input::Const(shape, low, high) => put(floats(shape, *low, *high, *salt)?.to_dtype(how.dtype)?, false),
        Input::Signs(shape) => {
            let data: Vec<f64> =
                (0..count(shape)).map(|i| if mix(*salt, i).is_multiple_of(2) { 1.0 } else { -1.0 }).collect();
            put(Tensor::from_slice(&data, shape)?.to_dtype(how.dtype)?, false)
        }
        Input::Sorted(shape) => {
            let last = shape.last().map_or(1, |&n| n.max(1) as u64);
            let step = 4.0 / last as f64;
            let data: Vec<f64> = (0..count(shape))
                .map(|i| -2.0 + step * ((i % last) as f64 + (mix(*salt, i) % 1000) as f64 / 1000.0))
                .collect();
            put(Tensor::from_slice(&data, shape)?.to_dtype(how.dtype)?, false)
        }
        Input::Ints(shape, low, high) => {
            let span = (high - low).max(1) as u64;
            let data: Vec<i64> = (0..count(shape)).map(|i| low + (mix(*salt, i) % span) as i64).collect();
            put(Tensor::from_slice(&data, shape)?, false)
        }
        Input::Mask(shape) => {
            let data: Vec<bool> = (0..count(shape)).map(|i| mix(*salt, i).is_multiple_of(2)).collect();
            put(Tensor::from_slice(&data, shape)?, false)
        }
        Input::List(items) => Ok(Value::List(items.iter().map(|i| make(i, how, salt)).collect::<Res<_>>()?)),
        Input::Plain(value) => Ok(value.clone()),
    }
}

fn count(shape: &[usize]) -> u64 {
    shape.iter().product::<usize>() as u64
}

fn floats(shape: &[usize], low: f64, high: f64, salt: u64) -> Res<Tensor> {
    let n = count(shape);
    let mut order: Vec<u64> = (0..n).collect();
    order.sort_by_key(|&i| mix(salt, i));
    let step = (high - low) / n.max(1) as f64;
    // A fifth of a step of jitter keeps neighbours apart, so finite differences never cross a tie or a kink between them.
    let value = |i: u64| low + step * (i as f64 + 0.4 + 0.2 * (mix(salt + 77, i) % 1000) as f64 / 1000.0);
    let data: Vec<f64> = order.into_iter().map(value).collect();
    Ok(Tensor::from_slice(&data, shape)?)
}

/// A scrambled number of two (splitmix64): tests must not depend on the random numbers they test.
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(b).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
