//! From the planes of components to pixels: chroma at full size by libjpeg's triangle filter ("fancy upsampling"), and
//! colours by its fixed-point tables.
use super::{Colours, Component, Frame, Res};
use pulp::{Simd, WithSimd};

/// All pixels, 1 or 3 bytes each.
pub(super) fn pixels(frame: &Frame, colours: Colours) -> Res<Vec<u8>> {
    let (width, height) = (frame.width, frame.height);
    let channels = if colours == Colours::Grey { 1 } else { 3 };
    let mut out = vec![0; width * height * channels];
    let max = frame.max;
    for c in &frame.components {
        if !max[0].is_multiple_of(c.h) || !max[1].is_multiple_of(c.v) {
            return Err("its chroma has a fraction of the picture's size, which libjpeg does not read either");
        }
    }
    pulp::Arch::new().dispatch(Rows { frame, colours, out: &mut out });
    Ok(out)
}

/// All rows of the picture.
struct Rows<'a> {
    frame: &'a Frame,
    colours: Colours,
    out: &'a mut [u8],
}

impl WithSimd for Rows<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Rows { frame, colours, out } = self;
        let max = frame.max;
        // A row of each component at full size.
        let mut rows: Vec<Vec<u8>> = vec![vec![0; frame.units[0] * max[0] * 8]; frame.components.len()];
        let mut sums = vec![0u16; frame.units[0] * max[0] * 8];
        let bytes = out.len() / frame.height;
        for (y, out) in out.chunks_exact_mut(bytes).enumerate() {
            for (c, row) in frame.components.iter().zip(&mut rows) {
                full_row(c, [max[0] / c.h, max[1] / c.v], y, &mut sums, row);
            }
            convert(colours, &mut rows, out);
        }
    }
}

/// Row `y` at full size of a component that is smaller by `factor`.
#[inline(always)]
fn full_row(c: &Component, factor: [usize; 2], y: usize, sums: &mut [u16], out: &mut [u8]) {
    let [width, height] = c.size;
    let line = |y: usize| &c.plane[y.min(height - 1) * c.stride()..][..c.stride()];
    let near = line(y / factor[1]);
    // The row on the other side of this one; past the edge it is this one again.
    let far = || if y.is_multiple_of(2) { line((y / 2).saturating_sub(1)) } else { line(y / 2 + 1) };
    match factor {
        [1, 1] => out[..width].copy_from_slice(&near[..width]),
        [2, 1] if width > 2 => {
            let near = &near[..width];
            out[0] = near[0];
            out[2 * width - 1] = near[width - 1];
            // The second half of a pixel and the first half of the next.
            for ((pair, a), b) in out[1..].as_chunks_mut::<2>().0.iter_mut().zip(near).zip(&near[1..]) {
                let (a, b) = (u16::from(*a), u16::from(*b));
                *pair = [((3 * a + b + 2) >> 2) as u8, ((3 * b + a + 1) >> 2) as u8];
            }
        }
        [2, 2] if width > 2 => {
            let far = far();
            let sums = &mut sums[..width];
            for ((sum, &n), &f) in sums.iter_mut().zip(&near[..width]).zip(&far[..width]) {
                *sum = 3 * u16::from(n) + u16::from(f);
            }
            out[0] = ((4 * sums[0] + 8) >> 4) as u8;
            out[2 * width - 1] = ((4 * sums[width - 1] + 7) >> 4) as u8;
            for ((pair, &a), &b) in out[1..].as_chunks_mut::<2>().0.iter_mut().zip(&*sums).zip(&sums[1..]) {
                *pair = [((3 * a + b + 7) >> 4) as u8, ((3 * b + a + 8) >> 4) as u8];
            }
        }
        [1, 2] => {
            let bias = if y.is_multiple_of(2) { 1 } else { 2 };
            for ((o, &n), &f) in out.iter_mut().zip(&near[..width]).zip(far()) {
                *o = ((3 * u16::from(n) + u16::from(f) + bias) >> 2) as u8;
            }
        }
        [h, _] => {
            for (o, &n) in out.chunks_exact_mut(h).zip(&near[..width]) {
                o.fill(n);
            }
        }
    }
}

const HALF: i32 = 1 << 15;

/// Red, green and blue of brightness and two differences.
#[inline(always)]
fn rgb(y: u8, cb: u8, cr: u8) -> [i32; 3] {
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    [y + ((91881 * cr + HALF) >> 16), y + ((-22554 * cb - 46802 * cr + HALF) >> 16), y + ((116_130 * cb + HALF) >> 16)]
}

#[inline(always)]
fn convert(colours: Colours, rows: &mut [Vec<u8>], out: &mut [u8]) {
    match (colours, rows) {
        (Colours::Grey, [v, ..]) => out.copy_from_slice(&v[..out.len()]),
        (Colours::Rgb | Colours::YCbCr, [r, g, b, ..]) => {
            // The three at their place first, so that side by side they are a loop of bytes alone.
            if colours == Colours::YCbCr {
                for ((y, cb), cr) in r.iter_mut().zip(g.iter_mut()).zip(b.iter_mut()) {
                    [*y, *cb, *cr] = rgb(*y, *cb, *cr).map(|v| v.clamp(0, 255) as u8);
                }
            }
            for (((o, &r), &g), &b) in out.as_chunks_mut::<3>().0.iter_mut().zip(&*r).zip(&*g).zip(&*b) {
                *o = [r, g, b];
            }
        }
        (Colours::Cmyk | Colours::Ycck, [a, b, c, k, ..]) => {
            let inks = a.iter().zip(&*b).zip(&*c).zip(&*k);
            for (o, (((&a, &b), &c), &k)) in out.as_chunks_mut::<3>().0.iter_mut().zip(inks) {
                let stored = match colours {
                    Colours::Ycck => rgb(a, b, c).map(|v| (255 - v).clamp(0, 255) as u8),
                    _ => [a, b, c],
                };
                // Inks are stored inverted, as Adobe does it and Pillow expects it; then converted as Pillow does.
                let light = u32::from(k);
                *o = stored.map(|ink| {
                    let product = (255 - u32::from(ink)) * light + 128;
                    light.saturating_sub(((product >> 8) + product) >> 8) as u8
                });
            }
        }
        _ => {}
    }
}
