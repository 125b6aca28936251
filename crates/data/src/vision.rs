//! Pictures: reading them, changing them as torchvision does, folders of them, and looking at them. Needs the feature
//! `images`.
//!
//! A picture is a tensor `u8[channels, height, width]`, as [`read_image`] gives it. What a transform does to it has the
//! bytes that torchvision gets on a Pillow image. [`transforms::ToTensor`] makes floats of 0 to 1 of it; transforms take
//! those too, and then do what torchvision does to tensors.
//!
//! ```no_run
//! use data::{DataLoader, compose, vision::{ImageFolder, transforms::{CenterCrop, Resize, ToTensor}}};
//! # fn main() -> tensor_core::Result<()> {
//! let transform = compose![Resize::new(256), CenterCrop::new(224), ToTensor];
//! let train = ImageFolder::new("data/train")?.transform(transform); // data/train/sailboat/1.jpg, data/train/kayak/2.jpg
//! let loader = DataLoader::new(train).batch_size(64).shuffle(true).workers(10);
//! for batch in &loader {
//!     let (images, labels) = batch?; // f32[64, 3, 224, 224], i64[64]
//! }
//! # Ok(()) }
//! ```
mod decode;
mod floats;
mod folder;
mod font;
pub mod functional;
mod grid;
mod interpolation;
mod jpeg;
mod mix;
mod picture;
mod show;
mod stage;
pub mod transforms;

pub use decode::{DecodeOptions, ImageMode, decode_image, read_image};
pub use folder::{DatasetFolder, IMG_EXTENSIONS, ImageFolder};
pub use grid::{MakeGridOptions, encode_jpeg, encode_png, make_grid, save_image};
pub use interpolation::{Fill, Interpolation, Padding, Size};
pub use mix::{CutMix, MixUp};
pub use picture::PaddingMode;
pub use show::{ShowOptions, show_batch};
pub use stage::Stage;
