//! Looking for the birth of a NaN: while it is on, every recorded operation remembers where in the program it was called,
//! and whether it made a NaN of numbers.
use crate::{Tensor, context::set_grad_enabled};
use std::{backtrace::Backtrace, cell::Cell, marker::PhantomData};

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    Nothing,
    /// NaNs born in the forward pass.
    Births,
    /// These, where every operation was called, and NaNs in gradients.
    Everything,
}

thread_local!(static SEARCH: Cell<Search> = const { Cell::new(Search::Nothing) });

/// Whether this thread looks for anomalies.
pub fn is_anomaly_enabled() -> bool {
    SEARCH.get() == Search::Everything
}

/// Whether operations that are recorded have to be [`look`]ed at.
pub(crate) fn is_looking() -> bool {
    SEARCH.get() != Search::Nothing
}

/// A cheaper search, until the guard is dropped: only the operation in which a NaN is born is remembered, and backward
/// does not fail. [`crate::graph::Node::made_nan`] asks for it.
pub fn detect_nan() -> AnomalyGuard {
    AnomalyGuard { before: SEARCH.replace(Search::Births), not_send: PhantomData }
}

/// Looks for anomalies on this thread until the guard is dropped; operations cost several times as much meanwhile.
/// Backward then names the operation in which a NaN was born, in the forward or the backward pass, and the line of the
/// program that called it (where the program was built with line tables, as debug builds are).
///
/// ```
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let _guard = tensor_core::detect_anomaly();
/// let y = tensor([-1.0])?.requires_grad_(true).sqrt()?; // y.sum()?.backward() would name this line
/// # assert!(y.isnan()?.item::<bool>()?);
/// # Ok(()) }
/// ```
pub fn detect_anomaly() -> AnomalyGuard {
    set_detect_anomaly(true)
}

/// Switches the search on or off on this thread, until the guard is dropped.
pub fn set_detect_anomaly(on: bool) -> AnomalyGuard {
    let search = if on { Search::Everything } else { Search::Nothing };
    AnomalyGuard { before: SEARCH.replace(search), not_send: PhantomData }
}

/// Puts the state back that was there before.
#[derive(Debug)]
#[must_use = "the search ends when the guard is dropped"]
pub struct AnomalyGuard {
    before: Search,
    // The search is this thread's, so must the guard be.
    not_send: PhantomData<*const ()>,
}

impl Drop for AnomalyGuard {
    fn drop(&mut self) {
        SEARCH.set(self.before);
    }
}

/// Where an operation was called, and whether a NaN was born in it.
#[derive(Debug)]
pub(crate) struct Origin {
    trace: Backtrace,
    pub(crate) made_nan: bool,
}

/// Looks at an operation that is being recorded.
pub(crate) fn look(inputs: &[&Tensor], outputs: &[Tensor]) -> Option<Origin> {
    let made_nan = outputs.iter().any(has_nan) && !inputs.iter().any(|x| has_nan(x));
    (made_nan || is_anomaly_enabled()).then(|| Origin { trace: Backtrace::force_capture(), made_nan })
}

/// Whether a tensor holds a NaN.
pub fn has_nan(x: &Tensor) -> bool {
    if !x.is_floating_point() {
        return false;
    }
    let _off = set_grad_enabled(false);
    let _quiet = set_detect_anomaly(false);
    let found = x.detach().isnan().and_then(|nan| nan.any()).and_then(|any| any.item::<bool>());
    found.unwrap_or(false)
}

/// Crates whose frames are not the user's.
const OURS: &[&str] = &["tensor-core", "autograd", "nn", "optim", "train", "data", "linalg", "files", "flambeau"];

impl Origin {
    /// `src/main.rs:12:9`, or the name of the function where the program has no line tables.
    pub(crate) fn place(&self) -> Option<String> {
        let here = std::env::current_dir().unwrap_or_default();
        first_foreign_frame(&self.trace.to_string(), &here.to_string_lossy())
    }
}

/// In the text of a backtrace, printed in the folder `here`, the first frame that belongs to none of ours.
fn first_foreign_frame(text: &str, here: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let Some((number, symbol)) = line.split_once(": ") else { continue };
        if number.parse::<usize>().is_err() {
            continue;
        }
        match lines.peek().and_then(|next| next.strip_prefix("at ")) {
            Some(file) if !is_library(file, here) => return Some(file.trim_start_matches("./").to_string()),
            Some(_) => {}
            None if !is_library_symbol(symbol) => return Some(symbol.to_string()),
            None => {}
        }
    }
    None
}

/// Whether a file belongs to the standard library, to a dependency or to one of our crates.
fn is_library(file: &str, here: &str) -> bool {
    let file = file.strip_prefix("./").map_or_else(|| file.to_string(), |rest| format!("{here}/{rest}"));
    let file = file.replace('\\', "/");
    if file.starts_with("/rustc/") || file.contains("/rustlib/src/") || file.contains("/registry/src/") {
        return true;
    }
    let crates = env!("CARGO_MANIFEST_DIR").replace('\\', "/");
    let crates = crates.rsplit_once('/').map_or("", |(parent, _)| parent);
    let Some(rest) = file.strip_prefix(crates) else { return false };
    let mut parts = rest.trim_start_matches('/').split('/');
    parts.next().is_some_and(|name| OURS.contains(&name)) && parts.next() == Some("src")
}

/// The same by the name of a function, where there are no files.
fn is_library_symbol(symbol: &str) -> bool {
    let root = symbol.trim_start_matches(['<', '&']).split([':', ' ', '<']).next().unwrap_or(symbol);
    root.starts_with("__")
        || ["core", "std", "alloc"].contains(&root)
        || OURS.iter().any(|name| name.replace('-', "_") == root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frame_of_the_user_is_found() {
        let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/src/graph.rs:4:2");
        let text = format!(
            "   0: create\n             at /rustc/1/library/std/src/backtrace.rs:1:5\n   1: attach\n             at {ours}\n   \
             2: train\n             at ./src/main.rs:12:9\n   3: main\n"
        );
        assert_eq!(first_foreign_frame(&text, "/home/me/game").as_deref(), Some("src/main.rs:12:9"));
        // Seen from our own folder, our files are ours too.
        let text = "1: attach\n  at ./src/graph.rs:4:2\n2: check\n  at ./tests/views.rs:8:1";
        assert_eq!(first_foreign_frame(text, env!("CARGO_MANIFEST_DIR")).as_deref(), Some("tests/views.rs:8:1"));
        assert_eq!(first_foreign_frame("0: tensor_core::f\n1: game::play\n", "/").as_deref(), Some("game::play"));
        assert_eq!(first_foreign_frame("", "/"), None);
    }
}
