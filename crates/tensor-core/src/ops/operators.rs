//! `+ - * / %` and `-` of tensors, references to tensors, numbers, and results of earlier operators. All give
//! `Result<Tensor>`, so that a chain needs one `?` at each parenthesis: `((a + &b)? * 2.0)?`. An owned tensor lends its
//! buffer to the result where nobody else holds it.
use super::{
    BinaryOp,
    binary::{Arg, binary, binary_owned},
};
use crate::{Result, Scalar, Tensor};
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// The numbers that may stand on the right of an operator.
pub trait Number: Into<Scalar> {}
macro_rules! numbers {
    ($($t:ty)*) => { $(impl Number for $t {})* };
}
numbers!(f64 f32 i64 i32 u8 usize bool Scalar);

macro_rules! operator {
    ($Trait:ident $method:ident $Op:ident) => {
        impl $Trait<&Tensor> for &Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: &Tensor) -> Result<Tensor> {
                binary(BinaryOp::$Op, Arg::Tensor(self), Arg::Tensor(other))
            }
        }
        impl $Trait<Tensor> for &Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: Tensor) -> Result<Tensor> {
                binary(BinaryOp::$Op, Arg::Tensor(self), Arg::Tensor(&other))
            }
        }
        impl $Trait<&Tensor> for Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: &Tensor) -> Result<Tensor> {
                binary_owned(BinaryOp::$Op, self, Arg::Tensor(other))
            }
        }
        impl $Trait<Tensor> for Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: Tensor) -> Result<Tensor> {
                binary_owned(BinaryOp::$Op, self, Arg::Tensor(&other))
            }
        }
        impl $Trait<Result<Tensor>> for &Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: Result<Tensor>) -> Result<Tensor> {
                binary(BinaryOp::$Op, Arg::Tensor(self), Arg::Tensor(&other?))
            }
        }
        impl $Trait<Result<Tensor>> for Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: Result<Tensor>) -> Result<Tensor> {
                binary_owned(BinaryOp::$Op, self, Arg::Tensor(&other?))
            }
        }
        impl $Trait<&Tensor> for Result<Tensor> {
            type Output = Result<Tensor>;
            fn $method(self, other: &Tensor) -> Result<Tensor> {
                binary_owned(BinaryOp::$Op, self?, Arg::Tensor(other))
            }
        }
        impl $Trait<Tensor> for Result<Tensor> {
            type Output = Result<Tensor>;
            fn $method(self, other: Tensor) -> Result<Tensor> {
                binary_owned(BinaryOp::$Op, self?, Arg::Tensor(&other))
            }
        }
        // One impl for all numbers: with one each, the compiler could not tell the type of `(x + 1.0)?`.
        impl<N: Number> $Trait<N> for &Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: N) -> Result<Tensor> {
                binary(BinaryOp::$Op, Arg::Tensor(self), Arg::Scalar(other.into()))
            }
        }
        impl<N: Number> $Trait<N> for Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: N) -> Result<Tensor> {
                binary_owned(BinaryOp::$Op, self, Arg::Scalar(other.into()))
            }
        }
        operator!($Trait $method $Op: f64 i64);
    };
    // For the same reason a number on the left is an `f64` or an `i64`, nothing else.
    ($Trait:ident $method:ident $Op:ident: $($t:ty)*) => { $(
        impl $Trait<&Tensor> for $t {
            type Output = Result<Tensor>;
            fn $method(self, other: &Tensor) -> Result<Tensor> {
                binary(BinaryOp::$Op, self, other)
            }
        }
        impl $Trait<Tensor> for $t {
            type Output = Result<Tensor>;
            fn $method(self, other: Tensor) -> Result<Tensor> {
                binary(BinaryOp::$Op, self, &other)
            }
        }
    )* };
}

operator!(Add add Add);
operator!(Sub sub Sub);
operator!(Mul mul Mul);
operator!(Div div Div);
operator!(Rem rem Remainder);

impl Neg for &Tensor {
    type Output = Result<Tensor>;
    fn neg(self) -> Result<Tensor> {
        Tensor::neg(self)
    }
}
impl Neg for Tensor {
    type Output = Result<Tensor>;
    fn neg(self) -> Result<Tensor> {
        Tensor::neg(&self)
    }
}
