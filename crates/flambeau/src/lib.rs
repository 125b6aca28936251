//! Deep learning in Rust: tensors that differentiate, layers, optimizers, data.
//!
//! ```
//! use flambeau::prelude::*;
//!
//! #[derive(Module)]
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
//! fn main() -> Result<()> {
//!     let model = Net { lin1: Linear::new(784, 30)?, lin2: Linear::new(30, 10)? };
//!     model.to_device(&Device::best())?; // a GPU where there is one
//!     let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
//!     let (x, y) = (Tensor::randn([64, 784])?, Tensor::randint(0, 10, [64])?);
//!     for _ in 0..3 {
//!         optimizer.zero_grad();
//!         let loss = nll_loss(&model.forward(&x)?, &y)?;
//!         loss.backward()?;
//!         optimizer.step()?;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Everything of [`prelude`] comes with one `use`; the rest is in a module for each crate below.
pub mod data;
mod device;
pub mod nn;
pub mod prelude;

#[cfg(feature = "images")]
pub use ::data::{compose, vision};
pub use ::files;
#[cfg(feature = "linalg")]
pub use ::linalg;
pub use ::optim;
pub use ::train;
pub use autograd;
pub use device::BestDevice;
pub use tensor_core::*;
