//! What a `.pt` file holds: tensors, and the lists, dicts and plain values around them.
use super::{Dict, Key, refused};
use crate::StateDict;
use tensor_core::{Error, Result, Tensor};

/// A value as Python has it. [`super::load`] gives one, [`super::save`] takes one.
///
/// What a training checkpoint holds is reached by its keys; a sequence is indexed by number:
///
/// ```
/// # use files::pt::{Dict, Value};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let moments: Dict = [("exp_avg", Tensor::zeros([2])?)].into_iter().collect();
/// let mut state = Dict::new();
/// state.insert(0, moments); // PyTorch numbers the parameters of an optimizer
/// let group: Dict = [("lr", Value::from(1e-3)), ("betas", Value::Tuple(vec![0.9.into(), 0.999.into()]))].into_iter().collect();
/// let optimizer: Dict = [("state", Value::from(state)), ("param_groups", vec![group].into())].into_iter().collect();
/// let mut checkpoint = Dict::new();
/// checkpoint.insert("optimizer", optimizer);
/// checkpoint.insert("epoch", 7);
///
/// let value = files::pt::from_bytes(&files::pt::to_bytes(checkpoint)?)?;
/// assert_eq!(value.at("epoch")?.as_i64(), Some(7));
/// let group = value.at("optimizer")?.at("param_groups")?.at(0)?;
/// assert_eq!(group.get("lr").and_then(Value::as_f64), Some(1e-3));
/// for (number, moments) in value.at("optimizer")?.at("state")?.entries() {
///     assert_eq!(number.as_i64(), Some(0));
///     assert_eq!(moments.at("exp_avg")?.as_tensor().map(|t| t.numel()), Some(2));
/// }
/// let tensors = value.state_dict()?; // every tensor, by its path
/// assert_eq!(tensors.names().collect::<Vec<_>>(), ["optimizer.state.0.exp_avg"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub enum Value {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An `int`, up to 128 bits.
    Int(i128),
    /// A `float`.
    Float(f64),
    /// A `complex`: real and imaginary part.
    Complex(f64, f64),
    /// A `str`.
    Text(String),
    /// `bytes`, or a `bytearray`.
    Bytes(Vec<u8>),
    /// A `torch.Tensor` or `torch.nn.Parameter`: its values.
    Tensor(Tensor),
    /// A `list`.
    List(Vec<Value>),
    /// A `tuple`, or a `torch.Size`.
    Tuple(Vec<Value>),
    /// A `set`.
    Set(Vec<Value>),
    /// A `dict`, an `OrderedDict` or a `Counter`.
    Dict(Dict),
    /// A `torch.dtype` by PyTorch's name without `torch.`: `float32`. It may be one that no tensor has here.
    DType(String),
    /// A `torch.device` as PyTorch prints it: `cuda:0`.
    Device(String),
}

impl Value {
    /// The value under a key of a dict, or at a place of a list or tuple.
    pub fn get(&self, key: impl Into<Key>) -> Option<&Value> {
        let key = key.into();
        match self {
            Value::Dict(dict) => dict.get(key),
            Value::List(items) | Value::Tuple(items) => match key {
                Key::Int(i) => items.get(usize::try_from(i).ok()?),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same, for what must be there.
    ///
    /// # Errors
    /// Says what is there instead.
    pub fn at(&self, key: impl Into<Key>) -> Result<&Value> {
        /// How many keys an error shows.
        const SHOWN: usize = 8;
        let key = key.into();
        self.get(key.clone()).ok_or_else(|| {
            let has = match self {
                Value::Dict(dict) => {
                    let keys: Vec<String> = dict.keys().take(SHOWN).map(|k| format!("{k:?}")).collect();
                    let more = if dict.len() > SHOWN { ", ..." } else { "" };
                    format!("the dict has {}{more}", keys.join(", "))
                }
                Value::List(items) | Value::Tuple(items) => format!("the {} has {} items", self.kind(), items.len()),
                _ => format!("a {} has no items", self.kind()),
            };
            refused(format!("there is no {key:?}: {has}"))
        })
    }

    /// Python's name of its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::None => "None",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Complex(..) => "complex",
            Value::Text(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::Tensor(_) => "tensor",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Set(_) => "set",
            Value::Dict(_) => "dict",
            Value::DType(_) => "dtype",
            Value::Device(_) => "device",
        }
    }

    /// Whether it is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }
    /// The truth value of a `bool`.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self { Some(*b) } else { None }
    }
    /// The number of an `int`, or of an integer tensor of one element.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(i) => i64::try_from(*i).ok(),
            Value::Tensor(t) if t.numel() == 1 && t.dtype().is_int() => t.item().ok(),
            _ => None,
        }
    }
    /// The number of a `float` or an `int`, or of a tensor of one element (PyTorch keeps an optimizer's `step` as one).
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(x) => Some(*x),
            Value::Int(i) => Some(*i as f64),
            Value::Tensor(t) if t.numel() == 1 => t.item().ok(),
            _ => None,
        }
    }
    /// The text of a `str`.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }
    /// The tensor.
    pub fn as_tensor(&self) -> Option<&Tensor> {
        if let Value::Tensor(t) = self { Some(t) } else { None }
    }
    /// The items of a `list`, `tuple` or `set`.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => Some(items),
            _ => None,
        }
    }
    /// The dict.
    pub fn as_dict(&self) -> Option<&Dict> {
        if let Value::Dict(dict) = self { Some(dict) } else { None }
    }
    /// The keys and values of a dict, in its order; nothing of any other value.
    pub fn entries(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.as_dict().into_iter().flat_map(Dict::iter)
    }

    /// All tensors inside, each under its path: keys and places joined by dots. A tensor that is alone has an empty
    /// name; other values are passed over.
    ///
    /// A model's weights from a training checkpoint are `checkpoint.at("model")?.state_dict()?`.
    ///
    /// # Errors
    /// Two tensors of the same path, which a key with a dot in it can make; a value without any tensor.
    pub fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        self.flatten(&mut String::new(), &mut dict)?;
        if dict.is_empty() && !matches!(self, Value::Dict(all) if all.is_empty()) {
            return Err(no_tensor(self));
        }
        Ok(dict)
    }

    fn flatten(&self, path: &mut String, into: &mut StateDict) -> Result<()> {
        let mut part = |name: &str, value: &Value| {
            let outer = path.len();
            if outer > 0 {
                path.push('.');
            }
            path.push_str(name);
            value.flatten(path, into)?;
            path.truncate(outer);
            Ok(())
        };
        match self {
            Value::Tensor(t) => match into.insert(path.clone(), t.clone()) {
                None => Ok(()),
                Some(_) => Err(refused(format!("two tensors have the path {path:?}"))),
            },
            Value::List(items) | Value::Tuple(items) => {
                items.iter().enumerate().try_for_each(|(i, value)| part(&i.to_string(), value))
            }
            Value::Dict(dict) => dict.iter().try_for_each(|(key, value)| part(&key.to_string(), value)),
            _ => Ok(()),
        }
    }
}

fn no_tensor(value: &Value) -> Error {
    refused(format!("the {} holds no tensor", value.kind())).hint("value.at(key) reaches what is inside")
}

macro_rules! from {
    ($($t:ty => |$v:ident| $to:expr;)*) => { $(
        impl From<$t> for Value {
            fn from($v: $t) -> Value { $to }
        }
    )* };
}
from! {
    bool => |v| Value::Bool(v);
    i32 => |v| Value::Int(v.into());
    i64 => |v| Value::Int(v.into());
    u64 => |v| Value::Int(v.into());
    usize => |v| Value::Int(v as i128);
    f32 => |v| Value::Float(v.into());
    f64 => |v| Value::Float(v);
    &str => |v| Value::Text(v.to_string());
    String => |v| Value::Text(v);
    Tensor => |v| Value::Tensor(v.detach());
    &Tensor => |v| Value::Tensor(v.detach());
    Dict => |v| Value::Dict(v);
    &Value => |v| v.clone();
    StateDict => |v| Value::Dict(v.into_iter().collect());
    &StateDict => |v| Value::Dict(v.iter().collect());
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::None, Into::into)
    }
}
