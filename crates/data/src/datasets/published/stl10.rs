//! STL-10: few labelled pictures, many without labels.
use super::{Folder, ImageSet, folder::Content, table};
use tensor_core::{Error, Result};

/// Colour pictures `[3, 96, 96]` of ten classes. The folder holds `stl10_binary.tar.gz`, packed or not.
#[derive(Clone, Copy, Debug)]
pub struct Stl10;

const SIDE: usize = 96;

impl Stl10 {
    /// The 5,000 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<ImageSet> {
        let [images, labels] = folder.into().read(&table::STL10, ["train_X.bin", "train_y.bin"])?;
        Stl10::labelled(&images, &labels)
    }

    /// The 8,000 to test with.
    pub fn test(folder: impl Into<Folder>) -> Result<ImageSet> {
        let [images, labels] = folder.into().read(&table::STL10, ["test_X.bin", "test_y.bin"])?;
        Stl10::labelled(&images, &labels)
    }

    /// 100,000 without labels: every label is -1.
    pub fn unlabeled(folder: impl Into<Folder>) -> Result<ImageSet> {
        let [images] = folder.into().read(&table::STL10, ["unlabeled_X.bin"])?;
        let count = images.bytes.len() / (3 * SIDE * SIDE);
        Stl10::set(&images, vec![-1; count])
    }

    /// Which of the pictures to learn from make up one of the ten published folds, 0 to 9: for
    /// [`crate::Dataset::subset`].
    pub fn fold(folder: impl Into<Folder>, number: usize) -> Result<Vec<usize>> {
        let name = table::STL10.name;
        let [content] = folder.into().read(&table::STL10, ["fold_indices.txt"])?;
        let path = content.path.clone();
        let text = content.text(name)?;
        let Some(line) = text.lines().nth(number) else {
            return Err(Error::new(name, format!("{path}: there is no fold {number}")).hint("there are ten, 0 to 9"));
        };
        let index = |word: &str| {
            word.parse().map_err(|_| super::folder::damaged(name, &path, format!("line {}: {word:?}", number + 1)))
        };
        line.split_whitespace().map(index).collect()
    }

    fn labelled(images: &Content, labels: &Content) -> Result<ImageSet> {
        // Counted from 1 in the file.
        Stl10::set(images, labels.bytes.iter().map(|&label| i64::from(label) - 1).collect())
    }

    fn set(images: &Content, labels: Vec<i64>) -> Result<ImageSet> {
        let mut pixels = Vec::with_capacity(images.bytes.len());
        let planes = images.bytes.chunks_exact(SIDE * SIDE);
        let rest = planes.remainder().len();
        // Column by column.
        planes.for_each(|plane| pixels.extend((0..SIDE * SIDE).map(|i| plane[i % SIDE * SIDE + i / SIDE])));
        if rest > 0 {
            let why = format!("the picture at byte {} is cut off", images.bytes.len() - rest);
            return Err(images.damaged(table::STL10.name, why));
        }
        let classes = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"];
        ImageSet::checked(table::STL10.name, &images.path, (pixels, [3, SIDE, SIDE]), labels, &classes)
    }
}
