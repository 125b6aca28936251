//! Arithmetic of two tensors, or of a tensor and a number, broadcast and promoted as PyTorch does it.
use super::{Keeps, Op, inplace};
use crate::{Category, DType, Error, Operand, Result, Scalar, Tensor, graph, shape};
use std::sync::Arc;

/// The right-hand side of an arithmetic method: a tensor or a number.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// A tensor, broadcast.
    Tensor(&'a Tensor),
    /// A number; it never widens a tensor's dtype within its category (`f16 + 1.5` is `f16`).
    Scalar(Scalar),
}

impl<'a> From<&'a Tensor> for Arg<'a> {
    fn from(t: &'a Tensor) -> Arg<'a> {
        Arg::Tensor(t)
    }
}
macro_rules! arg_from {
    ($($t:ty),*) => { $( impl From<$t> for Arg<'_> { fn from(v: $t) -> Self { Arg::Scalar(v.into()) } } )* };
}
arg_from!(Scalar, f64, f32, i64, i32, u8, usize, bool);

/// The side of a number beside a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `2 - x`
    Left,
    /// `x - 2`
    Right,
}

/// Which dtypes an operator computes in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Domain {
    /// Every dtype; for bool, `add` is or, `mul` is and.
    Any,
    /// Not bool.
    Number,
    /// Floats; integers are computed in `f32`.
    Float,
    /// Integers and bool.
    Bits,
    /// Integers.
    Int,
}

macro_rules! binary_ops {
    ($( $(#[$doc:meta])* $Op:ident $name:ident $name_:ident: $domain:ident; )*) => {
        /// Elementwise functions of two tensors.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum BinaryOp { $( $(#[$doc])* $Op, )* }

        impl BinaryOp {
            /// Every operator, once.
            pub const ALL: &[BinaryOp] = &[$( BinaryOp::$Op, )*];
            /// PyTorch's name.
            pub fn name(self) -> &'static str {
                match self { $( BinaryOp::$Op => stringify!($name), )* }
            }
            fn domain(self) -> Domain {
                match self { $( BinaryOp::$Op => Domain::$domain, )* }
            }
        }

        impl Tensor {
            $(
                $(#[$doc])*
                /// The other side is a tensor, broadcast, or a number.
                pub fn $name<'a>(&self, other: impl Into<Arg<'a>>) -> Result<Tensor> {
                    binary(BinaryOp::$Op, self, other)
                }
                /// The same in place; the other side broadcasts to this tensor.
                pub fn $name_<'a>(&mut self, other: impl Into<Arg<'a>>) -> Result<&mut Tensor> {
                    binary_in_place(BinaryOp::$Op, self, other.into())
                }
            )*
        }
    };
}

binary_ops! {
    /// Sum.
    Add add add_: Any;
    /// Difference.
    Sub sub sub_: Number;
    /// Product.
    Mul mul mul_: Any;
    /// True quotient: integers divide to floats.
    Div div div_: Float;
    /// Quotient rounded to the next lower integer.
    FloorDivide floor_divide floor_divide_: Number;
    /// Remainder with the sign of the divisor, as in Python.
    Remainder remainder remainder_: Number;
    /// Remainder with the sign of the dividend, as in C.
    Fmod fmod fmod_: Number;
    /// Power. Integers take no negative exponents.
    Pow pow pow_: Number;
    /// The larger one; NaN wins, and equal values share the gradient.
    Maximum maximum maximum_: Any;
    /// The smaller one; NaN wins, and equal values share the gradient.
    Minimum minimum minimum_: Any;
    /// The angle of the point `(other, self)`.
    Atan2 atan2 atan2_: Float;
    /// Bits set in both; for bool, and.
    BitAnd bitwise_and bitwise_and_: Bits;
    /// Bits set in either; for bool, or.
    BitOr bitwise_or bitwise_or_: Bits;
    /// Bits set in one only; for bool, exclusive or.
    BitXor bitwise_xor bitwise_xor_: Bits;
    /// Bits moved up.
    Shl bitwise_left_shift bitwise_left_shift_: Int;
    /// Bits moved down, keeping the sign.
    Shr bitwise_right_shift bitwise_right_shift_: Int;
}

impl BinaryOp {
    /// The dtype of the result, given the promoted dtype of the operands; it is computed in that dtype.
    pub fn result_dtype(self, promoted: DType) -> Result<DType> {
        let refuse =
            |hint: &'static str| Err(Error::new(self.name(), format!("not defined for {promoted}")).hint(hint));
        match (self.domain(), promoted.category()) {
            (Domain::Float, _) => Ok(promoted.to_float()),
            (Domain::Any, _) | (Domain::Number, Category::Int | Category::Float) => Ok(promoted),
            (Domain::Number, Category::Bool) => refuse("use logical_xor, or convert to numbers first"),
            (Domain::Bits, Category::Bool | Category::Int) | (Domain::Int, Category::Int) => Ok(promoted),
            (Domain::Bits | Domain::Int, _) => refuse("it takes integers"),
        }
    }

    /// Which inputs the rules read, given who wants a gradient.
    pub(super) fn keeps(self, wants: &[bool]) -> Keeps {
        let (a, b) = (u32::from(wants[0]), u32::from(wants[1]));
        let inputs = match self {
            BinaryOp::Add | BinaryOp::Sub => 0,
            BinaryOp::Mul => a << 1 | b,
            // da = g / b; db = -g a / b^2
            BinaryOp::Div => 2 | b,
            // da = g; db reads the quotient, made of both
            BinaryOp::Remainder | BinaryOp::Fmod => b | b << 1,
            BinaryOp::Pow | BinaryOp::Maximum | BinaryOp::Minimum | BinaryOp::Atan2 => 3,
            BinaryOp::FloorDivide
            | BinaryOp::BitAnd
            | BinaryOp::BitOr
            | BinaryOp::BitXor
            | BinaryOp::Shl
            | BinaryOp::Shr => 0,
        };
        Keeps { inputs, outputs: 0 }
    }

    pub(super) fn keeps_beside_scalar(self, side: Side) -> Keeps {
        match (self, side) {
            (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::FloorDivide, _) => Keeps::NOTHING,
            (BinaryOp::Div | BinaryOp::Remainder | BinaryOp::Fmod, Side::Right) => Keeps::NOTHING,
            _ => Keeps::INPUT,
        }
    }
}

/// The dtype that PyTorch gives to a mix of operands: dims outweigh 0-d tensors, which outweigh numbers, but only
/// within the same category.
pub fn result_type(a: Arg<'_>, b: Arg<'_>) -> DType {
    let rank = |x: &Arg<'_>| match x {
        Arg::Tensor(t) if t.dim() > 0 => 2,
        Arg::Tensor(_) => 1,
        Arg::Scalar(_) => 0,
    };
    let dtype = |x: &Arg<'_>| match x {
        Arg::Tensor(t) => t.dtype(),
        Arg::Scalar(s) => s.dtype(),
    };
    let (high, low) = match rank(&a).cmp(&rank(&b)) {
        std::cmp::Ordering::Equal => return dtype(&a).promote(dtype(&b)),
        std::cmp::Ordering::Greater => (dtype(&a), dtype(&b)),
        std::cmp::Ordering::Less => (dtype(&b), dtype(&a)),
    };
    match (high.category(), low.category()) {
        (Category::Float, _) => high,
        (Category::Bool, _) | (_, Category::Float) => high.promote(low),
        _ => high,
    }
}

pub(crate) fn same_device(op: &'static str, tensors: &[&Tensor]) -> Result<()> {
    if tensors.iter().any(|t| !std::ptr::eq(t.buffer().device().backend(), tensors[0].buffer().device().backend())) {
        return Err(Error::new(op, "operands are on different devices")
            .operands(tensors.iter().copied())
            .hint("move them with to_device(..)"));
    }
    Ok(())
}

/// Any of the operations on two operands, of which one may be a number, also the first: `torch.pow(2, x)`.
///
/// ```
/// # use tensor_core::{Tensor, Result, ops::{BinaryOp, binary}};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[1.0f32, 3.0], [2])?;
/// assert_eq!(binary(BinaryOp::Pow, 2.0, &x)?.to_vec::<f32>()?, [2.0, 8.0]);
/// # Ok(()) }
/// ```
pub fn binary<'a, 'b>(op: BinaryOp, a: impl Into<Arg<'a>>, b: impl Into<Arg<'b>>) -> Result<Tensor> {
    match (a.into(), b.into()) {
        (Arg::Tensor(a), Arg::Tensor(b)) => tensors(op, a, b),
        (Arg::Tensor(a), Arg::Scalar(s)) => with_scalar(op, a, s, Side::Right),
        (Arg::Scalar(s), Arg::Tensor(b)) => with_scalar(op, b, s, Side::Left),
        (Arg::Scalar(_), Arg::Scalar(_)) => Err(Error::new(op.name(), "needs at least one tensor")),
    }
}

fn tensors(op: BinaryOp, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    same_device(op.name(), &[a, b])?;
    let dtype = op.result_dtype(result_type(Arg::Tensor(a), Arg::Tensor(b))).map_err(|e| e.operands([a, b]))?;
    let (cast_a, cast_b);
    let a = if a.dtype() == dtype {
        a
    } else {
        cast_a = a.to_dtype(dtype)?;
        &cast_a
    };
    let b = if b.dtype() == dtype {
        b
    } else {
        cast_b = b.to_dtype(dtype)?;
        &cast_b
    };
    refuse_negative_exponent(op, dtype, Arg::Tensor(b))?;
    let shape = shape::broadcast(op.name(), a.shape(), b.shape()).map_err(|e| e.operands([a, b]))?;
    let (ra, rb) = (a.reading_as(op.name(), &shape)?, b.reading_as(op.name(), &shape)?);
    let device = ra.device();
    let (mut out, layout) = Tensor::allocate(&shape, dtype, device)?;
    device.backend().binary(op, ra.operand(), rb.operand(), out.view_mut(&layout))?;
    Ok(graph::record(|| Op::Binary(op), &[a, b], Tensor::new(Arc::new(out), layout)))
}

fn with_scalar(op: BinaryOp, x: &Tensor, s: Scalar, side: Side) -> Result<Tensor> {
    let dtype = op.result_dtype(result_type(Arg::Tensor(x), Arg::Scalar(s))).map_err(|e| e.operands([x]))?;
    let cast;
    let x = if x.dtype() == dtype {
        x
    } else {
        cast = x.to_dtype(dtype)?;
        &cast
    };
    refuse_negative_exponent(op, dtype, if side == Side::Right { Arg::Scalar(s) } else { Arg::Tensor(x) })?;
    let reading = x.reading();
    let device = reading.device();
    let (mut out, layout) = Tensor::allocate(x.shape(), dtype, device)?;
    let (l, r) = match side {
        Side::Left => (Operand::Scalar(s), reading.operand()),
        Side::Right => (reading.operand(), Operand::Scalar(s)),
    };
    device.backend().binary(op, l, r, out.view_mut(&layout))?;
    Ok(graph::record(|| Op::BinaryScalar { op, scalar: s, side }, &[x], Tensor::new(Arc::new(out), layout)))
}

/// An owned first operand gives its buffer to the result where nobody else holds it.
pub(super) fn binary_owned(op: BinaryOp, a: Tensor, b: Arg<'_>) -> Result<Tensor> {
    let dtype = a.dtype();
    let fits = match b {
        Arg::Tensor(b) => {
            b.dtype() == dtype
                && (b.shape() == a.shape() || b.layout().expand(a.shape()).is_some())
                && same_device(op.name(), &[&a, b]).is_ok()
        }
        Arg::Scalar(s) => s.category() <= dtype.category(),
    };
    let wants = [a.requires_grad(), matches!(b, Arg::Tensor(t) if t.requires_grad())];
    let keeps = match b {
        Arg::Tensor(_) => op.keeps(&wants),
        Arg::Scalar(_) => op.keeps_beside_scalar(Side::Right),
    };
    let recorded = (wants[0] || wants[1]) && crate::is_grad_enabled();
    if !fits || recorded && keeps.inputs & 1 == 1 || op.result_dtype(dtype).ok() != Some(dtype) {
        return binary(op, Arg::Tensor(&a), b);
    }
    let shape = shape::Dims::from_slice(a.shape());
    let mut out = match inplace::donate(a, &shape, dtype) {
        Ok(out) => out,
        Err(a) => return binary(op, Arg::Tensor(&a), b),
    };
    match b {
        Arg::Tensor(b) => {
            let reading = b.reading_as(op.name(), &shape)?;
            out.write(|device, out| device.backend().binary(op, Operand::Output, reading.operand(), out))?;
            Ok(inplace::record_donated(|| Op::Binary(op), out, &[b]))
        }
        Arg::Scalar(s) => {
            out.write(|device, out| device.backend().binary(op, Operand::Output, Operand::Scalar(s), out))?;
            Ok(inplace::record_donated(|| Op::BinaryScalar { op, scalar: s, side: Side::Right }, out, &[]))
        }
    }
}

fn binary_in_place<'x>(op: BinaryOp, x: &'x mut Tensor, other: Arg<'_>) -> Result<&'x mut Tensor> {
    let dtype = op.result_dtype(result_type(Arg::Tensor(x), other))?;
    match other {
        Arg::Tensor(b) => {
            same_device(op.name(), &[x, b])?;
            refuse_negative_exponent(op, dtype, other)?;
            let converted = b.to_dtype(x.dtype())?;
            let reading = converted.reading_as(op.name(), x.shape())?;
            inplace::change(
                op.name(),
                x,
                &[b],
                dtype,
                |x| tensors(op, x, b),
                |device, out| device.backend().binary(op, Operand::Output, reading.operand(), out),
            )
        }
        Arg::Scalar(s) => {
            refuse_negative_exponent(op, dtype, other)?;
            inplace::change(
                op.name(),
                x,
                &[],
                dtype,
                |x| with_scalar(op, x, s, Side::Right),
                |device, out| device.backend().binary(op, Operand::Output, Operand::Scalar(s), out),
            )
        }
    }
}

fn refuse_negative_exponent(op: BinaryOp, dtype: DType, exponent: Arg<'_>) -> Result<()> {
    if op != BinaryOp::Pow || dtype.is_float() {
        return Ok(());
    }
    match exponent {
        Arg::Scalar(s) if s.to_f64() < 0.0 => {
            Err(Error::new("pow", format!("integers have no power {}", s.to_f64()))
                .hint("convert to a float dtype first"))
        }
        _ => Ok(()),
    }
}
