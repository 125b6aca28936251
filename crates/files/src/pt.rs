//! PyTorch's `.pt` and `.pth`: what `torch.save` writes, in the zip form of today and the legacy form before 1.6.
//!
//! ```no_run
//! # use tensor_core::Result;
//! # fn main() -> Result<()> {
//! let weights = files::pt::load("model.pt")?.state_dict()?; // model.load_state_dict(&weights)?
//! let checkpoint = files::pt::load("checkpoint.pt")?;
//! let weights = checkpoint.at("model")?.state_dict()?;
//! let lr = checkpoint.at("optimizer")?.at("param_groups")?.at(0)?.at("lr")?.as_f64();
//! # Ok(()) }
//! ```
//!
//! Such a file is a program for Python's unpickler, which can call any function. Here it runs on a machine that only
//! knows how to make the values of [`Value`]: what PyTorch's `weights_only=True` allows, and NumPy's numbers and arrays.
//! Anything else (whole models, functions, classes) is refused with its name, and nothing of it has run.
mod archive;
mod assemble;
mod call;
mod dict;
mod globals;
mod input;
mod legacy;
mod machine;
mod numpy;
mod storages;
mod value;
mod write;

use crate::{pt::input::Source, read::cannot_read, write_atomic};
use std::{
    fs::File,
    io::{BufReader, Cursor, Read, Write},
    path::Path,
};
use tensor_core::{Error, ErrorKind, Result};

pub use dict::{Dict, Key};
pub use value::Value;

fn refused(why: impl Into<String>) -> Error {
    Error::new("pt", why).kind_of(ErrorKind::Io)
}

/// Reads a file that `torch.save` wrote, in its zip or its legacy form.
///
/// Tensors come to the CPU, wherever they were. Their dtype stays; those that have none here are read as the narrowest
/// that holds their values: `int8 int16 uint16` as i32, `uint32` as i64, `uint64` as i64 if all fit, 8-bit floats as f32.
/// Tensors that shared a storage share it here.
///
/// # Errors
/// A file that is cut off or damaged, or that torch.save did not write; a file that asks for anything but plain values
/// and tensors (it names what); complex, sparse and quantised tensors.
pub fn load(path: impl AsRef<Path>) -> Result<Value> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|e| cannot_read("pt", path, e))?;
    read(&mut BufReader::new(file)).map_err(|e| e.about(path.display()))
}

/// The value in the bytes of a file; see [`load`].
pub fn from_bytes(bytes: &[u8]) -> Result<Value> {
    read(&mut Cursor::new(bytes))
}

/// Writes a file that `torch.load(path, weights_only=True)` reads, in the zip form: a [`Value`], a [`Dict`], a state
/// dict (`&model.state_dict()`), a tensor. Whoever reads `path` finds the old content or the new, never a half.
///
/// Tensors that share a buffer are written over one storage.
///
/// # Errors
/// A file that cannot be written.
pub fn save(value: impl Into<Value>, path: impl AsRef<Path>) -> Result<()> {
    let value = value.into();
    write_atomic(path, |file| {
        let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
        write::write(&value, &mut out)?;
        Ok(out.flush()?)
    })
}

/// The bytes of a file; see [`save`]. The same value always gives the same bytes.
pub fn to_bytes(value: impl Into<Value>) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    write::write(&value.into(), &mut bytes)?;
    Ok(bytes.into_inner())
}

/// The value of a bare pickle, such as a batch of CIFAR: what Python's `pickle.dump` wrote, of protocol 2 or later, Python
/// 2's as well. The same values are made as from a file of `torch.save`, and the same refused.
pub fn from_pickle(bytes: &[u8]) -> Result<Value> {
    struct None;
    impl assemble::Elements for None {
        fn read(&mut self, _: &machine::Storage, _: crate::kind::Kind) -> Result<tensor_core::Tensor> {
            Err(refused("a bare pickle has no elements of tensors"))
        }
    }
    let length = bytes.len() as u64;
    let mut source = Cursor::new(bytes);
    let mut machine = machine::Machine::default();
    let object = machine.run(&mut input::Input::new(&mut source, length))?;
    assemble::Assembly::new(&machine, &mut None, length).value(&object)
}

fn read(source: &mut dyn Source) -> Result<Value> {
    let length = source.seek(std::io::SeekFrom::End(0))?;
    source.rewind()?;
    let mut start = Vec::new();
    source.take(512).read_to_end(&mut start)?;
    source.rewind()?;
    if start.starts_with(b"PK") {
        archive::read(source, length)
    } else if start.first() == Some(&machine::PROTO) {
        legacy::read(source, length)
    } else {
        Err(foreign(&start))
    }
}

/// Why a file that starts so is none of ours.
fn foreign(start: &[u8]) -> Error {
    let is = |what: &[u8]| start.starts_with(what);
    if start.is_empty() {
        refused("the file is empty")
    } else if is(b"version https://git-lfs") {
        refused("this is a pointer of Git LFS, not the file itself").hint("fetch it: git lfs pull")
    } else if is(b"<") {
        refused("this is a web page, not a file of torch.save").hint("the download went wrong: fetch it again")
    } else if start.get(8) == Some(&b'{') {
        refused("this is no file of torch.save").hint("it looks like safetensors: StateDict::load reads it")
    } else if start.get(257..262) == Some(b"ustar") {
        refused("this is the tar form that torch.save wrote before 2017")
            .hint("PyTorch converts it: torch.save(torch.load(path, weights_only=False), path)")
    } else {
        refused("torch.save did not write this: it is neither a zip archive nor a pickle")
    }
}
