//! Reading a whole file, with an error that helps to find it.
use std::{fs, io, path::Path};
use tensor_core::{Error, ErrorKind, Result};

/// The bytes of a file; `operator` is whose error it is when there is none.
pub(crate) fn read_file(operator: &'static str, path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| cannot_read(operator, path, e))
}

/// Why a file cannot be read, and where it was looked for.
pub(crate) fn cannot_read(operator: &'static str, path: &Path, e: io::Error) -> Error {
    let error =
        Error::new(operator, format!("cannot read {}: {e}", path.display())).kind_of(ErrorKind::Io).source_of(e);
    match std::env::current_dir() {
        Ok(here) if path.is_relative() => error.hint(format!("a relative path starts at {}", here.display())),
        _ => error,
    }
}
