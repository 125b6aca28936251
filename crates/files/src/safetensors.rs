//! The safetensors format: a header of names, dtypes, shapes and positions, then the elements.
use crate::{StateDict, read_file, write_atomic};
use ::safetensors::tensor::{Dtype, Metadata, TensorInfo};
use std::{
    borrow::Cow,
    io::{BufWriter, Write},
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

/// Reads a file.
pub fn load(path: impl AsRef<Path>) -> Result<StateDict> {
    let path = path.as_ref();
    from_bytes(&read_file("safetensors", path)?).map_err(|e| e.about(path.display()))
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
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX>() else {
        return Err(refused(format!("{} bytes are too few for a header", bytes.len())).hint("it is empty or cut off"));
    };
    let length = u64::from_le_bytes(*prefix);
    let header = usize::try_from(length).ok().filter(|&n| n <= MAX_HEADER).and_then(|n| rest.split_at_checked(n));
    let Some((header, data)) = header else {
        if bytes.starts_with(b"PK") {
            return Err(refused("this is a zip archive, as torch.save writes, and no safetensors file")
                .hint("files::pt::load(path)?.state_dict() reads it"));
        }
        return Err(refused(format!("a header of {length} bytes does not fit a file of {} bytes", bytes.len()))
            .hint("it is cut off, or no safetensors file"));
    };
    // Checks that positions follow one another without gaps and that each tensor's bytes are what its shape takes.
    let header: Metadata =
        serde_json::from_slice(header).map_err(|e| refused(format!("the header is wrong: {e}")).source_of(e))?;
    if header.data_len() != data.len() {
        let error = refused(format!("the header names {} bytes, the file has {}", header.data_len(), data.len()));
        return Err(if data.len() < header.data_len() {
            error.hint("it is cut off: copy or save it again")
        } else {
            error
        });
    }

    let mut dict = StateDict::new();
    for name in header.offset_keys() {
        let Some(info) = header.info(&name) else { continue };
        let within = |e: Error| refused(format!("tensor {name:?}: {}", e.message()));
        let dtype = from_format(info.dtype).map_err(within)?;
        let elements = data
            .get(info.data_offsets.0..info.data_offsets.1)
            .ok_or_else(|| refused(format!("tensor {name:?} lies outside of the file")))?;
        let tensor = Tensor::from_bytes(&native(elements, dtype), &info.shape, dtype).map_err(within)?;
        dict.insert(name, tensor);
    }
    if let Some(words) = header.metadata() {
        dict.metadata.extend(words.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
    Ok(dict)
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

fn from_format(dtype: Dtype) -> Result<DType> {
    Ok(match dtype {
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::I32 => DType::I32,
        Dtype::U8 => DType::U8,
        Dtype::BOOL => DType::Bool,
        other => return Err(refused(format!("dtype {other:?} is not known here"))),
    })
}
