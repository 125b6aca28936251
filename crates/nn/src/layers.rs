//! Layers, a file each.
mod activation;
mod batch_norm;
mod conv;
mod dropout;
mod flatten;
mod linear;
mod pool;
mod sequential;
mod window;

pub use activation::{Identity, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh};
pub use batch_norm::{BatchNorm1d, BatchNorm2d, BatchNormOptions};
pub use conv::{Conv2d, Conv2dOptions};
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use linear::{Linear, LinearOptions};
pub use pool::{AvgPool2d, AvgPool2dOptions, MaxPool2d, MaxPool2dOptions};
pub use sequential::{IntoLayers, Sequential};
pub use window::{Padding, Pair};
