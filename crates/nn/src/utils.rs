//! What models and training loops need beside layers: sequences of different lengths, parameters as one vector.
mod packed;
mod vector;

pub use packed::{PackedSequence, pack_padded_sequence, pad_packed_sequence, pad_sequence};
pub use vector::{parameters_to_vector, vector_to_parameters};
