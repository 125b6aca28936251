//! One tensor in, one tensor out.
use crate::Module;
use std::fmt::Debug;
use tensor_core::{Result, Tensor};

/// What a layer computes. Layers that take or give something else have a `forward` of their own.
pub trait Forward {
    /// The output for `x`.
    fn forward(&self, x: &Tensor) -> Result<Tensor>;
}

impl<F: Forward + ?Sized> Forward for Box<F> {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        (**self).forward(x)
    }
}

/// `None` passes its input on.
impl<F: Forward> Forward for Option<F> {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Some(layer) => layer.forward(x),
            None => Ok(x.clone()),
        }
    }
}

/// A module that [`crate::Sequential`] can hold: every `Forward` with `#[derive(Debug, Clone, Module)]`.
pub trait Layer: Module + Forward + Debug + Send + Sync {
    /// A deep copy.
    fn boxed_clone(&self) -> Box<dyn Layer>;
}

impl<T: Module + Forward + Debug + Clone + Send + Sync> Layer for T {
    fn boxed_clone(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Layer> {
    fn clone(&self) -> Box<dyn Layer> {
        (**self).boxed_clone()
    }
}
