//! Handwritten digits of 8x8 pixels, inside the program: no download, no file to find.
use crate::dataset::{Dataset, check_index};
use flate2::read::GzDecoder;
use std::{
    io::Read,
    sync::{Arc, OnceLock},
};
use tensor_core::{Error, Result, Tensor};

// 1,797 lines: 64 pixels of 0 to 16, then the label.
const FILE: &[u8] = include_bytes!("../../data/digits.csv.gz");
const PIXELS: usize = 64;
const TEST: usize = 360;

/// 1,797 handwritten digits: images `f32[1, 8, 8]` of 0 to 1, labels 0 to 9. The last 360 are the test part, written by
/// other people.
///
/// From "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning Repository,
/// CC BY 4.0), as packaged by scikit-learn (BSD-3-Clause); see the NOTICE beside the file.
///
/// ```
/// # use data::{Dataset, datasets::Digits};
/// # fn main() -> tensor_core::Result<()> {
/// let (image, label) = Digits::train()?.get(0)?;
/// assert_eq!((image.shape(), label), (&[1, 8, 8][..], 0));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Digits {
    all: Arc<All>,
    start: usize,
    len: usize,
}

#[derive(Debug)]
struct All {
    pixels: Vec<f32>,
    labels: Vec<i64>,
}

impl Digits {
    /// The first 1,437.
    pub fn train() -> Result<Digits> {
        let all = all()?;
        let len = all.labels.len() - TEST;
        Ok(Digits { all, start: 0, len })
    }

    /// The last 360.
    pub fn test() -> Result<Digits> {
        let all = all()?;
        let start = all.labels.len() - TEST;
        Ok(Digits { all, start, len: TEST })
    }
}

impl Dataset for Digits {
    type Item = (Tensor, i64);
    fn len(&self) -> usize {
        self.len
    }
    fn get(&self, index: usize) -> Result<(Tensor, i64)> {
        check_index("Digits", index, self.len)?;
        let row = self.start + index;
        let pixels = &self.all.pixels[row * PIXELS..(row + 1) * PIXELS];
        Ok((Tensor::from_slice(pixels, [1, 8, 8])?, self.all.labels[row]))
    }
}

fn all() -> Result<Arc<All>> {
    static ALL: OnceLock<Option<Arc<All>>> = OnceLock::new();
    let damaged = || Error::new("Digits", "the data inside the program is damaged");
    ALL.get_or_init(|| read().map(Arc::new)).clone().ok_or_else(damaged)
}

fn read() -> Option<All> {
    let mut text = String::new();
    GzDecoder::new(FILE).read_to_string(&mut text).ok()?;
    let mut all = All { pixels: Vec::new(), labels: Vec::new() };
    for line in text.lines() {
        let (pixels, label) = line.rsplit_once(',')?;
        for pixel in pixels.split(',') {
            all.pixels.push(pixel.parse::<f32>().ok()? / 16.0);
        }
        all.labels.push(label.parse().ok().filter(|l| (0..10).contains(l))?);
    }
    let whole = all.labels.len() > TEST && all.pixels.len() == all.labels.len() * PIXELS;
    whole.then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_the_published_ones() {
        let (train, test) = (Digits::train().unwrap(), Digits::test().unwrap());
        assert_eq!((train.len(), test.len()), (1437, 360));
        // Counts by class in the description of the data set.
        let mut counts = [0; 10];
        for part in [&train, &test] {
            (0..part.len()).for_each(|i| counts[part.get(i).unwrap().1 as usize] += 1);
        }
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let (image, label) = train.get(0).unwrap();
        assert_eq!(label, 0);
        assert_eq!(image.to_vec::<f32>().unwrap()[2..6], [5.0 / 16.0, 13.0 / 16.0, 9.0 / 16.0, 1.0 / 16.0]);
        assert!(test.get(360).is_err());
    }
}
