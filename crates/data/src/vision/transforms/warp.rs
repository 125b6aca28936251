//! Pictures turned, moved, scaled, sheared and tilted at random.
use super::{between, functional, happens, ordered, whole};
use crate::vision::functional::{AffineOptions, RotateOptions};
use crate::vision::{Fill, Interpolation};
use crate::{Transform, random::Words};
use tensor_core::{Error, Result, Tensor};

/// Turns by a random angle.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomRotation {
    /// The range of angles, against the clock.
    pub degrees: [f64; 2],
    /// The rest.
    pub options: RotateOptions,
}

impl RandomRotation {
    /// Up to so many degrees either way.
    pub fn new(degrees: f64) -> RandomRotation {
        RandomRotation {
            degrees: [-degrees, degrees],
            options: RotateOptions { fill: 0.0.into(), ..Default::default() },
        }
    }
}

impl Transform for RandomRotation {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        ordered("RandomRotation", "degrees", self.degrees)?;
        let angle = between(&mut Words::of_thread(1), self.degrees);
        functional::rotate(x, angle, &self.options)
    }
}

/// Turns, moves, scales and shears at random, around the middle.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomAffine {
    /// The range of angles, with the clock.
    pub degrees: [f64; 2],
    /// The most it is moved, of its width and of its height.
    pub translate: Option<[f64; 2]>,
    /// The range of scales.
    pub scale: Option<[f64; 2]>,
    /// The ranges of degrees along x and along y.
    pub shear: Option<[[f64; 2]; 2]>,
    /// How pixels between pixels are made up.
    pub interpolation: Interpolation,
    /// What comes into view.
    pub fill: Fill,
    /// What stays where it is, as x and y; the middle unless set.
    pub center: Option<[f64; 2]>,
}

impl RandomAffine {
    /// Only turns, up to so many degrees either way; the nearest pixel; zeros.
    pub fn new(degrees: f64) -> RandomAffine {
        RandomAffine {
            degrees: [-degrees, degrees],
            translate: None,
            scale: None,
            shear: None,
            interpolation: Interpolation::Nearest,
            fill: 0.0.into(),
            center: None,
        }
    }
}

impl Transform for RandomAffine {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        const OP: &str = "RandomAffine";
        let [height, width] = functional::size(OP, x)?;
        ordered(OP, "degrees", self.degrees)?;
        let mut words = Words::of_thread(6);
        let angle = between(&mut words, self.degrees);
        let mut translate = [0.0; 2];
        if let Some(most) = self.translate {
            if !most.iter().all(|m| (0.0..=1.0).contains(m)) {
                return Err(Error::new(OP, format!("translate {most:?} is of the width and the height: 0 to 1")));
            }
            for ((t, most), side) in translate.iter_mut().zip(most).zip([width, height]) {
                *t = between(&mut words, [-most * side as f64, most * side as f64]).round_ties_even();
            }
        }
        let mut drawn = |name: &str, range: Option<[f64; 2]>, default: f64| match range {
            None => Ok(default),
            Some(range) => ordered(OP, name, range).map(|()| between(&mut words, range)),
        };
        let scale = drawn("scale", self.scale, 1.0)?;
        let shear = [drawn("shear", self.shear.map(|s| s[0]), 0.0)?, drawn("shear", self.shear.map(|s| s[1]), 0.0)?];
        let (interpolation, fill, center) = (self.interpolation, self.fill.clone(), self.center);
        functional::affine(x, &AffineOptions { angle, translate, scale, shear, interpolation, fill, center })
    }
}

/// Tilts with probability `p`.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomPerspective {
    /// How far the corners move, 0 to 1.
    pub distortion_scale: f64,
    /// How often.
    pub p: f64,
    /// How pixels between pixels are made up.
    pub interpolation: Interpolation,
    /// What comes into view.
    pub fill: Fill,
}

impl Default for RandomPerspective {
    fn default() -> Self {
        Self::new(0.5, 0.5)
    }
}

impl RandomPerspective {
    /// torchvision's defaults are 0.5 and 0.5; bilinear, zeros.
    pub fn new(distortion_scale: f64, p: f64) -> RandomPerspective {
        RandomPerspective { distortion_scale, p, interpolation: Interpolation::Bilinear, fill: 0.0.into() }
    }
}

impl Transform for RandomPerspective {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let [height, width] = functional::size("RandomPerspective", x)?;
        let mut words = Words::of_thread(9);
        if !happens(&mut words, self.p) {
            return Ok(x.clone());
        }
        if !(0.0..=1.0).contains(&self.distortion_scale) {
            let scale = self.distortion_scale;
            return Err(Error::new("RandomPerspective", format!("distortion_scale {scale} is not in 0..=1")));
        }
        let (w, h) = (width as f64, height as f64);
        let far = [width / 2, height / 2].map(|half| (self.distortion_scale * half as f64) as i64);
        // Each corner moves inwards.
        let mut corner = |right: bool, bottom: bool| {
            let mut inwards = |most: i64, side: usize, end: bool| {
                let by = whole(&mut words, 0, most);
                if end { side as f64 - 1.0 - by as f64 } else { by as f64 }
            };
            [inwards(far[0], width, right), inwards(far[1], height, bottom)]
        };
        let end = [corner(false, false), corner(true, false), corner(true, true), corner(false, true)];
        let start = [[0.0, 0.0], [w - 1.0, 0.0], [w - 1.0, h - 1.0], [0.0, h - 1.0]];
        functional::perspective(x, start, end, self.interpolation, self.fill.clone())
    }
}
