//! What optimizers remember.
use std::borrow::Cow;
use tensor_core::{Error, ErrorKind, Result, Tensor};

/// What an optimizer remembers of one parameter, or of a group of them: how many steps it took, and tensors and numbers
/// by name.
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
            *at = match self.place(name) {
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

    /// The tensor of a name that need not be known before, made by `first` where it does not exist yet.
    pub fn slot(&mut self, name: &str, first: impl FnOnce() -> Result<Tensor>) -> Result<&mut Tensor> {
        let at = match self.place(name) {
            Some(at) => at,
            None => {
                self.slots.push((Cow::Owned(name.to_string()), first()?));
                self.slots.len() - 1
            }
        };
        Ok(&mut self.slots[at].1)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|(known, _)| known == name)
    }

    /// The tensor of this name, where there is one.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.place(name).map(|at| &self.slots[at].1)
    }

    /// Sets the tensor of this name.
    pub fn put(&mut self, name: &str, tensor: Tensor) {
        match self.place(name) {
            Some(at) => self.slots[at].1 = tensor,
            None => self.slots.push((Cow::Owned(name.to_string()), tensor)),
        }
    }

    /// Takes the tensor of this name out.
    pub fn take(&mut self, name: &str) -> Option<Tensor> {
        self.place(name).map(|at| self.slots.swap_remove(at).1)
    }

    /// The number of this name, or `first` where there is none yet.
    pub fn number(&self, name: &str, first: f64) -> Result<f64> {
        self.get(name).map_or(Ok(first), Tensor::item)
    }

    /// Sets the number of this name. It is kept as a tensor without dimensions, of 64 bits, and saved like the others.
    pub fn set_number(&mut self, name: &str, value: f64) -> Result<()> {
        self.put(name, Tensor::from_slice(&[value], ())?);
        Ok(())
    }

    /// Whether there is a tensor of this name yet.
    pub fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Names and tensors.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.slots.iter().map(|(name, tensor)| (&**name, tensor))
    }
}
