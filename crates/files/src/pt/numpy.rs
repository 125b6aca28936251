//! NumPy's numbers and arrays inside a `.pt` file.
use super::{
    call::number,
    machine::{Machine, Node, Object, damaged},
    refused,
};
use crate::{kind::Kind, npy};
use std::rc::Rc;
use tensor_core::{DType, Result, Tensor};

/// A dtype: its elements and their byte order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descr {
    kind: Kind,
    big_endian: bool,
}

impl Descr {
    /// By NumPy's short name: `f8`.
    pub fn new(name: &str) -> Result<Descr> {
        let kind = npy::elements(name).map_err(|e| refused(e.message()))?;
        Ok(Descr { kind, big_endian: false })
    }

    pub fn ordered(self, order: &str) -> Descr {
        Descr { big_endian: order == ">", ..self }
    }

    /// The number in the bytes of one element.
    pub fn scalar(self, bytes: &[u8]) -> Result<Object> {
        let value = self.kind.tensor(bytes, self.big_endian, &[]).map_err(|_| damaged("a number of NumPy is none"))?;
        Ok(match value.dtype() {
            DType::Bool => Object::Bool(value.item()?),
            dtype if dtype.is_int() => Object::Int(value.item::<i64>()?.into()),
            _ => Object::Float(value.item()?),
        })
    }
}

/// An array.
#[derive(Debug)]
pub(super) struct Array {
    shape: Vec<usize>,
    descr: Descr,
    fortran: bool,
    bytes: Rc<[u8]>,
}

impl Array {
    /// From the state of a pickle: `(version, shape, dtype, fortran order, bytes)`.
    pub fn new(machine: &Machine, state: &Object) -> Result<Array> {
        let wrong = || damaged("an array of NumPy is not what NumPy writes");
        let Some([_version, shape, dtype, Object::Bool(fortran), bytes]) = machine.items(state) else {
            return Err(wrong());
        };
        let bytes: Rc<[u8]> = match bytes {
            Object::Bytes(bytes) => bytes.clone(),
            // Python 2's bytes that happen to be text.
            Object::Text(text) => text.as_bytes().into(),
            _ => return Err(wrong()),
        };
        let shape = machine.items(shape).ok_or_else(wrong)?.iter().map(number).collect::<Result<_>>()?;
        let Some(Node::NumpyDType(descr)) = machine.at(dtype) else { return Err(wrong()) };
        Ok(Array { shape, descr: *descr, fortran: *fortran, bytes })
    }

    pub fn tensor(&self) -> Result<Tensor> {
        let mut shape = self.shape.clone();
        if self.fortran {
            shape.reverse();
        }
        let tensor = self.descr.kind.tensor(&self.bytes, self.descr.big_endian, &shape);
        let tensor = tensor.map_err(|e| refused(format!("an array of NumPy: {}", e.message())))?;
        if !self.fortran {
            return Ok(tensor);
        }
        let dims: Vec<isize> = (0..shape.len() as isize).rev().collect();
        tensor.permute(&dims[..])?.contiguous()
    }
}
