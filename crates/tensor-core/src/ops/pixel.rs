//! Channels and pixels that trade places.
use crate::{Error, Result, Tensor};

impl Tensor {
    /// Channels become pixels: `[*, C r², H, W]` to `[*, C, H r, W r]`.
    pub fn pixel_shuffle(&self, upscale_factor: usize) -> Result<Tensor> {
        const OP: &str = "pixel_shuffle";
        let (lead, [c, h, w]) = image(OP, self, upscale_factor)?;
        let r = upscale_factor;
        let count = r.checked_mul(r).ok_or_else(|| factor(OP, self, r))?;
        if c % count != 0 {
            return Err(Error::new(OP, format!("{c} channels are not divisible by {r} * {r}")).operands([self]));
        }
        let split = [lead, &[c / count, r, r, h, w]].concat();
        let n = lead.len();
        let order = (0..n).chain([n, n + 3, n + 1, n + 4, n + 2]);
        self.reshape(split)?.permute(order.collect::<Vec<_>>())?.reshape([lead, &[c / count, h * r, w * r]].concat())
    }

    /// Pixels become channels: `[*, C, H r, W r]` to `[*, C r², H, W]`, the inverse of [`Tensor::pixel_shuffle`].
    pub fn pixel_unshuffle(&self, downscale_factor: usize) -> Result<Tensor> {
        const OP: &str = "pixel_unshuffle";
        let (lead, [c, h, w]) = image(OP, self, downscale_factor)?;
        let r = downscale_factor;
        if h % r != 0 || w % r != 0 {
            return Err(Error::new(OP, format!("height {h} and width {w} are not divisible by {r}")).operands([self]));
        }
        let split = [lead, &[c, h / r, r, w / r, r]].concat();
        let n = lead.len();
        let order = (0..n).chain([n, n + 2, n + 4, n + 1, n + 3]);
        self.reshape(split)?.permute(order.collect::<Vec<_>>())?.reshape([lead, &[c * r * r, h / r, w / r]].concat())
    }

    /// The channels of `[N, C, *]` dealt out to `groups`: channel `g * (C / groups) + i` becomes `i * groups + g`.
    pub fn channel_shuffle(&self, groups: usize) -> Result<Tensor> {
        const OP: &str = "channel_shuffle";
        let shape = self.shape();
        if shape.len() < 3 {
            return Err(Error::new(OP, "takes at least 3 dims: [N, C, *]").operands([self]));
        }
        if groups == 0 || !shape[1].is_multiple_of(groups) {
            return Err(Error::new(OP, format!("{} channels are not divisible into {groups} groups", shape[1]))
                .operands([self]));
        }
        let split = [&[shape[0], groups, shape[1] / groups], &shape[2..]].concat();
        self.reshape(split)?.transpose(1, 2)?.reshape(shape)
    }
}

fn factor(op: &'static str, x: &Tensor, r: usize) -> Error {
    Error::new(op, format!("the factor {r} is not possible")).operands([x]).hint("it is at least 1")
}

/// The dims before the image, and channels, height and width.
fn image<'a>(op: &'static str, x: &'a Tensor, r: usize) -> Result<(&'a [usize], [usize; 3])> {
    if r == 0 {
        return Err(factor(op, x, r));
    }
    match x.shape() {
        [lead @ .., c, h, w] => Ok((lead, [*c, *h, *w])),
        _ => Err(Error::new(op, "takes at least 3 dims: [*, C, H, W]").operands([x])),
    }
}
