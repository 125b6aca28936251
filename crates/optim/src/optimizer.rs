//! What all optimizers do alike: groups of parameters, states, steps, saving.
use crate::{Rule, State};
use autograd::Parameter;
use files::StateDict;
use std::collections::HashSet;
use tensor_core::{DType, Error, Result, Scalar, Tensor, watch};

/// Changes parameters by their gradients.
pub trait Optimizer {
    /// Changes every parameter that has a gradient.
    fn step(&mut self) -> Result<()>;
    /// Computes the loss by `closure` (which forgets the gradients, computes the loss, goes back through it and returns
    /// it), then steps; an optimizer that needs to, asks for the loss again. Returns the first loss.
    fn step_with(&mut self, closure: &mut dyn FnMut() -> Result<Tensor>) -> Result<Tensor> {
        let loss = closure()?;
        self.step()?;
        Ok(loss)
    }
    /// Handles to all parameters, group after group.
    fn parameters(&self) -> Vec<Parameter>;
    /// The learning rate of each group.
    fn lrs(&self) -> Vec<f64>;
    /// Sets the learning rate of each group; surplus numbers are ignored.
    fn set_lrs(&mut self, lrs: &[f64]);
    /// Sets the momentum of every group that has one, for schedules that change it.
    fn set_momentum(&mut self, momentum: f64);
    /// Everything that a resumed training needs to go on with the same bits: states and settings.
    fn state_dict(&self) -> Result<StateDict>;
    /// Takes over what [`Optimizer::state_dict`] gave, for the same parameters in the same order.
    fn load_state_dict(&mut self, dict: &StateDict) -> Result<()>;

    /// Forgets the gradients of all parameters.
    fn zero_grad(&self) {
        watch::tell(watch::Event::ZeroGrad);
        for p in self.parameters() {
            p.zero_grad();
        }
    }
    /// The learning rate of the first group.
    fn lr(&self) -> f64 {
        self.lrs().first().copied().unwrap_or(0.0)
    }
    /// Sets the learning rate of all groups.
    fn set_lr(&mut self, lr: f64) {
        let groups = self.lrs().len();
        self.set_lrs(&vec![lr; groups]);
    }
}

impl<O: Optimizer + ?Sized> Optimizer for Box<O> {
    fn step(&mut self) -> Result<()> {
        (**self).step()
    }
    fn step_with(&mut self, closure: &mut dyn FnMut() -> Result<Tensor>) -> Result<Tensor> {
        (**self).step_with(closure)
    }
    fn parameters(&self) -> Vec<Parameter> {
        (**self).parameters()
    }
    fn lrs(&self) -> Vec<f64> {
        (**self).lrs()
    }
    fn set_lrs(&mut self, lrs: &[f64]) {
        (**self).set_lrs(lrs);
    }
    fn set_momentum(&mut self, momentum: f64) {
        (**self).set_momentum(momentum);
    }
    fn state_dict(&self) -> Result<StateDict> {
        (**self).state_dict()
    }
    fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        (**self).load_state_dict(dict)
    }
}

/// Parameters that share their settings.
#[derive(Debug)]
pub struct Group<R> {
    /// The settings.
    pub options: R,
    params: Vec<(Parameter, State)>,
}

impl<R> Group<R> {
    /// The parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.params.iter().map(|(p, _)| p)
    }
}

/// An optimizer that runs one [`Rule`] over groups of parameters.
///
/// ```
/// use autograd::Parameter;
/// use optim::{Adam, AdamOptions, Optimizer};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let (body, head) = (Parameter::new(Tensor::ones([2])?)?, Parameter::new(Tensor::ones([2])?)?);
/// let mut optimizer = Adam::new([body], 1e-4)?;
/// optimizer.add_group([head], AdamOptions { lr: 1e-2, ..Default::default() })?;
/// assert_eq!(optimizer.lrs(), [1e-4, 1e-2]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Optim<R> {
    groups: Vec<Group<R>>,
    /// Whether it has been said that a step found no gradients.
    told: bool,
}

impl<R: Rule> Optim<R> {
    /// One group of parameters. Where a rule has a natural setting, the learning rate, it stands for all:
    /// `Adam::new(model.parameters(), 1e-3)`.
    pub fn new(params: impl IntoIterator<Item = Parameter>, options: impl Into<R>) -> Result<Optim<R>> {
        let mut optimizer = Optim { groups: Vec::new(), told: false };
        optimizer.add_group(params, options)?;
        Ok(optimizer)
    }

    /// More parameters, with settings of their own.
    pub fn add_group(
        &mut self,
        params: impl IntoIterator<Item = Parameter>,
        options: impl Into<R>,
    ) -> Result<&mut Optim<R>> {
        let options = options.into();
        options.check()?;
        let id = |p: &Parameter| p.edge().map(|e| e.node.id());
        let mut known: HashSet<_> = self.parameters().iter().map(id).collect();
        let mut group = Group { options, params: Vec::new() };
        for p in params {
            if !known.insert(id(&p)) {
                return Err(Error::new(R::NAME, format!("{p:?} is given twice"))
                    .hint("a parameter belongs to one group; model.parameters() lists a shared one once"));
            }
            group.params.push((p, State::default()));
        }
        if group.params.is_empty() {
            return Err(Error::new(R::NAME, "got no parameters")
                .hint("give it model.parameters(); an iterator that was used before is empty"));
        }
        self.groups.push(group);
        Ok(self)
    }

    /// The groups.
    pub fn groups(&self) -> &[Group<R>] {
        &self.groups
    }
    /// The groups, to change their settings.
    pub fn groups_mut(&mut self) -> &mut [Group<R>] {
        &mut self.groups
    }
}

impl<R: Rule> Optimizer for Optim<R> {
    fn step(&mut self) -> Result<()> {
        tell_step(R::NAME, self);
        let mut found = false;
        for group in &mut self.groups {
            for (p, state) in &mut group.params {
                let Some(g) = p.grad() else { continue };
                found = true;
                state.step += 1;
                p.update(|t| group.options.update(t, &g, state)).map_err(|e| e.renamed(R::NAME).within(&p.name()))?;
            }
        }
        if !found && !self.told {
            self.told = true;
            log::warn!(
                "{}: a step found no gradients and changed nothing; did backward() run after zero_grad(), on a loss made \
                 of these parameters?",
                R::NAME
            );
        }
        Ok(())
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.groups.iter().flat_map(Group::parameters).map(Parameter::tied).collect()
    }

    fn zero_grad(&self) {
        watch::tell(watch::Event::ZeroGrad);
        self.groups.iter().flat_map(Group::parameters).for_each(Parameter::zero_grad);
    }

    fn lrs(&self) -> Vec<f64> {
        self.groups.iter().map(|g| g.options.lr()).collect()
    }

    fn set_lrs(&mut self, lrs: &[f64]) {
        for (group, lr) in self.groups.iter_mut().zip(lrs) {
            group.options.set_lr(*lr);
        }
    }

    fn set_momentum(&mut self, momentum: f64) {
        for group in self.groups.iter_mut().filter(|g| g.options.momentum().is_some()) {
            group.options.set_momentum(momentum);
        }
    }

    // Names as PyTorch nests them: `state.0.exp_avg`, `param_groups.0.lr`; parameters are numbered over all groups.
    fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        for (i, (_, state)) in self.groups.iter().flat_map(|g| &g.params).enumerate() {
            if state.step > 0 {
                dict.insert(format!("state.{i}.step"), Tensor::from_slice(&[state.step as i64], ())?);
            }
            for (name, tensor) in state.iter() {
                dict.insert(format!("state.{i}.{name}"), tensor.clone());
            }
        }
        for (i, group) in self.groups.iter().enumerate() {
            for (name, value) in group.options.settings() {
                let value = match value {
                    Scalar::Bool(b) => Tensor::from_slice(&[b], ())?,
                    Scalar::Int(n) => Tensor::from_slice(&[n], ())?,
                    Scalar::Float(x) => Tensor::from_slice(&[x], ())?,
                };
                dict.insert(format!("param_groups.{i}.{name}"), value);
            }
        }
        dict.metadata.insert("optimizer".into(), R::NAME.into());
        Ok(dict)
    }

    fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        let wrong = |why: String| {
            Error::new("load_state_dict", why)
                .hint("the optimizer must have the same parameters, in the same order and groups, as the saved one")
        };
        let mut states: Vec<State> = self.groups.iter().flat_map(|g| &g.params).map(|_| State::default()).collect();
        let mut options: Vec<R> = self.groups.iter().map(|g| g.options.clone()).collect();
        let params = self.parameters();
        for (name, tensor) in dict.iter() {
            let mut parts = name.splitn(3, '.');
            let (Some(kind), Some(i), Some(what)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(wrong(format!("{name:?} is no name of an optimizer's state")));
            };
            let i: usize = i.parse().map_err(|_| wrong(format!("{name:?} has no number")))?;
            match kind {
                "state" => {
                    let (Some(state), Some(p)) = (states.get_mut(i), params.get(i)) else {
                        return Err(wrong(format!(
                            "there is a state of parameter {i}, counted from 0, but the number of parameters is {}",
                            params.len()
                        )));
                    };
                    if what == "step" {
                        state.step = tensor.item::<i64>()?.max(0) as u64;
                    } else if !fits(tensor, p) {
                        return Err(wrong(format!("{name} does not fit {p:?}")).operands([tensor]));
                    } else {
                        state.put(what.to_string(), tensor.to_device(&p.device())?);
                    }
                }
                "param_groups" => {
                    let Some(options) = options.get_mut(i) else {
                        return Err(wrong(format!("there is a group {i}, but only {} groups", self.groups.len())));
                    };
                    options.set(
                        what,
                        match tensor.dtype() {
                            DType::Bool => Scalar::Bool(tensor.item()?),
                            d if d.is_float() => Scalar::Float(tensor.item()?),
                            _ => Scalar::Int(tensor.item()?),
                        },
                    );
                }
                _ => return Err(wrong(format!("{name:?} is no name of an optimizer's state"))),
            }
        }
        options.iter().try_for_each(R::check)?;
        for (group, options) in self.groups.iter_mut().zip(options) {
            group.options = options;
        }
        for ((_, old), new) in self.groups.iter_mut().flat_map(|g| &mut g.params).zip(states) {
            *old = new;
        }
        Ok(())
    }
}

/// Tells whoever watches that a step is about to be made.
pub(crate) fn tell_step(name: &str, optimizer: &dyn Optimizer) {
    if watch::is_watched() {
        let parameters: Vec<_> = optimizer.parameters().iter().map(|p| (p.name(), p.live())).collect();
        watch::tell(watch::Event::Step { optimizer: name, parameters: &parameters, lrs: &optimizer.lrs() });
    }
}

/// Whether a saved state can belong to a parameter: of its shape, with dimensions averaged away, or one number.
fn fits(state: &Tensor, p: &Tensor) -> bool {
    let (state, p) = (state.shape(), p.shape());
    state.is_empty() || state.len() == p.len() && state.iter().zip(p).all(|(&s, &p)| s == p || s == 1)
}
