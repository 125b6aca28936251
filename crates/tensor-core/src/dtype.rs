//! The eight element types, and PyTorch's rules for mixing them.
use crate::{Error, Result};
use half::{bf16, f16};
use std::fmt;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// 32-bit float, the default.
    F32,
    /// 64-bit float.
    F64,
    /// IEEE half precision.
    F16,
    /// The upper half of an `f32`: its range, 8 bits of precision.
    BF16,
    /// 64-bit signed integer: indices, class ids.
    I64,
    /// 32-bit signed integer.
    I32,
    /// Byte: pixels.
    U8,
    /// True or false, one byte each.
    Bool,
}

/// What a dtype can hold, from narrow to wide; promotion first compares this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// `bool`
    Bool,
    /// `u8 i32 i64`
    Int,
    /// `f16 bf16 f32 f64`
    Float,
}

impl DType {
    /// Every dtype, once.
    pub const ALL: [DType; 8] =
        [DType::F32, DType::F64, DType::F16, DType::BF16, DType::I64, DType::I32, DType::U8, DType::Bool];

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            DType::F64 | DType::I64 => 8,
            DType::F32 | DType::I32 => 4,
            DType::F16 | DType::BF16 => 2,
            DType::U8 | DType::Bool => 1,
        }
    }

    /// The short name: `f32`.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::F16 => "f16",
            DType::BF16 => "bf16",
            DType::I64 => "i64",
            DType::I32 => "i32",
            DType::U8 => "u8",
            DType::Bool => "bool",
        }
    }

    /// PyTorch's name, as it prints it: `torch.float32`.
    pub fn torch_name(self) -> &'static str {
        match self {
            DType::F32 => "torch.float32",
            DType::F64 => "torch.float64",
            DType::F16 => "torch.float16",
            DType::BF16 => "torch.bfloat16",
            DType::I64 => "torch.int64",
            DType::I32 => "torch.int32",
            DType::U8 => "torch.uint8",
            DType::Bool => "torch.bool",
        }
    }

    /// Bool, integer or float.
    pub fn category(self) -> Category {
        match self {
            DType::F32 | DType::F64 | DType::F16 | DType::BF16 => Category::Float,
            DType::I64 | DType::I32 | DType::U8 => Category::Int,
            DType::Bool => Category::Bool,
        }
    }

    /// Whether gradients can flow through it.
    pub fn is_float(self) -> bool {
        self.category() == Category::Float
    }

    /// `u8`, `i32` or `i64`.
    pub fn is_int(self) -> bool {
        self.category() == Category::Int
    }

    /// The dtype that arithmetic between two *tensors of the same rank class* gives.
    pub fn promote(self, other: DType) -> DType {
        use DType::*;
        if self == other {
            return self;
        }
        match (self, other) {
            (F64, _) | (_, F64) => F64,
            (F32, _) | (_, F32) => F32,
            (F16, BF16) | (BF16, F16) => F32,
            (F16, _) | (_, F16) => F16,
            (BF16, _) | (_, BF16) => BF16,
            (I64, _) | (_, I64) => I64,
            (I32, _) | (_, I32) => I32,
            (U8, _) | (_, U8) => U8,
            (Bool, Bool) => Bool,
        }
    }

    /// The float type that integer input is computed in by `exp`, `div` and their like.
    pub fn to_float(self) -> DType {
        if self.is_float() { self } else { DType::F32 }
    }

    /// Whether a value of `self` may be stored into a tensor of `target` in place (`float` into `int` may not).
    pub fn can_cast_to(self, target: DType) -> bool {
        self.category() <= target.category()
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for DType {
    type Err = Error;
    /// Reads the short name (`"f32"`).
    fn from_str(s: &str) -> Result<DType> {
        DType::ALL.into_iter().find(|d| d.name() == s).ok_or_else(|| {
            Error::new("dtype", format!("unknown dtype {s:?}")).hint("one of f32 f64 f16 bf16 i64 i32 u8 bool")
        })
    }
}

/// A single number of any dtype, as a user writes it in Rust.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// `true` or `false`
    Bool(bool),
    /// Any integer.
    Int(i64),
    /// Any float.
    Float(f64),
}

impl Scalar {
    /// The value as a float.
    pub fn to_f64(self) -> f64 {
        match self {
            Scalar::Bool(b) => f64::from(u8::from(b)),
            Scalar::Int(i) => i as f64,
            Scalar::Float(x) => x,
        }
    }

    /// The value as an integer; floats are cut towards zero.
    pub fn to_i64(self) -> i64 {
        match self {
            Scalar::Bool(b) => i64::from(b),
            Scalar::Int(i) => i,
            Scalar::Float(x) => x as i64,
        }
    }

    /// Bool, integer or float.
    pub fn category(self) -> Category {
        match self {
            Scalar::Bool(_) => Category::Bool,
            Scalar::Int(_) => Category::Int,
            Scalar::Float(_) => Category::Float,
        }
    }

    /// The dtype a tensor made of this scalar alone has.
    pub fn dtype(self) -> DType {
        match self {
            Scalar::Bool(_) => DType::Bool,
            Scalar::Int(_) => DType::I64,
            Scalar::Float(_) => DType::F32,
        }
    }
}

macro_rules! scalar_from {
    ($($t:ty => $kind:ident as $wide:ty),*) => { $(impl From<$t> for Scalar {
        fn from(v: $t) -> Scalar { Scalar::$kind(v as $wide) }
    })* };
}
scalar_from!(i64 => Int as i64, i32 => Int as i64, u8 => Int as i64, usize => Int as i64, f64 => Float as f64, f32 => Float as f64);

impl From<bool> for Scalar {
    fn from(v: bool) -> Scalar {
        Scalar::Bool(v)
    }
}

/// A Rust type that tensors can hold.
pub trait Element: bytemuck::NoUninit + Send + Sync + fmt::Debug + PartialEq + 'static {
    /// The dtype of a tensor of these.
    const DTYPE: DType;
    /// The nearest value of this type.
    fn from_scalar(s: Scalar) -> Self;
    /// Without loss, but for integers above 2^53 read as floats.
    fn to_scalar(self) -> Scalar;
}

macro_rules! element {
    ($($t:ty, $dtype:ident, |$s:ident| $from:expr, |$v:ident| $to:expr;)*) => { $(impl Element for $t {
        const DTYPE: DType = DType::$dtype;
        fn from_scalar($s: Scalar) -> Self { $from }
        fn to_scalar(self) -> Scalar { let $v = self; $to }
    })* };
}
element! {
    f32, F32, |s| s.to_f64() as f32, |v| Scalar::Float(f64::from(v));
    f64, F64, |s| s.to_f64(), |v| Scalar::Float(v);
    f16, F16, |s| f16::from_f64(s.to_f64()), |v| Scalar::Float(v.to_f64());
    bf16, BF16, |s| bf16::from_f64(s.to_f64()), |v| Scalar::Float(v.to_f64());
    i64, I64, |s| s.to_i64(), |v| Scalar::Int(v);
    i32, I32, |s| s.to_i64() as i32, |v| Scalar::Int(i64::from(v));
    // Through i64, so that -1 wraps to 255 as it does in PyTorch.
    u8, U8, |s| s.to_i64() as u8, |v| Scalar::Int(i64::from(v));
    bool, Bool, |s| s.to_f64() != 0.0, |v| Scalar::Bool(v);
}
