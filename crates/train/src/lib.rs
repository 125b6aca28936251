//! What a training needs around model, optimizer and data: checkpoints that resume with the same bits, metrics, a progress
//! bar, and lints for mistakes that give no error.
mod checkpoint;
mod lints;
mod metrics;
mod progress;

pub use checkpoint::Checkpoint;
pub use lints::{Finding, Lint, Lints};
pub use metrics::{Accuracy, Mean};
pub use progress::Progress;
