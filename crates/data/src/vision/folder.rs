//! Folders of files, one sub-folder for each class. Making the data set only lists names; a file is opened when its sample
//! is asked for, and closed before the next.
use super::decode::{self, DecodeOptions};
use super::stage::Stage;
use crate::{Dataset, Transform, dataset::check_index};
use std::collections::BTreeMap;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
};
use tensor_core::{Error, ErrorKind, Result, Tensor};

/// Endings that are pictures, in lower case; torchvision's list.
pub const IMG_EXTENSIONS: [&str; 9] = ["jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp"];

/// `root/class/.../file`: samples of any kind, by a function that loads one file.
///
/// Classes are the sub-folders in order of name, whatever the file system's order; files of a class are in order of path,
/// as in torchvision.
pub struct DatasetFolder<T> {
    listing: Listing,
    load: Box<dyn Fn(&Path) -> Result<T> + Send + Sync>,
}

#[derive(Clone, Debug)]
struct Listing {
    classes: Vec<String>,
    class_to_idx: BTreeMap<String, i64>,
    samples: Vec<(PathBuf, i64)>,
}

/// The methods of a folder with a field `listing`.
macro_rules! listing_methods {
    () => {
        /// The names of the classes, sorted.
        pub fn classes(&self) -> &[String] {
            &self.listing.classes
        }

        /// The number of each class.
        pub fn class_to_idx(&self) -> &BTreeMap<String, i64> {
            &self.listing.class_to_idx
        }

        /// Path and class of each sample.
        pub fn samples(&self) -> &[(PathBuf, i64)] {
            &self.listing.samples
        }
    };
}

impl<T> DatasetFolder<T> {
    /// Files with one of these endings (`["npy"]`), each read by `load` when it is asked for. A class without such a file
    /// is an error.
    pub fn new(
        root: impl AsRef<Path>,
        extensions: &[&str],
        load: impl Fn(&Path) -> Result<T> + Send + Sync + 'static,
    ) -> Result<DatasetFolder<T>> {
        let listing = list(root.as_ref(), &|path| has_extension(path, extensions), false, &extensions.join(", "))?;
        Ok(DatasetFolder { listing, load: Box::new(load) })
    }

    listing_methods!();
}

impl<T> Dataset for DatasetFolder<T> {
    type Item = (T, i64);
    fn len(&self) -> usize {
        self.listing.samples.len()
    }
    fn get(&self, index: usize) -> Result<(T, i64)> {
        check_index("DatasetFolder", index, self.len())?;
        let (path, class) = &self.listing.samples[index];
        Ok(((self.load)(path)?, *class))
    }
}

impl<T> fmt::Debug for DatasetFolder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasetFolder").field("listing", &self.listing).finish()
    }
}

/// Pictures in `root/class/.../file`: `(image, class)`, the image `u8[3, height, width]` unless a transform makes something
/// else of it.
///
/// ```no_run
/// use data::{Dataset, compose, vision::{ImageFolder, transforms::{CenterCrop, Resize, ToTensor}}};
/// # fn main() -> tensor_core::Result<()> {
/// let train = ImageFolder::new("data/train")?.transform(compose![Resize::new(256), CenterCrop::new(224), ToTensor]);
/// println!("{} pictures of {:?}", train.len(), train.classes());
/// let (image, label) = train.get(2)?;
/// # Ok(()) }
/// ```
pub struct ImageFolder {
    listing: Listing,
    decode: DecodeOptions,
    transform: Option<Box<dyn Transform>>,
}

impl ImageFolder {
    /// Every class needs a picture; see [`IMG_EXTENSIONS`].
    pub fn new(root: impl AsRef<Path>) -> Result<ImageFolder> {
        ImageFolder::listed(root.as_ref(), false)
    }

    /// Classes without a picture stay, and have their number.
    pub fn allow_empty(root: impl AsRef<Path>) -> Result<ImageFolder> {
        ImageFolder::listed(root.as_ref(), true)
    }

    fn listed(root: &Path, allow_empty: bool) -> Result<ImageFolder> {
        let endings = IMG_EXTENSIONS.join(", ");
        let listing = list(root, &|path| has_extension(path, &IMG_EXTENSIONS), allow_empty, &endings)?;
        Ok(ImageFolder { listing, decode: DecodeOptions::default(), transform: None })
    }

    /// What is done to each picture.
    pub fn transform(mut self, transform: impl Transform + 'static) -> ImageFolder {
        self.transform = Some(Box::new(transform));
        self
    }

    /// How files are read: which channels, and whether pictures are turned upright.
    pub fn decode(mut self, options: DecodeOptions) -> ImageFolder {
        self.decode = options;
        self
    }

    listing_methods!();
}

impl Dataset for ImageFolder {
    type Item = (Tensor, i64);
    fn len(&self) -> usize {
        self.listing.samples.len()
    }
    fn get(&self, index: usize) -> Result<(Tensor, i64)> {
        check_index("ImageFolder", index, self.len())?;
        let (path, class) = &self.listing.samples[index];
        let picture = decode::read(path, &self.decode)?;
        let image = match &self.transform {
            None => picture.tensor()?,
            // Straight from the decoder, without a tensor in between.
            Some(transform) => {
                let changed = transform.step(Stage::from(picture)).and_then(Stage::tensor);
                changed.map_err(|e| e.about(path.display()))?
            }
        };
        Ok((image, *class))
    }
}

impl fmt::Debug for ImageFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (classes, samples) = (&self.listing.classes, self.listing.samples.len());
        f.debug_struct("ImageFolder").field("classes", classes).field("samples", &samples).finish()
    }
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    ending.is_some_and(|e| extensions.iter().any(|x| x.trim_start_matches('.').eq_ignore_ascii_case(&e)))
}

fn list(root: &Path, wanted: &dyn Fn(&Path) -> bool, allow_empty: bool, endings: &str) -> Result<Listing> {
    const OP: &str = "ImageFolder";
    let mut classes = Vec::new();
    for entry in entries(root)? {
        if entry.is_dir() {
            match entry.file_name().and_then(|n| n.to_str()) {
                Some(name) => classes.push(name.to_string()),
                None => return Err(Error::new(OP, format!("the name of {} is not UTF-8", entry.display()))),
            }
        }
    }
    classes.sort_unstable();
    if classes.is_empty() {
        return Err(Error::new(OP, format!("there is no class folder in {}", root.display()))
            .kind_of(ErrorKind::Io)
            .hint("a picture belongs at ROOT/CLASS/NAME.jpg"));
    }
    let (mut samples, mut empty) = (Vec::new(), Vec::new());
    for (class, name) in classes.iter().enumerate() {
        let mut folders = vec![root.join(name)];
        below(&root.join(name), &mut Vec::new(), &mut folders)?;
        // By the text of the path, as torchvision sorts; paths compare by their parts.
        folders.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        let before = samples.len();
        for folder in folders {
            let mut files: Vec<PathBuf> = entries(&folder)?.into_iter().filter(|p| !p.is_dir() && wanted(p)).collect();
            files.sort_unstable_by(|a, b| a.file_name().cmp(&b.file_name()));
            samples.extend(files.into_iter().map(|path| (path, class as i64)));
        }
        if samples.len() == before {
            empty.push(name.as_str());
        }
    }
    if !(empty.is_empty() || allow_empty) {
        return Err(Error::new(OP, format!("no file for the classes {} in {}", empty.join(", "), root.display()))
            .kind_of(ErrorKind::Io)
            .hint(format!("files with these endings count: {endings}; or use ImageFolder::allow_empty")));
    }
    let class_to_idx = classes.iter().enumerate().map(|(i, name)| (name.clone(), i as i64)).collect();
    Ok(Listing { classes, class_to_idx, samples })
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let named = |e: std::io::Error| Error::from(e).renamed("ImageFolder").about(folder.display());
    fs::read_dir(folder).map_err(named)?.map(|entry| Ok(entry.map_err(named)?.path())).collect()
}

/// All folders below, links followed; a link back to a folder that it is in is not.
fn below(folder: &Path, within: &mut Vec<PathBuf>, found: &mut Vec<PathBuf>) -> Result<()> {
    let real = folder.canonicalize().map_err(|e| Error::from(e).renamed("ImageFolder").about(folder.display()))?;
    within.push(real);
    for entry in entries(folder)? {
        if entry.is_dir() && !entry.canonicalize().is_ok_and(|real| within.contains(&real)) {
            below(&entry, within, found)?;
            found.push(entry);
        }
    }
    within.pop();
    Ok(())
}
