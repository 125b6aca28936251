//! What each allowed name makes of its arguments.
use super::{
    globals::{self, Elements, Global},
    machine::{Machine, Node, Object, Storage, TensorAt, damaged},
    numpy, refused,
};
use crate::kind::Kind;
use std::rc::Rc;
use tensor_core::{DType, Error, Result};

/// The value of `global(*args)`.
pub(super) fn call(machine: &mut Machine, global: Global, args: &[Object]) -> Result<Object> {
    let wrong = || damaged(&format!("{global:?} does not take what it gives"));
    match (global, args) {
        (Global::OrderedDict | Global::Counter, []) => Ok(machine.node(Node::Dict(Vec::new()))),
        (Global::OrderedDict | Global::Counter, [content]) => {
            let entries = match machine.at(content) {
                Some(Node::Dict(entries)) => entries.clone(),
                // Python 2 gives a list of pairs.
                Some(Node::List(pairs)) => {
                    let pair = |pair: &Object| match machine.items(pair) {
                        Some([key, value]) => Ok((key.clone(), value.clone())),
                        _ => Err(wrong()),
                    };
                    pairs.iter().map(pair).collect::<Result<_>>()?
                }
                _ => return Err(wrong()),
            };
            Ok(machine.node(Node::Dict(entries)))
        }
        (Global::Set, []) => Ok(machine.node(Node::Set(Vec::new()))),
        (Global::Set, [items]) => {
            let items = machine.items(items).ok_or_else(wrong)?.to_vec();
            Ok(machine.node(Node::Set(items)))
        }
        (Global::ByteArray, []) => Ok(Object::Bytes(Rc::from([]))),
        (Global::ByteArray, [Object::Bytes(bytes)]) => Ok(Object::Bytes(bytes.clone())),
        (Global::ByteArray | Global::Encode, [Object::Text(text), Object::Text(encoding)]) => {
            encoded(text, encoding).map(|bytes| Object::Bytes(bytes.into()))
        }
        (Global::Complex, [Object::Float(re), Object::Float(im)]) => Ok(Object::Complex(*re, *im)),
        (Global::Size, [sizes]) => {
            let sizes = machine.items(sizes).ok_or_else(wrong)?.to_vec();
            Ok(machine.node(Node::Tuple(sizes)))
        }
        (Global::Device, [Object::Text(name)]) => Ok(Object::Device(name.clone())),
        (Global::Device, [Object::Text(name), Object::Int(i)]) => Ok(Object::Device(format!("{name}:{i}").into())),
        (Global::Tensor, [Object::Storage(storage), offset, shape, strides, rest @ ..]) => {
            tensor(machine, storage, storage.elements, [offset, shape, strides], rest.get(2))
        }
        (
            Global::TensorV3,
            [Object::Storage(storage), offset, shape, strides, _, _, Object::Global(Global::DType(dtype)), rest @ ..],
        ) => {
            let elements = globals::elements(dtype).ok_or_else(wrong)?;
            tensor(machine, storage, elements, [offset, shape, strides], rest.first())
        }
        // A parameter is its tensor: whether it trains is for the model to say. Python attributes are passed over.
        (Global::Parameter, [data @ Object::Tensor(_), ..]) => Ok(data.clone()),
        (Global::FromCpu, [Object::Tensor(data), Object::Global(Global::DType(dtype)), ..])
            if globals::elements(dtype) == Some(data.elements) =>
        {
            Ok(Object::Tensor(data.clone()))
        }
        (Global::FromType, [Object::Global(rebuild), Object::Global(Global::TensorType), args, _]) => match rebuild {
            Global::Tensor | Global::TensorV3 | Global::Parameter => {
                let args = machine.items(args).ok_or_else(wrong)?.to_vec();
                call(machine, *rebuild, &args)
            }
            _ => Err(wrong()),
        },
        (Global::NumpyScalar, [dtype, Object::Bytes(bytes)]) => match machine.at(dtype) {
            Some(Node::NumpyDType(descr)) => descr.scalar(bytes),
            _ => Err(wrong()),
        },
        (Global::NumpyDType, [Object::Text(name), ..]) => Ok(machine.node(Node::NumpyDType(numpy::Descr::new(name)?))),
        (Global::NumpyRebuild, [Object::Global(Global::NumpyArray), ..]) => Ok(machine.node(Node::NumpyArray(None))),
        _ => Err(wrong()),
    }
}

/// The value of `global.__new__(global, *args)`.
pub(super) fn make(machine: &mut Machine, global: Global, args: &[Object]) -> Result<Object> {
    match global {
        Global::OrderedDict | Global::Counter | Global::Set | Global::Size => call(machine, global, args),
        _ => Err(damaged(&format!("{global:?} is not made so"))),
    }
}

/// `instance.__setstate__(state)`
pub(super) fn finish(machine: &mut Machine, instance: &Object, state: &Object) -> Result<()> {
    let numpy = match machine.at(instance) {
        // Attributes of an ordered dict: PyTorch keeps versions of modules there.
        Some(Node::Dict(_)) => return Ok(()),
        Some(Node::NumpyDType(_)) => {
            let order = machine.items(state).and_then(|state| state.get(1));
            let Some(Object::Text(order)) = order else { return Err(damaged("a dtype of NumPy has no byte order")) };
            Node::NumpyDType(match machine.at(instance) {
                Some(Node::NumpyDType(descr)) => descr.ordered(order),
                _ => return Err(damaged("a dtype of NumPy is missing")),
            })
        }
        Some(Node::NumpyArray(_)) => Node::NumpyArray(Some(numpy::Array::new(machine, state)?)),
        _ => return Err(damaged("it gives a state to what has none")),
    };
    if let Object::Node(i) = instance
        && let Some(node) = machine.nodes.get_mut(*i)
    {
        *node = numpy;
    }
    Ok(())
}

/// The storage that a persistent id names: `("storage", class, key, location, numel)`, and the part in old files.
pub(super) fn storage(machine: &mut Machine, id: &Object) -> Result<Object> {
    let wrong = || damaged("a storage is not named as PyTorch does");
    let (tag, rest) = machine.items(id).and_then(|id| id.split_first()).ok_or_else(wrong)?;
    if !matches!(tag, Object::Text(tag) if &**tag == "storage") {
        return Err(wrong());
    }
    let [Object::Global(Global::Storage(elements)), key, _location, numel, rest @ ..] = rest else {
        return Err(wrong());
    };
    let key: Rc<str> = match key {
        Object::Text(key) => key.clone(),
        Object::Int(key) => key.to_string().into(),
        _ => return Err(wrong()),
    };
    let part = match rest {
        [] | [Object::None] => None,
        [part] => match machine.items(part) {
            Some([_key, offset, length]) => Some((number(offset)? as u64, number(length)? as u64)),
            _ => return Err(wrong()),
        },
        _ => return Err(wrong()),
    };
    let storage = Rc::new(Storage { key, elements: *elements, numel: number(numel)? as u64, part });
    machine.storages.push(storage.clone());
    Ok(Object::Storage(storage))
}

fn tensor(
    machine: &Machine,
    storage: &Rc<Storage>,
    elements: Elements,
    [offset, shape, strides]: [&Object; 3],
    metadata: Option<&Object>,
) -> Result<Object> {
    let untyped = storage.elements == Elements::Known(Kind::Same(DType::U8));
    if elements != storage.elements && !untyped {
        return Err(damaged("a tensor has other elements than its storage"));
    }
    let sizes = |list: &Object| -> Result<Vec<usize>> {
        machine.items(list).ok_or_else(|| damaged("a shape is no tuple"))?.iter().map(number).collect()
    };
    let negated = match metadata.map(|m| machine.at(m)) {
        Some(Some(Node::Dict(flags))) => {
            flags.iter().any(|(k, v)| matches!((k, v), (Object::Text(k), Object::Bool(true)) if &**k == "neg"))
        }
        _ => false,
    };
    let (shape, strides) = (sizes(shape)?, sizes(strides)?);
    if shape.len() != strides.len() {
        return Err(damaged("a tensor has not as many strides as sizes"));
    }
    Ok(Object::Tensor(Rc::new(TensorAt {
        storage: storage.clone(),
        elements,
        offset: number(offset)?,
        shape,
        strides,
        negated,
    })))
}

/// A count that this machine can have.
pub(super) fn number(object: &Object) -> Result<usize> {
    match object {
        Object::Int(i) => usize::try_from(*i).map_err(|_| impossible(*i)),
        _ => Err(damaged("a count is no int")),
    }
}

fn impossible(i: i128) -> Error {
    refused(format!("{i} is no size, stride or offset that a tensor can have"))
}

/// `codecs.encode`, which Python 2 needs to write bytes as text.
fn encoded(text: &str, encoding: &str) -> Result<Vec<u8>> {
    match encoding {
        "latin1" | "latin-1" => {
            let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>();
            bytes.ok_or_else(|| damaged("bytes are none"))
        }
        "utf-8" | "utf8" => Ok(text.as_bytes().to_vec()),
        _ => Err(damaged(&format!("{encoding:?} is no encoding that is known here"))),
    }
}
