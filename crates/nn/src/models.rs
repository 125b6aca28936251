//! Well-known models, layer by layer and name by name as torchvision and Hugging Face have them, so that their weights
//! load.
//!
//! ```no_run
//! use nn::{Module, StateDict, models};
//! # fn main() -> tensor_core::Result<()> {
//! let model = models::resnet50(1000)?;
//! let weights: StateDict = files::pt::load("resnet50-11ad3fa6.pth")?.state_dict()?;
//! model.load_state_dict(&weights)?;
//! model.eval();
//! # Ok(()) }
//! ```
//!
//! Another number of classes: build the model with the file's, load, and put a new layer into the field `fc`.
mod bert;
mod gpt2;
mod heads;
mod resnet;
mod vgg;

pub use bert::{Bert, BertForSequenceClassification, BertInputs, BertOptions, BertOutput};
pub use gpt2::{Conv1D, Gpt2, Gpt2LmHead, Gpt2Options};
pub use resnet::{
    BasicBlock, Bottleneck, ResNet, ResNetBlock, ResNetOptions, resnet18, resnet34, resnet50, resnet101, resnet152,
};
pub use vgg::{Vgg, VggOptions, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn};
