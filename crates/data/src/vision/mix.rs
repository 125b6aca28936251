//! Batches mixed with themselves: MixUp (Zhang et al. 2017) and CutMix (Yun et al. 2019). They belong behind the collate
//! function: `.collate(move |samples| { let (x, y) = default_collate(samples)?; mixup.apply(&x, &y) })`.
use crate::random::Words;
use tensor_core::{DType, Error, Result, Tensor};

/// `lambda x + (1 - lambda) x'`, where `x'` is the batch moved on by one and lambda is drawn from Beta(alpha, alpha).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixUp {
    /// The shape of the distribution; torchvision's default is 1, which is uniform.
    pub alpha: f64,
    /// Labels become one-hot rows of so many classes.
    pub num_classes: usize,
}

impl MixUp {
    /// With alpha 1.
    pub fn new(num_classes: usize) -> MixUp {
        MixUp { alpha: 1.0, num_classes }
    }

    /// Mixed images, and labels `f32[N, num_classes]` mixed the same way.
    pub fn apply(&self, images: &Tensor, labels: &Tensor) -> Result<(Tensor, Tensor)> {
        let labels = one_hot("MixUp", images, labels, self.num_classes)?;
        if !images.dtype().is_float() {
            return Err(Error::new("MixUp", "mixes floats").operands([images]).hint("put ToTensor into the transform"));
        }
        let lambda = beta("MixUp", self.alpha, &mut Words::of_thread(DRAWS))?;
        Ok((blend(images, lambda)?, blend(&labels, lambda)?))
    }
}

/// A rectangle of the batch moved on by one, of a share of `1 - lambda` of the area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutMix {
    /// The shape of lambda's distribution, Beta(alpha, alpha); torchvision's default is 1, which is uniform.
    pub alpha: f64,
    /// Labels become one-hot rows of so many classes.
    pub num_classes: usize,
}

impl CutMix {
    /// With alpha 1.
    pub fn new(num_classes: usize) -> CutMix {
        CutMix { alpha: 1.0, num_classes }
    }

    /// Images with a rectangle of others, and labels `f32[N, num_classes]` mixed by area.
    pub fn apply(&self, images: &Tensor, labels: &Tensor) -> Result<(Tensor, Tensor)> {
        let labels = one_hot("CutMix", images, labels, self.num_classes)?;
        let &[.., height, width] = images.shape() else { return Err(Error::new("CutMix", "takes [N, C, H, W]")) };
        let mut words = Words::of_thread(DRAWS + 2);
        let lambda = beta("CutMix", self.alpha, &mut words)?;
        let half = 0.5 * (1.0 - lambda).sqrt();
        let mut span = |side: usize| {
            let (middle, reach) = (words.below(side), (half * side as f64) as usize);
            middle.saturating_sub(reach)..(middle + reach).min(side)
        };
        let (columns, rows) = (span(width), span(height));
        if rows.is_empty() || columns.is_empty() {
            return Ok((images.clone(), labels));
        }
        let others =
            images.roll(&[1], 0)?.narrow(-2, rows.start, rows.len())?.narrow(-1, columns.start, columns.len())?;
        let mixed = super::functional::erase(images, rows.start, columns.start, &others)?;
        let share = (rows.len() * columns.len()) as f64 / (height * width) as f64;
        Ok((mixed, blend(&labels, 1.0 - share)?))
    }
}

fn blend(x: &Tensor, lambda: f64) -> Result<Tensor> {
    (x * lambda)?.add(&(x.roll(&[1], 0)? * (1.0 - lambda))?)
}

fn one_hot(op: &'static str, images: &Tensor, labels: &Tensor, classes: usize) -> Result<Tensor> {
    if labels.dim() != 1 || labels.dtype() != DType::I64 || images.dim() < 2 || images.shape()[0] != labels.shape()[0] {
        return Err(Error::new(op, "takes images [N, ...] and class numbers i64[N]").operands([images, labels]));
    }
    let numbers = labels.to_vec::<i64>()?;
    let mut rows = vec![0.0f32; numbers.len() * classes];
    for (i, &number) in numbers.iter().enumerate() {
        match usize::try_from(number) {
            Ok(class) if class < classes => rows[i * classes + class] = 1.0,
            _ => return Err(Error::new(op, format!("label {number} is not one of {classes} classes"))),
        }
    }
    Tensor::from_slice(&rows, [numbers.len(), classes])?.to_device(&labels.device())
}

/// Words that a draw of [`beta`] may take: 64 tries for each of two gammas would miss once in 10^80.
const DRAWS: usize = 2 * (64 * 3 + 1);

fn beta(op: &'static str, alpha: f64, words: &mut Words) -> Result<f64> {
    if !(alpha > 0.0 && alpha.is_finite()) {
        return Err(Error::new(op, format!("alpha is {alpha}, but must be positive")));
    }
    let (a, b) = (gamma(alpha, words), gamma(alpha, words));
    // Both underflow for a tiny alpha, whose draws are near 0 or 1.
    Ok(if a + b > 0.0 { a / (a + b) } else { words.below(2) as f64 })
}

// Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
fn gamma(alpha: f64, words: &mut Words) -> f64 {
    let boost = if alpha < 1.0 { (1.0 - words.unit()).powf(1.0 / alpha) } else { 1.0 };
    let d = alpha + f64::from(alpha < 1.0) - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    for _ in 0..64 {
        let normal = (-2.0 * (1.0 - words.unit()).ln()).sqrt() * (std::f64::consts::TAU * words.unit()).cos();
        let v = (1.0 + c * normal).powi(3);
        if v > 0.0 && (1.0 - words.unit()).ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
            return d * v * boost;
        }
    }
    d * boost
}

#[cfg(test)]
mod tests {
    use super::*;
    use tensor_core::manual_seed;

    #[test]
    fn beta_has_its_mean_and_variance() {
        for alpha in [0.2, 0.4, 1.0, 3.0] {
            let draws: Vec<f64> = (0..20_000)
                .map(|i| {
                    manual_seed(i);
                    beta("test", alpha, &mut Words::of_thread(DRAWS)).unwrap()
                })
                .collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
            assert!((mean - 0.5).abs() < 0.015, "{alpha}: {mean}");
            assert!((variance - 1.0 / (4.0 * (2.0 * alpha + 1.0))).abs() < 0.006, "{alpha}: {variance}");
        }
    }

    #[test]
    fn mixed_labels_say_how_much_of_each_picture_is_there() {
        manual_seed(3);
        let images = Tensor::arange(0, 4, 1).unwrap().to_dtype(DType::F32).unwrap();
        let images = images.reshape([4, 1, 1, 1]).unwrap().expand([4, 3, 20, 30]).unwrap().contiguous().unwrap();
        let labels = Tensor::arange(0, 4, 1).unwrap();
        for mixed in [MixUp::new(4).apply(&images, &labels), CutMix::new(4).apply(&images, &labels)] {
            let (x, y) = mixed.unwrap();
            // Each picture has its class as its value, so the mean of the pixels is the mean of the classes.
            let means = x.mean_dim([1, 2, 3], tensor_core::DROP).unwrap().to_vec::<f64>().unwrap();
            let classes = Tensor::from_slice(&[0.0f32, 1.0, 2.0, 3.0], [4, 1]).unwrap();
            let expected = y.mm(&classes).unwrap().to_vec::<f64>().unwrap();
            assert!(means.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4), "{means:?} {expected:?}");
        }
        assert!(MixUp::new(3).apply(&images, &labels).is_err());
    }
}
