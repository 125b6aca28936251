//! Transforms under torchvision's names. Each is a struct with public settings, a `new` with torchvision's defaults, and
//! works in a [`compose!`](crate::compose). Random ones draw from the thread's generator, which in a loader is the
//! sample's own stream: the pixels are the same for any number of workers.
mod augment;
mod color;
mod crop;
mod erase;
mod flip;
mod flow;
mod tensor;
mod warp;

pub use super::functional;
pub use crate::{Compose, Transform, compose};
pub use augment::{AutoAugment, AutoAugmentPolicy, RandAugment, TrivialAugmentWide};
pub use color::{
    ColorJitter, GaussianBlur, Grayscale, RandomAdjustSharpness, RandomAutocontrast, RandomEqualize, RandomGrayscale,
    RandomInvert, RandomPosterize, RandomSolarize,
};
pub use crop::{CenterCrop, FiveCrop, Pad, RandomCrop, RandomResizedCrop, Resize, TenCrop};
pub use erase::{EraseValue, RandomErasing};
pub use flip::{RandomHorizontalFlip, RandomVerticalFlip};
pub use flow::{Lambda, RandomApply, RandomChoice, RandomOrder};
pub use tensor::{ConvertImageDtype, Normalize, ToTensor};
pub use warp::{RandomAffine, RandomPerspective, RandomRotation};

use crate::random::Words;
use tensor_core::{Error, Result};

/// Whether something of probability `p` happens.
fn happens(words: &mut Words, p: f64) -> bool {
    words.unit() < p
}

/// Even over `low..high`.
fn between(words: &mut Words, [low, high]: [f64; 2]) -> f64 {
    low + (high - low) * words.unit()
}

/// Even over the whole numbers `low..=high`.
fn whole(words: &mut Words, low: i64, high: i64) -> i64 {
    low + words.below((high - low).max(0) as usize + 1) as i64
}

fn ordered(op: &'static str, name: &str, [low, high]: [f64; 2]) -> Result<()> {
    if low <= high && low.is_finite() && high.is_finite() {
        return Ok(());
    }
    Err(Error::new(op, format!("{name} is {low}..{high}: the lower bound comes first")))
}
