//! Small pictures of one size with labels, in memory as bytes.
use super::folder::damaged;
use crate::dataset::{Dataset, check_index};
use std::sync::Arc;
use tensor_core::{Result, Tensor};

/// Pictures of one size and their labels. A sample is a picture `f32[channels, height, width]` of 0 to 1, as torchvision's
/// `ToTensor` makes it, and the number of its class; [`ImageSet::images`] has all of them as bytes. A copy shares them.
#[derive(Clone, Debug)]
pub struct ImageSet {
    all: Arc<All>,
}

#[derive(Debug)]
struct All {
    /// As many as there are labels, of `shape` each.
    pixels: Vec<u8>,
    shape: [usize; 3],
    labels: Vec<i64>,
    classes: Vec<String>,
}

impl ImageSet {
    /// Fails where there are not as many pictures as labels, or a label is no class; `path` is named then.
    pub(super) fn checked(
        name: &'static str,
        path: &str,
        (pixels, shape): (Vec<u8>, [usize; 3]),
        labels: Vec<i64>,
        classes: &[&str],
    ) -> Result<ImageSet> {
        let size: usize = shape.iter().product();
        if Some(pixels.len()) != labels.len().checked_mul(size) {
            let why =
                format!("there are {} bytes of pictures of {size} bytes for {} labels", pixels.len(), labels.len());
            return Err(damaged(name, path, why));
        }
        // -1 is no label at all, as STL-10 has it.
        let wrong = |label: &&i64| !(-1..classes.len() as i64).contains(label);
        if let Some(label) = labels.iter().find(wrong) {
            return Err(damaged(name, path, format!("label {label} is none of {} classes", classes.len())));
        }
        let classes = classes.iter().map(|class| class.to_string()).collect();
        Ok(ImageSet { all: Arc::new(All { pixels, shape, labels, classes }) })
    }

    /// All pictures: `u8[count, channels, height, width]`.
    pub fn images(&self) -> Result<Tensor> {
        let [c, h, w] = self.all.shape;
        Tensor::from_slice(&self.all.pixels, [self.all.labels.len(), c, h, w])
    }

    /// All labels: `i64[count]`.
    pub fn labels(&self) -> Result<Tensor> {
        Tensor::from_slice(&self.all.labels, [self.all.labels.len()])
    }

    /// The names of the classes, by number.
    pub fn classes(&self) -> &[String] {
        &self.all.classes
    }

    /// One picture as bytes: `u8[channels, height, width]`.
    pub fn image(&self, index: usize) -> Result<Tensor> {
        Tensor::from_slice(self.bytes(index)?, self.all.shape)
    }

    fn bytes(&self, index: usize) -> Result<&[u8]> {
        check_index("ImageSet", index, self.all.labels.len())?;
        let size: usize = self.all.shape.iter().product();
        Ok(&self.all.pixels[index * size..(index + 1) * size])
    }
}

impl Dataset for ImageSet {
    type Item = (Tensor, i64);
    fn len(&self) -> usize {
        self.all.labels.len()
    }
    fn get(&self, index: usize) -> Result<(Tensor, i64)> {
        let pixels: Vec<f32> = self.bytes(index)?.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        Ok((Tensor::from_slice(&pixels, self.all.shape)?, self.all.labels[index]))
    }
}
