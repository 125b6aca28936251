//! Gradients of what `tensor-core` records: a rule for every operation, the engine that applies them, parameters.
//!
//! `loss.backward()` ([`Backward`]) leaves gradients in the leaves, [`grad`] returns them, to any order; [`gradcheck`]
//! compares them with finite differences. A [`Parameter`] is a leaf whose values an optimizer replaces.
mod parameter;

pub use parameter::{Buffer, Parameter};
