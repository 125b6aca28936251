//! What models and training loops need beside layers: sequences of different lengths, parameters as one vector, weights
//! that are computed from others.
mod packed;
pub mod parametrizations;
pub mod parametrize;
mod vector;

pub use packed::{
    PackedSequence, pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence, unpack_sequence,
    unpad_sequence,
};
pub use vector::{parameters_to_vector, vector_to_parameters};

use crate::Module;
use parametrizations::SpectralNormOptions;
use parametrize::{At, Parametrized, remove_parametrizations};
use tensor_core::Result;

/// A parameter as lengths `weight_g` and directions `weight_v`, for checkpoints with these names:
/// [`parametrizations::weight_norm`] under the old names.
///
/// ```
/// use nn::{Linear, Module, utils::{remove_weight_norm, weight_norm}};
/// # fn main() -> tensor_core::Result<()> {
/// let layer = weight_norm(Linear::new(3, 2)?, |l| &mut l.weight, Some(0))?;
/// assert_eq!(layer.state_dict().names().collect::<Vec<_>>(), ["bias", "weight_g", "weight_v"]);
/// let plain = remove_weight_norm(layer)?;
/// assert_eq!(plain.state_dict().names().collect::<Vec<_>>(), ["weight", "bias"]);
/// # Ok(()) }
/// ```
pub fn weight_norm<L: Module + Clone>(layer: L, at: At<L>, dim: Option<isize>) -> Result<Parametrized<L>> {
    parametrizations::old_weight_norm(layer, at, dim)
}

/// A parameter divided by its largest singular value, for checkpoints with the names `weight_orig`, `weight_u` and
/// `weight_v`: [`parametrizations::spectral_norm`] under the old names.
pub fn spectral_norm<L: Module + Clone>(layer: L, at: At<L>, options: SpectralNormOptions) -> Result<Parametrized<L>> {
    parametrizations::old_spectral_norm(layer, at, options)
}

/// The layer with a plain parameter again, of the value that it has now.
pub fn remove_weight_norm<L: Module + Clone>(layer: Parametrized<L>) -> Result<L> {
    remove_parametrizations(layer, true)
}

/// The layer with a plain parameter again, of the value that it has now.
pub fn remove_spectral_norm<L: Module + Clone>(layer: Parametrized<L>) -> Result<L> {
    remove_parametrizations(layer, true)
}
