//! Groups of one input channel: nothing is shared between channels, so rows are multiplied and added directly; whole
//! planes at once (`planes`) where the kernel moves in steps of 1.
use super::{Geometry, Real, planes::Planes};
use crate::Result;
use rayon::prelude::*;

/// Visits `(kernel element, output row range start, input row range start, length)` for every row of outputs that a
/// kernel element reaches.
fn rows(g: &Geometry, mut visit: impl FnMut(usize, usize, usize, usize)) {
    let [kd, kh, kw] = g.kernel;
    for a in 0..kd {
        for b in 0..kh {
            for c in 0..kw {
                let cols = g.inside(2, c);
                if cols.is_empty() {
                    continue;
                }
                let tap = (a * kh + b) * kw + c;
                for i in g.inside(0, a) {
                    for j in g.inside(1, b) {
                        let y = (i * g.output[1] + j) * g.output[2] + cols.start;
                        let x = (g.source(0, a, i) * g.input[1] + g.source(1, b, j)) * g.input[2];
                        visit(tap, y, x + g.source(2, c, cols.start), cols.len());
                    }
                }
            }
        }
    }
}

/// `y += w x`, tap by tap.
pub(super) fn forward<T: Real>(g: &Geometry, x: &[T], w: &[T], y: &mut [T]) -> Result<()> {
    let (taps, plane, og, step) = (g.taps(), g.plane(), g.og(), g.stride[2]);
    let planes = Planes::new(g);
    y.par_chunks_mut(g.pixels()).enumerate().for_each_init(Vec::new, |memory, (at, y)| {
        let (n, o) = (at / g.o, at % g.o);
        let x = &x[(n * g.c + o / og) * plane..][..plane];
        let w = &w[o * taps..][..taps];
        if let Some(planes) = &planes {
            return planes.forward(x, w, y, memory);
        }
        y.fill(T::default());
        rows(g, |tap, to, from, len| {
            let (k, y, x) = (w[tap], &mut y[to..to + len], &x[from..]);
            if step == 1 {
                y.iter_mut().zip(&x[..len]).for_each(|(y, &x)| *y += k * x);
            } else {
                y.iter_mut().zip(x.iter().step_by(step)).for_each(|(y, &x)| *y += k * x);
            }
        });
    });
    Ok(())
}

/// `dx += w dy`, for every output channel of the group in turn.
pub(super) fn input_grad<T: Real>(g: &Geometry, dy: &[T], w: &[T], dx: &mut [T]) -> Result<()> {
    let (taps, pixels, og, step) = (g.taps(), g.pixels(), g.og(), g.stride[2]);
    let planes = Planes::new(g);
    dx.par_chunks_mut(g.plane()).enumerate().for_each_init(Vec::new, |memory, (at, dx)| {
        let (n, c) = (at / g.c, at % g.c);
        if let Some(planes) = &planes {
            let (dy, w) = (&dy[(n * g.o + c * og) * pixels..][..og * pixels], &w[c * og * taps..][..og * taps]);
            return planes.input_grad(dy, w, dx, memory);
        }
        dx.fill(T::default());
        for o in c * og..(c + 1) * og {
            let dy = &dy[(n * g.o + o) * pixels..][..pixels];
            let w = &w[o * taps..][..taps];
            rows(g, |tap, from, to, len| {
                let (k, dy, dx) = (w[tap], &dy[from..from + len], &mut dx[to..]);
                if step == 1 {
                    dx[..len].iter_mut().zip(dy).for_each(|(dx, &dy)| *dx += k * dy);
                } else {
                    dx.iter_mut().step_by(step).zip(dy).for_each(|(dx, &dy)| *dx += k * dy);
                }
            });
        }
    });
    Ok(())
}

/// `dw = sum of dy x`: each channel on its own, images in order.
pub(super) fn weight_grad<T: Real>(g: &Geometry, dy: &[T], x: &[T], dw: &mut [T]) -> Result<()> {
    let (plane, pixels, og, step) = (g.plane(), g.pixels(), g.og(), g.stride[2]);
    let planes = Planes::new(g);
    dw.par_chunks_mut(g.taps()).enumerate().for_each_init(Vec::new, |memory, (o, dw)| {
        dw.fill(T::default());
        for n in 0..g.n {
            let x = &x[(n * g.c + o / og) * plane..][..plane];
            let dy = &dy[(n * g.o + o) * pixels..][..pixels];
            if let Some(planes) = &planes {
                planes.weight_grad(dy, x, dw, memory);
                continue;
            }
            rows(g, |tap, y, from, len| dw[tap] += dot(&dy[y..y + len], &x[from..], step));
        }
    });
    Ok(())
}

/// Eight sums side by side, which the compiler turns into vectors.
fn dot<T: Real>(a: &[T], b: &[T], step: usize) -> T {
    if step != 1 {
        return a.iter().zip(b.iter().step_by(step)).fold(T::default(), |sum, (&a, &b)| sum + a * b);
    }
    let mut lanes = [T::default(); 8];
    let (a8, a1) = a.as_chunks::<8>();
    let (b8, b1) = b[..a.len()].as_chunks::<8>();
    for (a, b) in a8.iter().zip(b8) {
        for i in 0..8 {
            lanes[i] += a[i] * b[i];
        }
    }
    let tail = a1.iter().zip(b1).fold(T::default(), |sum, (&a, &b)| sum + a * b);
    lanes.into_iter().fold(tail, |sum, lane| sum + lane)
}
