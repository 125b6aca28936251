//! Why a call from data did not give a result: the project does not have it, or it refused, or it is wrong.
use std::fmt;
use tensor_core::{Error, Tensor};

/// The outcome of a call from data.
pub type Res<T> = std::result::Result<T, Fault>;
/// What a row of the table gives.
pub type Outcome = Res<Vec<Tensor>>;

/// Why there is no result, or why it does not count.
#[derive(Debug)]
pub enum Fault {
    /// The project has no such operator, module, optimizer or argument form.
    Unsupported(String),
    /// The types of the API do not let such a call be written: a string for a number, a negative count, a number for
    /// a tensor.
    Refused(String),
    /// A call returned an error.
    Failed(Error),
    /// A result differs from the expected one.
    Wrong(String),
}

/// The project does not have it.
pub fn unsupported<T>(what: impl Into<String>) -> Res<T> {
    Err(Fault::Unsupported(what.into()))
}

/// The API's types do not let it be written.
pub fn refused<T>(what: impl Into<String>) -> Res<T> {
    Err(Fault::Refused(what.into()))
}

/// It is not as expected.
pub fn wrong<T>(what: impl Into<String>) -> Res<T> {
    Err(Fault::Wrong(what.into()))
}

impl From<Error> for Fault {
    fn from(e: Error) -> Fault {
        Fault::Failed(e)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Unsupported(what) => write!(f, "unsupported: {what}"),
            Fault::Refused(what) => write!(f, "cannot be written: {what}"),
            Fault::Failed(e) => write!(f, "error: {e}"),
            Fault::Wrong(what) => f.write_str(what),
        }
    }
}
