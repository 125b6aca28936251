//! Strided tensors of any dtype on any device, and the record of what was computed with them.
//!
//! The tensor has value semantics ([`Tensor`]), devices are plugged in through a narrow trait ([`Backend`]), and an
//! operation on tensors that require gradients leaves a node of plain data ([`graph`]), from which the crate
//! `autograd` derives gradients.
mod anomaly;
pub mod autocast;
mod backend;
mod context;
mod cpu;
mod device;
mod display;
mod dtype;
mod error;
pub mod graph;
#[cfg(feature = "ndarray")]
mod interop;
mod layout;
mod memory;
mod multiply_adds;
pub mod ops;
pub mod rng;
pub mod shape;
mod storage;
mod tensor;
mod threads;
pub mod watch;
mod window;

pub use anomaly::{AnomalyGuard, detect_anomaly, detect_nan, has_nan, is_anomaly_enabled, set_detect_anomaly};
pub use autocast::{AutocastGuard, AutocastOptions, autocast};
pub use backend::{Backend, Operand, Storage, View, ViewMut};
pub use context::{GradModeGuard, is_grad_enabled, no_grad, set_grad_enabled};
pub use device::{Device, OpenDevice};
pub use dtype::{Category, DType, Element, Scalar};
pub use error::{Error, ErrorKind, Result};
pub use layout::{Layout, Positions, row_major};
pub use memory::{MemoryStats, memory_stats, reset_peak};
pub use multiply_adds::{MultiplyAdds, count_multiply_adds};
pub use ops::{
    AvgPool1dOptions, AvgPool2dOptions, AvgPool3dOptions, AvgPoolOptions, BinaryOp, CompareOp, Conv1dOptions,
    Conv2dOptions, Conv3dOptions, ConvOptions, ConvTransposeOptions, Function, Gelu, Index, Indexing, Keeps,
    MaxPool1dOptions, MaxPool2dOptions, MaxPool3dOptions, MaxPoolOptions, Nested, Op, ReduceOp, Rounding, UnaryOp,
    Window, tensor,
};
pub use rng::{Generator, manual_seed};
pub use shape::{DROP, DimArg, KEEP, KeepDim, ShapeArg};
pub use tensor::Tensor;
pub use threads::{num_threads, set_num_threads, with_num_threads};
