//! What makes one optimizer different from another: its settings, and how parameters change.
use crate::{
    State,
    group::{Member, Shared},
    setting::{self, Setting},
};
use tensor_core::{Error, ErrorKind, Result, Tensor};

/// The settings of an optimizer and its algorithm. Groups, states, saving, loading and checking come with
/// [`crate::Optim`].
///
/// ```
/// use optim::{Optim, Rule, State};
/// use tensor_core::{Result, Tensor};
///
/// /// Lion (Chen et al., 2023): the sign of the momentum.
/// #[derive(Clone, Debug)]
/// struct Lion {
///     lr: f64,
///     betas: (f64, f64),
/// }
///
/// impl Rule for Lion {
///     optim::settings!("Lion", lr, betas);
///
///     fn update(&self, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
///         let [m] = state.slots(["exp_avg"], || g.zeros_like())?;
///         let c = m.mul(self.betas.0)?.add(&g.mul(1.0 - self.betas.0)?)?;
///         p.sub_(&c.sign()?.mul(self.lr)?)?;
///         m.mul_(self.betas.1)?.add_(&g.mul(1.0 - self.betas.1)?)?;
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
/// let optimizer = Optim::<Lion>::new([w.tied()], Lion { lr: 1e-4, betas: (0.9, 0.99) })?;
/// assert!(Optim::<Lion>::new([w], Lion { lr: -1.0, betas: (0.9, 0.99) }).is_err());
/// # Ok(()) }
/// ```
pub trait Rule: std::fmt::Debug {
    /// The name in messages.
    fn name(&self) -> &'static str;

    /// What it does and whose idea it is, in Markdown: its documentation.
    fn about(&self) -> &'static str {
        ""
    }

    /// All settings by name. [`crate::settings!`] writes this method, [`Rule::name`] and [`Rule::set`].
    fn settings(&self) -> Vec<(&'static str, Setting)>;

    /// Takes over a setting; `false` where there is none of this name, or where the value cannot be one of it.
    fn set(&mut self, name: &str, value: &Setting) -> bool;

    /// Changes `p` by its gradient `g`. Runs unrecorded; `state` belongs to this parameter and is saved with it.
    /// Every optimizer has this method or [`Rule::update_group`].
    fn update(&self, _p: &mut Tensor, _g: &Tensor, _state: &mut State) -> Result<()> {
        Err(Error::new(self.name(), "implements neither update nor update_group").kind_of(ErrorKind::Internal))
    }

    /// Changes all parameters of a group, for algorithms that look at all of them at once; `shared` belongs to the group
    /// and is saved with it.
    fn update_group(&self, members: &mut [Member<'_>], _shared: &mut Shared) -> Result<()> {
        members.iter_mut().try_for_each(|m| m.update(|p, g, state| self.update(p, g, state)))
    }

    /// Whether the algorithm estimates something over all groups at once. Then every step runs [`Rule::gather`] on all
    /// groups, [`Rule::settle`] on the first, and [`Rule::update_group`] on all; they have one `shared`, which is saved
    /// with the first group.
    fn pooled(&self) -> bool {
        false
    }
    /// The first half of a pooled step: what the group adds to `shared.sums`.
    fn gather(&self, _members: &mut [Member<'_>], _shared: &mut Shared) -> Result<()> {
        Ok(())
    }
    /// Between the halves of a pooled step, for the first group: what follows from `shared.sums`.
    fn settle(&self, _shared: &mut Shared) -> Result<()> {
        Ok(())
    }

    /// Turns a parameter from where it is trained to where it is used (`train` false), or back, for optimizers in which
    /// the two differ.
    fn turn(&self, _train: bool, _p: &mut Tensor, _state: &mut State) -> Result<()> {
        Ok(())
    }

    /// Refuses settings that cannot be meant. By itself it knows the names that settings have everywhere: no negative
    /// `lr`, no `betas` of 1.
    fn check(&self) -> Result<()> {
        setting::check(self.name(), &self.settings())
    }

    /// Whether a saved state may belong to a parameter, by their shapes: the same, with dimensions averaged away, or one
    /// number.
    fn fits(&self, _name: &str, state: &[usize], p: &[usize]) -> bool {
        fits_usually(state, p)
    }

    /// Whether parameters in f16 and bf16 are changed in 32 bits whatever the optimizer is told: for what decomposes
    /// matrices, which takes no halves, or divides by what they round to 0. The state is in 32 bits then.
    fn widens(&self) -> bool {
        false
    }

    /// The learning rate.
    fn lr(&self) -> f64 {
        self.settings().iter().find(|(name, _)| *name == "lr").and_then(|(_, value)| value.number()).unwrap_or(0.0)
    }
    /// Sets the learning rate: what schedules do.
    fn set_lr(&mut self, lr: f64) {
        self.set("lr", &Setting::Float(lr));
    }

    /// The momentum, for schedules that change it too: the setting `momentum`, or the first of `betas`.
    fn momentum(&self) -> Option<f64> {
        self.settings().iter().find_map(|(name, value)| match (*name, value) {
            ("momentum", value) => value.number(),
            ("betas", Setting::List(betas)) => betas.first().and_then(Setting::number),
            _ => None,
        })
    }
    /// Sets the momentum, where there is one.
    fn set_momentum(&mut self, momentum: f64) {
        let betas = self.settings().into_iter().find_map(|(name, value)| match (name, value) {
            ("betas", Setting::List(betas)) => Some(betas),
            _ => None,
        });
        if !self.set("momentum", &Setting::Float(momentum))
            && let Some(mut betas) = betas
            && let Some(first) = betas.first_mut()
        {
            *first = Setting::Float(momentum);
            self.set("betas", &Setting::List(betas));
        }
    }
}

/// Whether a state is of a parameter's shape, with dimensions averaged away, or one number.
pub(crate) fn fits_usually(state: &[usize], p: &[usize]) -> bool {
    state.iter().product::<usize>() == 1
        || state.len() == p.len() && state.iter().zip(p).all(|(&s, &p)| s == p || s == 1)
}

impl<R: Rule + ?Sized> Rule for Box<R> {
    fn name(&self) -> &'static str {
        (**self).name()
    }
    fn about(&self) -> &'static str {
        (**self).about()
    }
    fn settings(&self) -> Vec<(&'static str, Setting)> {
        (**self).settings()
    }
    fn set(&mut self, name: &str, value: &Setting) -> bool {
        (**self).set(name, value)
    }
    fn update(&self, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()> {
        (**self).update(p, g, state)
    }
    fn update_group(&self, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        (**self).update_group(members, shared)
    }
    fn pooled(&self) -> bool {
        (**self).pooled()
    }
    fn gather(&self, members: &mut [Member<'_>], shared: &mut Shared) -> Result<()> {
        (**self).gather(members, shared)
    }
    fn settle(&self, shared: &mut Shared) -> Result<()> {
        (**self).settle(shared)
    }
    fn turn(&self, train: bool, p: &mut Tensor, state: &mut State) -> Result<()> {
        (**self).turn(train, p, state)
    }
    fn check(&self) -> Result<()> {
        (**self).check()
    }
    fn fits(&self, name: &str, state: &[usize], p: &[usize]) -> bool {
        (**self).fits(name, state, p)
    }
    fn widens(&self) -> bool {
        (**self).widens()
    }
    fn lr(&self) -> f64 {
        (**self).lr()
    }
    fn set_lr(&mut self, lr: f64) {
        (**self).set_lr(lr);
    }
    fn momentum(&self) -> Option<f64> {
        (**self).momentum()
    }
    fn set_momentum(&mut self, momentum: f64) {
        (**self).set_momentum(momentum);
    }
}

/// Implements [`Rule::name`], [`Rule::settings`] and [`Rule::set`] for the named fields.
#[macro_export]
macro_rules! settings {
    ($name:literal, $($field:ident),* $(,)?) => {
        fn name(&self) -> &'static str {
            $name
        }
        fn settings(&self) -> Vec<(&'static str, $crate::Setting)> {
            vec![$( (stringify!($field), $crate::Settable::get(&self.$field)) ),*]
        }
        fn set(&mut self, name: &str, value: &$crate::Setting) -> bool {
            match name {
                $( stringify!($field) => $crate::Settable::take(&mut self.$field, value), )*
                _ => false,
            }
        }
    };
}
