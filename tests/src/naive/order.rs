//! Running values and order.
use super::number::{Num, flat, indices, read, write};
use std::cmp::Ordering;
use tensor_core::{Result, View, ViewMut, ops::ScanOp};

/// By value; NaN is above all, and equal to itself.
fn compare(a: Num, b: Num) -> Ordering {
    match (a, b) {
        (Num::I(a), Num::I(b)) => a.cmp(&b),
        (a, b) => a.f().partial_cmp(&b.f()).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())),
    }
}

pub(super) fn larger(a: Num, b: Num) -> Num {
    if b.is_nan() || compare(a, b).is_lt() { b } else { a }
}

pub(super) fn smaller(a: Num, b: Num) -> Num {
    if b.is_nan() || (!a.is_nan() && compare(a, b).is_gt()) { b } else { a }
}

/// The elements of each line along `dim`: their positions in the row-major tensor.
fn lines(shape: &[usize], dim: usize) -> Vec<Vec<usize>> {
    let n = shape.get(dim).copied().unwrap_or(1);
    let mut lines = Vec::new();
    for mut place in indices(shape) {
        if place.get(dim).is_none_or(|&i| i == 0) {
            let line = (0..n).map(|i| {
                if let Some(slot) = place.get_mut(dim) {
                    *slot = i;
                }
                flat(shape, &place)
            });
            lines.push(line.collect());
        }
    }
    lines
}

pub(super) fn scan(op: ScanOp, x: View<'_>, dim: usize, out: ViewMut<'_>, places: Option<ViewMut<'_>>) -> Result<()> {
    let (shape, values) = (x.layout.shape(), read(x)?);
    let (mut results, mut at) = (values.clone(), vec![Num::I(0); values.len()]);
    for line in lines(shape, dim) {
        let mut best = (0, values.get(line.first().copied().unwrap_or(0)).copied().unwrap_or(Num::I(0)));
        for (i, &position) in line.iter().enumerate() {
            let so_far = || line[..=i].iter().map(|&p| values[p]);
            results[position] = match op {
                ScanOp::Sum => match values[position] {
                    Num::I(_) => Num::I(so_far().fold(0, |a, v| a.wrapping_add(v.i()))),
                    Num::F(_) => Num::F(so_far().map(|v| v.f()).sum()),
                },
                ScanOp::Prod => match values[position] {
                    Num::I(_) => Num::I(so_far().fold(1, |a, v| a.wrapping_mul(v.i()))),
                    Num::F(_) => Num::F(so_far().map(|v| v.f()).product()),
                },
                ScanOp::LogSumExp => {
                    let highest = so_far().map(|v| v.f()).fold(f64::NEG_INFINITY, f64::max);
                    let sum: f64 = so_far().map(|v| (v.f() - highest).exp()).sum();
                    Num::F(if highest.is_infinite() { highest } else { highest + sum.ln() })
                }
                ScanOp::Max | ScanOp::Min => {
                    let v = values[position];
                    let wins = compare(v, best.1) != if op == ScanOp::Max { Ordering::Less } else { Ordering::Greater };
                    if v.is_nan() || (!best.1.is_nan() && wins) {
                        best = (i, v);
                    }
                    at[position] = Num::I(best.0 as i64);
                    best.1
                }
            };
        }
    }
    write(out, &results)?;
    places.map_or(Ok(()), |places| write(places, &at))
}

pub(super) fn sort(x: View<'_>, dim: usize, descending: bool, values: ViewMut<'_>, places: ViewMut<'_>) -> Result<()> {
    let (shape, all) = (x.layout.shape(), read(x)?);
    let kept = lines(values.layout.shape(), dim);
    let mut sorted = vec![Num::I(0); values.layout.numel()];
    let mut at = sorted.clone();
    for (line, kept) in lines(shape, dim).into_iter().zip(kept) {
        let mut order: Vec<usize> = (0..line.len()).collect();
        let rank = |&a: &usize, &b: &usize| compare(all[line[a]], all[line[b]]);
        order.sort_by(|a, b| if descending { rank(b, a) } else { rank(a, b) });
        for (from, to) in order.into_iter().zip(kept) {
            (sorted[to], at[to]) = (all[line[from]], Num::I(from as i64));
        }
    }
    write(values, &sorted)?;
    write(places, &at)
}
