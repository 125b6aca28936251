//! Mirrors.
use super::{functional, happens};
use crate::{Transform, random::Words, vision::Stage};
use tensor_core::{Result, Tensor};

/// Mirrors left to right with probability `p`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomHorizontalFlip {
    /// How often.
    pub p: f64,
}

impl RandomHorizontalFlip {
    /// With this probability; torchvision's default is 0.5.
    pub fn new(p: f64) -> RandomHorizontalFlip {
        RandomHorizontalFlip { p }
    }
}

impl Default for RandomHorizontalFlip {
    fn default() -> Self {
        Self::new(0.5)
    }
}

impl Transform for RandomHorizontalFlip {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.step(x.clone().into())?.tensor()
    }
    fn step(&self, x: Stage) -> Result<Stage> {
        if happens(&mut Words::of_thread(1), self.p) { x.hflip() } else { Ok(x) }
    }
}

/// Mirrors top to bottom with probability `p`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomVerticalFlip {
    /// How often.
    pub p: f64,
}

impl RandomVerticalFlip {
    /// With this probability; torchvision's default is 0.5.
    pub fn new(p: f64) -> RandomVerticalFlip {
        RandomVerticalFlip { p }
    }
}

impl Default for RandomVerticalFlip {
    fn default() -> Self {
        Self::new(0.5)
    }
}

impl Transform for RandomVerticalFlip {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        if happens(&mut Words::of_thread(1), self.p) { functional::vflip(x) } else { Ok(x.clone()) }
    }
}
