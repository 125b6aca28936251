//! The inverse cosine transform: the integer arithmetic of libjpeg's `jidctint.c` (after Loeffler, Ligtenberg and
//! Moschytz, 1989), so that decoded bytes are those of libjpeg.
use pulp::{Simd, WithSimd};

type Square = [[i32; 8]; 8];

const POINT: u32 = 13;
/// Bits that the first pass keeps beyond the point.
const KEPT: u32 = 2;

/// The transform of one line, with the point where it falls; sums wrap where a damaged file makes them too large.
#[inline(always)]
fn line(x: [i32; 8]) -> [i32; 8] {
    let add = i32::wrapping_add;
    let sub = i32::wrapping_sub;
    let times = i32::wrapping_mul;
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
    [
        add(even[0], odd[0]),
        add(even[1], odd[1]),
        add(even[2], odd[2]),
        add(even[3], odd[3]),
        sub(even[3], odd[3]),
        sub(even[2], odd[2]),
        sub(even[1], odd[1]),
        sub(even[0], odd[0]),
    ]
}

#[inline(always)]
fn shifted(v: i32, by: u32) -> i32 {
    v.wrapping_add(1 << (by - 1)) >> by
}

/// Rows of blocks, into the plane that they are a part of.
pub(super) struct Blocks<'a> {
    pub(super) coefficients: &'a [i16],
    pub(super) quants: &'a [i32; 64],
    pub(super) plane: &'a mut [u8],
    pub(super) stride: usize,
}

impl WithSimd for Blocks<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Blocks { coefficients, quants, plane, stride } = self;
        for (row, blocks) in plane.chunks_exact_mut(8 * stride).zip(coefficients.chunks_exact(8 * stride)) {
            for (i, block) in blocks.as_chunks::<64>().0.iter().enumerate() {
                self::block(block, quants, &mut row[8 * i..], stride);
            }
        }
    }
}

/// Eight rows of eight bytes of `coefficients` (in their natural order) times `quants`, into `out` of `stride`.
#[inline(always)]
fn block(coefficients: &[i16; 64], quants: &[i32; 64], out: &mut [u8], stride: usize) {
    if coefficients[1..].iter().all(|&c| c == 0) {
        let value = i32::from(coefficients[0]).wrapping_mul(quants[0]).wrapping_add(4) >> 3;
        let byte = value.wrapping_add(128).clamp(0, 255) as u8;
        for row in out.chunks_mut(stride).take(8) {
            row[..8].fill(byte);
        }
        return;
    }
    // Loops over lines that lie side by side: each becomes one pass of SIMD.
    let mut columns: Square = [[0; 8]; 8];
    for c in 0..8 {
        let mut x = [0; 8];
        for i in 0..8 {
            x[i] = i32::from(coefficients[8 * i + c]).wrapping_mul(quants[8 * i + c]);
        }
        let y = line(x);
        for i in 0..8 {
            columns[i][c] = shifted(y[i], POINT - KEPT);
        }
    }
    let turned = transposed(&columns);
    let mut bytes = [[0u8; 8]; 8];
    for c in 0..8 {
        let mut x = [0; 8];
        for i in 0..8 {
            x[i] = turned[i][c];
        }
        let y = line(x);
        for i in 0..8 {
            bytes[i][c] = shifted(y[i], POINT + KEPT + 3).wrapping_add(128).clamp(0, 255) as u8;
        }
    }
    let words = transposed_bytes(bytes.map(u64::from_le_bytes));
    for (row, word) in out.chunks_mut(stride).zip(words) {
        row[..8].copy_from_slice(&word.to_le_bytes());
    }
}

#[inline(always)]
fn transposed(x: &Square) -> Square {
    let mut out = [[0; 8]; 8];
    for i in 0..8 {
        for j in 0..8 {
            out[j][i] = x[i][j];
        }
    }
    out
}

/// Eight words of eight bytes each, turned over: squares of 4, 2 and 1 bytes change places.
#[inline(always)]
fn transposed_bytes(mut x: [u64; 8]) -> [u64; 8] {
    for (step, mask) in [(4, 0x0000_0000_FFFF_FFFF), (2, 0x0000_FFFF_0000_FFFF), (1, 0x00FF_00FF_00FF_00FF_u64)] {
        for i in (0..8).filter(|i| i & step == 0) {
            let (a, b) = (x[i], x[i + step]);
            x[i] = a & mask | (b & mask) << (8 * step);
            x[i + step] = (a >> (8 * step)) & mask | b & !mask;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// The sum of cosines that the transform stands for.
    fn formula(block: &[i16; 64]) -> [f64; 64] {
        let part = |u: usize, x: usize| {
            let scale = if u == 0 { 0.5f64.sqrt() } else { 1.0 };
            scale * ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos() / 2.0
        };
        std::array::from_fn(|at| {
            let (y, x) = (at / 8, at % 8);
            let term = |i: usize| f64::from(block[i]) * part(i / 8, y) * part(i % 8, x);
            128.0 + (0..64).map(term).sum::<f64>()
        })
    }

    #[test]
    fn blocks_are_sums_of_cosines() {
        let mut state = 1u32;
        for round in 0..200 {
            // From one coefficient to all of them, the later ones smaller, as in pictures.
            let block: [i16; 64] = std::array::from_fn(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let value = (state >> 16) as i16 / 64 / (1 + i as i16 / 2);
                if i <= round % 64 { value } else { 0 }
            });
            let mut out = [0; 64];
            super::block(&block, &[1; 64], &mut out, 8);
            for (byte, exact) in out.into_iter().zip(formula(&block)) {
                // Half for the last rounding, and a little for the first.
                assert!((f64::from(byte) - exact.clamp(0.0, 255.0)).abs() < 0.6, "{byte} for {exact}");
            }
        }
    }

    #[test]
    fn bytes_are_turned_over() {
        let x: [[u8; 8]; 8] = std::array::from_fn(|i| std::array::from_fn(|j| (8 * i + j) as u8));
        let turned = transposed_bytes(x.map(u64::from_le_bytes)).map(u64::to_le_bytes);
        assert!((0..64).all(|i| turned[i / 8][i % 8] == x[i % 8][i / 8]));
    }
}
