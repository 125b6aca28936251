//! Pictures of nothing, to try a program out before the data are there.
use crate::dataset::{Dataset, check_index};
use crate::random::{Purpose, Words, stream};
use tensor_core::{Error, Result, Tensor, rng::with_generator};

/// Random pictures `f32[channels, height, width]` of 0 to 1 and random labels, the same at each call.
///
/// ```
/// # use data::{Dataset, datasets::FakeData};
/// # fn main() -> tensor_core::Result<()> {
/// let pictures = FakeData::new(100, [3, 24, 24], 10)?;
/// let (image, label) = pictures.get(7)?;
/// assert_eq!(image.shape(), [3, 24, 24]);
/// assert!((0..10).contains(&label));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FakeData {
    size: usize,
    image_size: [usize; 3],
    /// At least 1.
    num_classes: usize,
    seed: u64,
}

impl FakeData {
    /// `size` pictures of `num_classes` classes.
    pub fn new(size: usize, image_size: [usize; 3], num_classes: usize) -> Result<FakeData> {
        if num_classes == 0 {
            return Err(Error::new("FakeData", "num_classes is 0").hint("it is at least 1"));
        }
        Ok(FakeData { size, image_size, num_classes, seed: 0 })
    }

    /// Other pictures.
    pub fn seed(mut self, seed: u64) -> FakeData {
        self.seed = seed;
        self
    }
}

impl Dataset for FakeData {
    type Item = (Tensor, i64);
    fn len(&self) -> usize {
        self.size
    }
    fn get(&self, index: usize) -> Result<(Tensor, i64)> {
        check_index("FakeData", index, self.size)?;
        let mut generator = stream(self.seed, 0, Purpose::Sample, index);
        let label = Words::of(&mut generator, 1).below(self.num_classes) as i64;
        Ok((with_generator(&mut generator, || Tensor::rand(self.image_size))?, label))
    }
}
