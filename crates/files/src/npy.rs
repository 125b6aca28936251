//! NumPy's `.npy`: a magic word, a header that is a Python dict of text, then the elements of one array
//! ([the format](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)).
mod header;

use crate::{kind::Kind, read_file, write_atomic};
use header::Header;
use std::{io::Write, path::Path};
use tensor_core::{Error, ErrorKind, Result, Tensor};

fn refused(why: impl Into<String>) -> Error {
    Error::new("npy", why).kind_of(ErrorKind::Io)
}

/// Reads a file that NumPy's `np.save` wrote, as `np.load` does.
///
/// The dtype stays: `f8 f4 f2 i8 i4 u1 b1` are `f64 f32 f16 i64 i32 u8 bool`, in either byte order. Integers that have no
/// dtype here are read as the smallest that holds their values: `i1 i2 u2` as i32, `u4` as i64, `u8` as i64 if all fit.
/// Arrays in Fortran's order get the same elements in ours.
///
/// # Errors
/// A file that is cut off or longer than its header says, a dtype that no tensor has (objects, text, complex numbers,
/// records), a `u8` value beyond i64. Nothing of a file is ever run: arrays of Python objects are refused.
pub fn load(path: impl AsRef<Path>) -> Result<Tensor> {
    let path = path.as_ref();
    from_bytes(&read_file("npy", path)?).map_err(|e| e.about(path.display()))
}

/// Writes a file as NumPy's `np.save` does, byte for byte: version 1, little-endian, in C order.
///
/// # Errors
/// NumPy has no bf16: such a tensor is an error, and `to_dtype(DType::F32)` gives one that can be written.
pub fn save(tensor: &Tensor, path: impl AsRef<Path>) -> Result<()> {
    let bytes = to_bytes(tensor)?;
    write_atomic(path, |file| Ok(file.write_all(&bytes)?))
}

/// The tensor in the bytes of a file; see [`load`].
///
/// ```
/// # use tensor_core::{DType, Result, Tensor};
/// # fn main() -> Result<()> {
/// let t = Tensor::from_slice(&[1_i64, 2, 3, 3, 4, 5], [2, 3])?;
/// let again = files::npy::from_bytes(&files::npy::to_bytes(&t)?)?;
/// assert_eq!((again.dtype(), again.shape()), (DType::I64, &[2, 3][..]));
/// # Ok(()) }
/// ```
pub fn from_bytes(bytes: &[u8]) -> Result<Tensor> {
    let (header, elements) = Header::read(bytes)?;
    let Header { kind, fortran, mut shape } = header;
    let elements_kind = kind.elements()?;
    let need = shape
        .iter()
        .try_fold(elements_kind.size(), |n, &d| n.checked_mul(d))
        .filter(|_| shape.len() <= header::MAX_DIMS);
    // A zero among the lengths makes the product zero, however large the others are.
    let need = if shape.contains(&0) { Some(0) } else { need };
    if need != Some(elements.len()) {
        let need = need.map_or("more bytes than there can be".to_string(), |n| format!("{n} bytes"));
        let error = refused(format!("an array of shape {shape:?} takes {need}, the file has {}", elements.len()));
        return Err(error.hint("it is cut off or damaged: copy or save it again"));
    }

    if fortran {
        shape.reverse();
    }
    let tensor = elements_kind.tensor(elements, kind.big_endian, &shape).map_err(|e| refused(e.message()))?;
    if !fortran {
        return Ok(tensor);
    }
    let dims: Vec<isize> = (0..shape.len() as isize).rev().collect();
    tensor.permute(&dims[..])?.contiguous()
}

/// What the elements of a dtype are, by NumPy's name without the byte order: `f8`.
pub(crate) fn elements(name: &str) -> Result<Kind> {
    header::Kind::parse(&format!("|{name}"))?.elements()
}

/// The bytes of a file; see [`save`].
pub fn to_bytes(tensor: &Tensor) -> Result<Vec<u8>> {
    let dtype = tensor.dtype();
    let mut bytes = header::write(dtype, tensor.shape())?;
    let elements = tensor.to_bytes()?;
    if cfg!(target_endian = "little") || dtype.size() == 1 {
        bytes.extend_from_slice(&elements);
    } else {
        bytes.extend(elements.chunks_exact(dtype.size()).flat_map(|e| e.iter().rev()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tensor_core::DType;

    fn file(descr: &str, shape: &str, elements: &[u8]) -> Vec<u8> {
        let dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((dict.len() as u16).to_le_bytes());
        bytes.extend(dict.bytes());
        bytes.extend(elements);
        bytes
    }

    #[test]
    fn every_dtype_and_shape_comes_back_also_from_a_view() {
        let x = Tensor::arange(0.0, 24.0, 1.0).unwrap().reshape([2, 3, 4]).unwrap();
        for dtype in [DType::F32, DType::F64, DType::F16, DType::I64, DType::I32, DType::U8, DType::Bool] {
            let x = x.to_dtype(dtype).unwrap();
            let empty = x.narrow(1, 0, 0).unwrap();
            for t in [x.clone(), x.transpose(0, 2).unwrap(), empty, x.select(0, 1).unwrap().select(0, 0).unwrap()] {
                let again = from_bytes(&to_bytes(&t).unwrap()).unwrap();
                assert_eq!((again.dtype(), again.shape()), (t.dtype(), t.shape()));
                assert_eq!(again.to_bytes().unwrap(), t.to_bytes().unwrap());
            }
        }
        let error = to_bytes(&x.to_dtype(DType::BF16).unwrap()).unwrap_err().to_string();
        assert!(error.contains("bf16") && error.contains("to_dtype"), "{error}");
    }

    #[test]
    fn integers_of_other_widths_keep_their_values() {
        let read = |descr, bytes: &[u8]| from_bytes(&file(descr, "(2,)", bytes)).unwrap();
        assert_eq!(read("|i1", &[0x80, 0x7f]).to_vec::<i32>().unwrap(), [-128, 127]);
        assert_eq!(read(">i2", &[0xff, 0xfe, 0, 1]).to_vec::<i32>().unwrap(), [-2, 1]);
        assert_eq!(read("<u2", &[0xff, 0xff, 1, 0]).to_vec::<i32>().unwrap(), [65535, 1]);
        assert_eq!(read("<u4", &[0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0]).to_vec::<i64>().unwrap(), [4_294_967_295, 1]);
        assert_eq!(read("<u4", &[0; 8]).dtype(), DType::I64);
        let mut large = [0; 16];
        large[7] = 0x80;
        assert!(from_bytes(&file("<u8", "(2,)", &large)).is_err());
        large[7] = 0x7f;
        assert!(from_bytes(&file("<u8", "(2,)", &large)).is_ok());
    }

    #[test]
    fn a_file_cut_or_changed_anywhere_never_panics() {
        let whole = to_bytes(&Tensor::arange(0.0, 6.0, 1.0).unwrap().reshape([2, 3]).unwrap()).unwrap();
        for end in 0..whole.len() {
            assert!(from_bytes(&whole[..end]).is_err(), "cut at {end}");
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                // Elements have no checksum, so that some changes make another array: whatever they make is whole.
                if let Ok(t) = from_bytes(&changed) {
                    assert_eq!(t.to_bytes().unwrap().len(), t.numel() * t.dtype().size());
                }
            }
        }
    }

    #[test]
    fn what_a_header_claims_is_not_believed() {
        let error = |descr, shape, bytes: &[u8]| from_bytes(&file(descr, shape, bytes)).unwrap_err().to_string();
        assert!(error("<f4", "(4611686018427387904, 4)", &[]).contains("takes more bytes"));
        assert!(error("<f4", "(1000000000,)", &[0; 4]).contains("takes 4000000000 bytes, the file has 4"));
        assert!(error("<f4", "(-1,)", &[]).contains("shape"));
        assert!(error("|O", "(1,)", &[0; 8]).contains("Python objects"));
        assert!(error("<c8", "(1,)", &[0; 8]).contains("c8"));
        assert!(error("<U3", "(1,)", &[0; 12]).contains("U3"));
        assert!(error("|b1", "(1,)", &[7]).contains("bool"));
        assert!(from_bytes(&file("<f4", "(0, 1099511627776)", &[])).is_ok_and(|t| t.numel() == 0));
    }
}
