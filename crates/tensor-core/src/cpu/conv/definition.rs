//! Convolution as it is defined: one loop over every product. For integers, and the oracle of the fast ways.
use super::Geometry;
use crate::ops::ConvKind;

/// Visits every product of the convolution: positions of its elements in `x`, `w` and `y`.
fn products(g: &Geometry, mut visit: impl FnMut(usize, usize, usize)) {
    let (cg, og, taps, plane, pixels) = (g.cg(), g.og(), g.taps(), g.plane(), g.pixels());
    for n in 0..g.n {
        for o in 0..g.o {
            for c in 0..cg {
                let x0 = (n * g.c + o / og * cg + c) * plane;
                let w0 = (o * cg + c) * taps;
                let y0 = (n * g.o + o) * pixels;
                for tap in 0..taps {
                    let t = [tap / (g.kernel[1] * g.kernel[2]), tap / g.kernel[2] % g.kernel[1], tap % g.kernel[2]];
                    for i in g.inside(0, t[0]) {
                        for j in g.inside(1, t[1]) {
                            for k in g.inside(2, t[2]) {
                                let at = |d: usize, out: usize| g.source(d, t[d], out);
                                let x = x0 + (at(0, i) * g.input[1] + at(1, j)) * g.input[2] + at(2, k);
                                let y = y0 + (i * g.output[1] + j) * g.output[2] + k;
                                visit(x, w0 + tap, y);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The map `kind` of `a` and `b`, with `add(sum, x, y) = sum + x y`.
pub(super) fn compute<T: Copy + Default>(
    kind: ConvKind,
    g: &Geometry,
    a: &[T],
    b: &[T],
    out: &mut [T],
    add: impl Fn(T, T, T) -> T,
) {
    out.fill(T::default());
    match kind {
        ConvKind::Forward => products(g, |x, w, y| out[y] = add(out[y], a[x], b[w])),
        ConvKind::InputGrad => products(g, |x, w, y| out[x] = add(out[x], a[y], b[w])),
        ConvKind::WeightGrad => products(g, |x, w, y| out[w] = add(out[w], a[y], b[x])),
    }
}
