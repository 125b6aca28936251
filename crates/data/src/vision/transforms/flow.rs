//! Which transforms are applied, and in which order.
use super::happens;
use crate::{Transform, random, random::Words, vision::Stage};
use std::fmt;
use tensor_core::{Error, Result, Tensor, rng};

type List = Vec<Box<dyn Transform>>;

/// All of them, one after the other, or with probability `1 - p` none.
pub struct RandomApply {
    transforms: List,
    p: f64,
}

impl RandomApply {
    /// torchvision's default is 0.5.
    pub fn new(transforms: impl IntoIterator<Item = Box<dyn Transform>>, p: f64) -> RandomApply {
        RandomApply { transforms: transforms.into_iter().collect(), p }
    }
}

impl Transform for RandomApply {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.step(x.clone().into())?.tensor()
    }
    fn step(&self, x: Stage) -> Result<Stage> {
        match happens(&mut Words::of_thread(1), self.p) {
            true => self.transforms.iter().try_fold(x, |x, t| t.step(x)),
            false => Ok(x),
        }
    }
}

/// One of them, drawn at random.
pub struct RandomChoice {
    transforms: List,
    /// Sums of the weights up to each; as many as transforms.
    sums: Vec<f64>,
}

impl RandomChoice {
    /// Each as likely.
    pub fn new(transforms: impl IntoIterator<Item = Box<dyn Transform>>) -> RandomChoice {
        let transforms: List = transforms.into_iter().collect();
        let sums = (1..=transforms.len()).map(|n| n as f64).collect();
        RandomChoice { transforms, sums }
    }

    /// Each as likely as its weight, which need not sum to 1.
    pub fn weighted(transforms: impl IntoIterator<Item = Box<dyn Transform>>, p: &[f64]) -> Result<RandomChoice> {
        let transforms: List = transforms.into_iter().collect();
        if p.len() != transforms.len() || p.iter().any(|w| !(w.is_finite() && *w >= 0.0)) {
            return Err(Error::new("RandomChoice", format!("weights {p:?} for {} transforms", transforms.len())));
        }
        let sums = p.iter().scan(0.0, |sum, w| {
            *sum += w;
            Some(*sum)
        });
        Ok(RandomChoice { sums: sums.collect(), transforms })
    }
}

impl Transform for RandomChoice {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.step(x.clone().into())?.tensor()
    }
    fn step(&self, x: Stage) -> Result<Stage> {
        let at = Words::of_thread(1).unit() * self.sums.last().copied().unwrap_or(0.0);
        match self.transforms.get(self.sums.partition_point(|&sum| sum <= at)) {
            Some(chosen) => chosen.step(x),
            None => Err(Error::new("RandomChoice", "there is no transform to choose")),
        }
    }
}

/// All of them, in random order.
pub struct RandomOrder(List);

impl RandomOrder {
    /// Any number of transforms.
    pub fn new(transforms: impl IntoIterator<Item = Box<dyn Transform>>) -> RandomOrder {
        RandomOrder(transforms.into_iter().collect())
    }
}

impl Transform for RandomOrder {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.step(x.clone().into())?.tensor()
    }
    fn step(&self, x: Stage) -> Result<Stage> {
        let mut generator = rng::generator();
        let order = random::permutation(self.0.len(), &mut generator);
        rng::set_generator(generator);
        order.into_iter().try_fold(x, |x, i| self.0[i].step(x))
    }
}

/// A function of the user's. A closure is a transform by itself; this gives it a name in a list.
#[derive(Clone, Copy)]
pub struct Lambda<F>(pub F);

impl<F: Fn(&Tensor) -> Result<Tensor> + Send + Sync> Transform for Lambda<F> {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        (self.0)(x)
    }
}

impl fmt::Debug for RandomApply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RandomApply({} transforms, p = {})", self.transforms.len(), self.p)
    }
}

impl fmt::Debug for RandomChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RandomChoice({} transforms)", self.transforms.len())
    }
}

impl fmt::Debug for RandomOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RandomOrder({} transforms)", self.0.len())
    }
}

impl<F> fmt::Debug for Lambda<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lambda")
    }
}
