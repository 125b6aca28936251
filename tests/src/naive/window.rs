//! Convolution and pooling: windows that slide over the spatial dims.
use super::number::{Num, flat, indices, read, write};
use tensor_core::{
    ReduceOp, Result, View, ViewMut,
    ops::{Conv, ConvKind, Pool, PoolKind},
};

/// The element under kernel element `k` of window `o`: `None` in the padding.
fn under(o: usize, k: usize, stride: usize, dilation: usize, padding: usize, size: usize) -> Option<usize> {
    (o * stride + k * dilation).checked_sub(padding).filter(|&p| p < size)
}

pub(super) fn conv(op: &Conv, a: View<'_>, b: View<'_>, out: ViewMut<'_>) -> Result<()> {
    // All three maps are sums of the same products; each leaves another of the three tensors open.
    let (xs, ws, ys) = match op.kind {
        ConvKind::Forward => (a.layout.shape(), b.layout.shape(), out.layout.shape()),
        ConvKind::InputGrad => (out.layout.shape(), b.layout.shape(), a.layout.shape()),
        ConvKind::WeightGrad => (b.layout.shape(), out.layout.shape(), a.layout.shape()),
    };
    let (va, vb) = (read(a)?, read(b)?);
    let mut sums = vec![0.0; out.layout.numel()];
    let per_group = ys[1] / op.groups;
    for y in indices(ys) {
        for k in indices(&ws[1..]) {
            let mut x = vec![y[0], y[1] / per_group * ws[1] + k[0]];
            for d in 0..xs.len() - 2 {
                x.extend(under(y[d + 2], k[d + 1], op.stride[d], op.dilation[d], op.padding[d], xs[d + 2]));
            }
            if x.len() < xs.len() {
                continue;
            }
            let mut w = vec![y[1]];
            w.extend(&k);
            let (x, w, y) = (flat(xs, &x), flat(ws, &w), flat(ys, &y));
            match op.kind {
                ConvKind::Forward => sums[y] += va[x].f() * vb[w].f(),
                ConvKind::InputGrad => sums[x] += va[y].f() * vb[w].f(),
                ConvKind::WeightGrad => sums[w] += va[y].f() * vb[x].f(),
            }
        }
    }
    write(out, &sums.into_iter().map(Num::F).collect::<Vec<_>>())
}

pub(super) fn pool(op: &Pool, x: View<'_>, outputs: &mut [ViewMut<'_>]) -> Result<()> {
    let large = match op.kind {
        PoolKind::AverageGrad => outputs[0].layout.shape().to_vec(),
        _ => x.layout.shape().to_vec(),
    };
    let windows = match op.kind {
        PoolKind::AverageGrad => x.layout.shape().to_vec(),
        _ => outputs[0].layout.shape().to_vec(),
    };
    let values = read(x)?;
    let mut result = Vec::new();
    let mut places = Vec::new();
    let mut adjoint = vec![0.0; large.iter().product()];
    for (at, o) in indices(&windows).enumerate() {
        let inside: Vec<Vec<usize>> = indices(&op.kernel)
            .filter_map(|k| {
                let mut p = vec![o[0], o[1]];
                for d in 0..k.len() {
                    p.push(under(o[d + 2], k[d], op.stride[d], op.dilation[d], op.padding[d], large[d + 2])?);
                }
                Some(p)
            })
            .collect();
        let divisor = divisor(op, &o, &large, inside.len());
        match op.kind {
            PoolKind::Max => {
                let mut best: Option<(Num, usize)> = None;
                for p in &inside {
                    let v = values[flat(&large, p)];
                    if best.is_none_or(|(old, _)| super::reduce::beats(ReduceOp::Max, v, old)) {
                        best = Some((v, flat(&large[2..], &p[2..])));
                    }
                }
                let (v, place) = best.unwrap_or((Num::F(f64::NEG_INFINITY), 0));
                result.push(v);
                places.push(Num::I(place as i64));
            }
            PoolKind::Average => {
                let sum: f64 = inside.iter().map(|p| values[flat(&large, p)].f()).sum();
                result.push(Num::F(sum / divisor));
            }
            PoolKind::AverageGrad => {
                inside.iter().for_each(|p| adjoint[flat(&large, p)] += values[at].f() / divisor);
            }
        }
    }
    if op.kind == PoolKind::AverageGrad {
        result = adjoint.into_iter().map(Num::F).collect();
    }
    for (out, values) in outputs.iter_mut().zip([result, places]) {
        write(ViewMut { storage: &mut *out.storage, dtype: out.dtype, layout: out.layout }, &values)?;
    }
    Ok(())
}

/// What a window's sum is divided by: a given number, its elements, or those and the padding under it.
fn divisor(op: &Pool, o: &[usize], large: &[usize], inside: usize) -> f64 {
    if let Some(n) = op.divisor_override {
        return n as f64;
    }
    if !op.count_include_pad {
        return inside as f64;
    }
    // A window that ceil_mode lets stand over the right edge ends with the padding.
    (0..op.kernel.len())
        .map(|d| {
            let start = o[d + 2] * op.stride[d];
            let end = (start + op.kernel[d]).min(large[d + 2] + 2 * op.padding[d]);
            end.saturating_sub(start) as f64
        })
        .product()
}
