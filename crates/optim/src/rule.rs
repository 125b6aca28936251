//! What makes one optimizer different from another: its settings, and how one parameter changes.
use std::borrow::Cow;
use tensor_core::{Error, ErrorKind, Result, Scalar, Tensor};

/// The settings of an optimizer and its algorithm. Groups, states, saving and loading come with [`crate::Optim`].
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
///     const NAME: &'static str = "Lion";
///     fn lr(&self) -> f64 {
///         self.lr
///     }
///     fn set_lr(&mut self, lr: f64) {
///         self.lr = lr;
///     }
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
/// let optimizer = Optim::<Lion>::new([w], Lion { lr: 1e-4, betas: (0.9, 0.99) })?;
/// # Ok(()) }
/// ```
pub trait Rule: Clone + std::fmt::Debug {
    /// The name in messages.
    const NAME: &'static str;

    /// The learning rate.
    fn lr(&self) -> f64;
    /// Sets the learning rate: what schedules do.
    fn set_lr(&mut self, lr: f64);

    /// Changes `p` by its gradient `g`. Runs unrecorded; `state` belongs to this parameter and is saved with it.
    fn update(&self, p: &mut Tensor, g: &Tensor, state: &mut State) -> Result<()>;

    /// Refuses settings that cannot be meant.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The momentum, for schedules that change it too.
    fn momentum(&self) -> Option<f64> {
        None
    }
    /// Sets the momentum, where there is one.
    fn set_momentum(&mut self, _momentum: f64) {}

    /// All settings by name, to be saved.
    fn settings(&self) -> Vec<(&'static str, Scalar)> {
        vec![("lr", Scalar::Float(self.lr()))]
    }
    /// Takes over a saved setting; unknown ones are left alone.
    fn set(&mut self, name: &str, value: Scalar) {
        if name == "lr" {
            self.set_lr(value.to_f64());
        }
    }
}

/// Implements [`Rule::settings`] and [`Rule::set`] for the named fields.
macro_rules! saved_settings {
    ($( $name:literal = $($field:tt).+ : $Kind:ident ),* $(,)?) => {
        fn settings(&self) -> Vec<(&'static str, tensor_core::Scalar)> {
            vec![$( ($name, tensor_core::Scalar::$Kind(self.$($field).+)) ),*]
        }
        fn set(&mut self, name: &str, value: tensor_core::Scalar) {
            match name {
                $( $name => self.$($field).+ = $crate::rule::$Kind(value), )*
                _ => {}
            }
        }
    };
}
pub(crate) use saved_settings;

#[allow(non_snake_case, reason = "named as the variant of Scalar that the macro above is given")]
pub(crate) fn Float(value: Scalar) -> f64 {
    value.to_f64()
}
#[allow(non_snake_case, reason = "named as the variant of Scalar that the macro above is given")]
pub(crate) fn Bool(value: Scalar) -> bool {
    value.to_f64() != 0.0
}

/// A setting that has to be a finite number of at least 0.
pub(crate) fn at_least_zero(rule: &'static str, name: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Error::new(rule, format!("{name} is {value}, and must be a number of at least 0")))
}

/// A setting that has to be at least 0 and below 1.
pub(crate) fn below_one(rule: &'static str, name: &str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::new(rule, format!("{name} is {value}, and must be at least 0 and below 1")))
}

/// What an optimizer remembers of one parameter: how many steps it took, and tensors by name.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Steps so far, this one included while it runs.
    pub step: u64,
    slots: Vec<(Cow<'static, str>, Tensor)>,
}

impl State {
    /// The tensors of these names, made by `first` where they do not exist yet.
    pub fn slots<const N: usize>(
        &mut self,
        names: [&'static str; N],
        first: impl Fn() -> Result<Tensor>,
    ) -> Result<[&mut Tensor; N]> {
        let mut at = [0; N];
        for (at, name) in at.iter_mut().zip(names) {
            *at = match self.slots.iter().position(|(known, _)| known == name) {
                Some(i) => i,
                None => {
                    self.slots.push((Cow::Borrowed(name), first()?));
                    self.slots.len() - 1
                }
            };
        }
        match self.slots.get_disjoint_mut(at) {
            Ok(slots) => Ok(slots.map(|(_, tensor)| tensor)),
            Err(_) => {
                Err(Error::new("State::slots", format!("a name appears twice in {names:?}"))
                    .kind_of(ErrorKind::Internal))
            }
        }
    }

    /// Whether there is a tensor of this name yet.
    pub fn has(&self, name: &str) -> bool {
        self.slots.iter().any(|(known, _)| known == name)
    }

    /// Names and tensors.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.slots.iter().map(|(name, tensor)| (&**name, tensor))
    }

    pub(crate) fn put(&mut self, name: String, tensor: Tensor) {
        self.slots.push((Cow::Owned(name), tensor));
    }
}
