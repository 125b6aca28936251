//! Fewer elements: sums, products, extremes.
use super::Keeps;

/// Reductions over dims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceOp {
    /// Sum; of nothing, 0.
    Sum,
    /// Sum divided by the count; of nothing, NaN.
    Mean,
    /// Product; of nothing, 1.
    Prod,
    /// The largest; NaN wins. Equal values share the gradient.
    Max,
    /// The smallest; NaN wins. Equal values share the gradient.
    Min,
    /// Whether any is true.
    Any,
    /// Whether all are true.
    All,
}

impl ReduceOp {
    /// Every operator, once.
    pub const ALL: &[ReduceOp] =
        &[ReduceOp::Sum, ReduceOp::Mean, ReduceOp::Prod, ReduceOp::Max, ReduceOp::Min, ReduceOp::Any, ReduceOp::All];
    /// PyTorch's name.
    pub fn name(self) -> &'static str {
        match self {
            ReduceOp::Sum => "sum",
            ReduceOp::Mean => "mean",
            ReduceOp::Prod => "prod",
            ReduceOp::Max => "amax",
            ReduceOp::Min => "amin",
            ReduceOp::Any => "any",
            ReduceOp::All => "all",
        }
    }
    pub(super) fn keeps(self) -> Keeps {
        match self {
            ReduceOp::Sum | ReduceOp::Mean | ReduceOp::Any | ReduceOp::All => Keeps::NOTHING,
            ReduceOp::Prod => Keeps::INPUT,
            ReduceOp::Max | ReduceOp::Min => Keeps { inputs: 1, outputs: 1 },
        }
    }
}
