//! Gradients of what `tensor-core` records: a rule for every operation, the engine that applies them, parameters.
//!
//! `loss.backward()` ([`Backward`]) leaves gradients in the leaves, [`grad`] returns them, to any order; [`gradcheck`]
//! compares them with finite differences. A [`Parameter`] is a leaf whose values an optimizer replaces, and [`apply`]
//! is the door for derivatives of the user's own.
mod backward;
mod checkpoint;
pub mod engine;
mod function;
mod functional;
mod gradcheck;
mod last_resort;
mod operators;
mod parameter;
mod rules;

pub use backward::{Backward, BackwardOptions, GradOptions, backward_many, grad};
pub use checkpoint::checkpoint;
pub use function::apply;
pub use functional::{hessian, hvp, jacobian, jvp, vjp};
pub use gradcheck::{GradcheckOptions, gradcheck, gradgradcheck};
pub use parameter::{Buffer, Parameter, clones_are_tied, tied_clone};
