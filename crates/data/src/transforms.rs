//! What is done to a sample on its way into a batch.
use crate::random::Words;
use tensor_core::{Error, Result, Tensor};

/// A change of a tensor: a [`RandomShift`], a [`Compose`], or any function `Fn(&Tensor) -> Result<Tensor>`.
pub trait Transform: Send + Sync {
    /// The changed tensor. Random choices come from the thread's generator: inside a loader, the sample's own stream.
    fn apply(&self, x: &Tensor) -> Result<Tensor>;

    /// The same inside of a chain. What a chain passes along may be a picture to which something is still to be done, so
    /// that a resize computes only what the crop behind it keeps; this default does everything at once.
    #[cfg(feature = "images")]
    fn step(&self, x: crate::vision::Stage) -> Result<crate::vision::Stage> {
        Ok(self.apply(&x.tensor()?)?.into())
    }
}

impl<F: Fn(&Tensor) -> Result<Tensor> + Send + Sync> Transform for F {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self(x)
    }
}

impl Transform for Box<dyn Transform> {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        (**self).apply(x)
    }
    #[cfg(feature = "images")]
    fn step(&self, x: crate::vision::Stage) -> Result<crate::vision::Stage> {
        (**self).step(x)
    }
}

/// One transform after the other.
///
/// ```
/// # use data::{Compose, RandomShift, Transform};
/// # use tensor_core::{Tensor, Result};
/// # fn main() -> Result<()> {
/// let brighter = |x: &Tensor| x.add(1.0);
/// let both = Compose::new([Box::new(RandomShift::new(2)) as Box<dyn Transform>, Box::new(brighter)]);
/// assert_eq!(both.apply(&Tensor::zeros([1, 8, 8])?)?.item_count(), 64);
/// # Ok(()) }
/// # trait Count { fn item_count(&self) -> usize; }
/// # impl Count for Tensor { fn item_count(&self) -> usize { self.numel() } }
/// ```
pub struct Compose(Vec<Box<dyn Transform>>);

impl Compose {
    /// The transforms in the order in which they are applied.
    pub fn new(transforms: impl IntoIterator<Item = Box<dyn Transform>>) -> Compose {
        Compose(transforms.into_iter().collect())
    }
}

impl std::fmt::Debug for Compose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Compose({} transforms)", self.0.len())
    }
}

impl Transform for Compose {
    #[cfg(not(feature = "images"))]
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.0.iter().try_fold(x.clone(), |x, t| t.apply(&x))
    }
    #[cfg(feature = "images")]
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.step(x.clone().into())?.tensor()
    }
    #[cfg(feature = "images")]
    fn step(&self, x: crate::vision::Stage) -> Result<crate::vision::Stage> {
        self.0.iter().try_fold(x, |x, t| t.step(x))
    }
}

/// A [`Compose`] of the transforms, which need not be boxed: `compose![RandomShift::new(2), |x: &Tensor| x.add(1.0)]`.
#[macro_export]
macro_rules! compose {
    ($($transform:expr),* $(,)?) => {
        $crate::Compose::new([$(::std::boxed::Box::new($transform) as ::std::boxed::Box<dyn $crate::Transform>),*])
    };
}

/// Moves an image `[*, height, width]` by up to so many pixels along each side, whole pixels only; what comes into view
/// is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomShift {
    /// The most pixels, in each direction.
    pub pixels: usize,
}

impl RandomShift {
    /// Up to `pixels` in each direction.
    pub fn new(pixels: usize) -> RandomShift {
        RandomShift { pixels }
    }

    /// The moved image; see [`Transform::apply`].
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let mut words = Words::of_thread(2);
        let mut draw = || words.below(2 * self.pixels + 1) as isize - self.pixels as isize;
        let (down, right) = (draw(), draw());
        shift(x, down, right)
    }
}

impl Transform for RandomShift {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        RandomShift::apply(self, x)
    }
}

// Row by row on bytes: a zero is the byte 0 in every dtype.
fn shift(x: &Tensor, down: isize, right: isize) -> Result<Tensor> {
    let [.., height, width] = *x.shape() else {
        return Err(Error::new("RandomShift", "an image has two dims at least: [*, height, width]").operands([x]));
    };
    let unit = x.dtype().size();
    let bytes = x.to_bytes()?;
    let mut out = vec![0; bytes.len()];
    // The columns that stay in view: `kept` of them, from `from` on, arrive at `to`.
    let kept = width.saturating_sub(right.unsigned_abs()) * unit;
    let (from, to) = if right < 0 { (right.unsigned_abs() * unit, 0) } else { (0, right.unsigned_abs() * unit) };
    if kept > 0 && !bytes.is_empty() {
        for (plane, image) in bytes.chunks_exact(height * width * unit).enumerate() {
            for row in 0..height {
                let Some(target) = row.checked_add_signed(down).filter(|&r| r < height) else { continue };
                let source = row * width * unit + from;
                let target = (plane * height + target) * width * unit + to;
                out[target..target + kept].copy_from_slice(&image[source..source + kept]);
            }
        }
    }
    Tensor::from_bytes(&out, x.shape(), x.dtype())?.to_device(&x.device())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tensor_core::rng::{Generator, with_generator};

    #[test]
    fn a_shift_moves_rows_and_columns_and_fills_with_zeros() {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3]).unwrap();
        let moved = |down, right| shift(&x, down, right).unwrap().to_vec::<i64>().unwrap();
        assert_eq!(moved(0, 0), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(moved(1, 0), [0, 0, 0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(moved(-1, 1), [0, 4, 5, 0, 7, 8, 0, 0, 0]);
        assert_eq!(moved(0, -2), [3, 0, 0, 6, 0, 0, 9, 0, 0]);
        assert_eq!(moved(0, 5), [0; 9]);
        assert!(shift(&Tensor::zeros([3]).unwrap(), 1, 1).is_err());
    }

    #[test]
    fn shifts_reach_all_places_and_follow_the_generator() {
        let mut x = [0.0f32; 25];
        x[12] = 1.0;
        let x = Tensor::from_slice(&x, [5, 5]).unwrap();
        let draw = |seed| {
            with_generator(&mut Generator::new(seed), || {
                let y = RandomShift::new(1).apply(&x).unwrap().to_vec::<f32>().unwrap();
                y.iter().position(|&v| v == 1.0).unwrap()
            })
        };
        assert_eq!(draw(5), draw(5));
        let mut seen: Vec<usize> = (0..200).map(draw).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [6, 7, 8, 11, 12, 13, 16, 17, 18]);
    }
}
