//! One error type: the operator, what is wrong, what it was given, where in the model, and what to do.
use crate::{DType, Device, Tensor};
use std::{borrow::Cow, fmt};

/// What Flambeau's functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call could not be carried out.
///
/// Displays as `in PATH: OPERATOR: what is wrong: operands; hint`:
///
/// ```
/// # use tensor_core::{Tensor, DType, Device};
/// let a = Tensor::zeros([2, 3]).unwrap();
/// let b = Tensor::zeros([4, 5]).unwrap();
/// let message = a.matmul(&b).unwrap_err().to_string();
/// assert!(message.starts_with("matmul: inner dimensions differ (3 and 4): f32[2, 3] on cpu, f32[4, 5] on cpu"));
/// ```
// Boxed: `Result<Tensor>` stays as small as a tensor, and the good path moves 8 bytes at most.
pub struct Error(Box<Inner>);

struct Inner {
    op: Cow<'static, str>,
    kind: ErrorKind,
    message: String,
    operands: Vec<Operand>,
    path: Vec<String>,
    hint: Option<Cow<'static, str>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The class of an error, for programs that react to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Shapes, dtypes, devices or values that do not fit the operator.
    Invalid,
    /// A combination the backend cannot compute.
    Unsupported,
    /// The device has no room for the result.
    OutOfMemory,
    /// Backpropagation could not go on.
    Autograd,
    /// A file could not be read or written.
    Io,
    /// A fact that should always hold did not: a defect of the library.
    Internal,
}

/// What an operator was given, as the error shows it.
#[derive(Clone, Debug)]
struct Operand {
    dtype: DType,
    shape: Vec<usize>,
    device: Device,
}

impl Error {
    /// An error of `op` about its input.
    pub fn new(op: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            op: op.into(),
            kind: ErrorKind::Invalid,
            message: message.into(),
            operands: Vec::new(),
            path: Vec::new(),
            hint: None,
            source: None,
        }))
    }

    /// Sets the class.
    pub fn kind_of(mut self, kind: ErrorKind) -> Error {
        self.0.kind = kind;
        self
    }

    /// Shows these tensors' dtype, shape and device.
    pub fn operands<'a>(mut self, tensors: impl IntoIterator<Item = &'a Tensor>) -> Error {
        self.0.operands = tensors
            .into_iter()
            .map(|t| Operand { dtype: t.dtype(), shape: t.shape().to_vec(), device: t.device() })
            .collect();
        self
    }

    /// Says what to do instead.
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// Keeps the error that caused this one.
    pub fn source_of(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.0.source = Some(source.into());
        self
    }

    /// Names the operator the user called, where a lower one failed on its behalf.
    pub fn renamed(mut self, op: impl Into<Cow<'static, str>>) -> Error {
        self.0.op = op.into();
        self
    }

    /// Says in front of the message what it is about: a file, a tensor in it.
    pub fn about(mut self, what: impl fmt::Display) -> Error {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// Adds an outer module's name in front of the path.
    pub fn within(mut self, module: &str) -> Error {
        if !module.is_empty() {
            self.0.path.insert(0, module.to_string());
        }
        self
    }

    /// The operator.
    pub fn op(&self) -> &str {
        &self.0.op
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is wrong, without operator, operands and hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The path of the module in which it happened (`encoder.layers.1`), empty outside of modules.
    pub fn path(&self) -> String {
        self.0.path.join(".")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        if !e.path.is_empty() {
            write!(f, "in {}: ", e.path.join("."))?;
        }
        write!(f, "{}: {}", e.op, e.message)?;
        for (i, o) in e.operands.iter().enumerate() {
            write!(f, "{}{}{:?} on {}", if i == 0 { ": " } else { ", " }, o.dtype, o.shape, o.device)?;
        }
        if let Some(hint) = &e.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

// `main` returning an `Err` prints Debug: the sentence, not the struct.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Error {
        Error::new("io", e.to_string()).kind_of(ErrorKind::Io).source_of(e)
    }
}
