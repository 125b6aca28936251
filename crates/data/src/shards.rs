//! Samples in tar files, read from the beginning to the end: for sets too large for single files. With the feature
//! `datasets`.
use crate::{IterableDataset, Stream, random};
use flate2::read::MultiGzDecoder;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};
use tensor_core::{Error, ErrorKind, Result, rng};

/// Files of a tar file that belong together: `a/0001.jpg` and `a/0001.cls` are the sample `a/0001` with the parts `jpg` and
/// `cls`, as WebDataset has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarSample {
    /// The path up to the first dot of the file's name.
    pub key: String,
    /// The content of each file, by what follows that dot.
    pub parts: BTreeMap<String, Vec<u8>>,
}

impl TarSample {
    /// A part that must be there.
    pub fn part(&self, name: &str) -> Result<&[u8]> {
        self.parts.get(name).map(Vec::as_slice).ok_or_else(|| {
            let names: Vec<&str> = self.parts.keys().map(String::as_str).collect();
            Error::new("TarShards", format!("sample {:?} has no {name:?}", self.key))
                .hint(format!("it has {}", names.join(", ")))
        })
    }

    /// A part that is text, without the space around it.
    pub fn text(&self, name: &str) -> Result<&str> {
        let text = std::str::from_utf8(self.part(name)?);
        text.map(str::trim).map_err(|e| Error::new("TarShards", format!("{name:?} of sample {:?}: {e}", self.key)))
    }
}

/// The samples of `.tar`, `.tar.gz` and `.tgz` files. Files of a sample follow one another.
///
/// ```no_run
/// # use data::{IterableDataset, IterableLoader, shards::TarShards};
/// # use tensor_core::Tensor;
/// # fn main() -> tensor_core::Result<()> {
/// let shards = TarShards::new(["train-0.tar", "train-1.tar"]).shuffle_shards(true);
/// let samples = shards.shuffle(1000).map(|sample| {
///     let label = sample.text("cls")?.parse::<i64>().unwrap_or(0);
///     Ok((Tensor::from_slice(sample.part("bin")?, [28, 28])?, label))
/// });
/// for batch in &IterableLoader::new(samples).batch_size(64).workers(4) {
///     let (images, labels) = batch?;
/// }
/// # Ok(()) }
/// ```
///
/// For one of several processes, give each its own files, or cut the samples by [`IterableDataset::shard`].
#[derive(Clone, Debug)]
pub struct TarShards {
    paths: Arc<[PathBuf]>,
    shuffle: bool,
}

impl TarShards {
    /// These files, in this order.
    pub fn new(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> TarShards {
        TarShards { paths: paths.into_iter().map(Into::into).collect(), shuffle: false }
    }

    /// Whether the files come in a new random order each epoch.
    pub fn shuffle_shards(mut self, on: bool) -> TarShards {
        self.shuffle = on;
        self
    }
}

impl IterableDataset for TarShards {
    type Raw = TarSample;
    type Item = TarSample;
    fn stream(&self) -> Result<Stream<TarSample>> {
        let mut paths = self.paths.to_vec();
        if self.shuffle {
            let mut generator = rng::generator();
            let order = random::permutation(paths.len(), &mut generator);
            rng::set_generator(generator);
            paths = order.into_iter().map(|i| self.paths[i].clone()).collect();
        }
        Ok(Box::new(Reading { paths: paths.into_iter(), shard: None, waiting: None }))
    }
    fn make(&self, sample: TarSample) -> Result<TarSample> {
        Ok(sample)
    }
}

/// Where the reading stands.
struct Reading {
    paths: std::vec::IntoIter<PathBuf>,
    shard: Option<Shard>,
    /// The sample whose files are being read.
    waiting: Option<TarSample>,
}

struct Shard {
    path: PathBuf,
    file: Box<dyn Read + Send>,
    at: u64,
}

fn refused(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::new("TarShards", format!("{}: {why}", path.display())).kind_of(ErrorKind::Io)
}

impl Iterator for Reading {
    type Item = Result<TarSample>;
    fn next(&mut self) -> Option<Result<TarSample>> {
        loop {
            let Some(shard) = &mut self.shard else {
                if let Some(sample) = self.waiting.take() {
                    return Some(Ok(sample));
                }
                match Shard::open(self.paths.next()?) {
                    Ok(shard) => self.shard = Some(shard),
                    Err(e) => return Some(Err(e)),
                }
                continue;
            };
            match shard.next() {
                Ok(None) => self.shard = None,
                // What follows cannot be found any more: on with the next file.
                Err(e) => {
                    self.shard = None;
                    self.waiting = None;
                    return Some(Err(e));
                }
                Ok(Some((key, part, content))) => match &mut self.waiting {
                    Some(sample) if sample.key == key => drop(sample.parts.insert(part, content)),
                    waiting => {
                        let fresh = TarSample { key, parts: BTreeMap::from([(part, content)]) };
                        if let Some(done) = waiting.replace(fresh) {
                            return Some(Ok(done));
                        }
                    }
                },
            }
        }
    }
}

impl Shard {
    fn open(path: PathBuf) -> Result<Shard> {
        let file = BufReader::new(File::open(&path).map_err(|e| refused(&path, e))?);
        let packed = path.extension().is_some_and(|e| e == "gz" || e == "tgz");
        let file: Box<dyn Read + Send> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Shard { path, file, at: 0 })
    }

    /// Key, part and content of the next file that has a dot in its name.
    fn next(&mut self) -> Result<Option<(String, String, Vec<u8>)>> {
        loop {
            // A header, its content and the filling up to 512 bytes are read by one archive each, since the iterator of an
            // archive borrows it; long names, which take two headers, come as one entry all the same.
            let mut counted = Counted { inner: &mut self.file, read: 0 };
            let mut archive = tar::Archive::new(&mut counted);
            let mut entries = archive.entries().map_err(|e| refused(&self.path, e))?;
            let Some(entry) = entries.next() else { return Ok(None) };
            let at = self.at;
            let mut entry = entry.map_err(|e| refused(&self.path, format!("the entry at byte {at}: {e}")))?;
            let name = entry.path().map_err(|e| refused(&self.path, e))?.to_string_lossy().into_owned();
            let size = entry.size();
            if entry.header().entry_type().is_gnu_sparse() {
                return Err(refused(&self.path, format!("{name} has holes, which are not read")));
            }
            // Grows with what is there, not with what the header claims.
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|e| refused(&self.path, format!("{name}: {e}")))?;
            let is_file = entry.header().entry_type().is_file();
            drop(entry);
            if (content.len() as u64) < size {
                return Err(refused(&self.path, format!("{name} is cut off: {} of {size} bytes", content.len())));
            }
            let filling = size.next_multiple_of(512) - size;
            let skipped = std::io::copy(&mut (&mut counted).take(filling), &mut std::io::sink());
            skipped.map_err(|e| refused(&self.path, e))?;
            let read = counted.read;
            self.at += read;
            let base = name.rfind('/').map_or(0, |slash| slash + 1);
            if let Some(dot) = name[base..].find('.').filter(|_| is_file) {
                let dot = base + dot;
                return Ok(Some((name[..dot].to_string(), name[dot + 1..].to_string(), content)));
            }
        }
    }
}

/// Counts what passes, to say where in a file something is.
struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read += n as u64;
        Ok(n)
    }
}
