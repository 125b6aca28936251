//! Rows times columns.
use super::number::{Num, flat, indices, read, write};
use tensor_core::{Result, View, ViewMut};

pub(super) fn matmul(x: View<'_>, y: View<'_>, out: ViewMut<'_>) -> Result<()> {
    let (xs, ys, inner) = (x.layout.shape(), y.layout.shape(), x.layout.shape()[2]);
    let floats = out.dtype.is_float();
    let (a, b) = (read(x)?, read(y)?);
    let values: Vec<Num> = indices(out.layout.shape())
        .map(|index| {
            let [n, i, j] = [index[0], index[1], index[2]];
            let terms = (0..inner).map(|k| (a[flat(xs, &[n, i, k])], b[flat(ys, &[n, k, j])]));
            match floats {
                true => Num::F(terms.map(|(a, b)| a.f() * b.f()).sum()),
                false => Num::I(terms.fold(0, |sum: i64, (a, b)| sum.wrapping_add(a.i().wrapping_mul(b.i())))),
            }
        })
        .collect();
    write(out, &values)
}
