//! Datasets, samplers, the loader.
pub use ::data::*;
// Named here, it is preferred to the one that the line above brings: its code finds the trait through this crate.
pub use data_derive::FlambeauCollate as Collate;
