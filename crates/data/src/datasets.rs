//! Data sets that come with the crate, or that it reads in the form in which they were published.
//!
//! `docs/datasets.md` says where to get each and where to put it; with the feature `datasets`.
mod digits;
mod fake;
mod first_names;
#[cfg(feature = "datasets")]
mod published;

pub use digits::Digits;
pub use fake::FakeData;
pub use first_names::FirstNames;
#[cfg(feature = "datasets")]
pub use published::*;
