//! CIFAR-10 and CIFAR-100, from the binary files or from the Python ones.
use super::{
    Folder, ImageSet,
    folder::{Content, damaged},
    table::{self, Entry},
};
use files::pt::{self, Key, Value};
use tensor_core::{DType, Error, Result};

const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;

/// 60,000 colour pictures `[3, 32, 32]` of ten classes. The folder holds `cifar-10-binary.tar.gz` or
/// `cifar-10-python.tar.gz`, packed or not; where both are, the binary one is read.
#[derive(Clone, Copy, Debug)]
pub struct Cifar10;

/// 60,000 colour pictures `[3, 32, 32]` of a hundred classes, which belong to twenty superclasses. The folder holds
/// `cifar-100-binary.tar.gz` or `cifar-100-python.tar.gz`, packed or not.
#[derive(Clone, Copy, Debug)]
pub struct Cifar100;

const TEN: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

impl Cifar10 {
    /// The 50,000 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<ImageSet> {
        let binary =
            ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
        let python = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"];
        Cifar10::part(&folder.into(), binary, python)
    }

    /// The 10,000 to test with.
    pub fn test(folder: impl Into<Folder>) -> Result<ImageSet> {
        Cifar10::part(&folder.into(), ["test_batch.bin"], ["test_batch"])
    }

    fn part<const N: usize>(folder: &Folder, binary: [&str; N], python: [&str; N]) -> Result<ImageSet> {
        either(
            folder,
            [&table::CIFAR10, &table::CIFAR10_PYTHON],
            binary,
            python,
            Labels { before: 0, key: "labels" },
            &TEN,
        )
    }
}

impl Cifar100 {
    /// The 50,000 to learn from, with their fine labels.
    pub fn train(folder: impl Into<Folder>) -> Result<ImageSet> {
        Cifar100::part(&folder.into(), ["train.bin"], ["train"], true)
    }

    /// The 10,000 to test with, with their fine labels.
    pub fn test(folder: impl Into<Folder>) -> Result<ImageSet> {
        Cifar100::part(&folder.into(), ["test.bin"], ["test"], true)
    }

    /// The 50,000 to learn from, labelled with the twenty superclasses.
    pub fn train_coarse(folder: impl Into<Folder>) -> Result<ImageSet> {
        Cifar100::part(&folder.into(), ["train.bin"], ["train"], false)
    }

    /// The 10,000 to test with, labelled with the twenty superclasses.
    pub fn test_coarse(folder: impl Into<Folder>) -> Result<ImageSet> {
        Cifar100::part(&folder.into(), ["test.bin"], ["test"], false)
    }

    fn part(folder: &Folder, binary: [&str; 1], python: [&str; 1], fine: bool) -> Result<ImageSet> {
        let entries = [&table::CIFAR100, &table::CIFAR100_PYTHON];
        // A binary record has the superclass first, then the class.
        let (labels, classes) = match fine {
            true => (Labels { before: 1, key: "fine_labels" }, &FINE[..]),
            false => (Labels { before: 0, key: "coarse_labels" }, &COARSE[..]),
        };
        either(folder, entries, binary, python, labels, classes)
    }
}

/// Where the wanted label is: behind how many bytes of a record, under which key of the dictionary.
#[derive(Clone, Copy)]
struct Labels {
    before: usize,
    key: &'static str,
}

fn either<const N: usize>(
    folder: &Folder,
    [binary, python]: [&'static Entry; 2],
    binary_files: [&str; N],
    python_files: [&str; N],
    labels: Labels,
    classes: &[&str],
) -> Result<ImageSet> {
    // Bytes in front of the pixels of a binary record.
    let labels_in_record = if classes.len() == TEN.len() { 1 } else { 2 };
    match folder.read(binary, binary_files) {
        Ok(files) => records(binary, &files, labels_in_record, labels.before, classes),
        Err(missing) if missing.message().contains(" is not in ") => match folder.read(python, python_files) {
            Ok(files) => dictionaries(python, &files, labels.key, classes),
            // Of neither kind is there anything: the advice about the binary files is as good.
            Err(e) if e.message().contains(" is not in ") => Err(missing),
            Err(e) => Err(e),
        },
        Err(e) => Err(e),
    }
}

fn records(
    entry: &'static Entry,
    files: &[Content],
    labels_in_record: usize,
    before: usize,
    classes: &[&str],
) -> Result<ImageSet> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    let size = labels_in_record + PIXELS;
    for file in files {
        if file.bytes.len() % size != 0 {
            let whole = file.bytes.len() / size * size;
            let why = format!("the record at byte {whole} is cut off: {} of {size} bytes", file.bytes.len() - whole);
            return Err(file.damaged(entry.name, why));
        }
        for record in file.bytes.chunks_exact(size) {
            labels.push(i64::from(record[before]));
            pixels.extend_from_slice(&record[labels_in_record..]);
        }
    }
    let path = files.first().map_or("", |file| &file.path);
    ImageSet::checked(entry.name, path, (pixels, SHAPE), labels, classes)
}

fn dictionaries(entry: &'static Entry, files: &[Content], key: &str, classes: &[&str]) -> Result<ImageSet> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for file in files {
        let (data, of) = batch(&file.bytes, key).map_err(|e| damaged(entry.name, &file.path, e.message()))?;
        if Some(data.len()) != of.len().checked_mul(PIXELS) {
            let why = format!("{} bytes of pixels for {} labels", data.len(), of.len());
            return Err(file.damaged(entry.name, why));
        }
        pixels.extend(data);
        labels.extend(of);
    }
    let path = files.first().map_or("", |file| &file.path);
    ImageSet::checked(entry.name, path, (pixels, SHAPE), labels, classes)
}

/// The pixels and the labels of a batch: a dictionary with a list and an array of bytes. The pickle is read without running
/// anything of it.
fn batch(pickle: &[u8], key: &str) -> Result<(Vec<u8>, Vec<i64>)> {
    let batch = pt::from_pickle(pickle)?;
    // Python 2 has text for keys, Python 3 that loads and writes it again has bytes.
    let entry = |name: &str| {
        let found = batch.get(name).or_else(|| batch.get(Key::Bytes(name.into())));
        found.ok_or_else(|| Error::new("pickle", format!("there is no entry {name:?}")))
    };
    let pixels = match entry("data")?.as_tensor() {
        Some(data) if data.dtype() == DType::U8 => data.to_vec()?,
        _ => return Err(Error::new("pickle", "\"data\" is no array of bytes")),
    };
    let labels = entry(key)?.as_list().unwrap_or_default().iter().map(Value::as_i64).collect::<Option<_>>();
    Ok((pixels, labels.ok_or_else(|| Error::new("pickle", format!("{key:?} holds something that is no number")))?))
}

#[rustfmt::skip]
const COARSE: [&str; 20] = [
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables", "household_electrical_devices",
    "household_furniture", "insects", "large_carnivores", "large_man-made_outdoor_things",
    "large_natural_outdoor_scenes", "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates",
    "people", "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
];

#[rustfmt::skip]
const FINE: [&str; 100] = [
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
    "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
    "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest",
    "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard",
    "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum",
    "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper",
    "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
    "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf",
    "woman", "worm",
];
