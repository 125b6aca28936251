//! One number to another dtype, as PyTorch does it on the CPU.
use bytemuck::Pod;
use half::{bf16, f16};

/// An element as its dtype stores it.
pub(super) trait Number: Pod + Send + Sync + PartialOrd {
    /// Cut towards zero, if a float.
    fn to_i64(self) -> i64;
    fn to_f64(self) -> f64;
    fn to_f32(self) -> f32;
    fn from_i64(v: i64) -> Self;
    fn from_f64(v: f64) -> Self;
    fn from_f32(v: f32) -> Self;
    /// Anything but 0.
    fn truth(self) -> bool;
    /// Whether integers convert to it without going through a float, and back.
    const INTEGER: bool;
    /// Whether `f32` holds all of its values.
    const NARROW: bool;
}

macro_rules! plain {
    ($($t:ty, $integer:expr, $narrow:expr, |$f:ident| $from:expr;)*) => { $(impl Number for $t {
        #[inline(always)]
        fn to_i64(self) -> i64 { self as i64 }
        #[inline(always)]
        fn to_f64(self) -> f64 { self as f64 }
        #[inline(always)]
        fn to_f32(self) -> f32 { self as f32 }
        #[inline(always)]
        fn from_i64(v: i64) -> Self { v as $t }
        #[inline(always)]
        fn from_f64($f: f64) -> Self { $from }
        #[inline(always)]
        fn from_f32(v: f32) -> Self { let $f = v as f64; $from }
        #[inline(always)]
        fn truth(self) -> bool { self != 0 as $t }
        const INTEGER: bool = $integer;
        const NARROW: bool = $narrow;
    })* };
}
plain! {
    f64, false, false, |v| v;
    i64, true, false, |v| v as i64;
    // Through i64, so that what is too large wraps as it does in PyTorch.
    i32, true, false, |v| v as i64 as i32;
    u8, true, true, |v| v as i64 as u8;
}

impl Number for f32 {
    #[inline(always)]
    fn to_i64(self) -> i64 {
        self as i64
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self
    }
    #[inline(always)]
    fn from_i64(v: i64) -> f32 {
        v as f32
    }
    #[inline(always)]
    fn from_f64(v: f64) -> f32 {
        v as f32
    }
    #[inline(always)]
    fn from_f32(v: f32) -> f32 {
        v
    }
    #[inline(always)]
    fn truth(self) -> bool {
        self != 0.0
    }
    const INTEGER: bool = false;
    const NARROW: bool = true;
}

macro_rules! halves {
    ($($t:ty),*) => { $(impl Number for $t {
        #[inline(always)]
        fn to_i64(self) -> i64 { <$t>::to_f32(self) as i64 }
        #[inline(always)]
        fn to_f64(self) -> f64 { <$t>::to_f64(self) }
        #[inline(always)]
        fn to_f32(self) -> f32 { <$t>::to_f32(self) }
        #[inline(always)]
        fn from_i64(v: i64) -> Self { <$t>::from_f32(v as f32) }
        // PyTorch goes through f32 as well.
        #[inline(always)]
        fn from_f64(v: f64) -> Self { <$t>::from_f32(v as f32) }
        #[inline(always)]
        fn from_f32(v: f32) -> Self { <$t>::from_f32(v) }
        #[inline(always)]
        fn truth(self) -> bool { <$t>::to_f32(self) != 0.0 }
        const INTEGER: bool = false;
        const NARROW: bool = true;
    })* };
}
halves!(f16, bf16);

/// One element to another dtype.
#[inline(always)]
pub(super) fn convert<S: Number, D: Number>(v: S) -> D {
    if S::INTEGER {
        // Small integers go to floats exactly either way; i64 rounds once.
        D::from_i64(v.to_i64())
    } else if S::NARROW {
        D::from_f32(v.to_f32())
    } else {
        D::from_f64(v.to_f64())
    }
}

/// Calls a block of code with `$T` standing for the type that stores elements of the dtype (`u8` for `bool`).
macro_rules! with_type {
    ($dtype:expr, $T:ident => $code:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $code
            }
            $crate::DType::F64 => {
                type $T = f64;
                $code
            }
            $crate::DType::F16 => {
                type $T = half::f16;
                $code
            }
            $crate::DType::BF16 => {
                type $T = half::bf16;
                $code
            }
            $crate::DType::I64 => {
                type $T = i64;
                $code
            }
            $crate::DType::I32 => {
                type $T = i32;
                $code
            }
            $crate::DType::U8 | $crate::DType::Bool => {
                type $T = u8;
                $code
            }
        }
    };
}
pub(super) use with_type;
