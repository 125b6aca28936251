//! One element at a time, as the definitions say.
use super::number::Num;
use tensor_core::{BinaryOp, CompareOp, DType, Error, Result, UnaryOp};

pub(super) fn unary(op: UnaryOp, x: Num, dtype: DType) -> Num {
    match x {
        Num::F(x) => Num::F(unary_float(op, x)),
        Num::I(i) => Num::I(unary_int(op, i, dtype)),
    }
}

fn unary_float(op: UnaryOp, x: f64) -> f64 {
    match op {
        UnaryOp::Neg => -x,
        UnaryOp::Abs => x.abs(),
        UnaryOp::Sign if x > 0.0 => 1.0,
        UnaryOp::Sign if x < 0.0 => -1.0,
        UnaryOp::Sign => 0.0,
        UnaryOp::Exp => x.exp(),
        UnaryOp::Exp2 => x.exp2(),
        UnaryOp::Expm1 => x.exp_m1(),
        UnaryOp::Log => x.ln(),
        UnaryOp::Log2 => x.log2(),
        UnaryOp::Log10 => x.log10(),
        UnaryOp::Log1p => x.ln_1p(),
        UnaryOp::Sqrt => x.sqrt(),
        UnaryOp::Rsqrt => 1.0 / x.sqrt(),
        UnaryOp::Reciprocal => 1.0 / x,
        UnaryOp::Sin => x.sin(),
        UnaryOp::Cos => x.cos(),
        UnaryOp::Tan => x.tan(),
        UnaryOp::Asin => x.asin(),
        UnaryOp::Acos => x.acos(),
        UnaryOp::Atan => x.atan(),
        UnaryOp::Sinh => x.sinh(),
        UnaryOp::Cosh => x.cosh(),
        UnaryOp::Tanh => x.tanh(),
        UnaryOp::Asinh => x.asinh(),
        UnaryOp::Acosh => x.acosh(),
        UnaryOp::Atanh => x.atanh(),
        UnaryOp::Erf => libm::erf(x),
        UnaryOp::Erfc => libm::erfc(x),
        UnaryOp::Erfinv => erfinv(x),
        UnaryOp::Lgamma => libm::lgamma(x),
        UnaryOp::Digamma => digamma(x),
        UnaryOp::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        UnaryOp::Relu if x < 0.0 => 0.0,
        UnaryOp::Relu => x,
        UnaryOp::Square => x * x,
        UnaryOp::Floor => x.floor(),
        UnaryOp::Ceil => x.ceil(),
        UnaryOp::Round => x.round_ties_even(),
        UnaryOp::Trunc => x.trunc(),
        UnaryOp::BitNot => f64::NAN, // refused before it comes here
    }
}

/// `digamma(x) = digamma(x + 1) - 1 / x` far enough out for two terms of the asymptotic series.
fn digamma(x: f64) -> f64 {
    if x <= 0.0 && x == x.trunc() {
        return if x == 0.0 { f64::INFINITY.copysign(-x) } else { f64::NAN };
    }
    let steps = (1000.0 - x).max(0.0) as usize;
    let far = x + steps as f64;
    let below: f64 = (0..steps).rev().map(|k| 1.0 / (x + k as f64)).sum();
    far.ln() - 0.5 / far - 1.0 / (12.0 * far * far) - below
}

/// Newton's method on `erf(y) = x`.
fn erfinv(x: f64) -> f64 {
    if x.abs() >= 1.0 {
        return if x.abs() > 1.0 { f64::NAN } else { f64::INFINITY.copysign(x) };
    }
    // Winitzki's approximation to begin with, good to three digits.
    let l = (1.0 - x * x).ln();
    let a = 0.147;
    let b = 2.0 / (std::f64::consts::PI * a) + l / 2.0;
    let mut y = ((b * b - l / a).sqrt() - b).sqrt().copysign(x);
    for _ in 0..4 {
        y -= (libm::erf(y) - x) / (2.0 / std::f64::consts::PI.sqrt() * (-y * y).exp());
    }
    y
}

fn unary_int(op: UnaryOp, i: i64, dtype: DType) -> i64 {
    match op {
        UnaryOp::Neg => i.wrapping_neg(),
        UnaryOp::Abs => i.wrapping_abs(),
        UnaryOp::Sign => i.signum(),
        UnaryOp::Relu => i.max(0),
        UnaryOp::Square => i.wrapping_mul(i),
        UnaryOp::BitNot if dtype == DType::Bool => 1 - i,
        UnaryOp::BitNot => !i,
        // Rounding leaves integers alone; the rest is computed in floats.
        _ => i,
    }
}

pub(super) fn binary(op: BinaryOp, a: Num, b: Num, dtype: DType) -> Result<Num> {
    if dtype.is_float() {
        Ok(Num::F(binary_float(op, a.f(), b.f())))
    } else {
        binary_int(op, a.i(), b.i(), dtype).map(Num::I)
    }
}

fn binary_float(op: BinaryOp, a: f64, b: f64) -> f64 {
    let nan = if a.is_nan() { a } else { b };
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::FloorDivide if b == 0.0 => a / b,
        BinaryOp::FloorDivide => {
            // As Python: the remainder has the divisor's sign, and what is left divides evenly.
            let quotient = (a - remainder(a, b)) / b;
            quotient.round_ties_even()
        }
        BinaryOp::Remainder => remainder(a, b),
        BinaryOp::Fmod => a % b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Maximum | BinaryOp::Minimum if a.is_nan() || b.is_nan() => nan,
        BinaryOp::Maximum => a.max(b),
        BinaryOp::Minimum => a.min(b),
        BinaryOp::Atan2 => a.atan2(b),
        // Refused before they come here.
        BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor | BinaryOp::Shl | BinaryOp::Shr => f64::NAN,
    }
}

fn remainder(a: f64, b: f64) -> f64 {
    let r = a % b;
    if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
}

fn binary_int(op: BinaryOp, a: i64, b: i64, dtype: DType) -> Result<i64> {
    let bits = 8 * dtype.size() as i64;
    if b == 0 && matches!(op, BinaryOp::FloorDivide | BinaryOp::Remainder | BinaryOp::Fmod) {
        return Err(Error::new(op.name(), "division of an integer by zero"));
    }
    Ok(match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::FloorDivide => {
            let q = a.wrapping_div(b);
            if a.wrapping_rem(b) != 0 && (a < 0) != (b < 0) { q - 1 } else { q }
        }
        BinaryOp::Remainder => {
            let r = a.wrapping_rem(b);
            if r != 0 && (r < 0) != (b < 0) { r + b } else { r }
        }
        BinaryOp::Fmod => a.wrapping_rem(b),
        BinaryOp::Pow if b < 0 => match a {
            1 => 1,
            -1 => 1 - 2 * (b & 1),
            _ => 0,
        },
        BinaryOp::Pow => a.wrapping_pow(b.min(i64::from(u32::MAX)) as u32),
        BinaryOp::Maximum => a.max(b),
        BinaryOp::Minimum => a.min(b),
        BinaryOp::BitAnd => a & b,
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        BinaryOp::Shl if b < 0 || b >= bits => 0,
        BinaryOp::Shl => a << b,
        BinaryOp::Shr if b < 0 || b >= bits => a >> 63,
        BinaryOp::Shr => a >> b,
        // Computed in floats.
        BinaryOp::Div | BinaryOp::Atan2 => 0,
    })
}

pub(super) fn compare(op: CompareOp, a: Num, b: Num) -> bool {
    let order = match (a, b) {
        (Num::I(a), Num::I(b)) => Some(a.cmp(&b)),
        _ => a.f().partial_cmp(&b.f()),
    };
    use std::cmp::Ordering::{Equal, Greater, Less};
    match op {
        CompareOp::Eq => order == Some(Equal),
        CompareOp::Ne => order != Some(Equal),
        CompareOp::Lt => order == Some(Less),
        CompareOp::Le => matches!(order, Some(Less | Equal)),
        CompareOp::Gt => order == Some(Greater),
        CompareOp::Ge => matches!(order, Some(Greater | Equal)),
    }
}
