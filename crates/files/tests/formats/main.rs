//! Files of every format: what others wrote is read, what is written is what others read, and no bytes of a stranger's
//! file can do harm.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

mod broken;
mod pt;
mod safetensors;

/// A file that PyTorch or NumPy wrote, or one that says what is in it.
fn fixture(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name)
}
