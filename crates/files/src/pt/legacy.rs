//! The form before PyTorch 1.6: a magic number, a version, a description of the machine, the pickle, the keys of the
//! storages, and the storages in that order.
use super::{
    Value,
    assemble::{Assembly, Elements},
    input::{Input, Source},
    machine::{Machine, Object, Storage, damaged},
    refused,
};
use crate::kind::Kind;
use std::{collections::HashMap, rc::Rc};
use tensor_core::{Result, Tensor};

const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const VERSION: i128 = 1001;

pub(super) fn read(source: &mut dyn Source, length: u64) -> Result<Value> {
    let mut input = Input::new(source, length);
    let mut machine = Machine::default();
    if !matches!(machine.run(&mut input)?, Object::Int(MAGIC)) {
        return Err(refused("this is a pickle, but torch.save did not write it"));
    }
    if !matches!(machine.run(&mut input)?, Object::Int(VERSION)) {
        return Err(refused("this version of PyTorch's legacy format is not known"));
    }
    // What machine it was written on: the storages are little-endian on all.
    machine.run(&mut input)?;
    let before = input.left();
    let object = machine.run(&mut input)?;
    let keys = machine.run(&mut input)?;
    let pickle = before - input.left();
    let keys = machine.items(&keys).ok_or_else(|| damaged("the keys of the storages are no list"))?;

    let named: HashMap<&str, &Rc<Storage>> = machine.storages.iter().map(|s| (&*s.key, s)).collect();
    let mut storages = Storages(HashMap::new());
    for key in keys {
        let key: Rc<str> = match key {
            Object::Text(key) => key.clone(),
            Object::Int(key) => key.to_string().into(),
            _ => return Err(damaged("the key of a storage is no text")),
        };
        let storage = named.get(&*key).ok_or_else(|| damaged(&format!("no tensor uses the storage {key}")))?;
        let numel = u64::try_from(i64::from_le_bytes(input.array()?)).ok();
        if numel != Some(storage.numel) {
            return Err(damaged(&format!("the storage {key} has another length than its tensors say")));
        }
        let length = storage.numel.checked_mul(storage.elements.size() as u64);
        let bytes = input.bytes(length.unwrap_or(u64::MAX))?;
        let unread = match storage.elements.kind() {
            // Most storages hold the elements of their tensors: read at once, the bytes are in memory once.
            Ok(kind) if kind.size() > 1 => Unread::Tensor(kind, whole(&bytes, kind)?),
            _ => Unread::Bytes(bytes),
        };
        storages.0.insert(key, unread);
    }
    Assembly::new(&machine, &mut storages, pickle).value(&object)
}

enum Unread {
    Tensor(Kind, Tensor),
    /// Elements that only a tensor names.
    Bytes(Vec<u8>),
}

struct Storages(HashMap<Rc<str>, Unread>);

fn whole(bytes: &[u8], kind: Kind) -> Result<Tensor> {
    kind.tensor(bytes, false, &[bytes.len() / kind.size()]).map_err(|e| refused(e.message()))
}

impl Elements for Storages {
    fn read(&mut self, storage: &Storage, kind: Kind) -> Result<Tensor> {
        match self.0.get(&storage.key) {
            Some(Unread::Tensor(held, tensor)) if *held == kind => Ok(tensor.clone()),
            Some(Unread::Bytes(bytes)) => whole(bytes, kind),
            Some(Unread::Tensor(..)) => Err(damaged("it is used with two kinds of elements")),
            None => Err(refused("it is not in the file")),
        }
    }
}
