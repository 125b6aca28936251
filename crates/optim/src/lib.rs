//! Optimizers, learning rate schedules and gradient clipping, over handles to parameters.
//!
//! An optimizer is a [`Rule`] (the settings, and how one parameter changes) run by an [`Optim`], which keeps groups of
//! parameters and their states and saves them.
//!
//! ```
//! use autograd::{Backward, Parameter};
//! use optim::{Optimizer, SGD, SGDOptions};
//! use tensor_core::{Result, Tensor};
//! # fn main() -> Result<()> {
//! let w = Parameter::new(Tensor::ones([2])?)?;
//! let mut optimizer = SGD::new([w.tied()], SGDOptions { lr: 0.25, momentum: 0.9, ..Default::default() })?;
//! for _ in 0..2 {
//!     optimizer.zero_grad();
//!     w.square()?.sum()?.backward()?;
//!     optimizer.step()?;
//! }
//! // 1 - 0.25 * 2 = 0.5, then the momentum 0.9 * 2 + 1 moves it by 0.7
//! assert!((w.to_vec::<f64>()?[0] + 0.2).abs() < 1e-6);
//! # Ok(()) }
//! ```
mod adam;
mod adaptive;
mod averages;
mod clip;
pub mod extra;
mod grad_scaler;
mod gradients;
mod group;
mod lbfgs;
pub mod lr_scheduler;
mod matrices;
mod moments;
mod optimizer;
mod pytorch;
mod registry;
mod rule;
mod saved;
mod setting;
mod sgd;
mod state;
mod table;
pub mod torch_optimizer;
mod wolfe;
mod words;
mod wrappers;

pub use adam::{Adam, AdamOptions, AdamW, AdamWOptions, SparseAdam, SparseAdamOptions};
pub use adaptive::{Adadelta, AdadeltaOptions, Adagrad, AdagradOptions, RMSprop, RMSpropOptions, Rprop, RpropOptions};
pub use averages::{Average, AveragedModel};
pub use clip::{ClipNorm, clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm};
pub use grad_scaler::{GradScaler, GradScalerOptions};
pub use gradients::{centralize_grad_, clip_grad_adaptive_, pc_grad};
pub use group::{Group, Member, Shared};
pub use lbfgs::{LBFGS, LBFGSOptions, LineSearch};
pub use lr_scheduler::Scheduler;
pub use matrices::{Adafactor, AdafactorOptions, Muon, MuonOptions, MuonRate};
pub use moments::{ASGD, ASGDOptions, Adamax, AdamaxOptions, NAdam, NAdamOptions, RAdam, RAdamOptions};
pub use optimizer::{Optim, Optimizer};
pub use pytorch::{from_pytorch, to_pytorch};
pub use registry::{by_name, names, rule, with_settings};
pub use rule::Rule;
pub use setting::{Settable, Setting};
pub use sgd::{SGD, SGDOptions};
pub use state::State;
pub use wrappers::{Lookahead, SAM, SAMOptions, Together};
