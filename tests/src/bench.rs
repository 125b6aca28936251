//! The benchmark: every row that the design names, with the workload that PyTorch, candle and burn are timed on, so that
//! `cargo xtask bench` can stand beside them.
//!
//! A row ([`Row`]) is a name and a setup, which makes the call that [`measure`](measure::measure) times. A row that the
//! public API cannot express yet stands in [`NOT_YET`], so that the list is always whole.
mod data;
mod layers;
mod measure;
mod models;
mod operators;
mod optimizers;
mod overhead;
mod training;

pub use measure::{Effort, Timing, measure, peak_rss_mb};

use flambeau::prelude::*;

/// What is timed: one call, whose result is dropped before it returns.
pub type Call = Box<dyn FnMut() -> Result<()>>;

/// One row of the benchmark.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The name that the programs of the other libraries use too.
    pub name: &'static str,
    /// Makes the inputs, and the call to be timed.
    pub setup: fn() -> Result<Call>,
}

/// Rows that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What a reader calls it.
    pub title: &'static str,
    /// Its rows, in the order in which they run.
    pub rows: &'static [Row],
}

/// All rows, in the order in which they run.
pub const GROUPS: &[Group] = &[
    Group { title: "operators, without gradients", rows: operators::ROWS },
    Group { title: "overhead: a thousand tiny operations", rows: overhead::ROWS },
    Group { title: "layers; fb is forward and backward", rows: layers::ROWS },
    Group { title: "training steps and inference", rows: training::ROWS },
    Group { title: "data", rows: data::ROWS },
    Group { title: "optimizer steps over ten million parameters", rows: optimizers::ROWS },
];

/// Rows that wait for something the library does not have, with what that is.
pub const NOT_YET: &[(&str, &str)] =
    &[("optim_adafactor_10m", "Adafactor"), ("optim_muon_10m", "Muon"), ("optim_lamb_10m", "Lamb")];

/// Calls `f` without recording and drops what it returns.
fn unrecorded<T>(f: impl Fn() -> Result<T> + 'static) -> Result<Call> {
    Ok(Box::new(move || {
        let _guard = no_grad();
        f().map(drop)
    }))
}
