//! What the programs share. They themselves are the `[[example]]` entries beside this file:
//! `cargo run --release --example NAME` from the root.
pub mod args;
