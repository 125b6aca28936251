//! Scans: coefficients of blocks, all at once (sequential) or bit by bit over several scans (progressive).
use super::bits::{Bits, Huffman, Stretch};
use super::{Component, Frame, Res, Tables};
use pulp::{Simd, WithSimd};

/// From the order in the file to the natural one; what a damaged run reaches past the end falls on the last.
const ORDER: [u8; 80] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
];

/// Where coefficient `i` of the file stands in a block.
pub(super) fn place(i: usize) -> usize {
    usize::from(ORDER[i & 63])
}

/// Which coefficients a scan holds, of which components.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// Indices of components, with their tables for means and for the rest.
    pub(super) parts: Vec<(usize, usize, usize)>,
    /// The first and the last coefficient.
    pub(super) band: [usize; 2],
    /// The bit that was read before, or 0, and the one that is read now.
    pub(super) bits: [u32; 2],
}

/// What is carried from block to block.
#[derive(Default)]
struct Carry {
    means: [i32; 4],
    /// Blocks that hold nothing more of this band.
    empty: u32,
}

/// A component of a scan, and the tables of codes it needs.
struct Part<'a> {
    component: usize,
    /// Blocks in a unit, across and down.
    wide: usize,
    high: usize,
    dc: Option<&'a Huffman>,
    ac: Option<&'a Huffman>,
}

/// A table that a scan names but the file did not define.
fn table(table: Option<&Huffman>) -> Res<&Huffman> {
    table.ok_or("a table of codes is missing")
}

/// Reads a scan into the coefficients of `frame`; `row` is told of each row of units that is complete, and may use up
/// its coefficients. Gives the place of the marker behind it.
pub(super) fn read(
    data: &[u8],
    at: usize,
    scan: &Scan,
    tables: &Tables,
    frame: &mut Frame,
    row: impl FnMut(&mut Frame),
) -> Res<usize> {
    pulp::Arch::new().dispatch(Read { data, at, scan, tables, frame, row })
}

/// What [`read`] does, where the processor's newer instructions may be used: shifts are most of it.
struct Read<'a, F> {
    data: &'a [u8],
    at: usize,
    scan: &'a Scan,
    tables: &'a Tables,
    frame: &'a mut Frame,
    row: F,
}

impl<F: FnMut(&mut Frame)> WithSimd for Read<'_, F> {
    type Output = Res<usize>;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Res<usize> {
        let Read { data, at, scan, tables, frame, mut row } = self;
        let mut stretch = Stretch::default();
        let mut marker = stretch.take(data, at);
        let mut bits = stretch.bits();
        let mut carry = Carry::default();
        let mut left = tables.restart;
        // A scan of one component goes by its blocks, one of several by units of all of them.
        let alone = scan.parts.len() == 1;
        let [across, down] = match scan.parts.as_slice() {
            &[(c, ..)] => frame.components[c].own_blocks,
            _ => frame.units,
        };
        let parts: Vec<Part<'_>> = scan
            .parts
            .iter()
            .map(|&(component, dc, ac)| {
                let Component { h, v, .. } = frame.components[component];
                let [wide, high] = if alone { [1, 1] } else { [h, v] };
                Part { component, wide, high, dc: tables.dc[dc & 3].as_ref(), ac: tables.ac[ac & 3].as_ref() }
            })
            .collect();
        for y in 0..down {
            for x in 0..across {
                if tables.restart > 0 {
                    if left == 0 {
                        bits.check()?;
                        let Some([0xFF, 0xD0..=0xD7]) = data.get(marker..marker + 2) else {
                            return Err("a restart marker is missing");
                        };
                        marker = stretch.take(data, marker + 2);
                        bits = stretch.bits();
                        carry = Carry::default();
                        left = tables.restart;
                    }
                    left -= 1;
                }
                for part in &parts {
                    let Component { blocks, first_row, coefficients, .. } = &mut frame.components[part.component];
                    let mean = &mut carry.means[part.component];
                    for down in 0..part.high {
                        for across in 0..part.wide {
                            let (bx, by) = (x * part.wide + across, y * part.high + down - *first_row);
                            let from = (by * blocks[0] + bx) * 64;
                            let block = coefficients.get_mut(from..).and_then(|b| b.first_chunk_mut::<64>());
                            let block = block.ok_or("a block is outside of the picture")?;
                            if !frame.progressive {
                                bits = sequential(bits, table(part.dc)?, table(part.ac)?, mean, block)?;
                            } else if scan.band[0] == 0 {
                                means(&mut bits, part.dc, scan, mean, block)?;
                            } else if scan.bits[0] == 0 {
                                first(&mut bits, table(part.ac)?, scan, &mut carry.empty, block)?;
                            } else {
                                refine(&mut bits, table(part.ac)?, scan, &mut carry.empty, block)?;
                            }
                        }
                    }
                }
            }
            bits.check()?;
            row(frame);
        }
        Ok(marker)
    }
}

#[inline(always)]
fn sequential<'a>(
    mut bits: Bits<'a>,
    dc: &Huffman,
    ac: &Huffman,
    mean: &mut i32,
    block: &mut [i16; 64],
) -> Res<Bits<'a>> {
    *mean = mean.wrapping_add(dc.difference(&mut bits)?);
    block[0] = *mean as i16;
    let mut k = 1;
    // `k` is at most 63 + 15 here.
    let mut set = |k: usize, value: i32| block[usize::from(ORDER[k])] = value as i16;
    while k < 64 {
        bits.refill();
        let (zeros, size, value) = ac.run(&mut bits)?;
        if size == 0 {
            if zeros != 15 {
                break;
            }
            k += 16;
            continue;
        }
        set(k + zeros, value);
        k += zeros + 1;
        // There are bits for two more short ones.
        for _ in 0..2 {
            if k < 64
                && let Some((zeros, value)) = ac.short_run(&mut bits)
            {
                set(k + zeros, value);
                k += zeros + 1;
            }
        }
    }
    Ok(bits)
}

fn means(bits: &mut Bits<'_>, dc: Option<&Huffman>, scan: &Scan, mean: &mut i32, block: &mut [i16; 64]) -> Res<()> {
    let low = scan.bits[1];
    if scan.bits[0] == 0 {
        *mean = mean.wrapping_add(table(dc)?.difference(bits)?);
        block[0] = mean.wrapping_shl(low) as i16;
    } else if bits.bits(1) == 1 {
        block[0] |= 1 << low;
    }
    Ok(())
}

fn first(bits: &mut Bits<'_>, ac: &Huffman, scan: &Scan, empty: &mut u32, block: &mut [i16; 64]) -> Res<()> {
    if *empty > 0 {
        *empty -= 1;
        return Ok(());
    }
    let mut k = scan.band[0];
    while k <= scan.band[1] {
        bits.refill();
        let (zeros, size, value) = ac.run(bits)?;
        if size == 0 {
            if zeros != 15 {
                *empty = (1 << zeros) - 1 + bits.bits(zeros as u32);
                break;
            }
            k += 16;
            continue;
        }
        k += zeros;
        block[usize::from(ORDER[k.min(79)])] = (value << scan.bits[1]) as i16;
        k += 1;
    }
    Ok(())
}

fn refine(bits: &mut Bits<'_>, ac: &Huffman, scan: &Scan, empty: &mut u32, block: &mut [i16; 64]) -> Res<()> {
    let bit = 1i16 << scan.bits[1];
    // A coefficient that is there gets one more bit.
    let more = |bits: &mut Bits<'_>, c: &mut i16| {
        if bits.bits(1) == 1 && *c & bit == 0 {
            *c = c.wrapping_add(if *c < 0 { -bit } else { bit });
        }
    };
    let mut k = scan.band[0];
    if *empty == 0 {
        while k <= scan.band[1] {
            let symbol = ac.symbol(bits)?;
            let (mut zeros, size) = (symbol >> 4, symbol & 15);
            let mut value = 0;
            if size == 0 {
                if zeros != 15 {
                    *empty = (1 << zeros) + bits.bits(u32::from(zeros));
                    break;
                }
            } else {
                value = if bits.bits(1) == 1 { bit } else { -bit };
            }
            while k <= scan.band[1] {
                let c = &mut block[place(k)];
                if *c != 0 {
                    more(bits, c);
                } else if zeros == 0 {
                    *c = value;
                    k += 1;
                    break;
                } else {
                    zeros -= 1;
                }
                k += 1;
            }
        }
    }
    if *empty > 0 {
        for k in k..=scan.band[1] {
            let c = &mut block[place(k)];
            if *c != 0 {
                more(bits, c);
            }
        }
        *empty -= 1;
    }
    Ok(())
}
