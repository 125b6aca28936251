//! The inverse cosine transform: the integer arithmetic of libjpeg's `jidctint.c` (after Loeffler, Ligtenberg and
//! Moschytz, 1989), eight columns at once, so that decoded bytes are those of libjpeg.
#![allow(clippy::needless_range_loop)] // Plain counted loops over arrays are what becomes SIMD.

type Row = [i32; 8];

const POINT: u32 = 13;
/// Bits that the first pass keeps beyond the point.
const KEPT: u32 = 2;

#[inline(always)]
fn map2(a: Row, b: Row, f: impl Fn(i32, i32) -> i32) -> Row {
    let mut out = [0; 8];
    for i in 0..8 {
        out[i] = f(a[i], b[i]);
    }
    out
}

#[inline(always)]
fn add(a: Row, b: Row) -> Row {
    map2(a, b, i32::wrapping_add)
}

#[inline(always)]
fn sub(a: Row, b: Row) -> Row {
    map2(a, b, i32::wrapping_sub)
}

#[inline(always)]
fn times(a: Row, by: i32) -> Row {
    map2(a, a, |v, _| v.wrapping_mul(by))
}

// One pass along the rows' index, for all eight columns; sums wrap where a damaged file makes them too large.
#[inline(always)]
fn pass(x: [Row; 8], shift: u32) -> [Row; 8] {
    let z1 = times(add(x[2], x[6]), 4433);
    let (e2, e3) = (add(z1, times(x[6], -15137)), add(z1, times(x[2], 6270)));
    let (e0, e1) = (times(add(x[0], x[4]), 1 << POINT), times(sub(x[0], x[4]), 1 << POINT));
    let even = [add(e0, e3), add(e1, e2), sub(e1, e2), sub(e0, e3)];

    let (z1, z2, z3, z4) = (add(x[7], x[1]), add(x[5], x[3]), add(x[7], x[3]), add(x[5], x[1]));
    let z5 = times(add(z3, z4), 9633);
    let (z1, z2) = (times(z1, -7373), times(z2, -20995));
    let (z3, z4) = (add(times(z3, -16069), z5), add(times(z4, -3196), z5));
    let odd = [
        add(times(x[1], 12299), add(z1, z4)),
        add(times(x[3], 25172), add(z2, z3)),
        add(times(x[5], 16819), add(z2, z4)),
        add(times(x[7], 2446), add(z1, z3)),
    ];
    let mut out = [[0; 8]; 8];
    let round = |v: Row| map2(v, v, |v, _| v.wrapping_add(1 << (shift - 1)) >> shift);
    for i in 0..4 {
        out[i] = round(add(even[i], odd[i]));
        out[7 - i] = round(sub(even[i], odd[i]));
    }
    out
}

#[inline(always)]
fn transposed(x: [Row; 8]) -> [Row; 8] {
    let mut out = [[0; 8]; 8];
    for i in 0..8 {
        for j in 0..8 {
            out[j][i] = x[i][j];
        }
    }
    out
}

/// Eight rows of eight bytes of `coefficients` (in their natural order) times `quants`, into `out` of `stride`.
#[inline(always)]
pub(super) fn block(coefficients: &[i16; 64], quants: &[i32; 64], out: &mut [u8], stride: usize) {
    if coefficients[1..].iter().all(|&c| c == 0) {
        let value = i32::from(coefficients[0]).wrapping_mul(quants[0]).wrapping_add(4) >> 3;
        let byte = value.wrapping_add(128).clamp(0, 255) as u8;
        for row in out.chunks_mut(stride).take(8) {
            row[..8].fill(byte);
        }
        return;
    }
    let mut x = [[0i32; 8]; 8];
    for (i, row) in x.iter_mut().enumerate() {
        for j in 0..8 {
            row[j] = i32::from(coefficients[8 * i + j]).wrapping_mul(quants[8 * i + j]);
        }
    }
    let columns = pass(x, POINT - KEPT);
    let rows = transposed(pass(transposed(columns), POINT + KEPT + 3));
    for (row, out) in rows.iter().zip(out.chunks_mut(stride)) {
        for (v, byte) in row.iter().zip(&mut out[..8]) {
            *byte = v.wrapping_add(128).clamp(0, 255) as u8;
        }
    }
}
