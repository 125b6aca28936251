//! The Rust files of the workspace.

use crate::Result;
use crate::cargo::root;
use std::path::Path;

/// The folders that hold our own sources.
const FOLDERS: &[&str] = &["crates", "examples", "tests", "xtask"];

/// A Rust file.
#[derive(Debug)]
pub struct Source {
    /// From the root, with `/` on every system.
    pub path: String,
    pub text: String,
}

/// All of them, sorted by path.
pub fn all() -> Result<Vec<Source>> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        walk(&root().join(folder), folder, &mut found)
            .map_err(|why| format!("reading the sources in {folder}: {why}"))?;
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(folder: &Path, name: &str, found: &mut Vec<Source>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            // A crate built on its own may have left its own `target`.
            if !path.ends_with("/target") {
                walk(&entry.path(), &path, found)?;
            }
        } else if path.ends_with(".rs") {
            found.push(Source { text: std::fs::read_to_string(entry.path())?, path });
        }
    }
    Ok(())
}
