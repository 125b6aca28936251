//! USPS: digits of postal codes.
use super::{Folder, ImageSet, folder::damaged, table};
use tensor_core::Result;

/// Handwritten digits `[1, 16, 16]` from envelopes. The folder holds `usps.bz2` and `usps.t.bz2`.
#[derive(Clone, Copy, Debug)]
pub struct Usps;

const SIDE: usize = 16;

impl Usps {
    /// The 7,291 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<ImageSet> {
        Usps::part(&folder.into(), "usps.bz2")
    }

    /// The 2,007 to test with.
    pub fn test(folder: impl Into<Folder>) -> Result<ImageSet> {
        Usps::part(&folder.into(), "usps.t.bz2")
    }

    // Lines of `label index:value ..`, values of -1 to 1, labels counted from 1.
    fn part(folder: &Folder, file: &str) -> Result<ImageSet> {
        let name = table::USPS.name;
        let [content] = folder.read(&table::USPS, [file])?;
        let path = content.path.clone();
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for (i, line) in content.text(name)?.lines().enumerate() {
            let wrong = |what: &str| damaged(name, &path, format!("line {}: {what}", i + 1));
            let mut words = line.split_ascii_whitespace();
            let label: i64 =
                words.next().and_then(|word| word.parse().ok()).ok_or_else(|| wrong("there is no label"))?;
            labels.push(label.checked_sub(1).ok_or_else(|| wrong("there is no label"))?);
            let start = pixels.len();
            for word in words {
                let value = word.rsplit(':').next().and_then(|value| value.parse::<f32>().ok());
                let value = value.filter(|value| (-1.0..=1.0).contains(value));
                let value = value.ok_or_else(|| wrong(&format!("{word:?} is no value of -1 to 1")))?;
                // As torchvision: rounded down.
                pixels.push(((value + 1.0) / 2.0 * 255.0) as u8);
            }
            if pixels.len() - start != SIDE * SIDE {
                return Err(wrong(&format!("there are {} values of {}", pixels.len() - start, SIDE * SIDE)));
            }
        }
        let classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        ImageSet::checked(name, &path, (pixels, [1, SIDE, SIDE]), labels, &classes)
    }
}
