//! Optimizers around optimizers: Lookahead, sharpness-aware minimisation, several at once.
use crate::Optimizer;
use autograd::Parameter;
use files::StateDict;
use tensor_core::{Error, Result, Tensor, no_grad};

/// The methods of [`Optimizer`] that a wrapper leaves to the optimizer inside.
macro_rules! inner_methods {
    () => {
        fn parameters(&self) -> Vec<Parameter> {
            self.inner.parameters()
        }
        fn lrs(&self) -> Vec<f64> {
            self.inner.lrs()
        }
        fn set_lrs(&mut self, lrs: &[f64]) {
            self.inner.set_lrs(lrs);
        }
        fn set_momentum(&mut self, momentum: f64) {
            self.inner.set_momentum(momentum);
        }
        fn train(&mut self) -> Result<()> {
            self.inner.train()
        }
        fn eval(&mut self) -> Result<()> {
            self.inner.eval()
        }
        fn zero_grad(&self) {
            self.inner.zero_grad();
        }
    };
}

/// Lookahead (Zhang et al., 2019, <https://arxiv.org/abs/1907.08610>) around any optimizer: every `k` steps the slow
/// weights go towards the fast ones, `slow += alpha (fast - slow)`, and these start again from there.
///
/// ```
/// use optim::{Adam, Lookahead, Optimizer};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
/// let mut optimizer = Lookahead::new(Adam::new([w.tied()], 0.1)?, 5, 0.5)?;
/// w.set_grad(Some(Tensor::ones([2])?));
/// optimizer.step()?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Lookahead<O> {
    inner: O,
    k: u64,
    alpha: f64,
    steps: u64,
    slow: Vec<Tensor>,
}

impl<O: Optimizer> Lookahead<O> {
    /// Looks ahead `k` steps of `inner`.
    pub fn new(inner: O, k: u64, alpha: f64) -> Result<Lookahead<O>> {
        if k == 0 || !(0.0..=1.0).contains(&alpha) {
            return Err(Error::new("Lookahead", format!("k is {k} and alpha {alpha}"))
                .hint("k must be at least 1 and alpha within 0 and 1; usual are 5 and 0.5"));
        }
        let slow = inner.parameters().iter().map(|p| p.detach().clone_contiguous()).collect::<Result<_>>()?;
        Ok(Lookahead { inner, k, alpha, steps: 0, slow })
    }

    /// The optimizer inside.
    pub fn inner(&self) -> &O {
        &self.inner
    }

    fn look(&mut self) -> Result<()> {
        self.steps += 1;
        if !self.steps.is_multiple_of(self.k) {
            return Ok(());
        }
        for (p, slow) in self.inner.parameters().iter().zip(&mut self.slow) {
            p.update(|p| {
                let way = p.sub(&*slow)?.mul(self.alpha)?;
                slow.add_(&way)?;
                p.copy_(slow).map(drop)
            })?;
        }
        Ok(())
    }
}

impl<O: Optimizer> Optimizer for Lookahead<O> {
    inner_methods!();

    fn step(&mut self) -> Result<()> {
        self.inner.step()?;
        self.look()
    }
    fn step_with(&mut self, closure: &mut dyn FnMut() -> Result<Tensor>) -> Result<Tensor> {
        let loss = self.inner.step_with(closure)?;
        self.look()?;
        Ok(loss)
    }
    fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        for (name, tensor) in self.inner.state_dict()?.iter() {
            dict.insert(format!("inner.{name}"), tensor.clone());
        }
        for (i, slow) in self.slow.iter().enumerate() {
            dict.insert(format!("slow.{i}"), slow.clone_contiguous()?);
        }
        dict.insert("steps", Tensor::from_slice(&[self.steps as i64], ())?);
        Ok(dict)
    }
    fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        let missing = |name: &str| Error::new("Lookahead", format!("the state has no {name:?}"));
        let mut inner = StateDict::new();
        for (name, tensor) in dict.iter() {
            if let Some(name) = name.strip_prefix("inner.") {
                inner.insert(name, tensor.clone());
            }
        }
        let mut slow = Vec::with_capacity(self.slow.len());
        for (i, old) in self.slow.iter().enumerate() {
            let name = format!("slow.{i}");
            let new = dict.get(&name).ok_or_else(|| missing(&name))?;
            if new.shape() != old.shape() {
                return Err(Error::new("Lookahead", format!("{name} does not fit")).operands([new, old]));
            }
            slow.push(new.to_device(&old.device())?.clone_contiguous()?);
        }
        let steps: i64 = dict.get("steps").ok_or_else(|| missing("steps"))?.item()?;
        self.inner.load_state_dict(&inner)?;
        self.slow = slow;
        self.steps = steps.max(0).unsigned_abs();
        Ok(())
    }
}

/// How [`SAM`] looks for the worst neighbour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SAMOptions {
    /// How far the neighbour is.
    pub rho: f64,
    /// In units of the parameters' own size: ASAM (Kwon et al., 2021, <https://arxiv.org/abs/2102.11600>).
    pub adaptive: bool,
    /// By how much the part of the gradient across the neighbour's counts against: GSAM (Zhuang et al., ICLR 2022,
    /// <https://arxiv.org/abs/2203.08065>). 0 for none.
    pub alpha: f64,
}

impl Default for SAMOptions {
    fn default() -> SAMOptions {
        SAMOptions { rho: 0.05, adaptive: false, alpha: 0.0 }
    }
}

/// Sharpness-aware minimisation (Foret et al., 2020, <https://arxiv.org/abs/2010.01412>) around any optimizer: the gradient
/// is taken where the loss is worst nearby, at `p + rho g / |g|`. It asks for the loss twice, so it steps with a closure.
///
/// ```
/// use autograd::Backward;
/// use optim::{Optimizer, SAM, SAMOptions, SGD};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
/// let mut optimizer = SAM::new(SGD::new([w.tied()], 0.1)?, SAMOptions::default())?;
/// optimizer.step_with(&mut || {
///     w.zero_grad();
///     let loss = w.square()?.sum()?;
///     loss.backward()?;
///     Ok(loss)
/// })?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct SAM<O> {
    inner: O,
    /// The settings.
    pub options: SAMOptions,
}

impl<O: Optimizer> SAM<O> {
    /// Around `inner`.
    pub fn new(inner: O, options: SAMOptions) -> Result<SAM<O>> {
        if !(options.rho.is_finite() && options.rho >= 0.0 && options.alpha.is_finite() && options.alpha >= 0.0) {
            return Err(Error::new("SAM", format!("rho is {} and alpha {}", options.rho, options.alpha))
                .hint("both must be numbers of at least 0"));
        }
        Ok(SAM { inner, options })
    }

    /// The optimizer inside.
    pub fn inner(&self) -> &O {
        &self.inner
    }
}

impl<O: Optimizer> Optimizer for SAM<O> {
    inner_methods!();

    fn step(&mut self) -> Result<()> {
        Err(Error::new("SAM", "needs the loss twice").hint("call step_with(&mut || { zero_grad, loss, backward })"))
    }

    fn step_with(&mut self, closure: &mut dyn FnMut() -> Result<Tensor>) -> Result<Tensor> {
        let SAMOptions { rho, adaptive, alpha } = self.options;
        let loss = closure()?;
        // Each parameter, its gradient and its values of before: these come back to the bit.
        let mut moved: Vec<(Parameter, Tensor, Tensor)> = Vec::new();
        {
            let _unrecorded = no_grad();
            let mut squares = 0.0;
            for p in self.inner.parameters() {
                let Some(g) = p.grad().map(|g| g.detach()) else { continue };
                let scaled = if adaptive { g.mul(&p.abs()?)? } else { g.clone() };
                squares += scaled.square()?.sum()?.item::<f64>()?;
                let before = p.detach().clone_contiguous()?;
                moved.push((p, g, before));
            }
            let scale = rho / (squares.sqrt() + 1e-12);
            for (p, g, before) in &moved {
                let way = if adaptive { g.mul(&before.square()?)? } else { g.clone() };
                p.update(|t| t.add_(&way.mul(scale)?).map(drop))?;
                p.zero_grad();
            }
        }
        let there = closure();
        for (p, _, before) in &moved {
            p.update(|t| t.copy_(before).map(drop))?;
        }
        there?;
        if alpha > 0.0 {
            across(&moved, alpha)?;
        }
        self.inner.step()?;
        Ok(loss)
    }
    fn state_dict(&self) -> Result<StateDict> {
        self.inner.state_dict()
    }
    fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        self.inner.load_state_dict(dict)
    }
}

/// Takes off each gradient `alpha` times the part of the old one that is orthogonal to all new ones together.
fn across(moved: &[(Parameter, Tensor, Tensor)], alpha: f64) -> Result<()> {
    let _unrecorded = no_grad();
    let (mut product, mut square) = (0.0, 0.0);
    let mut pairs = Vec::new();
    for (p, old, _) in moved {
        let Some(new) = p.grad().map(|g| g.detach()) else { continue };
        product += old.mul(&new)?.sum()?.item::<f64>()?;
        square += new.square()?.sum()?.item::<f64>()?;
        pairs.push((p, old, new));
    }
    let along = if square == 0.0 { 0.0 } else { product / square };
    for (p, old, new) in pairs {
        let rest = old.sub(&new.mul(along)?)?;
        p.set_grad(Some(new.sub(&rest.mul(alpha)?)?));
    }
    Ok(())
}

/// Several optimizers as one: such as Muon for matrices, and AdamW for the rest.
///
/// ```
/// use optim::{AdamW, Muon, Optimizer, Together};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// # let params = [autograd::Parameter::new(Tensor::ones([3, 2])?)?, autograd::Parameter::new(Tensor::ones([3])?)?];
/// let (matrices, rest): (Vec<_>, Vec<_>) = params.into_iter().partition(|p| p.shape().len() == 2);
/// let optimizer = Together::new(vec![Box::new(Muon::new(matrices, 0.02)?), Box::new(AdamW::new(rest, 1e-3)?)])?;
/// assert_eq!(optimizer.lrs(), [0.02, 1e-3]);
/// # Ok(()) }
/// ```
pub struct Together {
    all: Vec<Box<dyn Optimizer>>,
}

impl std::fmt::Debug for Together {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Together of {} optimizers", self.all.len())
    }
}

impl Together {
    /// These, which step one after the other.
    pub fn new(all: Vec<Box<dyn Optimizer>>) -> Result<Together> {
        crate::optimizer::trainable("Together", &[], all.iter().flat_map(|o| o.parameters()).collect())?;
        Ok(Together { all })
    }
}

impl Optimizer for Together {
    fn step(&mut self) -> Result<()> {
        self.all.iter_mut().try_for_each(|o| o.step())
    }
    fn parameters(&self) -> Vec<Parameter> {
        self.all.iter().flat_map(|o| o.parameters()).collect()
    }
    fn lrs(&self) -> Vec<f64> {
        self.all.iter().flat_map(|o| o.lrs()).collect()
    }
    fn set_lrs(&mut self, lrs: &[f64]) {
        let mut rest = lrs;
        for o in &mut self.all {
            let own = rest.len().min(o.lrs().len());
            o.set_lrs(&rest[..own]);
            rest = &rest[own..];
        }
    }
    fn set_momentum(&mut self, momentum: f64) {
        self.all.iter_mut().for_each(|o| o.set_momentum(momentum));
    }
    fn train(&mut self) -> Result<()> {
        self.all.iter_mut().try_for_each(|o| o.train())
    }
    fn eval(&mut self) -> Result<()> {
        self.all.iter_mut().try_for_each(|o| o.eval())
    }
    fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        for (i, o) in self.all.iter().enumerate() {
            for (name, tensor) in o.state_dict()?.iter() {
                dict.insert(format!("{i}.{name}"), tensor.clone());
            }
        }
        Ok(dict)
    }
    fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        for (i, o) in self.all.iter_mut().enumerate() {
            let prefix = format!("{i}.");
            let mut own = StateDict::new();
            for (name, tensor) in dict.iter() {
                if let Some(name) = name.strip_prefix(&prefix) {
                    own.insert(name, tensor.clone());
                }
            }
            o.load_state_dict(&own)?;
        }
        Ok(())
    }
}
