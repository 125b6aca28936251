//! Comparisons, and the choice between two tensors by a third.
use super::{
    binary::source,
    convert::{Number, with_type},
    fill::element,
    map::{Block, Cost, Source, map},
    simd::{map2, map3},
    storage::{CpuStorage, data, data_mut},
};
use crate::{CompareOp, DType, Error, ErrorKind, Operand, Result, View, ViewMut};
use bytemuck::Pod;

pub(super) fn compare(op: CompareOp, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
    let dtype = match (a, b) {
        (Operand::View(v), _) | (_, Operand::View(v)) => v.dtype,
        _ => out.dtype,
    };
    with_type!(dtype, T => compare_as::<T>(op, a, b, dtype, out))
}

fn compare_as<S: Block<C: Number> + Number>(
    op: CompareOp,
    a: Operand<'_>,
    b: Operand<'_>,
    dtype: DType,
    out: ViewMut<'_>,
) -> Result<()> {
    let (mut ordered_a, mut ordered_b) = (None, None);
    let a = operand::<S>(a, dtype, out.dtype, &mut ordered_a)?;
    let b = operand::<S>(b, dtype, out.dtype, &mut ordered_b)?;
    map::<S, u8, 2>([a, b], data_mut::<u8>(out)?, Cost::Light, &|[a, b], o| match op {
        CompareOp::Eq => map2(a, b, o, |a, b| u8::from(a == b)),
        CompareOp::Ne => map2(a, b, o, |a, b| u8::from(a != b)),
        CompareOp::Lt => map2(a, b, o, |a, b| u8::from(a < b)),
        CompareOp::Le => map2(a, b, o, |a, b| u8::from(a <= b)),
        CompareOp::Gt => map2(a, b, o, |a, b| u8::from(a > b)),
        CompareOp::Ge => map2(a, b, o, |a, b| u8::from(a >= b)),
    });
    Ok(())
}

/// As in arithmetic, but a number is rounded to the tensor's dtype first: `x == 0.1` asks for the nearest `f16` of 0.1.
fn operand<'a, S: Block<C: Number> + Number>(
    x: Operand<'a>,
    dtype: DType,
    out: DType,
    ordered: &'a mut Option<CpuStorage>,
) -> Result<Source<'a, S>> {
    match x {
        Operand::Scalar(s) => {
            let mut one = [<S::C as bytemuck::Zeroable>::zeroed()];
            S::load(&[element::<S>(dtype, s)], &mut one);
            Ok(Source::Constant(one[0]))
        }
        Operand::Output if dtype != out => {
            Err(Error::new("compare", format!("the output is {out}, not {dtype}")).kind_of(ErrorKind::Internal))
        }
        x => source::<S>(x, dtype, ordered),
    }
}

/// `out = cond ? a : b`; what an element means does not matter, only its size.
pub(super) fn select(cond: View<'_>, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
    match out.dtype.size() {
        8 => select_as::<u64>(cond, a, b, out),
        4 => select_as::<u32>(cond, a, b, out),
        2 => select_as::<u16>(cond, a, b, out),
        _ => select_as::<u8>(cond, a, b, out),
    }
}

fn select_as<S: Block<C = S> + From<u8> + PartialEq>(
    cond: View<'_>,
    a: Operand<'_>,
    b: Operand<'_>,
    out: ViewMut<'_>,
) -> Result<()> {
    // The condition as elements of the same size, so that one loop reads all three.
    let wide = widened::<S>(cond)?;
    let shape = crate::Layout::contiguous(out.layout.shape());
    let dtype = out.dtype;
    let cond = Source::Direct(&wide.slice::<S>()[..shape.numel()]);
    let (mut ordered_a, mut ordered_b) = (None, None);
    let a = raw::<S>(a, dtype, &mut ordered_a)?;
    let b = raw::<S>(b, dtype, &mut ordered_b)?;
    map::<S, S, 3>([cond, a, b], data_mut::<S>(out)?, Cost::Light, &|[c, a, b], o| {
        map3(c, a, b, o, |c, a, b| if c != S::zeroed() { a } else { b });
    });
    Ok(())
}

fn widened<S: Block<C = S> + From<u8>>(cond: View<'_>) -> Result<CpuStorage> {
    let layout = crate::Layout::contiguous(cond.layout.shape());
    let mut wide = CpuStorage::new(layout.numel() * size_of::<S>())?;
    let mut ordered = None;
    let source = Source::new(data::<u8>(cond)?, &mut ordered)?;
    let out = super::storage::DataMut { all: wide.slice_mut::<S>(), layout: &layout };
    map::<u8, S, 1>([source], out, Cost::Light, &|[c], o| super::simd::map1(c, o, S::from));
    drop(ordered);
    Ok(wide)
}

fn raw<'a, S: Block<C = S>>(
    x: Operand<'a>,
    dtype: DType,
    ordered: &'a mut Option<CpuStorage>,
) -> Result<Source<'a, S>> {
    fn bits<T: Pod, S: Pod>(v: T) -> S {
        bytemuck::cast(v)
    }
    match x {
        Operand::View(x) => Source::new(data::<S>(x)?, ordered),
        Operand::Output => Ok(Source::Output),
        Operand::Scalar(s) => Ok(Source::Constant(with_type!(dtype, T => bits(element::<T>(dtype, s))))),
    }
}
