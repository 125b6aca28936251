//! Scans: coefficients of blocks, all at once (sequential) or bit by bit over several scans (progressive).
use super::bits::{Bits, Huffman};
use super::{Component, Frame, Res, Tables};

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

/// A table that a scan names but the file did not define.
fn table(tables: &[Option<Huffman>; 4], i: usize) -> Res<&Huffman> {
    tables[i & 3].as_ref().ok_or("a table of codes is missing")
}

/// Reads a scan into the coefficients of `frame`; `row` is told of each row of units that is complete, and may use up
/// its coefficients. Gives the place of the marker behind it.
pub(super) fn read(
    data: &[u8],
    at: usize,
    scan: &Scan,
    tables: &Tables,
    frame: &mut Frame,
    mut row: impl FnMut(&mut Frame, usize),
) -> Res<usize> {
    let mut bits = Bits::new(data, at);
    let mut carry = Carry::default();
    let mut left = tables.restart;
    // A scan of one component goes by its blocks, one of several by units of all of them.
    let alone = scan.parts.len() == 1;
    let [across, down] = match scan.parts.as_slice() {
        &[(c, ..)] => frame.components[c].own_blocks,
        _ => frame.units,
    };
    for y in 0..down {
        for x in 0..across {
            if tables.restart > 0 {
                if left == 0 {
                    bits.restart()?;
                    carry = Carry::default();
                    left = tables.restart;
                }
                left -= 1;
            }
            for &(c, dc, ac) in &scan.parts {
                let Component { h, v, blocks, first_row, .. } = frame.components[c];
                let [wide, high] = if alone { [1, 1] } else { [h, v] };
                for i in 0..wide * high {
                    let (bx, by) = (x * wide + i % wide, y * high + i / wide - first_row);
                    let coefficients = &mut frame.components[c].coefficients;
                    let from = (by * blocks[0] + bx) * 64;
                    let block = coefficients.get_mut(from..).and_then(|b| b.first_chunk_mut::<64>());
                    let block = block.ok_or("a block is outside of the picture")?;
                    if !frame.progressive {
                        sequential(
                            &mut bits,
                            table(&tables.dc, dc)?,
                            table(&tables.ac, ac)?,
                            &mut carry.means[c],
                            block,
                        )?;
                    } else if scan.band[0] == 0 {
                        means(&mut bits, &tables.dc, dc, scan, &mut carry.means[c], block)?;
                    } else if scan.bits[0] == 0 {
                        first(&mut bits, table(&tables.ac, ac)?, scan, &mut carry.empty, block)?;
                    } else {
                        refine(&mut bits, table(&tables.ac, ac)?, scan, &mut carry.empty, block)?;
                    }
                }
            }
        }
        bits.check()?;
        row(frame, y);
    }
    Ok(bits.marker())
}

#[inline(always)]
fn sequential(bits: &mut Bits<'_>, dc: &Huffman, ac: &Huffman, mean: &mut i32, block: &mut [i16; 64]) -> Res<()> {
    *mean = mean.wrapping_add(dc.difference(bits)?);
    block[0] = *mean as i16;
    let mut k = 1;
    while k < 64 {
        let (zeros, size, value) = ac.run(bits)?;
        if size == 0 {
            if zeros != 15 {
                break;
            }
            k += 16;
            continue;
        }
        k += usize::from(zeros);
        // At most 63 + 15.
        block[usize::from(ORDER[k])] = value as i16;
        k += 1;
    }
    Ok(())
}

fn means(
    bits: &mut Bits<'_>,
    tables: &[Option<Huffman>; 4],
    dc: usize,
    scan: &Scan,
    mean: &mut i32,
    block: &mut [i16; 64],
) -> Res<()> {
    let low = scan.bits[1];
    if scan.bits[0] == 0 {
        *mean = mean.wrapping_add(table(tables, dc)?.difference(bits)?);
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
        let (zeros, size, value) = ac.run(bits)?;
        if size == 0 {
            if zeros != 15 {
                *empty = (1 << zeros) - 1 + bits.bits(u32::from(zeros));
                break;
            }
            k += 16;
            continue;
        }
        k += usize::from(zeros);
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
