//! Where a data set lies: its files, plain, packed or inside of the archive they were published in.
use super::table::{Checksum, Entry};
use flate2::read::GzDecoder;
use md5::{Digest, Md5};
use sha2::Sha256;
use std::{
    fs::{self, File},
    io::{BufReader, Cursor, Read},
    path::{Path, PathBuf},
};
use tensor_core::{Error, ErrorKind, Result};

/// The folder of a data set, and whether checksums are compared. A path converts into one that compares them.
///
/// ```no_run
/// use data::datasets::{Folder, Mnist};
/// # fn main() -> tensor_core::Result<()> {
/// let train = Mnist::train("data")?;
/// let mine = Mnist::train(Folder::new("my-digits").verify(false))?; // files of one's own in the same format
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    verify: bool,
}

impl Folder {
    /// This folder; checksums are compared.
    pub fn new(root: impl Into<PathBuf>) -> Folder {
        Folder { root: root.into(), verify: true }
    }

    /// Whether files must be the published ones, byte by byte, where a checksum is known.
    pub fn verify(mut self, on: bool) -> Folder {
        self.verify = on;
        self
    }
}

macro_rules! from_paths {
    ($($t:ty),*) => { $(impl From<$t> for Folder {
        fn from(root: $t) -> Folder {
            Folder::new(root)
        }
    })* };
}
from_paths!(&str, String, &String, PathBuf, &Path);

impl From<&PathBuf> for Folder {
    fn from(root: &PathBuf) -> Folder {
        Folder::new(root.as_path())
    }
}

/// A file's bytes, unpacked, and its path for messages.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

impl Content {
    /// What is wrong with the file.
    pub(super) fn damaged(&self, name: &'static str, why: impl std::fmt::Display) -> Error {
        damaged(name, &self.path, why)
    }

    /// The content as text.
    pub(super) fn text(self, name: &'static str) -> Result<String> {
        String::from_utf8(self.bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            damaged(name, &self.path, format!("byte {at} is not UTF-8"))
        })
    }
}

pub(super) fn damaged(name: &'static str, path: &str, why: impl std::fmt::Display) -> Error {
    Error::new(name, format!("{path}: {why}")).kind_of(ErrorKind::Io)
}

impl Folder {
    /// The files of these names, in this order: as they are, with `.gz` behind the name, or out of the published archive.
    pub(super) fn read<const N: usize>(&self, entry: &'static Entry, names: [&str; N]) -> Result<[Content; N]> {
        let mut found: [Option<Content>; N] = std::array::from_fn(|_| None);
        for (content, name) in found.iter_mut().zip(names) {
            *content = self.plain(entry, name)?;
        }
        if found.iter().any(Option::is_none)
            && let Some(archive) = self.archive(entry)?
        {
            archive.each(entry.name, |path, file| {
                let at = names.iter().position(|name| is_at(path, name) || is_at(path, &format!("{name}.gz")));
                if let Some(slot @ None) = at.map(|i| &mut found[i]) {
                    let bytes = unpacked(entry.name, path, file)?;
                    *slot = Some(Content { path: archive.inside(path), bytes });
                }
                Ok(())
            })?;
        }
        if let Some(missing) = found.iter().position(Option::is_none) {
            return Err(self.missing(entry, names[missing]));
        }
        // Every slot is filled: checked above.
        Ok(found.map(|content| content.unwrap_or(Content { path: String::new(), bytes: Vec::new() })))
    }

    /// All files below `below` that `wanted` says, sorted by path; the path is given from `below` on.
    pub(super) fn read_all(
        &self,
        entry: &'static Entry,
        below: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, Content)>> {
        let mut found = Vec::new();
        if let Some(top) = self.bases(entry).map(|base| base.join(below)).find(|top| top.is_dir()) {
            walk(entry.name, &top, &mut |path| {
                let inside = path.strip_prefix(&top).unwrap_or(path).to_string_lossy().replace('\\', "/");
                if wanted(&inside) {
                    let bytes = read_file(entry.name, path)?;
                    found.push((inside, Content { path: path.display().to_string(), bytes }));
                }
                Ok(())
            })?;
        } else if let Some(archive) = self.archive(entry)? {
            archive.each(entry.name, |path, file| {
                let inside = path.find(&format!("{below}/")).map(|at| &path[at + below.len() + 1..]);
                if let Some(inside) = inside.filter(|inside| wanted(inside)) {
                    let mut bytes = Vec::new();
                    file.read_to_end(&mut bytes).map_err(|e| damaged(entry.name, path, e))?;
                    found.push((inside.to_string(), Content { path: archive.inside(path), bytes }));
                }
                Ok(())
            })?;
        } else {
            return Err(self.missing(entry, below));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        if found.is_empty() { Err(self.missing(entry, below)) } else { Ok(found) }
    }

    fn bases(&self, entry: &'static Entry) -> impl Iterator<Item = PathBuf> {
        std::iter::once(self.root.clone()).chain(entry.dirs.iter().map(|dir| self.root.join(dir)))
    }

    fn plain(&self, entry: &'static Entry, name: &str) -> Result<Option<Content>> {
        let last = name.rsplit('/').next().unwrap_or(name);
        for base in self.bases(entry) {
            for place in [name, last] {
                for suffix in [".gz", ""] {
                    let path = base.join(format!("{place}{suffix}"));
                    if path.is_file() {
                        let bytes = read_file(entry.name, &path)?;
                        self.check(entry, &path, &bytes)?;
                        let shown = path.display().to_string();
                        let bytes = unpacked(entry.name, &shown, &mut Cursor::new(bytes))?;
                        return Ok(Some(Content { path: shown, bytes }));
                    }
                }
            }
        }
        Ok(None)
    }

    fn archive(&self, entry: &'static Entry) -> Result<Option<Archive>> {
        for base in self.bases(entry) {
            for file in entry.files.iter().filter(|file| Archive::is(file.name)) {
                let path = base.join(file.name);
                if path.is_file() {
                    if self.verify && file.checksum.is_some() {
                        compare(entry, &path, file.checksum, || hash_file(&path, file.checksum))?;
                    }
                    return Ok(Some(Archive { path }));
                }
            }
        }
        Ok(None)
    }

    fn check(&self, entry: &'static Entry, path: &Path, bytes: &[u8]) -> Result<()> {
        let known = |file: &&super::table::File| path.ends_with(file.name);
        match entry.files.iter().find(known) {
            Some(file) if self.verify => compare(entry, path, file.checksum, || hash(&mut &*bytes, file.checksum)),
            _ => Ok(()),
        }
    }

    fn missing(&self, entry: &'static Entry, name: &str) -> Error {
        let places: Vec<String> = self.bases(entry).map(|base| base.join(name).display().to_string()).collect();
        let files: Vec<&str> = entry.files.iter().map(|file| file.name).collect();
        let home = self.root.join(entry.dirs.first().copied().unwrap_or(""));
        Error::new(
            entry.name,
            format!("{name} is not in {}: there is no {}", self.root.display(), places.join(", no ")),
        )
        .kind_of(ErrorKind::Io)
        .hint(format!(
            "get {} from {} and put it into {}, packed as it comes",
            files.join(", "),
            entry.from,
            home.display()
        ))
    }
}

fn is_at(path: &str, name: &str) -> bool {
    path == name || path.strip_suffix(name).is_some_and(|before| before.ends_with('/'))
}

fn read_file(name: &'static str, path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| damaged(name, &path.display().to_string(), format!("cannot be read: {e}")).source_of(e))
}

/// Calls `f` with every file below a folder.
fn walk(name: &'static str, folder: &Path, f: &mut dyn FnMut(&Path) -> Result<()>) -> Result<()> {
    let failed = |e: std::io::Error| damaged(name, &folder.display().to_string(), e);
    let mut entries = fs::read_dir(folder).map_err(failed)?.collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        // A link is no folder here, so that a circle of links ends.
        if entry.file_type().map_err(failed)?.is_dir() { walk(name, &entry.path(), f)? } else { f(&entry.path())? }
    }
    Ok(())
}

/// The bytes of a file, without gzip or bzip2 where its name says that. The buffer grows with what is there.
fn unpacked(name: &'static str, path: &str, file: &mut dyn Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match path.rsplit('.').next() {
        Some("gz") => flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes),
        Some("bz2") => bzip2::read::MultiBzDecoder::new(file).read_to_end(&mut bytes),
        _ => file.read_to_end(&mut bytes),
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(e) => Err(damaged(name, path, format!("cannot be unpacked behind {} bytes: {e}", bytes.len()))),
    }
}

fn compare(
    entry: &'static Entry,
    path: &Path,
    expected: Option<Checksum>,
    actual: impl FnOnce() -> std::io::Result<String>,
) -> Result<()> {
    let Some(expected) = expected else { return Ok(()) };
    let shown = path.display().to_string();
    let actual = actual().map_err(|e| damaged(entry.name, &shown, e))?;
    let (kind, sum) = match expected {
        Checksum::Md5(sum) => ("MD5", sum),
        Checksum::Sha256(sum) => ("SHA-256", sum),
    };
    if actual == sum {
        return Ok(());
    }
    Err(damaged(entry.name, &shown, format!("its {kind} is {actual}, that of the published file is {sum}"))
        .hint("get it again, or read a file of your own by `Folder::new(..).verify(false)`"))
}

fn hash_file(path: &Path, kind: Option<Checksum>) -> std::io::Result<String> {
    hash(&mut BufReader::with_capacity(1 << 16, File::open(path)?), kind)
}

fn hash(file: &mut dyn Read, kind: Option<Checksum>) -> std::io::Result<String> {
    fn digest<D: Digest>(file: &mut dyn Read) -> std::io::Result<String> {
        let mut digest = D::new();
        let mut block = vec![0; 1 << 16];
        loop {
            match file.read(&mut block)? {
                0 => break,
                n => digest.update(&block[..n]),
            }
        }
        Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
    match kind {
        Some(Checksum::Sha256(_)) => digest::<Sha256>(file),
        _ => digest::<Md5>(file),
    }
}

/// A `.tar.gz`, `.tgz`, `.tar` or `.zip`.
struct Archive {
    path: PathBuf,
}

impl Archive {
    fn is(name: &str) -> bool {
        [".tar.gz", ".tgz", ".tar", ".zip"].iter().any(|suffix| name.ends_with(suffix))
    }

    /// The path of a file in it, for messages.
    fn inside(&self, path: &str) -> String {
        format!("{} in {}", path, self.path.display())
    }

    /// Calls `f` with every file in it, in its order.
    fn each(&self, name: &'static str, mut f: impl FnMut(&str, &mut dyn Read) -> Result<()>) -> Result<()> {
        let shown = self.path.display().to_string();
        let broken = |e: &dyn std::fmt::Display| damaged(name, &shown, format!("the archive cannot be read: {e}"));
        let file = BufReader::new(File::open(&self.path).map_err(|e| broken(&e))?);
        if shown.ends_with(".zip") {
            let mut archive = zip::ZipArchive::new(file).map_err(|e| broken(&e))?;
            for i in 0..archive.len() {
                let mut entry = archive.by_index(i).map_err(|e| broken(&e))?;
                let path = entry.name().map_err(|e| broken(&e))?.into_owned();
                if !entry.is_dir() {
                    f(&path, &mut entry)?;
                }
            }
            return Ok(());
        }
        let file: Box<dyn Read> = if shown.ends_with(".tar") { Box::new(file) } else { Box::new(GzDecoder::new(file)) };
        let mut archive = tar::Archive::new(file);
        for entry in archive.entries().map_err(|e| broken(&e))? {
            let mut entry = entry.map_err(|e| broken(&e))?;
            let path = entry.path().map_err(|e| broken(&e))?.to_string_lossy().into_owned();
            if entry.header().entry_type().is_file() {
                f(&path, &mut entry)?;
            }
        }
        Ok(())
    }
}
