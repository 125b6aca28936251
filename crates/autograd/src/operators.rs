//! `x * &w`, `&w + 1.0`, `(x.mm(&w)? + &b)?`: arithmetic with parameters and buffers on either side, as with tensors.
use crate::{Buffer, Parameter};
use std::ops::{Add, Div, Mul, Neg, Sub};
use tensor_core::{Result, Tensor};

/// One operator trait for one kind of part, beside all that a tensor's operator takes.
macro_rules! part_operator {
    ($Part:ident: $( $Trait:ident $method:ident; )*) => {
        $(
            part_operator!(@with $Part, $Trait, $method, &Tensor, |t| t);
            part_operator!(@with $Part, $Trait, $method, Tensor, |t| t);
            part_operator!(@with $Part, $Trait, $method, Result<Tensor>, |t| t?);
            part_operator!(@with $Part, $Trait, $method, f64, |t| t);
            impl $Trait<&$Part> for &$Part {
                type Output = Result<Tensor>;
                fn $method(self, other: &$Part) -> Result<Tensor> {
                    $Trait::$method(&**self, &**other)
                }
            }
        )*
        impl Neg for &$Part {
            type Output = Result<Tensor>;
            fn neg(self) -> Result<Tensor> {
                Tensor::neg(self)
            }
        }
    };
    (@with $Part:ident, $Trait:ident, $method:ident, $Other:ty, |$t:ident| $operand:expr) => {
        impl $Trait<$Other> for &$Part {
            type Output = Result<Tensor>;
            fn $method(self, $t: $Other) -> Result<Tensor> {
                $Trait::$method(&**self, $operand)
            }
        }
        impl $Trait<&$Part> for $Other {
            type Output = Result<Tensor>;
            fn $method(self, part: &$Part) -> Result<Tensor> {
                let $t = self;
                $Trait::$method($operand, &**part)
            }
        }
    };
}
part_operator!(Parameter: Add add; Sub sub; Mul mul; Div div;);
part_operator!(Buffer: Add add; Sub sub; Mul mul; Div div;);
