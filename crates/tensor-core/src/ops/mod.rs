//! Operations: what each means, in what dtype and shape its result comes, and what the record keeps of it.
mod activations;
mod arithmetic;
mod attention;
mod batch_norm;
mod binary;
mod cast;
mod clamp;
mod compare;
mod composed;
mod conv;
mod count;
mod covariance;
mod create;
mod distance;
mod einsum;
mod fold;
mod fused;
mod grid_sample;
mod host;
mod index;
mod inplace;
mod interpolate;
mod join;
mod linalg;
mod logic;
mod matmul;
mod movement;
mod norm;
mod operators;
mod pad;
mod pixel;
mod pool;
mod products;
mod quantile;
mod random;
mod reduce;
mod scan;
mod select;
mod slice_mut;
mod softmax;
mod sort;
mod unary;
mod unique;

pub use activations::Gelu;
pub use arithmetic::Rounding;
pub use attention::AttentionOptions;
pub use binary::{Arg, BinaryOp, Side, binary, result_type};
pub use compare::CompareOp;
pub use conv::{
    Conv, Conv1dOptions, Conv2dOptions, Conv3dOptions, ConvKind, ConvOptions, ConvTransposeOptions, conv_map,
};
pub use count::{HistogramOptions, SearchOptions};
pub use covariance::CovOptions;
pub use create::{Nested, tensor};
pub use einsum::einsum;
pub use fold::Im2colOptions;
pub use fused::{Fused, Update, compose, fused_map, update};
pub use grid_sample::{GridMode, GridPadding, GridSampleOptions};
pub use index::{BagMode, EmbeddingBagOptions, Index, IndexOp, ScatterOp, ScatterReduce};
pub use interpolate::{InterpolateMode, InterpolateOptions};
pub use join::Indexing;
pub use linalg::MatrixNorm;
pub use movement::MoveOp;
pub use norm::{InstanceNormOptions, LocalResponseNormOptions};
pub use operators::Number;
pub use pad::PadMode;
pub use pool::{
    AvgPool1dOptions, AvgPool2dOptions, AvgPool3dOptions, AvgPoolOptions, MaxPool1dOptions, MaxPool2dOptions,
    MaxPool3dOptions, MaxPoolOptions, Pool, PoolKind, Window, pool_map,
};
pub use quantile::Interpolation;
pub use random::RandomOp;
pub use reduce::ReduceOp;
pub use scan::ScanOp;
pub use slice_mut::SliceMut;
pub use unary::UnaryOp;
pub use unique::Unique;

use crate::{Result, Scalar, Tensor, graph::Node};
use smallvec::SmallVec;
use std::{fmt::Debug, sync::Arc};

/// What a node of the record did. Closed: a rule for every variant is enforced by the compiler.
#[derive(Clone, Debug)]
pub enum Op {
    /// A tensor that a user asked gradients for.
    Leaf,
    /// One input, element by element.
    Unary(UnaryOp),
    /// Two inputs, element by element, broadcast.
    Binary(BinaryOp),
    /// The same with a number on one side.
    BinaryScalar {
        /// Which operation.
        op: BinaryOp,
        /// The number.
        scalar: Scalar,
        /// The side on which the number stands.
        side: Side,
    },
    /// `cond ? a : b`; the inputs are `cond`, `a`, `b`.
    Where,
    /// To another dtype.
    Cast,
    /// Fewer elements by sum, product, maximum...
    Reduce {
        /// Which reduction.
        op: ReduceOp,
        /// The dims that were reduced, counted from the front.
        dims: SmallVec<[usize; 6]>,
    },
    /// Largest or smallest along one dim; outputs are values and indices.
    ArgReduce {
        /// `Max` or `Min`.
        op: ReduceOp,
        /// The dim that was reduced.
        dim: usize,
    },
    /// A running sum, product.. along a dim.
    Scan {
        /// What runs.
        op: ScanOp,
        /// The dim.
        dim: usize,
    },
    /// The same elements seen another way.
    Move(MoveOp),
    /// Inputs one after the other along a dim.
    Cat {
        /// The dim.
        dim: usize,
        /// The inputs' sizes in it: where the parts of the gradient begin and end.
        sizes: SmallVec<[usize; 4]>,
    },
    /// Elements picked or placed by integer tensors.
    Index(IndexOp),
    /// Batched matrix product.
    MatMul,
    /// One of the three maps of a convolution.
    Conv(Conv),
    /// Pooling or its adjoint.
    Pool(Pool),
    /// Written out as a composition, with faster ways on some devices.
    Fused(Fused),
    /// Defined by a user.
    Custom(Arc<dyn Function>),
}

/// Which values a rule will read: bit `i` stands for input or output `i`. Everything else is dropped after the forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keeps {
    /// Inputs to keep.
    pub inputs: u32,
    /// Outputs to keep.
    pub outputs: u32,
}

impl Keeps {
    /// Nothing: the rule needs only the incoming gradient and shapes.
    pub const NOTHING: Keeps = Keeps { inputs: 0, outputs: 0 };
    /// The first input.
    pub const INPUT: Keeps = Keeps { inputs: 1, outputs: 0 };
    /// The first output.
    pub const OUTPUT: Keeps = Keeps { inputs: 0, outputs: 1 };
    /// All inputs.
    pub const INPUTS: Keeps = Keeps { inputs: u32::MAX, outputs: 0 };
}

/// An operation defined outside of the library: its derivative, and its name in messages.
pub trait Function: Debug + Send + Sync {
    /// The name in messages and in `grad_fn`.
    fn name(&self) -> &'static str;
    /// The gradients of the inputs, given one per output (`None` where nothing flowed back). Inputs and outputs are
    /// read from the node.
    fn backward(&self, node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>>;
    /// What [`Function::backward`] reads.
    fn keeps(&self) -> Keeps {
        Keeps::INPUTS
    }
}

impl Op {
    /// The name in messages, in `grad_fn` and in the coverage of gradcheck.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Leaf => "leaf",
            Op::Unary(op) => op.name(),
            Op::Binary(op) | Op::BinaryScalar { op, .. } => op.name(),
            Op::Where => "where",
            Op::Cast => "to",
            Op::Reduce { op, .. } => op.name(),
            Op::ArgReduce { op: ReduceOp::Min, .. } => "min.dim",
            Op::ArgReduce { .. } => "max.dim",
            Op::Scan { op, .. } => op.name(),
            Op::Move(op) => op.name(),
            Op::Cat { .. } => "cat",
            Op::Index(op) => op.name(),
            Op::MatMul => "matmul",
            Op::Conv(op) => op.name(),
            Op::Pool(op) => op.name(),
            Op::Fused(op) => op.name(),
            Op::Custom(f) => f.name(),
        }
    }

    /// What the rule reads, given which inputs want a gradient.
    pub(crate) fn keeps(&self, wants: &[bool]) -> Keeps {
        match self {
            Op::Leaf | Op::Cast | Op::Move(_) | Op::Cat { .. } => Keeps::NOTHING,
            Op::Unary(op) => op.keeps(),
            Op::Binary(op) => op.keeps(wants),
            Op::BinaryScalar { op, side, .. } => op.keeps_beside_scalar(*side),
            Op::Where => Keeps::INPUT,
            Op::Reduce { op, .. } => op.keeps(),
            Op::ArgReduce { .. } => Keeps { inputs: 0, outputs: 2 },
            Op::Scan { op, .. } => op.keeps(),
            Op::Index(op) => op.keeps(),
            // The gradient of one side reads the other.
            Op::MatMul | Op::Conv(_) => Keeps { inputs: u32::from(wants[1]) | u32::from(wants[0]) << 1, outputs: 0 },
            Op::Pool(op) => op.keeps(),
            Op::Fused(op) => op.keeps(),
            Op::Custom(f) => f.keeps(),
        }
    }
}
