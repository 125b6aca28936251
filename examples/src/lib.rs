//! The programs are the `[[example]]` entries beside this file: `cargo run --release --example NAME` from the root.
