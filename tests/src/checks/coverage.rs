//! Every kind of recorded operation, so that none is left without a check of its derivative.
use std::collections::{BTreeMap, BTreeSet};
use tensor_core::{
    BinaryOp, Op, ReduceOp, UnaryOp,
    ops::{ConvKind, Fused, IndexOp, MoveOp, PoolKind, ScanOp, ScatterOp, Side},
};

/// The kind of an operation. A new variant stops this from compiling; put its name into the list of [`kinds`] too.
pub fn kind(op: &Op) -> String {
    match op {
        Op::Leaf => "leaf".into(),
        Op::Unary(op) => op.name().into(),
        Op::Binary(op) => op.name().into(),
        Op::BinaryScalar { op, side, .. } => beside_number(*op, *side),
        Op::Where => "where".into(),
        Op::Cast => "cast".into(),
        Op::Reduce { op, .. } => op.name().into(),
        Op::ArgReduce { .. } => "arg_reduce".into(),
        Op::Scan { op, .. } => match op {
            ScanOp::Sum => "cumsum",
            ScanOp::Prod => "cumprod",
            ScanOp::LogSumExp => "logcumsumexp",
            // Recorded as the gather of their places.
            ScanOp::Max | ScanOp::Min => "gather",
        }
        .into(),
        Op::Move(op) => match op {
            MoveOp::Reshape => "reshape",
            MoveOp::Permute { .. } => "permute",
            MoveOp::Expand => "expand",
            MoveOp::Slice { .. } => "slice",
            MoveOp::Flip { .. } => "flip",
            MoveOp::Diagonal { .. } => "diagonal",
        }
        .into(),
        Op::Cat { .. } => "cat".into(),
        Op::Index(op) => match op {
            IndexOp::Select { .. } => "index_select",
            IndexOp::Add { .. } => "index_add",
            IndexOp::Gather { .. } => "gather",
            IndexOp::Scatter { op: ScatterOp::Set, .. } => "scatter",
            IndexOp::Scatter { op: ScatterOp::Add, .. } => "scatter_add",
            IndexOp::Scatter { op: ScatterOp::Mul, .. } => "scatter with a product",
            IndexOp::Scatter { op: ScatterOp::Max, .. } => "scatter with a maximum",
            IndexOp::Scatter { op: ScatterOp::Min, .. } => "scatter with a minimum",
            IndexOp::ScatterScalar { op: ScatterOp::Set, .. } => "scatter of a number",
            IndexOp::ScatterScalar { .. } => "scatter_add of a number",
            IndexOp::SliceScatter { .. } => "slice_scatter",
        }
        .into(),
        Op::MatMul => "matmul".into(),
        Op::Conv(conv) => match conv.kind {
            ConvKind::Forward => "conv",
            ConvKind::InputGrad => "conv_input_grad",
            ConvKind::WeightGrad => "conv_weight_grad",
        }
        .into(),
        Op::Pool(pool) => match pool.kind {
            PoolKind::Max => "max_pool",
            PoolKind::Average => "avg_pool",
            PoolKind::AverageGrad => "avg_pool_grad",
        }
        .into(),
        Op::Fused(op) => match op {
            Fused::Softmax { .. } => "softmax",
            Fused::LogSoftmax { .. } => "log_softmax",
            Fused::Dropout { .. } => "dropout",
            Fused::Gelu { .. } => "gelu",
            Fused::GeluGrad { .. } => "gelu_grad",
            Fused::LayerNorm { .. } => "layer_norm",
            Fused::LayerNormGrad => "layer_norm_grad",
            Fused::BatchNorm { .. } => "batch_norm",
            Fused::BatchNormGrad => "batch_norm_grad",
        }
        .into(),
        Op::Custom(function) => format!("custom {}", function.name()),
    }
}

fn beside_number(op: BinaryOp, side: Side) -> String {
    format!("{} with a number on the {}", op.name(), if side == Side::Left { "left" } else { "right" })
}

const SINGLE: &[&str] = &[
    "where",
    "arg_reduce",
    "reshape",
    "permute",
    "expand",
    "slice",
    "flip",
    "diagonal",
    "cat",
    "index_select",
    "index_add",
    "gather",
    "scatter",
    "scatter_add",
    "scatter with a product",
    "scatter with a maximum",
    "scatter with a minimum",
    "scatter of a number",
    "scatter_add of a number",
    "slice_scatter",
    "cumsum",
    "cumprod",
    "logcumsumexp",
    "matmul",
    "conv",
    "conv_input_grad",
    "conv_weight_grad",
    "max_pool",
    "avg_pool",
    "avg_pool_grad",
    "softmax",
    "log_softmax",
    "dropout",
    "gelu",
    "layer_norm",
    "batch_norm",
];

/// Every kind of operation that can be recorded, and for those that never are, why.
pub fn kinds() -> BTreeMap<String, Option<&'static str>> {
    const BITS: Option<&str> = Some("it takes integers only, which have no gradient");
    const BOOL: Option<&str> = Some("its result is bool, which has no gradient");
    let mut all = BTreeMap::new();
    for op in UnaryOp::ALL {
        all.insert(op.name().to_string(), if *op == UnaryOp::BitNot { BITS } else { None });
    }
    for op in BinaryOp::ALL {
        use BinaryOp::{BitAnd, BitOr, BitXor, Shl, Shr};
        let why = if matches!(op, BitAnd | BitOr | BitXor | Shl | Shr) { BITS } else { None };
        all.insert(op.name().to_string(), why);
        all.insert(beside_number(*op, Side::Left), why);
        all.insert(beside_number(*op, Side::Right), why);
    }
    for op in ReduceOp::ALL {
        all.insert(op.name().to_string(), if matches!(op, ReduceOp::Any | ReduceOp::All) { BOOL } else { None });
    }
    all.extend(SINGLE.iter().map(|name| (name.to_string(), None)));
    // In f32 a finite difference is too coarse to judge; the test `promotion_is_undone` of autograd compares exactly.
    all.insert("cast".to_string(), Some("between f64 and f64 there is nothing to cast"));
    all
}

/// Kinds of operations whose derivative nothing has checked, given those that were recorded.
pub fn unreached(recorded: &BTreeSet<String>) -> Vec<String> {
    kinds().into_iter().filter(|(kind, why)| why.is_none() && !recorded.contains(kind)).map(|(kind, _)| kind).collect()
}
