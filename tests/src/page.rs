//! Pages of the documentation that say what was found, not what was meant: each is written from a table and the cases
//! recorded from PyTorch, and a check compares the file with a fresh text.
mod limits;
mod operators;
mod optimizers;
pub use operators::operators;
pub use optimizers::optimizers;
