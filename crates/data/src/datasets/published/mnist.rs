//! MNIST and the data sets in its format.
use super::{Folder, ImageSet, folder::Content, idx::Idx, table};
use tensor_core::{Error, Result};

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

fn images(
    entry: &'static table::Entry,
    [images, labels]: [Content; 2],
    classes: &[&str],
    label: impl FnOnce(Idx) -> Vec<i64>,
    label_rank: usize,
) -> Result<ImageSet> {
    let path = images.path.clone();
    let images = Idx::read(entry.name, images, 3)?;
    let shape = [1, images.sizes[1], images.sizes[2]];
    let Some(pixels) = images.into_bytes() else {
        return Err(super::folder::damaged(entry.name, &path, "pixels are bytes"));
    };
    let labels = label(Idx::read(entry.name, labels, label_rank)?);
    ImageSet::checked(entry.name, &path, (pixels, shape), labels, classes)
}

macro_rules! family {
    ($($(#[$doc:meta])* $name:ident = $entry:ident, $classes:expr;)*) => { $(
        $(#[$doc])*
        ///
        /// Pictures `[1, 28, 28]`. The folder holds the files of [`super::table`], packed or not, itself or in `NAME/raw`.
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $name {
            /// The 60,000 to learn from.
            pub fn train(folder: impl Into<Folder>) -> Result<ImageSet> {
                let files = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"];
                images(&table::$entry, folder.into().read(&table::$entry, files)?, &$classes, |x| x.to_integers(), 1)
            }

            /// The 10,000 to test with.
            pub fn test(folder: impl Into<Folder>) -> Result<ImageSet> {
                let files = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];
                images(&table::$entry, folder.into().read(&table::$entry, files)?, &$classes, |x| x.to_integers(), 1)
            }
        }
    )* };
}
family! {
    /// Handwritten digits.
    Mnist = MNIST, DIGITS;
    /// Clothes.
    FashionMnist = FASHION_MNIST, [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ];
    /// Japanese characters in cursive.
    Kmnist = KMNIST, ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"];
}

/// MNIST made again from its sources, with all 60,000 test digits; pictures `[1, 28, 28]`.
#[derive(Clone, Copy, Debug)]
pub struct Qmnist;

impl Qmnist {
    /// The 60,000 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<ImageSet> {
        Qmnist::part(folder.into(), ["qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int"])
    }

    /// The 60,000 to test with; the first 10,000 are those of MNIST.
    pub fn test(folder: impl Into<Folder>) -> Result<ImageSet> {
        Qmnist::part(folder.into(), ["qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"])
    }

    fn part(folder: Folder, files: [&str; 2]) -> Result<ImageSet> {
        // Of the eight numbers about each digit, the first is its class.
        let label = |x: Idx| x.to_integers().chunks(x.sizes[1].max(1)).map(|row| row[0]).collect();
        images(&table::QMNIST, folder.read(&table::QMNIST, files)?, &DIGITS, label, 2)
    }
}

/// Handwritten letters and digits, in six parts. Pictures `[1, 28, 28]` are stored with rows and columns exchanged, and
/// given as stored, as torchvision gives them: `image.transpose(1, 2)` stands upright.
#[derive(Clone, Copy, Debug)]
pub struct Emnist;

/// The classes and sizes that EMNIST comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmnistSplit {
    /// 62 unbalanced classes: digits, capital and small letters.
    ByClass,
    /// 47 unbalanced classes: small letters that look like capitals count as these.
    ByMerge,
    /// 47 classes of equal size.
    Balanced,
    /// 26 letters; as in the file, their labels are 1 to 26.
    Letters,
    /// Ten digits.
    Digits,
    /// Ten digits, as many as MNIST has.
    Mnist,
}

impl EmnistSplit {
    fn name(self) -> &'static str {
        match self {
            EmnistSplit::ByClass => "byclass",
            EmnistSplit::ByMerge => "bymerge",
            EmnistSplit::Balanced => "balanced",
            EmnistSplit::Letters => "letters",
            EmnistSplit::Digits => "digits",
            EmnistSplit::Mnist => "mnist",
        }
    }

    fn classes(self) -> Vec<String> {
        let (digits, capitals, small) = ('0'..='9', 'A'..='Z', 'a'..='z');
        let classes: Vec<char> = match self {
            EmnistSplit::ByClass => digits.chain(capitals).chain(small).collect(),
            EmnistSplit::ByMerge | EmnistSplit::Balanced => {
                digits.chain(capitals).chain(small.filter(|c| !"cijklmopsuvwxyz".contains(*c))).collect()
            }
            EmnistSplit::Letters => return std::iter::once("N/A".into()).chain(small.map(String::from)).collect(),
            EmnistSplit::Digits | EmnistSplit::Mnist => digits.collect(),
        };
        classes.into_iter().map(String::from).collect()
    }
}

impl Emnist {
    /// The part to learn from.
    pub fn train(folder: impl Into<Folder>, split: EmnistSplit) -> Result<ImageSet> {
        Emnist::part(folder.into(), split, "train")
    }

    /// The part to test with.
    pub fn test(folder: impl Into<Folder>, split: EmnistSplit) -> Result<ImageSet> {
        Emnist::part(folder.into(), split, "test")
    }

    fn part(folder: Folder, split: EmnistSplit, part: &str) -> Result<ImageSet> {
        let stem = format!("emnist-{}-{part}", split.name());
        let (pictures, labels) = (format!("{stem}-images-idx3-ubyte"), format!("{stem}-labels-idx1-ubyte"));
        let files = folder.read(&table::EMNIST, [pictures.as_str(), labels.as_str()])?;
        let classes = split.classes();
        let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
        images(&table::EMNIST, files, &classes, |x| x.to_integers(), 1)
    }
}

/// From the name in the files: `balanced`, `letters`...
impl std::str::FromStr for EmnistSplit {
    type Err = Error;
    fn from_str(name: &str) -> Result<EmnistSplit> {
        use EmnistSplit::{Balanced, ByClass, ByMerge, Digits, Letters, Mnist};
        let all = [ByClass, ByMerge, Balanced, Letters, Digits, Mnist];
        all.into_iter().find(|split| split.name() == name).ok_or_else(|| {
            Error::new("Emnist", format!("there is no split {name:?}"))
                .hint("it is byclass, bymerge, balanced, letters, digits or mnist")
        })
    }
}
