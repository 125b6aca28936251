//! Pooling: windows over signals, images and volumes become one element each.
mod adaptive;
mod average;
mod fractional;
mod max;
mod power;
mod unpool;

pub use adaptive::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d,
    OutSizes,
};
pub use average::{
    AvgPool1d, AvgPool1dOptions, AvgPool2d, AvgPool2dOptions, AvgPool3d, AvgPool3dOptions, AvgPoolOptions,
};
pub use fractional::{FractionalMaxPool2d, FractionalMaxPool3d, FractionalSize};
pub use max::{MaxPool1d, MaxPool1dOptions, MaxPool2d, MaxPool2dOptions, MaxPool3d, MaxPool3dOptions, MaxPoolOptions};
pub use power::{LPPool1d, LPPool2d, LPPool3d, LPPoolOptions};
pub use unpool::{MaxUnpool1d, MaxUnpool2d, MaxUnpool3d, MaxUnpoolOptions};
