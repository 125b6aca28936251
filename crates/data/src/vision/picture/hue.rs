//! A turn of the colour wheel, through Pillow's HSV of bytes.
use super::Picture;

impl Picture {
    /// Hue turned by `factor` of a full turn (-0.5 to 0.5); only pictures of three channels have one.
    pub(crate) fn hue(&self, factor: f64) -> Picture {
        if self.channels != 3 {
            return self.clone();
        }
        let turn = (factor * 255.0) as i32 as u8;
        let mut pixels = self.pixels.clone();
        for pixel in pixels.as_chunks_mut::<3>().0 {
            let [h, s, v] = hsv(*pixel);
            *pixel = rgb([h.wrapping_add(turn), s, v]);
        }
        self.with(pixels)
    }
}

fn hsv([r, g, b]: [u8; 3]) -> [u8; 3] {
    let (max, min) = (r.max(g).max(b), r.min(g).min(b));
    if max == min {
        return [0, 0, max];
    }
    let range = f32::from(max - min);
    let s = range / f32::from(max);
    let [rc, gc, bc] = [r, g, b].map(|v| f32::from(max - v) / range);
    let h = if r == max {
        bc - gc
    } else if g == max {
        (2.0 + f64::from(rc) - f64::from(bc)) as f32
    } else {
        (4.0 + f64::from(gc) - f64::from(rc)) as f32
    };
    let h = ((f64::from(h) / 6.0 + 1.0) % 1.0) as f32;
    [(f64::from(h) * 255.0) as u8, (f64::from(s) * 255.0) as u8, max]
}

fn rgb([h, s, v]: [u8; 3]) -> [u8; 3] {
    if s == 0 {
        return [v; 3];
    }
    let sector = (f64::from(h) * 6.0 / 255.0).floor();
    let f = (f64::from(h) * 6.0 / 255.0 - sector) as f32;
    let fs = (f64::from(s) / 255.0) as f32;
    let (f, fs, value) = (f64::from(f), f64::from(fs), f64::from(v));
    let p = (value * (1.0 - fs)).round() as u8;
    let q = (value * (1.0 - fs * f)).round() as u8;
    let t = (value * (1.0 - fs * (1.0 - f))).round() as u8;
    match sector as u8 % 6 {
        0 => [v, t, p],
        1 => [q, v, p],
        2 => [p, v, t],
        3 => [p, q, v],
        4 => [t, p, v],
        _ => [v, p, q],
    }
}
