//! Modules are plain structs: `#[derive(Module)]` finds their parameters, buffers and children, and everything else
//! (state dicts, training mode, moving between devices, the path in an error) is written once over that.
//!
//! ```
//! use nn::{Forward, Linear, Module};
//! use tensor_core::{Result, Tensor};
//!
//! #[derive(Debug, Clone, Module)]
//! struct Net {
//!     lin1: Linear,
//!     lin2: Linear,
//! }
//!
//! impl Forward for Net {
//!     fn forward(&self, x: &Tensor) -> Result<Tensor> {
//!         self.lin2.forward(&self.lin1.forward(x)?.relu()?)?.log_softmax(1)
//!     }
//! }
//!
//! # fn main() -> Result<()> {
//! let model = Net { lin1: Linear::new(784, 30)?, lin2: Linear::new(30, 10)? };
//! assert_eq!(model.num_parameters(), 23_860);
//! assert_eq!(model.forward(&Tensor::zeros([5, 784])?)?.shape(), [5, 10]);
//! let names: Vec<String> = model.named_parameters().into_iter().map(|(name, _)| name).collect();
//! assert_eq!(names, ["lin1.weight", "lin1.bias", "lin2.weight", "lin2.bias"]);
//! # Ok(()) }
//! ```
// The derive writes paths that start with `::nn`, here too.
extern crate self as nn;

mod forward;
pub mod functional;
mod hooks;
mod identity;
pub mod init;
mod layers;
pub mod loss;
pub mod models;
mod module;
mod part;
mod place;
mod scope;
mod state;
mod summary;
pub mod utils;
mod visitor;
mod watch;

pub use autograd::{Buffer, Parameter, tied_clone};
pub use files::StateDict;
pub use forward::{Forward, Layer};
pub use hooks::{HookCall, HookHandle, register_forward_hook, register_forward_pre_hook};
pub use layers::*;
pub use loss::{Loss, Reduction};
pub use module::{Module, To};
pub use nn_derive::Module;
pub use part::Part;
pub use place::{Mode, Place};
pub use scope::{scope, scope_with};
pub use state::LoadReport;
pub use summary::{Summary, SummaryRow, summary, summary_of};
pub use visitor::{Seen, Visitor};
