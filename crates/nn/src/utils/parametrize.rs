//! Parameters that are computed from others: a layer's weight as a function of what is trained instead of it.
use crate::{Forward, Module, Parameter, Part, Visitor, tied_clone};
use std::fmt::Debug;
use tensor_core::{Error, Result, Tensor};

/// How a tensor is made of others. With `#[derive(Debug, Clone, Module)]` it is a [`Parametrization`]: parameters,
/// buffers and modes of its own are part of the model.
///
/// ```
/// use nn::{Linear, Module, Forward, utils::parametrize::{Parametrize, register_parametrization}};
/// # use tensor_core::{Result, Tensor};
/// /// A matrix that equals its transpose: made of the triangle of another.
/// #[derive(Debug, Clone, Module)]
/// struct Symmetric;
///
/// impl Parametrize for Symmetric {
///     fn forward(&self, originals: &[&Tensor]) -> Result<Tensor> {
///         originals[0].triu(0)?.add(&originals[0].triu(1)?.t()?)
///     }
///     fn right_inverse(&self, weight: &Tensor) -> Result<Vec<Tensor>> {
///         Ok(vec![weight.triu(0)?])
///     }
/// }
///
/// # fn main() -> Result<()> {
/// let layer = register_parametrization(Linear::new(3, 3)?, |l| &mut l.weight, Symmetric)?;
/// let w = layer.weight()?;
/// assert_eq!(w.to_vec::<f32>()?, w.t()?.to_vec::<f32>()?);
/// let names: Vec<String> = layer.named_parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["bias", "parametrizations.weight.original"]);
/// assert_eq!(layer.forward(&Tensor::ones([2, 3])?)?.shape(), [2, 3]);
/// # Ok(()) }
/// ```
pub trait Parametrize {
    /// The tensor that the layer uses, from the originals that are trained.
    fn forward(&self, originals: &[&Tensor]) -> Result<Tensor>;
    /// Originals from which `forward` makes this tensor, or one near it: what they start as.
    fn right_inverse(&self, weight: &Tensor) -> Result<Vec<Tensor>>;
}

/// Every [`Parametrize`] with `#[derive(Debug, Clone, Module)]`.
pub trait Parametrization: Parametrize + Module + Debug + Send + Sync {
    /// A deep copy.
    fn boxed_clone(&self) -> Box<dyn Parametrization>;
}

impl<T: Parametrize + Module + Debug + Clone + Send + Sync> Parametrization for T {
    fn boxed_clone(&self) -> Box<dyn Parametrization> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Parametrization> {
    fn clone(&self) -> Box<dyn Parametrization> {
        (**self).boxed_clone()
    }
}

/// Which of a layer's parameters is meant: `|l| &mut l.weight`.
pub type At<L> = fn(&mut L) -> &mut Parameter;

/// What originals are called in the state dict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// `parametrizations.weight.original`, or `original0`, `original1`, ..
    Parametrizations,
    /// `weight` followed by one of these: the names before PyTorch had parametrizations.
    Suffixes(&'static [&'static str]),
}

/// A layer one of whose parameters is computed at every forward from originals, which are parameters instead of it.
#[derive(Clone, Debug)]
pub struct Parametrized<L> {
    layer: L,
    at: At<L>,
    name: String,
    naming: Naming,
    originals: Vec<Parameter>,
    chain: Vec<Box<dyn Parametrization>>,
}

/// Puts `parametrization` in front of the parameter that `at` picks. The originals start such that the parameter stays
/// what it is, as far as the parametrization allows.
pub fn register_parametrization<L: Module + Clone>(
    layer: L,
    at: At<L>,
    parametrization: impl Parametrization,
) -> Result<Parametrized<L>> {
    Parametrized::new(layer, at, Naming::Parametrizations, Box::new(parametrization))
}

/// The layer as it was before its parametrization: its parameter has the value that was computed last, or, where
/// `leave_parametrized` is false and there is one original, that original's.
pub fn remove_parametrizations<L: Module + Clone>(layer: Parametrized<L>, leave_parametrized: bool) -> Result<L> {
    let values = match (leave_parametrized, layer.originals.as_slice()) {
        (true, _) => layer.weight()?.detach(),
        (false, [original]) => original.detach(),
        (false, _) => {
            return Err(Error::new("remove_parametrizations", "several originals cannot be left as one parameter")
                .hint("say leave_parametrized = true"));
        }
    };
    let Parametrized { layer: mut bare, at, .. } = layer;
    *at(&mut bare) = Parameter::new(values)?;
    Ok(bare)
}

impl<L: Module + Clone> Parametrized<L> {
    pub(super) fn new(
        mut layer: L,
        at: At<L>,
        naming: Naming,
        parametrization: Box<dyn Parametrization>,
    ) -> Result<Parametrized<L>> {
        const OP: &str = "register_parametrization";
        let parameter = at(&mut layer).tied();
        let found = layer.named_parameters().into_iter().find(|(_, p)| p.is_tied_to(&parameter));
        let (name, _) = found.ok_or_else(|| Error::new(OP, "the parameter is none of the layer's"))?;
        let mut made = Parametrized { layer, at, name, naming, originals: Vec::new(), chain: vec![parametrization] };
        made.originals = made.inverse(&parameter)?.into_iter().map(Parameter::new).collect::<Result<_>>()?;
        made.fits(&parameter)?;
        Ok(made)
    }

    /// One more parametrization behind those that are there: its input is what they give.
    pub fn then(mut self, parametrization: impl Parametrization) -> Result<Parametrized<L>> {
        let weight = self.weight()?.detach();
        self.chain.push(Box::new(parametrization));
        let originals = self.inverse(&weight)?;
        for (original, values) in self.originals.iter().zip(&originals) {
            original.replace(values)?;
        }
        self.fits(&weight)?;
        Ok(self)
    }

    /// Whether what is computed can stand for the parameter.
    fn fits(&self, parameter: &Tensor) -> Result<()> {
        let weight = self.weight()?;
        if weight.shape() == parameter.shape() && weight.dtype() == parameter.dtype() {
            return Ok(());
        }
        let message = format!("{} gives another shape or dtype than {} has", self.kind(), self.name);
        Err(Error::new("register_parametrization", message).operands([&weight, parameter]))
    }

    fn kind(&self) -> &'static str {
        self.chain.last().map_or("", |last| last.type_name())
    }

    fn inverse(&self, weight: &Tensor) -> Result<Vec<Tensor>> {
        let mut values = vec![weight.detach()];
        for step in self.chain.iter().rev() {
            let [one] = values.as_slice() else {
                let message = format!("{} takes several tensors, so that nothing can stand before it", self.kind());
                return Err(Error::new("register_parametrization", message));
            };
            values = step.right_inverse(one)?.iter().map(|t| t.detach()).collect();
        }
        Ok(values)
    }

    /// The tensor that stands for the parameter, computed from the originals: its gradients are theirs.
    pub fn weight(&self) -> Result<Tensor> {
        let within =
            |e: Error| if e.path().is_empty() { e.within(&format!("parametrizations.{}", self.name)) } else { e };
        let originals: Vec<&Tensor> = self.originals.iter().map(|p| &**p).collect();
        let Some((first, rest)) = self.chain.split_first() else {
            return Err(Error::new("parametrize", "there is no parametrization"));
        };
        let made = first.forward(&originals).map_err(within)?;
        rest.iter().try_fold(made, |made, step| step.forward(&[&made])).map_err(within)
    }

    /// Runs the layer with the computed parameter: for layers whose `forward` takes or gives something else than a
    /// tensor. Buffers and modes are the layer's own.
    ///
    /// ```
    /// use nn::{LSTM, utils::weight_norm};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let lstm = weight_norm(LSTM::new(3, 4)?, |l| &mut l.weights[0].weight_hh, Some(0))?;
    /// let (y, _) = lstm.with(|lstm| lstm.forward(&Tensor::zeros([5, 2, 3])?, None))?;
    /// assert_eq!(y.shape(), [5, 2, 4]);
    /// # Ok(()) }
    /// ```
    pub fn with<T>(&self, run: impl FnOnce(&L) -> Result<T>) -> Result<T> {
        let weight = self.weight()?;
        let mut layer = tied_clone(&self.layer);
        let place = (self.at)(&mut layer);
        *place = place.computed_as(weight);
        run(&layer)
    }

    /// Gives the parameter a value, through the inverses of its parametrizations.
    pub fn set_weight(&self, weight: &Tensor) -> Result<()> {
        for (original, values) in self.originals.iter().zip(self.inverse(weight)?) {
            original.replace(&values)?;
        }
        Ok(())
    }

    /// What is trained instead of the parameter.
    pub fn originals(&self) -> &[Parameter] {
        &self.originals
    }
}

impl<L: Module + Forward + Clone> Forward for Parametrized<L> {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.with(|layer| layer.forward(x))
    }
}

/// The layer's parts, but for the parameter, in whose place there are the originals.
impl<L: Module> Part for Parametrized<L> {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        visitor.without(&self.name, |visitor| self.layer.visit(visitor));
        // The parameter may stand deeper in the layer than its first level.
        let (inside, name) = self.name.rsplit_once('.').unwrap_or(("", &self.name));
        let all = |visitor: &mut Visitor<'m, '_>| match self.naming {
            Naming::Parametrizations => visitor.field("parametrizations", |visitor| {
                visitor.field(name, |visitor| {
                    for (i, original) in self.originals.iter().enumerate() {
                        let number = if self.originals.len() > 1 { i.to_string() } else { String::new() };
                        visitor.field(&format!("original{number}"), |visitor| original.visit(visitor));
                    }
                    self.chain.visit(visitor);
                });
            }),
            Naming::Suffixes(suffixes) => {
                for (original, suffix) in self.originals.iter().zip(suffixes) {
                    visitor.field(&format!("{name}{suffix}"), |visitor| original.visit(visitor));
                }
                for step in &self.chain {
                    step.visit(visitor);
                }
            }
        };
        if inside.is_empty() { all(visitor) } else { visitor.field(inside, all) }
    }
}
impl<L: Module> Module for Parametrized<L> {}
