//! From pictures to what a network eats.
use super::functional;
use crate::{Transform, vision::Stage};
use tensor_core::{DType, Error, Result, Tensor};

/// From a picture `u8[channels, height, width]` to `f32` of 0 to 1; floats stay what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToTensor;

impl Transform for ToTensor {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        functional::to_tensor(x)
    }
    fn step(&self, x: Stage) -> Result<Stage> {
        x.into_floats()
    }
}

/// `(x - mean) / std` for each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalize {
    /// One for each channel.
    pub mean: Vec<f64>,
    /// One for each channel, none of them 0.
    pub std: Vec<f64>,
}

impl Normalize {
    /// ImageNet's: `Normalize::new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])`.
    pub fn new(mean: impl Into<Vec<f64>>, std: impl Into<Vec<f64>>) -> Normalize {
        Normalize { mean: mean.into(), std: std.into() }
    }
}

impl Transform for Normalize {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        functional::normalize(x, &self.mean, &self.std)
    }
    fn step(&self, x: Stage) -> Result<Stage> {
        x.normalize(&self.mean, &self.std)
    }
}

/// Another dtype, with the range that goes with it: bytes 0 to 255, floats 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvertImageDtype {
    /// `U8` or a float.
    pub dtype: DType,
}

impl ConvertImageDtype {
    /// To this dtype.
    pub fn new(dtype: DType) -> ConvertImageDtype {
        ConvertImageDtype { dtype }
    }
}

impl Transform for ConvertImageDtype {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        match (x.dtype(), self.dtype) {
            (a, b) if a == b => Ok(x.clone()),
            (DType::U8, to) if to.is_float() => x.to_dtype(to)?.div(255.0),
            // 256 steps of equal width, as torchvision cuts them.
            (from, DType::U8) if from.is_float() => (x * (256.0 - 1e-3))?.to_dtype(DType::U8),
            (from, to) if from.is_float() && to.is_float() => x.to_dtype(to),
            (from, to) => Err(Error::new("ConvertImageDtype", format!("from {from} to {to}: bytes and floats only"))),
        }
    }
}
