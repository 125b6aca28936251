//! Images and volumes read at any positions: spatial transformers.
use super::composed::rounded_once;
use crate::{Error, Result, Tensor, shape::Dims};

/// How [`Tensor::grid_sample`] reads between elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GridMode {
    /// Lines between the neighbours, in two or three dims.
    #[default]
    Bilinear,
    /// The nearest element.
    Nearest,
    /// Cubic polynomials through 4 neighbours in each dim.
    Bicubic,
}

/// What [`Tensor::grid_sample`] reads outside of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GridPadding {
    /// Zeros.
    #[default]
    Zeros,
    /// The element on the border.
    Border,
    /// The image mirrored at its border.
    Reflection,
}

/// Settings of [`Tensor::grid_sample`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GridSampleOptions {
    /// How positions between elements are read.
    pub mode: GridMode,
    /// What lies outside.
    pub padding_mode: GridPadding,
    /// Whether -1 and 1 are the middles of the first and last element, instead of their outer edges.
    pub align_corners: bool,
}

/// One spatial dim: how long it is, and how positions on it are read.
#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    options: GridSampleOptions,
}

impl Axis {
    fn last(self) -> f64 {
        self.size as f64 - 1.0
    }
    /// From -1..1 to elements.
    fn place(self, c: &Tensor) -> Result<Tensor> {
        if self.options.align_corners {
            (c + 1.0)? * (self.last() / 2.0)
        } else {
            ((c + 1.0)? * (self.size as f64 / 2.0))? - 0.5
        }
    }
    /// Into the image, as the padding says. Outside of it, and on its border, there is no gradient.
    fn pad(self, at: Tensor) -> Result<Tensor> {
        let at = match self.options.padding_mode {
            GridPadding::Zeros => return Ok(at),
            GridPadding::Border => at,
            GridPadding::Reflection => self.reflect(&at)?,
        };
        let inside = at.gt(0.0)?.logical_and(&at.lt(self.last())?)?;
        inside.where_(&at, &at.detach().maximum(0.0)?.minimum(self.last().max(0.0))?)
    }
    /// Mirrored at the first and last element, or at their outer edges.
    fn reflect(self, at: &Tensor) -> Result<Tensor> {
        let (low, span) = if self.options.align_corners { (0.0, self.last()) } else { (-0.5, self.size as f64) };
        if span <= 0.0 {
            return at.zeros_like();
        }
        let from_edge = (at - low)?.abs()?;
        let rest = from_edge.fmod(span)?;
        let even = from_edge.detach().div(span)?.floor()?.remainder(2.0)?.eq(0.0)?;
        even.where_(&rest, &(span - &rest)?)? + low
    }
    /// The elements around `at`, and what each of them counts.
    fn taps(self, at: &Tensor) -> Result<Vec<(Tensor, Option<Tensor>)>> {
        match self.options.mode {
            GridMode::Nearest => Ok(vec![(self.pad(at.detach())?.round()?, None)]),
            GridMode::Bilinear => {
                let at = self.pad(at.clone())?;
                let low = at.detach().floor()?;
                let t = at.sub(&low)?;
                Ok(vec![(low.clone(), Some((1.0 - &t)?)), ((low + 1.0)?, Some(t))])
            }
            GridMode::Bicubic => {
                let low = at.detach().floor()?;
                let t = at.sub(&low)?;
                (0..4)
                    .map(|i| {
                        let distance = if i < 2 { (&t + (1.0 - i as f64))? } else { (i as f64 - 1.0 - &t)? };
                        let place = self.pad((&low + (i as f64 - 1.0))?)?;
                        Ok((place, Some(cubic(&distance, i == 1 || i == 2)?)))
                    })
                    .collect()
            }
        }
    }
}

/// The cubic convolution kernel with `a = -0.75`, at a distance below 1 (`near`) or from 1 to 2.
fn cubic(d: &Tensor, near: bool) -> Result<Tensor> {
    const A: f64 = -0.75;
    let horner = |c: [f64; 4]| ((((d * c[0])? + c[1])?.mul(d)? + c[2])?.mul(d))? + c[3];
    if near { horner([A + 2.0, -(A + 3.0), 0.0, 1.0]) } else { horner([A, -5.0 * A, 8.0 * A, -4.0 * A]) }
}

impl Tensor {
    /// `[N, C, H, W]` read at the positions of a grid `[N, H', W', 2]`: `[N, C, H', W']`; volumes `[N, C, D, H, W]` with
    /// `[N, D', H', W', 3]`. A position is (x, y) or (x, y, z), from -1 (first) to 1 (last).
    ///
    /// Spatial transformer networks: <https://arxiv.org/abs/1506.02025>
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let image = tensor([[[[1.0, 2.0], [3.0, 4.0]]]])?;
    /// let middle = tensor([[[[0.0, 0.0]]]])?;
    /// assert_eq!(image.grid_sample(&middle, Default::default())?.item::<f32>()?, 2.5);
    /// # Ok(()) }
    /// ```
    pub fn grid_sample(&self, grid: &Tensor, options: GridSampleOptions) -> Result<Tensor> {
        const OP: &str = "grid_sample";
        if let Some(y) = crate::autocast::single([self, grid], None, |[x, grid], _| x.grid_sample(grid, options)) {
            return y;
        }
        let wrong = |why: String| Error::new(OP, why).operands([self, grid]);
        let dims = self.dim().saturating_sub(2);
        if dims != 2 && dims != 3 {
            return Err(wrong("takes [N, C, H, W] or [N, C, D, H, W]".into()));
        }
        if grid.dim() != self.dim() || grid.shape()[0] != self.shape()[0] || grid.shape()[dims + 1] != dims {
            return Err(wrong(format!("the grid must be [{}, {}{dims}]", self.shape()[0], "size, ".repeat(dims))));
        }
        if self.dtype() != grid.dtype() || !self.is_floating_point() {
            return Err(wrong("image and grid must be floats of one dtype".into()));
        }
        rounded_once([self, grid], |[x, grid]| x.read_at(grid, options))
    }

    fn read_at(&self, grid: &Tensor, options: GridSampleOptions) -> Result<Tensor> {
        let wrong = |why: String| Error::new("grid_sample", why).operands([self, grid]);
        let dims = self.dim() - 2;
        let (n, c, spatial) = (self.shape()[0], self.shape()[1], &self.shape()[2..]);
        if spatial.contains(&0) {
            return Err(wrong("the image has an empty dim".into()));
        }
        let points: usize = grid.shape()[1..=dims].iter().product();
        let grid_lines = grid.reshape([n, points, dims])?;
        let image = self.reshape([n, c, spatial.iter().product::<usize>()])?;
        // Per spatial dim, first to last: the grid holds the last one first.
        let axes = spatial.iter().enumerate().map(|(d, &size)| {
            let axis = Axis { size, options };
            axis.taps(&axis.place(&grid_lines.select(-1, (dims - 1 - d) as isize)?)?)
        });
        let axes = axes.collect::<Result<Vec<_>>>()?;
        let mut sum: Option<Tensor> = None;
        for corner in 0..axes.iter().map(Vec::len).product() {
            let value = read_corner(&image, spatial, &axes, corner)?;
            sum = Some(match sum {
                None => value,
                Some(sum) => sum.add(&value)?,
            });
        }
        let mut shape = Dims::from_slice(&[n, c]);
        shape.extend_from_slice(&grid.shape()[1..=dims]);
        // There is always a first corner.
        sum.map_or_else(|| self.new_zeros(&shape), |sum| sum.reshape(&shape))
    }
}

/// The elements at one combination of taps, weighted: `[N, C, points]`.
fn read_corner(
    image: &Tensor,
    spatial: &[usize],
    axes: &[Vec<(Tensor, Option<Tensor>)>],
    mut corner: usize,
) -> Result<Tensor> {
    let mut flat: Option<Tensor> = None;
    let mut inside: Option<Tensor> = None;
    let mut weight: Option<Tensor> = None;
    for (taps, &size) in axes.iter().zip(spatial) {
        let (at, w) = &taps[corner % taps.len()];
        corner /= taps.len();
        let last = size as f64 - 1.0;
        let within = at.ge(0.0)?.logical_and(&at.le(last)?)?;
        let index = within.where_(at, 0.0)?.to_dtype(crate::DType::I64)?;
        flat = Some(match flat {
            None => index,
            Some(flat) => (flat * size as i64)?.add(&index)?,
        });
        inside = Some(match inside {
            None => within,
            Some(inside) => inside.logical_and(&within)?,
        });
        weight = match (weight, w) {
            (Some(a), Some(b)) => Some(a.mul(b)?),
            (a, b) => a.or_else(|| b.clone()),
        };
    }
    let (Some(flat), Some(inside)) = (flat, inside) else { return Ok(image.clone()) };
    let (n, c, points) = (image.shape()[0], image.shape()[1], flat.shape()[1]);
    let index = flat.unsqueeze(1)?.expand([n, c, points])?;
    let value = inside.unsqueeze(1)?.where_(&image.gather(2, &index)?, 0.0)?;
    match weight {
        Some(weight) => value.mul(&weight.unsqueeze(1)?),
        None => Ok(value),
    }
}
