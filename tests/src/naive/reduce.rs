//! Fewer elements: a running value per output.
use super::number::{Num, flat, indices, read, write};
use tensor_core::{ReduceOp, Result, View, ViewMut};

pub(super) fn reduce(op: ReduceOp, x: View<'_>, dims: &[usize], out: ViewMut<'_>) -> Result<()> {
    let shape = out.layout.shape();
    let floats = x.dtype.is_float();
    let mut values: Vec<Option<Num>> = vec![None; out.layout.numel()];
    let mut counts = vec![0usize; values.len()];
    for (mut index, v) in indices(x.layout.shape()).zip(read(x)?) {
        dims.iter().for_each(|&d| index[d] = 0);
        let at = flat(shape, &index);
        counts[at] += 1;
        values[at] = Some(values[at].map_or(v, |so_far| merge(op, so_far, v)));
    }
    let values: Vec<Num> = values
        .into_iter()
        .zip(counts)
        .map(|(v, count)| match (op, v) {
            (ReduceOp::Mean, v) => Num::F(v.map_or(0.0, Num::f) / count as f64),
            (ReduceOp::Any | ReduceOp::All, Some(v)) => Num::I(i64::from(v.is_true())),
            (_, Some(v)) => v,
            // Of nothing: what leaves every other value alone.
            (ReduceOp::Sum | ReduceOp::Any, None) => Num::I(0),
            (ReduceOp::Prod | ReduceOp::All, None) => Num::I(1),
            (ReduceOp::Max, None) => {
                if floats {
                    Num::F(f64::NEG_INFINITY)
                } else {
                    Num::I(i64::MIN)
                }
            }
            (ReduceOp::Min, None) => {
                if floats {
                    Num::F(f64::INFINITY)
                } else {
                    Num::I(i64::MAX)
                }
            }
        })
        .collect();
    write(out, &values)
}

fn merge(op: ReduceOp, a: Num, b: Num) -> Num {
    match (op, a, b) {
        (ReduceOp::Sum | ReduceOp::Mean, Num::I(a), Num::I(b)) => Num::I(a.wrapping_add(b)),
        (ReduceOp::Sum | ReduceOp::Mean, a, b) => Num::F(a.f() + b.f()),
        (ReduceOp::Prod, Num::I(a), Num::I(b)) => Num::I(a.wrapping_mul(b)),
        (ReduceOp::Prod, a, b) => Num::F(a.f() * b.f()),
        (ReduceOp::Max | ReduceOp::Min, a, b) => {
            if beats(op, b, a) {
                b
            } else {
                a
            }
        }
        (ReduceOp::Any, a, b) => Num::I(i64::from(a.is_true() || b.is_true())),
        (ReduceOp::All, a, b) => Num::I(i64::from(a.is_true() && b.is_true())),
    }
}

/// Whether `new` is strictly more extreme. NaN wins, and keeps the place it has.
pub(super) fn beats(op: ReduceOp, new: Num, old: Num) -> bool {
    match (new, old) {
        _ if old.is_nan() => false,
        _ if new.is_nan() => true,
        (Num::I(n), Num::I(o)) => {
            if op == ReduceOp::Min {
                n < o
            } else {
                n > o
            }
        }
        (n, o) => {
            if op == ReduceOp::Min {
                n.f() < o.f()
            } else {
                n.f() > o.f()
            }
        }
    }
}

pub(super) fn arg_reduce(
    op: ReduceOp,
    x: View<'_>,
    dim: usize,
    values: ViewMut<'_>,
    places: ViewMut<'_>,
) -> Result<()> {
    let shape = values.layout.shape();
    let mut best: Vec<Option<(Num, usize)>> = vec![None; values.layout.numel()];
    for (mut index, v) in indices(x.layout.shape()).zip(read(x)?) {
        let place = std::mem::take(&mut index[dim]);
        let slot = &mut best[flat(shape, &index)];
        if slot.is_none_or(|(old, _)| beats(op, v, old)) {
            *slot = Some((v, place));
        }
    }
    let best: Vec<(Num, usize)> = best.into_iter().flatten().collect();
    let (v, p): (Vec<Num>, Vec<Num>) = best.into_iter().map(|(v, p)| (v, Num::I(p as i64))).unzip();
    write(values, &v)?;
    write(places, &p)
}
