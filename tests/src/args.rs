//! The arguments of a call, asked for by PyTorch's position and name. What a row did not ask for is never ignored in
//! silence: the runner calls such a case unsupported.
use crate::{
    fault::{Fault, Res, refused, unsupported},
    value::Value,
};
use std::cell::Cell;
use tensor_core::{DType, KeepDim, Scalar, Tensor, ops::Arg};

/// Positional and named arguments, and which of them have been asked for.
#[derive(Debug, Default)]
pub struct Args {
    places: Vec<(Value, Cell<bool>)>,
    names: Vec<(String, Value, Cell<bool>)>,
}

impl Args {
    /// Arguments nobody has asked for yet.
    pub fn new(places: Vec<Value>, names: Vec<(String, Value)>) -> Args {
        Args {
            places: places.into_iter().map(|v| (v, Cell::new(false))).collect(),
            names: names.into_iter().map(|(k, v)| (k, v, Cell::new(false))).collect(),
        }
    }

    /// Number of arguments without a name.
    pub fn len(&self) -> usize {
        self.places.len()
    }
    /// Whether there are no arguments without a name.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The argument at `place`, or the one called `name`.
    pub fn get(&self, place: usize, name: &str) -> Option<&Value> {
        if let Some((value, used)) = self.places.get(place) {
            used.set(true);
            return Some(value);
        }
        self.named(name)
    }

    /// An argument that PyTorch takes by name only.
    pub fn named(&self, name: &str) -> Option<&Value> {
        self.names.iter().find(|(n, ..)| n == name).map(|(_, value, used)| {
            used.set(true);
            value
        })
    }

    /// The names and places that nobody asked for.
    pub fn leftovers(&self) -> Vec<String> {
        let places = self.places.iter().enumerate().filter(|(_, (_, used))| !used.get());
        let names = self.names.iter().filter(|(.., used)| !used.get());
        places.map(|(i, _)| format!("argument {i}")).chain(names.map(|(n, ..)| n.clone())).collect()
    }

    /// Every value, with or without a name.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.places.iter().map(|(v, _)| v).chain(self.names.iter().map(|(_, v, _)| v))
    }

    /// The same call with every tensor put through `f`, in order; nothing has been asked for yet.
    pub fn map_tensors(&self, f: &mut dyn FnMut(&Tensor) -> Res<Tensor>) -> Res<Args> {
        let places = self.places.iter().map(|(v, _)| v.map_tensors(f)).collect::<Res<_>>()?;
        let names = self.names.iter().map(|(k, v, _)| Ok((k.clone(), v.map_tensors(f)?))).collect::<Res<_>>()?;
        Ok(Args::new(places, names))
    }

    /// Every tensor, in order.
    pub fn all_tensors(&self) -> Vec<&Tensor> {
        self.values().flat_map(Value::tensors).collect()
    }

    /// The same call with the argument without a name at `place` replaced.
    pub fn replaced(&self, place: usize, value: Value) -> Args {
        let mut places: Vec<Value> = self.places.iter().map(|(v, _)| v.clone()).collect();
        places[place] = value;
        Args::new(places, self.names.iter().map(|(k, v, _)| (k.clone(), v.clone())).collect())
    }

    /// The tensor that a case calls `args.0`, `args.0.1` or `kwargs.weight`.
    pub fn at(&self, path: &str) -> Option<&Tensor> {
        let mut parts = path.split('.');
        let mut value = match (parts.next()?, parts.next()?) {
            ("args", place) => &self.places.get(place.parse::<usize>().ok()?)?.0,
            ("kwargs", name) => self.names.iter().find(|(n, ..)| n == name).map(|(_, v, _)| v)?,
            _ => return None,
        };
        for part in parts {
            match value {
                Value::List(items) => value = items.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            }
        }
        match value {
            Value::Tensor(t) => Some(t),
            _ => None,
        }
    }

    fn must(&self, place: usize, name: &str) -> Res<&Value> {
        self.get(place, name).ok_or_else(|| Fault::Unsupported(format!("no argument {name}")))
    }

    // ------------------------------------------------------------------------------------------------- tensors

    /// A tensor.
    pub fn tensor(&self, place: usize, name: &str) -> Res<&Tensor> {
        match self.must(place, name)? {
            Value::Tensor(t) => Ok(t),
            other => refuse(name, other),
        }
    }
    /// A tensor or `None`.
    pub fn opt_tensor(&self, place: usize, name: &str) -> Res<Option<&Tensor>> {
        match self.get(place, name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Tensor(t)) => Ok(Some(t)),
            Some(other) => refuse(name, other),
        }
    }
    /// A list of tensors.
    pub fn tensors(&self, place: usize, name: &str) -> Res<Vec<&Tensor>> {
        match self.must(place, name)? {
            Value::List(items) => items
                .iter()
                .map(|v| match v {
                    Value::Tensor(t) => Ok(t),
                    other => refuse(name, other),
                })
                .collect(),
            other => refuse(name, other),
        }
    }
    /// All arguments from `place` on, as in `broadcast_tensors(*tensors)`.
    pub fn rest(&self, place: usize) -> Res<Vec<&Tensor>> {
        (place..self.len()).map(|i| self.tensor(i, "tensors")).collect()
    }
    /// A tensor or a number, the right-hand side of arithmetic.
    pub fn arg(&self, place: usize, name: &str) -> Res<Arg<'_>> {
        match self.must(place, name)? {
            Value::Tensor(t) => Ok(Arg::Tensor(t)),
            other => other.scalar().map(Arg::Scalar).map_or_else(|| refuse(name, other), Ok),
        }
    }

    // ------------------------------------------------------------------------------------------------- numbers

    /// A number.
    pub fn scalar(&self, place: usize, name: &str) -> Res<Scalar> {
        let value = self.must(place, name)?;
        value.scalar().map_or_else(|| refuse(name, value), Ok)
    }
    /// A number or `None`.
    pub fn opt_scalar(&self, place: usize, name: &str) -> Res<Option<Scalar>> {
        match self.get(place, name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.scalar().map_or_else(|| refuse(name, value), |s| Ok(Some(s))),
        }
    }
    /// A number, `default` where it is not given.
    pub fn scalar_or(&self, place: usize, name: &str, default: impl Into<Scalar>) -> Res<Scalar> {
        Ok(self.opt_scalar(place, name)?.unwrap_or_else(|| default.into()))
    }
    /// A number as a float.
    pub fn float(&self, place: usize, name: &str) -> Res<f64> {
        Ok(self.scalar(place, name)?.to_f64())
    }
    /// A number as a float, `default` where it is not given.
    pub fn float_or(&self, place: usize, name: &str, default: f64) -> Res<f64> {
        Ok(self.scalar_or(place, name, default)?.to_f64())
    }
    /// An integer.
    pub fn int(&self, place: usize, name: &str) -> Res<i64> {
        match self.must(place, name)? {
            Value::Int(i) => Ok(*i),
            // As Python does: True is 1.
            Value::Bool(b) => Ok(i64::from(*b)),
            other => refuse(name, other),
        }
    }
    /// An integer or `None`.
    pub fn opt_int(&self, place: usize, name: &str) -> Res<Option<i64>> {
        match self.get(place, name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.int(place, name).map(Some),
        }
    }
    /// An integer, `default` where it is not given.
    pub fn int_or(&self, place: usize, name: &str, default: i64) -> Res<i64> {
        Ok(self.opt_int(place, name)?.unwrap_or(default))
    }
    /// A count, which is never negative.
    pub fn count(&self, place: usize, name: &str) -> Res<usize> {
        let i = self.int(place, name)?;
        usize::try_from(i).or_else(|_| refused(format!("{name} = {i}")))
    }
    /// A count, `default` where it is not given.
    pub fn count_or(&self, place: usize, name: &str, default: usize) -> Res<usize> {
        match self.opt_int(place, name)? {
            None => Ok(default),
            Some(_) => self.count(place, name),
        }
    }
    /// A dim.
    pub fn dim(&self, place: usize, name: &str) -> Res<isize> {
        Ok(self.int(place, name)? as isize)
    }
    /// A dim or `None`.
    pub fn opt_dim(&self, place: usize, name: &str) -> Res<Option<isize>> {
        Ok(self.opt_int(place, name)?.map(|d| d as isize))
    }
    /// A dim, `default` where it is not given.
    pub fn dim_or(&self, place: usize, name: &str, default: isize) -> Res<isize> {
        Ok(self.int_or(place, name, default as i64)? as isize)
    }
    /// Integers: one, or a list.
    pub fn ints(&self, place: usize, name: &str) -> Res<Vec<i64>> {
        let value = self.must(place, name)?;
        match value {
            Value::Int(i) => Ok(vec![*i]),
            Value::List(items) => items
                .iter()
                .map(|v| match v {
                    Value::Int(i) => Ok(*i),
                    other => refuse(name, other),
                })
                .collect(),
            other => refuse(name, other),
        }
    }
    /// Integers or `None`.
    pub fn opt_ints(&self, place: usize, name: &str) -> Res<Option<Vec<i64>>> {
        match self.get(place, name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.ints(place, name).map(Some),
        }
    }
    /// Sizes, also written one by one from `place` on: `x.reshape(2, 3)`.
    pub fn shape(&self, place: usize, name: &str) -> Res<Vec<i64>> {
        if self.len() > place + 1 && matches!(self.places[place].0, Value::Int(_)) {
            return (place..self.len()).map(|i| self.int(i, name)).collect();
        }
        self.ints(place, name)
    }

    // -------------------------------------------------------------------------------------------------- others

    /// A bool, `default` where it is not given.
    pub fn bool_or(&self, place: usize, name: &str, default: bool) -> Res<bool> {
        match self.get(place, name) {
            None => Ok(default),
            Some(Value::Bool(b)) => Ok(*b),
            Some(other) => refuse(name, other),
        }
    }
    /// Whether reduced dims stay; they do not by default.
    pub fn keep(&self, place: usize) -> Res<KeepDim> {
        self.bool_or(place, "keepdim", false).map(KeepDim)
    }
    /// A string, `default` where it is not given.
    pub fn str_or<'a>(&'a self, place: usize, name: &str, default: &'a str) -> Res<&'a str> {
        match self.get(place, name) {
            None => Ok(default),
            Some(Value::Str(s)) => Ok(s),
            Some(other) => refuse(name, other),
        }
    }
    /// The element type asked for, always by name.
    pub fn opt_dtype(&self, place: usize, name: &str) -> Res<Option<DType>> {
        match self.get(place, name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::DType(d)) => Ok(Some(*d)),
            Some(other) => refuse(name, other),
        }
    }
    /// The `device`, `layout`, `requires_grad` of creation functions, where they ask for nothing but the usual.
    pub fn usual_options(&self) -> Res<()> {
        for name in ["device", "layout", "requires_grad", "pin_memory", "memory_format"] {
            match self.named(name) {
                None | Some(Value::Null | Value::Bool(false)) => {}
                Some(Value::Str(s)) if name == "device" && s == "cpu" => {}
                Some(other) => return refuse(name, other),
            }
        }
        Ok(())
    }
    /// Unsupported where `name` is asked for: an option that the API does not have.
    pub fn only_false(&self, place: usize, name: &str) -> Res<()> {
        if self.bool_or(place, name, false)? { unsupported(name) } else { Ok(()) }
    }
    /// Unsupported unless `name` is absent, `None` or `value`: an argument that the API does not have.
    pub fn only(&self, place: usize, name: &str, value: f64) -> Res<()> {
        match self.opt_scalar(place, name)? {
            Some(s) if s.to_f64() != value => unsupported(format!("{name} = {}", s.to_f64())),
            _ => Ok(()),
        }
    }
}

fn refuse<T>(name: &str, value: &Value) -> Res<T> {
    refused(format!("{name} is {}", value.kind()))
}
