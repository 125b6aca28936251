//! What a training needs around model, optimizer and data: checkpoints that resume with the same bits, metrics, and a
//! progress bar.
mod checkpoint;
mod metrics;
mod progress;

pub use checkpoint::Checkpoint;
pub use metrics::{Accuracy, Mean};
pub use progress::Progress;
