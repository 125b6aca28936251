//! Modules, layers, losses and initialisation.
pub use ::nn::*;
// Named here, it is preferred to the one that the line above brings: its code finds the traits through this crate.
pub use nn_derive::FlambeauModule as Module;
