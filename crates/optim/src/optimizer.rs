//! What all optimizers do alike: groups of parameters, states, steps, saving.
use crate::{
    Group, Rule,
    group::{Members, step_pooled},
    saved,
    setting::{self, Setting},
};
use autograd::Parameter;
use files::StateDict;
use std::collections::HashSet;
use tensor_core::{Error, Result, Tensor, watch};

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

    /// Makes the parameters those that are trained, for optimizers that keep others for use (schedule-free ones): call
    /// it, as `model.train()`, before an epoch.
    fn train(&mut self) -> Result<()> {
        Ok(())
    }
    /// Makes the parameters those that are to be used: call it, as `model.eval()`, before validation or saving.
    fn eval(&mut self) -> Result<()> {
        Ok(())
    }

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
    fn train(&mut self) -> Result<()> {
        (**self).train()
    }
    fn eval(&mut self) -> Result<()> {
        (**self).eval()
    }
    fn zero_grad(&self) {
        (**self).zero_grad();
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
    /// Whether parameters of half precision are changed in 32 bits.
    master: bool,
    /// Whether the parameters are those that are trained.
    training: bool,
    /// Whether it has been said that a step found no gradients.
    told: bool,
}

impl<R: Rule> Optim<R> {
    /// One group of parameters. Where a rule has a natural setting, the learning rate, it stands for all:
    /// `Adam::new(model.parameters(), 1e-3)`.
    pub fn new(params: impl IntoIterator<Item = Parameter>, options: impl Into<R>) -> Result<Optim<R>> {
        let mut optimizer = Optim { groups: Vec::new(), master: false, training: true, told: false };
        optimizer.add_group(params, options)?;
        Ok(optimizer)
    }

    /// Groups by a choice of settings for every parameter, by its name or shape: parameters with equal settings make one
    /// group.
    ///
    /// ```
    /// use autograd::Parameter;
    /// use optim::{AdamW, AdamWOptions};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let params = [Parameter::new(Tensor::ones([3, 2])?)?, Parameter::new(Tensor::ones([3])?)?];
    /// // No weight decay of biases and norms.
    /// let optimizer = AdamW::grouped(params, |p| {
    ///     let weight_decay = if p.shape().len() > 1 { 0.1 } else { 0.0 };
    ///     AdamWOptions { lr: 1e-3, weight_decay, ..Default::default() }
    /// })?;
    /// assert_eq!(optimizer.groups().len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn grouped(params: impl IntoIterator<Item = Parameter>, choose: impl Fn(&Parameter) -> R) -> Result<Optim<R>> {
        let mut chosen: Vec<(R, Vec<Parameter>)> = Vec::new();
        for p in params {
            let options = choose(&p);
            match chosen.iter_mut().find(|(known, _)| known.settings() == options.settings()) {
                Some((_, params)) => params.push(p),
                None => chosen.push((options, vec![p])),
            }
        }
        let mut chosen = chosen.into_iter();
        let Some((options, first)) = chosen.next() else { return Err(no_parameters("grouped")) };
        let mut optimizer = Optim::new(first, options)?;
        for (options, params) in chosen {
            optimizer.add_group(params, options)?;
        }
        Ok(optimizer)
    }

    /// More parameters, with settings of their own.
    pub fn add_group(
        &mut self,
        params: impl IntoIterator<Item = Parameter>,
        options: impl Into<R>,
    ) -> Result<&mut Optim<R>> {
        let options = options.into();
        setting::numbers(options.name(), &options.settings())?;
        options.check()?;
        let known: Vec<Parameter> = self.groups.iter().flat_map(Group::parameters).map(Parameter::tied).collect();
        let params = trainable(options.name(), &known, params.into_iter().collect())?;
        let params = params.into_iter().map(|p| (p, Default::default())).collect();
        self.groups.push(Group { options, members: Members { params, ..Default::default() } });
        Ok(self)
    }

    /// Whether parameters in f16 or bf16 are changed in 32 bits, which are kept in the state as `master_param`, and
    /// rounded after each step. Small steps are not lost then.
    #[must_use]
    pub fn with_master_weights(mut self, on: bool) -> Optim<R> {
        self.master = on;
        self
    }

    /// The groups.
    pub fn groups(&self) -> &[Group<R>] {
        &self.groups
    }
    /// The groups, to change their settings.
    pub fn groups_mut(&mut self) -> &mut [Group<R>] {
        &mut self.groups
    }

    fn turn(&mut self, train: bool) -> Result<()> {
        if self.training == train {
            return Ok(());
        }
        self.training = train;
        for Group { options, members } in &mut self.groups {
            for (p, state) in &mut members.params {
                p.update(|t| options.turn(train, t, state))?;
            }
        }
        Ok(())
    }

    fn step_after(&mut self, loss: Option<f64>) -> Result<()> {
        if !self.training {
            let name = self.groups.first().map_or("step", |g| g.options.name());
            return Err(Error::new(name, "the parameters are those to be used, not those to be trained")
                .hint("call optimizer.train() after eval()"));
        }
        tell_step(self.groups.first().map_or("step", |g| g.options.name()), self);
        let mut found = false;
        if self.groups.first().is_some_and(|g| g.options.pooled()) {
            let mut all: Vec<(&dyn Rule, &mut Members)> =
                self.groups.iter_mut().map(|g| (&g.options as &dyn Rule, &mut g.members)).collect();
            found = step_pooled(&mut all, loss, self.master)?;
        } else {
            for group in &mut self.groups {
                found |= group.members.step(&group.options, loss, self.master)?;
            }
        }
        if !found && !self.told {
            self.told = true;
            log::warn!(
                "{}: a step found no gradients and changed nothing; did backward() run after zero_grad(), on a loss made \
                 of these parameters?",
                self.groups.first().map_or("", |g| g.options.name())
            );
        }
        Ok(())
    }
}

impl<R: Rule> Optimizer for Optim<R> {
    fn step(&mut self) -> Result<()> {
        self.step_after(None)
    }

    fn step_with(&mut self, closure: &mut dyn FnMut() -> Result<Tensor>) -> Result<Tensor> {
        let loss = closure()?;
        self.step_after(Some(loss.item()?))?;
        Ok(loss)
    }

    fn train(&mut self) -> Result<()> {
        self.turn(true)
    }
    fn eval(&mut self) -> Result<()> {
        self.turn(false)
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
        for group in &mut self.groups {
            group.options.set_momentum(momentum);
        }
    }

    fn state_dict(&self) -> Result<StateDict> {
        let name = self.groups.first().map_or("", |g| g.options.name());
        let groups: Vec<_> = self.groups.iter().map(|g| (g.options.settings(), &g.members)).collect();
        let mut dict = saved::write(name, &groups)?;
        if !self.training {
            dict.insert("param_groups.0.training", Setting::Bool(false).to_tensor()?);
        }
        Ok(dict)
    }

    fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        let mut groups: Vec<(&mut dyn Rule, &mut Members)> =
            self.groups.iter_mut().map(|g| (&mut g.options as &mut dyn Rule, &mut g.members)).collect();
        saved::read(dict, &mut groups)?;
        self.training = match dict.get("param_groups.0.training") {
            Some(training) => training.item()?,
            None => true,
        };
        Ok(())
    }
}

fn no_parameters(op: &'static str) -> Error {
    Error::new(op, "got no parameters").hint("give it model.parameters(); an iterator that was used before is empty")
}

/// The parameters, if there are some, all of which can be trained and none of which is there twice.
pub(crate) fn trainable(op: &'static str, known: &[Parameter], params: Vec<Parameter>) -> Result<Vec<Parameter>> {
    let id = |p: &Parameter| p.edge().map(|e| e.node.id());
    let mut seen: HashSet<_> = known.iter().map(id).collect();
    for p in &params {
        if !p.requires_grad() {
            return Err(Error::new(op, format!("{p:?} needs no gradient"))
                .hint("leave frozen parameters out: model.parameters() filtered by requires_grad()"));
        }
        if !seen.insert(id(p)) {
            return Err(Error::new(op, format!("{p:?} is given twice"))
                .hint("a parameter belongs to one group; model.parameters() lists a shared one once"));
        }
    }
    if params.is_empty() { Err(no_parameters(op)) } else { Ok(params) }
}

/// Tells whoever watches that a step is about to be made.
pub(crate) fn tell_step(name: &str, optimizer: &dyn Optimizer) {
    if watch::is_watched() {
        let parameters: Vec<_> = optimizer.parameters().iter().map(|p| (p.name(), p.live())).collect();
        watch::tell(watch::Event::Step { optimizer: name, parameters: &parameters, lrs: &optimizer.lrs() });
    }
}
