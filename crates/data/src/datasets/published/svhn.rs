//! SVHN: house numbers in street views.
use super::{Folder, ImageSet, mat, table};
use tensor_core::Result;

/// Colour pictures `[3, 32, 32]` of digits in house numbers, labelled 0 to 9 (the files have 10 for a zero). The folder
/// holds `train_32x32.mat`, `test_32x32.mat`, `extra_32x32.mat`, or those that are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Svhn;

impl Svhn {
    /// The 73,257 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<ImageSet> {
        Svhn::part(&folder.into(), "train_32x32.mat")
    }

    /// The 26,032 to test with.
    pub fn test(folder: impl Into<Folder>) -> Result<ImageSet> {
        Svhn::part(&folder.into(), "test_32x32.mat")
    }

    /// 531,131 easier ones.
    pub fn extra(folder: impl Into<Folder>) -> Result<ImageSet> {
        Svhn::part(&folder.into(), "extra_32x32.mat")
    }

    fn part(folder: &Folder, file: &str) -> Result<ImageSet> {
        let name = table::SVHN.name;
        let [content] = folder.read(&table::SVHN, [file])?;
        let arrays = mat::read(name, &content)?;
        let array = |wanted: &str| {
            let found = arrays.iter().find(|array| array.name == wanted);
            found.ok_or_else(|| content.damaged(name, format!("there is no array of numbers {wanted:?} in it")))
        };
        let (x, y) = (array("X")?, array("y")?);
        let (&[height, width, channels, _], Some(columns)) = (x.sizes.as_slice(), x.bytes()) else {
            return Err(
                content.damaged(name, format!("\"X\" is no [height, width, channels, count] of bytes: {:?}", x.sizes))
            );
        };
        let Some(labels) = y.integers() else {
            return Err(content.damaged(name, "\"y\" holds labels that are no whole numbers"));
        };
        let labels: Vec<i64> = labels.into_iter().map(|label| if label == 10 { 0 } else { label }).collect();
        // Column by column: the row is what changes fastest.
        let size = height * width;
        let mut pixels = Vec::with_capacity(columns.len());
        for plane in columns.chunks_exact(size.max(1)) {
            pixels.extend((0..size).map(|i| plane[i % width * height + i / width]));
        }
        let classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        ImageSet::checked(name, &content.path, (pixels, [channels, height, width]), labels, &classes)
    }
}
