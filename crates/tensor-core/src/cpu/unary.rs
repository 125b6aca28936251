//! Elementwise functions of one tensor: a table of loops for floats, one for integers, one for `bool`.
use super::{
    int::Int,
    map::{Block, Cost, Source, map},
    real::Real,
    simd::map1,
    storage::{data, data_mut},
};
use crate::{Category, DType, Error, Operand, Result, UnaryOp, ViewMut};

type Loop<T> = fn(&[T], &mut [T]);

pub(super) fn unary(op: UnaryOp, x: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
    match out.dtype {
        DType::F32 => run::<f32>(op, x, out, float::<f32>(op)),
        DType::F64 => run::<f64>(op, x, out, float::<f64>(op)),
        DType::F16 => run::<half::f16>(op, x, out, float::<f32>(op)),
        DType::BF16 => run::<half::bf16>(op, x, out, float::<f32>(op)),
        DType::I64 => run::<i64>(op, x, out, int::<i64>(op)),
        DType::I32 => run::<i32>(op, x, out, int::<i32>(op)),
        DType::U8 => run::<u8>(op, x, out, int::<u8>(op)),
        DType::Bool => run::<u8>(op, x, out, boolean(op)),
    }
}

fn run<S: Block>(op: UnaryOp, x: Operand<'_>, out: ViewMut<'_>, kernel: Option<Loop<S::C>>) -> Result<()> {
    let dtype = out.dtype;
    let kernel = kernel.ok_or_else(|| undefined(op.name(), dtype))?;
    let mut ordered = None;
    let source = match x {
        Operand::View(x) => Source::new(data::<S>(x)?, &mut ordered)?,
        Operand::Output => Source::Output,
        Operand::Scalar(_) => return Err(Error::new(op.name(), "a number is no tensor")),
    };
    let cost = if dtype.category() == Category::Float { cost(op) } else { Cost::Light };
    map::<S, S, 1>([source], data_mut::<S>(out)?, cost, &|[x], o| kernel(x, o));
    Ok(())
}

#[cold]
pub(super) fn undefined(op: &'static str, dtype: DType) -> Error {
    Error::new(op, format!("not defined for {dtype}")).kind_of(crate::ErrorKind::Unsupported)
}

fn cost(op: UnaryOp) -> Cost {
    use UnaryOp::*;
    match op {
        Neg | Abs | Sign | Sqrt | Reciprocal | Relu | Square | Floor | Ceil | Round | Trunc | BitNot => Cost::Light,
        _ => Cost::Heavy,
    }
}

/// The loop of a function on floats.
pub(super) fn float<T: Real>(op: UnaryOp) -> Option<Loop<T>> {
    use UnaryOp::*;
    Some(match op {
        Neg => |x, o| map1(x, o, |v: T| -v),
        Abs => |x, o| map1(x, o, T::abs),
        // NaN is neither above nor below 0.
        Sign => |x, o| {
            map1(x, o, |v: T| {
                let up = if v > T::ZERO { T::ONE } else { T::ZERO };
                if v < T::ZERO { -T::ONE } else { up }
            })
        },
        Exp => |x, o| map1(x, o, T::exp),
        Exp2 => T::exp2s,
        Expm1 => T::expm1s,
        Log => |x, o| map1(x, o, T::ln),
        Log2 => T::log2s,
        Log10 => T::log10s,
        Log1p => T::log1ps,
        Sqrt => |x, o| map1(x, o, T::sqrt),
        Rsqrt => |x, o| map1(x, o, |v: T| T::ONE / v.sqrt()),
        Reciprocal => |x, o| map1(x, o, |v: T| T::ONE / v),
        Sin => T::sins,
        Cos => T::coss,
        Tan => |x, o| map1(x, o, T::tan),
        Asin => |x, o| map1(x, o, T::asin),
        Acos => |x, o| map1(x, o, T::acos),
        Atan => |x, o| map1(x, o, T::atan),
        Sinh => |x, o| map1(x, o, T::sinh),
        Cosh => |x, o| map1(x, o, T::cosh),
        Tanh => |x, o| map1(x, o, T::tanh),
        Asinh => |x, o| map1(x, o, T::asinh),
        Acosh => |x, o| map1(x, o, T::acosh),
        Atanh => |x, o| map1(x, o, T::atanh),
        Erf => T::erfs,
        Erfc => T::erfcs,
        Erfinv => T::erfinvs,
        Lgamma => T::lgammas,
        Digamma => T::digammas,
        Sigmoid => |x, o| map1(x, o, T::sigmoid),
        // Written so that NaN stays.
        Relu => |x, o| map1(x, o, |v: T| if v < T::ZERO { T::ZERO } else { v }),
        Square => |x, o| map1(x, o, |v: T| v * v),
        Floor => |x, o| map1(x, o, T::floor),
        Ceil => |x, o| map1(x, o, T::ceil),
        Round => |x, o| map1(x, o, T::round),
        Trunc => |x, o| map1(x, o, T::trunc),
        BitNot => return None,
    })
}

fn int<T: Int>(op: UnaryOp) -> Option<Loop<T>> {
    use UnaryOp::*;
    Some(match op {
        Neg => |x, o| map1(x, o, T::neg),
        Abs => |x, o| map1(x, o, T::abs),
        Sign => |x, o| map1(x, o, T::sign),
        Relu => |x, o| map1(x, o, |v: T| v.max(T::ZERO)),
        Square => |x, o| map1(x, o, |v: T| v.mul(v)),
        Floor | Ceil | Round | Trunc => |x, o| o.copy_from_slice(x),
        BitNot => |x, o| map1(x, o, |v: T| !v),
        _ => return None,
    })
}

fn boolean(op: UnaryOp) -> Option<Loop<u8>> {
    match op {
        UnaryOp::Sign | UnaryOp::Square => Some(|x, o| o.copy_from_slice(x)),
        UnaryOp::BitNot => Some(|x, o| map1(x, o, |v: u8| v ^ 1)),
        _ => None,
    }
}
