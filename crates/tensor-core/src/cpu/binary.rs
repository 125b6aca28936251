//! Elementwise functions of two tensors, or of a tensor and a number.
use super::{
    convert::Number,
    fill::element,
    int::Int,
    map::{Block, Cost, Source, map},
    real::Real,
    simd::{any1, map2},
    storage::{CpuStorage, data, data_mut},
    unary::{self, undefined},
};
use crate::{BinaryOp, DType, Error, Operand, Result, Scalar, UnaryOp, View, ViewMut};

type Loop<T> = fn(&[T], &[T], &mut [T]);

pub(super) fn binary(op: BinaryOp, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
    match out.dtype {
        DType::F32 => run::<f32>(op, a, b, out, float::<f32>(op)),
        DType::F64 => run::<f64>(op, a, b, out, float::<f64>(op)),
        DType::F16 => run::<half::f16>(op, a, b, out, float::<f32>(op)),
        DType::BF16 => run::<half::bf16>(op, a, b, out, float::<f32>(op)),
        DType::I64 => run_int::<i64>(op, a, b, out),
        DType::I32 => run_int::<i32>(op, a, b, out),
        DType::U8 => run_int::<u8>(op, a, b, out),
        DType::Bool => run::<u8>(op, a, b, out, boolean(op)),
    }
}

/// How to read an operand. A number keeps the precision of the arithmetic: `f16 + 0.1` adds the `f32` 0.1.
pub(super) fn source<'a, S: Block<C: Number>>(
    x: Operand<'a>,
    dtype: DType,
    ordered: &'a mut Option<CpuStorage>,
) -> Result<Source<'a, S>> {
    match x {
        Operand::View(x) => Source::new(data::<S>(x)?, ordered),
        Operand::Scalar(s) => Ok(Source::Constant(element(dtype, s))),
        Operand::Output => Ok(Source::Output),
    }
}

fn run<S: Block<C: Number>>(
    op: BinaryOp,
    a: Operand<'_>,
    b: Operand<'_>,
    out: ViewMut<'_>,
    kernel: Option<Loop<S::C>>,
) -> Result<()> {
    let dtype = out.dtype;
    if let (BinaryOp::Pow, Operand::Scalar(s), true) = (op, b, dtype.is_float())
        && let Some(simple) = simple_power(s)
    {
        return unary::unary(simple, a, out);
    }
    let kernel = kernel.ok_or_else(|| undefined(op.name(), dtype))?;
    let (mut ordered_a, mut ordered_b) = (None, None);
    let a = source::<S>(a, dtype, &mut ordered_a)?;
    let b = source::<S>(b, dtype, &mut ordered_b)?;
    map::<S, S, 2>([a, b], data_mut::<S>(out)?, cost(op), &|[a, b], o| kernel(a, b, o));
    Ok(())
}

/// Powers that are an operation of their own: faster, and exact where PyTorch is.
fn simple_power(exponent: Scalar) -> Option<UnaryOp> {
    match exponent.to_f64() {
        2.0 => Some(UnaryOp::Square),
        0.5 => Some(UnaryOp::Sqrt),
        -0.5 => Some(UnaryOp::Rsqrt),
        -1.0 => Some(UnaryOp::Reciprocal),
        _ => None,
    }
}

fn run_int<S: Block<C = S> + Int + Number + crate::Element>(
    op: BinaryOp,
    a: Operand<'_>,
    b: Operand<'_>,
    out: ViewMut<'_>,
) -> Result<()> {
    if matches!(op, BinaryOp::FloorDivide | BinaryOp::Remainder | BinaryOp::Fmod) && holds_zero::<S>(b, &out)? {
        return Err(Error::new(op.name(), "integer division by zero").hint("divide as floats, or mask the zeros first"));
    }
    run::<S>(op, a, b, out, int::<S>(op))
}

fn holds_zero<S: Number + crate::Element>(b: Operand<'_>, out: &ViewMut<'_>) -> Result<bool> {
    let view = match b {
        // As the kernel reads it: a multiple of 256 is the zero of u8.
        Operand::Scalar(s) => return Ok(!S::from_scalar(s).truth()),
        Operand::View(b) => b,
        Operand::Output => View { storage: &*out.storage, dtype: out.dtype, layout: out.layout },
    };
    let x = data::<S>(view)?;
    Ok(match x.contiguous() {
        Some(all) => any1(all, |v: S| !v.truth()),
        None => x.layout.positions().any(|p| !x.all[p].truth()),
    })
}

fn cost(op: BinaryOp) -> Cost {
    match op {
        BinaryOp::Pow | BinaryOp::Atan2 | BinaryOp::FloorDivide | BinaryOp::Remainder | BinaryOp::Fmod => Cost::Heavy,
        _ => Cost::Light,
    }
}

/// Written so that NaN wins.
#[inline(always)]
pub(super) fn maximum<T: PartialOrd + Copy>(a: T, b: T) -> T {
    #[allow(clippy::eq_op)]
    if a > b || a != a { a } else { b }
}
/// Written so that NaN wins.
#[inline(always)]
pub(super) fn minimum<T: PartialOrd + Copy>(a: T, b: T) -> T {
    #[allow(clippy::eq_op)]
    if a < b || a != a { a } else { b }
}

/// Python's `//` on floats, with PyTorch's care for quotients that round up to an integer.
fn floor_divide<T: Real>(a: T, b: T) -> T {
    if b == T::ZERO {
        return a / b;
    }
    let rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != T::ZERO && (b < T::ZERO) != (rest < T::ZERO) {
        quotient = quotient - T::ONE;
    }
    if quotient == T::ZERO {
        return T::ZERO.copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > T::of(0.5) { floor + T::ONE } else { floor }
}

fn remainder<T: Real>(a: T, b: T) -> T {
    let rest = a % b;
    if rest != T::ZERO && (b < T::ZERO) != (rest < T::ZERO) { rest + b } else { rest }
}

pub(super) fn float<T: Real>(op: BinaryOp) -> Option<Loop<T>> {
    use BinaryOp::*;
    Some(match op {
        Add => |a, b, o| map2(a, b, o, |a: T, b: T| a + b),
        Sub => |a, b, o| map2(a, b, o, |a: T, b: T| a - b),
        Mul => |a, b, o| map2(a, b, o, |a: T, b: T| a * b),
        Div => |a, b, o| map2(a, b, o, |a: T, b: T| a / b),
        FloorDivide => |a, b, o| map2(a, b, o, floor_divide::<T>),
        Remainder => |a, b, o| map2(a, b, o, remainder::<T>),
        Fmod => |a, b, o| map2(a, b, o, |a: T, b: T| a % b),
        Pow => T::pow,
        Maximum => |a, b, o| map2(a, b, o, maximum::<T>),
        Minimum => |a, b, o| map2(a, b, o, minimum::<T>),
        Atan2 => |a, b, o| map2(a, b, o, T::atan2),
        BitAnd | BitOr | BitXor | Shl | Shr => return None,
    })
}

fn int<T: Int>(op: BinaryOp) -> Option<Loop<T>> {
    use BinaryOp::*;
    Some(match op {
        Add => |a, b, o| map2(a, b, o, T::add),
        Sub => |a, b, o| map2(a, b, o, T::sub),
        Mul => |a, b, o| map2(a, b, o, T::mul),
        FloorDivide => |a, b, o| map2(a, b, o, T::floor_divide),
        Remainder => |a, b, o| map2(a, b, o, T::remainder),
        Fmod => |a, b, o| map2(a, b, o, T::fmod),
        Pow => |a, b, o| map2(a, b, o, T::pow),
        Maximum => |a, b, o| map2(a, b, o, |a: T, b: T| a.max(b)),
        Minimum => |a, b, o| map2(a, b, o, |a: T, b: T| a.min(b)),
        BitAnd => |a, b, o| map2(a, b, o, |a: T, b: T| a & b),
        BitOr => |a, b, o| map2(a, b, o, |a: T, b: T| a | b),
        BitXor => |a, b, o| map2(a, b, o, |a: T, b: T| a ^ b),
        Shl => |a, b, o| map2(a, b, o, T::shl),
        Shr => |a, b, o| map2(a, b, o, T::shr),
        Div | Atan2 => return None,
    })
}

fn boolean(op: BinaryOp) -> Option<Loop<u8>> {
    use BinaryOp::*;
    match op {
        Add | Maximum | BitOr => Some(|a, b, o| map2(a, b, o, |a: u8, b: u8| a | b)),
        Mul | Minimum | BitAnd => Some(|a, b, o| map2(a, b, o, |a: u8, b: u8| a & b)),
        BitXor => Some(|a, b, o| map2(a, b, o, |a: u8, b: u8| a ^ b)),
        _ => None,
    }
}
