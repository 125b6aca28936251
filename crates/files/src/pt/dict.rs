//! Python's dict: keys of several types, in the order in which they were put in.
use super::Value;
use std::{
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
};

/// What a dict of a `.pt` file can be keyed by.
#[derive(Clone)]
pub enum Key {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An `int`.
    Int(i128),
    /// A `float`; equal when its bits are.
    Float(f64),
    /// A `str`.
    Text(String),
    /// `bytes`
    Bytes(Vec<u8>),
    /// A `tuple` of keys.
    Tuple(Vec<Key>),
    /// A `torch.dtype`: `float32`.
    DType(String),
    /// A `torch.device`: `cuda:0`.
    Device(String),
}

impl Key {
    /// The number of an `int`.
    pub fn as_i64(&self) -> Option<i64> {
        if let Key::Int(i) = self { i64::try_from(*i).ok() } else { None }
    }
    /// The text of a `str`.
    pub fn as_str(&self) -> Option<&str> {
        if let Key::Text(text) = self { Some(text) } else { None }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        match (self, other) {
            (Key::None, Key::None) => true,
            (Key::Bool(a), Key::Bool(b)) => a == b,
            (Key::Int(a), Key::Int(b)) => a == b,
            (Key::Float(a), Key::Float(b)) => a.to_bits() == b.to_bits(),
            (Key::Text(a), Key::Text(b)) | (Key::DType(a), Key::DType(b)) | (Key::Device(a), Key::Device(b)) => a == b,
            (Key::Bytes(a), Key::Bytes(b)) => a == b,
            (Key::Tuple(a), Key::Tuple(b)) => a == b,
            _ => false,
        }
    }
}
impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Key::None => {}
            Key::Bool(b) => b.hash(state),
            Key::Int(i) => i.hash(state),
            Key::Float(x) => x.to_bits().hash(state),
            Key::Text(text) | Key::DType(text) | Key::Device(text) => text.hash(state),
            Key::Bytes(bytes) => bytes.hash(state),
            Key::Tuple(keys) => keys.hash(state),
        }
    }
}

/// As it stands in a path: `weight`, `0`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::None => f.write_str("None"),
            Key::Bool(b) => f.write_str(if *b { "True" } else { "False" }),
            Key::Int(i) => i.fmt(f),
            Key::Float(x) => write!(f, "{x:?}"),
            Key::Text(text) | Key::Device(text) => f.write_str(text),
            Key::DType(name) => write!(f, "torch.{name}"),
            Key::Bytes(bytes) => write!(f, "b\"{}\"", bytes.escape_ascii()),
            Key::Tuple(keys) => {
                let keys: Vec<String> = keys.iter().map(|key| format!("{key:?}")).collect();
                write!(f, "({}{})", keys.join(", "), if keys.len() == 1 { "," } else { "" })
            }
        }
    }
}
/// As Python writes it, texts in quotes.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Key::Text(text) = self { write!(f, "{text:?}") } else { fmt::Display::fmt(self, f) }
    }
}

macro_rules! from {
    ($($t:ty => |$v:ident| $to:expr;)*) => { $(
        impl From<$t> for Key {
            fn from($v: $t) -> Key { $to }
        }
    )* };
}
from! {
    &str => |v| Key::Text(v.to_string());
    String => |v| Key::Text(v);
    &String => |v| Key::Text(v.clone());
    i32 => |v| Key::Int(v.into());
    i64 => |v| Key::Int(v.into());
    usize => |v| Key::Int(v as i128);
    &Key => |v| v.clone();
}

/// A dict of a `.pt` file: it keeps the order of insertion and finds by key at once.
#[derive(Clone, Default)]
pub struct Dict {
    entries: Vec<(Key, Value)>,
    /// Where each key stands in `entries`.
    index: HashMap<Key, usize>,
}

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Dict {
    /// Nothing yet.
    pub fn new() -> Dict {
        Dict::default()
    }
    /// Puts `value` under `key`; returns what stood there.
    pub fn insert(&mut self, key: impl Into<Key>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        if let Some(&i) = self.index.get(&key) {
            return Some(std::mem::replace(&mut self.entries[i].1, value));
        }
        self.index.insert(key.clone(), self.entries.len());
        self.entries.push((key, value));
        None
    }
    /// The value under `key`.
    pub fn get(&self, key: impl Into<Key>) -> Option<&Value> {
        self.index.get(&key.into()).map(|&i| &self.entries[i].1)
    }
    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// Keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.entries.iter().map(|(key, _)| key)
    }
    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }
}

impl<K: Into<Key>, V: Into<Value>> FromIterator<(K, V)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Dict {
        let mut dict = Dict::new();
        for (key, value) in entries {
            dict.insert(key, value);
        }
        dict
    }
}

impl IntoIterator for Dict {
    type Item = (Key, Value);
    type IntoIter = std::vec::IntoIter<(Key, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}
