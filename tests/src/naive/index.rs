//! Elements picked or placed by integers.
use super::number::{Num, flat, indices, read, read_operand, read_output, write};
use tensor_core::{Error, Operand, Result, View, ViewMut, ops::ScatterOp};

fn inside(op: &'static str, i: Num, size: usize) -> Result<usize> {
    let i = i.i();
    usize::try_from(i)
        .ok()
        .filter(|&i| i < size)
        .ok_or_else(|| Error::new(op, format!("index {i} is out of range for a dim of size {size}")))
}

pub(super) fn gather(x: View<'_>, dim: usize, index: View<'_>, out: ViewMut<'_>) -> Result<()> {
    let (shape, values) = (x.layout.shape(), read(x)?);
    let mut result = Vec::new();
    for (mut place, i) in indices(out.layout.shape()).zip(read(index)?) {
        place[dim] = inside("gather", i, shape[dim])?;
        result.push(values[flat(shape, &place)]);
    }
    write(out, &result)
}

pub(super) fn scatter(op: ScatterOp, dim: usize, index: View<'_>, source: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
    let shape = out.layout.shape();
    let mut values = read_output(&out)?;
    let source: Box<dyn Fn(&[usize]) -> Num> = match source {
        Operand::View(v) => {
            let (layout, data) = (v.layout.clone(), read(v)?);
            Box::new(move |place| data[flat(layout.shape(), place)])
        }
        other => {
            let number = read_operand(other, &out, out.dtype)?.first().copied();
            Box::new(move |_| number.unwrap_or(Num::I(0)))
        }
    };
    for (place, i) in indices(index.layout.shape()).zip(read(index)?) {
        let mut target = place.clone();
        target[dim] = inside("scatter", i, shape[dim])?;
        let slot = &mut values[flat(shape, &target)];
        *slot = match op {
            ScatterOp::Set => source(&place),
            ScatterOp::Add => plus(*slot, source(&place)),
            ScatterOp::Mul => times(*slot, source(&place)),
            ScatterOp::Max => super::order::larger(*slot, source(&place)),
            ScatterOp::Min => super::order::smaller(*slot, source(&place)),
        };
    }
    write(out, &values)
}

fn plus(a: Num, b: Num) -> Num {
    match (a, b) {
        (Num::I(a), Num::I(b)) => Num::I(a.wrapping_add(b)),
        (a, b) => Num::F(a.f() + b.f()),
    }
}

fn times(a: Num, b: Num) -> Num {
    match (a, b) {
        (Num::I(a), Num::I(b)) => Num::I(a.wrapping_mul(b)),
        (a, b) => Num::F(a.f() * b.f()),
    }
}

pub(super) fn index_select(x: View<'_>, dim: usize, index: View<'_>, out: ViewMut<'_>) -> Result<()> {
    let (shape, values, picks) = (x.layout.shape(), read(x)?, read(index)?);
    let mut result = Vec::new();
    for mut place in indices(out.layout.shape()) {
        place[dim] = inside("index_select", picks[place[dim]], shape[dim])?;
        result.push(values[flat(shape, &place)]);
    }
    write(out, &result)
}

pub(super) fn index_add(dim: usize, index: View<'_>, source: View<'_>, out: ViewMut<'_>) -> Result<()> {
    let (shape, picks) = (out.layout.shape(), read(index)?);
    let mut values = read_output(&out)?;
    for (mut place, v) in indices(source.layout.shape()).zip(read(source)?) {
        place[dim] = inside("index_add", picks[place[dim]], shape[dim])?;
        let slot = &mut values[flat(shape, &place)];
        *slot = plus(*slot, v);
    }
    write(out, &values)
}
