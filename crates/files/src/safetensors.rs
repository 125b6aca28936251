//! The safetensors format: a header of names, dtypes, shapes and positions, then the elements.
mod reader;

use crate::{
    StateDict,
    kind::{F8, Kind},
    write_atomic,
};
use ::safetensors::tensor::{Dtype, Metadata, TensorInfo};
use std::{
    borrow::Cow,
    io::{BufWriter, Cursor, Read, Write},
    path::Path,
};
use tensor_core::{DType, Error, ErrorKind, Result, Tensor};

/// The length of the number that says how long the header is.
const PREFIX: usize = 8;
/// Longer headers are refused, as the reference implementation does.
const MAX_HEADER: usize = 100_000_000;
/// The header's key for free text; no tensor can have this name.
const METADATA: &str = "__metadata__";

fn refused(why: impl Into<String>) -> Error {
    Error::new("safetensors", why).kind_of(ErrorKind::Io)
}

pub use reader::Reader;

/// Reads a file, one tensor after the other; [`Reader`] reads single ones.
///
/// Dtypes that have none here are read as the narrowest that holds their values: `I8 I16 U16` as i32, `U32` as i64, `U64`
/// as i64 if all fit, 8-bit floats as f32.
pub fn load(path: impl AsRef<Path>) -> Result<StateDict> {
    Reader::open(path)?.read_all()
}

/// Replaces a file as a whole: whoever reads `path` finds the old content or the new, never a half.
pub fn save(dict: &StateDict, path: impl AsRef<Path>) -> Result<()> {
    write_atomic(path, |file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        write(dict, &mut out)?;
        Ok(out.flush()?)
    })
}

/// The bytes of a file.
pub fn to_bytes(dict: &StateDict) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(dict, &mut bytes)?;
    Ok(bytes)
}

/// Reads the bytes of a file. Tensors come in the order of their positions; what does not fit the bytes is an error.
pub fn from_bytes(bytes: &[u8]) -> Result<StateDict> {
    let (header, start) = read_header(&mut Cursor::new(bytes), bytes.len() as u64)?;
    let mut dict = StateDict::new();
    for name in header.offset_keys() {
        let Some(info) = header.info(&name) else { continue };
        let (from, to) = info.data_offsets;
        let elements = usize::try_from(start).ok().and_then(|start| bytes.get(start..)?.get(from..to));
        let elements = elements.ok_or_else(|| refused(format!("tensor {name:?} lies outside of the file")))?;
        let tensor = tensor(&name, info, elements)?;
        dict.insert(name, tensor);
    }
    dict.metadata = words(&header);
    Ok(dict)
}

/// The header of a file of `length` bytes, and where the elements start.
fn read_header(source: &mut dyn Read, length: u64) -> Result<(Metadata, u64)> {
    let mut prefix = [0; PREFIX];
    let Some(rest) = length.checked_sub(PREFIX as u64) else {
        return Err(refused(format!("{length} bytes are too few for a header")).hint("it is empty or cut off"));
    };
    source.read_exact(&mut prefix)?;
    let claimed = u64::from_le_bytes(prefix);
    let Some(data) = rest.checked_sub(claimed).filter(|_| claimed <= MAX_HEADER as u64) else {
        if prefix.starts_with(b"PK") {
            return Err(refused("this is a zip archive, as torch.save writes, and no safetensors file")
                .hint("files::pt::load(path)?.state_dict() reads it"));
        }
        return Err(refused(format!("a header of {claimed} bytes does not fit a file of {length} bytes"))
            .hint("it is cut off, or no safetensors file"));
    };
    // No longer than the file.
    let mut header = vec![0; claimed as usize];
    source.read_exact(&mut header)?;
    // Checks that positions follow one another without gaps and that each tensor's bytes are what its shape takes.
    let header: Metadata =
        serde_json::from_slice(&header).map_err(|e| refused(format!("the header is wrong: {e}")).source_of(e))?;
    let named = header.data_len() as u64;
    if named != data {
        let error = refused(format!("the header names {named} bytes, the file has {data}"));
        return Err(if data < named { error.hint("it is cut off: copy or save it again") } else { error });
    }
    Ok((header, length - data))
}

/// A tensor of the file from its bytes.
fn tensor(name: &str, info: &TensorInfo, elements: &[u8]) -> Result<Tensor> {
    let within = |e: Error| refused(format!("tensor {name:?}: {}", e.message()));
    from_format(info.dtype).and_then(|kind| kind.tensor(elements, false, &info.shape)).map_err(within)
}

/// The free text of a header.
fn words(header: &Metadata) -> std::collections::BTreeMap<String, String> {
    header.metadata().iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Writes header and elements. The same dict always gives the same bytes.
fn write(dict: &StateDict, out: &mut dyn Write) -> Result<()> {
    // Wide elements first, so that every tensor is aligned to its elements for readers that map the file.
    let mut entries: Vec<(&str, &Tensor)> = dict.iter().collect();
    entries.sort_by_key(|(_, t)| std::cmp::Reverse(t.dtype().size()));

    let mut header = String::from("{");
    if !dict.metadata.is_empty() {
        header += &format!("\"{METADATA}\":{}", text(serde_json::to_string(&dict.metadata))?);
    }
    let mut end = 0usize;
    for (name, tensor) in &entries {
        if *name == METADATA {
            return Err(refused(format!("no tensor can be named {METADATA:?}")));
        }
        let start = end;
        end += tensor.numel() * tensor.dtype().size();
        let info =
            TensorInfo { dtype: to_format(tensor.dtype()), shape: tensor.shape().to_vec(), data_offsets: (start, end) };
        if header.len() > 1 {
            header.push(',');
        }
        header += &format!("{}:{}", text(serde_json::to_string(name))?, text(serde_json::to_string(&info))?);
    }
    header.push('}');
    // Spaces after the header align the elements.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(PREFIX) - header.len()));
    if header.len() > MAX_HEADER {
        return Err(refused(format!("a header of {} bytes is too long", header.len())));
    }

    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for (_, tensor) in entries {
        out.write_all(&native(&tensor.to_bytes()?, tensor.dtype()))?;
    }
    Ok(())
}

fn text(json: serde_json::Result<String>) -> Result<String> {
    json.map_err(|e| refused(format!("the header cannot be written: {e}")))
}

/// The file's little-endian elements as this machine has them, and back.
fn native(bytes: &[u8], dtype: DType) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") || dtype.size() == 1 {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.chunks_exact(dtype.size()).flat_map(|element| element.iter().rev().copied()).collect())
}

fn to_format(dtype: DType) -> Dtype {
    match dtype {
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::U8 => Dtype::U8,
        DType::Bool => Dtype::BOOL,
    }
}

fn from_format(dtype: Dtype) -> Result<Kind> {
    Ok(match dtype {
        Dtype::F32 => Kind::Same(DType::F32),
        Dtype::F64 => Kind::Same(DType::F64),
        Dtype::F16 => Kind::Same(DType::F16),
        Dtype::BF16 => Kind::Same(DType::BF16),
        Dtype::I64 => Kind::Same(DType::I64),
        Dtype::I32 => Kind::Same(DType::I32),
        Dtype::U8 => Kind::Same(DType::U8),
        Dtype::BOOL => Kind::Same(DType::Bool),
        Dtype::I8 => Kind::I8,
        Dtype::I16 => Kind::I16,
        Dtype::U16 => Kind::U16,
        Dtype::U32 => Kind::U32,
        Dtype::U64 => Kind::U64,
        Dtype::F8_E4M3 => Kind::F8(F8::E4M3),
        Dtype::F8_E5M2 => Kind::F8(F8::E5M2),
        Dtype::F8_E4M3FNUZ => Kind::F8(F8::E4M3Fnuz),
        Dtype::F8_E5M2FNUZ => Kind::F8(F8::E5M2Fnuz),
        Dtype::F8_E8M0 => Kind::F8(F8::E8M0),
        other => return Err(refused(format!("dtype {other:?} is not known here"))),
    })
}
