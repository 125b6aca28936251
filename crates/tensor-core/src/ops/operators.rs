//! `+ - * / %` and `-` of tensors, references to tensors, numbers, and results of earlier operators. All give
//! `Result<Tensor>`, so that a chain needs one `?` at each parenthesis: `((a + &b)? * 2.0)?`. An owned tensor lends its
//! buffer to the result where nobody else holds it.
use super::{
    BinaryOp,
    binary::{Arg, binary, binary_owned},
};
use crate::{Result, Tensor};
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

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
        // One float and one integer type: with more, the type of the literal in `(1.0 - x)?.sqrt()` would be ambiguous.
        operator!($Trait $method $Op: f64 i64);
    };
    ($Trait:ident $method:ident $Op:ident: $($t:ty)*) => { $(
        impl $Trait<$t> for &Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: $t) -> Result<Tensor> {
                binary(BinaryOp::$Op, Arg::Tensor(self), other.into())
            }
        }
        impl $Trait<$t> for Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: $t) -> Result<Tensor> {
                binary_owned(BinaryOp::$Op, self, other.into())
            }
        }
        impl $Trait<&Tensor> for $t {
            type Output = Result<Tensor>;
            fn $method(self, other: &Tensor) -> Result<Tensor> {
                binary(BinaryOp::$Op, self.into(), Arg::Tensor(other))
            }
        }
        impl $Trait<Tensor> for $t {
            type Output = Result<Tensor>;
            fn $method(self, other: Tensor) -> Result<Tensor> {
                binary(BinaryOp::$Op, self.into(), Arg::Tensor(&other))
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
