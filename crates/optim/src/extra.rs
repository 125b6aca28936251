//! The optimizers of research, as in the Python package pytorch-optimizer 4.1.0
//! (<https://github.com/kozistr/pytorch_optimizer>), whose names, settings and defaults they have. Each row names its
//! paper and says its formula; `m`, `v` are running means of the gradient and of its square, with a hat where their bias
//! is corrected, and `t` counts steps from 1. Those of PyTorch itself stand one level up; those that the older package
//! torch-optimizer 0.3.0 defines otherwise are in [`crate::torch_optimizer`].
mod adam_like;
mod alig;
mod belief;
#[cfg(feature = "linalg")]
mod blocks;
mod curvature;
#[cfg(feature = "linalg")]
mod dash;
mod distance;
mod dual;
mod estimates;
mod factored;
mod flash;
mod free;
mod gravity;
#[cfg(feature = "linalg")]
mod kron;
mod layerwise;
mod low_rank;
mod memory;
mod mini;
mod momentum;
mod moods;
mod muon;
mod orthogonal;
#[cfg(feature = "linalg")]
mod precondition;
mod projection;
mod ranger21;
mod sara;
mod scion;
mod sign;
mod spam;
mod sphere;
#[cfg(feature = "linalg")]
mod subspace;

pub use adam_like::*;
pub use alig::*;
pub use belief::*;
#[cfg(feature = "linalg")]
pub use blocks::*;
pub use curvature::*;
#[cfg(feature = "linalg")]
pub use dash::*;
pub use distance::*;
pub use dual::*;
pub use estimates::*;
pub use factored::*;
pub use flash::*;
pub use free::*;
pub use gravity::*;
#[cfg(feature = "linalg")]
pub use kron::*;
pub use layerwise::*;
pub use low_rank::*;
pub use memory::*;
pub use mini::*;
pub use momentum::*;
pub use moods::*;
pub use muon::*;
pub use orthogonal::*;
#[cfg(feature = "linalg")]
pub use precondition::*;
pub use projection::*;
pub use ranger21::*;
pub use sara::*;
pub use scion::*;
pub use sign::*;
pub use spam::*;
pub use sphere::*;
#[cfg(feature = "linalg")]
pub use subspace::*;
