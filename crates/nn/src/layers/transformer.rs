//! Transformers: stacks of attention and small nets (Vaswani et al., 2017).
mod block;
mod decoder;
mod encoder;
mod whole;

pub use block::{TransformerActivation, TransformerLayerOptions};
pub use decoder::{DecoderMasks, TransformerDecoder, TransformerDecoderLayer};
pub use encoder::{EncoderMasks, TransformerEncoder, TransformerEncoderLayer};
pub use whole::{Transformer, TransformerMasks, TransformerOptions};
