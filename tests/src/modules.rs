//! Modules by PyTorch's names, built from PyTorch's constructor arguments.
mod activations;
mod attention;
mod convolutions;
mod losses;
mod norms;
mod pools;
mod recurrent;
mod simple;

use crate::{
    args::Args,
    fault::{Outcome, Res, unsupported},
    table::one,
};
use nn::{Forward, Module};
use std::{fmt, rc::Rc};

/// A module and its call.
pub struct Built {
    /// Its parts; losses have none.
    pub module: Option<Rc<dyn Module>>,
    /// What it does with the arguments of a case.
    pub forward: Box<dyn Fn(&Args) -> Outcome>,
}

impl fmt::Debug for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Built({:?})", self.module.as_ref().map(|m| m.type_name()))
    }
}

/// The modules of one family: `None` where the name is not of the family.
type Family = fn(&str, &Args) -> Res<Option<Built>>;

const FAMILIES: [Family; 8] = [
    activations::build,
    attention::build,
    convolutions::build,
    norms::build,
    pools::build,
    recurrent::build,
    simple::build,
    losses::build,
];

/// The module called `name`.
pub fn build(name: &str, a: &Args) -> Res<Built> {
    for family in FAMILIES {
        if let Some(built) = family(name, a)? {
            let left = a.leftovers();
            return if left.is_empty() { Ok(built) } else { unsupported(left.join(", ")) };
        }
    }
    unsupported(format!("module {name}"))
}

/// A module with one input and one output.
fn layer<M: Forward + Module>(module: M) -> Built {
    called(module, |module, a| one(module.forward(a.tensor(0, "input")?)))
}

/// A module whose call is written out.
fn called<M: Module>(module: M, forward: impl Fn(&M, &Args) -> Outcome + 'static) -> Built {
    let module = Rc::new(module);
    let callee = module.clone();
    Built { module: Some(module), forward: Box::new(move |a| forward(&callee, a)) }
}
