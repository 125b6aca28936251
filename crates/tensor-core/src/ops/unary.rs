//! Elementwise functions of one tensor. A new one is a line here, a line in the rules, a line in the kernel table.
use super::{Keeps, Op, inplace};
use crate::{Category, DType, Error, Operand, Result, Tensor, graph};
use std::sync::Arc;

/// Which dtypes an operator takes, and what it gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Domain {
    /// Floats; integers and bool are computed in `f32`.
    Float,
    /// Floats and integers, same dtype out; bool is refused.
    Number,
    /// Every dtype, same dtype out.
    Any,
    /// Integers and bool, same dtype out.
    Bits,
}

macro_rules! unary_ops {
    ($( $(#[$doc:meta])* $Op:ident $name:ident $name_:ident: $domain:ident keeps $keeps:ident; )*) => {
        /// Elementwise functions of one tensor.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum UnaryOp { $( $(#[$doc])* $Op, )* }

        impl UnaryOp {
            /// Every operator, once.
            pub const ALL: &[UnaryOp] = &[$( UnaryOp::$Op, )*];
            /// PyTorch's name.
            pub fn name(self) -> &'static str {
                match self { $( UnaryOp::$Op => stringify!($name), )* }
            }
            fn domain(self) -> Domain {
                match self { $( UnaryOp::$Op => Domain::$domain, )* }
            }
            pub(super) fn keeps(self) -> Keeps {
                match self { $( UnaryOp::$Op => Keeps::$keeps, )* }
            }
        }

        impl Tensor {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> Result<Tensor> { unary(UnaryOp::$Op, self) }
                /// The same in place.
                pub fn $name_(&mut self) -> Result<&mut Tensor> { unary_in_place(UnaryOp::$Op, self) }
            )*
        }
    };
}

unary_ops! {
    /// The opposite of each element.
    Neg neg neg_: Number keeps NOTHING;
    /// The absolute value; its gradient at 0 is 0.
    Abs abs abs_: Number keeps INPUT;
    /// -1, 0 or 1.
    Sign sign sign_: Any keeps NOTHING;
    /// `e` to the power of each element.
    Exp exp exp_: Float keeps OUTPUT;
    /// 2 to the power of each element.
    Exp2 exp2 exp2_: Float keeps OUTPUT;
    /// `exp(x) - 1`, exact near 0.
    Expm1 expm1 expm1_: Float keeps OUTPUT;
    /// Natural logarithm.
    Log log log_: Float keeps INPUT;
    /// Logarithm to base 2.
    Log2 log2 log2_: Float keeps INPUT;
    /// Logarithm to base 10.
    Log10 log10 log10_: Float keeps INPUT;
    /// `log(1 + x)`, exact near 0.
    Log1p log1p log1p_: Float keeps INPUT;
    /// Square root.
    Sqrt sqrt sqrt_: Float keeps OUTPUT;
    /// `1 / sqrt(x)`
    Rsqrt rsqrt rsqrt_: Float keeps OUTPUT;
    /// `1 / x`
    Reciprocal reciprocal reciprocal_: Float keeps OUTPUT;
    /// Sine, in radians.
    Sin sin sin_: Float keeps INPUT;
    /// Cosine, in radians.
    Cos cos cos_: Float keeps INPUT;
    /// Tangent, in radians.
    Tan tan tan_: Float keeps OUTPUT;
    /// Inverse sine.
    Asin asin asin_: Float keeps INPUT;
    /// Inverse cosine.
    Acos acos acos_: Float keeps INPUT;
    /// Inverse tangent.
    Atan atan atan_: Float keeps INPUT;
    /// Hyperbolic sine.
    Sinh sinh sinh_: Float keeps INPUT;
    /// Hyperbolic cosine.
    Cosh cosh cosh_: Float keeps INPUT;
    /// Hyperbolic tangent.
    Tanh tanh tanh_: Float keeps OUTPUT;
    /// Inverse hyperbolic sine.
    Asinh asinh asinh_: Float keeps INPUT;
    /// Inverse hyperbolic cosine.
    Acosh acosh acosh_: Float keeps INPUT;
    /// Inverse hyperbolic tangent.
    Atanh atanh atanh_: Float keeps INPUT;
    /// The error function.
    Erf erf erf_: Float keeps INPUT;
    /// `1 - erf(x)`, exact for large `x`.
    Erfc erfc erfc_: Float keeps INPUT;
    /// The inverse of the error function.
    Erfinv erfinv erfinv_: Float keeps OUTPUT;
    /// The logarithm of the absolute value of the gamma function.
    Lgamma lgamma lgamma_: Float keeps INPUT;
    /// The derivative of `lgamma`.
    Digamma digamma digamma_: Float keeps INPUT;
    /// `1 / (1 + exp(-x))`
    Sigmoid sigmoid sigmoid_: Float keeps OUTPUT;
    /// `max(x, 0)`; NaN stays, and the gradient at 0 is 0.
    Relu relu relu_: Number keeps OUTPUT;
    /// `x * x`
    Square square square_: Any keeps INPUT;
    /// The largest integer not above.
    Floor floor floor_: Number keeps NOTHING;
    /// The smallest integer not below.
    Ceil ceil ceil_: Number keeps NOTHING;
    /// The nearest integer, halves to even.
    Round round round_: Number keeps NOTHING;
    /// The integer part.
    Trunc trunc trunc_: Number keeps NOTHING;
    /// Every bit flipped; for bool, logical not.
    BitNot bitwise_not bitwise_not_: Bits keeps NOTHING;
}

impl UnaryOp {
    /// The dtype of the result, which is also the dtype it is computed in.
    pub fn result_dtype(self, x: DType) -> Result<DType> {
        let refuse = |hint: &'static str| Err(Error::new(self.name(), format!("not defined for {x}")).hint(hint));
        match (self.domain(), x.category()) {
            // A square is a power, and powers of bool count.
            _ if self == UnaryOp::Square && x == DType::Bool => Ok(DType::I64),
            (Domain::Float, _) => Ok(x.to_float()),
            (Domain::Any, _) | (Domain::Number, Category::Int | Category::Float) => Ok(x),
            (Domain::Number, Category::Bool) => refuse("convert it to numbers first, or use logical_not"),
            (Domain::Bits, Category::Bool | Category::Int) => Ok(x),
            (Domain::Bits, Category::Float) => refuse("it takes integers or bool"),
        }
    }
}

fn unary(op: UnaryOp, x: &Tensor) -> Result<Tensor> {
    let dtype = op.result_dtype(x.dtype())?;
    let cast;
    let x = if x.dtype() == dtype {
        x
    } else {
        cast = x.to_dtype(dtype)?;
        &cast
    };
    let reading = x.reading();
    let device = reading.device();
    let (mut out, layout) = Tensor::allocate(x.shape(), dtype, device)?;
    device.backend().unary(op, reading.operand(), out.view_mut(&layout))?;
    Ok(graph::record(|| Op::Unary(op), &[x], Tensor::new(Arc::new(out), layout)))
}

fn unary_in_place(op: UnaryOp, x: &mut Tensor) -> Result<&mut Tensor> {
    let dtype = op.result_dtype(x.dtype())?;
    inplace::change(
        op.name(),
        x,
        &[],
        dtype,
        |x| unary(op, x),
        |device, out| device.backend().unary(op, Operand::Output, out),
    )
}
