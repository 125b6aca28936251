//! Learned and random policies: AutoAugment (Cubuk et al. 2018), RandAugment (Cubuk et al. 2019), TrivialAugment (Müller
//! and Hutter 2021).
mod policies;

use super::functional::{self, AffineOptions, RotateOptions};
use crate::vision::{Fill, Interpolation};
use crate::{Transform, random::Words};
pub use policies::AutoAugmentPolicy;
use tensor_core::{Error, Result, Tensor};

/// What a policy may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
    Invert,
}

/// All that RandAugment and TrivialAugment draw from, in torchvision's order.
const DRAWN: [Op; 14] = [
    Op::Identity,
    Op::ShearX,
    Op::ShearY,
    Op::TranslateX,
    Op::TranslateY,
    Op::Rotate,
    Op::Brightness,
    Op::Color,
    Op::Contrast,
    Op::Sharpness,
    Op::Posterize,
    Op::Solarize,
    Op::AutoContrast,
    Op::Equalize,
];

/// How far each operation goes at most.
#[derive(Clone, Copy)]
struct Space {
    shear: f64,
    /// Pixels along x and y.
    translate: [f64; 2],
    rotate: f64,
    color: f64,
    /// Bits that posterizing takes.
    bits: f64,
}

impl Space {
    fn usual([height, width]: [usize; 2]) -> Space {
        let far = |side: usize| 150.0 / 331.0 * side as f64;
        Space { shear: 0.3, translate: [far(width), far(height)], rotate: 30.0, color: 0.9, bits: 4.0 }
    }

    const WIDE: Space = Space { shear: 0.99, translate: [32.0; 2], rotate: 135.0, color: 0.99, bits: 6.0 };

    /// The strength of `op` in step `bin` of `bins`, and whether its sign is drawn.
    fn magnitude(&self, op: Op, bin: usize, bins: usize) -> (f64, bool) {
        let part = if bins > 1 { bin as f64 / (bins - 1) as f64 } else { 0.0 };
        match op {
            Op::ShearX | Op::ShearY => (self.shear * part, true),
            Op::TranslateX => (self.translate[0] * part, true),
            Op::TranslateY => (self.translate[1] * part, true),
            Op::Rotate => (self.rotate * part, true),
            Op::Brightness | Op::Color | Op::Contrast | Op::Sharpness => (self.color * part, true),
            Op::Posterize => (8.0 - (self.bits * part).round_ties_even(), false),
            Op::Solarize => (255.0 * (1.0 - part), false),
            Op::Identity | Op::AutoContrast | Op::Equalize | Op::Invert => (0.0, false),
        }
    }
}

/// How pixels are made up, and what comes into view.
#[derive(Clone, Debug, PartialEq)]
struct Drawing {
    interpolation: Interpolation,
    fill: Fill,
}

impl Default for Drawing {
    fn default() -> Drawing {
        Drawing { interpolation: Interpolation::Nearest, fill: Fill::default() }
    }
}

impl Drawing {
    fn apply(&self, x: &Tensor, op: Op, magnitude: f64) -> Result<Tensor> {
        let Drawing { interpolation, fill } = self.clone();
        let plain = AffineOptions { interpolation, fill: fill.clone(), ..AffineOptions::default() };
        // A shear by `m` is an angle of atan(m), from the corner.
        let angle = magnitude.atan().to_degrees();
        let shear = |shear| AffineOptions { shear, center: Some([0.0; 2]), ..plain.clone() };
        match op {
            Op::Identity => Ok(x.clone()),
            Op::ShearX => functional::affine(x, &shear([angle, 0.0])),
            Op::ShearY => functional::affine(x, &shear([0.0, angle])),
            Op::TranslateX => functional::affine(x, &AffineOptions { translate: [magnitude.trunc(), 0.0], ..plain }),
            Op::TranslateY => functional::affine(x, &AffineOptions { translate: [0.0, magnitude.trunc()], ..plain }),
            Op::Rotate => {
                functional::rotate(x, magnitude, &RotateOptions { interpolation, fill, ..RotateOptions::default() })
            }
            Op::Brightness => functional::adjust_brightness(x, 1.0 + magnitude),
            Op::Color => functional::adjust_saturation(x, 1.0 + magnitude),
            Op::Contrast => functional::adjust_contrast(x, 1.0 + magnitude),
            Op::Sharpness => functional::adjust_sharpness(x, 1.0 + magnitude),
            Op::Posterize => functional::posterize(x, magnitude as u32),
            Op::Solarize => functional::solarize(x, magnitude),
            Op::AutoContrast => functional::autocontrast(x),
            Op::Equalize => functional::equalize(x),
            Op::Invert => functional::invert(x),
        }
    }
}

macro_rules! drawing_options {
    ($($Name:ident),*) => { $(
        impl $Name {
            /// How pixels between pixels are made up; the nearest one unless set.
            pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
                self.drawing.interpolation = interpolation;
                self
            }

            /// What comes into view; zeros unless set.
            pub fn fill(mut self, fill: impl Into<Fill>) -> Self {
                self.drawing.fill = fill.into();
                self
            }
        }
    )* };
}
drawing_options!(AutoAugment, RandAugment, TrivialAugmentWide);

/// One of 25 learned pairs of operations, drawn for each picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AutoAugment {
    policy: AutoAugmentPolicy,
    drawing: Drawing,
}

impl AutoAugment {
    /// torchvision's default is the policy learned on ImageNet.
    pub fn new(policy: AutoAugmentPolicy) -> AutoAugment {
        AutoAugment { policy, drawing: Drawing::default() }
    }
}

impl Transform for AutoAugment {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let space = Space::usual(functional::size("AutoAugment", x)?);
        let mut words = Words::of_thread(5);
        let pairs = self.policy.pairs();
        let pair = pairs[words.below(pairs.len())];
        let mut x = x.clone();
        for (op, p, bin) in pair {
            let (drawn, negative) = (words.unit(), words.below(2) == 0);
            if drawn <= p {
                let (magnitude, signed) = space.magnitude(op, bin, 10);
                x = self.drawing.apply(&x, op, if signed && negative { -magnitude } else { magnitude })?;
            }
        }
        Ok(x)
    }
}

/// So many random operations of one strength.
#[derive(Clone, Debug, PartialEq)]
pub struct RandAugment {
    /// How many, one after the other.
    pub num_ops: usize,
    /// Which of the strengths.
    pub magnitude: usize,
    /// How many strengths there are.
    pub num_magnitude_bins: usize,
    drawing: Drawing,
}

impl Default for RandAugment {
    fn default() -> Self {
        Self::new(2, 9)
    }
}

impl RandAugment {
    /// torchvision's defaults are 2 operations of strength 9, of 31.
    pub fn new(num_ops: usize, magnitude: usize) -> RandAugment {
        RandAugment { num_ops, magnitude, num_magnitude_bins: 31, drawing: Drawing::default() }
    }
}

impl Transform for RandAugment {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let space = Space::usual(functional::size("RandAugment", x)?);
        let (magnitude, bins) = (self.magnitude, self.num_magnitude_bins);
        if magnitude >= bins {
            return Err(Error::new("RandAugment", format!("magnitude {magnitude} is not one of the {bins} strengths")));
        }
        let mut words = Words::of_thread(self.num_ops.saturating_mul(2));
        let mut x = x.clone();
        for _ in 0..self.num_ops {
            let op = DRAWN[words.below(DRAWN.len())];
            let negative = words.below(2) == 1;
            let (magnitude, signed) = space.magnitude(op, magnitude, bins);
            x = self.drawing.apply(&x, op, if signed && negative { -magnitude } else { magnitude })?;
        }
        Ok(x)
    }
}

/// One random operation of random strength.
#[derive(Clone, Debug, PartialEq)]
pub struct TrivialAugmentWide {
    /// How many strengths there are.
    pub num_magnitude_bins: usize,
    drawing: Drawing,
}

impl Default for TrivialAugmentWide {
    fn default() -> Self {
        TrivialAugmentWide { num_magnitude_bins: 31, drawing: Drawing::default() }
    }
}

impl Transform for TrivialAugmentWide {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        functional::size("TrivialAugmentWide", x)?;
        if self.num_magnitude_bins == 0 {
            return Err(Error::new("TrivialAugmentWide", "there are no strengths to draw from"));
        }
        let mut words = Words::of_thread(3);
        let op = DRAWN[words.below(DRAWN.len())];
        let bin = words.below(self.num_magnitude_bins);
        let negative = words.below(2) == 1;
        let (magnitude, signed) = Space::WIDE.magnitude(op, bin, self.num_magnitude_bins);
        self.drawing.apply(x, op, if signed && negative { -magnitude } else { magnitude })
    }
}
