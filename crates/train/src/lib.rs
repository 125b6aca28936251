//! What a training needs around model, optimizer and data: checkpoints that resume with the same bits, metrics, a progress
//! bar, lints for mistakes that give no error, a search for a learning rate, and plots.
mod checkpoint;
mod early_stopping;
mod lints;
mod lr_find;
mod metrics;
pub mod plot;
mod progress;
mod update_bn;

pub use checkpoint::Checkpoint;
pub use early_stopping::{Better, EarlyStopping};
pub use lints::{Finding, Lint, Lints};
pub use lr_find::{LrCurve, LrFindOptions, lr_find};
pub use metrics::{Accuracy, Average, ConfusionMatrix, Mean, TopK};
pub use progress::Progress;
pub use update_bn::{update_bn, update_bn_with};
