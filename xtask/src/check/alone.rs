//! Whoever needs one crate takes only that one: each builds, and passes its tests, without the features its neighbours switch on.

use crate::Result;
use crate::cargo::{cargo, status};
use crate::stages::Outcome;

/// `cargo check -p NAME`.
pub fn builds(name: &str) -> Result<Outcome> {
    Ok(Outcome::whole(status(cargo("check").args(["--quiet", "--package", name]))?.success(), ""))
}

/// `cargo test -p NAME`.
pub fn passes(name: &str) -> Result<Outcome> {
    Ok(Outcome::whole(status(cargo("test").args(["--quiet", "--package", name]))?.success(), ""))
}
