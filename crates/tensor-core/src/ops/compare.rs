//! Comparisons: `bool` results, no gradients.
use super::binary::{Arg, result_type, same_device};
use crate::{DType, Operand, Result, Tensor, shape};
use std::sync::Arc;

macro_rules! compare_ops {
    ($( $(#[$doc:meta])* $Op:ident $name:ident; )*) => {
        /// Elementwise comparisons.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum CompareOp { $( $(#[$doc])* $Op, )* }

        impl CompareOp {
            /// Every operator, once.
            pub const ALL: &[CompareOp] = &[$( CompareOp::$Op, )*];
            /// PyTorch's name.
            pub fn name(self) -> &'static str {
                match self { $( CompareOp::$Op => stringify!($name), )* }
            }
        }

        impl Tensor {
            $(
                $(#[$doc])*
                /// The other side is a tensor, broadcast, or a number.
                pub fn $name<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
                    compare(CompareOp::$Op, self, other.into())
                }
            )*
        }
    };
}

compare_ops! {
    /// Equal; NaN equals nothing.
    Eq eq;
    /// Not equal; NaN differs from everything.
    Ne ne;
    /// Less.
    Lt lt;
    /// Less or equal.
    Le le;
    /// Greater.
    Gt gt;
    /// Greater or equal.
    Ge ge;
}

fn compare(op: CompareOp, a: &Tensor, b: Arg<'_>) -> Result<Tensor> {
    let dtype = result_type(Arg::Tensor(a), b);
    let cast = a.detach().to_dtype(dtype)?;
    let device = a.device();
    let (shape, cast_b) = match b {
        Arg::Tensor(b) => {
            same_device(op.name(), &[a, b])?;
            let shape = shape::broadcast(op.name(), a.shape(), b.shape()).map_err(|e| e.operands([a, b]))?;
            (shape, Some(b.detach().to_dtype(dtype)?))
        }
        Arg::Scalar(_) => (shape::Dims::from_slice(a.shape()), None),
    };
    let ra = cast.reading_as(op.name(), &shape)?;
    let rb = cast_b.as_ref().map(|b| b.reading_as(op.name(), &shape)).transpose()?;
    let (mut out, layout) = Tensor::allocate(&shape, DType::Bool, &device)?;
    let right = match (&rb, b) {
        (Some(r), _) => r.operand(),
        (None, Arg::Scalar(s)) => Operand::Scalar(s),
        (None, Arg::Tensor(_)) => Operand::Output, // not reached: a tensor was read above
    };
    device.backend().compare(op, ra.operand(), right, out.view_mut(&layout))?;
    Ok(Tensor::new(Arc::new(out), layout))
}
