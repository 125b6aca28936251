//! Single tensors out of a large file.
use super::{read_header, refused, tensor, words};
use crate::{StateDict, read::cannot_read};
use safetensors::tensor::{Metadata, TensorInfo};
use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use tensor_core::{Error, Result, Tensor};

/// An open file: its header is read, its tensors are when they are asked for.
///
/// The file is read where a tensor stands, not mapped into memory: a tensor owns its elements, so that a map would be
/// copied from all the same, and a mapped file that another program cuts short ends this one.
///
/// ```
/// # use files::{StateDict, safetensors::Reader};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// # let path = std::env::temp_dir().join(format!("flambeau-reader-{}.safetensors", std::process::id()));
/// let dict: StateDict = [("a", Tensor::ones([2, 3])?), ("b", Tensor::zeros([4])?)].into_iter().collect();
/// dict.save(&path)?;
/// let file = Reader::open(&path)?;
/// assert_eq!(file.names(), ["a", "b"]);
/// assert_eq!(file.shape("a"), Some(&[2, 3][..]));
/// assert_eq!(file.read("b")?.to_vec::<f32>()?, [0.0; 4]);
/// # std::fs::remove_file(path).ok();
/// # Ok(()) }
/// ```
pub struct Reader {
    path: PathBuf,
    file: Mutex<File>,
    header: Metadata,
    /// In the order of their positions.
    names: Vec<String>,
    /// Where the elements start.
    start: u64,
}

impl Reader {
    /// Opens a file and reads its header.
    pub fn open(path: impl AsRef<Path>) -> Result<Reader> {
        let path = path.as_ref();
        let open = || {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            Ok((file, length))
        };
        let (file, length) = open().map_err(|e| cannot_read("safetensors", path, e))?;
        let (header, start) = read_header(&mut BufReader::new(&file), length)
            .map_err(|e| e.renamed("safetensors").about(path.display()))?;
        let names = header.offset_keys();
        Ok(Reader { path: path.to_path_buf(), file: Mutex::new(file), header, names, start })
    }

    /// Names, in the order in which the tensors stand in the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// The shape of a tensor; `None` where there is none of this name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.header.info(name).map(|info| &info.shape[..])
    }
    /// The file's free text by key.
    pub fn metadata(&self) -> BTreeMap<String, String> {
        words(&self.header)
    }

    /// Reads one tensor.
    ///
    /// # Errors
    /// A name that is not in the file, a dtype that no tensor has, a file that has changed since it was opened.
    pub fn read(&self, name: &str) -> Result<Tensor> {
        let info = self.header.info(name).ok_or_else(|| {
            refused(format!("{} has no tensor {name:?}", self.path.display())).hint("names() says what it has")
        })?;
        self.read_info(name, info).map_err(|e| e.about(self.path.display()))
    }

    /// Reads all tensors.
    pub fn read_all(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        for name in &self.names {
            let tensor = self.read(name)?;
            dict.insert(name.clone(), tensor);
        }
        dict.metadata = self.metadata();
        Ok(dict)
    }

    fn read_info(&self, name: &str, info: &TensorInfo) -> Result<Tensor> {
        let (from, to) = info.data_offsets;
        // The header was compared with the length of the file, so this is no longer than that.
        let mut elements = vec![0; to - from];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = file.seek(SeekFrom::Start(self.start + from as u64)).and_then(|_| file.read_exact(&mut elements));
        drop(file);
        whole.map_err(|e| -> Error {
            refused(format!("tensor {name:?} cannot be read: {e}"))
                .hint("the file has changed since it was opened")
                .source_of(e)
        })?;
        tensor(name, info, &elements)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({}: {} tensors)", self.path.display(), self.names.len())
    }
}
