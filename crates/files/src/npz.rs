//! NumPy's `.npz`: a zip archive of `.npy` files, one per name.
use crate::{StateDict, inflate::Inflated, npy, read_file, write_atomic};
use std::{
    io::{Cursor, Write},
    path::Path,
};
use tensor_core::{Error, ErrorKind, Result};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// What NumPy appends to an array's name.
const SUFFIX: &str = ".npy";

fn refused(why: impl Into<String>) -> Error {
    Error::new("npz", why).kind_of(ErrorKind::Io)
}

/// Reads a file that NumPy's `np.savez` or `np.savez_compressed` wrote. Dtypes are those of [`npy::load`].
pub fn load(path: impl AsRef<Path>) -> Result<StateDict> {
    let path = path.as_ref();
    from_bytes(&read_file("npz", path)?).map_err(|e| e.about(path.display()))
}

/// Writes a file as `np.savez(path, **arrays)` does: nothing is compressed.
pub fn save(dict: &StateDict, path: impl AsRef<Path>) -> Result<()> {
    let bytes = to_bytes(dict)?;
    write_atomic(path, |file| Ok(file.write_all(&bytes)?))
}

/// Writes a file as `np.savez_compressed(path, **arrays)` does: smaller and slower.
pub fn save_compressed(dict: &StateDict, path: impl AsRef<Path>) -> Result<()> {
    let bytes = write(dict, CompressionMethod::Deflated)?;
    write_atomic(path, |file| Ok(file.write_all(&bytes)?))
}

/// The arrays in the bytes of a file, in its order.
///
/// ```
/// # use files::{StateDict, npz};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let dict: StateDict = [("x", Tensor::ones([2, 3])?), ("y", Tensor::zeros([4])?)].into_iter().collect();
/// let again = npz::from_bytes(&npz::to_bytes(&dict)?)?;
/// assert_eq!(again.names().collect::<Vec<_>>(), ["x", "y"]);
/// # Ok(()) }
/// ```
pub fn from_bytes(bytes: &[u8]) -> Result<StateDict> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| {
        refused(format!("this is no zip archive: {e}")).hint("it is cut off, or no .npz file").source_of(e)
    })?;
    let mut inflated = Inflated::new(bytes.len() as u64);
    let mut dict = StateDict::new();
    for i in 0..archive.len() {
        let broken = |e: &dyn std::fmt::Display| refused(format!("entry {i} of the archive cannot be read: {e}"));
        let entry = archive.by_index(i).map_err(|e| broken(&e).source_of(e))?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().map_err(|e| broken(&e).source_of(e))?.into_owned();
        let Some(name) = name.strip_suffix(SUFFIX) else {
            return Err(refused(format!("{name:?} is no array")).hint("an .npz holds .npy files and nothing else"));
        };
        let claimed = entry.size();
        // The checksum is compared at the end.
        let content = inflated.read(entry, claimed).map_err(|e| broken(&e).source_of(e))?;
        let tensor = npy::from_bytes(&content).map_err(|e| refused(format!("array {name:?}: {}", e.message())))?;
        if dict.insert(name, tensor).is_some() {
            return Err(refused(format!("two arrays are named {name:?}")));
        }
    }
    Ok(dict)
}

/// The bytes of a file in which nothing is compressed. The same dict always gives the same bytes.
pub fn to_bytes(dict: &StateDict) -> Result<Vec<u8>> {
    write(dict, CompressionMethod::Stored)
}

fn write(dict: &StateDict, method: CompressionMethod) -> Result<Vec<u8>> {
    // The time is not that of writing but zip's first one: equal arrays give equal files.
    let options = SimpleFileOptions::default().compression_method(method).last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let failed = |e: zip::result::ZipError| refused(format!("the archive cannot be written: {e}")).source_of(e);
    for (name, tensor) in dict.iter() {
        let content = npy::to_bytes(tensor).map_err(|e| e.about(name))?;
        let large = content.len() >= u32::MAX as usize;
        archive.start_file(format!("{name}{SUFFIX}"), options.large_file(large)).map_err(failed)?;
        archive.write_all(&content)?;
    }
    Ok(archive.finish().map_err(failed)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tensor_core::Tensor;

    fn dict() -> StateDict {
        let x = Tensor::arange(0.0, 6.0, 1.0).unwrap().reshape([2, 3]).unwrap();
        [("x", x.clone()), ("part.y", x.t().unwrap())].into_iter().collect()
    }

    #[test]
    fn both_kinds_come_back_and_are_the_same_bytes_each_time() {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let bytes = write(&dict(), method).unwrap();
            assert_eq!(bytes, write(&dict(), method).unwrap());
            let again = from_bytes(&bytes).unwrap();
            assert_eq!(again.names().collect::<Vec<_>>(), ["x", "part.y"]);
            assert_eq!(again.get("part.y").unwrap().to_vec::<f32>().unwrap(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        }
        assert!(from_bytes(&to_bytes(&StateDict::new()).unwrap()).unwrap().is_empty());
    }

    #[test]
    fn a_file_cut_anywhere_is_refused_and_a_changed_one_never_panics() {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let whole = write(&dict(), method).unwrap();
            for end in 0..whole.len() {
                assert!(from_bytes(&whole[..end]).is_err(), "cut at {end}");
            }
            for at in 0..whole.len() {
                let mut changed = whole.clone();
                changed[at] ^= 0x55;
                // Names and dates have no checksum; elements have, so that what is read is what was written.
                if let Ok(read) = from_bytes(&changed) {
                    for (_, t) in read.iter() {
                        assert_eq!(t.numel(), 6);
                    }
                }
            }
        }
    }
}
