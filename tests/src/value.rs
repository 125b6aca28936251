//! An argument as the cases and samples write it.
use crate::{
    fault::{Res, unsupported, wrong},
    file::CaseFile,
    strided,
};
use serde_json::Value as Json;
use tensor_core::{DType, Device, Scalar, Tensor};

/// One argument of a call.
#[derive(Clone, Debug)]
pub enum Value {
    /// A tensor, where gradients are wanted with `requires_grad`.
    Tensor(Tensor),
    /// `True` or `False`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A name, such as a reduction.
    Str(String),
    /// `None`.
    Null,
    /// A list or tuple.
    List(Vec<Value>),
    /// An element type.
    DType(DType),
    /// `start:stop:step` between brackets.
    Slice([Option<i64>; 3]),
    /// `...` between brackets.
    Ellipsis,
}

impl Value {
    /// Reads an argument; its tensors come from `file` and are put on `device`.
    pub fn read(json: &Json, file: &CaseFile, device: &Device) -> Res<Value> {
        Ok(match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(i), _) => Value::Int(i),
                (None, Some(x)) => Value::Float(x),
                (None, None) => return unsupported(format!("the number {n}")),
            },
            Json::String(s) => Value::Str(s.clone()),
            Json::Array(items) => Value::List(items.iter().map(|v| Value::read(v, file, device)).collect::<Res<_>>()?),
            Json::Object(fields) => {
                if let Some(Json::String(key)) = fields.get("tensor") {
                    let strides: Option<Vec<usize>> = fields
                        .get("strides")
                        .and_then(Json::as_array)
                        .map(|s| s.iter().filter_map(|v| v.as_u64().map(|v| v as usize)).collect());
                    let plain = file.tensor(key)?;
                    let t = match strides {
                        Some(strides) => strided::with_strides(&plain, &strides, device)?,
                        None => plain.to_device(device)?,
                    };
                    let grad = fields.get("requires_grad").and_then(Json::as_bool).unwrap_or(false);
                    Value::Tensor(if grad { t.requires_grad_(true) } else { t })
                } else if let Some(Json::String(x)) = fields.get("float") {
                    Value::Float(match x.as_str() {
                        "inf" => f64::INFINITY,
                        "-inf" => f64::NEG_INFINITY,
                        "nan" => f64::NAN,
                        other => return wrong(format!("the case has an unknown float {other:?}")),
                    })
                } else if let Some(Json::String(name)) = fields.get("dtype") {
                    match name.parse() {
                        Ok(dtype) => Value::DType(dtype),
                        Err(_) => return unsupported(format!("dtype {name}")),
                    }
                } else if let Some(Json::Array(ends)) = fields.get("slice") {
                    let at = |i: usize| ends.get(i).and_then(Json::as_i64);
                    Value::Slice([at(0), at(1), at(2)])
                } else if fields.contains_key("ellipsis") {
                    Value::Ellipsis
                } else {
                    return unsupported(format!("the argument {json}"));
                }
            }
        })
    }

    /// The number, where it is one.
    pub fn scalar(&self) -> Option<Scalar> {
        match *self {
            Value::Bool(b) => Some(Scalar::Bool(b)),
            Value::Int(i) => Some(Scalar::Int(i)),
            Value::Float(x) => Some(Scalar::Float(x)),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Tensor(_) => "a tensor",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Str(_) => "a string",
            Value::Null => "None",
            Value::List(_) => "a list",
            Value::DType(_) => "a dtype",
            Value::Slice(_) => "a slice",
            Value::Ellipsis => "an ellipsis",
        }
    }

    /// All tensors in it, those of lists included.
    pub fn tensors(&self) -> Vec<&Tensor> {
        match self {
            Value::Tensor(t) => vec![t],
            Value::List(items) => items.iter().flat_map(Value::tensors).collect(),
            _ => Vec::new(),
        }
    }

    /// The same with every tensor put through `f`.
    pub fn map_tensors(&self, f: &mut dyn FnMut(&Tensor) -> Res<Tensor>) -> Res<Value> {
        Ok(match self {
            Value::Tensor(t) => Value::Tensor(f(t)?),
            Value::List(items) => Value::List(items.iter().map(|v| v.map_tensors(f)).collect::<Res<_>>()?),
            other => other.clone(),
        })
    }
}
