//! What a well-known guide to PyTorch shows, row by row: `guide_012_..` is the twelfth thing it shows, written here.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on says so.
mod data;
mod gradients;
mod interop;
mod layers;
mod losses;
mod models;
mod optimizers;
mod parametrizations;
mod pictures;
mod pytorch;
mod tensors;
mod training;
