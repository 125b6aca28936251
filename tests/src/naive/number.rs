//! Elements as numbers: every view is read into a row-major list, every result written from one.
use super::{bytes, bytes_mut};
use half::{bf16, f16};
use tensor_core::{DType, Layout, Operand, Result, Scalar, View, ViewMut};

/// A float, or an integer (`bool` is 0 or 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Num {
    F(f64),
    I(i64),
}

impl From<Scalar> for Num {
    fn from(s: Scalar) -> Num {
        match s {
            Scalar::Float(x) => Num::F(x),
            other => Num::I(other.to_i64()),
        }
    }
}

impl Num {
    pub(super) fn f(self) -> f64 {
        match self {
            Num::F(x) => x,
            Num::I(i) => i as f64,
        }
    }
    pub(super) fn i(self) -> i64 {
        match self {
            Num::F(x) => x as i64,
            Num::I(i) => i,
        }
    }
    pub(super) fn is_true(self) -> bool {
        match self {
            Num::F(x) => x != 0.0,
            Num::I(i) => i != 0,
        }
    }
    pub(super) fn is_nan(self) -> bool {
        matches!(self, Num::F(x) if x.is_nan())
    }
}

/// Where element `index` is in the buffer.
pub(super) fn at(layout: &Layout, index: &[usize]) -> usize {
    layout.offset() + index.iter().zip(layout.strides()).map(|(i, s)| i * s).sum::<usize>()
}

/// Where element `index` is in a row-major list of this shape.
pub(super) fn flat(shape: &[usize], index: &[usize]) -> usize {
    index.iter().zip(shape).fold(0, |at, (i, n)| at * n + i)
}

/// Every index of a shape, in row-major order.
pub(super) fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    (0..shape.iter().product()).map(move |mut at: usize| {
        let mut index = vec![0; shape.len()];
        for d in (0..shape.len()).rev() {
            index[d] = at % shape[d];
            at /= shape[d];
        }
        index
    })
}

/// The elements of a view, row-major.
pub(super) fn read(x: View<'_>) -> Result<Vec<Num>> {
    read_bytes(bytes(x.storage)?, x.dtype, x.layout)
}

/// The elements of an operand: a view, a number repeated as an element of `dtype`, or what the output holds.
pub(super) fn read_operand(x: Operand<'_>, out: &ViewMut<'_>, dtype: DType) -> Result<Vec<Num>> {
    match x {
        Operand::View(v) => read(v),
        Operand::Scalar(s) => Ok(vec![as_element(s, dtype); out.layout.numel()]),
        Operand::Output => read_bytes(bytes(&*out.storage)?, out.dtype, out.layout),
    }
}

/// What `out` holds.
pub(super) fn read_output(out: &ViewMut<'_>) -> Result<Vec<Num>> {
    read_bytes(bytes(&*out.storage)?, out.dtype, out.layout)
}

fn as_element(s: Scalar, dtype: DType) -> Num {
    match dtype {
        DType::F64 => Num::F(s.to_f64()),
        // The halves compute in f32, numbers beside them included.
        DType::F32 | DType::F16 | DType::BF16 => Num::F(f64::from(s.to_f64() as f32)),
        DType::U8 => Num::I(i64::from(s.to_i64() as u8)),
        DType::Bool => Num::I(i64::from(s.to_f64() != 0.0)),
        DType::I32 | DType::I64 => Num::I(s.to_i64()),
    }
}

fn read_bytes(data: &[u8], dtype: DType, layout: &Layout) -> Result<Vec<Num>> {
    fn part<const N: usize>(data: &[u8], i: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&data[i * N..(i + 1) * N]);
        out
    }
    let one = |i: usize| match dtype {
        DType::F64 => Num::F(f64::from_ne_bytes(part(data, i))),
        DType::F32 => Num::F(f64::from(f32::from_ne_bytes(part(data, i)))),
        DType::F16 => Num::F(f16::from_ne_bytes(part(data, i)).to_f64()),
        DType::BF16 => Num::F(bf16::from_ne_bytes(part(data, i)).to_f64()),
        DType::I64 => Num::I(i64::from_ne_bytes(part(data, i))),
        DType::I32 => Num::I(i64::from(i32::from_ne_bytes(part(data, i)))),
        DType::U8 | DType::Bool => Num::I(i64::from(data[i])),
    };
    Ok(indices(layout.shape()).map(|index| one(at(layout, &index))).collect())
}

/// Writes a row-major list, converted as PyTorch's `.to(dtype)`.
pub(super) fn write(out: ViewMut<'_>, values: &[Num]) -> Result<()> {
    let data = bytes_mut(out.storage)?;
    for (index, &v) in indices(out.layout.shape()).zip(values) {
        let i = at(out.layout, &index);
        let mut put = |bytes: &[u8]| data[i * bytes.len()..(i + 1) * bytes.len()].copy_from_slice(bytes);
        match out.dtype {
            DType::F64 => put(&v.f().to_ne_bytes()),
            DType::F32 => put(&(v.f() as f32).to_ne_bytes()),
            // Through f32, in which the halves are computed: rounding twice is what PyTorch does too.
            DType::F16 => put(&f16::from_f32(v.f() as f32).to_ne_bytes()),
            DType::BF16 => put(&bf16::from_f32(v.f() as f32).to_ne_bytes()),
            DType::I64 => put(&v.i().to_ne_bytes()),
            DType::I32 => put(&(v.i() as i32).to_ne_bytes()),
            DType::U8 => put(&(v.i() as u8).to_ne_bytes()),
            DType::Bool => put(&[u8::from(v.is_true())]),
        }
    }
    Ok(())
}
