//! Random erasing (Zhong et al., "Random Erasing Data Augmentation", 2017).
use super::{between, happens, ordered, whole};
use crate::{Transform, random::Words, vision::functional};
use tensor_core::{Error, Result, Tensor};

/// What an erased part shows.
#[derive(Clone, Debug, PartialEq)]
pub enum EraseValue {
    /// One number, or one for each channel.
    Constant(Vec<f64>),
    /// Normal noise.
    Random,
}

/// Erases a part of a tensor of floats with probability `p`; put it after `ToTensor`.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomErasing {
    /// How often.
    pub p: f64,
    /// The part's area, of that of the picture.
    pub scale: [f64; 2],
    /// Its width over its height.
    pub ratio: [f64; 2],
    /// What it shows.
    pub value: EraseValue,
}

impl Default for RandomErasing {
    fn default() -> Self {
        RandomErasing { p: 0.5, scale: [0.02, 0.33], ratio: [0.3, 3.3], value: EraseValue::Constant(vec![0.0]) }
    }
}

impl Transform for RandomErasing {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        const OP: &str = "RandomErasing";
        ordered(OP, "scale", self.scale)?;
        ordered(OP, "ratio", self.ratio)?;
        let [height, width] = functional::size(OP, x)?;
        if !x.dtype().is_float() || x.dim() < 3 {
            return Err(Error::new(OP, "takes floats [*, channels, height, width]")
                .operands([x])
                .hint("put ToTensor before it"));
        }
        let mut words = Words::of_thread(23);
        if !happens(&mut words, self.p) {
            return Ok(x.clone());
        }
        let area = (height * width) as f64;
        for _ in 0..10 {
            let target = area * between(&mut words, self.scale);
            let aspect = between(&mut words, self.ratio.map(f64::ln)).exp();
            // Here the aspect is height over width, as in torchvision.
            let h = (target * aspect).sqrt().round_ties_even() as usize;
            let w = (target / aspect).sqrt().round_ties_even() as usize;
            if h >= height || w >= width {
                continue;
            }
            let top = whole(&mut words, 0, (height - h) as i64) as usize;
            let left = whole(&mut words, 0, (width - w) as i64) as usize;
            let mut shape = x.shape().to_vec();
            let rank = shape.len();
            (shape[rank - 2], shape[rank - 1]) = (h, w);
            let value = match &self.value {
                EraseValue::Random => Tensor::randn(shape.as_slice())?.to_dtype(x.dtype())?,
                EraseValue::Constant(each) if each.len() == 1 || each.len() == shape[rank - 3] => {
                    Tensor::from_slice(each, [each.len(), 1, 1])?.to_dtype(x.dtype())?.expand(shape.as_slice())?
                }
                EraseValue::Constant(each) => {
                    return Err(Error::new(OP, format!("{} values for the channels", each.len())).operands([x]));
                }
            };
            return functional::erase(x, top, left, &value);
        }
        Ok(x.clone())
    }
}
