//! Replacing a file as a whole: a kill at any moment leaves the old content or the new one.
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};
use tensor_core::{Error, ErrorKind, Result};

/// Lets `write` fill a temporary file in the folder of `path`, brings it to the disk, and only then gives it the name.
/// Missing folders are made. When `write` fails, nothing remains.
pub fn write_atomic(path: impl AsRef<Path>, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let path = path.as_ref();
    let failed = |what: &str, e: std::io::Error| {
        Error::new("save", format!("{what} {}: {e}", path.display())).kind_of(ErrorKind::Io).source_of(e)
    };
    let Some(name) = path.file_name() else {
        return Err(Error::new("save", format!("{} is not the name of a file", path.display())).kind_of(ErrorKind::Io));
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|e| failed("cannot make the folder of", e))?;

    // Several writers, of this process or others, never share a temporary file.
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.{}.tmp", std::process::id(), NEXT.fetch_add(1, Relaxed)));
    let temporary = Removed(Some(folder.join(temporary)));
    let at = temporary.0.as_deref().unwrap_or(path);

    let mut file =
        File::options().write(true).create_new(true).open(at).map_err(|e| failed("cannot create a file beside", e))?;
    write(&mut file)?;
    file.flush().and_then(|()| file.sync_all()).map_err(|e| failed("cannot write", e))?;
    drop(file);
    fs::rename(at, path).map_err(|e| failed("cannot replace", e))?;
    temporary.keep();
    sync_folder(folder).map_err(|e| failed("cannot write the folder of", e))
}

/// The new name itself has to reach the disk.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // Elsewhere a folder cannot be opened as a file; there the rename is what the system makes of it.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A file that goes away unless it is kept.
struct Removed(Option<PathBuf>);

impl Removed {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It may not exist yet, and a failure here must not hide the first one.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("flambeau-atomic-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = folder("failed");
        let path = dir.join("model");
        write_atomic(&path, |f| Ok(f.write_all(b"old")?)).unwrap();
        let result = write_atomic(&path, |f| {
            f.write_all(b"ne")?;
            Err(Error::new("test", "power is gone"))
        });
        assert!(result.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        write_atomic(&path, |f| Ok(f.write_all(b"new")?)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_path_that_is_a_folder_is_an_error() {
        let dir = folder("folder");
        fs::create_dir_all(&dir).unwrap();
        assert!(write_atomic(&dir, |_| Ok(())).is_err());
        assert!(write_atomic(dir.join(".."), |_| Ok(())).is_err());
        fs::remove_dir_all(dir).unwrap();
    }
}
