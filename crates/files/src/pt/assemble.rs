//! Objects of the machine as [`Value`]s, with the elements of their tensors.
use super::{
    Dict, Key, Value,
    machine::{Machine, Node, Object, Storage, TensorAt, damaged},
    refused,
};
use crate::kind::Kind;
use std::{collections::HashMap, rc::Rc};
use tensor_core::{Layout, Result, Tensor};

/// Deeper nesting is a list that holds itself, or an attack on whoever walks over it.
pub(super) const MAX_DEPTH: usize = 128;
/// Bytes that copies of remembered objects may take beyond the pickle's own length: a short pickle can name one object
/// in ever longer lists of lists.
const MAX_COPIES: u64 = 1 << 26;
/// Bytes by which tensors with strides of 0 may claim to be longer than their storages.
const MAX_EXPANDED: u64 = 1 << 28;

/// Where the elements of storages come from.
pub(super) trait Elements {
    /// All elements of a storage as a 1-d tensor.
    fn read(&mut self, storage: &Storage, kind: Kind) -> Result<Tensor>;
}

pub(super) struct Assembly<'a> {
    machine: &'a Machine,
    elements: &'a mut dyn Elements,
    /// Storages that were read: tensors that share one share it here.
    read: HashMap<(Rc<str>, Kind), Tensor>,
    copies: u64,
    expanded: u64,
}

impl<'a> Assembly<'a> {
    /// For a pickle of `length` bytes.
    pub fn new(machine: &'a Machine, elements: &'a mut dyn Elements, length: u64) -> Assembly<'a> {
        let copies = MAX_COPIES.saturating_add(length.saturating_mul(128));
        Assembly { machine, elements, read: HashMap::new(), copies, expanded: MAX_EXPANDED }
    }

    pub fn value(&mut self, object: &Object) -> Result<Value> {
        self.value_at(object, 0)
    }

    fn value_at(&mut self, object: &Object, depth: usize) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(refused(format!("lists and dicts nest more than {MAX_DEPTH} deep, or one holds itself")));
        }
        self.spend(size_of::<Value>())?;
        Ok(match object {
            Object::None => Value::None,
            Object::Bool(b) => Value::Bool(*b),
            Object::Int(i) => Value::Int(*i),
            Object::Float(x) => Value::Float(*x),
            Object::Complex(re, im) => Value::Complex(*re, *im),
            Object::Text(text) => Value::Text(self.text(text)?),
            Object::Bytes(bytes) => {
                self.spend(bytes.len())?;
                Value::Bytes(bytes.to_vec())
            }
            Object::Device(name) => Value::Device(self.text(name)?),
            Object::Global(super::globals::Global::DType(name)) => Value::DType((*name).to_string()),
            Object::Global(global) => return Err(refused(format!("{global:?} stands where a value should"))),
            // A bare storage is the 1-d tensor of its elements.
            Object::Storage(storage) => Value::Tensor(self.storage(storage, storage.elements.kind()?)?),
            Object::Tensor(at) => Value::Tensor(self.tensor(at)?),
            Object::Node(i) => {
                let machine = self.machine;
                let node = machine.nodes.get(*i).ok_or_else(|| damaged("an object is missing"))?;
                let mut all = |items: &[Object]| -> Result<Vec<Value>> {
                    items.iter().map(|item| self.value_at(item, depth + 1)).collect()
                };
                match node {
                    Node::Tuple(items) => Value::Tuple(all(items)?),
                    Node::List(items) => Value::List(all(items)?),
                    Node::Set(items) => Value::Set(all(items)?),
                    Node::Dict(entries) => {
                        let mut dict = Dict::new();
                        for (key, value) in entries {
                            let (key, value) = (self.key(key, depth + 1)?, self.value_at(value, depth + 1)?);
                            dict.insert(key, value);
                        }
                        Value::Dict(dict)
                    }
                    Node::NumpyArray(Some(array)) => Value::Tensor(array.tensor()?),
                    Node::NumpyArray(None) | Node::NumpyDType(_) => {
                        return Err(refused("an unfinished array or a dtype of NumPy stands where a value should"));
                    }
                }
            }
        })
    }

    fn key(&mut self, object: &Object, depth: usize) -> Result<Key> {
        fn key(value: Value) -> Result<Key> {
            Ok(match value {
                Value::None => Key::None,
                Value::Bool(b) => Key::Bool(b),
                Value::Int(i) => Key::Int(i),
                Value::Float(x) => Key::Float(x),
                Value::Text(text) => Key::Text(text),
                Value::Bytes(bytes) => Key::Bytes(bytes),
                Value::DType(name) => Key::DType(name),
                Value::Device(name) => Key::Device(name),
                Value::Tuple(items) => Key::Tuple(items.into_iter().map(key).collect::<Result<_>>()?),
                other => return Err(refused(format!("a {} cannot be the key of a dict", other.kind()))),
            })
        }
        // The dict keeps its keys twice.
        if let Object::Text(text) = object {
            self.spend(text.len())?;
        }
        key(self.value_at(object, depth)?)
    }

    fn text(&mut self, text: &str) -> Result<String> {
        self.spend(text.len())?;
        Ok(text.to_string())
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        let left = self.copies.checked_sub(bytes as u64);
        self.copies = left.ok_or_else(|| refused("a small file names its parts so often that they fill the memory"))?;
        Ok(())
    }

    /// The elements of a storage, or of the part of it that the file names.
    fn storage(&mut self, storage: &Storage, kind: Kind) -> Result<Tensor> {
        let name = (storage.key.clone(), kind);
        let whole = match self.read.get(&name) {
            Some(whole) => whole.clone(),
            None => {
                let within = |e: tensor_core::Error| e.about(format!("storage {}", storage.key));
                let whole = self.elements.read(storage, kind).map_err(within)?;
                self.read.insert(name, whole.clone());
                whole
            }
        };
        if whole.numel() as u128 * kind.size() as u128 != u128::from(storage.numel) * storage.elements.size() as u128 {
            return Err(damaged(&format!("storage {} has two lengths", storage.key)));
        }
        let Some((offset, length)) = storage.part else { return Ok(whole) };
        match (usize::try_from(offset), usize::try_from(length)) {
            (Ok(offset), Ok(length)) if offset.checked_add(length).is_some_and(|end| end <= whole.numel()) => {
                whole.narrow(0, offset, length)
            }
            _ => Err(damaged("a part of a storage lies outside of it")),
        }
    }

    fn tensor(&mut self, at: &TensorAt) -> Result<Tensor> {
        let base = self.storage(&at.storage, at.elements.kind()?)?;
        let outside = || {
            let (offset, numel) = (at.offset, base.numel());
            refused(format!(
                "a tensor of sizes {:?} with strides {:?} from {offset} reaches beyond its storage of {numel} elements",
                at.shape, at.strides
            ))
        };
        // A part of a storage starts later in the same buffer.
        let offset = base.storage_offset().checked_add(at.offset).ok_or_else(outside)?;
        let window = base.with_layout(Layout::strided(&at.shape, &at.strides, offset)).map_err(|_| outside())?;
        let end = base.storage_offset() + base.numel();
        if window.numel() > 0 && window.layout().required_len() > end {
            return Err(outside());
        }
        let excess = window.numel().saturating_sub(base.numel()) as u64 * window.dtype().size() as u64;
        self.expanded = self.expanded.checked_sub(excess).ok_or_else(|| {
            refused(format!("a tensor of sizes {:?} repeats the {} elements of its storage", at.shape, base.numel()))
                .hint("save it without strides of 0: x.clone()")
        })?;
        if at.negated { window.neg() } else { Ok(window) }
    }
}
