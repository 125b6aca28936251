//! File formats of tensors. Whatever the format, a file of named tensors reads as one [`StateDict`].
//!
//! Files come from strangers: reading never panics, never runs code and never allocates what a file only claims.
mod atomic;
mod inflate;
mod kind;
pub mod npy;
pub mod npz;
pub mod pt;
mod read;
pub mod safetensors;
mod state_dict;

pub use atomic::write_atomic;
use read::read_file;
pub use state_dict::StateDict;
