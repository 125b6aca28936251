//! A look at a batch: its pictures with their labels, as one file.
use super::{font, grid, picture::Picture};
use std::path::Path;
use tensor_core::{Error, Result, Tensor};

/// Settings of [`show_batch`].
#[derive(Clone, Debug, PartialEq)]
pub struct ShowOptions {
    /// Pictures in a row; 8 unless set.
    pub nrow: usize,
    /// The most pictures; 32 unless set.
    pub most: usize,
    /// The mean and std that `Normalize` took, which is undone.
    pub normalized: Option<(Vec<f64>, Vec<f64>)>,
}

impl Default for ShowOptions {
    fn default() -> ShowOptions {
        ShowOptions { nrow: 8, most: 32, normalized: None }
    }
}

/// Writes the pictures of a batch `[N, 1 or 3, H, W]` (bytes, or floats of 0 to 1) in rows, each over its label.
///
/// ```no_run
/// # use data::vision::{ShowOptions, show_batch};
/// # fn main() -> tensor_core::Result<()> {
/// # let (images, labels) = (tensor_core::Tensor::rand([2, 3, 32, 32])?, ["kayak", "sailboat"]);
/// show_batch(&images, &labels, "batch.png", &ShowOptions::default())?;
/// # Ok(()) }
/// ```
pub fn show_batch(
    images: &Tensor,
    labels: &[impl ToString],
    path: impl AsRef<Path>,
    options: &ShowOptions,
) -> Result<()> {
    let wrong = |why: String| Error::new("show_batch", why).operands([images]);
    let &[n, c, h, w] = images.shape() else { return Err(wrong("takes [N, 1 or 3, H, W]".to_string())) };
    if labels.len() != n {
        return Err(wrong(format!("{} labels for {n} pictures", labels.len())));
    }
    if options.nrow == 0 || images.numel() == 0 || options.most == 0 || !matches!(c, 1 | 3) {
        return Err(wrong("there is nothing to show: takes [N, 1 or 3, H, W]".to_string()));
    }
    let shown = n.min(options.most);
    let columns = options.nrow.min(shown);
    // Wide enough for a few letters under a tiny picture.
    let (cell_w, cell_h) = (w.max(8 * font::WIDTH) + GAP, h + font::HEIGHT + 3 * GAP);
    let (width, height) = (columns * cell_w + GAP, shown.div_ceil(columns) * cell_h + GAP);
    let mut canvas = Canvas { pixels: vec![255; width * height * 3], width };
    for (i, label) in labels.iter().enumerate().take(shown) {
        let mut x = images.select(0, i as isize)?;
        if let Some((mean, std)) = &options.normalized {
            let each = |v: &[f64]| Tensor::from_slice(v, [v.len(), 1, 1])?.to_dtype(x.dtype());
            x = x.mul(&each(std)?)?.add(&each(mean)?)?;
        }
        let picture = grid::bytes(&x)?;
        let picture = if c == 1 { picture.spread(3) } else { picture };
        let (left, top) = ((i % columns) * cell_w + GAP, (i / columns) * cell_h + GAP);
        canvas.picture(&picture, left, top);
        canvas.text(&label.to_string(), left, top + h + GAP, cell_w - GAP);
    }
    grid::write(&Picture::new("show_batch", canvas.pixels, [height, width, 3])?, path.as_ref())
        .map_err(|e| e.renamed("show_batch"))
}

const GAP: usize = 4;

struct Canvas {
    pixels: Vec<u8>,
    width: usize,
}

impl Canvas {
    fn picture(&mut self, picture: &Picture, left: usize, top: usize) {
        for (y, row) in picture.pixels().chunks_exact(picture.width() * 3).enumerate() {
            let at = ((top + y) * self.width + left) * 3;
            self.pixels[at..at + row.len()].copy_from_slice(row);
        }
    }

    /// As many letters as have room.
    fn text(&mut self, text: &str, left: usize, top: usize, room: usize) {
        for (i, letter) in text.chars().take(room / font::WIDTH).enumerate() {
            for (x, y) in font::dots(letter) {
                let at = ((top + y) * self.width + left + i * font::WIDTH + x) * 3;
                self.pixels[at..at + 3].fill(0);
            }
        }
    }
}
